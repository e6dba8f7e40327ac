"""Fixed effects of studies that share people: estimates that are correlated.

Arrays of K studies x V variants in, NaN where a study lacks a variant; arrays of V out.

References
----------
Lin and Sullivan (2009), American Journal of Human Genetics 85:862 (generalised least squares).
Sengupta (2017), METAL's ``OVERLAP`` (the variance of a weighted sum of correlated z-scores).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from postgwas.meta.fixed_effects import FixedEffects, i_squared

Floats = npt.NDArray[np.float64]


def combine_correlated(
    beta: Floats, se: Floats, *, z: Floats, n: Floats, correlation: Floats, scheme: str = "stderr"
) -> FixedEffects:
    """Combine correlated studies that are taken to have one common effect.

    With ``"stderr"`` and V the covariance of the estimates, ``V_ij = r_ij SE_i SE_j``: BETA is
    1'V^-1 b / 1'V^-1 1 and 1/SE^2 = 1'V^-1 1. With the others, u the roots of weights and R the correlation:
    Z = u'z / sqrt(u'Ru), and ``weight`` is u'Ru. Q is the generalised sum of squares about the best common
    effect, chi-squared on ``n_studies - 1`` degrees of freedom.

    Parameters
    ----------
    beta, se, z, n : ndarray of float64, shape (K, V)
    correlation : ndarray of float64, shape (K, K)
        Of the studies' estimates without an effect; positive definite.
    scheme : {"stderr", "samplesize", "stouffer"}

    Examples
    --------
    >>> b, s = np.array([[0.1], [0.3]]), np.array([[0.1], [0.1]])
    >>> half = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> found = combine_correlated(b, s, z=b / s, n=s, correlation=half)
    >>> found.beta.round(6).tolist(), found.se.round(6).tolist(), found.q.round(6).tolist()
    ([0.2], [0.086603], [4.0])
    """
    stderr = scheme == "stderr"
    y = beta if stderr else z
    with np.errstate(divide="ignore", invalid="ignore"):
        # Both are y = scale * effect + noise once divided: b/SE = (1/SE) beta + e, z = sqrt(N) theta + e.
        root = 1.0 / se if stderr else np.sqrt(n) if scheme == "samplesize" else np.ones_like(z)
    used = np.isfinite(y) & np.isfinite(root) & (root > 0)
    root = np.where(used, root, 0.0)
    signal = np.where(used, y * root if stderr else y, 0.0)
    v = y.shape[1]
    information, score, squares = np.zeros(v), np.zeros(v), np.zeros(v)
    inflated, summed = np.zeros(v), np.zeros(v)
    patterns, which = _patterns(used)
    for at, pattern in enumerate(patterns.T):
        if not pattern.any():
            continue
        cells = np.ix_(np.flatnonzero(pattern), np.flatnonzero(which == at))
        u, e, r = root[cells], signal[cells], correlation[np.ix_(pattern, pattern)]
        rows = cells[1][0]
        solved_u, solved_e = np.linalg.solve(r, u), np.linalg.solve(r, e)
        information[rows] = (u * solved_u).sum(axis=0)
        score[rows] = (u * solved_e).sum(axis=0)
        mean = score[rows] / information[rows]
        # What is left of each study, rather than a difference of two sums that are nearly the same.
        squares[rows] = ((e - u * mean) * (solved_e - solved_u * mean)).sum(axis=0)
        inflated[rows] = (u * (r @ u)).sum(axis=0)
        summed[rows] = (u * e).sum(axis=0)
    return _made(used, information, score, squares, inflated, summed, stderr=stderr)


def _patterns(used: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Which sets of studies there are, [shape: (K, P)], and which of them each variant has."""
    packed = np.packbits(used, axis=0)
    words = np.zeros((used.shape[1], -(-packed.shape[0] // 8) * 8), np.uint8)
    words[:, : packed.shape[0]] = packed.T
    keys = words.view(np.uint64)
    if keys.shape[1] == 1:
        _, first, which = np.unique(keys[:, 0], return_index=True, return_inverse=True)
    else:
        _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return used[:, first], which.ravel()


def _made(
    used: npt.NDArray[np.bool_],
    information: Floats,
    score: Floats,
    squares: Floats,
    inflated: Floats,
    summed: Floats,
    *,
    stderr: bool,
) -> FixedEffects:
    count = used.sum(axis=0)
    none = count == 0
    nothing = np.full(count.size, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = score / information
        # Of one study what is left is rounding.
        q = np.where(count == 1, 0.0, np.maximum(squares, 0.0))
        q = np.where(none, np.nan, q)
        i2 = i_squared(q, count - 1)
        if stderr:
            se = np.where(none, np.nan, 1.0 / np.sqrt(information))
            return FixedEffects(mean, se, mean / se, information, count, q, i2)
        return FixedEffects(nothing, nothing, summed / np.sqrt(inflated), inflated, count, q, i2)
