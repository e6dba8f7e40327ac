"""How many people two sets of results share, from z-scores that are near zero in both.

References
----------
METAL's ``OVERLAP ON`` (Sengupta 2017): the correlation of z-scores that are both below a cut-off is that of
a bivariate normal distribution cut off in the same way, and is estimated by maximum likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

_GOLD = 0.61803399
_FEW = 20_000
"""Up to so many pairs, densities are added one by one as METAL does."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def square_probability(cut: float, rho: float) -> float:
    """P(\\|Z1\\| < cut and \\|Z2\\| < cut) of standard normals of this correlation.

    Notes
    -----
    By the derivative of the bivariate normal distribution in rho (Drezner and Wesolowsky, 1990), integrated
    over rho = sin(theta).

    Examples
    --------
    >>> round(square_probability(1.0, 0.0), 6), round(square_probability(1.0, 1.0), 6)
    (0.466065, 0.682689)
    """
    inside = special.ndtr(cut) - special.ndtr(-cut)
    if abs(rho) >= 1.0:
        return float(inside)
    top = np.arcsin(rho)
    theta = 0.5 * top * (_NODES + 1.0)
    sine, cosine2 = np.sin(theta), np.cos(theta) ** 2
    same = np.exp(-cut * cut * (1.0 - sine) / cosine2)
    opposite = np.exp(-cut * cut * (1.0 + sine) / cosine2)
    # Two corners where both are of one sign, two where they are not.
    change = 0.5 * top * float(_WEIGHTS @ (same - opposite)) / np.pi
    return float(inside * inside + change)


def overlap_correlation(z1: Floats, z2: Floats, *, cut: float = 1.0) -> float:
    """Correlation of z-scores under the null, from those below the cut-off in both; at least 0.

    Parameters
    ----------
    z1, z2 : ndarray of float64, shape (M,)
        Pairs with both below `cut` in size.
    cut : float

    Returns
    -------
    float
        0 of no pairs.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> z = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], 20_000)
    >>> z = z[(np.abs(z) < 1).all(axis=1)]
    >>> bool(0.3 < overlap_correlation(z[:, 0], z[:, 1]) < 0.5)
    True
    """
    if not z1.size:
        return 0.0
    squares, product, count = float(z1 @ z1 + z2 @ z2), float(z1 @ z2), z1.size
    pairs = list(zip(z1.tolist(), z2.tolist())) if count <= _FEW else []

    def cost(rho: float) -> float:
        rest = 1.0 - rho * rho
        if rest <= 0.0:
            return math.inf
        beyond = count * math.log(square_probability(cut, rho))
        if not pairs:
            fit = (squares - 2.0 * rho * product) / (2.0 * rest) + count * math.log(2 * math.pi * rest**0.5)
            return fit + beyond
        # Added up one by one: where the minimum is flat, its last digits are those of the roundings.
        height = 1.0 / (2.0 * math.pi * math.sqrt(rest))
        total = 0.0
        for x, y in pairs:
            total += math.log(height * math.exp(-(x * x - 2.0 * rho * x * y + y * y) / (2.0 * rest)))
        return beyond - total

    return max(_minimum(cost), 0.0)


def _minimum(cost: Callable[[float], float]) -> float:
    """Where a function on (-1, 1) that is infinite at 1 has a minimum.

    Brent's method as in Press et al. (1992), section 10.2, to a relative accuracy of 1e-6, begun at 1 with
    the interval from -1 to -0.236, as METAL begins it: where there are several minima the same one is
    found, and the same digits of it.
    """
    low, high = -1.0, 1.0 - 2.0 / (_GOLD + 1.0)
    best = last = before = 1.0
    f_best = f_last = f_before = math.inf
    step = previous = 0.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        near = 1e-6 * abs(best) + 3e-10
        if abs(best - middle) <= 2.0 * near - 0.5 * (high - low):
            break
        golden = abs(previous) <= near
        if not golden:
            r = (best - last) * (f_best - f_before)
            q = (best - before) * (f_best - f_last)
            top = (best - before) * q - (best - last) * r
            below = 2.0 * (q - r)
            top = -top if below > 0 else top
            below = abs(below)
            earlier, previous = previous, step
            golden = (
                abs(top) >= abs(0.5 * below * earlier)
                or top <= below * (low - best)
                or top >= below * (high - best)
            )
            if not golden:
                # Infinities make this NaN: then the step is the smallest there is.
                step = top / below
                trial = best + step
                if trial - low < 2.0 * near or high - trial < 2.0 * near:
                    step = near if middle >= best else -near
        if golden:
            previous = (low if best >= middle else high) - best
            step = (1.0 - _GOLD) * previous
        trial = best + step if abs(step) >= near else best + (near if step >= 0 else -near)
        f_trial = cost(trial)
        if f_trial <= f_best:
            low, high = (best, high) if trial >= best else (low, best)
            before, last, best = last, best, trial
            f_before, f_last, f_best = f_last, f_best, f_trial
            continue
        low, high = (trial, high) if trial < best else (low, trial)
        if f_trial <= f_last or last == best:
            before, last, f_before, f_last = last, trial, f_last, f_trial
        elif f_trial <= f_before or before in (best, last):
            before, f_before = trial, f_trial
    return best
