"""The beta approximation beside naive fits, and its tails."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from postgwas.qtl.beta_fit import NO_FIT, fit_beta
from postgwas.qtl.log_beta_tail import log_beta_tail


def null_maxima(n_tests: int, df: float, count: int = 1000, seed: int = 0) -> np.ndarray:
    """Best of independent squared correlations."""
    rng = np.random.default_rng(seed)
    return rng.beta(0.5, df / 2, (count, n_tests)).max(axis=1)


def p_values(r2: np.ndarray, df: float) -> np.ndarray:
    return 2 * scipy.stats.t.sf(np.sqrt(r2 * df / (1 - r2)), df)


@pytest.mark.parametrize(("n_tests", "df"), [(1, 20.0), (2, 500.0), (30, 80.0), (400, 280.0)])
def test_fit_is_the_naive_one(n_tests: int, df: float) -> None:
    """Degrees of freedom by bisection, shapes by scipy's maximum likelihood."""
    r2 = null_maxima(n_tests, df)

    def shape1(freedom: float) -> float:
        p = p_values(r2, freedom)
        return float(p.mean() * (p.mean() * (1 - p.mean()) / p.var() - 1))

    low, high = df / 4, df * 4
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if shape1(middle) > 1 else (low, middle)
    a, b, _, _ = scipy.stats.beta.fit(p_values(r2, low), floc=0, fscale=1)
    fit = fit_beta(r2, df=df)
    assert fit.df == pytest.approx(low, rel=1e-7)
    # scipy's search stops at about 1e-7.
    assert (fit.shape1, fit.shape2) == pytest.approx((a, b), rel=1e-5)
    assert np.exp(fit.log_p_beta(0.1)) == pytest.approx(
        scipy.stats.beta.cdf(p_values(np.array(0.1), fit.df), fit.shape1, fit.shape2), rel=1e-10
    )


def test_p_values_do_not_underflow() -> None:
    fit = fit_beta(null_maxima(50, 2000.0), df=2000.0)
    near, nearer = fit.log_p_beta(1 - 1e-9), fit.log_p_beta(1 - 1e-10)
    assert nearer < near < -15_000
    assert fit.log_p_beta(1.0) == -np.inf


def test_null_maxima_give_a_uniform_p() -> None:
    seen = null_maxima(40, 100.0, count=2000, seed=1)
    fit = fit_beta(null_maxima(40, 100.0, count=2000, seed=2), df=100.0)
    p = np.exp([fit.log_p_beta(one) for one in seen])
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.01


@pytest.mark.parametrize(
    "r2", [[], [0.1, 0.2], [0.1] * 50, [0.1, np.nan, 0.2, 0.3], [0.1, 1.0, 0.2, 0.3], [0.0, 0.1, 0.2, 0.3]]
)
def test_maxima_that_allow_no_fit(r2: list[float]) -> None:
    assert fit_beta(np.array(r2), df=50.0) == NO_FIT or not fit_beta(np.array(r2), df=50.0).fitted


@given(st.floats(0.3, 3000.0), st.floats(0.3, 3000.0), st.floats(-5000.0, -1e-3))
def test_log_beta_tail_is_scipys_where_that_is_not_0(a: float, b: float, log_x: float) -> None:
    expected = scipy.stats.beta.logcdf(np.exp(log_x), a, b)
    ours = float(log_beta_tail(log_x, a, b))
    assert ours <= 0
    if np.isfinite(expected) and expected > -500:
        assert ours == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_log_beta_tail_follows_the_leading_power_far_out() -> None:
    """I_x(a, b) tends to x^a / (a B(a, b))."""
    a, b = 1.3, 400.0
    near, far = float(log_beta_tail(-3000.0, a, b)), float(log_beta_tail(-4000.0, a, b))
    assert far - near == pytest.approx(-1000 * a, rel=1e-12)
    assert float(log_beta_tail(-np.inf, a, b)) == -np.inf
    # Where the series takes over nothing jumps.
    grid = np.linspace(-460, -430, 200)
    assert np.abs(np.diff(log_beta_tail(grid, a, b), 2)).max() < 1e-10
