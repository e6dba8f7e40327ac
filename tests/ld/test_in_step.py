"""Ids found by walking through two lists: the same as in a dictionary, whatever the order."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.ld import id_index, in_step
from postgwas.ld.variant_ids import VariantIds

NAMES = pl.Series([f"rs{7 * i}" for i in range(40_000)])
#: How a trait may have the ids of a panel: rows of NAMES.
ORDERS = {
    "all of them": np.arange(40_000),
    "most of them": np.flatnonzero(np.arange(40_000) % 5 > 0),
    "few of them": np.arange(300, 40_000, 47),
    "one stretch": np.arange(21_000, 23_000),
    "two halves, the second first": np.roll(np.arange(40_000), 20_000),
    "backwards": np.arange(40_000)[::-1],
    "shuffled": np.random.default_rng(1).permutation(40_000),
    "shuffled nearby": np.argsort(np.arange(40_000) + np.random.default_rng(2).integers(0, 300, 40_000)),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("strangers", [0, 3])
def test_ids_in_any_order_have_their_places(order: str, strangers: int) -> None:
    rows = ORDERS[order]
    ids = VariantIds.of(NAMES.gather(rows))
    expected = rows
    if strangers:
        # As many other ids between them.
        both = pl.DataFrame(
            [NAMES.gather(rows).alias("0")]
            + [pl.Series(str(k), [f"x{k}:{i}" for i in range(rows.size)]) for k in range(1, strangers + 1)]
        )
        ids = VariantIds.of(pl.concat([both.select(pl.concat_list(pl.all())).to_series().explode()]))
        expected = np.full((rows.size, strangers + 1), -1)
        expected[:, 0] = rows
        expected = expected.ravel()
    assert np.array_equal(VariantIds.of(NAMES).index.find(ids), expected)


@pytest.mark.parametrize("order", ["all of them", "most of them", "few of them", "one stretch"])
def test_ids_in_the_order_of_the_list_need_no_other_way(order: str) -> None:
    index, ids = VariantIds.of(NAMES).index, VariantIds.of(NAMES.gather(ORDERS[order]))
    if order == "one stretch":
        # Only what lies close to where the walk begins is found so.
        index = VariantIds.of(NAMES.slice(20_000)).index
        assert np.array_equal(
            in_step.find_in_step(index.pairs, ids.first, ids.second), ORDERS[order] - 20_000
        )
        return
    assert np.array_equal(in_step.find_in_step(index.pairs, ids.first, ids.second), ORDERS[order])


@given(st.data())
def test_hashes_that_share_bits(data: st.DataObject) -> None:
    # Few different bits, so that slots, first hashes and second hashes collide in every way.
    word = st.integers(0, 3).map(lambda bits: bits << 48 | (bits & 1) << 16)
    pairs = data.draw(st.lists(st.tuples(word, word), unique=True, min_size=1, max_size=16))
    sought = data.draw(st.lists(st.tuples(word, word), min_size=1, max_size=30))
    table = np.array(pairs, np.uint64)
    first, second = np.array(sought, np.uint64).T.copy()
    found = in_step.find_in_step(table, first, second)
    for pair, place in zip(sought, found.tolist()):
        assert place == -1 or pairs[place] == pair


def test_the_same_with_short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_step, "_ROWS", 64)
    monkeypatch.setattr(in_step, "_FEWEST", 8)
    monkeypatch.setattr(id_index, "_MANY", 0)
    index = VariantIds.of(NAMES.head(3000)).index
    for rows in ORDERS.values():
        rows = rows[rows < 3000]
        assert np.array_equal(index.find(VariantIds.of(NAMES.gather(rows))), rows)


def test_missing_ids_are_nowhere() -> None:
    names = NAMES.to_list()
    names[100] = names[39_999] = None
    found = VariantIds.of(NAMES).index.find(VariantIds.of(pl.Series(names)))
    assert np.flatnonzero(found < 0).tolist() == [100, 39_999]
    assert (np.delete(found, [100, 39_999]) == np.delete(np.arange(40_000), [100, 39_999])).all()


@given(st.lists(st.sampled_from(["rs1", "rs2", "rs3", "NA", "nan", "x"]), max_size=30))
def test_absent_and_repeated_ids(names: list[str]) -> None:
    ids = VariantIds.of(pl.Series(names, dtype=pl.String))
    absent = VariantIds.of(pl.Series(["NA", "nan"])).first
    gone, repeated = ids.absent_and_repeated(absent)
    assert gone.tolist() == [row for row, name in enumerate(names) if name in ("NA", "nan")]
    expected = [row for row, name in enumerate(names) if name not in ("NA", "nan") and name in names[:row]]
    assert repeated.tolist() == expected


def test_ids_that_share_half_a_hash_are_not_repeated() -> None:
    first = np.array([5 << 32 | 1, 5 << 32 | 2, 7, 5 << 32 | 1, 7], np.uint64)
    second = np.array([1, 1, 2, 1, 3], np.uint64)
    ids = VariantIds(first, second, lambda: pl.Series([], dtype=pl.String))
    gone, repeated = ids.absent_and_repeated(np.array([1 << 50], np.uint64))
    assert gone.size == 0
    assert repeated.tolist() == [3]
