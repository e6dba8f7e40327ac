"""The factor against a published value, and by simulation of the liability model."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from postgwas.errors import UsageError
from postgwas.ldsc.liability import covariance_factor, liability_factor


def test_half_and_half() -> None:
    # K = 1/2: K^2 (1 - K)^2 / (P (1 - P) phi(0)^2) = (1/16) / (1/4) * 2 pi.
    assert liability_factor(0.5, 0.5) == pytest.approx(math.pi / 2, rel=1e-14)


@pytest.mark.parametrize("prevalence", [0.01, 0.2])
def test_a_variant_on_both_scales(prevalence: float) -> None:
    """A small effect: variance explained in a case-control sample times the factor is that in liability."""
    rng = np.random.default_rng(4)
    size, effect, share = 4_000_000, 0.03, 0.5
    g = rng.normal(size=size)
    liability = effect * g + math.sqrt(1 - effect**2) * rng.normal(size=size)
    case = liability > np.quantile(liability, 1 - prevalence)
    # With ascertainment, the covariance of g and status in a sample with this share of cases.
    gap = g[case].mean() - g[~case].mean()
    observed = share * (1 - share) * gap**2
    se = 2 / abs(gap) / math.sqrt(case.sum())
    assert observed * liability_factor(share, prevalence) == pytest.approx(effect**2, rel=4 * se)


@pytest.mark.parametrize("prevalence", [1e-12, 1e-8, 0.3, 0.9])
def test_scipys_normal_distribution_agrees(prevalence: float) -> None:
    density = norm.pdf(norm.isf(prevalence))
    expected = prevalence**2 * (1 - prevalence) ** 2 / (0.21 * density**2)
    assert liability_factor(0.3, prevalence) == pytest.approx(expected, rel=1e-13)


def test_quantitative_traits() -> None:
    assert liability_factor(None, None) == liability_factor(math.nan, math.nan) == 1
    assert covariance_factor(liability_factor(0.3, 0.05), 1.0) == math.sqrt(liability_factor(0.3, 0.05))


@pytest.mark.parametrize(
    "pair", [(0.5, math.nan), (None, 0.1), (0.0, 0.1), (0.5, 1.0), (-0.1, 0.1), (0.5, 7.0)]
)
def test_refused(pair: tuple[float | None, float | None]) -> None:
    with pytest.raises(UsageError):
        liability_factor(*pair)
