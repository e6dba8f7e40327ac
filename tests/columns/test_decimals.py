"""Numbers from text, texts as words, numbers as text: against Python and polars."""

from __future__ import annotations

import io
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postgwas.columns import shortest
from postgwas.columns.cells import PAD, Column, find_cells
from postgwas.columns.decimals import parse_decimals
from postgwas.columns.texts import Keeper, join_texts, texts_of_column, texts_of_list
from postgwas.sumstats.munge.statistic import median, quantile

MARGIN = b"." * PAD


def column(values: list[str]) -> Column:
    cells = find_cells(MARGIN + "".join(f"{v}\n" for v in values).encode() + MARGIN, "\n", 1)
    assert cells is not None
    return cells.column(0)


finite = st.floats(allow_nan=False, allow_infinity=False)
printed = st.one_of(
    finite.map(repr),
    st.tuples(finite, st.integers(0, 18)).map(lambda t: f"{t[0]:.{t[1]}e}"),
    st.tuples(st.floats(-1e7, 1e7), st.integers(0, 19)).map(lambda t: f"{t[0]:.{t[1]}f}"),
    st.integers(-(10**12), 10**12).map(str),
    st.sampled_from(
        ["NA", ".", "", "word", "1e", "e5", "-", "+1", "1_0", ".5", "5.", "1.2.3", "nan", "1e400", "-inf"]
    ),
)
words = {"word", "1e", "e5", "-", "1.2.3", "1_0", "nan"}
missing = {"NA", ".", ""}


@given(st.lists(printed, min_size=1, max_size=40))
@example(["9007199254740993", "0.9007199254740993", "1.00000000000000011102230246251565", "-0", "-0.0"])
@example(["2e+308", "-2e308", "1.7976931348623157e308"])
@example(["0.1", "0.30000000000000004", "2.2250738585072014e-308", "5e-324", "123456789.25", "99999999"])
def test_numbers_are_those_that_python_reads(values: list[str]) -> None:
    found = parse_decimals(column(values))
    odd = set(found.odd.tolist())
    for i, (text, value) in enumerate(zip(values, found.values.tolist())):
        if text in words or text in missing:
            assert math.isnan(value)
            assert (i in odd) == (text in words)
        else:
            assert (i in odd) == math.isinf(float(text))
            assert value == float(text)
            assert math.copysign(1, value) == math.copysign(1, float(text))


@pytest.mark.parametrize("digits", range(1, 21))
def test_common_ways_of_printing_are_never_odd(digits: int) -> None:
    rng = np.random.default_rng(digits)
    values = [f"{x:.{digits}f}" for x in rng.normal(size=300)] + [f"{x:.{digits}g}" for x in rng.random(300)]
    found = parse_decimals(column(values))
    assert not found.odd.size
    assert found.values.tolist() == [float(v) for v in values]


@given(
    st.text("0123456789.-+eEinfINF /:x_", min_size=1, max_size=10),
    st.sampled_from(["0.5", "12", "1e-5", "7.125"]),
)
def test_what_is_no_number_is_odd(text: str, before: str) -> None:
    try:
        expected = float(text) if text == text.strip() and "_" not in text else None
    except ValueError:
        expected = None
    found = parse_decimals(column([before, before, before, text]))
    if text == ".":
        assert not found.odd.size and math.isnan(found.values[3])
    elif expected is None or math.isinf(expected):
        assert found.odd.tolist() == [3]
    else:
        assert not found.odd.size and found.values[3] == expected


@pytest.mark.parametrize("text", ["fin", "e", "1_0", "-", "1.2.3", "1-2345678", "abcdefgh", "12:45678"])
def test_names_of_numbers_and_near_misses(text: str) -> None:
    for before in ("1.5", "12", "123456789"):
        assert parse_decimals(column([before, before, text])).odd.tolist() == [2]


def test_whole_numbers_are_told_from_others() -> None:
    assert parse_decimals(column(["12", "100000", "99999999"])).whole
    assert parse_decimals(column(["248956422", "12", "12345678901234567890"])).whole
    assert not parse_decimals(column(["248956422", "12345678901.5"])).whole
    assert not parse_decimals(column(["12", "NA"])).whole
    assert not parse_decimals(column(["12", "12.0"])).whole
    assert not parse_decimals(column(["12", "1e5"])).whole


