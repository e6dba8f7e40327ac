"""Omega by moments and by likelihood, against loops and simulated truth."""

import itertools

import numpy as np
import pytest

from postgwas.mtag.estimator import has_rank_one
from postgwas.mtag.omega import (
    _negative_log_likelihood,
    maximum_likelihood,
    moments,
)
from postgwas.mtag.sigma import assemble, blocks_of_rows, heritability, pair_intercept, pairs


def study(seed, n_variants, n_traits=2, unequal=True):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n_traits, n_traits + 2))
    omega = factor @ factor.T * 3e-6
    sigma = np.full((n_traits, n_traits), 0.2) + 0.82 * np.eye(n_traits)
    n = np.tile(rng.uniform(5e4, 2e5, n_traits), (n_variants, 1))
    if unequal:
        n *= rng.uniform(0.7, 1.0, n.shape)
    effects = rng.multivariate_normal(np.zeros(n_traits), omega, size=n_variants)
    z = effects * np.sqrt(n) + rng.multivariate_normal(np.zeros(n_traits), sigma, size=n_variants)
    return z, n, omega, sigma


def test_moments_are_the_mean_over_variants():
    z, n, _, sigma = study(1, 501, 3)
    expected = np.mean(
        [(np.outer(zj, zj) - sigma) / np.sqrt(np.outer(nj, nj)) for zj, nj in zip(z, n)], axis=0
    )
    np.testing.assert_allclose(moments(z, n, sigma).omega, expected, rtol=1e-12)


def test_jackknife_by_leaving_blocks_out():
    z, n, _, sigma = study(2, 403)
    blocks = 20
    edges = np.floor(np.linspace(0, 403, blocks + 1)).astype(int)
    left = []
    for low, high in itertools.pairwise(edges):
        keep = np.r_[0:low, high:403]
        left.append(moments(z[keep], n[keep], sigma, n_blocks=1).omega)
    left = np.array(left)
    scale = np.sqrt(np.diagonal(left, axis1=1, axis2=2))
    rg = left[:, 0, 1] / (scale[:, 0] * scale[:, 1])
    got = moments(z, n, sigma, n_blocks=blocks)
    factor = (blocks - 1) / blocks
    np.testing.assert_allclose(got.omega_se, np.sqrt(factor * ((left - left.mean(0)) ** 2).sum(0)), rtol=1e-9)
    np.testing.assert_allclose(
        got.correlation_se[0, 1], np.sqrt(factor * ((rg - rg.mean()) ** 2).sum()), rtol=1e-9
    )


def test_a_negative_variance_gives_no_correlation():
    z, n, _, sigma = study(3, 200)
    got = moments(z * 0.01, n, sigma)
    assert np.isnan(got.correlation).all()


@pytest.mark.slow
def test_standard_errors_cover_the_truth():
    inside = []
    for seed in range(150):
        z, n, omega, sigma = study(1000, 4000)  # one Omega and one N for all
        rng = np.random.default_rng(seed)
        effects = rng.multivariate_normal(np.zeros(2), omega, size=len(z))
        z = effects * np.sqrt(n) + rng.multivariate_normal(np.zeros(2), sigma, size=len(z))
        got = moments(z, n, sigma)
        inside.append(np.abs(got.omega - omega) < 1.96 * got.omega_se)
    covered = np.mean(inside, axis=0)
    # 150 studies: standard error 1.8 %.
    assert np.all(np.abs(covered - 0.95) < 0.055)


@pytest.mark.parametrize("rank_one", [False, True])
def test_likelihood_is_at_its_maximum(rank_one):
    z, n, _, sigma = study(4, 3000)
    start = moments(z, n, sigma).omega
    fit = maximum_likelihood(z, n, sigma, start, rank_one=rank_one)
    assert fit.converged
    d = 1 / np.sqrt(n)

    def deviance(omega):
        return _negative_log_likelihood(d * z, d, sigma, omega)[0]

    best = deviance(fit.omega)
    rng = np.random.default_rng(5)
    factor = np.linalg.cholesky(fit.omega + 1e-9 * np.diag(np.diag(fit.omega)))
    if rank_one:
        assert has_rank_one(fit.omega)
        factor = (np.sign(fit.omega[0]) * np.sqrt(np.diag(fit.omega)))[:, None]
    for _ in range(20):
        moved = factor * (1 + rng.normal(size=factor.shape) * 1e-2)
        assert deviance(moved @ moved.T) > best


