"""Random effects: obvious loops, and what must not change the result."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from postgwas.meta.chi2_tails import chi2_mlog10p
from postgwas.meta.random_effects import TAU2_METHODS, RandomEffects, Tau2Method, random_effects

FIELDS = ("beta", "se", "stat", "mlog10p", "tau2", "q", "i2", "h2")


def _draw(seed: int, k: int, v: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.01, 0.3, (k, v))
    beta = rng.normal(0.1, np.sqrt(se**2 + rng.choice([0.0, 0.01, 0.2], v)))
    beta[rng.random((k, v)) < 0.2] = np.nan
    return beta, se


def _same(a: RandomEffects, b: RandomEffects, rtol: float = 1e-9) -> None:
    for name in FIELDS:
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=rtol, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("restricted", [False, True])
def test_likelihood_methods_find_the_maximum(restricted: bool) -> None:
    beta, se = _draw(3, 6, 40)
    found = random_effects(beta, se, method="REML" if restricted else "ML")

    def naive(tau2: float, y: np.ndarray, v: np.ndarray) -> float:
        covariance = np.diag(v + tau2)
        inverse = np.linalg.inv(covariance)
        one = np.ones_like(y)
        mean = (one @ inverse @ y) / (one @ inverse @ one)
        value = np.linalg.slogdet(covariance)[1] + (y - mean) @ inverse @ (y - mean)
        return value + (np.log(one @ inverse @ one) if restricted else 0.0)

    for j in range(40):
        there = ~np.isnan(beta[:, j])
        if there.sum() < 2:
            continue
        y, v = beta[there, j], se[there, j] ** 2
        best = minimize_scalar(naive, bounds=(0, 2), args=(y, v), method="bounded", options={"xatol": 1e-10})
        assert naive(float(found.tau2[j]), y, v) <= min(best.fun, naive(0.0, y, v)) + 1e-6


@pytest.mark.parametrize("method", TAU2_METHODS)
@settings(max_examples=12)
@given(seed=st.integers(0, 2**20))
def test_order_of_studies_and_sign_of_the_allele(method: str, seed: int) -> None:
    beta, se = _draw(seed, 5, 6)
    order = np.random.default_rng(seed + 1).permutation(5)
    kind = cast(Tau2Method, method)
    plain = random_effects(beta, se, method=kind, test="knha")
    _same(plain, random_effects(beta[order], se[order], method=kind, test="knha"))
    turned = random_effects(-beta, se, method=kind, test="knha")
    np.testing.assert_array_equal(turned.beta, -plain.beta)
    np.testing.assert_array_equal(turned.mlog10p, plain.mlog10p)
    np.testing.assert_array_equal(turned.tau2, plain.tau2)


def test_variants_do_not_touch_each_other() -> None:
    beta, se = _draw(8, 5, 30)
    whole = random_effects(beta, se, method="REML")
    names = RandomEffects.__dataclass_fields__
    for j in (0, 7, 29):
        alone = random_effects(beta[:, [j]], se[:, [j]], method="REML")
        _same(alone, RandomEffects(**{name: getattr(whole, name)[[j]] for name in names}), rtol=0)


def test_a_variant_without_studies_or_with_bad_errors_is_nan() -> None:
    beta = np.array([[np.nan, 0.1, 0.1], [np.nan, 0.2, 0.2]])
    se = np.array([[0.1, 0.0, 0.1], [0.1, 0.1, np.inf]])
    found = random_effects(beta, se, method="PM")
    assert np.isnan(found.beta[0]) and np.isnan(found.mlog10p[0]) and np.isnan(found.i2[0])
    assert found.k.tolist() == [0, 1, 1]
    np.testing.assert_allclose(found.beta[1:], [0.2, 0.1])


def test_nothing_underflows() -> None:
    found = random_effects(np.full((3, 1), 10.0), np.full((3, 1), 0.01), method="FE")
    assert 651_000 < found.mlog10p[0] < 652_000
    assert np.isfinite(chi2_mlog10p([1e5, 1e5], [3, 40])).all()


def test_chi_square_tails_meet_where_the_way_of_computing_changes() -> None:
    for df in (2, 3, 7, 30):
        statistic = np.linspace(1200.0, 1500.0, 400)
        fall = np.diff(chi2_mlog10p(statistic, df), n=2)
        assert np.abs(fall).max() < 1e-4
    # df 2 is exp(-x / 2).
    np.testing.assert_allclose(chi2_mlog10p([0.5, 30.0, 4000.0], 2), np.array([0.25, 15, 2000]) / np.log(10))
