"""Omega, the genetic covariance per variant: method of moments and maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OmegaMoments:
    """Method-of-moments Omega with block-jackknife standard errors.

    Attributes
    ----------
    omega : ndarray, shape (n_traits, n_traits)
        Genetic covariance per variant, standardised scale.
    omega_se : ndarray, shape (n_traits, n_traits)
        Block-jackknife standard errors of `omega`.
    correlation : ndarray, shape (n_traits, n_traits)
        Genetic correlations; NaN where a variance is not positive.
    correlation_se : ndarray, shape (n_traits, n_traits)
        Block-jackknife standard errors of `correlation`.
    n_blocks : int
        Blocks used.
    """

    omega: Floats
    omega_se: Floats
    correlation: Floats
    correlation_se: Floats
    n_blocks: int


@dataclass(frozen=True)
class OmegaLikelihood:
    """Maximum-likelihood Omega; `converged` and `iterations` as the optimiser says."""

    omega: Floats
    log_likelihood: float
    converged: bool
    iterations: int


def moments(
    z: Floats,
    n: Floats,
    sigma: Floats,
    *,
    n_blocks: int = 200,
    block: NDArray[np.int64] | None = None,
    sigma_deleted: Floats | None = None,
) -> OmegaMoments:
    r"""GMM estimate of Omega: the mean over variants of :math:`D(ZZ' - \Sigma)D`.

    Parameters
    ----------
    z, n : ndarray, shape (n_variants, n_traits)
        Aligned Z statistics and sample sizes.
    sigma : ndarray, shape (n_traits, n_traits)
        Covariance of the estimation errors.
    n_blocks : int
        Jackknife blocks (fewer where there are fewer variants).
    block : ndarray of int, shape (n_variants,), optional
        Block of every variant, 0 to n_blocks - 1; default runs of consecutive variants,
        which are then taken to be in genome order.
    sigma_deleted : ndarray, shape (n_blocks, n_traits, n_traits), optional
        Sigma estimated without each block. With it the standard errors hold Sigma's own
        error; without it Sigma is taken as known.

    Returns
    -------
    OmegaMoments

    References
    ----------
    Turley et al. 2018, Supplementary Note 1.4 (GMM estimator). Standard errors:
    delete-one-block jackknife as in Bulik-Sullivan et al. 2015, Nature Genetics 47:291.
    """
    n_variants, n_traits = z.shape
    if block is None:
        n_blocks = min(n_blocks, n_variants)
        edges = np.floor(np.linspace(0, n_variants, n_blocks + 1)).astype(np.int64)
        block = np.repeat(np.arange(n_blocks), np.diff(edges))
    # The blocks are the unit of summation, so that their sums are the whole.
    products = np.empty((n_blocks, n_traits, n_traits))
    noise = np.empty((n_blocks, n_traits, n_traits))
    root = 1 / np.sqrt(n)
    b = z * root
    for i in range(n_traits):
        for j in range(i, n_traits):
            products[:, i, j] = products[:, j, i] = np.bincount(block, b[:, i] * b[:, j], n_blocks)
            noise[:, i, j] = noise[:, j, i] = np.bincount(block, root[:, i] * root[:, j], n_blocks)
    counts = np.bincount(block, minlength=n_blocks).astype(np.float64)[:, None, None]
    omega = (products.sum(axis=0) - sigma * noise.sum(axis=0)) / n_variants
    nan = np.full_like(omega, np.nan)
    if n_blocks < 2:
        return OmegaMoments(omega, nan, correlation_of(omega), nan, n_blocks)
    without = sigma if sigma_deleted is None else sigma_deleted
    deleted = products.sum(axis=0) - products - without * (noise.sum(axis=0) - noise)
    deleted /= n_variants - counts
    return OmegaMoments(
        omega,
        _jackknife_se(deleted),
        correlation_of(omega),
        _jackknife_se(correlation_of(deleted)),
        n_blocks,
    )


def correlation_of(omega: Floats) -> Floats:
    """Correlations of one covariance matrix or a stack of them; NaN where a variance is not positive."""
    variance = np.diagonal(omega, axis1=-2, axis2=-1)
    scale = np.sqrt(np.where(variance > 0, variance, np.nan))
    correlation = omega / (scale[..., :, None] * scale[..., None, :])
    traits = np.arange(omega.shape[-1])
    # Exactly 1 with itself, whatever the square root rounded to.
    correlation[..., traits, traits] = np.where(np.isfinite(scale), 1.0, np.nan)
    return correlation


def _jackknife_se(deleted: Floats) -> Floats:
    blocks = deleted.shape[0]
    spread = deleted - deleted.mean(axis=0)
    return np.sqrt((blocks - 1) / blocks * (spread**2).sum(axis=0))


def perfect_correlation(omega: Floats) -> Floats:
    """Omega with every genetic correlation set to 1, variances kept.

    References
    ----------
    Turley et al. 2018, Supplementary Note 2.1 (perfect genetic covariance).
    """
    scale = np.sqrt(np.diag(omega))
    return np.outer(scale, scale)


def maximum_likelihood(
    z: Floats,
    n: Floats,
    sigma: Floats,
    start: Floats,
    *,
    rank_one: bool = False,
    tol: float = 1e-6,
    callback: Callable[[], None] | None = None,
) -> OmegaLikelihood:
    r"""Omega that maximises the normal likelihood of the standardised effects.

    :math:`b_j = D_j Z_j \sim N(0, \Omega + D_j\Sigma D_j)`, variants taken as
    independent, Omega = L L' with L lower triangular (or one column where
    `rank_one`). mtag.py searches by Nelder-Mead; this uses the analytic gradient.

    Parameters
    ----------
    z, n : ndarray, shape (n_variants, n_traits)
    sigma : ndarray, shape (n_traits, n_traits)
    start : ndarray, shape (n_traits, n_traits)
        Positive semi-definite starting value, usually the GMM Omega.
    rank_one : bool
        Constrain Omega to perfect genetic correlation.
    tol : float
        Relative change of the log likelihood per variant at which to stop.
    callback : callable, optional
        Called after every iteration; may raise to stop the search.

    Returns
    -------
    OmegaLikelihood

    References
    ----------
    Turley et al. 2018, Supplementary Note 1.4 (maximum likelihood).
    """
    from scipy.optimize import minimize  # half a second to import, and rarely needed

    n_variants, n_traits = z.shape
    scale = np.sqrt(np.diag(start))
    d = 1 / np.sqrt(n)
    # Work in units of the starting standard deviations: parameters near 1.
    d = d / scale
    b = d * z
    if rank_one:
        rows, columns = np.arange(n_traits), np.zeros(n_traits, dtype=int)
        x0 = np.ones(n_traits)
    else:
        rows, columns = np.tril_indices(n_traits)
        unit = start / np.outer(scale, scale)
        x0 = _robust_cholesky(unit)[rows, columns]

    def unpack(x: Floats) -> Floats:
        factor = np.zeros((n_traits, 1 if rank_one else n_traits))
        factor[rows, columns] = x
        return factor

    def objective(x: Floats) -> tuple[float, Floats]:
        factor = unpack(x)
        value, gradient = _negative_log_likelihood(b, d, sigma, factor @ factor.T)
        return value / n_variants, (2 * gradient @ factor)[rows, columns] / n_variants

    def after(_: Floats) -> None:
        if callback is not None:
            callback()

    fit = minimize(
        objective,
        x0,
        jac=True,
        method="L-BFGS-B",
        callback=after,
        # Far tighter than Nelder-Mead's: a gradient makes digits cheap.
        options={"ftol": min(tol, 1e-6) * 1e-9, "gtol": min(tol, 1e-6) * 1e-3, "maxiter": 1000},
    )
    factor = unpack(fit.x) * scale[:, None]
    return OmegaLikelihood(factor @ factor.T, -float(fit.fun) * n_variants, bool(fit.success), int(fit.nit))


def _negative_log_likelihood(b: Floats, d: Floats, sigma: Floats, omega: Floats) -> tuple[float, Floats]:
    """Half the deviance and its gradient with respect to a symmetric Omega."""
    value, gradient = 0.0, np.zeros_like(omega)
    block = 65_536
    for start in range(0, b.shape[0], block):
        bs, ds = b[start : start + block], d[start : start + block]
        inverse = np.linalg.inv(ds[:, :, None] * sigma * ds[:, None, :] + omega)
        sign, log_det = np.linalg.slogdet(inverse)
        if np.any(sign <= 0):
            return np.inf, gradient
        u = np.einsum("mij,mj->mi", inverse, bs)
        value += 0.5 * float((bs * u).sum() - log_det.sum())
        gradient += 0.5 * (inverse.sum(axis=0) - np.einsum("mi,mj->ij", u, u))
    return value, gradient


def _robust_cholesky(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    lifted = (vectors * np.clip(values, 1e-6 * values[-1], None)) @ vectors.T
    return np.linalg.cholesky(lifted)
