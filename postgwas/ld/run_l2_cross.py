"""LD scores of two populations from files to files: ``postgwas ldsc --l2 --bfile2``."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.errors import UsageError
from postgwas.genotypes import open_genotypes
from postgwas.genotypes.opening import genotype_files
from postgwas.ld.run_cross import CrossLDScores, cross_ld_scores
from postgwas.ld.run_l2 import ScoreOptions, log_of, rows_to_print
from postgwas.ld.score_summary import correlations, spread
from postgwas.ld.shared_variants import Match
from postgwas.ld.table_text import matrix_lines
from postgwas.ld.write_scores import Destination, place_columns, store_scores, together, write_counts
from postgwas.runlog import get_logger, log_step
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

#: Columns of scores: of population 1, of population 2, across.
COLUMNS = ("L2_1", "L2_2", "L2_CROSS")


def cross_ld_score_files(
    genotypes1: str | os.PathLike[str],
    genotypes2: str | os.PathLike[str],
    options: ScoreOptions,
    destination: Destination,
    *,
    keep2: str | None = None,
    match: Match = "position",
    quiet: bool = False,
    log_json: bool = False,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> CrossLDScores:
    """Compute LD scores of two populations and across them, and write them.

    OUT.cross.ldscore.gz has CHR SNP BP A1 A2 FRQ_1 FRQ_2 (of A1) and :data:`COLUMNS`,
    OUT.cross.M the three sums of weights (the number of variants without weights).

    Parameters
    ----------
    genotypes1, genotypes2 : path
        May be one file, with `keep` and `keep2` for its two populations.
    options : ScoreOptions
        `keep` is that of the first population. `compat` has no meaning here.
    destination : Destination
        With `cross`.
    keep2 : path, optional
        People of the second population.
    match : {"position", "id"}
        What tells the same variant in both files, besides its alleles.
    quiet, log_json : bool
        As :func:`postgwas.runlog.run_log`.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    UsageError, InputError, NoVariantsError, OutputError
        Nothing is written then, the log apart.
    """
    if options.compat:
        raise UsageError("--ldsc_compat: ldsc.py has no LD scores of two populations")
    destination = replace(destination, cross=True)
    destination.check()
    with log_of(destination, quiet=quiet, log_json=log_json) as begun:
        one = open_genotypes(genotypes1)
        two = one if os.fspath(genotypes1) == os.fspath(genotypes2) else open_genotypes(genotypes2)
        for data in (one, two):
            log.info("Read %d SNPs of %d individuals from %s", data.n_variants, data.n_samples, data.path)
        log.info("Estimating LD Score.")
        scores = cross_ld_scores(
            one, two, window=options.window, unit=options.unit, match=match, keep1=options.keep, keep2=keep2,
            extract=options.extract, maf=options.maf, pq_exp=options.pq_exp, per_allele=options.per_allele,
            cm_map=options.cm_map, whole_chromosome=options.whole_chromosome, cores=cores,
            scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options,
        )  # fmt: skip
        log.info("After --keep and --keep2, %d and %d individuals remain.", *scores.n_samples)
        log_step(
            log, "Variants with LD scores", rows_in=one.n_variants, rows_out=scores.variants.height,
            dropped=scores.dropped,
        )  # fmt: skip
        frame = cross_frame(scores)
        if options.print_snps is not None:
            frame = frame[rows_to_print(frame["SNPID"], options.print_snps)]
        _write(frame, scores, destination)
        if destination.store is not None:
            lists = [*options.files, *([keep2] if keep2 else [])]
            inputs = [*genotype_files(one), *genotype_files(two), *lists]
            parameters = {
                "genotypes": [one.path, two.path],
                "keep2": keep2,
                "match": match,
                **asdict(options),
            }
            _store(frame, scores, destination, inputs, parameters, seconds=time.perf_counter() - begun)
        for line in _summary(frame):
            log.info("%s", line)
    return scores


def cross_frame(scores: CrossLDScores) -> pl.DataFrame:
    """The table of variants with :data:`COLUMNS`."""
    import polars as pl

    values = (scores.l2_1, scores.l2_2, scores.l2_cross)
    return scores.variants.with_columns(pl.Series(name, value) for name, value in zip(COLUMNS, values))


def _write(frame: pl.DataFrame, scores: CrossLDScores, destination: Destination) -> None:
    names = destination.names
    log.info("Writing LD Scores for %d SNPs to %s", frame.height, names[0])
    with together(names) as files:
        rest = frame.select("A1", "A2", "FRQ_1", "FRQ_2", *COLUMNS)
        write_delimited(place_columns(frame).hstack(rest), files[0])
        write_counts(scores.m, files[1])


def _store(
    frame: pl.DataFrame,
    scores: CrossLDScores,
    destination: Destination,
    inputs: list[str],
    parameters: Mapping[str, Any],
    *,
    seconds: float,
) -> None:
    from postgwas.store.provenance import Provenance

    made = Provenance.collect(
        parameters=parameters,
        inputs=list(dict.fromkeys(inputs)),
        rows_in=scores.variants.height + sum(scores.dropped.values()),
        rows_out=scores.variants.height,
        dropped=scores.dropped,
        wall_seconds=seconds,
    )
    kept = frame.select("CHR", "POS", "SNPID", "CM", "A1", "A2", "FRQ_1", "FRQ_2", *COLUMNS)
    attrs = {"columns": list(COLUMNS), "m": scores.m.tolist(), "n_samples": list(scores.n_samples)}
    store_scores(kept, destination, provenance=made, attrs=attrs)
    log.info("Stored %s in %s", destination.key, destination.store)


def _summary(frame: pl.DataFrame) -> list[str]:
    columns = ["FRQ_1", "FRQ_2", *COLUMNS]
    values = frame.select(columns).to_numpy()
    names = ("mean", "std", "min", "25%", "50%", "75%", "max")
    lines = ["", "Summary of LD Scores", *matrix_lines(names, columns, spread(values))]
    return [
        *lines,
        "",
        "Correlation Matrix",
        *matrix_lines(columns, columns, correlations(np.asarray(values))),
    ]
