"""q-values: what happens with few P-values, ties, missing ones, and what always holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.qtl.qvalues import qvalue
from postgwas.qtl.smoothing_spline import smoothing_spline


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """The least of p m / rank over all P-values that are not smaller."""
    ranks = np.array([np.count_nonzero(p <= one) for one in p])
    return np.array([min(1.0, (p[p >= one] * len(p) / ranks[p >= one]).min()) for one in p])


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40))
def test_bh_is_the_definition(p: list[float]) -> None:
    values = np.array(p)
    np.testing.assert_allclose(qvalue(values, method="bh").q, benjamini_hochberg(values), rtol=1e-12)


@given(st.integers(0, 10_000), st.sampled_from(["smoother", "bootstrap"]))
def test_order_of_p_values_is_kept_and_without_effect(seed: int, method: Any) -> None:
    rng = np.random.default_rng(seed)
    p = np.append(rng.random(60), rng.beta(0.2, 8.0, 40))
    order = rng.permutation(100)
    straight, turned = qvalue(p, method=method), qvalue(p[order], method=method)
    assert np.array_equal(straight.q[order], turned.q)
    assert (np.diff(straight.q[np.argsort(p)]) >= 0).all()
    assert (straight.q <= straight.pi0).all()


@pytest.mark.parametrize(
    ("p", "why"),
    [
        (np.linspace(0.01, 1, 19), "19 P-values are too few"),
        (np.linspace(0.0, 0.9, 50), "no P-value is above 0.95"),
        (np.append(np.linspace(0.3, 0.55, 400), 0.951), "the estimate of pi0 is -0.1"),
    ],
)
def test_falls_back_to_bh_with_a_note(p: np.ndarray, why: str) -> None:
    result = qvalue(p)
    assert result.method == "bh" and result.pi0 == 1.0
    assert result.note is not None and why in result.note and "Benjamini-Hochberg" in result.note
    np.testing.assert_allclose(result.q, benjamini_hochberg(p), rtol=1e-12)


def test_missing_p_values_stay_missing_and_do_not_count() -> None:
    p = np.random.default_rng(1).random(50)
    with_gaps = np.insert(p, [0, 20], np.nan)
    result = qvalue(with_gaps)
    assert np.isnan(result.q[[0, 21]]).all()
    assert np.array_equal(np.delete(result.q, [0, 21]), qvalue(p).q)


@pytest.mark.parametrize(
    ("p", "options", "what"),
    [
        ([0.5, 1.5], {}, "outside 0 to 1"),
        ([0.5], {"lambda_": 1.0}, "lambda lies in 0 to 1"),
        ([0.5], {"lambda_": [0.1, 0.2]}, "4 to 49 increasing"),
        ([0.5], {"lambda_": [0.4, 0.3, 0.2, 0.1]}, "4 to 49 increasing"),
        ([0.5], {"pi0": 0.0}, "pi0 lies in"),
        ([0.5], {"method": "spline"}, "no method 'spline'"),
        ([[0.5]], {}, "not one axis"),
    ],
)
def test_refuses_what_cannot_be(p: Any, options: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        qvalue(p, **options)


def test_a_straight_line_is_not_smoothed() -> None:
    x = np.linspace(0, 1, 12)
    np.testing.assert_allclose(smoothing_spline(x, 3 - 2 * x).fitted, 3 - 2 * x, atol=1e-9)


@pytest.mark.parametrize(
    ("x", "what"),
    [
        (np.arange(3.0), "3 points"),
        (np.arange(50.0), "50 points"),
        (np.array([0.0, 2.0, 1.0, 3.0]), "not increase"),
    ],
)
def test_points_that_cannot_be_smoothed(x: np.ndarray, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        smoothing_spline(x, x)
