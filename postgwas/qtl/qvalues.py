"""Storey's q-values: the expected share of false discoveries among all P-values as small as this one.

The share of true nulls, pi0, comes from how many P-values lie above lambda, where hardly any but nulls are
expected: over a grid of lambda, smoothed or bootstrapped as the R package qvalue 2.30 does, or at one lambda.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.qtl.smoothing_spline import MOST_POINTS, smoothing_spline

Floats = NDArray[np.float64]

#: the grid of R's qvalue
GRID: tuple[float, ...] = tuple(0.05 + 0.05 * step for step in range(19))
#: with fewer P-values, a bin of the grid expects less than one, and pi0 means nothing
FEWEST = 20


@dataclass(frozen=True, eq=False)
class QValues:
    """q-values and what they rest on.

    Attributes
    ----------
    q : (m,) float64
        In the order of the P-values; NaN where P is NaN.
    pi0 : float
        Estimated share of true nulls, at most 1.
    method : {'smoother', 'bootstrap', 'fixed', 'bh'}
        How pi0 was found; 'bh': it was set to 1, and q are the adjusted P-values of Benjamini and Hochberg.
    lambdas : (k,) float64
        Grid of lambda; empty where there is none.
    pi0_lambdas : (k,) float64
        Estimate at each lambda.
    pi0_smooth : (k,) float64 or None
        The spline through them, with 'smoother'.
    chosen : float
        The lambda that pi0 is taken at: the last one ('smoother'), that of the least mean squared error
        ('bootstrap'), the one given ('fixed'); NaN with 'bh'.
    note : str or None
        Why the method is not the one that was asked for.
    """

    q: Floats
    pi0: float
    method: str
    lambdas: Floats
    pi0_lambdas: Floats
    pi0_smooth: Floats | None
    chosen: float
    note: str | None


def qvalue(
    p: ArrayLike,
    *,
    lambda_: float | Sequence[float] | None = None,
    method: Literal["smoother", "bootstrap", "bh"] = "smoother",
    pi0: float | None = None,
) -> QValues:
    """Turn P-values into q-values.

    Parameters
    ----------
    p : (m,) array-like
        P-values in [0, 1]; NaN is left out and stays NaN.
    lambda_ : float or sequence of float, optional
        One value, or an increasing grid of 4 to 49 in [0, 1). Default 0.05, 0.10 ... 0.95.
    method : {'smoother', 'bootstrap', 'bh'}
        How pi0 is read off a grid: a smoothing spline of 3 degrees of freedom at the largest lambda, or the
        lambda of least (bootstrapped) mean squared error. ``'bh'`` sets pi0 to 1.
    pi0 : float, optional
        A share of nulls that is known, in (0, 1].

    Returns
    -------
    QValues
        With fewer than 20 P-values, none above the largest lambda, or an estimate of pi0 of 0 or less, pi0 is
        set to 1 and ``note`` says so: q-values are then Benjamini and Hochberg's.

    Raises
    ------
    ValueError
        A P-value outside [0, 1], or a lambda or pi0 that cannot be.

    References
    ----------
    Storey and Tibshirani (2003), PNAS 100, 9440 (smoother). Storey, Taylor and Siegmund (2004), JRSS B 66,
    187, and Storey (2002), JRSS B 64, 479 (bootstrap).

    Examples
    --------
    >>> result = qvalue(np.append(np.full(50, 1e-4), np.linspace(0, 1, 100)), lambda_=0.5)
    >>> round(result.pi0, 3), round(float(result.q[0]), 7)
    (0.667, 0.0001961)
    """
    given = np.asarray(p, dtype=np.float64)
    if given.ndim != 1:
        raise ValueError(f"P-values have shape {given.shape}, not one axis")
    present = ~np.isnan(given)
    values = given[present]
    if ((values < 0) | (values > 1)).any():
        raise ValueError("a P-value lies outside 0 to 1")
    estimate = _estimate(values, _grid(lambda_), method, pi0)
    q = np.full(len(given), np.nan)
    q[present] = _step_up(values, estimate.pi0)
    return replace(estimate, q=q)


def _grid(lambda_: float | Sequence[float] | None) -> Floats:
    grid = np.atleast_1d(np.asarray(GRID if lambda_ is None else lambda_, dtype=np.float64))
    if not ((grid >= 0) & (grid < 1)).all():
        raise ValueError("lambda lies in 0 to 1, without 1")
    if len(grid) > 1 and not (4 <= len(grid) <= MOST_POINTS and (np.diff(grid) > 0).all()):
        raise ValueError(f"a grid of lambda is 4 to {MOST_POINTS} increasing values")
    return grid


def _estimate(p: Floats, grid: Floats, method: str, known: float | None) -> QValues:
    if known is not None:
        if not 0 < known <= 1:
            raise ValueError("pi0 lies in 0 to 1, without 0")
        return QValues(np.empty(0), known, "fixed", np.empty(0), np.empty(0), None, np.nan, None)
    if method not in ("smoother", "bootstrap", "bh"):
        raise ValueError(f"no method {method!r} of pi0: smoother, bootstrap or bh")
    if method == "bh":
        return _all_null(None)
    if len(p) < FEWEST:
        return _all_null(f"{len(p)} P-values are too few to estimate pi0 (at least {FEWEST})")
    if p.max() < grid[-1]:
        return _all_null(f"no P-value is above {grid[-1]:g}, the largest lambda")
    above = np.array([np.count_nonzero(p >= edge) for edge in grid])
    at = above / (len(p) * (1 - grid))
    smooth = None
    chosen = len(grid) - 1
    if len(grid) == 1:
        method, pi0 = "fixed", at[0]
    elif method == "smoother":
        smooth = smoothing_spline(grid, at, df=3.0).fitted
        pi0 = smooth[-1]
    else:
        chosen = _least_error(above, at, grid, len(p))
        pi0 = at[chosen]
    if pi0 <= 0:
        return _all_null(f"the estimate of pi0 is {pi0:.3g}, not above 0")
    return QValues(np.empty(0), min(float(pi0), 1.0), method, grid, at, smooth, float(grid[chosen]), None)


def _least_error(above: NDArray[np.int_], at: Floats, grid: Floats, m: int) -> int:
    """The bootstrap in closed form: variance of the count above lambda, and distance to the 10 % quantile."""
    variance = above / (m**2 * (1 - grid) ** 2) * (1 - above / m)
    return int(np.argmin(variance + (at - np.quantile(at, 0.1)) ** 2))


def _all_null(note: str | None) -> QValues:
    said = None if note is None else f"{note}: pi0 set to 1 (Benjamini-Hochberg)"
    return QValues(np.empty(0), 1.0, "bh", np.empty(0), np.empty(0), None, np.nan, said)


def _step_up(p: Floats, pi0: float) -> Floats:
    """pi0 times the least m p / rank over all P-values not below this one."""
    order = np.argsort(-p, kind="stable")
    ranks = np.arange(len(p), 0, -1)
    q = np.empty(len(p))
    q[order] = pi0 * np.minimum(1.0, np.minimum.accumulate(p[order] * len(p) / ranks))
    return q
