"""RE2 and RE2C: their distribution by simulation, their likelihood by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from postgwas.meta.chi2_tails import chi2_mlog10p
from postgwas.meta.re2_likelihood import re2_statistic
from postgwas.meta.re2_null import re2_null


@pytest.mark.parametrize(("n", "rho"), [(2, 0.0), (5, 0.3), (8, 0.0)])
def test_null_p_values_are_uniform(n: int, rho: float) -> None:
    rng = np.random.default_rng(11)
    draws = 30_000
    noise = rng.standard_normal((n, draws)) * np.sqrt(1 - rho) + rng.standard_normal(draws) * np.sqrt(rho)
    matrix = np.full((n, n), rho) + (1 - rho) * np.eye(n)
    found = re2_statistic(noise, np.ones((n, draws)), correlation=matrix if rho else None)
    null = re2_null(n, rho)
    assert np.mean(found.tau2 == 0) == pytest.approx(null.zero_probability, abs=0.011)
    p, conditional = null.mlog10p(found.total), null.conditional_mlog10p(found.fixed, found.added)
    for level in (0.5, 0.1, 0.01, 0.001):
        error = 4.5 * np.sqrt(level * (1 - level) / draws)
        assert np.mean(p >= -np.log10(level)) == pytest.approx(level, abs=error)
        if level < 0.2:
            assert np.mean(conditional >= -np.log10(level)) == pytest.approx(level, abs=error)


@pytest.mark.parametrize("correlated", [False, True])
def test_statistic_is_the_highest_likelihood(correlated: bool) -> None:
    rng = np.random.default_rng(2)
    k, v = 4, 25
    se = rng.uniform(0.02, 0.3, (k, v))
    beta = rng.normal(0, np.sqrt(se**2 + rng.choice([0.0, 0.01, 1.0], v)))
    beta[2, :8] = np.nan
    root = rng.standard_normal((k, 2 * k))
    matrix = np.corrcoef(root) * 0.5 + 0.5 * np.eye(k) if correlated else np.eye(k)
    found = re2_statistic(beta, se, correlation=matrix if correlated else None)
    for j in range(v):
        there = ~np.isnan(beta[:, j])
        y, s = beta[there, j], se[there, j]
        covariance = matrix[np.ix_(there, there)] * np.outer(s, s)

        def deviance(tau2: float, y: np.ndarray = y, c: np.ndarray = covariance) -> float:
            total = c + tau2 * np.eye(y.size)
            inverse = np.linalg.inv(total)
            mean = inverse.sum(axis=0) @ y / inverse.sum()
            return float(np.linalg.slogdet(total)[1] + (y - mean) @ inverse @ (y - mean))

        none = float(np.linalg.slogdet(covariance)[1] + y @ np.linalg.inv(covariance) @ y)
        best = min(deviance(t) for t in np.concatenate([[0.0], np.geomspace(1e-5, 10, 1500)]))
        assert found.fixed[j] == pytest.approx(none - deviance(0.0), rel=1e-9, abs=1e-9)
        assert found.total[j] == pytest.approx(none - best, abs=2e-3)
        assert found.total[j] >= none - best - 1e-9


def test_no_correlation_is_the_unit_matrix() -> None:
    rng = np.random.default_rng(4)
    beta, se = rng.normal(0, 0.2, (5, 50)), rng.uniform(0.05, 0.2, (5, 50))
    plain, unit = re2_statistic(beta, se), re2_statistic(beta, se, correlation=np.eye(5))
    np.testing.assert_allclose(plain.total, unit.total, rtol=1e-8)


def test_tails_far_out_and_one_study() -> None:
    null = re2_null(6)
    s = np.array([2990.0, 3000.0, 3010.0, 1e6])
    p = null.mlog10p(s)
    assert np.all(np.diff(p) > 0) and p[-1] == pytest.approx(1e6 / 2 / np.log(10), rel=1e-3)
    # Between the chi-squares of one and of two degrees of freedom at any statistic.
    grid = np.linspace(0.5, 2000, 300)
    assert np.all(null.mlog10p(grid) < chi2_mlog10p(grid, 1))
    np.testing.assert_allclose(re2_null(1).mlog10p(grid), chi2_mlog10p(grid, 1))
    assert re2_null(1).conditional_mlog10p(30.0, 0.0) == 0.0


def test_conditional_p_needs_heterogeneity() -> None:
    null = re2_null(5)
    fixed = np.array([0.01, 1.0, 30.0])
    edge = null.threshold(fixed)
    assert np.all(null.conditional_mlog10p(fixed, edge * 0.99) == 0)
    assert np.all(null.conditional_mlog10p(fixed, edge * 1.01) > 0)
    # At the threshold RE2 and the fixed effect have the same P.
    np.testing.assert_allclose(null.mlog10p(fixed + edge), chi2_mlog10p(fixed, 1), rtol=1e-6)
