"""featureCounts' table: where the exons lie, the length, and a column an alignment file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from postgwas.errors import InputError
from postgwas.expression.matrix import ExpressionMatrix, check_unique, gene_table
from postgwas.expression.text_matrix import Lines

HEADER = ["Geneid", "Chr", "Start", "End", "Strand", "Length"]


def read_featurecounts(lines: Lines) -> ExpressionMatrix:
    """A matrix from featureCounts' output.

    A gene's place is the hull of its exons on the first chromosome they are on; its LENGTH is
    featureCounts' (bases that its exons cover together). Samples are called as their alignment
    files, without folder and without ``.bam`` or ``.sam``.

    Raises
    ------
    InputError
        If a line is damaged, or two samples get the same name.
    """
    import polars as pl

    frame = lines.frame(text=HEADER[:5])
    split = {name: frame[name].str.split(";") for name in ("Chr", "Start", "End", "Strand")}
    n_exons = np.stack([column.list.len().fill_null(0).to_numpy() for column in split.values()])
    uneven = np.flatnonzero((n_exons != n_exons[0]).any(axis=0) | (n_exons[0] == 0))
    if uneven.size:
        row = int(uneven[0])
        raise InputError(
            f"{lines.path}, line {lines.line + 1 + row}: {', '.join(map(str, n_exons[:, row]))} chromosomes, "
            "starts, ends and strands, expected one of each for an exon"
        )
    parts = (
        pl.DataFrame({"row": pl.int_range(0, frame.height, eager=True), **split})
        .explode("Chr", "Start", "End", "Strand")
        .with_columns(pl.col("Start", "End").cast(pl.Int64, strict=False))
    )
    first = pl.col("Chr") == pl.col("Chr").first().over("row")
    places = (
        parts.filter(first)
        .group_by("row", maintain_order=True)
        .agg(
            pl.col("Chr").first(),
            pl.col("Start").min(),
            pl.col("End").max(),
            pl.col("Strand").first().replace_strict({"+": "+", "-": "-"}, default=None),
        )
    )
    from postgwas.expression.gtf import tss

    table = places.rename({"Chr": "CHROM", "Start": "START", "End": "END", "Strand": "STRAND"}).drop("row")
    genes = gene_table(
        frame["Geneid"].to_list(),
        {
            **{name: table[name] for name in table.columns},
            "TSS": table.select(tss()).to_series(),
            "LENGTH": frame["Length"],
        },
    )
    columns = lines.header[6:]
    samples = tuple(_sample(name) for name in columns)
    check_unique(samples, "sample", f"{lines.path}: names without folders:")
    values = frame.select(columns).to_numpy(order="c")
    return ExpressionMatrix(values, genes, samples, "counts", lines.path)


def _sample(name: str) -> str:
    short = Path(name).name
    for ending in (".bam", ".sam", ".cram"):
        short = short.removesuffix(ending)
    return short.removesuffix(".Aligned.sortedByCoord.out").removesuffix("Aligned.sortedByCoord.out")
