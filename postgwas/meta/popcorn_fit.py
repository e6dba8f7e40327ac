"""Popcorn's fit: heritabilities and the genetic correlation of two populations from scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError
from postgwas.ldsc.jackknife import from_delete_values, separators, solve
from postgwas.meta.popcorn_likelihood import maximise

Floats = NDArray[np.float64]
Estimator = Literal["regression", "likelihood"]

#: Popcorn's blocks: of some 200 variants, at least 10 and at most 200 of them.
BLOCK_SIZE, FEWEST_BLOCKS, MOST_BLOCKS = 200, 10, 200


@dataclass(frozen=True)
class PopcornFit:
    """Heritabilities on the observed scale and the genetic correlation.

    Attributes
    ----------
    h2 : ndarray of float64, shape (2,)
    h2_se : ndarray of float64, shape (2,)
        Block jackknife.
    covariance, covariance_se : float
        Of the effects in both populations, on the scale of `h2`.
    correlation, correlation_se : float
        NaN where a heritability is not positive.
    intercept : ndarray of float64, shape (3,)
        Of the squared Z of both populations and of their product; 1, 1, 0 where fixed.
    delete_values : ndarray of float64, shape (B, 4)
        Without each block: both heritabilities, covariance, correlation.
    n_blocks_without : int
        Blocks without which there is no correlation; they count for nothing in its error.
    n_variants : int
    """

    h2: Floats
    h2_se: Floats
    covariance: float
    covariance_se: float
    correlation: float
    correlation_se: float
    intercept: Floats
    delete_values: Floats
    n_blocks_without: int
    n_variants: int

    @property
    def n_blocks(self) -> int:
        """Blocks of the jackknife; 0 without one."""
        return len(self.delete_values)

    @property
    def popcorn_se(self) -> Floats:
        """Standard errors as Popcorn 1.1 reports them, of both heritabilities and the correlation.

        Its pseudovalues B * delete - (B - 1) * estimate have the two factors the wrong way
        round, which makes every error B / (B - 1) times the jackknife's.
        """
        own = np.array([*self.h2_se, self.correlation_se])
        if not self.n_blocks:
            return own
        whole = self.n_blocks
        left = whole - self.n_blocks_without
        blocks = np.array([whole, whole, max(left, 2)])
        # With blocks left out, Popcorn's factor is still all of its blocks, its divisor those left.
        return np.asarray(own * whole / (blocks - 1))


def number_of_blocks(n_variants: int) -> int:
    """Popcorn's number of jackknife blocks.

    Examples
    --------
    >>> number_of_blocks(2596), number_of_blocks(500), number_of_blocks(1_000_000)
    (12, 10, 200)
    """
    return int(min(max(FEWEST_BLOCKS, n_variants / BLOCK_SIZE), MOST_BLOCKS))


def fit(
    z: Floats,
    n: Floats,
    scores: Floats,
    *,
    m: int,
    intercept: bool = True,
    estimator: Estimator = "regression",
    jackknife: bool = True,
    n_blocks: int | None = None,
) -> PopcornFit:
    r"""Fit heritabilities and the genetic correlation to Z statistics of two populations.

    With scores l1, l2 within and lX across populations, m variants and N samples,

    .. math::
       E[Z_p^2] = c_p + \tfrac{N_p}{m} h_p^2 l_p, \qquad
       E[Z_1 Z_2] = c_X + \tfrac{\sqrt{N_1 N_2}}{m} \rho \sqrt{h_1^2 h_2^2}\, l_X

    each by least squares with weights 1 / max(score, 1). The likelihood of the Z statistics,
    with the same weights, is Popcorn's earlier estimator (``--use_mle``).

    Parameters
    ----------
    z, n : ndarray of float64, shape (V, 2)
        Z statistics of one allele and sample sizes.
    scores : ndarray of float64, shape (V, 3)
        Of population 1, of population 2, across.
    m : int
        Variants behind the scores.
    intercept : bool
        Estimate c; False: 1, 1 and 0.
    estimator : {"regression", "likelihood"}
    jackknife : bool
        Standard errors by leaving out blocks of neighbouring variants.
    n_blocks : int, optional
        By default :func:`number_of_blocks`.

    Returns
    -------
    PopcornFit

    Raises
    ------
    MatrixError
        If scores are constant, so that nothing can be told from them.
    UsageError
        More blocks than variants.

    References
    ----------
    Brown et al. 2016, American Journal of Human Genetics 99:76-88.
    """
    if n_blocks is not None and n_blocks > len(z):
        raise UsageError(f"{n_blocks:,} jackknife blocks of {len(z):,} variants", hint="--jackknife_blocks")
    blocks = (n_blocks or min(number_of_blocks(len(z)), len(z))) if jackknife else 1
    edges = separators(len(z), blocks)
    if estimator == "regression":
        whole, without = _by_regression(z, n / m, scores, edges, intercept=intercept)
    else:
        whole, without = maximise(z, n / m, scores, edges, intercept=intercept)
    estimate, deleted = _with_correlation(whole[:3]), _with_correlation(without[:, :3])
    if not jackknife:
        deleted = deleted[:0]
    se = np.full(4, np.nan)
    for column in range(4):
        fine = np.isfinite(deleted[:, column])
        if fine.sum() > 1 and np.isfinite(estimate[column]):
            se[column] = from_delete_values(estimate[[column]], deleted[fine][:, [column]]).se[0]
    return PopcornFit(
        h2=estimate[:2], h2_se=se[:2], covariance=float(estimate[2]), covariance_se=float(se[2]),
        correlation=float(estimate[3]), correlation_se=float(se[3]), intercept=whole[3:],
        delete_values=deleted, n_blocks_without=int(np.isnan(deleted[:, 3]).sum()), n_variants=len(z),
    )  # fmt: skip


def two_sided_p(z: float) -> float:
    """P of a standard normal statistic.

    Examples
    --------
    >>> round(two_sided_p(1.959964), 6)
    0.05
    """
    return math.erfc(abs(z) / math.sqrt(2))


def _with_correlation(values: Floats) -> Floats:
    """h1^2, h2^2, covariance (..., 3), with the correlation as a fourth."""
    product = values[..., 0] * values[..., 1]
    fine = (values[..., 0] > 0) & (values[..., 1] > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.where(fine, values[..., 2] / np.sqrt(product), np.nan)
    return np.concatenate([values, correlation[..., None]], axis=-1)


def _by_regression(
    z: Floats, n_over_m: Floats, scores: Floats, edges: NDArray[np.int64], *, intercept: bool
) -> tuple[Floats, Floats]:
    """Slopes and intercepts of the three regressions, with all blocks (6,) and without each (B, 6)."""
    sizes = np.column_stack([n_over_m, np.sqrt(n_over_m[:, 0] * n_over_m[:, 1])])
    responses = np.column_stack([z * z, z[:, 0] * z[:, 1]])
    whole, without = np.zeros(6), np.zeros((len(edges) - 1, 6))
    for i, constant in enumerate((1.0, 1.0, 0.0)):
        x, y = sizes[:, i] * scores[:, i], responses[:, i]
        weight = 1 / np.maximum(scores[:, i], 1)
        design = np.column_stack([x, np.ones_like(x)]) if intercept else x[:, None]
        if not intercept:
            y = y - constant
        weighted = design * weight[:, None]
        xtx = np.add.reduceat(weighted[:, :, None] * design[:, None, :], edges[:-1], axis=0)
        xty = np.add.reduceat(weighted * y[:, None], edges[:-1], axis=0)
        # Solved for columns of one size: slopes are a thousandth of intercepts.
        size = np.sqrt(np.einsum("bii->i", xtx))
        size[size == 0] = 1
        xtx, xty = xtx / np.outer(size, size), xty / size
        found = solve(xtx.sum(axis=0), xty.sum(axis=0)) / size
        whole[i], whole[3 + i] = found[0], found[1] if intercept else constant
        if len(edges) > 2:
            deleted = solve(xtx.sum(axis=0) - xtx, xty.sum(axis=0) - xty) / size
            without[:, i], without[:, 3 + i] = deleted[:, 0], deleted[:, 1] if intercept else constant
    return whole, without
