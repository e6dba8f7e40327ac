"""Upper tail of a weighted sum of chi-square variables."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import UsageError

Floats = NDArray[np.float64]

_MOST_POINTS = 1 << 15
_PRECISION = 1e-11


def weighted_chi2_tail(x: float, weights: ArrayLike) -> float:
    r"""P(sum of w_k chi-square_1 > x), to about ten digits however small it is.

    .. math:: P = \frac{1}{2 \pi i} \int \frac{e^{K(s) - s x}}{s} ds, \qquad
              K(s) = -\tfrac12 \sum_k \log(1 - 2 w_k s)

    along a parabola through the saddlepoint that opens around the branch cut, where the integrand dies away
    exponentially; the trapezoidal rule doubles its points until they change nothing.

    Parameters
    ----------
    x : float
    weights : array-like, shape (K,)
        0 or more; those below 1e-10 of the largest are left out.

    Raises
    ------
    UsageError
        If a weight is negative or not finite, or all are 0.

    References
    ----------
    Imhof 1961, Biometrika 48:419, for the distribution; Weideman and Trefethen 2007, Math. Comp. 76:1341,
    for the contour.

    Examples
    --------
    >>> [round(weighted_chi2_tail(x, [0.6, 0.3, 0.1]), 4) for x in (0.1, 0.7, 2.0)]  # Imhof's table 1
    [0.9458, 0.5064, 0.124]
    >>> round(weighted_chi2_tail(3.841459, [1.0]), 6)
    0.05
    """
    w = np.asarray(weights, np.float64)
    if not w.size or not np.isfinite(w).all() or w.min() < 0 or w.max() <= 0:
        raise UsageError("weights: expected numbers of 0 or more, not all 0")
    if x <= 0:
        return 1.0
    w, at = w[w > 1e-10 * w.max()] / w.max(), x / w.max()
    centre = _crossing(at, w)
    spread = 1.0 / math.sqrt(2.0 * float(((w / (1.0 - 2.0 * w * centre)) ** 2).sum()))
    bend = spread**2 / (2.0 * (0.5 - centre))
    end = math.sqrt(45.0 / (at * bend))
    points, before = 64, math.nan
    while points <= _MOST_POINTS:
        now = _integral(at, w, centre, spread, bend, end, points)
        if abs(now - before) <= _PRECISION * abs(now):
            break
        points, before = 2 * points, now
    return min(max(now, 0.0), 1.0)


def _crossing(x: float, w: Floats) -> float:
    """Where the contour crosses the real axis: the saddlepoint, kept off the pole at 0."""
    from scipy.optimize import brentq

    def slope(s: float) -> float:
        return float((w / (1.0 - 2.0 * w * s)).sum()) - x

    least = 0.1
    if slope(least) >= 0:
        return least
    # The largest weight alone is enough to be above x here.
    return float(brentq(slope, least, 0.5 - 0.5 / (2.0 * x), xtol=1e-15))


def _integral(
    x: float, w: Floats, centre: float, spread: float, bend: float, end: float, points: int
) -> float:
    # Points lie closer near the real axis: the way is long where x is small.
    step = math.asinh(end) / points
    t = (np.arange(points) + 0.5) * step
    u = np.sinh(t)
    s = centre + bend * u**2 + 1j * spread * u
    exponent = -0.5 * np.log(1.0 - 2.0 * np.outer(s, w)).sum(axis=1) - s * x
    values = np.exp(exponent) / s * (2.0 * bend * u + 1j * spread)
    return float((values.imag * np.cosh(t)).sum() * step / math.pi)
