"""Tail probabilities by the approximations that METAL prints, good to seven digits or so.

They serve METAL's own tables, so that their last digit is METAL's too; everything else takes exact tails.
What decides a last digit is where a sum or a fraction is broken off: where a step changes it by less than
3e-7 of itself.

References
----------
Hill (1973), Algorithm AS 66: The normal integral, Applied Statistics 22:424: two continued fractions.
Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 6.5.29 (series of the incomplete gamma
function), 6.5.31 (its continued fraction, taken to its even part), 26.4.19 (chi-squared).
Press et al. (1992), Numerical Recipes in C, section 6.2: which of the two serves where, and the 3e-7.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

_ACCURACY = 3.0e-7
_DOUBT = 0.01
"""How near to the middle of two four-digit numbers an approximation could end up on the other side."""
_ROUNDS = 200
_NEAR = 1.28
_EXACT_FROM = np.sqrt(32.0)
"""From here on METAL takes logarithms of exact tails."""
#: Continued fractions of AS 66, from the outside in: what is added, and the numerator of what is below.
_MIDDLE = ((5.75885480458, -29.8213557808), (2.62433121679, 48.6959930692), (5.92885724438, 0.0))
_TAIL = (
    (-2.8052e-8, 1.00000615302), (3.98064794e-4, 1.98615381364), (-0.151679116635, 5.29330324926),
    (4.8385912808, -15.1508972451), (0.742380924027, 30.789933034), (3.99019417011, 0.0),
)  # fmt: skip


def _fraction(x: Floats, steps: Sequence[tuple[float, float]]) -> Floats:
    """x + c1 + d1 / (x + c2 + d2 / (...)), from the inside out."""
    value = np.ones_like(x)
    for added, numerator in reversed(steps):
        value = (x + added) + numerator / value
    return value


def normal_tail(z: Floats) -> Floats:
    """P(Z > z) for z from 0, by AS 66.

    Examples
    --------
    >>> normal_tail(np.array([0.0, 1.959964, 5.0])).round(8).tolist()
    [0.5, 0.025, 2.9e-07]
    """
    half = 0.5 * z * z
    with np.errstate(under="ignore"):
        near = 0.5 - z * (0.398942280444 - 0.399903438504 * half / _fraction(half, _MIDDLE))
        far = 0.398942270385 * np.exp(-half) / _fraction(z, _TAIL)
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
    with np.errstate(divide="ignore", invalid="ignore", under="ignore"):
        # x^a e^-x / Gamma(a), which both ways are multiples of.
        scale = np.exp(a * np.log(x) - x - special.gammaln(a))
    result = np.ones_like(x)
    low = (x > 0) & (x < a + 1.0)
    high = x >= a + 1.0
    result[low] = 1.0 - scale[low] * _series(a[low], x[low])
    result[high] = scale[high] * _continued(a[high], x[high])
    return result


def _series(a: Floats, x: Floats) -> Floats:
    """1/a + x/(a(a+1)) + x^2/(a(a+1)(a+2)) + ..., each row to its accuracy."""
    total = np.zeros_like(x)
    rows, term, some = np.arange(x.size), 1.0 / a, np.zeros_like(x)
    for n in range(1, _ROUNDS + 1):
        some = some + term
        ends = term < some * _ACCURACY
        total[rows] = some
        if ends.all():
            break
        rows, term, some = rows[~ends], term[~ends], some[~ends]
        term = term * x[rows] / (a[rows] + n)
    return total


def _continued(a: Floats, x: Floats) -> Floats:
    """1 / (b0 - 1(1-a) / (b1 - 2(2-a) / (b2 - ...))) with b_n = x + 1 - a + 2n, each row to its accuracy.

    By the recurrences of numerators and denominators of its convergents (Abramowitz and Stegun 3.10.1), the
    denominators scaled to be 1.
    """
    total = np.zeros_like(x)
    rows, b = np.arange(x.size), x + 1.0 - a
    now = 1.0 / b
    # What stands before the last numerator and the last denominator, in units of that denominator.
    above, below = np.zeros_like(x), now
    for n in range(1, _ROUNDS + 1):
        total[rows] = now
        if not rows.size:
            break
        b = b + 2.0
        down = -n * (n - a)
        grows = b + down * below
        following = (b * now + down * above) / grows
        total[rows] = following
        going = np.abs(following / now - 1.0) >= _ACCURACY
        above, below = (now / grows)[going], (1.0 / grows)[going]
        rows, a, b, now = rows[going], a[going], b[going], following[going]
    return total
