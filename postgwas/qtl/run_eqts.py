"""Expression against polygenic scores (eQTS): ``postgwas.qtl.eqts``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.errors import InputError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.association import associate
from postgwas.qtl.inputs import Paths, QtlInputOptions, QtlInputs, load_inputs
from postgwas.qtl.rejections import Rejections
from postgwas.qtl.run_score import ScoreResult, ScoreSettings, score
from postgwas.qtl.trans_fdr import bh_of_hits
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

_EXPLAINED = 1e-10
"""Share of a score's variance, left by the covariates, below which nothing can be tested."""


@dataclass(frozen=True, eq=False)
class EqtsResult:
    """Associations of all scores and phenotypes.

    Attributes
    ----------
    table : polars.DataFrame
        score, phenotype_id, pval, b (per standard deviation of the score), b_se, r2, mlog10p, pval_adj_bh
        (over all rows), num_var (variants of the score), phenotype_chrom, phenotype_tss.
    scores : ScoreResult
    untested : dict of str to str
        Scores without figures, and why.
    inputs : QtlInputs
    rejected : Rejections
    """

    table: pl.DataFrame
    scores: ScoreResult
    untested: dict[str, str]
    inputs: QtlInputs = field(repr=False)
    rejected: Rejections = field(repr=False)


def eqts(
    genotypes: Genotypes | Paths | QtlInputs,
    phenotypes: ExpressionMatrix | Paths | None = None,
    covariates: CovariateMatrix | Paths | None = None,
    *,
    sumstats: Paths | Sequence[Paths],
    options: QtlInputOptions | None = None,
    settings: ScoreSettings | None = None,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> EqtsResult:
    """Which phenotypes follow a trait's polygenic score.

    Parameters
    ----------
    genotypes : Genotypes, path, or QtlInputs
        Inputs loaded with ``cis=False`` serve several analyses.
    phenotypes : ExpressionMatrix or path
    covariates : CovariateMatrix or path, optional
    sumstats, settings
        As :func:`postgwas.qtl.run_score.score`; the limits of frequency and missing calls are those of
        `options`.
    options : QtlInputOptions, optional
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Raises
    ------
    PostgwasError
        As :func:`postgwas.qtl.inputs.load_inputs` and :func:`postgwas.qtl.run_score.score`; or if no score
        varies beside the covariates.

    References
    ----------
    Vosa et al. 2021, Nat Genet 53:1300 (eQTLGen's eQTS).

    Examples
    --------
    >>> found = eqts("geno.pgen", "expression.bed.gz", "covariates.txt", sumstats="height.txt.gz",
    ...              settings=ScoreSettings(pval=(5e-8,), clump_r2=0.1))  # doctest: +SKIP
    """
    if isinstance(genotypes, QtlInputs):
        if phenotypes is not None or covariates is not None or options is not None:
            raise UsageError("loaded inputs have their phenotypes, covariates and options with them")
        inputs = genotypes
    elif phenotypes is None:
        raise UsageError("no phenotypes are given")
    else:
        (settings or ScoreSettings()).check()
        inputs = load_inputs(genotypes, phenotypes, covariates, options=options, cis=False)
    limits = replace(
        settings or ScoreSettings(), maf_min=inputs.options.maf_min, max_missing=inputs.options.max_missing
    )
    made = score(
        inputs.genotypes, sumstats, settings=limits, cores=cores, scheduler=scheduler, jobqueue=jobqueue,
        jobqueue_options=jobqueue_options,
    )  # fmt: skip
    table, untested = _associations(inputs, made)
    return EqtsResult(table, made, untested, inputs, Rejections(dict(inputs.rejected), {}))


def _associations(inputs: QtlInputs, made: ScoreResult) -> tuple[pl.DataFrame, dict[str, str]]:
    import polars as pl

    left = inputs.variant_projection.residuals(made.values)
    squares = np.einsum("ij,ij->i", left, left)
    deviation = made.values.std(axis=1, ddof=1)
    total = deviation**2 * (inputs.n_samples - 1)
    untested = {}
    for row, name in enumerate(made.names):
        if made.n_variants[row] == 0:
            untested[name] = "no_variants"
        elif not deviation[row] > 0:
            untested[name] = "constant"
        elif not squares[row] > _EXPLAINED * total[row]:
            untested[name] = "explained_by_covariates"
    for name, why in untested.items():
        log.warning("Score %s is not tested: %s", name, why)
    rows = np.array([row for row, name in enumerate(made.names) if name not in untested], np.int64)
    if not len(rows):
        raise InputError(
            f"none of the scores can be tested: {', '.join(f'{k} {v}' for k, v in untested.items())}"
        )
    norm = np.sqrt(squares[rows])
    r = np.clip((left[rows] / norm[:, None]) @ inputs.y_unit.T, -1.0, 1.0)
    found = associate(r, (norm / deviation[rows])[:, None], inputs.y_norm[None, :], inputs.df)
    n_genes, genes = inputs.n_genes, inputs.phenotypes.genes
    mlog10p = found.mlog10p.ravel()
    table = pl.DataFrame(
        {
            "score": np.repeat([made.names[row] for row in rows], n_genes),
            "phenotype_id": pl.concat([genes["GENE_ID"]] * len(rows)),
            "pval": found.pval.ravel(), "b": found.slope.ravel(), "b_se": found.slope_se.ravel(),
            "r2": (r**2).ravel(), "mlog10p": mlog10p, "pval_adj_bh": bh_of_hits(mlog10p, len(mlog10p)),
            "num_var": np.repeat(made.n_variants[rows], n_genes),
            "phenotype_chrom": pl.concat([genes["CHROM"]] * len(rows)),
            "phenotype_tss": pl.concat([genes["TSS"]] * len(rows)),
        }
    )  # fmt: skip
    return table, untested
