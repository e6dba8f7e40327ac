"""Regression of effects on properties of the studies, weighted by precision, all variants at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LEAST_PIVOT = 1e-10
"""Share of its own size that a column must keep beside those before it."""


@dataclass(frozen=True, eq=False)
class MetaRegression:
    """Regression of V variants on P columns; NaN where it cannot be made.

    Attributes
    ----------
    coefficients, errors : ndarray of float64, shape (P, V)
        Per unit of each column, and their standard errors (known variances: no residual scale).
    total : ndarray of float64, shape (V,)
        Weighted squares of the effects around 0.
    around_mean : ndarray of float64, shape (V,)
        The same around their weighted mean: Cochran's Q.
    residual : ndarray of float64, shape (V,)
        The same around the regression: QE.
    k : ndarray of float64, shape (V,)
        Studies.
    rank_deficient : ndarray of bool, shape (V,)
        Whether the studies that have the variant do not tell the columns apart.
    """

    coefficients: Floats
    errors: Floats
    total: Floats
    around_mean: Floats
    residual: Floats
    k: Floats
    rank_deficient: NDArray[np.bool_]


def meta_regression(beta: Floats, se: Floats, columns: Floats) -> MetaRegression:
    """Weighted least squares with weights 1 / SE^2.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (K, V)
        NaN where a study lacks the variant.
    columns : ndarray of float64, shape (K, P)
        Of the studies, the first one constant.

    Returns
    -------
    MetaRegression

    References
    ----------
    Magi et al. 2017, Hum Mol Genet 26:3639, equations 2 to 5; as ``rma(mods = , method = "FE")`` of metafor.

    Examples
    --------
    >>> x = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> found = meta_regression(np.array([[0.1], [0.2], [0.3]]), np.full((3, 1), 0.1), x)
    >>> found.coefficients.round(6).ravel().tolist(), found.residual.round(6).tolist()
    ([0.1, 0.1], [0.0])
    """
    beta = np.asarray(beta, np.float64)
    p = columns.shape[1]
    # Orthonormal columns: the sums below stay well conditioned whatever the scale of the axes.
    basis, triangle = np.linalg.qr(columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = 1.0 / (se * se)
    present = np.isfinite(beta) & np.isfinite(weight) & (se > 0)
    weight = np.where(present, weight, 0.0)
    effect = np.where(present, beta, 0.0)
    k = present.sum(axis=0).astype(np.float64)
    weighted = weight * effect
    total = np.einsum("kv,kv->v", weighted, effect)
    with np.errstate(divide="ignore", invalid="ignore"):
        around = np.maximum(total - weighted.sum(axis=0) ** 2 / weight.sum(axis=0), 0.0)

    pairs = [(i, j) for i in range(p) for j in range(i + 1)]
    products = np.stack([basis[:, i] * basis[:, j] for i, j in pairs])
    gram = dict(zip(pairs, products @ weight))
    moments = basis.T @ weighted
    lower, bad = _cholesky(gram, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = _forward(lower, list(moments))
        residual = np.maximum(total - sum(h * h for h in half), 0.0)
        gamma = _backward(lower, half)
        back = np.linalg.inv(triangle)
        coefficients = back @ np.stack(gamma)
        errors = np.sqrt(_variances(lower, back))
    empty = bad | (k < p)
    nothing = k == 0
    return MetaRegression(
        coefficients=np.where(empty, np.nan, coefficients),
        errors=np.where(empty, np.nan, errors),
        total=np.where(nothing, np.nan, total),
        around_mean=np.where(nothing, np.nan, around),
        residual=np.where(empty, np.nan, residual),
        k=k,
        rank_deficient=bad & (k >= p),
    )


def _cholesky(
    gram: dict[tuple[int, int], Floats], p: int
) -> tuple[dict[tuple[int, int], Floats], NDArray[np.bool_]]:
    """Lower triangles of V matrices of P x P, one small loop over their elements."""
    lower: dict[tuple[int, int], Floats] = {}
    bad = np.zeros(gram[0, 0].shape, bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        for i in range(p):
            for j in range(i + 1):
                rest = gram[i, j] - sum((lower[i, m] * lower[j, m] for m in range(j)), start=np.float64(0.0))
                if i == j:
                    bad |= ~(rest > _LEAST_PIVOT * gram[i, i])
                    lower[i, i] = np.sqrt(np.maximum(rest, 0.0))
                else:
                    lower[i, j] = rest / lower[j, j]
    return lower, bad


def _forward(lower: dict[tuple[int, int], Floats], right: list[Floats]) -> list[Floats]:
    found: list[Floats] = []
    for i, value in enumerate(right):
        rest = value - sum((lower[i, m] * found[m] for m in range(i)), start=np.float64(0.0))
        found.append(np.asarray(rest / lower[i, i]))
    return found


def _backward(lower: dict[tuple[int, int], Floats], right: list[Floats]) -> list[Floats]:
    p = len(right)
    found: dict[int, Floats] = {}
    for i in reversed(range(p)):
        rest = right[i] - sum((lower[m, i] * found[m] for m in range(i + 1, p)), start=np.float64(0.0))
        found[i] = np.asarray(rest / lower[i, i])
    return [found[i] for i in range(p)]


def _variances(lower: dict[tuple[int, int], Floats], back: Floats) -> Floats:
    """Diagonal of back (L L')^-1 back': squares of L^-1 back'."""
    p = back.shape[0]
    ones = np.ones_like(lower[0, 0])
    found = []
    for row in back:
        half = _forward(lower, [ones * value for value in row])
        found.append(sum((h * h for h in half), start=np.float64(0.0)))
    return np.asarray(found).reshape(p, -1)
