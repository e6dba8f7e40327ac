"""One door for every file of expression: what it is, its header tells."""

from __future__ import annotations

import os

from postgwas.errors import InputError
from postgwas.expression.matrix import ExpressionMatrix, Unit, gene_table, some_names

#: First columns that say "gene ids" in a plain matrix.
_GENE_HEADERS = (
    "", "gene", "gene_id", "geneid", "genes", "name", "id", "ensembl", "ensembl_id", "phenotype_id",
    "transcript_id", "target_id", "targetid", "feature", "feature_id", "rownames",
)  # fmt: skip


def read_expression(path: str | os.PathLike[str], *, unit: Unit | None = None) -> ExpressionMatrix:
    """Read a matrix of expression, whatever layout it has.

    Parameters
    ----------
    path : path-like
        A phenotype BED, Parquet, GCT 1.2 or 1.3, featureCounts' table, or a delimited gene x
        sample table; text may be compressed.
    unit : str, optional
        What the numbers are. By default ``counts``; for a BED ``unknown``; for Parquet what it says.

    Returns
    -------
    ExpressionMatrix

    Raises
    ------
    InputError
        If the layout is none of these, or the content is refused: see :class:`ExpressionMatrix`.
    """
    from postgwas.expression.bed import is_bed_header, matrix_of_bed, text_columns
    from postgwas.expression.text_matrix import lines_of
    from postgwas.genotypes.text_table import read_text

    name = os.fspath(path)
    if name.endswith((".parquet", ".pq")):
        from postgwas.expression.parquet import read_parquet

        return read_parquet(path, unit=unit)
    data = read_text(path)
    if data.startswith(b"#1."):
        from postgwas.expression.gct import read_gct

        return read_gct(data, name, unit=unit or "counts")
    skipped = 0
    while data.startswith(b"#") and not is_bed_header(
        data[: data.find(b"\n")].decode(errors="replace").split("\t")
    ):
        _, _, data = data.partition(b"\n")
        skipped += 1
    lines = lines_of(data, name, skipped=skipped)
    if is_bed_header(lines.header):
        return matrix_of_bed(lines.frame(text=text_columns(lines.header)), name, unit=unit or "unknown")
    if lines.header[0].lower() not in _GENE_HEADERS:
        raise InputError(
            f"{name}, line {lines.line}: not a known layout of expression: its columns are "
            f"{some_names(lines.header, 4)}",
            hint="the first column holds gene ids and is called gene_id, or --id_column names it",
        )
    frame = lines.frame(text=lines.header[:1])
    samples = tuple(lines.header[1:])
    genes = gene_table(frame[lines.header[0]].to_list())
    return ExpressionMatrix(frame.select(samples).to_numpy(order="c"), genes, samples, unit or "counts", name)
