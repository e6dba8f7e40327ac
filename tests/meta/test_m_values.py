"""m-values by plain sums over sets of studies; binary effects by plain sampling."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.special import beta as beta_function
from scipy.stats import multivariate_normal

from postgwas.errors import UsageError
from postgwas.meta import m_values as module
from postgwas.meta.binary_effects import binary_effects_mlog10p, binary_effects_statistic
from postgwas.meta.m_values import m_values


def _naive(x: np.ndarray, s: np.ndarray, sigma: float, prior: tuple[float, float]) -> np.ndarray:
    top, whole = np.zeros(x.size), 0.0
    for chosen in product([0, 1], repeat=x.size):
        t = np.array(chosen, float)
        covariance = np.diag(s**2) + sigma**2 * np.outer(t, t)
        share = beta_function(t.sum() + prior[0], x.size - t.sum() + prior[1])
        weight = share * multivariate_normal.pdf(x, np.zeros(x.size), covariance)
        top, whole = top + t * weight, whole + weight
    return top / whole


@pytest.mark.parametrize("prior", [(1.0, 1.0), (2.0, 5.0)])
def test_all_sets_of_studies(prior: tuple[float, float], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    se = rng.uniform(0.02, 0.2, (5, 8))
    beta = rng.normal(0, 0.15, (5, 8))
    beta[1, 3] = np.nan
    told = np.full((5, 8), np.nan)
    for j in range(8):
        there = ~np.isnan(beta[:, j])
        told[there, j] = _naive(beta[there, j], se[there, j], 0.2, prior)
    np.testing.assert_allclose(m_values(beta, se, prior=prior), told, rtol=1e-8)
    # The integral that is used with more studies.
    monkeypatch.setattr(module, "MOST_ENUMERATED", 0)
    np.testing.assert_allclose(m_values(beta, se, prior=prior), told, rtol=1e-6)


def test_order_and_sign() -> None:
    rng = np.random.default_rng(3)
    beta, se = rng.normal(0, 0.1, (6, 10)), rng.uniform(0.02, 0.1, (6, 10))
    plain, order = m_values(beta, se), rng.permutation(6)
    np.testing.assert_allclose(m_values(beta[order], se[order]), plain[order], rtol=1e-10)
    np.testing.assert_allclose(m_values(-beta, se), plain, rtol=1e-12)


def test_binary_effects_by_plain_sampling() -> None:
    rng = np.random.default_rng(5)
    se = np.array([0.05, 0.08, 0.1])
    beta = np.array([0.13, -0.02, 0.06])
    found = binary_effects_mlog10p(beta[:, None], se[:, None], keys=np.array([7]))
    observed = binary_effects_statistic(beta[:, None], se[:, None], m_values(beta[:, None], se[:, None]))[0]
    draws = 200_000
    errors = np.repeat(se[:, None], draws, axis=1)
    noise = rng.standard_normal((3, draws)) * errors
    plain = np.mean(np.abs(binary_effects_statistic(noise, errors, m_values(noise, errors))) >= abs(observed))
    assert 10.0 ** -found[0] == pytest.approx(plain, rel=0.08)
    # Its random numbers are the variant's own.
    twice = binary_effects_mlog10p(np.tile(beta[:, None], 2), np.tile(se[:, None], 2), keys=np.array([3, 7]))
    assert twice[1] == found[0] != twice[0]


def test_too_many_studies() -> None:
    with pytest.raises(UsageError, match="at most 10"):
        binary_effects_mlog10p(np.zeros((11, 1)), np.ones((11, 1)), keys=np.zeros(1, np.int64))
