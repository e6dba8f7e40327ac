"""Columns in memory: what the store takes, and what it gives back.

A column is one of three kinds, whatever library it came from. Missing values
are NaN in floats and a mask in integers, booleans and text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from postgwas.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_SAMPLE = 65_536


@dataclass(frozen=True)
class Numbers:
    """Booleans, integers or floats; `missing` is None where none is missing."""

    values: Array
    missing: Array | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Text:
    """UTF-8 strings as an Arrow large_string array, nulls allowed."""

    data: Any

    def __len__(self) -> int:
        return len(self.data)


@dataclass(frozen=True)
class Categories:
    """Strings with few distinct values: `codes` point into `categories`, -1 is missing.

    `shown_as` is "string" where the store chose this encoding to save space, and
    "categorical" where the caller's column was categorical.
    """

    codes: Array
    categories: Any
    shown_as: str

    def __len__(self) -> int:
        return len(self.codes)


Column: TypeAlias = Numbers | Text | Categories


def as_column(values: Any, *, name: str, key: str) -> Column:
    """Any column-like object (NumPy, pandas, polars, Arrow, list) as a :class:`Column`.

    Raises
    ------
    StoreError
        If the values are not one-dimensional booleans, integers, floats or text.
    """
    try:
        column = _convert(values)
    except (UnicodeError, TypeError, ValueError) as error:  # Arrow's are of these kinds too
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreError(f"{key}: column {name}: cannot be stored: {first}") from error
    if column is None:
        kind = getattr(values, "dtype", type(values).__name__)
        raise StoreError(f"{key}: column {name}: {kind} cannot be stored: expected numbers, booleans or text")
    return _compact(column) if isinstance(column, Text) else column


def take(column: Column, order: Array) -> Column:
    """The rows `order` of a column."""
    if isinstance(column, Numbers):
        missing = None if column.missing is None else column.missing[order]
        return Numbers(column.values[order], missing)
    if isinstance(column, Text):
        return Text(column.data.take(_arrow(order)))
    return Categories(column.codes[order], column.categories, column.shown_as)


def concatenate(columns: list[Column]) -> Column:
    """Columns of one kind end to end, text and categories joined as text."""
    import pyarrow as pa

    if len(columns) == 1:
        return columns[0]
    if all(isinstance(column, Numbers) for column in columns):
        numbers = [column for column in columns if isinstance(column, Numbers)]
        masks = [np.zeros(len(c), bool) if c.missing is None else c.missing for c in numbers]
        values = np.concatenate([c.values for c in numbers])
        return Numbers(values, np.concatenate(masks) if any(m.any() for m in masks) else None)
    return Text(pa.concat_arrays([to_arrow(column).cast(pa.large_string()) for column in columns]))


def to_arrow(column: Column) -> Any:
    """As an Arrow array; NaN stays NaN."""
    import pyarrow as pa

    if isinstance(column, Numbers):
        return _arrow(column.values, column.missing)
    if isinstance(column, Text):
        return column.data
    codes = _arrow(column.codes, column.codes < 0)
    dictionary = pa.DictionaryArray.from_arrays(codes, column.categories)
    return dictionary if column.shown_as == "categorical" else dictionary.cast(pa.large_string())


def to_numpy(column: Column) -> Array:
    """As a NumPy array: text as objects with None for missing, missing integers as a masked array."""
    if isinstance(column, Numbers):
        return column.values if column.missing is None else np.ma.array(column.values, mask=column.missing)
    if isinstance(column, Text):
        import polars as pl

        return np.asarray(pl.Series(column.data).to_numpy(), dtype=object)
    # Code -1 finds the None at the end.
    labels = np.array([*column.categories.to_pylist(), None], dtype=object)
    return np.asarray(labels[column.codes])


def to_polars(column: Column, name: str) -> pl.Series:
    """As a polars series."""
    import polars as pl

    return pl.Series(_ArrowArray(to_arrow(column))).alias(name)


class _ArrowArray:
    """Arrow's own interface alone: polars imports pyarrow.compute, a sixth of a second, for an array."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self._array.__arrow_c_array__(requested_schema)


def to_pandas(column: Column, name: str) -> pd.Series[Any]:
    """As a pandas series: text as pandas' string dtype, missing integers as its nullable integers."""
    import pandas as pd

    if isinstance(column, Numbers):
        if column.missing is None:
            return pd.Series(column.values, name=name)
        kind = pd.arrays.BooleanArray if column.values.dtype == bool else pd.arrays.IntegerArray
        return pd.Series(kind(column.values, column.missing), name=name)
    if isinstance(column, Categories) and column.shown_as == "categorical":
        labels = column.categories.to_numpy(zero_copy_only=False)
        return pd.Series(pd.Categorical.from_codes(column.codes, categories=labels), name=name)
    try:
        dtype: Any = pd.StringDtype("pyarrow", na_value=np.nan)
    except TypeError:  # before pandas 2.3
        dtype = "string[pyarrow_numpy]"
    return pd.Series(pd.array(to_arrow(column), dtype=dtype), name=name)


