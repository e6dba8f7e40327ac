"""Effective number of tests of a region: eigenvalues of shrunk correlations (eigenMT)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError

Array = NDArray[np.float64]


def effective_tests(dosage: Array, *, window: int = 200, variance: float = 0.99) -> int:
    """Effective number of independent tests among variants.

    In windows of consecutive variants: the correlation matrix of the genotypes, shrunk by Ledoit
    and Wolf's rule, and the least number of its eigenvalues that hold a share of its variance;
    summed over windows.

    Parameters
    ----------
    dosage : ndarray, shape (V, n)
        Variants that were tested, in order of position; missing genotypes replaced, none constant.
    window : int
        Variants of a window; the last one has what is left.
    variance : float
        Share of the variance that the eigenvalues must hold.

    Returns
    -------
    int
        0 for no variants.

    References
    ----------
    Davis et al. 2016, Am J Hum Genet 98:216-224 (eigenMT).

    Examples
    --------
    >>> x = np.tile(np.arange(300.0) % 3, (5, 1))
    >>> effective_tests(x), effective_tests(x, window=2)
    (1, 3)
    """
    if window < 1 or not 0 < variance <= 1:
        raise UsageError(f"eigenMT with windows of {window} variants and variance {variance}: expected at "
                         "least 1 variant and a share above 0 and up to 1")  # fmt: skip
    return sum(
        _leading(shrunk_correlation(dosage[start : start + window]), variance)
        for start in range(0, len(dosage), window)
    )


def shrunk_correlation(dosage: Array) -> Array:
    """Correlation matrix of variants after Ledoit and Wolf's shrinkage of their covariance.

    Parameters
    ----------
    dosage : ndarray, shape (V, n)

    Returns
    -------
    ndarray, shape (V, V)

    Notes
    -----
    S with divisor n becomes ``(1 - a) S + a mu I`` with ``mu`` the mean variance; `a` is the share of the
    squared distance between S and ``mu I`` that the sampling of S explains.

    References
    ----------
    Ledoit and Wolf 2004, J Multivar Anal 88:365-411, section 3.
    """
    p, n = dosage.shape
    centred = dosage - dosage.mean(axis=1, keepdims=True)
    covariance = centred @ centred.T / n
    mean = float(np.trace(covariance)) / p
    squares = float(np.einsum("ij,ij->", covariance, covariance))
    lengths = np.einsum("vn,vn->n", centred, centred)
    distance = squares - p * mean**2
    sampling = max(float(lengths @ lengths) / n - squares, 0.0) / n
    shrinkage = min(sampling / distance, 1.0) if distance > 0 else 1.0
    if distance <= 1e-12 * squares:  # one variant, or all uncorrelated with one variance
        shrinkage = 0.0
    shrunk = (1.0 - shrinkage) * covariance
    shrunk.flat[:: p + 1] += shrinkage * mean
    scale = np.sqrt(np.diagonal(shrunk))
    return np.asarray(shrunk / scale / scale[:, None])


def _leading(correlation: Array, variance: float) -> int:
    """How many of the largest eigenvalues hold this share of their sum."""
    eigenvalues = np.linalg.eigvalsh(correlation)[::-1]
    held = np.cumsum(eigenvalues)
    # Where a sum meets the limit exactly, rounding must not decide.
    return min(int(np.searchsorted(held, variance * held[-1] * (1.0 - 1e-12))) + 1, len(eigenvalues))
