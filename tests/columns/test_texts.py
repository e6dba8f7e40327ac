"""Hashes of text tell texts apart, and equal ones are equal wherever they lie."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.columns import texts as texts_module
from postgwas.columns.texts import (
    Keeper,
    Texts,
    _factors,
    hashes_of_spans,
    texts_of_list,
    texts_of_series,
    texts_of_spans,
)

TEXTS = st.lists(st.one_of(st.text(max_size=40), st.none()), max_size=40)


@given(TEXTS)
def test_equal_where_the_texts_are(values: list[str | None]) -> None:
    found = texts_of_series(pl.Series(values, dtype=pl.String), Keeper())
    assert found.to_series().to_list() == [value or None for value in values]
    assert [found.text(row) for row in range(len(found))] == [value or "" for value in values]
    assert found.missing().tolist() == [not value for value in values]
    for hashes in found.hashes():
        for i, one in enumerate(values):
            for j, other in enumerate(values):
                assert ((one or "") == (other or "")) == (hashes[i] == hashes[j])


@given(
    st.lists(st.text("rs01\x00", max_size=20), min_size=1, max_size=20),
    st.binary(max_size=9),
    st.integers(1, 8),
)
def test_what_lies_around_does_not_matter(values: list[str], around: bytes, width: int) -> None:
    encoded = [value.encode() for value in values]
    lengths = np.array([len(value) for value in encoded])
    starts = len(around) + np.cumsum(lengths + len(around)) - lengths - len(around)
    content = np.frombuffer(around + around.join(encoded) + around, np.uint8)
    apart = texts_of_spans(content, starts, lengths, Keeper(width))
    assert apart.to_bytes() == encoded
    for one, other in zip(apart.hashes(), texts_of_list(encoded, Keeper()).hashes()):
        assert np.array_equal(one, other)


@given(
    st.lists(st.lists(st.sampled_from([b"\xff", b"\xfe", b"rs1", b"\0", b"x" * 30]), max_size=3), max_size=9)
)
def test_what_is_no_utf_8_is_told_apart_too(values: list[list[bytes]]) -> None:
    """A text that begins as the stand-ins of long ones do is none of them."""
    encoded = [b"".join(value) for value in values]
    lengths = np.array([len(value) for value in encoded], np.int64)
    content = np.frombuffer(b"".join(encoded), np.uint8)
    listed = texts_of_list(encoded, Keeper())
    for found in (listed, texts_of_spans(content, np.cumsum(lengths) - lengths, lengths, Keeper())):
        assert found.to_bytes() == encoded
        assert [np.array_equal(*two) for two in zip(found.hashes(), listed.hashes())] == [True, True]


@given(
    st.lists(st.one_of(st.text("rs01\x00é", max_size=20), st.text(max_size=90), st.none()), max_size=30),
    st.integers(1, 8),
)
def test_hashes_of_spans_are_those_of_the_texts(values: list[str | None], rows_at_once: int) -> None:
    encoded = [(value or "").encode() for value in values]
    lengths = np.array([len(value) for value in encoded], np.int64)
    content = np.frombuffer(b"".join(encoded), np.uint8)
    starts = np.cumsum(lengths) - lengths
    shown = np.where([value is None for value in values], -1, lengths).astype(np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts_module, "_ROWS", rows_at_once)
        found = hashes_of_spans(content, starts, shown)
    for one, other in zip(found, texts_of_list(encoded, Keeper()).hashes()):
        assert np.array_equal(one, other)


@given(st.text("ab", max_size=80), st.integers(1, 8), st.integers(1, 8))
def test_hashes_do_not_depend_on_the_width_of_rows(value: str, width: int, other: int) -> None:
    one, two = (texts_of_list([value.encode()], Keeper(words)).hashes() for words in (width, other))
    assert (one[0], one[1]) == (two[0], two[1])


def test_many_ids_do_not_collide() -> None:
    names = [f"rs{i}" for i in range(50_000)] + [f"1:{i}:A:G" for i in range(50_000)]
    for hashes in texts_of_series(pl.Series(names), Keeper()).hashes():
        assert np.unique(hashes).size == 100_000


def test_spans_of_length_below_zero_are_missing() -> None:
    found = texts_of_spans(np.frombuffer(b"abc", np.uint8), np.array([0, 3]), np.array([3, -1]), Keeper())
    assert isinstance(found, Texts) and found.missing().tolist() == [False, True]


def test_two_words_and_two_hashes_are_one_to_one() -> None:
    (a, b), (c, d) = ([int(factor) for factor in _factors(2, which)] for which in (0, 1))
    assert (a * d - b * c) % 2 == 1
