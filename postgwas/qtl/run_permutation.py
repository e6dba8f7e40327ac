"""The cis permutation pass: ``postgwas.qtl.cis_permutation``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.compute.engine import engine
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.genotypes.genotypes import Genotypes
from postgwas.qtl.discoveries import Discoveries, discover
from postgwas.qtl.inputs import Paths, QtlInputOptions, QtlInputs
from postgwas.qtl.permutation_options import DiscoveryOptions, PermutationOptions, Scheme
from postgwas.qtl.permutation_table import (
    NO_BETA_FIT,
    PermutedSegment,
    joined,
    permutation_columns,
    permute_segment,
)
from postgwas.qtl.permute_segment import PermuteTask
from postgwas.qtl.projection import Floats
from postgwas.qtl.rejections import Rejections, gather_rejections
from postgwas.qtl.run_cis import as_inputs, refuse_untested
from postgwas.qtl.segments import refuse_scattered_groups, segments_of
from postgwas.qtl.shared_null import common_quantiles
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

#: a shared null holds no pairs: its segments may be so many times as large
_SHARED_SCALE = 4


@dataclass(frozen=True, eq=False)
class CisPermutation:
    """The best variant of each phenotype, and what permutations say of it.

    Attributes
    ----------
    table : polars.DataFrame
        tensorQTL's columns phenotype_id, num_var, beta_shape1, beta_shape2, true_df, pval_true_df,
        variant_id, start_distance, end_distance, ma_samples, ma_count, af, pval_nominal, slope, slope_se,
        pval_perm, pval_beta, with groups also group_id and group_size; qval and pval_nominal_threshold; then
        pval_nominal_threshold_exact, tss_distance, effect_allele, other_allele, mlog10p, mlog10p_beta,
        n_permutations. By phenotype in order of place. Effects are per copy of the effect allele, as is af.
    discoveries : Discoveries
        pi0, the threshold of pval_beta, and how many phenotypes are significant.
    options : PermutationOptions
        With the seed that was used.
    df : int
        Degrees of freedom of a nominal test.
    n_samples : int
    n_plain : int
        Phenotypes that got a null of their own although a shared one was asked for.
    rejected : Rejections
    inputs : QtlInputs
    """

    table: pl.DataFrame
    discoveries: Discoveries
    options: PermutationOptions
    df: int
    n_samples: int
    n_plain: int
    rejected: Rejections
    inputs: QtlInputs


def cis_permutation(
    genotypes: Genotypes | Paths | QtlInputs,
    phenotypes: ExpressionMatrix | Paths | None = None,
    covariates: CovariateMatrix | Paths | None = None,
    *,
    permutations: int | tuple[int, int] = 1000,
    seed: int | None = None,
    scheme: Scheme = "plain",
    discovery: DiscoveryOptions | None = None,
    options: QtlInputOptions | None = None,
    window: int | None = None,
    maf_min: float | None = None,
    cores: int = 1,
    scheduler: Paths | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> CisPermutation:
    """Find each phenotype's best variant in its window, and its P-value beside permutations.

    Parameters
    ----------
    genotypes, phenotypes, covariates, options, window, maf_min
        As :func:`postgwas.qtl.cis_nominal`.
    permutations : int or (int, int)
        Their number; or, adaptive, so many better ones and the most permutations.
    seed : int, optional
        Drawn and logged if None. Permutation k is the same whatever else is in the run.
    scheme : {"plain", "shared"}
        ``shared`` computes one null for all phenotypes whose values are the same numbers in other orders, as
        they are after the inverse normal transform; others get one of their own.
    discovery : DiscoveryOptions, optional
        False discovery rate and q-values.
    cores, scheduler, jobqueue, jobqueue_options
        As :func:`postgwas.compute.engine.engine`; the same bits everywhere.

    Returns
    -------
    CisPermutation

    Raises
    ------
    InputError, UsageError, NoVariantsError
        As :func:`postgwas.qtl.cis_nominal`, or permutations that cannot be.

    References
    ----------
    Ongen et al. 2016, Bioinformatics 32:1479 (FastQTL).

    Examples
    --------
    >>> found = cis_permutation("geno.pgen", "expr.bed.gz", "cov.txt", seed=1)  # doctest: +SKIP
    >>> found.table.filter(found.table["qval"] <= 0.05)  # doctest: +SKIP
    """
    chosen = PermutationOptions(permutations, seed, scheme)
    wanted = discovery or DiscoveryOptions()
    wanted.check()
    inputs = as_inputs(genotypes, phenotypes, covariates, options=options, window=window, maf_min=maf_min)
    chosen.check(grouped="GROUP_ID" in inputs.phenotypes.genes.columns)
    refuse_scattered_groups(inputs)
    chosen = chosen.with_seed()
    tasks, n_plain = _tasks(inputs, chosen)
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        parts = eng.map(permute_segment, tasks, label="Permutations")
    rejected = gather_rejections([part.rejected for part in _once(parts)], inputs.rejected)
    leads, tested = joined(parts)
    refuse_untested(leads.height, inputs, rejected)
    unfit = [name for name, one in zip(leads["phenotype_id"].to_list(), tested) if not one.fit.fitted]
    rejected = replace(rejected, pairs=[*rejected.pairs, *((name, None, NO_BETA_FIT) for name in unfit)])
    if unfit:
        log.warning("%d phenotypes have no beta approximation: pval_beta is their pval_perm", len(unfit))
    table, found = discover(permutation_columns(leads, tested, inputs), df=inputs.df, options=wanted)
    return CisPermutation(table, found, chosen, inputs.df, inputs.n_samples, n_plain, rejected, inputs)


def _tasks(inputs: QtlInputs, options: PermutationOptions) -> tuple[list[PermuteTask], int]:
    """Segments of the phenotypes that share a null, and of the others."""
    values = permuted_values(inputs)
    if options.scheme == "plain":
        return [PermuteTask(one, values[one.genes], options, None) for one in segments_of(inputs)], 0
    quantiles, same = common_quantiles(values)
    tasks = []
    for rows, common, scale in ((same, quantiles, _SHARED_SCALE), (~same, None, 1)):
        kept = np.flatnonzero(rows)
        if not len(kept):
            continue
        for one in segments_of(some_phenotypes(inputs, kept), scale=scale):
            segment = replace(one, genes=kept[one.genes])
            tasks.append(PermuteTask(segment, values[segment.genes], options, common))
    n_plain = int(np.count_nonzero(~same))
    if n_plain:
        log.warning("%d phenotypes are not rank-normal as the others: they get nulls of their own", n_plain)
    return tasks, n_plain


def permuted_values(inputs: QtlInputs) -> Floats:
    """What is permuted, (G, n): phenotypes, of which QTLtools' model knows the residuals alone."""
    return inputs.residuals if inputs.options.compat == "qtltools" else inputs.phenotypes.values


def some_phenotypes(inputs: QtlInputs, rows: np.ndarray[Any, np.dtype[np.int64]]) -> QtlInputs:
    """The inputs of some phenotypes, in their order."""
    return replace(
        inputs,
        phenotypes=inputs.phenotypes.select(genes=rows),
        residuals=inputs.residuals[rows],
        y_unit=inputs.y_unit[rows],
        y_norm=inputs.y_norm[rows],
    )


def _once(parts: Sequence[PermutedSegment]) -> list[PermutedSegment]:
    """The same, each variant that was left out in one segment alone."""
    known = np.empty(0, dtype=np.int64)
    result = []
    for part in parts:
        left = part.rejected
        new = ~np.isin(left.rows, known)
        names = [name for name, keep in zip(left.names, new.tolist()) if keep]
        result.append(
            replace(part, rejected=replace(left, rows=left.rows[new], reason=left.reason[new], names=names))
        )
        known = np.union1d(known, left.rows)
    return result
