"""Effect of a molecular trait on another through one variant: Wald ratio, SMR, HEIDI."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.coloc.weighted_chi2 import weighted_chi2_tail
from postgwas.errors import InputError
from postgwas.finemap.matrix_checks import finite_vector, positive_vector

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class WaldRatio:
    """Effect of the exposure on the outcome, per unit of the exposure.

    Attributes
    ----------
    estimate : float
    se : float
        By the delta method, the exposure's error counted too.
    p : float
        Of SMR's test, chi-square with one degree of freedom.
    """

    estimate: float
    se: float
    p: float


def wald_ratio(beta_x: float, se_x: float, beta_y: float, se_y: float) -> WaldRatio:
    r"""Ratio of a variant's effects, with SMR's test.

    .. math:: b_{xy} = b_{zy} / b_{zx}, \quad
              var(b_{xy}) \approx b_{xy}^2 (1/z_{zy}^2 + 1/z_{zx}^2), \quad
              T = z_{zy}^2 z_{zx}^2 / (z_{zy}^2 + z_{zx}^2)

    Parameters
    ----------
    beta_x, se_x : float
        Effect of the variant on the exposure (the molecular trait) and its standard error.
    beta_y, se_y : float
        On the outcome, of the same allele, in other people.

    Raises
    ------
    InputError
        If a number is missing, a standard error is not above 0, or the exposure's effect is 0.

    References
    ----------
    Zhu et al. 2016, Nature Genetics 48:481, equation 5 and the methods.

    Examples
    --------
    >>> found = wald_ratio(0.5, 0.05, 0.1, 0.02)
    >>> round(found.estimate, 3), round(found.se, 4), f"{found.p:.2e}"
    (0.2, 0.0447, '7.74e-06')
    """
    from scipy.stats import chi2

    numbers = (beta_x, se_x, beta_y, se_y)
    if not all(math.isfinite(one) for one in numbers) or se_x <= 0 or se_y <= 0:
        raise InputError(f"effects and errors {numbers}: expected numbers, errors above 0")
    if beta_x == 0:
        raise InputError("the effect on the exposure is 0: there is no ratio")
    ratio = beta_y / beta_x
    se = math.sqrt(se_y**2 + ratio**2 * se_x**2) / abs(beta_x)
    return WaldRatio(ratio, se, float(chi2.sf((ratio / se) ** 2, 1)))


@dataclass(frozen=True, eq=False)
class Heidi:
    """Whether variants in LD with the top one tell the same ratio.

    Attributes
    ----------
    p : float
        Small where they do not: two causal variants in LD rather than one. NaN with too few variants.
    rows : ndarray of int64
        Variants that were used, the top one apart.
    statistic : float
    """

    p: float
    rows: Rows
    statistic: float


def heidi(
    beta_x: ArrayLike,
    se_x: ArrayLike,
    beta_y: ArrayLike,
    se_y: ArrayLike,
    ld: ArrayLike,
    *,
    top: int | None = None,
    p_x: float = 1.565402e-3,
    r2_min: float = 0.05,
    r2_max: float = 0.9,
    n_min: int = 3,
    n_max: int = 20,
) -> Heidi:
    r"""Test of heterogeneity of Wald ratios around the top variant.

    With :math:`d_i = b_{xy(i)} - b_{xy(top)}` and

    .. math:: cov(b_{xy(i)}, b_{xy(j)}) = \frac{r_{ij}}{b_{zx(i)} b_{zx(j)}} s_{zy(i)} s_{zy(j)}
              + b_{xy(i)} b_{xy(j)} \left[\frac{r_{ij}}{z_{zx(i)} z_{zx(j)}}
              - \frac{1}{z_{zx(i)}^2 z_{zx(j)}^2}\right]

    the sum of :math:`d_i^2 / var(d_i)` is a weighted sum of chi-squares, its weights the eigenvalues of the
    correlations of the :math:`d_i`; see :func:`postgwas.coloc.weighted_chi2.weighted_chi2_tail`.

    Parameters
    ----------
    beta_x, se_x, beta_y, se_y : array-like, shape (V,)
        As :func:`wald_ratio`, of the alleles that `ld` is of.
    ld : array-like, shape (V, V)
        Correlations of the variants.
    top : int, optional
        That of the largest z-score for the exposure if None.
    p_x : float
        Largest P-value for the exposure of a variant that is used.
    r2_min, r2_max : float
        Squared correlations with the top variant; of two variants above `r2_max` the weaker goes.
    n_min, n_max : int
        Fewest and most variants; the strongest are used.

    Raises
    ------
    InputError, UsageError
        If a number is missing, an error is not above 0, or lengths differ.

    References
    ----------
    Zhu et al. 2016, Nature Genetics 48:481, methods, section "HEIDI".
    """
    from scipy.stats import chi2

    bx, by = finite_vector(beta_x, "beta_x"), finite_vector(beta_y, "beta_y")
    sx = positive_vector(se_x, "se_x", size=bx.size)
    sy = positive_vector(se_y, "se_y", size=bx.size)
    by = finite_vector(by, "beta_y", size=bx.size)
    r = np.asarray(ld, np.float64)
    if r.shape != (bx.size, bx.size):
        raise InputError(f"ld: expected {bx.size} x {bx.size} correlations, found shape {r.shape}")
    z = bx / sx
    first = int(np.abs(z).argmax()) if top is None else top
    limit = float(chi2.isf(p_x, 1))
    with_top = r[first] ** 2
    fits = (z**2 >= limit) & (with_top >= r2_min) & (with_top <= r2_max)
    fits[first] = False
    rows = _pruned(np.flatnonzero(fits), z, r, r2_max)[:n_max]
    if rows.size < n_min:
        return Heidi(math.nan, rows, math.nan)
    used = np.append(first, rows)
    covariance = _covariance(bx[used], z[used], by[used], sy[used], r[np.ix_(used, used)])
    ratio = by[used] / bx[used]
    d = ratio[1:] - ratio[0]
    spread = covariance[1:, 1:] - covariance[1:, :1] - covariance[:1, 1:] + covariance[0, 0]
    variance = np.diagonal(spread)
    if variance.min() <= 0:
        keep = variance > 0
        rows, d, spread = rows[keep], d[keep], spread[np.ix_(keep, keep)]
        variance = np.diagonal(spread)
        if rows.size < n_min:
            return Heidi(math.nan, rows, math.nan)
    statistic = float((d**2 / variance).sum())
    scale = np.sqrt(variance)
    weights = np.linalg.eigvalsh(spread / np.outer(scale, scale))
    return Heidi(weighted_chi2_tail(statistic, np.maximum(weights, 0.0)), rows, statistic)


def _pruned(rows: Rows, z: Floats, r: Floats, r2_max: float) -> Rows:
    """By strength; of two that are too much alike the weaker goes."""
    kept: list[int] = []
    for row in rows[np.lexsort((rows, -np.abs(z[rows])))].tolist():
        if not kept or (r[row, kept] ** 2).max() <= r2_max:
            kept.append(row)
    return np.array(kept, np.int64)


def _covariance(bx: Floats, z: Floats, by: Floats, sy: Floats, r: Floats) -> Floats:
    """Of the ratios."""
    ratio = by / bx
    outcome = r * np.outer(sy / bx, sy / bx)
    exposure = np.outer(ratio, ratio) * (r / np.outer(z, z) - 1.0 / np.outer(z**2, z**2))
    whole: Floats = outcome + exposure
    return whole
