"""Independent signals from files to files: what ``postgwas eqtl independent`` does."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.inputs import Paths, QtlInputOptions
from postgwas.qtl.outputs import (
    Format,
    destination,
    store_results,
    told_paths,
    write_rejections,
    write_tables,
)
from postgwas.qtl.run_independent import CisIndependent, Results, cis_independent
from postgwas.runlog import get_logger, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

WHAT = "cis_independent"


def cis_independent_files(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    out: str,
    *,
    results: Results | pl.DataFrame,
    covariates: CovariateMatrix | Paths | None = None,
    fdr: float = 0.05,
    permutations: int = 10_000,
    seed: int | None = None,
    most: int = 20,
    options: QtlInputOptions | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> CisIndependent:
    """Write OUT.cis_independent.tsv.gz (or .parquet), OUT.cis_independent.rejected.tsv.gz and OUT.log.

    Parameters
    ----------
    genotypes, phenotypes, covariates, results, fdr, permutations, seed, most, options
        As :func:`postgwas.qtl.cis_independent`.
    out : str
        Prefix of the files.
    format : {"tsv", "parquet", "both"}
    store : str, optional
        A study's store: ``qtl/cis_independent/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    target = destination(out, (WHAT,), format, store=store, overwrite=overwrite)
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        found = cis_independent(
            genotypes, phenotypes, covariates, results=results, fdr=fdr, permutations=permutations,
            seed=seed, most=most, options=options, **where,
        )  # fmt: skip
        with target.together() as aside:
            write_tables(aside, {WHAT: found.table}, format)
            write_rejections(aside, found.rejected)
        store_results(
            target, {WHAT: found.table}, found.inputs, paths=(phenotypes, covariates, results),
            parameters={**asdict(found.options), "fdr": fdr, "max_signals": most}, began=began,
            rejected=found.rejected,
            attrs={
                "seed": found.options.seed, "pval_beta_threshold": found.threshold,
                "n_phenotypes": found.n_phenotypes,
            },
        )  # fmt: skip
        log.info("Wrote %s", told_paths(target))
    return found
