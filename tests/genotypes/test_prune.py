"""Pruning: plink's rule as a double loop, properties, windows, what is refused."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.genotypes import PruneSettings, ld_pruning, open_genotypes, pair_correlation, prune
from postgwas.genotypes.ld_pruning import Pruned, prune_windows, windows_by_count, windows_by_distance
from postgwas.genotypes.pair_correlation import Columns, correlated
from postgwas.genotypes.run_prune import stretches

Calls = NDArray[np.int8]


def squared_correlation(one: NDArray[np.int8], two: NDArray[np.int8]) -> float:
    both = (one >= 0) & (two >= 0)
    a, b = one[both].astype(float), two[both].astype(float)
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1] ** 2)


def naive(calls: Calls, windows: list[tuple[int, int]], r2: float) -> list[bool]:
    """The rule of :func:`prune_windows`, said in loops."""
    n = len(calls)
    known = [row[row >= 0] for row in calls]
    maf = [min(row.sum(), 2 * len(row) - row.sum()) / (2 * len(row)) if len(row) else 0.0 for row in known]
    kept = [len(set(row.tolist())) > 1 for row in known]
    table = {(i, j): squared_correlation(calls[i], calls[j]) for i, j in combinations(range(n), 2)}
    for start, stop in windows:
        again = True
        while again:
            again = False
            for one in range(start, stop):
                if not kept[one]:
                    continue
                for two in range(one + 1, stop):
                    if kept[two] and table[one, two] > r2 + 1e-9:
                        kept[one if maf[one] < maf[two] - 1e-12 else two] = False
                        again = True
                        break
    return kept


def pruned(calls: Calls, windows: list[tuple[int, int]], r2: float) -> Pruned:
    return prune_windows(lambda start, stop: calls[start:stop], len(calls), iter(windows), r2=r2)


@given(
    st.integers(0, 10_000), st.integers(2, 60), st.integers(2, 20), st.integers(1, 19),
    st.sampled_from([0.0, 0.05, 0.5]), st.sampled_from([0.05, 0.2, 0.5, 0.9]),
)  # fmt: skip
@settings(max_examples=60)
def test_windows_of_variants_as_in_loops(
    seed: int, n_variants: int, size: int, step: int, missing: float, r2: float
) -> None:
    calls = random_calls(seed, n_variants, 30, missing=missing, keep=0.9)
    windows = list(windows_by_count(n_variants, size, min(step, size - 1)))
    assert pruned(calls, windows, r2).kept.tolist() == naive(calls, windows, r2)


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 5000))
@settings(max_examples=40)
def test_windows_of_base_pairs_as_in_loops(seed: int, n_variants: int, span: int) -> None:
    calls = random_calls(seed, n_variants, 30, keep=0.9)
    positions = np.sort(np.random.default_rng(seed).integers(1, 20_000, n_variants))
    windows = list(windows_by_distance(positions, span))
    assert pruned(calls, windows, 0.2).kept.tolist() == naive(calls, windows, 0.2)


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = random_calls(5, 400, 60, keep=0.95)
    windows = list(windows_by_count(400, 30, 4))
    whole = pruned(calls, windows, 0.2)
    monkeypatch.setattr(ld_pruning, "_BATCH", 7)
    small = pruned(calls, windows, 0.2)
    assert np.array_equal(whole.kept, small.kept) and np.array_equal(whole.because, small.because)
    assert 20 < whole.kept.sum() < 300


def test_swapped_alleles_and_permuted_samples() -> None:
    calls = random_calls(6, 200, 60, keep=0.95)
    windows = list(windows_by_count(200, 50, 5))
    kept = pruned(calls, windows, 0.2).kept
    flip = np.random.default_rng(1).random(200) < 0.5
    swapped = np.where(flip[:, None] & (calls >= 0), 2 - calls, calls).astype(np.int8)
    assert np.array_equal(pruned(swapped, windows, 0.2).kept, kept)
    people = np.random.default_rng(2).permutation(60)
    assert np.array_equal(pruned(calls[:, people], windows, 0.2).kept, kept)


def test_each_that_goes_is_correlated_with_its_cause() -> None:
    calls = random_calls(7, 200, 60, keep=0.95, missing=0.0)
    calls[17] = 1
    found = pruned(calls, list(windows_by_count(200, 50, 5)), 0.2)
    assert found.because[17] == -1 and not found.kept[17]
    constant = (calls == calls[:, :1]).all(axis=1)
    assert np.array_equal(~found.kept & (found.because < 0), constant)
    for row in np.flatnonzero(found.because >= 0):
        assert squared_correlation(calls[row], calls[found.because[row]]) > 0.2
    assert np.all(found.because[found.kept] == -1)


def test_the_limit_itself_is_not_above_it() -> None:
    """r^2 of these two is 1/9 exactly."""
    calls = np.array([[0, 1, 0, 1], [0, 0, 0, 1]], np.int8)
    columns = Columns.of(calls, np.arange(2))
    assert not correlated(columns, columns, 1 / 3)[0, 1]
    assert correlated(columns, columns, 0.333333)[0, 1]


@pytest.mark.parametrize("few", [0.0, 1.0])
def test_missing_calls_by_a_product_and_one_by_one(monkeypatch: pytest.MonkeyPatch, few: float) -> None:
    monkeypatch.setattr(pair_correlation, "_FEW", few)
    calls = random_calls(11, 30, 60, keep=0.9, missing=0.1)
    calls[4, 1:], calls[9] = -9, np.maximum(calls[9], 0)
    left, right = Columns.of(calls[:12], np.arange(12)), Columns.of(calls[12:], np.arange(12, 30))
    found = correlated(left, right, 0.1)
    expected = [[squared_correlation(one, two) > 0.1 for two in calls[12:]] for one in calls[:12]]
    assert found.tolist() == expected
    assert np.array_equal(correlated(right, left, 0.1), found.T) and 10 < found.sum() < 150
    within = correlated(right, right, 0.1)
    apart = correlated(right, Columns.of(calls[12:], np.arange(12, 30)), 0.1)
    assert np.array_equal(within, apart) and np.array_equal(within, within.T)


def test_blocks_that_are_read_at_once_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = random_calls(5, 400, 60, keep=0.95)
    windows = list(windows_by_count(400, 30, 4))
    whole = pruned(calls, windows, 0.2)
    monkeypatch.setattr(ld_pruning, "_CALLS", 1)
    assert np.array_equal(pruned(calls, windows, 0.2).because, whole.because)


def test_chromosomes_apart_and_tables(tmp_path: Path) -> None:
    """The same variants on two chromosomes: neither prunes the other's."""
    calls = random_calls(8, 40, 50, keep=0.95)
    prefix = write_plink1(
        tmp_path / "two", np.concatenate([calls, calls]), chromosomes=["1"] * 40 + ["2"] * 40,
        positions=[1000 * (i + 1) for i in range(40)] * 2,
    )  # fmt: skip
    result = prune(prefix, settings=PruneSettings(10, "variants", 1, 0.2))
    assert result.kept[:40].tolist() == result.kept[40:].tolist()
    table = result.table()
    assert table["KEPT"].to_list() == result.kept.tolist()
    causes = table.filter(table["CHROM"] == "2")["CORRELATED_WITH"].drop_nulls().to_list()
    assert causes and all(int(name[2:]) >= 40 for name in causes)
    assert sum(result.dropped.values()) == int((~result.kept).sum())