def test_gradient_against_differences():
    z, n, omega, sigma = study(6, 200, 3)
    scale = np.sqrt(np.diag(omega))
    d = 1 / np.sqrt(n) / scale
    unit = omega / np.outer(scale, scale)
    _, gradient = _negative_log_likelihood(d * z, d, sigma, unit)
    for i in range(3):
        for j in range(3):
            step = np.zeros((3, 3))
            step[i, j] += 5e-6
            step[j, i] += 5e-6
            up = _negative_log_likelihood(d * z, d, sigma, unit + step)[0]
            down = _negative_log_likelihood(d * z, d, sigma, unit - step)[0]
            np.testing.assert_allclose((up - down) / 2, (gradient * step).sum(), rtol=1e-5, atol=1e-12)


@pytest.mark.slow
def test_likelihood_recovers_the_truth():
    z, n, omega, sigma = study(7, 200_000)
    fit = maximum_likelihood(z, n, sigma, np.diag(np.diag(omega)))
    np.testing.assert_allclose(fit.omega, omega, rtol=0.05, atol=0.02 * np.abs(omega).max())


def test_a_time_limit_stops_the_search():
    z, n, _, sigma = study(8, 500)

    def stop():
        raise StopIteration

    fit = maximum_likelihood(z, n, sigma, moments(z, n, sigma).omega * 3, callback=stop)
    assert not fit.converged
    assert fit.iterations <= 1


@pytest.mark.slow
def test_standard_errors_hold_the_error_of_sigma():
    """Sigma from LD score regression, Omega from Sigma: the joint jackknife covers, the other does not."""
    rng = np.random.default_rng(21)
    n_variants, n_blocks = 4000, 100
    l2 = np.exp(rng.normal(0, 0.6, n_variants))
    n = np.tile([1e5, 6e4], (n_variants, 1))
    omega, sigma = np.array([[8e-6, 3e-6], [3e-6, 6e-6]]), np.array([[1.02, 0.2], [0.2, 1.01]])
    everywhere = np.ones((n_variants, 2), dtype=bool)
    rows = np.arange(n_variants)
    joint, known = [], []
    for _ in range(200):
        effects = rng.multivariate_normal(np.zeros(2), omega, n_variants) * np.sqrt(l2)[:, None]
        z = effects * np.sqrt(n) + rng.multivariate_normal(np.zeros(2), sigma, n_variants)
        fits = {t: heritability(z, n, everywhere, l2, n_variants, t, n_blocks=n_blocks) for t in range(2)}
        fit = assemble(
            [
                pair_intercept(z, n, everywhere, l2, n_variants, p, fits, n_blocks=n_blocks)
                for p in pairs(2, no_overlap=False)
            ],
            2,
        )
        blocks = blocks_of_rows(rows, n_variants, n_blocks)
        one = moments(z, n, fit.sigma, n_blocks=n_blocks, block=blocks, sigma_deleted=fit.deleted)
        two = moments(z, n, fit.sigma, n_blocks=n_blocks)
        truth = omega * l2.mean()
        joint.append(np.abs(one.omega - truth) < 1.96 * one.omega_se)
        known.append(np.abs(two.omega - truth) < 1.96 * two.omega_se)
        np.testing.assert_allclose(one.omega, two.omega, rtol=1e-12)
    # 200 studies: standard error of the coverage 1.5 %.
    assert np.all(np.abs(np.mean(joint, axis=0) - 0.95) < 0.05)
    assert np.all(np.mean(known, axis=0) < np.mean(joint, axis=0))