def _convert(values: Any) -> Column | None:
    import pyarrow as pa

    library = type(values).__module__.partition(".")[0]
    if library == "polars":
        values = values.rechunk()
        if values.dtype.is_numeric() and not values.null_count():
            return _numbers(values.to_numpy())
        import polars as pl

        return _from_arrow(values.to_arrow(compat_level=pl.CompatLevel.oldest()))
    if library == "pandas":
        if isinstance(values.dtype, np.dtype) and values.dtype.kind in "biuf":
            return _numbers(values.to_numpy())
        return _from_arrow(pa.array(values, from_pandas=True))
    if library == "pyarrow":
        return _from_arrow(values)
    if isinstance(values, np.ma.MaskedArray):
        column = _from_numpy(values.data)
        if isinstance(column, Numbers) and column.values.dtype.kind != "f":
            return Numbers(column.values, np.ma.getmaskarray(values))
        return _from_numpy(values.filled(np.nan)) if isinstance(column, Numbers) else None
    if isinstance(values, np.ndarray):
        return _from_numpy(values)
    if isinstance(values, (list, tuple, range)):
        return _from_list(list(values))
    return None


def _from_list(values: list[Any]) -> Column | None:
    # polars rather than Arrow, whose conversion of lists imports pandas: a second of start-up.
    import polars as pl

    return _convert(pl.Series(values, dtype=None if values else pl.String))


def _from_numpy(values: Array) -> Column | None:
    import pyarrow as pa

    if values.ndim != 1:
        raise ValueError(f"an array of shape {values.shape}, expected one dimension")
    if values.dtype.kind in "biuf":
        return _numbers(values)
    if values.dtype.kind == "S":
        return _from_list([value.decode() for value in values.tolist()])
    if values.dtype.kind in "UT":
        return _from_list(values.tolist())
    if values.dtype.kind == "O":
        return _from_arrow(pa.array(values, from_pandas=True))
    return None


def _from_arrow(array: Any) -> Column | None:
    import pyarrow as pa

    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    kind = array.type
    if pa.types.is_dictionary(kind):
        labels = array.dictionary.cast(pa.large_string())
        return Categories(_codes(array), labels, "categorical")
    if pa.types.is_null(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return Text(array.cast(pa.large_string()))
    if pa.types.is_string_view(kind):
        return Text(array.cast(pa.large_string()))
    if pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        values, missing = _buffer_values(array), missing_of(array)
        if missing is None:
            return _numbers(values)
        values = np.where(
            missing, np.asarray(np.nan if values.dtype.kind == "f" else 0, values.dtype), values
        )
        return _numbers(values) if values.dtype.kind == "f" else Numbers(values, missing)
    return None


def _numbers(values: Array) -> Numbers | None:
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        return None
    # Files are little-endian whatever the machine, so that checksums agree.
    return Numbers(np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")))


def missing_of(array: Any) -> Array | None:
    """Which values of an Arrow array are null; None where none is."""
    if not array.null_count:
        return None
    bitmap = array.buffers()[0]
    if bitmap is None:
        return np.ones(len(array), bool)
    return np.asarray(_bits(bitmap, array.offset, len(array)) == 0)


def without_nulls(text: Any) -> Any:
    """A large_string array with empty text where values are missing."""
    import polars as pl

    return pl.Series(text).fill_null("").to_arrow(compat_level=pl.CompatLevel.oldest())


def _buffer_values(array: Any) -> Array:
    """Values of an Arrow array of numbers; its own to_numpy() would import pandas."""
    import pyarrow as pa

    content = array.buffers()[1]
    if pa.types.is_boolean(array.type):
        return _bits(content, array.offset, len(array)).astype(bool)
    name = str(array.type)
    kind = np.dtype({"halffloat": "f2", "float": "f4", "double": "f8"}.get(name, name))
    if content is None:
        return np.zeros(len(array), kind)
    return np.frombuffer(content, kind, len(array), array.offset * kind.itemsize)


def _bits(buffer: Any, offset: int, n: int) -> Array:
    return np.unpackbits(np.frombuffer(buffer, np.uint8), count=offset + n, bitorder="little")[offset:]


def _arrow(values: Array, missing: Array | None = None) -> Any:
    """Numbers as an Arrow array that shares their memory; pa.array() would import pandas."""
    import pyarrow as pa

    bitmap = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    content = np.packbits(values, bitorder="little") if values.dtype == bool else np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [bitmap, pa.py_buffer(content)])


def _compact(column: Text) -> Column:
    """Text with few distinct values as categories; the first rows decide whether to try."""
    n = len(column)
    sample = column.data.slice(0, _SAMPLE)
    if n < 256 or len(sample.unique()) * 8 > len(sample):
        return column
    encoded = column.data.dictionary_encode()
    labels = encoded.dictionary
    if len(labels) > 32_767:
        return column
    return Categories(_codes(encoded), labels, "string")


def _codes(array: Any) -> Array:
    """Codes of a dictionary array in the narrowest integers that hold them, -1 for missing."""
    codes, missing = _buffer_values(array.indices).astype(np.int64), missing_of(array)
    if missing is not None:
        codes = np.where(missing, -1, codes)
    for kind in (np.int8, np.int16, np.int32):
        if len(array.dictionary) <= np.iinfo(kind).max:
            return codes.astype(np.dtype(kind).newbyteorder("<"))
    return codes
