"""Numbers of ten significant digits: Python's own formatting is the judge."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from postgwas.columns.shortest import plain_text
from postgwas.columns.significant import rounded, significant_words, write_significant


def printed(values: np.ndarray) -> list[str]:
    table = np.ones((len(values), significant_words(values)), np.uint32)
    write_significant(values, table)
    return [bytes(row).replace(b"\0", b"").decode() for row in table]


@given(st.lists(st.floats(allow_nan=True), min_size=1, max_size=30), st.floats(-7, 8))
def test_as_the_shortest_text_of_the_rounded_number(values: list[float], power: float) -> None:
    fraction = np.modf(np.array(values))[0]
    for some in (np.array(values), np.nan_to_num(fraction) * 10.0**power):
        expected = ["NA" if value != value else plain_text(value) for value in rounded(some).tolist()]
        assert printed(some) == expected


@given(st.lists(st.floats(1e-5, 1e6), min_size=1, max_size=30))
def test_ten_digits(values: list[float]) -> None:
    for text, value in zip(printed(np.array(values)), values):
        assert abs(Decimal(text) - Decimal(f"{value:.9e}")) <= Decimal(f"{value:.0e}") * Decimal("1e-8")
        assert len(text.replace(".", "").strip("0")) <= 10


@given(st.lists(st.floats(1e-300, 1e-5), min_size=1, max_size=30))
def test_ten_digits_of_the_smallest(values: list[float]) -> None:
    assert [float(text) for text in printed(np.array(values))] == [float(f"{value:.9e}") for value in values]
