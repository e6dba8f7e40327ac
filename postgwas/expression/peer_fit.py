"""PEER: hidden factors of expression by variational Bayes, with automatic relevance determination."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.counts import as_numbers
from postgwas.expression.peer_updates import PeerPriors, Updates

Array = NDArray[np.float64]
Stop = Literal["settled", "peer"]

#: Limits on the change of bound and residual variance: relative to themselves, or as they are.
TOLERANCES: dict[Stop, tuple[float, float]] = {"settled": (5e-6, 5e-6), "peer": (1e-3, 1e-8)}

#: A factor counts as switched off when it explains less of the sum of squares than this.
SWITCHED_OFF = 1e-6


@dataclass(frozen=True, eq=False)
class PeerFit:
    """What PEER found. C known covariates (the mean first if asked for), K hidden factors.

    Attributes
    ----------
    factors : ndarray, shape (samples, K)
        Posterior means. Scale is arbitrary: they approach variance 1 as iterations go on.
    weights : ndarray, shape (genes, C + K)
        Covariates' first.
    alpha : ndarray, shape (C + K,)
        Precision of each factor's weights: large where a factor is not needed.
    eps : ndarray, shape (genes,)
        Precision of each gene's noise.
    residuals : ndarray, shape (genes, samples)
    known : ndarray, shape (samples, C)
    bound : ndarray, shape (iterations,)
        Lower bound of the log marginal likelihood (nats) after each iteration.
    residual_variance : ndarray, shape (iterations,)
        Mean square of all residuals after each iteration (PEER calls it their variance).
    variance_explained : ndarray, shape (C + K,)
        Sum of squares of each column's part of the fit over that of the expression.
    converged : bool
    stop : str
        The rule that was used.
    priors : PeerPriors
    """

    factors: Array
    weights: Array
    alpha: Array
    eps: Array
    residuals: Array
    known: Array
    bound: Array
    residual_variance: Array
    variance_explained: Array
    converged: bool
    stop: Stop = "settled"
    priors: PeerPriors = field(default_factory=PeerPriors)

    @property
    def n_iterations(self) -> int:
        """Iterations that were made."""
        return len(self.bound)

    @property
    def is_active(self) -> NDArray[np.bool_]:
        """Hidden factors that explain anything, shape (K,); the others were switched off by alpha."""
        hidden: Array = self.variance_explained[self.known.shape[1] :]
        return hidden > SWITCHED_OFF


def peer(
    y: ArrayLike,
    n_factors: int,
    covariates: ArrayLike | None = None,
    *,
    add_mean: bool = False,
    priors: PeerPriors | None = None,
    max_iter: int = 1000,
    stop: Stop = "settled",
    tolerance: float | None = None,
    var_tolerance: float | None = None,
) -> PeerFit:
    """Hidden factors of expression by PEER's model, priors, start and order of updates.

    The model is ``y_gn = sum_k w_gk x_nk + noise`` with ``w_gk ~ N(0, 1/alpha_k)``,
    ``x_nk ~ N(0, 1)``, noise of precision ``eps_g``, and gamma priors on alpha and eps. All
    posteriors are those of a factorised variational approximation; a round updates weights,
    alpha, factors and eps in this order. The start is a principal component analysis (of what
    known covariates leave), so nothing is random and no seed is needed. The sign of each
    factor is fixed: the largest weight at the start is positive.

    Parameters
    ----------
    y : array-like, shape (genes, samples)
        Normalised expression, finite, no constant genes.
    n_factors : int
        K, hidden factors.
    covariates : array-like, shape (samples, C), optional
        Known ones, of full rank; their part is fitted beside the factors.
    add_mean : bool
        A column of ones as the first covariate: the mean of each gene.
    priors : PeerPriors, optional
        By default those of the GTEx pipeline.
    max_iter : int
    stop : {"settled", "peer"}
        ``settled``: bound and residual variance both change by less than a share of
        themselves. ``peer``: PEER's rule: one of them changes by less than a constant.
    tolerance, var_tolerance : float, optional
        Limits for the bound and the residual variance: 5e-6 and 5e-6 for ``settled``, 1e-3
        and 1e-8 for ``peer``.

    Returns
    -------
    PeerFit

    Raises
    ------
    UsageError
        If K is not between 1 and samples - 1 - C, or an argument is out of range.
    InputError
        If values are missing or infinite, genes constant, shapes do not fit, or covariates are
        linearly dependent.

    Notes
    -----
    Gene g's weights have covariance ``(diag(alpha) + eps_g E[X'X])^-1``. Genes differ in one
    scalar, so the eigenvectors of ``alpha^-1/2 E[X'X] alpha^-1/2`` serve all of them, and no
    step loops over genes.

    References
    ----------
    Stegle O, Parts L, Durbin R, Winn J (2010) PLoS Comput Biol 6:e1000770, equations 2 to 5 and
    text S1; Stegle O, Parts L, Piipari M, Winn J, Durbin R (2012) Nat Protoc 7:500.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> hidden = rng.normal(size=(60, 2))
    >>> y = rng.normal(size=(300, 2)) @ hidden.T + rng.normal(size=(300, 60))
    >>> fit = peer(y - y.mean(axis=1, keepdims=True), 5)
    >>> fit.is_active.tolist()
    [True, True, False, False, False]
    """
    data = _expression(y)
    known = _covariates(covariates, data.shape[1], add_mean=add_mean)
    _check_numbers(n_factors, data.shape, known.shape[1], max_iter)
    limits = _limits(stop, tolerance, var_tolerance)
    priors = _check_priors(priors or PeerPriors())
    updates = Updates(data, known, n_factors, priors)
    state = updates.start(*_start(data, known, n_factors))
    bounds: list[float] = []
    variances: list[float] = []
    converged = False
    while len(bounds) < max_iter and not converged:
        bound, variance = updates.round(state)
        bounds.append(bound)
        variances.append(variance)
        converged = len(bounds) > 1 and _has_stopped(bounds, variances, stop, limits)
    parts = np.einsum("gk,gk->k", state.w, state.w) * np.einsum("nk,nk->k", state.x, state.x)
    return PeerFit(
        factors=np.ascontiguousarray(state.x[:, known.shape[1] :]), weights=state.w, alpha=state.alpha,
        eps=state.eps, residuals=data - state.w @ state.x.T, known=known, bound=np.array(bounds),
        residual_variance=np.array(variances), variance_explained=parts / float((data**2).sum()),
        converged=converged, stop=stop, priors=priors,
    )  # fmt: skip


def _start(data: Array, known: Array, n_factors: int) -> tuple[Array, Array]:
    """Least squares for covariates, principal components of the rest: unit-norm factors, loadings."""
    # Without covariates both are empty, and the product is zero.
    of_known = np.asarray(np.linalg.lstsq(known, data.T, rcond=None)[0].T, np.float64)
    rest = data - of_known @ known.T
    vectors = np.linalg.eigh(rest.T @ rest)[1][:, ::-1][:, :n_factors]
    loadings = rest @ vectors
    largest = np.abs(loadings).argmax(axis=0)
    signs = np.where(loadings[largest, np.arange(n_factors)] < 0, -1.0, 1.0)
    return np.hstack([known, vectors * signs]), np.hstack([of_known, loadings * signs])


def _has_stopped(
    bounds: list[float], variances: list[float], stop: Stop, limits: tuple[float, float]
) -> bool:
    step = abs(bounds[-1] - bounds[-2])
    var_step = abs(variances[-1] - variances[-2])
    if stop == "peer":
        return step < limits[0] or var_step < limits[1]
    return step < limits[0] * abs(bounds[-1]) and var_step < limits[1] * variances[-1]


def _expression(y: ArrayLike) -> Array:
    data = np.ascontiguousarray(as_numbers(y, "expression"))
    if data.ndim != 2 or not data.size:
        raise InputError(f"expression has shape {data.shape}, expected (genes, samples)")
    bad = ~np.isfinite(data)
    if bad.any():
        rows = np.flatnonzero(bad.any(axis=1))
        raise InputError(
            f"{int(bad.sum()):,} values of the expression are missing or infinite, in {len(rows):,} genes "
            f"(row {rows[0]} is the first)"
        )
    constant = np.flatnonzero(data.max(axis=1) == data.min(axis=1))
    if len(constant):
        raise InputError(
            f"{len(constant):,} genes have the same value in all samples (row {constant[0]} is the first)"
        )
    return data


def _covariates(covariates: ArrayLike | None, n_samples: int, *, add_mean: bool) -> Array:
    columns = np.empty((n_samples, 0))
    if covariates is not None:
        columns = np.ascontiguousarray(as_numbers(covariates, "covariates"))
        if columns.ndim != 2 or len(columns) != n_samples:
            raise InputError(
                f"covariates have shape {columns.shape}, expected ({n_samples} samples, columns)"
            )
        if not np.isfinite(columns).all():
            bad = np.flatnonzero(~np.isfinite(columns).all(axis=0))
            raise InputError(f"covariates have missing values, in column {bad[0]} first")
    if add_mean:
        columns = np.hstack([np.ones((n_samples, 1)), columns])
    if (
        columns.shape[1]
        and np.linalg.matrix_rank(columns / np.linalg.norm(columns, axis=0).clip(1e-300)) < (columns.shape[1])
    ):
        raise InputError(f"the {columns.shape[1]} covariates (mean included) are linearly dependent")
    return columns


def _check_numbers(n_factors: int, shape: tuple[int, ...], n_known: int, max_iter: int) -> None:
    n_genes, n_samples = shape
    most = min(n_genes, n_samples - 1 - n_known)
    if not 1 <= n_factors <= most:
        raise UsageError(
            f"{n_factors} hidden factors: expected 1 to {most} with {n_samples} samples, {n_known} known "
            f"covariates and {n_genes} genes"
        )
    if max_iter < 1:
        raise UsageError(f"max_iter {max_iter}: expected at least 1")


def _limits(stop: Stop, tolerance: float | None, var_tolerance: float | None) -> tuple[float, float]:
    if stop not in TOLERANCES:
        raise UsageError(f"stop '{stop}': expected one of {', '.join(TOLERANCES)}")
    given = (tolerance, var_tolerance)
    bound, variance = (usual if value is None else value for usual, value in zip(TOLERANCES[stop], given))
    if not (bound >= 0 and variance >= 0):
        raise UsageError(f"tolerances {bound} and {variance}: expected numbers of at least 0")
    return bound, variance


def _check_priors(priors: PeerPriors) -> PeerPriors:
    for name in ("alpha_a", "alpha_b", "eps_a", "eps_b", "covariate_variance"):
        if not getattr(priors, name) > 0:
            raise UsageError(f"{name} {getattr(priors, name)}: expected a number above 0")
    if not priors.expression_variance >= 0:
        raise UsageError(f"expression_variance {priors.expression_variance}: expected at least 0")
    return priors
