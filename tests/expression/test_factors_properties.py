"""Normalisation factors: a slow and plain TMM, and what must not change them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import postgwas.expression as expression
from postgwas.errors import InputError, UsageError
from postgwas.expression.log2_c import log2_c


def simulated(seed: int, genes: int = 120, samples: int = 5, scale: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    means = np.exp(rng.normal(scale, 1.5, (genes, 1))) * np.exp(rng.normal(0, 0.4, samples))
    return rng.negative_binomial(3, 3 / (3 + means)).astype(np.float64) + np.eye(genes, samples)


def naive_rank(values: list[float], at: int) -> float:
    below = sum(v < values[at] for v in values)
    equal = sum(v == values[at] for v in values)
    return below + (equal + 1) / 2


def naive_tmm(counts: np.ndarray, reference: int, trim_m: float = 0.3, trim_a: float = 0.05) -> np.ndarray:
    """Robinson & Oshlack's definition, gene by gene and rank by rank."""
    totals = counts.sum(axis=0)
    logs = []
    for k in range(counts.shape[1]):
        m, a, w = [], [], []
        for y, r in zip(counts[:, k], counts[:, reference]):
            if y > 0 and r > 0:
                share, other = y / totals[k], r / totals[reference]
                m.append(np.log2(share / other))
                a.append((np.log2(share) + np.log2(other)) / 2)
                w.append(
                    1 / ((totals[k] - y) / totals[k] / y + (totals[reference] - r) / totals[reference] / r)
                )
        n = len(m)
        low_m, low_a = int(n * trim_m) + 1, int(n * trim_a) + 1
        kept = [
            i
            for i in range(n)
            if low_m <= naive_rank(m, i) <= n + 1 - low_m and low_a <= naive_rank(a, i) <= n + 1 - low_a
        ]
        total = sum(w[i] for i in kept)
        logs.append(sum(w[i] * m[i] for i in kept) / total if total else 0.0)
    logs = np.array(logs)
    return 2.0 ** (logs - logs.mean())


@pytest.mark.parametrize("seed", range(6))
def test_tmm_is_the_papers(seed: int) -> None:
    counts = simulated(seed, scale=0.5 if seed % 2 else 2.5)
    for reference in (0, 3):
        found = expression.tmm(counts, ref_column=reference)
        np.testing.assert_allclose(found, naive_tmm(counts, reference), rtol=1e-12)


ORDER_FREE = {
    "tmm": expression.tmm,
    "rle": expression.rle,
    "upper_quartile": expression.upper_quartile,
    "ratio": expression.size_factors,
    "poscounts": lambda x: expression.size_factors(x, type="poscounts"),
}


@given(seed=st.integers(0, 10_000), fractions=st.booleans())
@settings(max_examples=20)
def test_the_order_of_genes_changes_no_bit(seed: int, fractions: bool) -> None:
    rng = np.random.default_rng(seed)
    counts = simulated(seed)
    if fractions:
        counts = counts + rng.random(counts.shape)
    order = rng.permutation(len(counts))
    for name, call in ORDER_FREE.items():
        np.testing.assert_array_equal(call(counts[order]), call(counts), err_msg=name)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_the_order_of_samples_permutes_factors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = simulated(seed)
    order = rng.permutation(counts.shape[1])
    for name, call in {**ORDER_FREE, "tmmwsp": expression.tmmwsp}.items():
        np.testing.assert_array_equal(call(counts[:, order]), call(counts)[order], err_msg=name)


def test_the_order_of_genes_matters_little_to_tmmwsp() -> None:
    """edgeR gives genes of one A their places in the order of the file; so do we."""
    counts = simulated(3, genes=400)
    order = np.random.default_rng(1).permutation(len(counts))
    np.testing.assert_allclose(expression.tmmwsp(counts[order]), expression.tmmwsp(counts), rtol=5e-3)


@given(seed=st.integers(0, 10_000), power=st.integers(1, 6))
@settings(max_examples=20)
def test_a_deeper_sample_has_the_same_factor(seed: int, power: int) -> None:
    """Times a power of two no M, A or rank changes a bit; only the weights do, and not at all unweighted."""
    counts = simulated(seed)
    deeper = counts.copy()
    deeper[:, 2] *= 2.0**power
    for call in (
        lambda x: expression.tmm(x, ref_column=0, do_weighting=False),
        lambda x: expression.upper_quartile(x),
        lambda x: expression.rle(x),
    ):
        np.testing.assert_allclose(call(deeper), call(counts), rtol=1e-12)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_factors_multiply_to_one(seed: int) -> None:
    counts = simulated(seed)
    for call in (expression.tmm, expression.tmmwsp, expression.rle, expression.upper_quartile):
        assert np.log(call(counts)).sum() == pytest.approx(0, abs=1e-12)


def test_tmm_finds_the_composition_effect() -> None:
    """One gene takes half of the reads of sample 2; all others keep their proportions."""
    counts = np.tile(np.arange(20.0, 120.0)[:, None], 2)
    counts[0, 1] = counts[1:, 1].sum()
    factors = expression.tmm(counts)
    effective = counts.sum(axis=0) * factors
    assert effective[0] == pytest.approx(effective[1], rel=1e-12)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda x: x.__setitem__((3, 1), -2.0), "row 4 and column 2, is -2 and is negative"),
        (lambda x: x.__setitem__((0, 2), np.nan), "row 1 and column 3, is nan and is not a finite number"),
        (lambda x: x.__setitem__((5, 0), np.inf), "row 6 and column 1, is inf"),
        (lambda x: x.__setitem__((slice(None), 3), 0.0), r"without a single read \(total 0\): column 4"),
    ],
)
def test_bad_counts_are_named(change: object, told: str) -> None:
    counts = simulated(1)
    change(counts)  # type: ignore[operator]
    for call in (*ORDER_FREE.values(), expression.tmmwsp, expression.cpm, expression.filter_by_expression):
        with pytest.raises(InputError, match=told):
            call(counts)


def test_options_out_of_range() -> None:
    counts = simulated(1)
    for call, told in (
        (lambda: expression.tmm(counts, logratio_trim=0.5), "logratio_trim 0.5"),
        (lambda: expression.tmmwsp(counts, sum_trim=-0.1), "sum_trim -0.1"),
        (lambda: expression.tmm(counts, ref_column=5), "ref_column 5: expected 0 to 4"),
        (lambda: expression.tmm(counts, lib_size=[1, 2]), "lib_size: expected 5 values"),
        (lambda: expression.tmm(counts, lib_size=[1.0] * 5), "none below the count of a single gene"),
        (lambda: expression.upper_quartile(counts, p=1.5), "p 1.5"),
        (lambda: expression.size_factors(counts, type="other"), "type 'other'"),  # type: ignore[arg-type]
        (lambda: expression.cpm(counts, log=True, prior_count=0), "prior_count 0"),
        (lambda: expression.cpm(counts, norm_factors=[1, 1, 1, 1, 0]), "expected 5 positive numbers"),
    ):
        with pytest.raises(UsageError, match=told):
            call()


def test_logarithms_are_the_c_librarys() -> None:
    """R and Python's math call the same function; NumPy has its own on some processors."""
    values = np.random.default_rng(8).random(2000) * 10.0 ** np.arange(-10, 10).repeat(100)
    assert log2_c(values).tolist() == [math.log2(value) for value in values]
    every_second = values.reshape(40, 50)[::2, ::2]
    assert log2_c(every_second).ravel().tolist() == [math.log2(value) for value in every_second.ravel()]
