"""Numbers as printf writes them: Python's own formatting is the judge."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from postgwas.columns.printed import GENERAL_WORDS, fixed_words, write_fixed, write_general
from postgwas.columns.text_table import Whole, lines_of


def texts(table: np.ndarray) -> list[str]:
    return [bytes(row).replace(b"\0", b"").decode() for row in table]


@given(st.lists(st.floats(-1e7, 1e7), min_size=1, max_size=50), st.integers(0, 16))
def test_fixed(values: list[float], decimals: int) -> None:
    table = np.zeros((len(values), fixed_words(decimals)), np.uint32)
    write_fixed(np.array(values), decimals, table)
    assert texts(table) == [f"{value:.{decimals}f}" for value in values]


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=50), st.integers(0, 6))
def test_fixed_rounds_ties_as_printf(whole: list[int], decimals: int) -> None:
    values = [number / 10 ** (decimals + 1) for number in whole] + [number / 2 for number in whole]
    table = np.zeros((len(values), fixed_words(decimals)), np.uint32)
    write_fixed(np.array(values), decimals, table)
    assert texts(table) == [f"{value:.{decimals}f}" for value in values]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.floats(-300, 0))
def test_general(values: list[float], power: float) -> None:
    both = values + [value * 10.0**power for value in values]
    table = np.zeros((len(both), GENERAL_WORDS), np.uint32)
    write_general(np.array(both), table)
    assert texts(table) == [f"{value:.4g}" for value in both]


@given(st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=30))
def test_whole(values: list[int]) -> None:
    assert b"".join(lines_of([Whole(np.array(values))])).split() == [b"%d" % value for value in values]


@given(
    st.lists(st.one_of(st.floats(-98, 998), st.just(float("nan"))), min_size=1, max_size=50),
    st.integers(0, 7),
    st.booleans(),
)
def test_fixed_in_the_fewest_words(values: list[float], decimals: int, positive: bool) -> None:
    some = np.array(values)
    some = np.abs(some) if positive else some
    both = np.concatenate([some, np.rint(some * 10**decimals) / 10**decimals / 2])
    table = np.ones((both.size, fixed_words(decimals, both)), np.uint32)
    write_fixed(both, decimals, table)
    assert texts(table) == ["NA" if value != value else f"{value:.{decimals}f}" for value in both]


@given(st.lists(st.integers(0, 2**32), min_size=1, max_size=30))
def test_whole_of_any_width(values: list[int]) -> None:
    assert b"".join(lines_of([Whole(np.array(values))])).split() == [b"%d" % value for value in values]
