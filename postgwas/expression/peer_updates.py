"""One round of PEER's variational updates, as products of genes x K and K x K matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

Array = NDArray[np.float64]

_LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True)
class PeerPriors:
    """PeerPriors of PEER; the defaults are those of the GTEx pipeline.

    Parameters
    ----------
    alpha_a, alpha_b : float
        Shape and rate of the gamma prior on the precision of a factor's weights.
    eps_a, eps_b : float
        Shape and rate of the gamma prior on the noise precision of a gene.
    expression_variance : float
        Variance with which every value of the expression is taken to be known.
    covariate_variance : float
        Variance with which every value of a known covariate is taken to be known.
    """

    alpha_a: float = 0.001
    alpha_b: float = 0.01
    eps_a: float = 0.1
    eps_b: float = 10.0
    expression_variance: float = 0.01
    covariate_variance: float = 0.01


@dataclass
class State:
    """Posterior means and what the updates share; one run changes it in place.

    `x` is (samples, C + K), covariates first and never changed; `w` is (genes, C + K);
    `second` is E[X'X]; `yx` is Y X. Of the weights' covariances, which are
    ``P diag(d_g) P'`` for gene g, only ``P`` (`axes`) and ``d`` (`shrink`) are kept.
    """

    x: Array
    w: Array
    alpha: Array
    eps: Array
    second: Array
    yx: Array
    axes: Array
    shrink: Array


class Updates:
    """Updates for one expression matrix.

    Parameters
    ----------
    y : ndarray, shape (genes, samples)
    covariates : ndarray, shape (samples, C)
    n_factors : int
        K, hidden ones.
    priors : PeerPriors
    """

    def __init__(self, y: Array, covariates: Array, n_factors: int, priors: PeerPriors) -> None:
        self.y, self.priors = y, priors
        self.n_genes, self.n_samples = y.shape
        self.n_known, self.n_factors = covariates.shape[1], n_factors
        self.width = self.n_known + n_factors
        self.prior_mean = np.hstack([covariates, np.zeros((self.n_samples, n_factors))])
        self.prior_precision = np.repeat([1.0 / priors.covariate_variance, 1.0], [self.n_known, n_factors])
        self.square = np.einsum("gn,gn->g", y, y)
        self.alpha_a = priors.alpha_a + self.n_genes / 2.0
        self.eps_a = priors.eps_a + self.n_samples / 2.0

    def start(self, x: Array, w: Array) -> State:
        """State before the first round, from factors (covariates first) and weights."""
        alpha = self.alpha_a / (self.priors.alpha_b + 0.5 * np.einsum("gk,gk->k", w, w))
        eps = np.full(self.n_genes, self.priors.eps_a / self.priors.eps_b)
        nothing = np.empty((0, 0))
        return State(x.copy(), w, alpha, eps, x.T @ x, self.y @ x, nothing, nothing)

    def round(self, state: State) -> tuple[float, float]:
        """Update weights, alpha, factors and noise once; gives the bound and the residuals' mean square."""
        p = self.priors
        log_det_w, spread, covariance_sum = self._weights(state)
        inner = state.w.T @ state.w
        square_w = inner.diagonal() + spread
        alpha_b = p.alpha_b + 0.5 * square_w
        state.alpha = self.alpha_a / alpha_b

        covariance = self._factors(state, covariance_sum)
        square_y, residual = self._expected_squares(state, covariance, inner)
        eps_b = p.eps_b + 0.5 * square_y
        state.eps = self.eps_a / eps_b

        bound = (
            self._likelihood(state, eps_b, square_y)
            + self._gain_of_weights(state, alpha_b, square_w, log_det_w)
            + self._gain_of_factors(state, covariance)
            + _gain_of_gamma(self.alpha_a, alpha_b, p.alpha_a, p.alpha_b)
            + _gain_of_gamma(self.eps_a, eps_b, p.eps_a, p.eps_b)
        )
        return bound, residual

    def _weights(self, state: State) -> tuple[float, Array, Array]:
        """q(W). All genes share the axes on which E[X'X] and diag(alpha) are both diagonal."""
        scale = 1.0 / np.sqrt(state.alpha)
        values, vectors = np.linalg.eigh(scale[:, None] * state.second * scale)
        state.axes = scale[:, None] * vectors
        state.shrink = 1.0 / (1.0 + np.multiply.outer(state.eps, np.maximum(values, 0.0)))
        state.w = (state.yx @ state.axes * (state.eps[:, None] * state.shrink)) @ state.axes.T
        log_det = float(np.log(state.shrink).sum() - self.n_genes * np.log(state.alpha).sum())
        spread = (state.axes**2) @ state.shrink.sum(axis=0)
        return log_det, spread, (state.axes * (state.eps @ state.shrink)) @ state.axes.T

    def _factors(self, state: State, covariance_sum: Array) -> Array:
        """q(X): one covariance for all samples; the means of known covariates stay as they are."""
        weighted = state.eps[:, None] * state.w
        precision = np.diag(self.prior_precision) + state.w.T @ weighted + covariance_sum
        inverse = np.linalg.inv(precision)
        covariance: Array = (inverse + inverse.T) / 2.0
        mean = (self.y.T @ weighted + self.prior_mean * self.prior_precision) @ covariance
        state.x[:, self.n_known :] = mean[:, self.n_known :]
        state.second = state.x.T @ state.x + self.n_samples * covariance
        state.yx = self.y @ state.x
        return covariance

    def _expected_squares(self, state: State, covariance: Array, inner: Array) -> tuple[Array, float]:
        """E of each gene's squared residuals, and the mean square of all residuals."""
        fitted = np.einsum("gk,gk->g", state.w, state.yx)
        of_means = np.einsum("gk,gk->g", state.w @ state.second, state.w)
        diagonal = np.einsum("ij,ik,kj->j", state.axes, state.second, state.axes, optimize=True)
        known = self.square + self.n_samples * self.priors.expression_variance
        expected = known - 2.0 * fitted + of_means + state.shrink @ diagonal
        plain = state.second - self.n_samples * covariance
        n = self.n_genes * self.n_samples
        rss = float(self.square.sum() - 2.0 * fitted.sum() + (inner * plain).sum())
        return expected, rss / n

    def _likelihood(self, state: State, eps_b: Array, square_y: Array) -> float:
        log_eps = digamma(self.eps_a) - np.log(eps_b)
        return float(0.5 * self.n_samples * (log_eps - _LOG_2PI).sum() - 0.5 * (state.eps * square_y).sum())

    def _gain_of_weights(self, state: State, alpha_b: Array, square_w: Array, log_det: float) -> float:
        """E log p(W | alpha) and the entropy of q(W)."""
        log_alpha = digamma(self.alpha_a) - np.log(alpha_b)
        size = self.n_genes * self.width
        return float(
            0.5 * self.n_genes * log_alpha.sum()
            - 0.5 * (state.alpha * square_w).sum()
            + 0.5 * (log_det + size)
        )

    def _gain_of_factors(self, state: State, covariance: Array) -> float:
        """Minus the divergence of q(X) from its prior; for covariates that of their spread alone."""
        n, hidden = self.n_samples, state.x[:, self.n_known :]
        spread = n * float(self.prior_precision @ covariance.diagonal()) + float((hidden**2).sum())
        log_ratio = float(np.linalg.slogdet(covariance)[1] + np.log(self.prior_precision).sum())
        return 0.5 * (n * (log_ratio + self.width) - spread)


def _gain_of_gamma(a: float, b: Array, prior_a: float, prior_b: float) -> float:
    """Minus the divergence of gamma(a, b) from gamma(prior_a, prior_b), summed."""
    mean, mean_log = a / b, digamma(a) - np.log(b)
    prior = prior_a * np.log(prior_b) - gammaln(prior_a) + (prior_a - 1.0) * mean_log - prior_b * mean
    entropy = a - np.log(b) + gammaln(a) + (1.0 - a) * digamma(a)
    return float((prior + entropy).sum())
