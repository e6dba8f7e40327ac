"""A cubic smoothing spline of given degrees of freedom, with the search that R's ``smooth.spline`` makes.

Storey's pi0 is read off such a spline, and q-values are as exact as it is. R looks for the smoothing
parameter by Brent's method with a tolerance of 1e-4 and keeps the curve of its last trial, so its degrees of
freedom are 3.0003, say, when 3 were asked for. An exact search would move pi0 in the fourth digit; to give
R's numbers, the search is made in the same way here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: the limits, tolerances and number of trials of R's ``smooth.spline(control.spar=)``
_SPAR_LIMITS = (-1.5, 1.5)
_TOLERANCE = 1e-4
_RELATIVE = 2e-8
_TRIALS = 500
_GOLDEN = 0.381966011250105151795413165634
#: from here on R takes fewer knots than points, by a rule of its own
MOST_POINTS = 49


@dataclass(frozen=True)
class SmoothingSpline:
    """A fitted curve.

    Attributes
    ----------
    fitted : (n,) float64
        Its values at x.
    df : float
        Its degrees of freedom: the trace of the smoother.
    spar : float
        R's smoothing parameter at the last trial: lambda = ratio * 256 ** (3 * spar - 1).
    """

    fitted: Floats
    df: float
    spar: float


def smoothing_spline(x: Floats, y: Floats, *, df: float = 3.0) -> SmoothingSpline:
    """Fit the natural cubic smoothing spline whose degrees of freedom are about ``df``.

    Parameters
    ----------
    x : (n,) float64
        Increasing, no two the same; 4 to 49 of them, each of which is a knot.
    y : (n,) float64
        Values, all of the same weight.
    df : float
        Wanted trace of the smoother, above 1 and at most n.

    Raises
    ------
    ValueError
        Lengths differ, x does not increase, or there are too few or too many points.

    References
    ----------
    Green and Silverman (1994), Nonparametric Regression and Generalized Linear Models, 2.3 (the penalty as a
    matrix). Brent (1973), Algorithms for Minimization without Derivatives, chapter 5.

    Examples
    --------
    >>> x = np.linspace(0.05, 0.95, 19)
    >>> curve = smoothing_spline(x, x**2)
    >>> round(curve.df, 2)
    3.0
    """
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"x and y have shapes {x.shape} and {y.shape}")
    if not 4 <= len(x) <= MOST_POINTS:
        raise ValueError(f"{len(x)} points: from 4 to {MOST_POINTS} can be smoothed")
    if not (np.diff(x) > 0).all():
        raise ValueError("x does not increase")
    basis, penalty = _spline_matrices((x - x[0]) / (x[-1] - x[0]))
    squares = basis.T @ basis
    inner = slice(2, len(x) - 1)
    ratio = float(np.trace(squares[inner, inner]) / np.trace(penalty[inner, inner]))

    def smoother(spar: float) -> Floats:
        weight = ratio * 256.0 ** (3.0 * spar - 1.0)
        matrix: Floats = basis @ np.linalg.solve(squares + weight * penalty, basis.T)
        return matrix

    spar = _last_trial(lambda spar: 3.0 + (df - np.trace(smoother(spar))) ** 2, *_SPAR_LIMITS)
    matrix = smoother(spar)
    return SmoothingSpline(matrix @ y, float(np.trace(matrix)), spar)


def _spline_matrices(x: Floats) -> tuple[Floats, Floats]:
    """Cubic B-splines with a knot at each x, (n, n + 2), and the integrals of their second derivatives'
    products, (n + 2, n + 2).

    In each interval a second derivative is a + d u, u from 0 to 1; the integral of (a + d u)^2 has d^2 / 3,
    where R's program has 0.333 d^2. Its penalty is taken over: q-values differ in the fifth digit otherwise.
    """
    from scipy.interpolate import BSpline  # half a second to load, which few runs need

    knots = np.concatenate([np.repeat(x[0], 3), x, np.repeat(x[-1], 3)])
    splines = BSpline(knots, np.eye(len(x) + 2), 3)
    bends = splines.derivative(2)(x)
    widths = np.diff(x)[:, None]
    start, change = bends[:-1], np.diff(bends, axis=0)
    mixed = (widths * start).T @ change
    penalty = (widths * start).T @ start + (mixed + mixed.T) / 2 + 0.333 * (widths * change).T @ change
    return splines(x), penalty


def _last_trial(function: Callable[[float], float], low: float, high: float) -> float:
    """Brent's minimiser; the last point that it tried, which need not be the best."""
    x = w = v = low + _GOLDEN * (high - low)
    fx = fw = fv = function(x)
    step = before = 0.0
    tried = x
    for _ in range(_TRIALS):
        middle = (low + high) / 2
        near = _RELATIVE * abs(x) + _TOLERANCE / 3
        if abs(x - middle) <= 2 * near - (high - low) / 2:
            break
        parabola = _parabola(x, w, v, fx, fw, fv) if abs(before) > near else None
        earlier, before = before, step
        if parabola is not None and _acceptable(parabola, earlier, x, low, high):
            step = parabola[0] / parabola[1]
            if x + step - low < 2 * near or high - x - step < 2 * near:
                step = np.copysign(near, middle - x)
        else:
            before = (low if x >= middle else high) - x
            step = _GOLDEN * before
        tried = x + (step if abs(step) >= near else float(np.copysign(near, step)))
        f = function(tried)
        if f <= fx:
            low, high = (x, high) if tried >= x else (low, x)
            v, fv, w, fw, x, fx = w, fw, x, fx, tried, f
            continue
        low, high = (tried, high) if tried < x else (low, tried)
        if f <= fw or w == x:
            v, fv, w, fw = w, fw, tried, f
        elif f <= fv or v in (x, w):
            v, fv = tried, f
    return float(tried)


def _parabola(x: float, w: float, v: float, fx: float, fw: float, fv: float) -> tuple[float, float]:
    """The step to the lowest point of the parabola through three points, as a fraction."""
    r = (x - w) * (fx - fv)
    q = (x - v) * (fx - fw)
    p = (x - v) * q - (x - w) * r
    q = 2 * (q - r)
    return (-p if q > 0 else p), abs(q)


def _acceptable(step: tuple[float, float], earlier: float, x: float, low: float, high: float) -> bool:
    p, q = step
    return q != 0 and abs(p) < abs(q * earlier / 2) and q * (low - x) < p < q * (high - x)
