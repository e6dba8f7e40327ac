"""Leading eigenvectors of a matrix that is only ever multiplied: a randomised block Krylov method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Product = Callable[[NDArray[np.float32]], Floats]


@dataclass(frozen=True, eq=False)
class LeadingAxes:
    """Leading eigenvalues and eigenvectors.

    Attributes
    ----------
    values : ndarray of float64, shape (k,)
        Descending.
    vectors : ndarray of float64, shape (n, k)
        Orthonormal columns.
    residuals : ndarray of float64, shape (k,)
        ``|A v - lambda v| / lambda``: an eigenvalue of A lies within that share of lambda (0 of a
        decomposition that is exact to rounding).
    n_passes : int
        Products of A with a block of vectors.
    """

    values: Floats
    vectors: Floats
    residuals: Floats
    n_passes: int


def block_size(n_axes: int) -> int:
    """Vectors that are multiplied at once: half as many more as are wanted, at least 10, in eights for BLAS.

    Examples
    --------
    >>> block_size(10), block_size(20)
    (24, 32)
    """
    return -(-(n_axes + max(10, n_axes // 2)) // 8) * 8


def leading_axes(
    product: Product,
    n: int,
    n_axes: int,
    *,
    seed: int,
    tolerance: float = 1e-3,
    max_passes: int = 60,
    max_blocks: int = 16,
) -> LeadingAxes:
    """Leading eigenvectors of a positive semi-definite matrix A.

    A random block (Halko, Martinsson and Tropp 2011) spans, with its images under A, A^2, ..., a
    Krylov space (Musco and Musco 2015); the answer is the best of that space (Rayleigh-Ritz). Blocks
    are orthogonalised against all before them. After each product the residuals of the axes are
    computed, and the work stops once all are below the tolerance.

    Parameters
    ----------
    product : callable
        A times a float32 array of shape (n, L), in float64.
    n : int
        Size of A.
    n_axes : int
        How many are wanted, fewer than n.
    seed : int
        Of the random block.
    tolerance : float
        Residual, as a share of the eigenvalue, at which an axis counts as found.
    max_passes : int
        Products at most; axes that are not found by then say so by their residuals.
    max_blocks : int
        Blocks that are kept; then the space is replaced by its best vectors (a thick restart).

    Returns
    -------
    LeadingAxes

    References
    ----------
    Halko, Martinsson, Tropp 2011, SIAM Review 53:217-288.
    Musco, Musco 2015, Randomized block Krylov methods for stronger and faster approximate singular
    value decomposition, algorithm 2.

    Examples
    --------
    >>> found = leading_axes(lambda x: np.diag([9.0, 4.0, 1.0, 0.0]) @ x.astype(float), 4, 2, seed=1)
    >>> found.values.round(6).tolist()
    [9.0, 4.0]
    """
    width = min(block_size(n_axes), n)
    block = _orthonormal(np.random.default_rng(seed).standard_normal((n, width)))
    basis, images = np.empty((n, 0)), np.empty((n, 0))
    n_passes = 0
    while True:
        image = product(block.astype(np.float32))
        n_passes += 1
        basis, images = np.hstack([basis, block]), np.hstack([images, image])
        values, rotation = _ritz(basis, images)
        top = rotation[:, :n_axes]
        vectors = basis @ top
        rest = images @ top - vectors * values[:n_axes]
        residuals = np.linalg.norm(rest, axis=0) / np.maximum(values[:n_axes], np.finfo(float).tiny)
        whole = basis.shape[1] >= n
        if whole or n_passes >= max_passes or np.all(residuals <= tolerance):
            # Rounding to float32 leaves the basis a little short of orthonormal.
            return LeadingAxes(values[:n_axes], _orthonormal(vectors), residuals, n_passes)
        block = _next_block(image, basis)
        if basis.shape[1] >= max_blocks * width:
            best = rotation[:, : 2 * width]
            basis, images = basis @ best, images @ best


def _ritz(basis: Floats, images: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues, descending, of A within the space, and coordinates of their vectors."""
    small = basis.T @ images
    values, rotation = np.linalg.eigh((small + small.T) / 2.0)
    return values[::-1], rotation[:, ::-1]


def _next_block(image: Floats, basis: Floats) -> Floats:
    """What is new in the image, orthonormal; no more vectors than there is room for."""
    for _ in range(2):
        image = image - basis @ (basis.T @ image)
        image = _orthonormal(image)
    return image[:, : basis.shape[0] - basis.shape[1]]


def _orthonormal(columns: Floats) -> Floats:
    """Orthonormal columns of the same span, each on the side of its original."""
    q, r = np.linalg.qr(columns)
    return np.asarray(q * np.where(np.diag(r) < 0, -1.0, 1.0))
