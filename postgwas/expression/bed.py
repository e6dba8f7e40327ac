"""Phenotype BED: the layout that FastQTL, tensorQTL and QTLtools read.

``#chr start end phenotype_id sample...``: a line a phenotype, start 0-based; for a gene start is
TSS - 1 and end TSS. QTLtools has two columns more before the samples: the group (gene) and the
strand. Files are bgzip-compressed, sorted and tabix-indexed.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from postgwas.errors import InputError, OutputError, UsageError
from postgwas.expression.bgzf import bgzip_blocks
from postgwas.expression.matrix import ExpressionMatrix, Unit, gene_table, some_names

if TYPE_CHECKING:
    import polars as pl

_CHROM = ("#chr", "chr", "#chrom", "chrom", "#chromosome", "chromosome")
_STRAND = ("strand", "strd")
_GROUP = ("gid", "group", "group_id", "grp", "gene", "gene_id")


def is_bed_header(names: list[str]) -> bool:
    """Whether a header line is a phenotype BED's.

    Examples
    --------
    >>> is_bed_header(["#Chr", "start", "end", "TargetID", "HG00096"]), is_bed_header(["gene", "a"])
    (True, False)
    """
    low = [name.strip().lower() for name in names[:3]]
    return len(names) > 4 and low[0] in _CHROM and low[1] == "start" and low[2] in ("end", "stop")


def is_bed_file(path: str | os.PathLike[str]) -> bool:
    """Whether a text file's first line is a phenotype BED's header."""
    from postgwas.sumstats.compression import ByteStream

    if os.fspath(path).endswith((".parquet", ".pq")):
        return False
    with ByteStream(path) as stream:
        head = stream.read(1 << 20)
    return is_bed_header(head[: head.find(b"\n")].decode(errors="replace").split("\t"))


def read_bed(path: str | os.PathLike[str], *, unit: Unit = "unknown") -> ExpressionMatrix:
    """Read a phenotype BED as it is.

    Parameters
    ----------
    path : path-like
        Plain or compressed, sorted or not; with FastQTL's 4 or QTLtools' 6 columns before the samples.
    unit : str
        What the numbers are; a BED does not say.

    Returns
    -------
    ExpressionMatrix
        TSS is the phenotype's place: start + 1, or end where the strand is known to be -. Lines
        may be intervals (START, END). QTLtools' group is the column GROUP_ID.

    Raises
    ------
    InputError
        If the header is not a BED's, a cell is no number, or an id occurs twice.
    """
    from postgwas.expression.text_matrix import read_lines

    lines = read_lines(path)
    if not is_bed_header(lines.header):
        raise InputError(
            f"{path}, line {lines.line}: expected the header of a phenotype BED (#chr start end "
            f"phenotype_id samples), found {some_names(lines.header, 4)}"
        )
    return matrix_of_bed(lines.frame(text=text_columns(lines.header)), str(path), unit=unit)


def matrix_of_bed(frame: pl.DataFrame, path: str, *, unit: Unit) -> ExpressionMatrix:
    """A matrix from a BED's columns; see :func:`read_bed`."""
    import polars as pl

    text = text_columns(frame.columns)
    chrom, start, end, name = frame.columns[:4]
    places = frame.select(
        pl.col(start).cast(pl.Int64, strict=False).alias("START") + 1,
        pl.col(end).cast(pl.Int64, strict=False).alias("END"),
    )
    bad = places.select(
        (
            pl.col("START").is_null()
            | pl.col("END").is_null()
            | (pl.col("START") < 1)
            | (pl.col("END") < pl.col("START"))
        ).fill_null(True)
    ).to_series()
    if bad.any():
        row = int(bad.arg_max() or 0)
        raise InputError(
            f"{path}: phenotype {frame[name][row]}: start {frame[start][row]} and end {frame[end][row]} "
            "are not a BED interval"
        )
    columns: dict[str, Any] = {"CHROM": frame[chrom], "START": places["START"], "END": places["END"]}
    strand = pl.Series([None] * frame.height, dtype=pl.String)
    if len(text) == 6:
        columns["GROUP_ID"] = frame[text[4]]
        strand = frame[text[5]].replace_strict({"+": "+", "-": "-", "1": "+", "-1": "-"}, default=None)
    columns["STRAND"] = strand
    columns["TSS"] = pl.select(
        pl.when((strand == "-").fill_null(False)).then(places["END"]).otherwise(places["START"])
    ).to_series()
    samples = tuple(frame.columns[len(text) :])
    values = np.ascontiguousarray(frame.select(samples).to_numpy().astype(np.float64, copy=False))
    return ExpressionMatrix(values, gene_table(frame[name].to_list(), columns), samples, unit, path)


