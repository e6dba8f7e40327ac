"""One region of several populations, from summary statistics and LD to results; what a worker does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, PostgwasError
from postgwas.finemap.ld_sources import RegionSource
from postgwas.finemap.map_settings import MapSettings
from postgwas.finemap.matrix_checks import CheckedLd
from postgwas.finemap.population_variants import OnePopulation, join_populations
from postgwas.finemap.region_check import LdFindings, check_region
from postgwas.finemap.region_fit import FEWEST, NOT_CONVERGED, OK, TOO_FEW, Posterior, refuse_other_signs
from postgwas.finemap.region_list import MapRegion
from postgwas.finemap.susie_populations import MultiFit, susie_multi_rss

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PopulationTask:
    """A region's rows of each population's summary statistics, and where each LD comes from."""

    region: MapRegion
    names: tuple[str, ...]
    stats: tuple[pl.DataFrame, ...]
    sources: tuple[RegionSource, ...]
    settings: MapSettings


@dataclass(frozen=True, eq=False)
class PopulationRegion:
    """A region's results over K populations.

    Attributes
    ----------
    region : MapRegion
    variants : polars.DataFrame
        CHR, POS, SNPID, EA, NEA, p rows; empty where the region failed.
    posterior : Posterior or None
        PIPs and sets over all populations; `effect` is NaN, see `effects`.
    effects : ndarray, shape (K, p)
        Posterior means per standard deviation of the genotype, of EA; NaN where a population lacks it.
    covariance : ndarray, shape (sets, K, K)
        Prior covariance of the effects of each credible set.
    populations : tuple of K OnePopulation
        Their data; empty where the region failed before.
    findings : tuple of K (LdFindings or None)
    status : str
    names : tuple of str
    lead_r2 : tuple of K ndarray, shape (p,)
        r^2 with each population's variant of the largest absolute z-score; NaN where it lacks a variant.
    """

    region: MapRegion
    variants: pl.DataFrame
    posterior: Posterior | None
    effects: Floats
    covariance: Floats
    populations: tuple[OnePopulation, ...]
    findings: tuple[LdFindings | None, ...]
    status: str
    names: tuple[str, ...] = ()
    lead_r2: tuple[Floats, ...] = ()


def map_populations(task: PopulationTask) -> PopulationRegion:
    """Join, check and fit one region; what is wrong with it becomes its status."""
    settings, k = task.settings, len(task.names)
    nothing = np.zeros((k, 0)), np.zeros((0, k, k))
    populations: tuple[OnePopulation, ...] = ()
    findings: tuple[LdFindings | None, ...] = (None,) * k
    variants = task.stats[0][:0]
    try:
        variants, found = join_populations(task.stats, task.sources, everywhere=settings.variants_in == "all")
        populations = tuple(found)
        if variants.height < FEWEST or min(one.rows.size for one in found) < FEWEST:
            return PopulationRegion(task.region, variants[:0], None, *nothing, populations, findings, TOO_FEW)
        checked = [CheckedLd.of(one.matrix) for one in found]
        if settings.ld_check != "none":
            findings = tuple(
                check_region(one.z, ld, one.n, full=settings.ld_check == "full", seed=settings.seed)
                for one, ld in zip(found, checked)
            )
            _refuse_signs(task.names, findings)
        fit = _fit(found, checked, variants.height, settings)
    except PostgwasError as error:
        return PopulationRegion(task.region, variants[:0], None, *nothing, populations, findings, str(error))
    return _result(task, variants, populations, findings, fit)


def _refuse_signs(names: tuple[str, ...], findings: tuple[LdFindings | None, ...]) -> None:
    for name, one in zip(names, findings):
        try:
            if one is not None:
                refuse_other_signs(one)
        except InputError as error:
            raise InputError(f"population {name}: {error.message}", hint=error.hint) from None


def _fit(found: list[OnePopulation], ld: list[CheckedLd], size: int, settings: MapSettings) -> MultiFit:
    whole = all(one.rows.size == size for one in found)
    return susie_multi_rss(
        [one.z for one in found], ld, [one.n for one in found],
        L=settings.n_effects, coverage=settings.coverage, min_abs_corr=settings.min_abs_corr,
        scaled_prior_variance=settings.scaled_prior_variance, prior_correlation=settings.prior_correlation,
        estimate_prior_method=settings.prior_method,
        check_null_threshold=settings.null_threshold,
        estimate_residual_variance=settings.estimate_residual_variance, tol=settings.tol,
        max_iter=settings.max_iter, present=None if whole else [one.rows for one in found],
    )  # fmt: skip


def _result(
    task: PopulationTask,
    variants: pl.DataFrame,
    populations: tuple[OnePopulation, ...],
    findings: tuple[LdFindings | None, ...],
    fit: MultiFit,
) -> PopulationRegion:
    behind = [one.effect for one in fit.credible_sets]
    numbers: dict[str, float] = {"N_ITER": fit.n_iter, "ELBO": float(fit.elbo[-1])}
    status = OK if fit.converged else NOT_CONVERGED
    posterior = Posterior(
        fit.pip,
        np.full(variants.height, np.nan),
        fit.credible_sets,
        fit.lbf_variable[behind],
        numbers,
        status,
    )
    effects = np.full((len(populations), variants.height), np.nan)
    for k, one in enumerate(populations):
        effects[k, one.rows] = fit.coefficients[k, one.rows]
    return PopulationRegion(
        task.region, variants, posterior, effects, fit.covariance[behind], populations, findings, status,
        task.names, tuple(_lead_r2(one, variants.height) for one in populations),
    )  # fmt: skip


def _lead_r2(one: OnePopulation, size: int) -> Floats:
    whole = np.full(size, np.nan)
    whole[one.rows] = np.square(one.matrix[int(np.argmax(np.abs(one.z)))])
    return whole
