"""One door for every matrix of expression: what it is, its header tells."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from postgwas.errors import InputError
from postgwas.expression.gtf import tss
from postgwas.expression.matrix import ExpressionMatrix, Unit, gene_table, some_names

if TYPE_CHECKING:
    import polars as pl

    from postgwas.expression.text_matrix import Lines

#: First columns that say "ids" in a plain matrix, in lower case.
_ID_HEADERS = (
    "", "gene", "gene_id", "geneid", "genes", "name", "id", "ensembl", "ensembl_id", "phenotype_id",
    "transcript_id", "target_id", "targetid", "feature", "feature_id", "rownames", "#gene_id", "tx",
)  # fmt: skip

#: Columns after the first that tell something of the gene, in lower case -> column of the gene table.
_ABOUT = {
    "gene_name": "GENE_NAME", "gene_symbol": "GENE_NAME", "symbol": "GENE_NAME", "description": "GENE_NAME",
    "gene_id": "GROUP_ID", "geneid": "GROUP_ID", "gene": "GROUP_ID",
    "chr": "CHROM", "chrom": "CHROM", "chromosome": "CHROM", "start": "START", "end": "END",
    "strand": "STRAND", "length": "LENGTH", "coord": "TSS", "tss": "TSS",
    "gene_type": "GENE_TYPE", "gene_biotype": "GENE_TYPE",
}  # fmt: skip


def read_expression(
    path: str | os.PathLike[str],
    *,
    unit: Unit | None = None,
    id_column: str | None = None,
    gene_column: str | None = None,
    dropped: dict[str, int] | None = None,
) -> ExpressionMatrix:
    """Read a matrix of expression, whatever layout it has.

    Parameters
    ----------
    path : path-like
        A phenotype BED, Parquet, GCT 1.2 or 1.3, featureCounts' table, leafcutter's ratios, or a
        delimited gene x sample table; text may be compressed. Columns between the ids and the
        samples that tell of the gene (gene_name, chr, strand, length ...) go to the gene table.
    unit : str, optional
        What the numbers are. By default ``counts``; for a BED ``unknown``; for Parquet what it says.
    id_column : str, optional
        Name of the first column of a plain table where it has an unusual one.
    gene_column : str, optional
        Name of the column that holds the gene of each row, a transcript; it becomes GROUP_ID.
    dropped : dict, optional
        Takes how many rows the layout's rules left out (leafcutter's introns), by reason.

    Returns
    -------
    ExpressionMatrix

    Raises
    ------
    InputError
        If the layout is none of these, counts are TPM in truth, or the content is refused: see
        :class:`ExpressionMatrix`.
    """
    from postgwas.expression.counts_check import check_counts

    matrix = _read(os.fspath(path), unit, (id_column, gene_column), {} if dropped is None else dropped)
    return check_counts(matrix, sure=unit == "counts") if matrix.unit == "counts" else matrix


def _read(
    path: str, unit: Unit | None, named: tuple[str | None, str | None], dropped: dict[str, int]
) -> ExpressionMatrix:
    from postgwas.expression.bed import is_bed_header, matrix_of_bed, text_columns
    from postgwas.expression.featurecounts import HEADER, read_featurecounts
    from postgwas.expression.gct import read_gct
    from postgwas.expression.leafcutter import is_leafcutter, read_leafcutter
    from postgwas.expression.parquet import read_parquet
    from postgwas.expression.text_matrix import lines_of
    from postgwas.genotypes.text_table import read_text

    if path.endswith((".parquet", ".pq")):
        return read_parquet(path, unit=unit)
    data = read_text(path)
    if data.startswith(b"#1."):
        return read_gct(data, path, unit=unit or "counts")
    if is_leafcutter(data):
        matrix, left_out = read_leafcutter(data, path)
        dropped.update(left_out)
        return matrix
    skipped = 0
    while data.startswith(b"#") and not is_bed_header(_first_cells(data)):
        _, _, data = data.partition(b"\n")
        skipped += 1
    lines = lines_of(data, path, skipped=skipped)
    if is_bed_header(lines.header):
        return matrix_of_bed(lines.frame(text=text_columns(lines.header)), path, unit=unit or "unknown")
    if lines.header[:6] == HEADER:
        return read_featurecounts(lines)
    return _plain(lines, unit or "counts", *named)


def _first_cells(data: bytes) -> list[str]:
    return data[: data.find(b"\n")].decode(errors="replace").split("\t")


def _plain(lines: Lines, unit: Unit, id_column: str | None, gene_column: str | None) -> ExpressionMatrix:
    """A table of ids, what is told of them, and samples."""
    first = lines.header[0]
    if first != id_column and first.lower() not in _ID_HEADERS:
        raise InputError(
            f"{lines.path}, line {lines.line}: not a known layout of expression: its columns are "
            f"{some_names(lines.header, 4)}",
            hint=f"--id_column {first or 'NAME'} if its first column holds the genes' ids",
        )
    if gene_column is not None and gene_column not in lines.header[1:]:
        raise InputError(f"{lines.path}, line {lines.line}: no column {gene_column}")
    kinds = {name: _ABOUT.get(name.lower()) for name in lines.header[1:]}
    if gene_column is not None:
        kinds[gene_column] = "GROUP_ID"
    last = 1
    while last < len(lines.header) and kinds[lines.header[last]]:
        last += 1
    samples = tuple(lines.header[last:])
    if not samples:
        raise InputError(f"{lines.path}, line {lines.line}: no columns of samples")
    frame = lines.frame(text=lines.header[:last])
    about: dict[str, Any] = {}
    for name in lines.header[1:last]:
        about.setdefault(str(kinds[name]), frame[name])
    genes = gene_table(frame[first].to_list(), about)
    if "TSS" not in about and "STRAND" in about:
        genes = genes.with_columns(tss())
    named = next((name for name in lines.header[1:last] if kinds[name] == "GENE_NAME"), None)
    notes = () if named is None or "GROUP_ID" in about else _told_of_names(frame[named], named)
    return ExpressionMatrix(
        frame.select(samples).to_numpy(order="c"), genes, samples, unit, lines.path, notes
    )


def _told_of_names(names: pl.Series, column: str) -> tuple[str, ...]:
    """That rows may be transcripts, where many of them share the name of their gene."""
    known = names.drop_nulls()
    shared = int(known.is_duplicated().sum())
    if shared < 0.2 * max(len(known), 1) or known.n_unique() < 2:
        return ()
    return (
        f"{shared:,} of {len(names):,} rows share their {column}, which is taken for a name only: if rows "
        f"are transcripts, postgwas expression import --gene_column {column} sums them",
    )
