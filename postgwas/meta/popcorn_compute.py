"""Popcorn's files of scores from genotypes of two populations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from postgwas.ld.run_cross import CrossLDScores, cross_ld_scores
from postgwas.runlog import get_logger, log_step, run_log

if TYPE_CHECKING:
    from postgwas.ld.run_windows import Unit

log = get_logger(__name__)


def compute(
    genotypes1: str,
    genotypes2: str,
    out: str,
    *,
    maf: float = 0.05,
    gen_effect: bool = False,
    extract: str | None = None,
    window: float = 1000,
    unit: Unit = "kb",
    cores: int = 1,
    quiet: bool = False,
    log_json: bool = False,
) -> CrossLDScores:
    """Write scores within and across two populations as ``popcorn compute`` does.

    The file has no header: chromosome, position, id, a1, a2, frequency of a2 in both
    populations, score in population 1, in population 2, across; with `gen_effect` variants are
    weighed by p(1-p) over its mean.

    Parameters
    ----------
    genotypes1, genotypes2 : path
    out : path
    maf : float
        Variants with a minor allele frequency above this in both.
    gen_effect : bool
    extract : path, optional
        Variant ids.
    window, unit
        Window to each side; "kb", "snps" or "cm".
    cores : int
    quiet, log_json : bool

    Raises
    ------
    UsageError, InputError, NoVariantsError, OutputError

    References
    ----------
    Brown et al. 2016, American Journal of Human Genetics 99:76-88.
    """
    import polars as pl

    from postgwas.sumstats.write import write_delimited

    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        found = cross_ld_scores(
            genotypes1, genotypes2, window=window, unit=unit, extract=extract, maf=maf, per_allele=gen_effect,
            whole_chromosome=True, double=True, cores=cores,
        )  # fmt: skip
        variants = found.variants
        dropped = found.dropped
        log_step(
            log, "Variants with scores", rows_in=variants.height + sum(dropped.values()),
            rows_out=variants.height, dropped=dropped,
        )  # fmt: skip
        mean = found.m / variants.height
        table = variants.select(
            "CHROM", "POS", "SNPID", "A1", "A2", (1 - pl.col("FRQ_1")).alias("af1"),
            (1 - pl.col("FRQ_2")).alias("af2"),
            pl.Series("one", found.l2_1 / mean[0]), pl.Series("two", found.l2_2 / mean[1]),
            pl.Series("cross", found.l2_cross / mean[2]),
        )  # fmt: skip
        write_delimited(table, out, header=False)
        log.info("Wrote %s", os.fspath(out))
    return found