@pytest.mark.parametrize("text", [b"a\tb\nc\n", b"a\nb\tc\td\n", b"a\tb\n\x01\tc\n\x02", b"a\tb\tc\n"])
def test_uneven_lines_have_no_cells(text: bytes) -> None:
    assert find_cells(MARGIN + text + MARGIN, "\t", 2) is None


def as_polars(values: np.ndarray, decimals: int | None = None) -> bytes:
    stream = io.BytesIO()
    frame = pl.DataFrame({"x": values}).with_columns(pl.col("x").fill_nan(None))
    frame.write_csv(stream, include_header=False, null_value="", float_precision=decimals)
    return stream.getvalue()


def as_words(values: np.ndarray, width: int, *, thousandths: bool = False) -> bytes:
    table = np.zeros((values.size, width + 1), dtype=np.uint32)
    (shortest.write_thousandths if thousandths else shortest.write_floats)(values, table[:, :width])
    table[:, -1] = ord("\n")
    return shortest.squeezed(table)


@given(st.lists(st.one_of(finite, st.floats(-200, 200), st.just(math.nan)), min_size=1, max_size=40))
@example([0.0, -0.0, 1.0, 0.5, 1e-5, 9.9e-6, 1e7, 1e15, 1e16, 5e-324, 2.0**-14, 2.0**-16, 0.1 + 0.2])
def test_floats_are_written_as_polars_writes_them(values: list[float]) -> None:
    array = np.array(values)
    assert as_words(array, shortest.FLOAT_WORDS) == as_polars(array)
    small = array[~(np.abs(array) >= 99)]
    assert as_words(small, shortest.SMALL_WORDS) == as_polars(small)


@given(
    st.lists(
        st.one_of(st.floats(-1e9, 1e9), st.integers(-(10**6), 10**6).map(lambda n: n / 2000)), min_size=1
    )
)
def test_three_decimals_are_rounded_as_polars_rounds_them(values: list[float]) -> None:
    array = np.array(values)
    assert as_words(array, shortest.FLOAT_WORDS, thousandths=True) == as_polars(array, 3)
    small = array[~(np.abs(array) >= 99)]
    assert as_words(small, shortest.SMALL_WORDS, thousandths=True) == as_polars(small, 3)


def test_floats_of_all_sizes_in_bulk() -> None:
    rng = np.random.default_rng(1)
    for array in (
        rng.normal(size=50_000),
        10.0 ** rng.uniform(-5, 7, 20_000),
        rng.normal(size=20_000).round(3),
    ):
        assert as_words(array, shortest.FLOAT_WORDS) == as_polars(array)


texts = st.lists(st.text(st.characters(exclude_characters="\n\0", codec="utf-8"), max_size=90), max_size=30)


@given(texts, st.lists(st.booleans(), min_size=30, max_size=30))
def test_rows_are_equal_where_their_texts_are(values: list[str], mask: list[bool]) -> None:
    keeper = Keeper()
    encoded = [value.encode() for value in values]
    rows = texts_of_column(column(values), keeper) if values else texts_of_list([], keeper)
    assert rows.to_bytes() == encoded
    again = texts_of_list(encoded, keeper)
    assert np.array_equal(rows.words, again.words)
    expected = [value not in encoded[:i] for i, value in enumerate(encoded)]
    assert rows.first_of_each().tolist() == expected
    chosen = np.array(mask[: len(values)], dtype=bool)
    both = join_texts([rows[chosen], rows[~chosen]], keeper)
    assert sorted(both.to_bytes()) == sorted(encoded)
    assert len(set(rows.hash().tolist())) == len(set(encoded))


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50), st.floats(0, 1))
def test_quantiles_are_numpys(values: list[float], share: float) -> None:
    array = np.array(values)
    assert quantile(array, share) == float(np.quantile(array, share))
    assert median(array) == float(np.median(array))
