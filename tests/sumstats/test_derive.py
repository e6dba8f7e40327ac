"""Z, P and -log10 P from one another, far beyond what a double P can hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from postgwas.sumstats import derive

finite_z = st.floats(1e-3, 1e4)


@given(st.lists(finite_z, min_size=1, max_size=50))
def test_z_to_mlog10p_and_back(values: list[float]) -> None:
    z = np.array(values)
    back = derive.abs_z_from_mlog10p(derive.mlog10p_from_z(-z))
    # Near P = 1 a relative error of -log10 P of 1e-16 is one of z itself of about the same size.
    np.testing.assert_allclose(back, z, rtol=1e-12)


@given(st.lists(st.floats(1e-12, 1e6), min_size=1, max_size=50))
def test_mlog10p_to_z_and_back(values: list[float]) -> None:
    size = np.array(values)
    np.testing.assert_allclose(
        derive.mlog10p_from_z(derive.abs_z_from_mlog10p(size)), size, rtol=1e-13, atol=1e-15
    )


@given(st.lists(st.floats(1e-300, 1.0), min_size=1, max_size=50))
def test_p_to_z_and_back(values: list[float]) -> None:
    p = np.array(values)
    z = derive.abs_z_from_p(p)
    np.testing.assert_allclose(derive.p_from_z(z), p, rtol=2e-12)
    np.testing.assert_allclose(derive.abs_z_from_mlog10p(derive.mlog10p_from_p(p)), z, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(derive.p_from_mlog10p(derive.mlog10p_from_p(p)), p, rtol=2e-13)


def test_against_scipy() -> None:
    z = np.array([0.0, 0.1, 1.0, 1.959963984540054, 5.0, 20.0, 37.0])
    np.testing.assert_allclose(derive.p_from_z(z), 2 * scipy_stats.norm.sf(z), rtol=1e-13)
    np.testing.assert_allclose(derive.p_from_z(-z), derive.p_from_z(z), rtol=0)
    assert derive.mlog10p_from_z(np.array([0.0]))[0] == 0.0


def test_known_values() -> None:
    # The tail's asymptotic series: 2 Phi(-z) = sqrt(2 / pi) exp(-z^2 / 2) / z (1 - 1 / z^2 + 3 / z^4 ...).
    z = np.array([1e3, 1e4])
    series = z**2 / 2 * np.log10(np.e) + np.log10(z * np.sqrt(np.pi / 2)) - np.log10(1 - z**-2 + 3 * z**-4)
    np.testing.assert_allclose(derive.mlog10p_from_z(z), series, rtol=1e-15)
    assert derive.abs_z_from_p(np.array([1.0]))[0] == 0.0
    assert np.isnan(derive.abs_z_from_p(np.array([0.0, -0.1, 1.2, np.nan]))).all()
    assert np.isnan(derive.abs_z_from_mlog10p(np.array([-1.0, np.nan]))).all()
    assert np.isinf(derive.abs_z_from_mlog10p(np.array([np.inf])))[0]
    assert np.isnan(derive.mlog10p_from_p(np.array([0.0, 1.5]))).all()


def test_sign_is_never_guessed() -> None:
    size, effect = np.array([2.0, 2.0, 2.0, 0.0]), np.array([0.1, -0.1, 0.0, 0.0])
    np.testing.assert_array_equal(derive.signed_z(size, effect), [2.0, -2.0, np.nan, 0.0])


def test_beta_and_se_from_z_match_a_regression() -> None:
    """A standardised trait regressed on genotypes in Hardy-Weinberg proportions."""
    rng = np.random.default_rng(3)
    n, f = 20000, 0.3
    x = rng.binomial(2, f, n).astype(float)
    y = 0.2 * x + rng.normal(size=n)
    y = (y - y.mean()) / y.std()
    fit = scipy_stats.linregress(x, y)
    z = fit.slope / fit.stderr
    beta, se = derive.beta_se_from_z(np.array([z]), np.array([f]), np.array([float(n)]))
    assert beta[0] == pytest.approx(fit.slope, rel=0.02)
    assert se[0] == pytest.approx(fit.stderr, rel=0.02)
    assert np.isnan(
        derive.beta_se_from_z(np.ones(3), np.array([0.0, 1.0, 0.5]), np.array([9.0, 9.0, 0.0]))[1]
    ).all()


@given(st.floats(-40, 40), st.floats(0.001, 0.999), st.floats(10, 1e7))
def test_allele_swap_flips_beta_and_nothing_else(z: float, f: float, n: float) -> None:
    there = derive.beta_se_from_z(np.array([z]), np.array([f]), np.array([n]))
    swapped = derive.beta_se_from_z(np.array([-z]), np.array([1 - f]), np.array([n]))
    np.testing.assert_allclose(there[0], -swapped[0], rtol=1e-12)
    np.testing.assert_allclose(there[1], swapped[1], rtol=1e-12)


def test_interval() -> None:
    low, high = np.exp(0.3 - 1.959963984540054 * 0.1), np.exp(0.3 + 1.959963984540054 * 0.1)
    assert derive.se_from_interval(np.array([low]), np.array([high]))[0] == pytest.approx(0.1, rel=1e-12)
    assert np.isnan(derive.se_from_interval(np.array([0.0, 2.0]), np.array([1.0, 1.0]))).all()