@pytest.mark.slow
def test_workers_change_nothing(tmp_path: Path) -> None:
    calls = random_calls(9, 60, 50, keep=0.95)
    prefix = write_plink1(tmp_path / "w", calls, chromosomes=["1"] * 30 + ["2"] * 30)
    one, two = prune(prefix), prune(prefix, cores=2)
    assert np.array_equal(one.kept, two.kept) and np.array_equal(one.because, two.because)


def test_unsorted_variants(tmp_path: Path) -> None:
    calls = random_calls(1, 4, 10)
    back = write_plink1(tmp_path / "back", calls, positions=[10, 30, 20, 40])
    with pytest.raises(InputError, match=r"variant 3 \(rs2\) at 1:20 comes after 30"):
        prune(back)
    again = write_plink1(tmp_path / "again", calls, chromosomes=["1", "2", "2", "1"], positions=[1, 1, 2, 3])
    with pytest.raises(InputError, match="chromosome 1 begins again at variant 4"):
        stretches(open_genotypes(again))


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (PruneSettings(0), "--window 0"),
        (PruneSettings(1, "variants"), "--window 1"),
        (PruneSettings(200, "kb", 5), "--step 5: a window in kb moves on by 1"),
        (PruneSettings(5, "variants", 5), "less than the window"),
        (PruneSettings(50, "variants", 0), "--step 0"),
        (PruneSettings(r2=1.5), "--r2 1.5"),
        (PruneSettings(r2=float("nan")), "--r2 nan"),
    ],
)
def test_settings_out_of_range(tmp_path: Path, chosen: PruneSettings, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        prune(write_plink1(tmp_path / "x", random_calls(1, 4, 10)), settings=chosen)
