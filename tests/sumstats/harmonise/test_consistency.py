"""P and Z against BETA/SE: rounding is forgiven, errors are found, causes are named."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from postgwas.sumstats.derive import mlog10p_from_z, p_from_z
from postgwas.sumstats.harmonise.consistency import ConsistencySummary, check_consistency, total
from postgwas.sumstats.harmonise.precision import Precision

Array = npt.NDArray[np.float64]

RNG = np.random.default_rng(11)
Z = RNG.normal(0, 1.5, 4000)
SE = RNG.uniform(0.005, 0.05, Z.size)
BETA = Z * SE


def printed(values: Array, form: str) -> Array:
    return np.array([float(form % v) for v in values])


@pytest.mark.parametrize(
    ("effect", "p"),
    [("%.4f", "%.3g"), ("%.3g", "%.1e"), ("%.3f", "%.2g"), ("%.6g", "%.3f"), ("%.17g", "%.17g")],
)
def test_rounding_is_no_disagreement(effect: str, p: str) -> None:
    found = check_consistency(
        printed(BETA, effect), printed(SE, effect), p=printed(p_from_z(Z), p), z=printed(Z, "%.2f")
    )
    assert (found.summary.n_p_differ, found.summary.n_z_differ) == (0, 0)
    assert found.summary.n_p + (printed(SE, effect) == 0).sum() == Z.size
    assert found.summary.warnings("x") == ()


@pytest.mark.parametrize("size", [0.5, 3.0, 10.0, 60.0])
def test_a_false_p_is_found(size: float) -> None:
    # Beyond the double range only -log10 P can be given.
    right = mlog10p_from_z(np.array([size]))
    for wrong, differs in ((right * 1.2 + 0.2, True), (right * 1.02, False), (right / 1.2 - 0.2, True)):
        given_m = np.maximum(wrong, 0)
        se = np.array([0.0123456])
        found = check_consistency(size * se, se, mlog10p=given_m)
        assert found.p_differs.tolist() == [differs and abs(given_m[0] - right[0]) > 0.1]
        assert found.mlog10p[0] == pytest.approx(right[0])


def test_p_of_zero_says_that_it_is_small() -> None:
    beta, se, p = np.array([10.001, 9.001, 3.001]), np.full(3, 1.001), np.zeros(3)
    assert check_consistency(beta, se, p=p).p_differs.tolist() == [False, False, True]


def test_p_outside_its_range_and_missing_values_are_not_checked() -> None:
    nan = float("nan")
    beta, se = np.array([nan, 1.0, 1.0, 1.0, 1.0]), np.array([1.0, nan, 0.0, 1.0, -1.0])
    found = check_consistency(beta, se, p=np.array([0.1, 0.1, 0.1, 1.5, 0.1]), z=np.full(5, 9.0))
    assert not found.p_differs.any()
    assert (found.summary.n_p, found.summary.n_z) == (0, 1)


@pytest.mark.parametrize(
    ("beta", "se", "p", "cause"),
    [
        (BETA * 4, SE * 4 * np.exp(BETA * 4), p_from_z(Z), "SE that of the odds ratio"),
        (np.exp(BETA), SE, p_from_z(Z), "BETA is an odds ratio"),
        (np.exp(BETA * 4), SE * 4 * np.exp(BETA * 4), p_from_z(Z), "BETA and SE are of the odds ratio"),
        (BETA, SE**2, p_from_z(Z), "SE is a variance"),
        (BETA, SE * 1.959964, p_from_z(Z), "half of a 95 % confidence interval"),
        (BETA, SE, p_from_z(Z) / 2, "half of the two-sided"),
        (BETA, SE, stats.norm.sf(Z), "for a positive effect"),
        (BETA, SE, stats.norm.sf(-Z), "for a negative effect"),
        (BETA, SE, p_from_z(Z / np.sqrt(1.25)), "chi^2 of P is 0.800 times"),
    ],
)
def test_systematic_disagreements_are_named(beta: Array, se: Array, p: Array, cause: str) -> None:
    (line,) = check_consistency(beta, se, p=p).summary.warnings("a.txt")
    assert line.startswith("a.txt: P disagrees with BETA/SE in ")
    assert cause in line


def test_p_of_a_t_test_is_named_where_n_is_known() -> None:
    p = 2 * stats.t.sf(np.abs(Z), 18)
    n = np.full(Z.size, 20.0)
    assert "N - 2 degrees of freedom" in check_consistency(BETA, SE, p=p, n=n).summary.warnings("x")[0]
    assert "N - 2" not in check_consistency(BETA, SE, p=p).summary.warnings("x")[0]


def test_p_of_other_rows_has_no_cause() -> None:
    (line,) = check_consistency(BETA, SE, p=np.roll(p_from_z(Z), 1)).summary.warnings("x")
    assert "no single cause" in line


def test_z_of_the_other_sign_is_counted() -> None:
    z = np.where(np.arange(Z.size) % 10 == 0, -Z, Z)
    found = check_consistency(BETA, SE, z=z)
    wrong = (np.arange(Z.size) % 10 == 0) & (np.abs(2 * Z) > 0.05)
    assert (found.z_differs == (wrong & (2 * np.abs(Z) > np.maximum(0.05, 0.025 * np.abs(Z))))).all()
    assert found.summary.n_z_sign == found.summary.n_z_differ == int(wrong.sum())
    assert "of them in sign" in found.summary.warnings("x")[0]


def test_chromosomes_add_up() -> None:
    p = p_from_z(Z / np.sqrt(1.25))
    parts = [slice(0, 1000), slice(1000, None)]
    found = [check_consistency(BETA[s], SE[s], p=p[s], z=Z[s]).summary for s in parts]
    whole = check_consistency(BETA, SE, p=p, z=Z).summary
    added = total(found)
    assert (added.n_p, added.n_p_differ, added.n_z) == (whole.n_p, whole.n_p_differ, whole.n_z)
    assert added.explained.counts == whole.explained.counts
    assert total(found) == total(found[::-1])
    assert total([]) == ConsistencySummary()


@given(st.permutations(range(12)))
def test_order_of_rows_changes_nothing(order: list[int]) -> None:
    p = np.where(np.arange(12) % 3 == 0, 0.5, p_from_z(Z[:12]))
    found = check_consistency(BETA[:12], SE[:12], p=p)
    shuffled = check_consistency(BETA[order], SE[order], p=p[order])
    assert found.summary == shuffled.summary
    assert found.p_differs[order].tolist() == shuffled.p_differs.tolist()


def decimals_of(text: str) -> int:
    exponent = Decimal(text).normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def digits_of(text: str) -> int:
    return len(Decimal(text).normalize().as_tuple().digits)


@given(
    st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=30),
    st.sampled_from(["%.2f", "%.4f", "%.3g", "%.2e", "%.6g"]),
)
def test_precision_is_that_of_the_text(values: list[float], form: str) -> None:
    texts = [form % v for v in values if float(form % v) != 0]
    found = Precision.of(np.array([float(t) for t in texts]))

    def most(count: Callable[[str], int]) -> int | None:
        highest = max((count(t) for t in texts), default=99)
        return highest if highest <= 9 else None

    assert (found.decimals, found.digits) == (most(decimals_of), most(digits_of))


def test_a_tiny_value_needs_more_decimals_than_are_told() -> None:
    assert Precision.of(np.array([0.5, 1e-16])) == Precision(None, 1)


def test_rounding_error_is_half_of_the_last_place() -> None:
    assert Precision(2, None).half_unit(np.array([0.25, -3.0])).tolist() == [0.005, 0.005]
    assert Precision(None, 2).half_unit(np.array([2.5e-8, -31.0])) == pytest.approx([5e-10, 0.5])
    assert Precision(None, None).half_unit(np.array([1 / 3])).tolist() == [0.0]
