"""The layout of pandas 0.20's to_string(index=False); ldsc's tables are compared in tests/validation."""

from __future__ import annotations

import math

from postgwas.ldsc.printed_table import printed_table


def test_a_column_with_text_has_significant_digits() -> None:
    """As in ldsc's table where one pair of several has no estimate."""
    table = printed_table({"p2": ["b", "c"], "rg": ["NA", 0.43842], "z": ["NA", -9.60584], "int": ["NA", 1]})
    assert table.splitlines() == ["p2      rg      z int", "b      NA     NA  NA", "c  0.4384 -9.606   1"]


def test_zeros_at_the_end_go_where_all_have_them() -> None:
    assert printed_table({"a": [1.5, 2.25], "b": [1.0, 2.0]}).splitlines() == [
        "a    b",
        "1.50  1.0",
        "2.25  2.0",
    ]


def test_powers_of_ten() -> None:
    assert printed_table({"p": [0.5, 3e-5]}).splitlines()[1:] == ["5.0000e-01", "3.0000e-05"]
    assert printed_table({"z": [52228957.2, 1.0]}).splitlines()[1:] == ["5.2229e+07", "1.0000e+00"]
    assert printed_table({"z": [12345.6, -1.0]}).splitlines()[1:] == ["12345.6", "   -1.0"]


def test_missing_numbers_and_whole_ones() -> None:
    assert printed_table({"a": [math.nan, 0.25]}).splitlines()[1:] == [" NaN", "0.25"]
    assert printed_table({"a": [1, -20]}).splitlines()[1:] == [" 1", "-20"]


def test_a_number_that_is_none_among_text() -> None:
    assert printed_table({"rg": ["NA", math.nan, 0.5]}).splitlines()[1:] == [" NA", "NaN", "0.5"]
