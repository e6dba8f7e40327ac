"""Axes of genetic variation between cohorts, from their allele frequencies alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

BIN = 1_000_000
"""Base pairs of which one marker is used."""


def axis_markers(
    chrom: NDArray[np.integer],
    pos: NDArray[np.integer],
    eaf: Floats,
    *,
    min_maf: float = 0.01,
    bin_size: int = BIN,
) -> Indices:
    """Rows of the markers that the axes are made of: the last fit one of each bin.

    Parameters
    ----------
    chrom, pos : ndarray of int, shape (V,)
        Chromosomes as numbers (1 to 23 are used) and positions.
    eaf : ndarray of float64, shape (K, V)
        Frequencies of the same allele; NaN where absent.
    min_maf : float
        A marker is fit where its minor allele frequency reaches this in every cohort, none absent.
    bin_size : int
        Base pairs a bin.

    Returns
    -------
    ndarray of int64
        In order of chromosome and position; of rows at one position the last one given.

    References
    ----------
    Magi et al. 2017, Hum Mol Genet 26:3639. MR-MEGA never uses the first marker of its first file; this does.

    Examples
    --------
    >>> eaf = np.array([[0.2, 0.3, 0.4], [0.1, 0.3, np.nan]])
    >>> axis_markers(np.array([1, 1, 1]), np.array([10, 20, 30]), eaf).tolist()
    [1]
    """
    with np.errstate(invalid="ignore"):
        fit = ((eaf >= min_maf) & (eaf <= 1.0 - min_maf)).all(axis=0) & (chrom >= 1) & (chrom <= 23)
    rows = np.flatnonzero(fit)
    order = rows[np.lexsort((rows, pos[rows], chrom[rows]))]
    if not order.size:
        return order
    bins = chrom[order].astype(np.int64) * 10_000 + pos[order].astype(np.int64) // bin_size
    last = np.append(bins[1:] != bins[:-1], True)
    return np.asarray(order[last])


def frequency_distances(eaf: Floats) -> Floats:
    """Mean squared differences of allele frequencies, shape (K, K), over markers of shape (K, M)."""
    centred = eaf - eaf.mean(axis=0)
    inner = centred @ centred.T / eaf.shape[1]
    size = np.diagonal(inner)
    found = size[:, None] + size[None, :] - 2.0 * inner
    np.fill_diagonal(found, 0.0)
    return np.asarray(np.maximum(found, 0.0))


def classical_scaling(distances: Floats, n_axes: int) -> Floats:
    """Coordinates of the cohorts on the leading axes, by classical multidimensional scaling.

    Parameters
    ----------
    distances : ndarray of float64, shape (K, K)
        Squared distances: those of :func:`frequency_distances`.
    n_axes : int
        At most K - 1.

    Returns
    -------
    ndarray of float64, shape (K, n_axes)
        Eigenvectors times the root of their eigenvalue; the largest coordinate of each axis is positive.

    References
    ----------
    Torgerson 1952, Psychometrika 17:401.

    Examples
    --------
    >>> classical_scaling(np.array([[0.0, 4.0], [4.0, 0.0]]), 1).round(6).tolist()
    [[1.0], [-1.0]]
    """
    n = distances.shape[0]
    if not 1 <= n_axes < n:
        raise ValueError(f"{n_axes} axes of {n} cohorts: expected 1 to {n - 1}")
    centring = np.eye(n) - 1.0 / n
    values, vectors = np.linalg.eigh(-0.5 * centring @ distances @ centring)
    order = np.argsort(-values)[:n_axes]
    axes = vectors[:, order] * np.sqrt(np.maximum(values[order], 0.0))
    # Of coordinates that are as large but for rounding the first decides.
    size = np.abs(axes)
    leading = np.argmax(size >= size.max(axis=0) * (1.0 - 1e-9), axis=0)
    return np.asarray(axes * np.where(axes[leading, np.arange(n_axes)] < 0, -1.0, 1.0))
