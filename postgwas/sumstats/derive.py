"""Statistics of a variant from one another: Z, P, -log10 P, BETA and SE, effective N.

Tails are computed in log space, so that nothing underflows: Z = 1,000 has -log10 P = 217,150.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtr, ndtri, ndtri_exp

Array = npt.NDArray[np.float64]
_LOG10E = math.log10(math.e)
_LOG2 = math.log(2.0)


def z_from_beta(beta: Array, se: Array) -> Array:
    """Z = BETA / SE, [shape: (M,)]; NaN where SE is not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(se > 0, beta / se, np.nan)


def mlog10p_from_z(z: Array) -> Array:
    """-log10 of the two-sided P of a normal Z, [shape: (M,)]; exact to rounding for any finite Z."""
    return np.asarray(-(_LOG2 + log_ndtr(-np.abs(z))) * _LOG10E + 0.0, dtype=np.float64)


def p_from_z(z: Array) -> Array:
    """Two-sided P of a normal Z, [shape: (M,)]; 0 below the least double."""
    return np.asarray(2.0 * ndtr(-np.abs(z)), dtype=np.float64)


def p_from_mlog10p(mlog10p: Array) -> Array:
    """P = 10^-MLOG10P, [shape: (M,)]; 0 below the least double."""
    with np.errstate(under="ignore", over="ignore"):
        return np.power(10.0, -mlog10p)


def mlog10p_from_p(p: Array) -> Array:
    """-log10 P, [shape: (M,)]; NaN where P is 0 (its size is unknown), negative or above 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((p > 0) & (p <= 1), -np.log10(p) + 0.0, np.nan)


def abs_z_from_p(p: Array) -> Array:
    """\\|Z\\| of a two-sided P, [shape: (M,)]; NaN outside (0, 1]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((p > 0) & (p <= 1), -ndtri(p / 2) + 0.0, np.nan)


def abs_z_from_mlog10p(mlog10p: Array) -> Array:
    """\\|Z\\| of a two-sided -log10 P, [shape: (M,)].

    The root of log(2) + log Phi(-z) = -MLOG10P log(10), by the inverse of log Phi and two
    steps of Newton (whose derivative is the ratio of density and tail). NaN for negative values.
    """
    mlog10p = np.asarray(mlog10p, dtype=np.float64)
    log_p = -mlog10p * math.log(10.0) - _LOG2
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        log_p = np.where(mlog10p >= 0, np.minimum(log_p, -_LOG2), np.nan)
        z = -ndtri_exp(log_p)
        for _ in range(2):
            tail = log_ndtr(-z)
            log_density = -0.5 * z * z - 0.5 * math.log(2 * math.pi)
            step = (tail - log_p) * np.exp(tail - log_density)
            z = np.where(np.isfinite(step), z + step, z)
    return np.where(np.isinf(mlog10p), np.inf, np.maximum(z, 0.0))


def signed_z(size: Array, effect: Array) -> Array:
    """Z of a size and the sign of an effect, [shape: (M,)].

    NaN where the effect is exactly 0 although the size is not: its sign is then unknown.
    """
    return np.where((effect == 0) & (size > 0), np.nan, np.sign(effect) * size)


def beta_se_from_z(z: Array, eaf: Array, n: Array) -> tuple[Array, Array]:
    """Per-allele effect and its standard error on a trait of variance one.

    SE = 1 / sqrt(2 f (1 - f) (N + Z^2)) and BETA = Z SE (Zhu et al. 2016, supplementary
    equation 6). It follows from Var(y) = 1 = Var(x) BETA^2 + residual variance. mtag.py drops
    the explained variance, SE = 1 / sqrt(2 f (1 - f) N), which agrees for small Z.

    Parameters
    ----------
    z, eaf, n : ndarray, shape (M,)
        Z score, effect allele frequency, sample size.

    Returns
    -------
    beta, se : ndarray, shape (M,)
        NaN where the frequency is not within (0, 1) or N is not positive.

    References
    ----------
    Zhu et al. (2016) Nat Genet 48:481, doi:10.1038/ng.3538.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ok = (eaf > 0) & (eaf < 1) & (n > 0)
        se = np.where(ok, 1.0 / np.sqrt(2.0 * eaf * (1.0 - eaf) * (n + z * z)), np.nan)
    return z * se, se


def se_from_interval(low: Array, high: Array, *, level: float = 0.95) -> Array:
    """SE of log OR from the odds ratio's confidence interval, [shape: (M,)]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.log(high) - np.log(low)
        return np.where((low > 0) & (high >= low), width / (2.0 * float(-ndtri((1 - level) / 2))), np.nan)
