"""The permutation pass from files to files: what ``postgwas eqtl permute`` does."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.inputs import Paths, QtlInputOptions
from postgwas.qtl.outputs import (
    Format,
    destination,
    store_results,
    tell_inputs,
    told_paths,
    write_rejections,
    write_tables,
)
from postgwas.qtl.permutation_options import DiscoveryOptions, PermutationOptions
from postgwas.qtl.run_permutation import CisPermutation, cis_permutation
from postgwas.runlog import get_logger, run_log

log = get_logger("qtl")

WHAT = "cis_permutation"


def cis_permutation_files(
    genotypes: Genotypes | Paths,
    phenotypes: ExpressionMatrix | Paths,
    out: str,
    *,
    covariates: CovariateMatrix | Paths | None = None,
    permuting: PermutationOptions | None = None,
    discovery: DiscoveryOptions | None = None,
    options: QtlInputOptions | None = None,
    format: Format = "tsv",
    store: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
    **where: Any,
) -> CisPermutation:
    """Write OUT.cis_permutation.tsv.gz (or .parquet), OUT.cis_permutation.rejected.tsv.gz and OUT.log.

    Parameters
    ----------
    genotypes, phenotypes, covariates, options, discovery
        As :func:`postgwas.qtl.cis_permutation`.
    out : str
        Prefix of the files.
    permuting : PermutationOptions, optional
    format : {"tsv", "parquet", "both"}
    store : str, optional
        A study's store: ``qtl/cis_permutation/<prefix>``.
    overwrite, quiet, log_json : bool
    **where
        As :func:`postgwas.compute.engine.engine`.

    Raises
    ------
    PostgwasError
        Nothing is written then, the log apart.
    """
    chosen, wanted = permuting or PermutationOptions(), discovery or DiscoveryOptions()
    chosen.check()
    wanted.check()
    target = destination(out, (WHAT,), format, store=store, overwrite=overwrite)
    began = time.perf_counter()
    with run_log(f"{out}.log", quiet=quiet, json_lines=log_json):
        found = cis_permutation(
            genotypes, phenotypes, covariates, permutations=chosen.permutations, seed=chosen.seed,
            scheme=chosen.scheme, discovery=wanted, options=options, **where,
        )  # fmt: skip
        tell_inputs(found.inputs, found.rejected)
        with target.together() as aside:
            write_tables(aside, {WHAT: found.table}, format)
            write_rejections(aside, found.rejected)
        store_results(
            target, {WHAT: found.table}, found.inputs, paths=(phenotypes, covariates),
            parameters={**asdict(found.options), **asdict(wanted)}, began=began, rejected=found.rejected,
            attrs={"seed": found.options.seed, **_told(found)},
        )  # fmt: skip
        log.info("Wrote %s", told_paths(target))
    return found


def _told(found: CisPermutation) -> dict[str, Any]:
    about = found.discoveries
    return {
        "permutations": found.options.most, "scheme": found.options.scheme, "fdr": about.fdr,
        "pi0": about.pi0, "qvalue_method": about.method, "n_significant": about.n_significant,
        "pval_beta_threshold": about.pval_beta_threshold, "qvalue_note": about.note or "",
    }  # fmt: skip
