"""Checks and repairs of covariance matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import MatrixError

Floats = NDArray[np.float64]

#: Factor by which off-diagonal elements are shrunk, as in mtag.py.
SHRINK = 0.99


@dataclass(frozen=True)
class Adjusted:
    """A covariance matrix made positive definite, and what that took.

    Attributes
    ----------
    matrix : ndarray, shape (n_traits, n_traits)
    changed : bool
    iterations : int
        Rounds of shrinking after correlations beyond 1 were brought to 0.99.
    eigenvalues_before, eigenvalues_after : ndarray, shape (n_traits,)
        Eigenvalues of the correlation matrix (of the matrix itself where a
        variance is not positive), ascending.
    """

    matrix: Floats
    changed: bool
    iterations: int
    eigenvalues_before: Floats
    eigenvalues_after: Floats


def adjust(matrix: Floats, *, max_iterations: int = 1000) -> Adjusted:
    """Shrink the off-diagonal elements until the matrix is positive definite.

    Correlations of 1 or more in size are brought to 0.99; then, while an
    eigenvalue is negative, every off-diagonal element is multiplied by 0.99.
    This is what mtag.py does, and it leaves every variance as estimated.

    Raises
    ------
    MatrixError
        A variance is not positive: no shrinking of covariances can mend that.
    """
    before = eigenvalues(matrix)
    if before[0] > 0:
        return Adjusted(matrix, False, 0, before, before)
    variance = np.diag(matrix)
    if np.any(variance <= 0):
        worst = int(np.argmin(variance))
        raise MatrixError(
            f"variance {variance[worst]:.4g} of trait {worst + 1} is not positive, so that the "
            "covariance matrix cannot be made positive definite"
        )
    limit = np.sqrt(np.outer(variance, variance))
    adjusted = np.where(np.abs(matrix) < limit, matrix, SHRINK * np.sign(matrix) * limit)
    np.fill_diagonal(adjusted, variance)
    iterations = 0
    while eigenvalues(adjusted)[0] < 0:
        if iterations == max_iterations:
            raise MatrixError(f"still not positive definite after {max_iterations} rounds of shrinking")
        adjusted = SHRINK * adjusted
        np.fill_diagonal(adjusted, variance)
        iterations += 1
    return Adjusted(adjusted, True, iterations, before, eigenvalues(adjusted))


def eigenvalues(matrix: Floats) -> Floats:
    """Eigenvalues, ascending, of the correlation matrix where all variances are positive.

    The scale of the traits must not decide what counts as negative, so the
    matrix is put in correlation units first.
    """
    variance = np.diag(matrix)
    if np.all(variance > 0):
        scale = np.sqrt(variance)
        matrix = matrix / np.outer(scale, scale)
    values: Floats = np.linalg.eigvalsh(matrix).astype(np.float64, copy=False)
    return values


def check_covariance(matrix: Floats, n_traits: int, *, name: str, symmetric_rtol: float = 1e-8) -> Floats:
    """A user's covariance matrix, checked for size, NaN, Inf and symmetry.

    Raises
    ------
    MatrixError
    """
    matrix = np.atleast_2d(np.asarray(matrix, dtype=np.float64))
    if matrix.shape != (n_traits, n_traits):
        shape = " x ".join(str(size) for size in matrix.shape)
        raise MatrixError(
            f"{name} is {shape}, expected {n_traits} x {n_traits}: a row and a column for each trait in the "
            "order of --sumstats"
        )
    if not np.all(np.isfinite(matrix)):
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise MatrixError(
            f"{name} holds {matrix[row, column]} in row {row + 1}, column {column + 1}; "
            "expected finite numbers"
        )
    size = np.abs(matrix).max()
    if np.any(np.abs(matrix - matrix.T) > symmetric_rtol * size):
        row, column = np.unravel_index(np.argmax(np.abs(matrix - matrix.T)), matrix.shape)
        raise MatrixError(
            f"{name} is not symmetric: element ({row + 1}, {column + 1}) is {matrix[row, column]:.6g}, "
            f"element ({column + 1}, {row + 1}) is {matrix[column, row]:.6g}"
        )
    return matrix
