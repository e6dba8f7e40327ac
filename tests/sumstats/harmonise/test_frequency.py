"""Frequencies against the reference: flags, sums, and what is said of a whole column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.sumstats.harmonise.frequency import (
    EafRange,
    FrequencySummary,
    compare_frequencies,
    total,
)

AF = np.linspace(0.01, 0.99, 500).round(4)
NOISE = np.random.default_rng(5).normal(0, 0.02, AF.size)
CLOSE = np.clip(AF + NOISE, 0, 1)


def summary_of(eaf: np.ndarray) -> FrequencySummary:
    return compare_frequencies(eaf, AF)[1]


@given(
    st.lists(
        st.tuples(*[st.one_of(st.just(float("nan")), st.floats(0, 1).map(lambda f: round(f, 5)))] * 2),
        min_size=1, max_size=40,
    ),
    st.integers(0, 40),
)  # fmt: skip
def test_flags_and_sums_by_a_plain_loop(pairs: list[tuple[float, float]], cut: int) -> None:
    eaf, af = (np.array(column) for column in zip(*pairs))
    differs, summary = compare_frequencies(eaf, af)
    assert differs.tolist() == [abs(x - y) > 0.2 + 1e-6 for x, y in pairs]
    known = [(x, y) for x, y in pairs if x == x and y == y]
    assert summary.n == len(known)
    assert summary.n_mirrored == sum(abs(x - y) - abs(1 - x - y) > 0.1 for x, y in known)
    close = [abs(x - y) - abs(1 - x - y) > 0.1 and abs(1 - x - y) <= 0.05 for x, y in known]
    assert summary.n_mirrored_close == sum(close)
    assert summary.n_straight == sum(abs(1 - x - y) - abs(x - y) > 0.1 for x, y in known)
    # Parts add up to the whole, whatever their order.
    parts = [compare_frequencies(eaf[:cut], af[:cut])[1], compare_frequencies(eaf[cut:], af[cut:])[1]]
    assert total(parts) == total(parts[::-1]) == summary


def test_correlation_is_pearson_s() -> None:
    assert summary_of(CLOSE).correlation == pytest.approx(np.corrcoef(CLOSE, AF)[0, 1], abs=1e-6)
    assert np.isnan(FrequencySummary().correlation)
    assert np.isnan(compare_frequencies(np.full(9, 0.3), AF[:9])[1].correlation)


@pytest.mark.parametrize(
    ("eaf", "words"),
    [
        (1 - CLOSE, ("of the other allele", "nothing was changed", "correlation -1.00")),
        (np.minimum(CLOSE, 1 - CLOSE), ("minor allele's frequency", "never above 0.5")),
        (np.where(np.arange(500) % 4 == 0, 1 - CLOSE, CLOSE), ("in part of the file",)),
    ],
)
def test_columns_of_the_wrong_allele_are_named(eaf: np.ndarray, words: tuple[str, ...]) -> None:
    summary, like = summary_of(eaf), EafRange().add(eaf).maf_like
    assert not summary.usable(maf_like=like)
    (line,) = summary.warnings("a.txt", maf_like=like)
    assert line.startswith("a.txt: ")
    for word in words:
        assert word in line


def test_a_sound_column_gives_no_warning() -> None:
    assert summary_of(CLOSE).usable()
    assert summary_of(CLOSE).warnings("a.txt") == ()
    assert FrequencySummary().warnings("a.txt") == ()


def test_another_ancestry_too_far_for_strands() -> None:
    drift = np.clip(AF + np.random.default_rng(1).normal(0, 0.3, AF.size), 0, 1)
    summary = summary_of(drift)
    assert not summary.usable()
    (line,) = summary.warnings("a.txt")
    assert "another ancestry, and strands cannot be inferred" in line


def test_another_ancestry_is_suspected_but_strands_may_be_inferred() -> None:
    drift = np.clip(AF + np.random.default_rng(1).normal(0, 0.15, AF.size), 0, 1)
    summary = summary_of(drift)
    assert summary.usable()
    assert "another ancestry" in summary.warnings("a.txt")[0]


def test_minor_allele_frequencies_without_a_comparison() -> None:
    assert not FrequencySummary().usable(maf_like=True)
    assert "too few variants" in FrequencySummary().warnings("a.txt", maf_like=True)[0]


@given(st.lists(st.floats(0, 1), max_size=30), st.integers(0, 30))
def test_range_does_not_depend_on_chunks(eaf: list[float], cut: int) -> None:
    values = np.array([*eaf, np.nan])
    assert EafRange().add(values) == EafRange().add(values[cut:]).add(values[:cut])
