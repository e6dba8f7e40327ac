"""Read genomic intervals: BED files, and gene sets with a table of gene coordinates."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import ColumnError, InputError
from postgwas.genotypes.text_table import read_text, split_columns
from postgwas.ld.intervals import Intervals
from postgwas.runlog import get_logger
from postgwas.sumstats.values import chromosomes_from_text

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

_GENE_COLUMNS = ("GENE", "CHR", "START", "END")
_SHOWN = 10


def read_bed(path: str | os.PathLike[str]) -> Intervals:
    """Intervals of a BED file: 0-based, half-open; further columns, track and comment lines are skipped.

    Contigs that are no chromosome 1-22, X, Y or MT are left out with a warning.

    Raises
    ------
    InputError
        If a line has fewer than three columns, a place is not a whole number of at least 0,
        an interval ends before it starts, or no line is on a known chromosome.
    """
    import polars as pl

    rows: list[tuple[int, bytes, bytes, bytes]] = []
    for number, line in enumerate(read_text(path).split(b"\n"), start=1):
        fields = line.split(None, 3)
        if not fields or line.startswith(b"#") or fields[0] in (b"track", b"browser"):
            continue
        if len(fields) < 3:
            raise InputError(
                f"{path}: line {number} has {len(fields)} column(s), expected chromosome, start, end"
            )
        rows.append((number, fields[0], fields[1], fields[2]))
    if not rows:
        raise InputError(f"{path}: no intervals")
    lines, names, starts, ends = zip(*rows)
    table = pl.DataFrame(
        {
            "LINE": lines,
            "CHROM": [name.decode("utf-8", "replace") for name in names],
            "START": [text.decode("utf-8", "replace") for text in starts],
            "END": [text.decode("utf-8", "replace") for text in ends],
        }
    )
    return _intervals(table, str(path), first_base=0)


def read_gene_set(
    path: str | os.PathLike[str], coordinates: str | os.PathLike[str], *, window: int = 0
) -> Intervals:
    """Places of the genes of a list, widened on both sides.

    Parameters
    ----------
    path : path-like
        Gene names, one a line.
    coordinates : path-like
        Table with columns GENE, CHR, START, END (1-based, both ends included). A gene may
        have several places.
    window : int
        Bases to add on each side.

    Raises
    ------
    InputError
        If more than half of the genes have no coordinates (another kind of names), or a place
        is not a number. Fewer are named in a warning and left out.
    ColumnError
        If the table lacks a column.
    """
    import polars as pl

    lines = read_text(path).decode("utf-8", "replace").split("\n")
    genes = pl.Series("GENE", list(dict.fromkeys(line.strip() for line in lines if line.strip())))
    table = _gene_coordinates(coordinates)
    unknown = genes.filter(~genes.is_in(table["GENE"].unique().implode()))
    if len(unknown):
        some = ", ".join(unknown.head(_SHOWN)) + (", ..." if len(unknown) > _SHOWN else "")
        told = (
            f"{path}: {len(unknown):,} of {len(genes):,} genes have no coordinates in {coordinates}: {some}"
        )
        if 2 * len(unknown) > len(genes):
            raise InputError(
                f"{told}; its first gene is {table['GENE'][0]}",
                hint="both files must name genes alike: symbols, or Ensembl ids without version",
            )
        log.warning("%s; they are left out", told)
    places = table.filter(pl.col("GENE").is_in(genes.implode()))
    return _intervals(places, str(coordinates), first_base=1).widened(window)


def _gene_coordinates(path: str | os.PathLike[str]) -> pl.DataFrame:
    import polars as pl

    first, _, body = read_text(path).partition(b"\n")
    header = first.decode("utf-8", "replace").split()
    missing = [name for name in _GENE_COLUMNS if name not in header]
    if missing:
        raise ColumnError(
            f"{path}: no column {', '.join(missing)} among {', '.join(header[:8])}; expected a header with "
            "GENE CHR START END"
        )
    if not body.strip():
        raise InputError(f"{path}: a header, but no genes")
    table = split_columns(body, header, str(path), first_line=2).select(_GENE_COLUMNS)
    return table.rename({"CHR": "CHROM"}).with_columns(LINE=pl.int_range(2, table.height + 2, dtype=pl.Int64))


def _intervals(table: pl.DataFrame, path: str, *, first_base: int) -> Intervals:
    """Checked intervals from text columns LINE CHROM START END; `first_base` 1 is 1-based, closed."""
    import polars as pl

    start, end = (table[name].cast(pl.Int64, strict=False) for name in ("START", "END"))
    for name, numbers in (("START", start), ("END", end)):
        bad = numbers.is_null() | (numbers < first_base)
        if bad.any():
            row = bad.fill_null(True).arg_true()[0]
            raise InputError(
                f"{path}: line {table['LINE'][row]}: {name.lower()} '{table[name][row]}' is not a whole "
                f"number of at least {first_base}"
            )
    start = start - first_base
    backwards = (end < start) if first_base == 0 else (end <= start)
    if backwards.any():
        row = backwards.arg_true()[0]
        raise InputError(
            f"{path}: line {table['LINE'][row]}: the interval {table['START'][row]} to {table['END'][row]} "
            "ends before it starts"
        )
    empty = int((end == start).sum())
    if empty:
        log.warning("%s: %s intervals hold no base (start = end) and are left out", path, f"{empty:,}")
    codes = chromosomes_from_text(table["CHROM"])
    if codes.is_null().all():
        raise InputError(
            f"{path}: no interval is on a chromosome 1-22, X, Y or MT; the first is on '{table['CHROM'][0]}'"
        )
    unknown = table["CHROM"].filter(codes.is_null())
    if len(unknown):
        log.warning(
            "%s: %s intervals on contigs that are no chromosome (such as %s) are left out",
            path, f"{len(unknown):,}", unknown[0],
        )  # fmt: skip
    kept = (codes.is_not_null() & (end > start)).to_numpy()
    return Intervals(
        codes.fill_null(0).to_numpy().astype(np.int8)[kept], start.to_numpy()[kept], end.to_numpy()[kept]
    )
