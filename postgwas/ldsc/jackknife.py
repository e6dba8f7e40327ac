"""Block jackknife of weighted least squares, from sums over blocks.

Every estimate is made from X'WX and X'Wy summed over contiguous blocks of
variants, so that leaving a block out costs one small linear solve and the data
are read once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from postgwas.errors import MatrixError

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Jackknife:
    """An estimate with its delete-one-block values.

    Attributes
    ----------
    est : ndarray, shape (K,)
        Estimate from all blocks.
    delete_values : ndarray, shape (B, K)
        Estimate without each block in turn.
    mean : ndarray, shape (K,)
        Mean of the pseudovalues (the bias-corrected estimate).
    cov : ndarray, shape (K, K)
        Jackknife covariance of the estimate.
    se : ndarray, shape (K,)
        Square roots of the diagonal of `cov`.
    """

    est: Array
    delete_values: Array
    mean: Array
    cov: Array
    se: Array


def separators(n_variants: int, n_blocks: int) -> Indices:
    """Borders of `n_blocks` blocks of nearly equal numbers of variants.

    Returns
    -------
    ndarray of int64, shape (n_blocks + 1,)
        Block b is ``[out[b], out[b + 1])``; ``floor(linspace(0, n, B + 1))`` as in ldsc.
    """
    return np.floor(np.linspace(0, n_variants, n_blocks + 1)).astype(np.int64)


def masked_separators(mask: npt.NDArray[np.bool_], n_blocks: int) -> Indices:
    """Borders, in the full data, of blocks with equal numbers of variants inside `mask`.

    The two steps of the two-step estimator must leave out the same stretches of
    genome, so blocks are laid out on the variants of step 1 and carried over to
    all variants; those outside the mask belong to the block that they lie in.
    """
    inside = np.flatnonzero(mask)
    borders = separators(inside.size, n_blocks)
    borders[1:-1] = inside[borders[1:-1]]
    borders[0], borders[-1] = 0, mask.size
    return borders


def from_delete_values(est: Array, delete_values: Array) -> Jackknife:
    """Jackknife from an estimate (K,) and its delete-one values (B, K)."""
    n_blocks = delete_values.shape[0]
    pseudo = n_blocks * est - (n_blocks - 1) * delete_values
    mean = pseudo.mean(axis=0)
    centred = pseudo - mean
    # Not np.cov: an explicit sum does not depend on how BLAS is threaded.
    cov = np.einsum("bi,bj->ij", centred, centred) / ((n_blocks - 1) * n_blocks)
    with np.errstate(invalid="ignore"):
        se = np.sqrt(np.diagonal(cov).copy())
    return Jackknife(est=est, delete_values=delete_values, mean=mean, cov=cov, se=se)


def from_block_sums(xtx: Array, xty: Array) -> Jackknife:
    """Weighted least squares and its jackknife.

    Parameters
    ----------
    xtx : ndarray, shape (B, K, K)
        X'WX of each block.
    xty : ndarray, shape (B, K)
        X'Wy of each block.

    Raises
    ------
    MatrixError
        If the design is singular with all blocks or without one of them.
    """
    total_xtx, total_xty = xtx.sum(axis=0), xty.sum(axis=0)
    est = solve(total_xtx, total_xty)
    delete_values = solve(total_xtx - xtx, total_xty - xty)
    return from_delete_values(est, delete_values)


def solve(xtx: Array, xty: Array) -> Array:
    """Solve normal equations, (..., K, K) and (..., K), with a readable error."""
    try:
        out = np.linalg.solve(xtx, xty[..., None])[..., 0]
    except np.linalg.LinAlgError as error:
        raise MatrixError(
            "the LD score regression has no unique solution: LD scores are constant or collinear, "
            "or a jackknife block holds all of their variation",
            hint="use more variants, or fewer blocks (--n_blocks)",
        ) from error
    if not np.all(np.isfinite(out)):
        raise MatrixError(
            "the LD score regression gave a number that is not finite: NaN or Inf in Z, N or LD scores"
        )
    return np.asarray(out, dtype=np.float64)


def ratio(est: Array, numerator: Array, denominator: Array) -> Jackknife:
    """Jackknife of a ratio whose parts were both left out by the same blocks.

    Parameters
    ----------
    est : ndarray, shape (K,)
        Ratio from all blocks.
    numerator, denominator : ndarray, shape (B, K)
        Delete-one values of both parts.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return from_delete_values(est, numerator / denominator)
