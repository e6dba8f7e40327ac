"""Popcorn's earlier estimator: the weighted likelihood of two populations' Z statistics."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def maximise(
    z: Floats, n_over_m: Floats, scores: Floats, edges: NDArray[np.int64], *, intercept: bool
) -> tuple[Floats, Floats]:
    """Maximum-likelihood heritabilities, covariance and intercepts, with all blocks and without each.

    Heritabilities lie in [0, 1], each from its own population's Z; given these the correlation
    lies in [-1, 1] and the variances have no intercepts (as in Popcorn). Weights are
    1 / max(score, 1).

    Parameters
    ----------
    z, n_over_m : ndarray of float64, shape (V, 2)
        Z statistics; sample sizes over the number of variants behind the scores.
    scores : ndarray of float64, shape (V, 3)
    edges : ndarray of int64, shape (B + 1,)
        Borders of the blocks.
    intercept : bool
        Estimate intercepts of the squared Z; otherwise 1.

    Returns
    -------
    whole : ndarray of float64, shape (6,)
        Heritabilities, covariance (3,), intercepts (3,); the last intercept is 0.
    without : ndarray of float64, shape (B, 6)

    References
    ----------
    Brown et al. 2016, American Journal of Human Genetics 99:76-88.
    """
    whole = _one(z, n_over_m, scores, intercept, None)
    without = np.zeros((len(edges) - 1, 6))
    if len(edges) > 2:
        for block, (start, stop) in enumerate(pairwise(edges)):
            keep = np.r_[0:start, stop : len(z)]
            without[block] = _one(z[keep], n_over_m[keep], scores[keep], intercept, whole)
    return whole, without


def _one(z: Floats, n_over_m: Floats, scores: Floats, intercept: bool, start: Floats | None) -> Floats:
    found = np.zeros(6)
    for p in range(2):
        begin = (start[3 + p], start[p]) if start is not None else (1.0, 0.0)
        found[3 + p], found[p] = _heritability(
            z[:, p] ** 2, n_over_m[:, p] * scores[:, p], 1 / np.maximum(scores[:, p], 1), intercept, begin
        )
    root = float(np.sqrt(found[0] * found[1]))
    found[2] = root * _correlation(z, n_over_m, scores, found[:2], root) if root > 0 else np.nan
    return found


def _heritability(
    squares: Floats, x: Floats, weight: Floats, intercept: bool, start: tuple[float, float]
) -> tuple[float, float]:
    """c and h2 that maximise sum w (-log S - Z^2 / S) / 2, S = c + h2 x."""
    from scipy import optimize

    # h2 in units in which its slope is about that of c.
    unit = float(np.mean(np.abs(x))) or 1.0
    scaled = x / unit

    def loss(parameters: Floats) -> tuple[float, Floats]:
        variance = np.maximum(parameters[0] + parameters[1] * scaled, 1e-12)
        slope = weight * (1 / variance - squares / variance**2) / 2
        value = float(np.sum(weight * (np.log(variance) + squares / variance))) / 2
        return value, np.array([slope.sum(), (slope * scaled).sum()])

    bounds = [(1e-6, None) if intercept else (1.0, 1.0), (0.0, unit)]
    best = None
    for h2 in (start[1] * unit, 0.05 * unit):
        first = np.array([start[0] if intercept else 1.0, min(h2, unit)])
        tried = optimize.minimize(loss, first, jac=True, bounds=bounds, method="L-BFGS-B",
                                  options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500})  # fmt: skip
        if best is None or tried.fun < best.fun:
            best = tried
    assert best is not None
    return float(best.x[0]), float(best.x[1] / unit)


def _correlation(z: Floats, n_over_m: Floats, scores: Floats, h2: Floats, root: float) -> float:
    from scipy import optimize

    s11 = 1 + n_over_m[:, 0] * h2[0] * scores[:, 0]
    s22 = 1 + n_over_m[:, 1] * h2[1] * scores[:, 1]
    slope = np.sqrt(n_over_m[:, 0] * n_over_m[:, 1]) * root * scores[:, 2]
    weight = 1 / np.maximum(scores[:, 2], 1)

    def loss(correlation: float) -> float:
        s12 = correlation * slope
        determinant = s11 * s22 - s12**2
        if np.any(determinant <= 0):
            return np.inf
        form = s22 * z[:, 0] ** 2 - 2 * s12 * z[:, 0] * z[:, 1] + s11 * z[:, 1] ** 2
        return float(np.sum(weight * (np.log(determinant) + form / determinant))) / 2

    return float(optimize.minimize_scalar(loss, bounds=(-1, 1), method="bounded", options={"xatol": 1e-9}).x)
