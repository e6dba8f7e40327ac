"""Decimal numbers against Python's own reader."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.ldsc.decimals import MARGIN, parse_decimals

WRITTEN = st.one_of(
    st.floats(-1e6, 1e6).map(lambda x: f"{x:.3f}"),
    st.floats(-1e4, 1e4).map(lambda x: f"{x:.1f}"),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.tuples(st.integers(0, 10**9), st.integers(0, 25)).map(lambda x: f"{x[0]}.{'0' * x[1]}7"),
)


def read(texts: list[str]) -> list[float] | None:
    encoded = [text.encode() for text in texts]
    lengths = np.array([len(text) for text in encoded])
    starts = MARGIN + np.cumsum(lengths + 1) - lengths - 1
    content = b"9" * MARGIN + b"\t".join(encoded) + b"9" * MARGIN
    found = parse_decimals(np.frombuffer(content, np.uint8), starts, lengths)
    return None if found is None else found.tolist()


@given(st.lists(WRITTEN, min_size=1, max_size=30))
def test_the_nearest_double(texts: list[str]) -> None:
    assert read(texts) == [float(text) for text in texts]


@given(st.text("0123456789.-+eE /:x", min_size=1, max_size=10))
def test_what_is_no_number_is_not_read(text: str) -> None:
    try:
        expected = float(text) if text == text.strip() else None
    except ValueError:
        expected = None
    assert read([text]) == (None if expected is None else [expected])


@pytest.mark.parametrize("text", ["fin", "e", "1_0", "-", ".", "1.2.3", "1-2345678", "abcdefgh", "12:45678"])
def test_names_of_numbers_and_near_misses(text: str) -> None:
    assert read(["1.5", text]) is None


def test_infinite_and_none() -> None:
    infinite, none = read(["-inf", "nan"]) or [0.0, 0.0]
    assert infinite == -math.inf and math.isnan(none)


def test_signs_of_zero_and_nothing() -> None:
    zero, nothing = read(["-0.000", ""]) or [1.0, 1.0]
    assert math.copysign(1, zero) == -1 and math.isnan(nothing)
