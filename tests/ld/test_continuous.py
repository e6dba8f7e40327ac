"""Bins of continuous annotations against a loop over variants, and refusals."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from postgwas.errors import InputError, UsageError
from postgwas.ld.continuous import cut_into_bins, parse_breaks, read_bins, read_variable

NUMBERS = st.integers(-5, 5).map(float)
BREAKS = st.lists(NUMBERS, min_size=1, max_size=3, unique=True)


def naive_bin(value: float, breaks: list[float]) -> int:
    """Which of the intervals (-inf, b1], (b1, b2] ... (bk, inf) holds the value."""
    return sum(value > at for at in breaks)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=12), BREAKS, BREAKS)
def test_each_variant_is_in_the_one_bin_that_holds_it(
    rows: list[tuple[float, float]], one: list[float], two: list[float]
) -> None:
    variables = [np.array([row[k] for row in rows]) for k in (0, 1)]
    for values, breaks in zip(variables, (one, two)):
        assume(not all(b >= values.max() for b in breaks) and not all(b <= values.min() for b in breaks))
    found = cut_into_bins(variables, [one, two], ["a", "b"])
    order = list(itertools.product(range(len(one) + 1), range(len(two) + 1)))
    assert found.values.shape == (len(rows), len(order)) and (found.values.sum(axis=1) == 1).all()
    for row, values in zip(found.values, rows):
        assert order[int(row.argmax())] == (naive_bin(values[0], one), naive_bin(values[1], two))


def test_names_of_crossed_bins_in_order_the_last_variable_fastest() -> None:
    variables = [np.array([0.0, 10.0]), np.array([0.0, 10.0])]
    assert cut_into_bins(variables, [[-1.0, 2.0], [5.0]], ["a", "b"]).names == (
        "a_min_-1.0_b_min_5.0", "a_min_-1.0_b_5.0_max", "a_-1.0_2.0_b_min_5.0", "a_-1.0_2.0_b_5.0_max",
        "a_2.0_max_b_min_5.0", "a_2.0_max_b_5.0_max",
    )  # fmt: skip


def test_columns_do_not_depend_on_the_chromosome_unless_ldsc_is_to_be_reproduced() -> None:
    breaks = [[1.0, 100.0]]
    wide, narrow = [np.array([0.0, 150.0])], [np.array([0.0, 50.0])]
    assert cut_into_bins(wide, breaks, ["x"]).names == cut_into_bins(narrow, breaks, ["x"]).names
    # ldsc.py: 100 lies beyond the values and becomes the end of the last bin.
    assert cut_into_bins(narrow, breaks, ["x"], compat=True).names == ("x_min_1.0", "x_1.0_max")
    assert cut_into_bins(wide, breaks, ["x"], compat=True).names == (
        "x_min_1.0",
        "x_1.0_100.0",
        "x_100.0_max",
    )


def test_a_value_on_a_break_belongs_below_it() -> None:
    found = cut_into_bins([np.array([0.0, 1.0, 1.5])], [[1.0]], ["x"])
    assert found.values.tolist() == [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]


def test_breaks_with_n_for_a_minus() -> None:
    assert parse_breaks("N1.5,N2,3xN0.25") == [[-2.0, -1.5, 3.0], [-0.25]]


@pytest.mark.parametrize(
    ("text", "told"),
    [("1,two", "'1,two' is not a list of numbers"), ("1,,2", "not a list"), ("1,inf", "finite"),
     ("1,1.0", "a number occurs twice"), ("1x", "'' is not a list")],
)  # fmt: skip
def test_breaks_that_are_no_numbers_are_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_breaks(text)


def test_breaks_outside_the_range_are_refused() -> None:
    with pytest.raises(InputError, match="all breaks of x lie outside its range, 0 to 2"):
        cut_into_bins([np.array([0.0, 2.0])], [[2.0, 5.0]], ["x"])


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_values_come_in_the_order_of_the_variants(tmp_path: Path) -> None:
    file = write(tmp_path / "x.txt", "rs3 3\r\nrs1\t1e0\r\nöther 7\r\nrs2  -2.5\r\n")
    assert read_variable(file, pl.Series(["rs1", "rs2", "rs3"])).tolist() == [1.0, -2.5, 3.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rs1 1\nrs3 2\n", "lacks 1 of the 3 variants of the genotypes, the first is rs2"),
        ("rs1 1\nrs2 x\nrs3 2\n", "line 2: value 'x' of rs2: expected a finite number"),
        ("rs1 1\nrs2 nan\nrs3 2\n", "line 2: value 'nan' of rs2"),
        ("rs1 1\nrs2 1\nrs3 2\nrs2 4\n", "variant rs2 occurs with two values"),
        ("rs1 1 2\nrs2 1 2\n", "3 columns found, expected 2"),
        ("", "empty"),
    ],
)
def test_files_of_values_that_are_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_variable(write(tmp_path / "x.txt", text), pl.Series(["rs1", "rs2", "rs3"]))


def test_numbers_of_files_breaks_and_names_must_agree(tmp_path: Path) -> None:
    file = write(tmp_path / "x.txt", "rs1 1\nrs2 2\n")
    snpid = pl.Series(["rs1", "rs2"])
    with pytest.raises(UsageError, match="1 files, --cts_breaks breaks of 2 variables"):
        read_bins([file], [[1.0], [2.0]], snpid)
    with pytest.raises(UsageError, match="expected 1 different names"):
        read_bins([file], [[1.0]], snpid, names=["a", "b"])
