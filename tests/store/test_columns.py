"""Writing columns and reading them back is the identity."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from postgwas.errors import OutputError, StoreError
from postgwas.store import read_columns, read_columns_frame, write_columns

COUNTER = itertools.count()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = [np.bool_, "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", ">i4", ">f8"]
POLARS_INTEGERS = [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt32, pl.UInt64]


@st.composite
def numpy_tables(draw):
    n = draw(st.integers(0, 30))
    table = {}
    for i in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            table[f"c{i}"] = draw(hnp.arrays(np.dtype(draw(st.sampled_from(NUMBERS))), n))
        else:
            table[f"c{i}"] = draw(st.lists(st.none() | TEXT, min_size=n, max_size=n))
    return table


@st.composite
def polars_tables(draw):
    n = draw(st.integers(0, 30))
    series = []
    for i in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["integer", "boolean", "text", "categorical", "null"]))
        if kind == "integer":
            dtype = draw(st.sampled_from(POLARS_INTEGERS))
            limits = np.iinfo(dtype.__name__.lower())
            values = st.none() | st.integers(int(limits.min), int(limits.max))
            series.append(pl.Series(f"c{i}", draw(st.lists(values, min_size=n, max_size=n)), dtype=dtype))
        elif kind == "boolean":
            values = draw(st.lists(st.none() | st.booleans(), min_size=n, max_size=n))
            series.append(pl.Series(f"c{i}", values, dtype=pl.Boolean))
        elif kind == "null":
            series.append(pl.Series(f"c{i}", [None] * n, dtype=pl.String))
        else:
            values = draw(st.lists(st.none() | TEXT, min_size=n, max_size=n))
            dtype = pl.String if kind == "text" else pl.Categorical
            series.append(pl.Series(f"c{i}", values, dtype=dtype))
    return pl.DataFrame(series)


QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(table=numpy_tables())
def test_numpy_columns_come_back_bit_for_bit(tmp_path, table):
    path = tmp_path / f"{next(COUNTER)}.h5"
    write_columns(path, table, {"m": 3})
    found, attrs = read_columns(path)
    assert attrs == {"m": 3}
    assert list(found) == list(table)
    for name, values in table.items():
        if isinstance(values, list):
            assert found[name].tolist() == values
        else:
            assert found[name].dtype == values.dtype.newbyteorder("=")
            np.testing.assert_array_equal(found[name], values, strict=False)
            native = values.astype(values.dtype.newbyteorder("="))
            assert found[name].tobytes() == native.tobytes()


@QUICK
@given(table=polars_tables())
def test_polars_frames_come_back_equal(tmp_path, table):
    path = tmp_path / f"{next(COUNTER)}.h5"
    write_columns(path, table)
    found, _ = read_columns_frame(path)
    as_text = [pl.col(c).cast(pl.String) for c in table.columns if table[c].dtype == pl.Categorical]
    assert found.with_columns(as_text).equals(table.with_columns(as_text))
    assert [dtype.base_type() for dtype in found.dtypes] == [dtype.base_type() for dtype in table.dtypes]


@pytest.mark.parametrize("n_labels", [1, 4, 200, 5000])
def test_text_of_few_values_comes_back_as_the_same_text(tmp_path, n_labels):
    rng = np.random.default_rng(1)
    labels = [f"allele{i}é" for i in range(n_labels)]
    values = [None if i % 97 == 0 else labels[i] for i in rng.integers(0, n_labels, 70_000)]
    path = tmp_path / "x.h5"
    write_columns(path, {"EA": values})
    assert read_columns(path)[0]["EA"].tolist() == values
    frame, _ = read_columns_frame(path)
    assert frame["EA"].dtype == pl.String
    assert frame["EA"].to_list() == values


def test_pandas_columns_of_every_kind(tmp_path):
    frame = pd.DataFrame(
        {
            "text": ["rs1", None, "é"],
            "nullable": pd.array([1, None, 2**62 + 1], dtype="Int64"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "float": [1.5, np.nan, -0.0],
            "category": pd.Categorical(["A", None, "C"]),
            "object": np.array(["x", None, "z"], dtype=object),
        }
    )
    path = tmp_path / "x.h5"
    write_columns(path, frame)
    found, _ = read_columns(path)
    assert found["text"].tolist() == ["rs1", None, "é"]
    assert found["nullable"].tolist() == [1, None, 2**62 + 1]
    assert found["flag"].tolist() == [True, None, False]
    assert found["float"].tobytes() == frame["float"].to_numpy().tobytes()
    assert found["category"].tolist() == ["A", None, "C"]
    assert found["object"].tolist() == ["x", None, "z"]


def test_arrow_slices_and_chunks(tmp_path):
    sliced = pa.array(["a", "bb", None, "dddd", ""])[1:4]
    chunked = pa.chunked_array([["x"], [None, "y"]])
    write_columns(tmp_path / "x.h5", {"s": sliced, "c": chunked})
    found, _ = read_columns(tmp_path / "x.h5")
    assert found["s"].tolist() == ["bb", None, "dddd"]
    assert found["c"].tolist() == ["x", None, "y"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": [1, 2], "b": [1]}, "columns differ in length: a has 2 rows, b has 1"),
        ({"a/b": [1]}, "column name 'a/b' cannot be stored"),
        ({"a": np.zeros((2, 2))}, "shape (2, 2)"),
        ({"a": np.zeros(2, complex)}, "complex128 cannot be stored"),
        ({"a": np.array(["2020-01-01"], "M8[D]")}, "cannot be stored"),
        ({"a": ["x", 1]}, "column a"),
        ({"a": ["\ud800"]}, "column a"),
    ],
)
def test_what_cannot_be_stored_is_named_and_leaves_no_file(tmp_path, table, message):
    with pytest.raises(StoreError) as caught:
        write_columns(tmp_path / "x.h5", table)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_errors_name_the_file(tmp_path):
    with pytest.raises(StoreError, match=r"absent\.h5: no such file"):
        read_columns(tmp_path / "absent.h5")
    (tmp_path / "text.h5").write_text("SNP A1 A2\n")
    with pytest.raises(StoreError, match=r"text\.h5: not a readable HDF5 file"):
        read_columns(tmp_path / "text.h5")
    write_columns(tmp_path / "x.h5", {"a": [1], "b": [2]})
    with pytest.raises(StoreError, match=r"x\.h5.*has no column 'c'; it has a, b"):
        read_columns(tmp_path / "x.h5", ["c"])
    with pytest.raises(StoreError, match=r"exists already .--overwrite"):
        write_columns(tmp_path / "x.h5", {"a": [1]}, overwrite=False)
    with pytest.raises(OutputError, match="No such file or directory"):
        write_columns(tmp_path / "no" / "x.h5", {"a": [1]})
