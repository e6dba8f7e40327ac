"""Expression against polygenic scores, from files to files: what ``postgwas eqtl eqts`` does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.inputs import Paths, QtlInputOptions
from postgwas.qtl.outputs import (
    REJECTED,
    Format,
    destination,
    store_results,
    tell_inputs,
    told_paths,
    write_rejections,
    write_tables,
)
from postgwas.qtl.run_eqts import EqtsResult, eqts
from postgwas.qtl.run_score import ScoreSettings
from postgwas.runlog import get_logger, run_log
from postgwas.sumstats.write import write_delimited

log = get_logger("qtl")

_SCORES, _VARIANTS = ".scores.tsv.gz", ".score_variants.tsv.gz"


def eqts_files(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    out: str,
    *,
    sumstats: Sequence[Paths],
    covariates: CovariateMatrix | Paths | None = None,
    options: QtlInputOptions | None = None,
    settings: ScoreSettings | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> EqtsResult:
    """Write OUT.eqts.tsv.gz, OUT.scores.tsv.gz, OUT.score_variants.tsv.gz, OUT.eqts.rejected.tsv.gz, the log.

    Parameters
    ----------
    genotypes, phenotypes, covariates, sumstats, options, settings
        As :func:`postgwas.qtl.run_eqts.eqts`.
    out : str
        Prefix of the files.
    format : {"tsv", "parquet", "both"}
        Of the associations.
    store : str, optional
        A study's store: ``qtl/eqts/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    chosen = settings or ScoreSettings()
    chosen.check()
    target = destination(
        out,
        ("eqts",),
        format,
        store=store,
        overwrite=overwrite,
        others=(_SCORES, _VARIANTS, f".eqts{REJECTED}"),
    )
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        found = eqts(
            genotypes, phenotypes, covariates, sumstats=sumstats, options=options, settings=chosen, **where
        )
        tell_inputs(found.inputs, found.rejected)
        significant = found.table.filter(found.table["pval_adj_bh"] <= 0.05)
        log.info(
            "%s tests of %d scores and %s phenotypes: %s below a false discovery rate of 5%%",
            f"{found.table.height:,}", found.table["score"].n_unique(), f"{found.inputs.n_genes:,}",
            f"{significant.height:,}",
        )  # fmt: skip
        with target.together() as aside:
            write_tables(aside, {"eqts": found.table}, format)
            write_delimited(found.scores.table(), aside.path(_SCORES))
            write_delimited(found.scores.variants, aside.path(_VARIANTS))
            write_rejections(aside, found.rejected)
        given = {name: value for name, value in asdict(chosen).items() if value is not None}
        store_results(
            target, {"eqts": found.table}, found.inputs, paths=(phenotypes, covariates, *sumstats),
            parameters={**given, "outcomes": found.scores.outcomes}, began=began, rejected=found.rejected,
            attrs={"effect": "per standard deviation of the score, in the phenotype's unit"},
        )  # fmt: skip
        log.info("Wrote %s", told_paths(target))
    return found
