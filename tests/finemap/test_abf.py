"""Approximate Bayes factors: many regions at once, priors, densities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from postgwas.finemap import estimate_sd_y, log_abf, log_abf_from_z, single_causal

RNG = np.random.default_rng(5)
Z, SE = RNG.normal(0, 2, 90), RNG.uniform(0.01, 0.1, 90)
STARTS = np.array([0, 7, 30])


def test_ratio_of_densities() -> None:
    beta = Z * SE
    expected = norm.logpdf(beta, 0, np.sqrt(0.2**2 + SE**2)) - norm.logpdf(beta, 0, SE)
    np.testing.assert_allclose(log_abf(beta, SE, kind="cc"), expected, atol=1e-11)


def test_units_of_the_trait_cancel() -> None:
    scaled = log_abf(50 * Z * SE, 50 * SE, sd_y=50.0)
    np.testing.assert_allclose(scaled, log_abf(Z * SE, SE, sd_y=1.0), atol=1e-12)


def test_z_and_frequency_stand_for_effect_and_error() -> None:
    maf = RNG.uniform(0.05, 0.5, 90)
    se = 1 / np.sqrt(2 * 5000 * maf * (1 - maf))
    np.testing.assert_allclose(log_abf_from_z(Z, maf, 5000), log_abf(Z * se, se), atol=1e-12)


@pytest.mark.parametrize("weights", [None, RNG.uniform(0.1, 3, 90)])
def test_regions_at_once_are_regions_alone(weights: np.ndarray | None) -> None:
    factors = log_abf(Z * SE, SE)
    together = single_causal(factors, prior_weights=weights, starts=STARTS)
    for region, rows in enumerate([slice(0, 7), slice(7, 30), slice(30, 90)]):
        alone = single_causal(factors[rows], prior_weights=None if weights is None else weights[rows])
        np.testing.assert_allclose(together.pip[rows], alone.pip, rtol=1e-12)
        assert together.pip_null[region] == pytest.approx(alone.pip_null[0], rel=1e-12)
        assert together.log_bf[region] == pytest.approx(alone.log_bf[0], rel=1e-12)
        found, expected = together.credible_set(region), alone.credible_set()
        assert (found.variants - rows.start).tolist() == expected.variants.tolist()
        assert alone.pip.sum() + alone.pip_null[0] == pytest.approx(1.0, abs=1e-12)


def test_large_evidence_does_not_overflow() -> None:
    found = single_causal([2000.0, 1990.0, -3.0])
    np.testing.assert_allclose(found.pip, [1 / (1 + np.exp(-10)), 1 / (1 + np.exp(10)), 0], atol=1e-12)
    assert found.pip_null[0] == 0.0


def test_sd_y_of_simulated_traits() -> None:
    """Standard errors that follow from sd 3 and 0.5 give them back, a region each."""
    maf = RNG.uniform(0.05, 0.5, 90)
    spread = np.where(np.arange(90) < 30, 3.0, 0.5)
    se = spread / np.sqrt(2 * 800 * maf * (1 - maf))
    np.testing.assert_allclose(estimate_sd_y(se, maf, 800, starts=[0, 30]), [3.0, 0.5])
