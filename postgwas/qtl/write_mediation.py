"""Mediation from files to files: what ``postgwas eqtl mediation`` does."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from typing import Any

from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.inputs import Paths, QtlInputOptions
from postgwas.qtl.outputs import REJECTED, Format, destination, store_results, told_paths, write_tables
from postgwas.qtl.rejections import Rejections
from postgwas.qtl.run_mediation import MediationResult, MediationSettings, mediation
from postgwas.runlog import get_logger, run_log
from postgwas.sumstats.write import write_delimited

log = get_logger("qtl")


def mediation_files(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    out: str,
    *,
    settings: MediationSettings,
    covariates: CovariateMatrix | Paths | None = None,
    options: QtlInputOptions | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> MediationResult:
    """Write OUT.mediation.tsv.gz, OUT.mediation.rejected.tsv.gz, OUT.log.

    Parameters
    ----------
    genotypes, phenotypes, covariates, options, settings
        As :func:`postgwas.qtl.run_mediation.mediation`.
    out : str
        Prefix of the files.
    format : {"tsv", "parquet", "both"}
    store : str, optional
        A study's store: ``qtl/mediation/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    settings.check()
    target = destination(out, ("mediation",), format, store=store, overwrite=overwrite)
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        found = mediation(genotypes, phenotypes, covariates, settings=settings, options=options, **where)
        counts = Counter(found.rejected["reason"].to_list())
        if counts:
            told = ", ".join(f"{number:,} {why}" for why, number in counts.items())
            log.warning("Trios that cannot be tested: %s", told)
        significant = int((found.table["sobel_pval_adj_bh"] <= 0.05).sum())
        log.info(
            "%s of %s trios have figures; Sobel's test is below a false discovery rate of 5%% in %s",
            f"{found.table.height:,}", f"{found.n_trios:,}", f"{significant:,}",
        )  # fmt: skip
        if settings.bootstrap:
            log.info("%d resamples, seed %d", settings.bootstrap, found.seed)
        with target.together() as aside:
            write_tables(aside, {"mediation": found.table}, format)
            write_delimited(found.rejected, aside.path(f".mediation{REJECTED}"))
        given = {**{name: value for name, value in asdict(settings).items() if value is not None},
                 "seed": found.seed}  # fmt: skip
        store_results(
            target, {"mediation": found.table.rename({"variant_id": "SNPID"})}, found.inputs,
            paths=(phenotypes, covariates, settings.trans, settings.cis, settings.trios), parameters=given,
            began=began, rejected=Rejections(dict(found.inputs.rejected), dict(counts)),
            attrs={"seed": found.seed, "bootstrap": settings.bootstrap},
        )  # fmt: skip
        log.info("Wrote %s", told_paths(target))
    return found
