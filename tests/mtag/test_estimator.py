"""The estimator against the paper's formula written out, and its symmetries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.mtag.estimator import BLOCK, estimate, has_rank_one
from postgwas.mtag.omega import perfect_correlation


def model(seed, n_variants=40, n_traits=3):
    """Z, N, Omega and Sigma of a plausible study."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n_traits, n_traits + 1))
    omega = factor @ factor.T * 2e-6
    overlap = rng.normal(size=(n_traits, n_traits + 3))
    sigma = overlap @ overlap.T
    scale = np.sqrt(np.diag(sigma))
    sigma = sigma / np.outer(scale, scale) * 1.02
    n = rng.uniform(5e4, 3e5, size=(n_variants, n_traits))
    z = rng.normal(size=(n_variants, n_traits)) * 2
    return z, n, omega, sigma


def turley(z, n, omega, sigma):
    """Equation 1 of Turley et al. 2018, one variant and one trait at a time."""
    beta, se = np.empty_like(z), np.empty_like(z)
    for j in range(len(z)):
        d = np.diag(1 / np.sqrt(n[j]))
        for t in range(z.shape[1]):
            column, tau = omega[:, t], omega[t, t]
            inverse = np.linalg.inv(omega - np.outer(column, column) / tau + d @ sigma @ d)
            precision = (column / tau) @ inverse @ (column / tau)
            beta[j, t] = (column / tau) @ inverse @ (d @ z[j]) / precision
            se[j, t] = 1 / np.sqrt(precision)
    return beta, se


@pytest.mark.parametrize("n_traits", [1, 2, 3, 6])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_equals_the_papers_formula(seed, n_traits):
    z, n, omega, sigma = model(seed, n_traits=n_traits)
    got = estimate(z, n, omega, sigma)
    beta, se = turley(z, n, omega, sigma)
    np.testing.assert_allclose(got.beta, beta, rtol=1e-9, atol=1e-16)
    np.testing.assert_allclose(got.se, se, rtol=1e-9)


@pytest.mark.parametrize("n_traits", [2, 4])
def test_perfect_correlation_is_gls_meta_analysis(n_traits):
    z, n, omega, sigma = model(5, n_traits=n_traits)
    omega = perfect_correlation(omega)
    assert has_rank_one(omega)
    got = estimate(z, n, omega, sigma)
    # The limit of correlations that approach 1 is the general formula's.
    near = omega.copy()
    near[~np.eye(n_traits, dtype=bool)] *= 1 - 1e-9
    general = estimate(z, n, near, sigma)
    np.testing.assert_allclose(got.beta, general.beta, rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(got.se, general.se, rtol=1e-5)
    np.testing.assert_allclose(got.z, np.repeat(got.z[:, :1], n_traits, axis=1), rtol=1e-12)


def test_negative_perfect_correlation_turns_the_sign():
    z, n, omega, sigma = model(6, n_traits=2)
    scale = np.sqrt(np.diag(omega))
    omega = np.outer(scale, scale) * np.array([[1, -1], [-1, 1]])
    assert has_rank_one(omega)
    got = estimate(z, n, omega, sigma)
    np.testing.assert_allclose(got.z[:, 0], -got.z[:, 1], rtol=1e-12)


def test_without_shared_signal_or_samples_a_trait_keeps_its_gwas():
    z, n, omega, sigma = model(7)
    got = estimate(z, n, np.diag(np.diag(omega)), np.diag(np.diag(sigma)))
    np.testing.assert_allclose(got.z, z / np.sqrt(np.diag(sigma)), rtol=1e-10)


@given(st.integers(0, 10_000), st.permutations(range(4)))
def test_permuting_traits_permutes_results(seed, order):
    z, n, omega, sigma = model(seed, n_variants=5, n_traits=4)
    order = np.array(order)
    one = estimate(z, n, omega, sigma)
    two = estimate(z[:, order], n[:, order], omega[np.ix_(order, order)], sigma[np.ix_(order, order)])
    np.testing.assert_allclose(two.beta, one.beta[:, order], rtol=1e-8, atol=1e-14)
    np.testing.assert_allclose(two.se, one.se[:, order], rtol=1e-8)


@given(st.integers(0, 10_000))
def test_swapping_the_effect_allele_flips_the_sign_and_no_bit_else(seed):
    z, n, omega, sigma = model(seed, n_variants=9)
    flip = np.where(np.arange(9) % 2, 1.0, -1.0)[:, None]
    one, two = estimate(z, n, omega, sigma), estimate(z * flip, n, omega, sigma)
    assert np.array_equal(one.beta * flip, two.beta)
    assert np.array_equal(one.se, two.se)


@pytest.mark.parametrize("n_traits", [2, 3])
def test_no_bit_depends_on_the_other_variants(n_traits):
    z, n, omega, sigma = model(8, n_variants=BLOCK + 37, n_traits=n_traits)
    whole = estimate(z, n, omega, sigma)
    for rows in (slice(0, 5), slice(BLOCK - 3, BLOCK + 3), slice(BLOCK + 30, None)):
        part = estimate(z[rows], n[rows], omega, sigma)
        assert np.array_equal(part.beta, whole.beta[rows])
        assert np.array_equal(part.se, whole.se[rows])


def test_more_people_means_smaller_errors():
    z, n, omega, sigma = model(9)
    assert np.all(estimate(z, 2 * n, omega, sigma).se < estimate(z, n, omega, sigma).se)


@pytest.mark.slow
def test_calibrated_on_simulated_effects():
    """Under its model the errors have the size that is claimed, and MTAG beats the GWAS."""
    rng = np.random.default_rng(11)
    n_variants, n_traits = 60_000, 3
    _, _, omega, sigma = model(12, n_traits=n_traits)
    n = np.tile([2e5, 1e5, 5e4], (n_variants, 1))
    effects = rng.multivariate_normal(np.zeros(n_traits), omega, size=n_variants)
    noise = rng.multivariate_normal(np.zeros(n_traits), sigma, size=n_variants)
    z = effects * np.sqrt(n) + noise
    got = estimate(z, n, omega, sigma)
    # The estimator is unbiased for beta given beta_t: its error variance is se^2.
    for t in range(n_traits):
        ratio = np.var(got.beta[:, t] - effects[:, t]) / got.se[0, t] ** 2
        assert abs(ratio - 1) < 4 * np.sqrt(2 / n_variants)
        assert np.mean((got.beta[:, t] - effects[:, t]) ** 2) < np.mean(
            (z[:, t] / np.sqrt(n[:, t]) - effects[:, t]) ** 2
        )
        assert abs(np.mean(np.abs(got.beta[:, t] - effects[:, t]) < 1.959964 * got.se[:, t]) - 0.95) < 0.005
