"""How many people two sets of results share, from z-scores that are near zero in both.

References
----------
METAL's ``OVERLAP ON`` (Sengupta 2017): the correlation of z-scores that are both below a cut-off is that of
a bivariate normal distribution cut off in the same way, and is estimated by maximum likelihood. Here it is
the maximum from 0 on: shared people cannot make it negative.
Brent (1973), Algorithms for Minimization without Derivatives, chapter 5 (as in SciPy).
Drezner and Wesolowsky (1990), Journal of Statistical Computation and Simulation 35:101 (the normalisation).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

_ACCURACY = 1e-8
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
    return overlap_of_sums(float(z1 @ z1 + z2 @ z2), float(z1 @ z2), z1.size, cut=cut)


def overlap_of_sums(squares: float, product: float, count: int, *, cut: float = 1.0) -> float:
    """The same from all that the likelihood needs of the pairs.

    Parameters
    ----------
    squares : float
        Sum of z1^2 + z2^2.
    product : float
        Sum of z1 z2.
    count : int
        Pairs.
    cut : float
    """
    if not count:
        return 0.0

    def cost(rho: float) -> float:
        rest = 1.0 - rho * rho
        fit = (squares - 2.0 * rho * product) / (2.0 * rest) + 0.5 * count * math.log(rest)
        return fit + count * math.log(square_probability(cut, rho))

    return _least_from_zero(cost)


def overlap_error(count: int, *, cut: float = 1.0) -> float:
    """Standard error of the correlation of so many independent pairs, where it is 0.

    From Fisher's information, the square of the variance of a normal variable cut off at `cut`.

    Examples
    --------
    >>> round(overlap_error(10_000), 4), round(overlap_error(10_000, cut=8.0), 4)
    (0.0343, 0.01)
    """
    density = math.exp(-0.5 * cut * cut) / math.sqrt(2.0 * math.pi)
    variance = 1.0 - 2.0 * cut * density / float(special.ndtr(cut) - special.ndtr(-cut))
    return 1.0 / (variance * math.sqrt(count)) if count and variance > 0 else math.inf


def _least_from_zero(cost: Callable[[float], float]) -> float:
    """Where on [0, 1) a function is least, by Brent's method; 0 where no other place is lower."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(cost, bounds=(0.0, 1.0), method="bounded", options={"xatol": _ACCURACY})
    return float(found.x) if found.fun < cost(0.0) else 0.0
