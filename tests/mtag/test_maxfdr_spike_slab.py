"""The spike-and-slab fit of the causal share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from postgwas.errors import UsageError
from postgwas.mtag.spike_slab import fit_spike_slab, negative_log_likelihood


def simulate(n_snps: int, causal: float, variance: float, seed: int, noise: float = 1.0):
    rng = np.random.default_rng(seed)
    n = rng.choice([1e5, 9e4, 7e4], n_snps)
    slab = rng.random(n_snps) < causal
    return (rng.normal(size=n_snps) * np.sqrt(noise + slab * n * variance))[:, None], n[:, None]


@given(logit=st.floats(-6, 6), scale=st.floats(-14, -8))
def test_gradient(logit, scale):
    z, n = simulate(200, 0.2, 4e-5, seed=1)
    x = np.array([logit, scale])
    arguments = (z[:, 0] ** 2, n[:, 0])
    numeric = approx_fprime(x, lambda y: negative_log_likelihood(y, *arguments)[0], 1e-6)
    np.testing.assert_allclose(negative_log_likelihood(x, *arguments)[1], numeric, atol=2e-5)


def test_likelihood_is_the_mixture_density():
    z, n = simulate(300, 0.3, 4e-5, seed=2)
    fit = fit_spike_slab(z, n)
    pi, slab = fit.causal[0], 1 + n[:, 0] * fit.variance[0]

    def density(variance):
        return np.exp(-0.5 * z[:, 0] ** 2 / variance) / np.sqrt(2 * np.pi * variance)

    assert fit.log_likelihood[0] == pytest.approx(
        np.log(pi * density(slab) + (1 - pi) * density(1.0)).sum(), rel=1e-12
    )
    x = np.array([np.log(pi / (1 - pi)), np.log(fit.variance[0])])
    assert np.abs(negative_log_likelihood(x, z[:, 0] ** 2, n[:, 0])[1]).max() < 1e-7


@pytest.mark.parametrize(("causal", "variance"), [(0.02, 2e-4), (0.1, 1e-4), (0.3, 4e-5), (0.8, 4e-5)])
def test_recovers_the_truth(causal, variance):
    fit = fit_spike_slab(*simulate(60_000, causal, variance, seed=3))
    assert fit.converged.all()
    assert fit.causal[0] == pytest.approx(causal, rel=0.15)
    assert fit.variance[0] == pytest.approx(variance, rel=0.15)


def test_noise_is_the_null_variance():
    z, n = simulate(60_000, 0.1, 1e-4, seed=4, noise=1.2)
    assert fit_spike_slab(z, n, noise=1.2).causal[0] == pytest.approx(0.1, rel=0.1)
    # Taken for signal, the extra noise doubles the share.
    assert fit_spike_slab(z, n).causal[0] > 0.15


def test_traits_are_fitted_apart():
    first, second = simulate(5_000, 0.1, 1e-4, seed=5), simulate(5_000, 0.4, 5e-5, seed=6)
    both = fit_spike_slab(np.hstack([second[0], first[0]]), np.hstack([second[1], first[1]]))
    for column, (z, n) in enumerate((second, first)):
        alone = fit_spike_slab(z, n)
        assert both.causal[column] == alone.causal[0]
        assert both.log_likelihood[column] == alone.log_likelihood[0]


def test_sign_does_not_matter():
    z, n = simulate(5_000, 0.2, 1e-4, seed=7)
    assert fit_spike_slab(-z, n).causal[0] == fit_spike_slab(z, n).causal[0]


def test_no_signal_is_said():
    rng = np.random.default_rng(8)
    fit = fit_spike_slab(rng.normal(size=(5_000, 1)) * 0.9, np.full((5_000, 1), 1e5))
    assert fit.causal[0] * fit.variance[0] * 1e5 < 0.01


@pytest.mark.parametrize(
    ("z", "n", "text"),
    [
        (np.zeros((3, 2)), np.ones((3, 1)), "shape"),
        (np.zeros(3), np.ones(3), "SNPs x traits"),
        (np.full((3, 1), np.nan), np.ones((3, 1)), "finite"),
        (np.zeros((3, 1)), np.zeros((3, 1)), "positive"),
    ],
)
def test_bad_input(z, n, text):
    with pytest.raises(UsageError, match=text):
        fit_spike_slab(z, n)
