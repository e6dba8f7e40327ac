"""HyPrColoc: which of many traits share a causal variant in a region?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.coloc.correlated_traits import CorrelatedTraits
from postgwas.coloc.independent_traits import IndependentTraits
from postgwas.coloc.priors import check_prior
from postgwas.coloc.shared_clusters import (
    P1,
    P_SHARED,
    Cluster,
    ClusterSettings,
    Evidence,
    Selection,
    find_clusters,
)
from postgwas.errors import InputError, MatrixError, UsageError
from postgwas.finemap.abf import PRIOR_SD_CC, PRIOR_SD_QUANT
from postgwas.finemap.credible_sets import smallest_set
from postgwas.finemap.matrix_checks import check_names, correlation_matrix, symmetric_matrix

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class HyprColoc:
    """What :func:`hyprcoloc` found.

    Attributes
    ----------
    clusters : tuple of Cluster
        A round of the search each; a round without a cluster names the trait that it dropped.
    trait : tuple of str
    snp : tuple of str
    """

    clusters: tuple[Cluster, ...]
    trait: tuple[str, ...]
    snp: tuple[str, ...]

    def credible_set(self, cluster: int, *, coverage: float = 0.95) -> Rows:
        """The fewest variants that hold a cluster's shared one with this probability; none without a cluster.

        Raises
        ------
        UsageError
            If `coverage` is no share between 0 and 1.
        """
        if not 0 < coverage < 1:
            raise UsageError(f"coverage = {coverage:g}: expected a share between 0 and 1", hint="0.95")
        pp = self.clusters[cluster].snp_pp
        return smallest_set(pp, coverage) if pp.size else np.zeros(0, np.int64)

    def table(self) -> pl.DataFrame:
        """A row a round: TRAITS, POSTERIOR, REGIONAL, ALIGNMENT, CANDIDATE_SNP, CANDIDATE_PP, DROPPED."""
        import polars as pl

        rows = [
            {
                "ROUND": number, "TRAITS": ",".join(self.trait[trait] for trait in one.traits) or None,
                "N_TRAITS": one.traits.size, "POSTERIOR": one.posterior, "REGIONAL": one.regional,
                "ALIGNMENT": one.alignment,
                "CANDIDATE_SNP": self.snp[one.candidate] if one.candidate >= 0 else None,
                "CANDIDATE_PP": float(one.snp_pp.max()) if one.snp_pp.size else None,
                "DROPPED": self.trait[one.dropped] if one.dropped >= 0 else None,
            }
            for number, one in enumerate(self.clusters, 1)
        ]  # fmt: skip
        schema = {
            "ROUND": pl.Int32, "TRAITS": pl.String, "N_TRAITS": pl.Int32, "POSTERIOR": pl.Float64,
            "REGIONAL": pl.Float64, "ALIGNMENT": pl.Float64, "CANDIDATE_SNP": pl.String,
            "CANDIDATE_PP": pl.Float64, "DROPPED": pl.String,
        }  # fmt: skip
        return pl.DataFrame(rows, schema=schema).fill_nan(None)


def hyprcoloc(
    beta: ArrayLike,
    se: ArrayLike,
    *,
    snp: Sequence[str] | None = None,
    trait: Sequence[str] | None = None,
    binary: Sequence[bool] | None = None,
    sd_y: ArrayLike | None = None,
    trait_cor: ArrayLike | None = None,
    ld: ArrayLike | None = None,
    sample_overlap: ArrayLike | None = None,
    p1: float = P1,
    p_shared: float = P_SHARED,
    p12: float | None = None,
    uniform_priors: bool = False,
    regional_threshold: float | None = None,
    alignment_threshold: float | None = None,
    selection: Selection = "regional",
    search: bool = True,
    reg_steps: int = 1,
) -> HyprColoc:
    """Clusters of traits that share a causal variant, by branch and bound.

    Parameters
    ----------
    beta, se : array-like, shape (V, T)
        Effects and standard errors of T traits at the same variants and alleles.
    snp, trait : sequence of str, optional
        Names; numbers from 1 if None.
    binary : sequence of bool, optional
        Which traits are case-control: the prior standard deviation of their effects is 0.2, of others 0.15.
    sd_y : array-like, shape (T,), optional
        Standard deviations of quantitative traits, which the 0.15 are times of; 1 if None, as in the peer.
    trait_cor, sample_overlap : array-like, shape (T, T), optional
        Correlations of traits and shares of common samples (1 if None); together the correlations of
        estimates. Independent if None.
    ld : array-like, shape (V, V), optional
        Needed with `trait_cor`.
    p12 : float, optional
        Prior of a variant to be causal for two traits: `p_shared` becomes p12 / (p1 + p12).
    p1, p_shared, uniform_priors, regional_threshold, alignment_threshold, selection, search
        See :class:`postgwas.coloc.shared_clusters.ClusterSettings`.
    reg_steps : int
        1: more is refused, see :func:`check_steps`.

    Returns
    -------
    HyprColoc

    Raises
    ------
    InputError
        If a value is missing, an error not above 0, or a name occurs twice.
    MatrixError
        If a matrix is none of correlations, or those of estimates are not positive definite.
    UsageError
        If shapes differ, fewer than two traits are given, or a setting is out of range.

    References
    ----------
    Foley et al. 2021, Nature Communications 12:764.

    Examples
    --------
    >>> b = [[0.3, 0.2, 0.0], [0.0, 0.0, 0.3], [0.0, 0.01, 0.0]]
    >>> found = hyprcoloc(b, np.full((3, 3), 0.02), snp=["x", "y", "z"], trait=["A", "B", "C"])
    >>> found.table()["TRAITS"].to_list(), found.table()["CANDIDATE_SNP"].to_list()
    (['A,B'], ['x'])
    """
    check_steps(reg_steps)
    if p12 is not None:
        check_prior("p12", p12)
        p_shared = p12 / (p1 + p12)
    settings = ClusterSettings(
        p1, p_shared, uniform_priors, regional_threshold, alignment_threshold, selection, search
    )
    settings.check()
    evidence, names, variants = _evidence(beta, se, snp, trait, binary, sd_y, trait_cor, ld, sample_overlap)
    found = find_clusters(evidence, len(names), settings)
    return HyprColoc(tuple(found), names, variants)


def check_steps(steps: int, name: str = "reg_steps") -> None:
    """Refuse the peer's reg.steps but 1: what the search does with more is not documented.

    Raises
    ------
    UsageError
    """
    if steps != 1:
        raise UsageError(
            f"{name} = {steps}: only 1 is offered; the peer does not document which traits more steps drop",
            hint="similarity over thresholds and priors says how stable clusters are",
        )


def similarity(
    beta: ArrayLike,
    se: ArrayLike,
    *,
    trait: Sequence[str] | None = None,
    binary: Sequence[bool] | None = None,
    sd_y: ArrayLike | None = None,
    p1: float = P1,
    p_shared: Sequence[float] = (0.02, 0.01, 0.005),
    regional_thresholds: Sequence[float] = (0.6, 0.7, 0.8, 0.9),
    alignment_thresholds: Sequence[float] = (0.6, 0.7, 0.8, 0.9),
    uniform_priors: bool = False,
    selection: Selection = "regional",
    equal_thresholds: bool = False,
) -> Floats:
    """How often each pair of traits is in one cluster over thresholds and priors, shape (T, T).

    Parameters
    ----------
    beta, se, trait, binary, sd_y, p1, uniform_priors, selection
        As :func:`hyprcoloc`; traits count as independent.
    p_shared, regional_thresholds, alignment_thresholds : sequence of float
        All combinations are tried.
    equal_thresholds : bool
        Only those with both thresholds the same.

    Raises
    ------
    InputError, UsageError
        As :func:`hyprcoloc`.
    """
    base = ClusterSettings(p1=p1, uniform=uniform_priors, selection=selection)
    evidence, names, _ = _evidence(beta, se, None, trait, binary, sd_y, None, None, None)
    counts, tried = np.zeros((len(names), len(names))), 0
    for regional in regional_thresholds:
        for shared in p_shared:
            for align in (regional,) if equal_thresholds else alignment_thresholds:
                settings = replace(
                    base, p_shared=shared, regional_threshold=regional, alignment_threshold=align
                )
                settings.check()
                tried += 1
                for one in find_clusters(evidence, len(names), settings):
                    counts[np.ix_(one.traits, one.traits)] += 1
    counts /= tried
    np.fill_diagonal(counts, 1.0)
    return counts


def _evidence(
    beta: ArrayLike,
    se: ArrayLike,
    snp: Sequence[str] | None,
    trait: Sequence[str] | None,
    binary: Sequence[bool] | None,
    sd_y: ArrayLike | None,
    trait_cor: ArrayLike | None,
    ld: ArrayLike | None,
    sample_overlap: ArrayLike | None,
) -> tuple[Evidence, tuple[str, ...], tuple[str, ...]]:
    effects, errors = (np.asarray(one, np.float64) for one in (beta, se))
    if effects.ndim != 2 or effects.shape != errors.shape or effects.shape[1] < 2 or not len(effects):
        raise UsageError(
            f"beta and se: expected variants x traits, two traits or more, found {effects.shape} and "
            f"{errors.shape}"
        )
    n_variants, n_traits = effects.shape
    names = tuple(str(one) for one in (trait or range(1, n_traits + 1)))
    variants = tuple(str(one) for one in (snp or range(1, n_variants + 1)))
    for what, given, expected in (("trait", names, n_traits), ("snp", variants, n_variants)):
        if len(given) != expected:
            raise UsageError(f"{what}: {len(given)} names, expected {expected}")
        check_names(given, None)
    _check_values("beta", effects, np.isfinite(effects), variants, names)
    _check_values("se", errors, np.isfinite(errors) & (errors > 0), variants, names)
    ratio = _prior_sd(binary, sd_y, n_traits) / errors
    z = effects / errors
    if trait_cor is None:
        if ld is not None or sample_overlap is not None:
            raise UsageError("ld and sample_overlap have no meaning without trait_cor", hint="trait_cor=")
        left = 1.0 / (1.0 + ratio**2)
        return IndependentTraits(0.5 * (np.log(left) + z**2 * (1.0 - left))), names, variants
    correlation = correlation_matrix(trait_cor, n_traits, "trait_cor", names=names).copy()
    if sample_overlap is not None:
        correlation *= symmetric_matrix(sample_overlap, n_traits, "sample_overlap", names=names)
        np.fill_diagonal(correlation, 1.0)
    if ld is None:
        raise UsageError("trait_cor needs LD between variants", hint="ld=")
    matrix = correlation_matrix(ld, n_variants, "ld", names=variants)
    if np.linalg.eigvalsh(correlation)[0] < 1e-8:
        raise MatrixError("trait_cor: correlations of estimates are not positive definite")
    return CorrelatedTraits(z, ratio, correlation, matrix), names, variants


def _check_values(
    what: str, values: Floats, good: NDArray[np.bool_], snp: tuple[str, ...], trait: tuple[str, ...]
) -> None:
    if good.all():
        return
    row, column = np.argwhere(~good)[0]
    raise InputError(
        f"{what}: {values[row, column]:g} at variant '{snp[row]}' of trait '{trait[column]}'; "
        f"{int((~good).sum())} of {good.size} cannot be used",
        hint="leave these variants out",
    )


def _prior_sd(binary: Sequence[bool] | None, sd_y: ArrayLike | None, n_traits: int) -> Floats:
    disease = np.zeros(n_traits, np.bool_) if binary is None else np.asarray(binary, np.bool_)
    spread = np.ones(n_traits) if sd_y is None else np.asarray(sd_y, np.float64)
    for what, given in (("binary", disease), ("sd_y", spread)):
        if given.shape != (n_traits,):
            raise UsageError(f"{what}: {given.size} values for {n_traits} traits")
    if not (np.isfinite(spread) & (spread > 0)).all():
        raise InputError("sd_y: expected standard deviations above 0")
    sd: Floats = np.where(disease, PRIOR_SD_CC, PRIOR_SD_QUANT * spread)
    return sd
