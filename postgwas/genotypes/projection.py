"""New samples on axes that are given: least squares over the calls they have, and the shrinkage undone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.standardise import Floats, Scale, missing_calls, standardised
from postgwas.genotypes.sweeps import Piece

LEAST_SEEN = 0.05
"""Least share of an axis (of any direction among the axes) that a sample's calls must hold."""


@dataclass(frozen=True, eq=False)
class ProjectionSums:
    """Sums over variants that projections follow from.

    Attributes
    ----------
    products : ndarray of float64, shape (n, k)
        Standardised genotypes times loadings, missing calls 0.
    unseen : ndarray of float64, shape (n, k, k)
        Products of loadings, summed over the variants that a sample lacks.
    squares : ndarray of float64, shape (n,)
        Squared standardised genotypes.
    n_observed : ndarray of int64, shape (n,)
    """

    products: Floats
    unseen: Floats
    squares: Floats
    n_observed: NDArray[np.int64]

    def __add__(self, other: ProjectionSums) -> ProjectionSums:
        return ProjectionSums(
            self.products + other.products,
            self.unseen + other.unseen,
            self.squares + other.squares,
            self.n_observed + other.n_observed,
        )


def projection_sums(piece: Piece, loadings: Floats) -> ProjectionSums:
    """Sums over the variants of one piece.

    Parameters
    ----------
    piece : Piece
        With the scale of the reference, A1 as there: see :func:`turned`.
    loadings : ndarray of float64, shape (V, k)
    """
    n, k = piece.source.n_samples, loadings.shape[1]
    products, unseen = np.zeros((n, k)), np.zeros((n, k * k))
    squares, observed = np.zeros(n), np.zeros(n, np.int64)
    for start, calls in piece.tiles():
        rows = slice(start, start + len(calls))
        z = standardised(calls, piece.scale.of(rows), np.float64)
        weights = loadings[rows]
        products += z.T @ weights
        squares += np.einsum("ij,ij->j", z, z)
        observed += len(calls)
        missing = missing_calls(calls)
        if missing is not None:
            pairs = (weights[:, :, None] * weights[:, None, :]).reshape(len(weights), -1)
            unseen += missing.T.astype(np.float64) @ pairs
            observed -= missing.sum(axis=0)
    return ProjectionSums(products, unseen.reshape(n, k, k), squares, observed)


def turned(scale: Scale, loadings: Floats, flip: NDArray[np.bool_]) -> tuple[Scale, Floats]:
    """Scale and loadings for genotypes that count the other allele of the variants in `flip`.

    Examples
    --------
    >>> scale, loadings = turned(Scale(np.array([0.5]), np.array([0.6])), np.array([[0.1]]), np.array([True]))
    >>> scale.mean.tolist(), loadings.tolist()
    ([1.5], [[-0.1]])
    """
    mean = np.where(flip, 2.0 - scale.mean, scale.mean)
    return Scale(mean, scale.sd), np.where(flip[:, None], -loadings, loadings)


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Coordinates of samples along the loadings.

    Attributes
    ----------
    values : ndarray of float64, shape (n, k)
        On the scale of ``Z' loadings``; NaN where too little was called.
    seen : ndarray of float64, shape (n,)
        Share of the axes that a sample's calls hold, in the worst direction among them: 1 where
        nothing is missing.
    """

    values: Floats
    seen: Floats


def coordinates(sums: ProjectionSums, matched: Floats, *, missing: str = "lsq") -> Coordinates:
    """Coordinates from sums.

    Parameters
    ----------
    sums : ProjectionSums
    matched : ndarray of float64, shape (k, k)
        Products of loadings, summed over the variants that the genotypes have; the identity
        where they have all.
    missing : {"lsq", "mean"}
        "lsq": the coordinates that come nearest to the observed calls (smartpca's lsqproject).
        "mean": what is missing counts as the reference's mean, which draws samples to the origin.

    Examples
    --------
    >>> one = np.array([[[0.5]], [[0.0]]])
    >>> sums = ProjectionSums(np.array([[2.0], [4.0]]), one, np.ones(2), np.ones(2, int))
    >>> coordinates(sums, np.eye(1)).values.tolist()
    [[4.0], [4.0]]
    """
    held = matched[None] - sums.unseen
    seen = np.linalg.eigvalsh(held)[:, 0]
    values = np.full(sums.products.shape, np.nan)
    good = seen >= LEAST_SEEN
    if missing == "mean":
        values[good] = sums.products[good]
    elif good.any():
        values[good] = np.linalg.solve(held[good], sums.products[good][:, :, None])[:, :, 0]
    return Coordinates(values, np.clip(seen, 0.0, 1.0))


def unshrunk(values: Floats, squares: Floats, singular: Floats) -> Floats:
    """Coordinates moved outwards to where the samples would lie had they been among the reference.

    With more variants than samples, axes fit the noise of the reference's samples too, and new
    samples land nearer to the origin. Each one is added to the reference's decomposition (a matrix
    of k + 1 rows), and the reference's own scores, before and after, say how to turn and stretch
    the new axes onto the old ones (Procrustes).

    Parameters
    ----------
    values : ndarray of float64, shape (n, k)
        Of :class:`Coordinates`.
    squares : ndarray of float64, shape (n,)
        Squared length of each sample's standardised genotypes over all variants of the axes.
    singular : ndarray of float64, shape (k,)
        Singular values of the reference's standardised genotypes, sqrt(V eigenvalue).

    Returns
    -------
    ndarray of float64, shape (n, k)

    References
    ----------
    Zhang, Dey and Lee 2020, Bioinformatics 36:3439-3446 (online augmentation, decomposition and
    Procrustes).
    """
    corrected = np.full(values.shape, np.nan)
    good = np.flatnonzero(np.isfinite(values).all(axis=1) & np.isfinite(squares))
    k = len(singular)
    beyond = np.sqrt(np.maximum(squares[good] - (values[good] ** 2).sum(axis=1), 0.0))
    joined = np.zeros((len(good), k + 1, k + 1))
    joined[:, np.arange(k), np.arange(k)] = singular
    joined[:, k, :k] = values[good]
    joined[:, k, k] = beyond
    left, size, _ = np.linalg.svd(joined)
    moved = left[:, :, :k] * size[:, None, :k]
    reference, sample = moved[:, :k], moved[:, k]
    u, stretch, v = np.linalg.svd(np.swapaxes(reference, 1, 2) * singular)
    factor = stretch.sum(axis=1) / (reference**2).sum(axis=(1, 2))
    corrected[good] = factor[:, None] * np.einsum("ij,ijk->ik", sample, u @ v)
    return corrected
