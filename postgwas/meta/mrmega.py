"""MR-MEGA: association and heterogeneity of effects along axes of ancestry (and environment)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.meta.chi2_tails import chi2_mlog10p
from postgwas.meta.meta_regression import meta_regression

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChiSquare:
    """A chi-square test of V variants: statistic, degrees of freedom, -log10 P; each of shape (V,)."""

    chisq: Floats
    df: Floats
    mlog10p: Floats


@dataclass(frozen=True, eq=False)
class MrMega:
    """Result of V variants; NaN where a variant is in too few cohorts.

    Attributes
    ----------
    coefficients, errors : ndarray of float64, shape (1 + axes + covariates, V)
        The first one is the effect at the origin of the axes. Errors by the known variances.
    scaled_errors : ndarray of float64, shape (1 + axes + covariates, V)
        Times the root of residual chi-square by its degrees of freedom: those that MR-MEGA prints.
    association : ChiSquare
        Any effect anywhere: 1 + axes + covariates degrees of freedom.
    ancestry : ChiSquare
        Effects that differ along the axes (and covariates).
    environment : ChiSquare or None
        Effects that differ along the covariates beyond the axes.
    residual : ChiSquare
        Effects that differ otherwise.
    ln_bf : ndarray of float64, shape (V,)
        Logarithm of the Bayes factor by the Bayesian information criterion.
    k : ndarray of float64, shape (V,)
        Cohorts.
    small_cohort_count, collinear : ndarray of bool, shape (V,)
        Why a variant has no result: cohorts - 2 not above the number of axes and covariates, or cohorts
        that the axes do not tell apart.
    """

    coefficients: Floats
    errors: Floats
    scaled_errors: Floats
    association: ChiSquare
    ancestry: ChiSquare
    environment: ChiSquare | None
    residual: ChiSquare
    ln_bf: Floats
    k: Floats
    small_cohort_count: NDArray[np.bool_]
    collinear: NDArray[np.bool_]


def mrmega(beta: Floats, se: Floats, axes: Floats, *, covariates: Floats | None = None) -> MrMega:
    """Meta-regression on axes of genetic variation.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (K, V)
        Effects of the same allele; NaN where a cohort lacks the variant.
    axes : ndarray of float64, shape (K, T)
        Coordinates of the cohorts, :func:`~postgwas.meta.ancestry_axes.classical_scaling`.
    covariates : ndarray of float64, shape (K, S), optional
        Environment of the cohorts (means of sex, BMI, ...): env-MR-MEGA.

    Returns
    -------
    MrMega

    References
    ----------
    Magi et al. 2017, Hum Mol Genet 26:3639; Wang et al. 2024, Nat Commun (env-MR-MEGA).

    Examples
    --------
    >>> axis = np.array([[-0.2], [-0.1], [0.1], [0.2]])
    >>> beta = 0.1 + axis  # an effect that grows along the axis
    >>> found = mrmega(beta, np.full((4, 1), 0.05), axis)
    >>> found.coefficients.round(6).ravel().tolist(), found.ancestry.chisq.round(3).tolist()
    ([0.1, 1.0], [40.0])
    """
    k_all = np.asarray(beta).shape[0]
    others = np.empty((k_all, 0)) if covariates is None else np.asarray(covariates, np.float64)
    n_axes, n_others = axes.shape[1], others.shape[1]
    columns = np.hstack([np.ones((k_all, 1)), axes, others])
    fit = meta_regression(beta, se, columns)
    small = fit.k - 2 <= n_axes + n_others
    out = small | fit.rank_deficient
    p = columns.shape[1]
    residual = np.where(out, np.nan, fit.residual)
    association = _chi_square(fit.total - residual, np.full(fit.k.shape, float(p)))
    ancestry = _chi_square(fit.around_mean - residual, np.full(fit.k.shape, p - 1.0))
    environment = None
    if n_others:
        without = meta_regression(beta, se, columns[:, : 1 + n_axes])
        environment = _chi_square(without.residual - residual, np.full(fit.k.shape, float(n_others)))
    errors = np.where(out, np.nan, fit.errors)
    with np.errstate(divide="ignore"):
        ln_bf = (association.chisq - p * np.log(fit.k)) / 2.0
    return MrMega(
        coefficients=np.where(out, np.nan, fit.coefficients),
        errors=errors,
        scaled_errors=errors * np.sqrt(residual / np.where(out, np.nan, fit.k - p)),
        association=association,
        ancestry=ancestry,
        environment=environment,
        residual=_chi_square(residual, fit.k - p),
        ln_bf=ln_bf,
        k=fit.k,
        small_cohort_count=small,
        collinear=fit.rank_deficient & ~small,
    )


def _chi_square(chisq: Floats, df: Floats) -> ChiSquare:
    df = np.where(np.isnan(chisq), np.nan, df)
    chisq = np.maximum(chisq, 0.0)
    return ChiSquare(chisq, df, chi2_mlog10p(chisq, df))