def write_bed(
    matrix: ExpressionMatrix,
    path: str | os.PathLike[str],
    *,
    place: Literal["tss", "interval"] = "tss",
    unplaced: Literal["refuse", "drop"] = "refuse",
    overwrite: bool = False,
) -> Path:
    """Write a phenotype BED, sorted, bgzip-compressed and tabix-indexed (``.tbi`` beside it).

    Parameters
    ----------
    matrix : ExpressionMatrix
    path : path-like
        Ends in ``.bed.gz`` (or ``.bed.bgz``).
    place : {"tss", "interval"}
        start and end are TSS - 1 and TSS, or the phenotype's whole interval.
    unplaced : {"refuse", "drop"}
        What to do where the place of a gene is not known.
    overwrite : bool

    Raises
    ------
    UsageError
        If the name has another ending.
    InputError
        If a gene has no place.
    OutputError
        If the file exists, or cannot be written.
    """
    from postgwas.staging import appear_together

    target = Path(path)
    if not target.name.endswith((".bed.gz", ".bed.bgz")):
        raise UsageError(f"{path}: a phenotype BED is compressed: its name must end in .bed.gz")
    for name in (target, Path(f"{target}.tbi")):
        if name.exists() and not overwrite:
            raise OutputError(f"{name}: the file exists already", hint="--overwrite replaces it")
    frame = bed_frame(matrix, place=place, unplaced=unplaced)
    with appear_together(target.parent) as aside:
        _write(frame, aside / target.name)
    return target


def bed_frame(
    matrix: ExpressionMatrix,
    *,
    place: Literal["tss", "interval"] = "tss",
    unplaced: Literal["refuse", "drop"] = "refuse",
) -> pl.DataFrame:
    """The sorted columns of a BED: #chr, start, end, phenotype_id, samples."""
    import polars as pl

    first, last = ("TSS", "TSS") if place == "tss" else ("START", "END")
    known = matrix.genes.select(
        pl.col("CHROM").is_not_null() & pl.col(first).is_not_null() & pl.col(last).is_not_null()
    ).to_series()
    if not known.all():
        lost = matrix.genes["GENE_ID"].filter(~known).to_list()
        if unplaced == "refuse" or not known.any():
            raise InputError(
                f"{matrix.path}: {len(lost):,} of {matrix.n_genes:,} genes have no known place: "
                f"{some_names(lost)}",
                hint="--gtf gives places; --unannotated drop leaves these genes out",
            )
    order = (
        matrix.genes.with_row_index("row")
        .filter(known)
        .sort("CHR", "CHROM", first, last, "GENE_ID", nulls_last=True)
    )
    rows = order["row"].to_numpy()
    places = order.select(
        pl.col("CHROM").alias("#chr"),
        (pl.col(first) - 1).alias("start"),
        pl.col(last).alias("end"),
        pl.col("GENE_ID").alias("phenotype_id"),
    )
    return places.hstack(pl.DataFrame(matrix.values[rows], schema=list(matrix.samples), orient="row"))


def _write(frame: pl.DataFrame, path: Path) -> None:
    import polars as pl
    import pysam

    buffer = io.BytesIO()
    frame.with_columns(pl.col(frame.columns[4:]).fill_nan(None)).write_csv(
        buffer, separator="\t", null_value="NA", quote_style="never"
    )
    with open(path, "wb") as stream:
        stream.writelines(bgzip_blocks(buffer.getvalue()))
    pysam.tabix_index(str(path), preset="bed", force=True)


def text_columns(header: list[str]) -> list[str]:
    """The columns before the samples: 4, or QTLtools' 6, told by the sixth one's name."""
    six = len(header) > 6 and header[5].strip().lower() in _STRAND
    return header[: 6 if six else 4]
