"""PEER: against a plain implementation, its promises, calibration, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma, gammaln

from postgwas.errors import InputError, UsageError
from postgwas.expression import PeerPriors, peer


def simulate(seed: int, genes: int = 200, samples: int = 60, factors: int = 3, noise: float = 1.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, factors))
    w = rng.normal(size=(genes, factors)) * np.linspace(1.5, 0.7, factors)
    y = w @ x.T + noise * rng.normal(size=(genes, samples))
    return y - y.mean(axis=1, keepdims=True), x


def naive(y: np.ndarray, n_factors: int, covariates: np.ndarray, iterations: int):
    """One inverse a gene, every term of the bound written out."""
    genes, samples = y.shape
    known, width = covariates.shape[1], covariates.shape[1] + n_factors
    prior = PeerPriors()
    w_known = np.linalg.lstsq(covariates, y.T, rcond=None)[0].T if known else np.empty((genes, 0))
    u, s, vt = np.linalg.svd((y - w_known @ covariates.T).T, full_matrices=False)
    x = np.hstack([covariates, u[:, :n_factors]])
    w = np.hstack([w_known, vt[:n_factors].T * s[:n_factors]])
    cov_x = np.zeros((width, width))
    precision = np.array([1 / prior.covariate_variance] * known + [1.0] * n_factors)
    a_alpha, a_eps = prior.alpha_a + genes / 2, prior.eps_a + samples / 2
    alpha = a_alpha / (prior.alpha_b + 0.5 * (w**2).sum(axis=0))
    eps = np.full(genes, prior.eps_a / prior.eps_b)
    bounds = []
    for _ in range(iterations):
        second = x.T @ x + samples * cov_x
        cov_w = np.array([np.linalg.inv(np.diag(alpha) + e * second) for e in eps])
        w = np.array([e * cov @ x.T @ row for e, cov, row in zip(eps, cov_w, y)])
        squares = (w**2).sum(axis=0) + np.einsum("gkk->k", cov_w)
        b_alpha = prior.alpha_b + 0.5 * squares
        alpha = a_alpha / b_alpha
        inner = sum(e * (np.outer(row, row) + cov) for e, row, cov in zip(eps, w, cov_w))
        cov_x = np.linalg.inv(np.diag(precision) + inner)
        pull = np.hstack([covariates, np.zeros((samples, n_factors))]) * precision
        x = np.hstack([covariates, ((y.T @ (eps[:, None] * w) + pull) @ cov_x)[:, known:]])
        second = x.T @ x + samples * cov_x
        expected = [
            row @ row + samples * prior.expression_variance - 2 * row @ x @ wg
            + np.trace(second @ (np.outer(wg, wg) + cov))
            for row, wg, cov in zip(y, w, cov_w)
        ]  # fmt: skip
        b_eps = prior.eps_b + 0.5 * np.array(expected)
        eps = a_eps / b_eps
        log_alpha, log_eps = digamma(a_alpha) - np.log(b_alpha), digamma(a_eps) - np.log(b_eps)
        bound = 0.5 * samples * (log_eps - np.log(2 * np.pi)).sum() - 0.5 * (eps * expected).sum()
        bound += 0.5 * genes * (log_alpha - np.log(2 * np.pi)).sum() - 0.5 * (alpha * squares).sum()
        bound += 0.5 * sum(np.linalg.slogdet(2 * np.pi * np.e * cov)[1] for cov in cov_w)
        bound += 0.5 * samples * (np.log(precision) - np.log(2 * np.pi)).sum()
        bound -= 0.5 * (samples * (precision * np.diag(cov_x)).sum() + (x[:, known:] ** 2).sum())
        bound += 0.5 * samples * np.linalg.slogdet(2 * np.pi * np.e * cov_x)[1]
        for a, b, log, mean, a0, b0 in (
            (a_alpha, b_alpha, log_alpha, alpha, prior.alpha_a, prior.alpha_b),
            (a_eps, b_eps, log_eps, eps, prior.eps_a, prior.eps_b),
        ):
            bound += (a0 * np.log(b0) - gammaln(a0) + (a0 - 1) * log - b0 * mean).sum()
            bound += (a - np.log(b) + gammaln(a) + (1 - a) * digamma(a)).sum()
        bounds.append(bound)
    return x, w, alpha, eps, y - w @ x.T, np.array(bounds)


@pytest.mark.parametrize("known", [0, 2])
def test_a_plain_implementation_agrees(known: int) -> None:
    y, _ = simulate(3, genes=25, samples=14, factors=2)
    covariates = np.random.default_rng(4).normal(size=(14, known))
    x, w, alpha, eps, residuals, bounds = naive(y, 4, covariates, 12)
    fit = peer(y, 4, covariates, max_iter=12, tolerance=0)
    assert np.allclose(np.abs(fit.factors), np.abs(x[:, known:]), atol=1e-9)
    assert np.allclose(np.abs(fit.weights), np.abs(w), atol=1e-8)
    assert np.allclose(fit.alpha, alpha, rtol=1e-9) and np.allclose(fit.eps, eps, rtol=1e-9)
    assert np.allclose(fit.residuals, residuals, atol=1e-9)
    assert np.allclose(fit.bound, bounds, rtol=1e-10)
    assert np.allclose(fit.residual_variance[-1], (residuals**2).mean(), rtol=1e-9)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 8), st.booleans())
def test_the_bound_never_falls(seed: int, n_factors: int, add_mean: bool) -> None:
    """Coordinate ascent: any mistake in an update or in the bound would show."""
    y, _ = simulate(seed, genes=40, samples=20)
    fit = peer(y + 0.3, n_factors, add_mean=add_mean, max_iter=60)
    assert (np.diff(fit.bound) > -1e-7 * np.abs(fit.bound[1:])).all()


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_order_of_genes_and_samples_is_nothing(seed: int) -> None:
    y, _ = simulate(seed, genes=50, samples=24)
    rng = np.random.default_rng(seed + 1)
    genes, samples = rng.permutation(50), rng.permutation(24)
    covariates = rng.normal(size=(24, 1))
    a = peer(y, 4, covariates, max_iter=40, tolerance=0)
    b = peer(y[genes][:, samples], 4, covariates[samples], max_iter=40, tolerance=0)
    assert np.allclose(b.residuals, a.residuals[genes][:, samples], atol=1e-8)
    assert np.allclose(b.factors, a.factors[samples], atol=1e-6)
    assert np.allclose(b.alpha, a.alpha, rtol=1e-6)


def test_the_same_bits_twice_and_from_any_layout() -> None:
    y, _ = simulate(5)
    a, b = peer(y, 6), peer(np.asfortranarray(y), 6)
    assert a.n_iterations == b.n_iterations
    assert a.factors.tobytes() == b.factors.tobytes() and a.residuals.tobytes() == b.residuals.tobytes()


def test_simulated_factors_are_found_and_no_others() -> None:
    for seed in range(3):
        y, x = simulate(seed, genes=500, samples=80, factors=4)
        fit = peer(y, 10)
        assert fit.converged and fit.is_active.sum() == 4
        basis = np.linalg.qr(fit.factors[:, fit.is_active])[0]
        truth = np.linalg.qr(x - x.mean(axis=0))[0]
        assert np.linalg.svd(basis.T @ truth)[1].min() > 0.98
        degrees = (80 - 1 - 4) * (500 - 4) / (80 * 500)
        assert np.isclose(fit.residuals.var(), degrees, rtol=0.03)


def test_null_expression_switches_all_factors_off() -> None:
    rng = np.random.default_rng(11)
    y = rng.normal(size=(400, 50))
    fit = peer(y - y.mean(axis=1, keepdims=True), 8)
    assert not fit.is_active.any()
    assert np.abs(fit.residuals - (y - y.mean(axis=1, keepdims=True))).max() < 1e-3


def test_a_known_covariate_is_not_found_again() -> None:
    rng = np.random.default_rng(2)
    batch = np.repeat([0.0, 1.0], 30)
    y = rng.normal(size=(300, 1)) @ (batch - 0.5)[None] * 2 + rng.normal(size=(300, 60))
    alone, beside = peer(y, 3, add_mean=True), peer(y, 3, batch[:, None], add_mean=True)
    assert alone.is_active.tolist() == [True, False, False]
    assert abs(np.corrcoef(alone.factors[:, 0], batch)[0, 1]) > 0.95
    assert not beside.is_active.any() and beside.variance_explained[1] > 0.2


def test_means_are_fitted_apart() -> None:
    y, _ = simulate(7)
    shift = np.random.default_rng(0).normal(size=(200, 1)) * 5
    plain, shifted = peer(y, 5, add_mean=True), peer(y + shift, 5, add_mean=True)
    assert np.sqrt(((plain.residuals - shifted.residuals) ** 2).mean()) < 0.03
    assert shifted.is_active.sum() == 3


def test_stops() -> None:
    y, _ = simulate(1)
    settled, cut = peer(y, 4), peer(y, 4, max_iter=3)
    assert settled.converged and not cut.converged and cut.n_iterations == 3
    assert abs(np.diff(settled.bound[-2:]))[0] < 5e-6 * abs(settled.bound[-1])
    loose = peer(y, 4, stop="peer", tolerance=1e-3, var_tolerance=1e-2)
    assert abs(np.diff(loose.residual_variance[-2:]))[0] < 1e-2
    assert loose.n_iterations < settled.n_iterations
    assert (np.abs(np.diff(loose.residual_variance[:-1])) >= 1e-2).all()


@pytest.mark.parametrize("n", [0, 58, 60])
def test_too_many_factors(n: int) -> None:
    y, _ = simulate(1)
    with pytest.raises(UsageError, match="expected 1 to 57"):
        peer(y, n, np.random.default_rng(1).normal(size=(60, 2)))


def test_bad_expression() -> None:
    y, _ = simulate(1)
    for value, found in ((np.nan, "missing or infinite, in 1 genes .row 4"), (np.inf, "missing or infinite")):
        bad = y.copy()
        bad[4, 2] = value
        with pytest.raises(InputError, match=found):
            peer(bad, 2)
    bad = y.copy()
    bad[7] = 1.5
    with pytest.raises(InputError, match=r"1 genes have the same value .* \(row 7"):
        peer(bad, 2)
    with pytest.raises(InputError, match="shape"):
        peer(y[0], 2)


def test_bad_covariates_and_settings() -> None:
    y, _ = simulate(1)
    ones = np.ones((60, 1))
    with pytest.raises(InputError, match="linearly dependent"):
        peer(y, 2, ones, add_mean=True)
    with pytest.raises(InputError, match="missing values, in column 0"):
        peer(y, 2, ones * np.nan)
    with pytest.raises(InputError, match=r"expected .60 samples"):
        peer(y, 2, ones[:50])
    for options in ({"max_iter": 0}, {"tolerance": -1.0}, {"stop": "never"}, {"priors": PeerPriors(eps_b=0)}):
        with pytest.raises(UsageError):
            peer(y, 2, **options)  # type: ignore[arg-type]
