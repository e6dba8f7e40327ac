"""Annotation files for LD scores from genomic intervals: ``postgwas make_annot``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import InputError, UsageError
from postgwas.genotypes.variants import read_bim
from postgwas.ld.interval_files import read_bed, read_gene_set
from postgwas.ld.intervals import Intervals, count_overlaps
from postgwas.runlog import get_logger
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

DEFAULT_NAME = "ANNOT"


def make_annot(
    bimfile: str | os.PathLike[str],
    annot_file: str | os.PathLike[str],
    *,
    bed_files: Sequence[str | os.PathLike[str]] = (),
    gene_set_files: Sequence[str | os.PathLike[str]] = (),
    gene_coord_file: str | os.PathLike[str] | None = None,
    window: int = 0,
    names: Sequence[str] | None = None,
    count: bool = False,
    full: bool = False,
    overwrite: bool = False,
) -> pl.DataFrame:
    """Write a ``.annot`` file whose rows are the variants of a ``.bim`` file.

    Parameters
    ----------
    bimfile : path-like
        Variants, in the order that the annotation is to have.
    annot_file : path-like
        File to write; ``.gz`` compresses.
    bed_files : sequence of path-like
        Intervals, 0-based and half-open; each file makes one column.
    gene_set_files : sequence of path-like
        Gene names, one a line; each file makes one column after those of `bed_files`.
    gene_coord_file : path-like, optional
        GENE CHR START END of all genes; with `gene_set_files`.
    window : int
        Bases added on each side of a gene (not of BED intervals).
    names : sequence of str, optional
        Names of the columns; ``ANNOT`` for one, the files' stems for several.
    count : bool
        Number of intervals that hold the variant, instead of 0 or 1.
    full : bool
        With the columns CHR BP SNP CM, by which ``--l2`` checks that variants match.
    overwrite : bool
        Replace `annot_file`.

    Returns
    -------
    polars.DataFrame
        What was written.

    Raises
    ------
    UsageError, InputError, ColumnError, OutputError
        As the messages say. Positions carry no build: intervals of another build than that of
        the variants give a wrong annotation that nothing here can tell.
    """
    import polars as pl

    sources = [*map(str, bed_files), *map(str, gene_set_files)]
    columns = _names(sources, names)
    if window < 0:
        raise UsageError(f"--windowsize {window}: expected at least 0")
    if gene_set_files and gene_coord_file is None:
        raise UsageError("--gene_set_file needs the genes' places", hint="--gene_coord_file FILE")
    variants = read_bim(bimfile)
    log.info("Read %s variants from %s", f"{variants.height:,}", bimfile)
    chromosome = variants["CHR"].fill_null(0).to_numpy().astype(np.int8)
    position = variants["POS"].to_numpy().astype(np.int64)
    if not (chromosome > 0).any():
        raise InputError(
            f"{bimfile}: no variant is on a chromosome 1-22, X, Y or MT; the first is on "
            f"'{variants['CHROM'][0]}'"
        )
    read = [read_bed(file) for file in bed_files]
    if gene_coord_file is not None:
        read += [read_gene_set(file, gene_coord_file, window=window) for file in gene_set_files]
    made = []
    for source, name, intervals in zip(sources, columns, read):
        overlaps = count_overlaps(chromosome, position, intervals)
        _tell(source, name, intervals, chromosome, int((overlaps > 0).sum()))
        made.append(pl.Series(name, overlaps if count else (overlaps > 0).astype(np.int64)))
    frame = pl.DataFrame(made)
    if full:
        places = variants.select(
            pl.col("CHROM").alias("CHR"), pl.col("POS").alias("BP"), pl.col("SNPID").alias("SNP"),
            pl.col("CM").fill_null(0.0),
        )  # fmt: skip
        frame = pl.concat([places, frame], how="horizontal")
    write_delimited(frame, annot_file, overwrite=overwrite)
    log.info("Wrote %s: %s rows, %s", annot_file, f"{frame.height:,}", ", ".join(columns))
    return frame


def _names(sources: Sequence[str], names: Sequence[str] | None) -> list[str]:
    if not sources:
        raise UsageError("no intervals given", hint="--bed_file FILE, or --gene_set_file FILE")
    if names is None:
        if len(sources) == 1:
            return [DEFAULT_NAME]
        names = [Path(source).name.split(".")[0] for source in sources]
    bad = [name for name in names if not name or len(name.split()) != 1 or name in ("CHR", "BP", "SNP", "CM")]
    if bad or len(names) != len(sources) or len(set(names)) < len(names):
        raise UsageError(
            f"names of annotations {', '.join(names)}: expected {len(sources)} different ones without "
            "blanks, one for each file",
            hint="--annot_names NAME1,NAME2",
        )
    return list(names)


def _tell(source: str, name: str, intervals: Intervals, chromosome: np.ndarray, hit: int) -> None:
    log.info(
        "%s: %s intervals, %s of %s variants in them (%s)",
        source, f"{len(intervals):,}", f"{hit:,}", f"{len(chromosome):,}", name,
    )  # fmt: skip
    missing = sorted(set(np.unique(chromosome).tolist()) - set(np.unique(intervals.chr).tolist()) - {0})
    if missing:
        log.warning(
            "%s: no interval on chromosome %s, whose variants are all 0", source, ", ".join(map(str, missing))
        )
    elif not hit:
        log.warning("%s: no variant lies in an interval: are both of one genome build?", source)
