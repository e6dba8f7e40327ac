"""Tail probabilities by the approximations that METAL prints, good to seven digits or so.

They serve METAL's own tables, so that their last digit is METAL's too; everything else takes exact tails.

References
----------
Hill (1973), Algorithm AS 66, Applied Statistics 22:424 (normal). Press et al. (1992), Numerical Recipes in C,
sections 6.1 and 6.2 (incomplete gamma function), with relative accuracy 3e-7.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

_ACCURACY = 3.0e-7
_LEAST = 1.0e-30
_DOUBT = 0.01
"""How near to the middle of two four-digit numbers an approximation could end up on the other side."""
_ROUNDS = 200
_NEAR = 1.28
_EXACT_FROM = np.sqrt(32.0)
"""From here on METAL takes logarithms of exact tails."""
_LANCZOS = (
    76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155, 0.1208650973866179e-2,
    -0.5395239384953e-5,
)  # fmt: skip


def normal_tail(z: Floats) -> Floats:
    """P(Z > z) for z from 0, by AS 66.

    Examples
    --------
    >>> normal_tail(np.array([0.0, 1.959964, 5.0])).round(8).tolist()
    [0.5, 0.025, 2.9e-07]
    """
    y = 0.5 * z * z
    with np.errstate(under="ignore"):
        near = 0.5 - z * (
            0.398942280444
            - 0.399903438504
            * y
            / (y + 5.75885480458 - 29.8213557808 / (y + 2.62433121679 + 48.6959930692 / (y + 5.92885724438)))
        )
        inner = z + 0.742380924027 + 30.789933034 / (z + 3.99019417011)
        inner = z + 4.8385912808 - 15.1508972451 / inner
        inner = z - 0.151679116635 + 5.29330324926 / inner
        inner = z + 3.98064794e-4 + 1.98615381364 / inner
        far = 0.398942270385 * np.exp(-y) / (z - 2.8052e-8 + 1.00000615302 / inner)
    return np.where(z < _NEAR, near, far)


def log10_p(z: Floats) -> Floats:
    """log10 of the two-sided P of z-scores from 0."""
    with np.errstate(divide="ignore"):
        approximate = np.log(normal_tail(np.minimum(z, _EXACT_FROM)))
    logs = np.where(z < _EXACT_FROM, approximate, special.log_ndtr(-z))
    result: Floats = (logs + np.log(2.0)) / np.log(10.0)
    return result


def printed_chi2_tail(statistic: Floats, df: npt.NDArray[np.int64]) -> Floats:
    """Tails whose first four digits are those of :func:`chi2_tail`: exact ones, where that makes none.

    Examples
    --------
    >>> q, df = np.linspace(0.01, 40, 500), np.tile([1, 2, 3, 4, 5], 100)
    >>> all(f"{a:.4g}" == f"{b:.4g}" for a, b in zip(chi2_tail(q, df), printed_chi2_tail(q, df)))
    True
    """
    half = 0.5 * statistic
    with np.errstate(under="ignore", divide="ignore"):
        one, two = df == 1, df == 2
        exact = np.where(one, 2.0 * special.ndtr(-np.sqrt(statistic)), np.exp(-half))
        rest = np.flatnonzero(~(one | two))
        exact[rest] = special.gammaincc(0.5 * df[rest], half[rest])
        digits = exact * 10.0 ** (3.0 - np.floor(np.log10(exact)))
    doubtful = ~(np.abs(np.abs(digits - np.rint(digits)) - 0.5) > _DOUBT)
    exact[doubtful] = chi2_tail(statistic[doubtful], df[doubtful])
    return exact


def chi2_tail(statistic: Floats, df: npt.NDArray[np.int64]) -> Floats:
    """Upper tail of chi-squared with at least one degree of freedom.

    Examples
    --------
    >>> chi2_tail(np.array([3.841459, 9.0]), np.array([1, 4])).round(6).tolist()
    [0.05, 0.061099]
    """
    a, x = 0.5 * df.astype(np.float64), 0.5 * statistic
    result = np.empty_like(x)
    series = x < a + 1.0
    result[series] = 1.0 - _by_series(a[series], x[series])
    result[~series] = _by_fraction(a[~series], x[~series])
    return result


def _log_gamma(x: Floats) -> Floats:
    shifted = x + 5.5 - (x + 0.5) * np.log(x + 5.5)
    total = np.full_like(x, 1.000000000190015)
    for at, factor in enumerate(_LANCZOS, 1):
        total += factor / (x + at)
    result: Floats = -shifted + np.log(2.5066282746310005 * total / x)
    return result


def _by_series(a: Floats, x: Floats) -> Floats:
    term = 1.0 / a
    total, n = term.copy(), a.copy()
    going = x > 0
    for _ in range(_ROUNDS):
        if not going.any():
            break
        n = n + 1.0
        term = term * x / n
        total = np.where(going, total + term, total)
        going &= np.abs(term) >= np.abs(total) * _ACCURACY
    with np.errstate(divide="ignore", invalid="ignore"):
        value = total * np.exp(-x + a * np.log(x) - _log_gamma(a))
    return np.where(x > 0, value, 0.0)


def _by_fraction(a: Floats, x: Floats) -> Floats:
    b = x + 1.0 - a
    c = np.full_like(x, 1.0 / _LEAST)
    d = 1.0 / b
    value = d.copy()
    going = np.ones(x.size, np.bool_)
    for i in range(1, _ROUNDS + 1):
        if not going.any():
            break
        factor = -i * (i - a)
        b = b + 2.0
        d = factor * d + b
        d = np.where(np.abs(d) < _LEAST, _LEAST, d)
        c = b + factor / c
        c = np.where(np.abs(c) < _LEAST, _LEAST, c)
        d = 1.0 / d
        step = d * c
        value = np.where(going, value * step, value)
        going &= np.abs(step - 1.0) >= _ACCURACY
    with np.errstate(under="ignore"):
        result: Floats = np.exp(-x + a * np.log(x) - _log_gamma(a)) * value
    return result
