"""Many small symmetric matrices at once, stored element by element: (K, K, V)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def factorise(matrices: Floats) -> tuple[Floats, Floats]:
    """L and d of A = L diag(d) L', L with a unit diagonal.

    Parameters
    ----------
    matrices : ndarray of float64, shape (K, K, V)
        Symmetric; the lower triangle is read.

    Returns
    -------
    lower : ndarray of float64, shape (K, K, V)
        Below the diagonal only.
    pivots : ndarray of float64, shape (K, V)
        All positive exactly where the matrix is positive definite.

    Examples
    --------
    >>> import numpy as np
    >>> _, pivots = factorise(np.array([[4.0, 2.0], [2.0, 3.0]])[:, :, None])
    >>> pivots[:, 0].tolist()
    [4.0, 2.0]
    """
    k = matrices.shape[0]
    lower = np.zeros_like(matrices)
    pivots = np.empty(matrices.shape[1:])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for j in range(k):
            pivot = matrices[j, j].copy()
            for m in range(j):
                pivot -= lower[j, m] ** 2 * pivots[m]
            pivots[j] = pivot
            for i in range(j + 1, k):
                element = matrices[i, j].copy()
                for m in range(j):
                    element -= lower[i, m] * lower[j, m] * pivots[m]
                lower[i, j] = element / pivot
    return lower, pivots


def solve(lower: Floats, pivots: Floats, right: Floats) -> Floats:
    """x of A x = right, with A as :func:`factorise` gives it.

    Parameters
    ----------
    lower, pivots : ndarray of float64, shapes (K, K, V) and (K, V)
    right : ndarray of float64, shape (K, V)

    Returns
    -------
    ndarray of float64, shape (K, V)
        Not finite where a pivot is 0.

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([[4.0, 2.0], [2.0, 3.0]])[:, :, None]
    >>> solve(*factorise(a), np.array([[8.0], [8.0]]))[:, 0].tolist()
    [1.0, 2.0]
    """
    k = len(pivots)
    x = right.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        for i in range(k):
            for m in range(i):
                x[i] -= lower[i, m] * x[m]
        x /= pivots
        for i in reversed(range(k)):
            for m in range(i + 1, k):
                x[i] -= lower[m, i] * x[m]
    return x


def surely_definite(matrices: Floats, margin: float = 1e-8) -> NDArray[np.bool_]:
    """Where a matrix is positive definite by more than rounding could take away.

    Parameters
    ----------
    matrices : ndarray of float64, shape (K, K, V)
    margin : float
        Least pivot, as a share of its diagonal element.

    Returns
    -------
    ndarray of bool, shape (V,)
    """
    diagonal = np.einsum("iiv->iv", matrices)
    _, pivots = factorise(matrices)
    with np.errstate(invalid="ignore"):
        return np.asarray(((pivots > margin * diagonal) & (diagonal > 0)).all(axis=0))
