"""One self-contained HDF5 file of columns: for caches, such as an LD score panel's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import StoreError
from postgwas.store.attributes import integer_attribute, text_attribute, write_attribute
from postgwas.store.containment import check_links, member
from postgwas.store.damage import BROKEN, damage, first_line
from postgwas.store.encoding import read_column, read_json, write_column, write_json
from postgwas.store.hdf5 import new_file, open_file
from postgwas.store.schema import check_column_name, check_equal_length, encoding_of, stamp
from postgwas.store.values import Array, Column, as_column, to_numpy, to_polars

if TYPE_CHECKING:
    import os

    import polars as pl


def write_columns(
    path: str | os.PathLike[str],
    columns: Any,
    attrs: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = True,
) -> None:
    """Write equally long columns to one HDF5 file, whole or not at all.

    Parameters
    ----------
    path : path
        The file; its folder must exist.
    columns : mapping of name to array, or a polars or pandas DataFrame
        NumPy arrays, lists, polars or pandas series: booleans, integers, floats
        (NaN is missing) or text. Rows keep their order.
    attrs : mapping, optional
        Anything that JSON can hold.
    overwrite : bool
        Replace the file where it exists; a cache may always be replaced.

    Raises
    ------
    StoreError
        If a column cannot be stored, or the file exists and `overwrite` is false.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "panel.h5"
    >>> write_columns(path, {"SNPID": ["rs1", "rs2"], "L2": np.array([1.5, 2.5])}, {"m": 10})
    >>> columns, attrs = read_columns(path, ["L2"])
    >>> columns["L2"].tolist(), attrs["m"]
    ([1.5, 2.5], 10)
    """
    path = Path(path)
    converted = columns_of(columns, key=str(path))
    with new_file(path, overwrite=overwrite) as handle:
        write_group(handle, converted)
        write_json(handle, "attrs", dict(attrs or {}))


def read_columns(
    path: str | os.PathLike[str], names: Sequence[str] | None = None
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Columns of a file that :func:`write_columns` wrote, as NumPy arrays, and its attributes.

    Text comes as object arrays (None is missing), integers of which some are
    missing as masked arrays. :func:`read_columns_frame` is faster for text.

    Raises
    ------
    StoreError
        If the file is missing, damaged, of a newer version, or lacks a column.
    """
    with _open(Path(path)) as handle:
        columns = read_group(handle, names, file=Path(path), key="/")
        attrs = read_json(handle, "attrs", file=Path(path), key="/")
    return {name: to_numpy(column) for name, column in columns.items()}, attrs


def read_columns_frame(
    path: str | os.PathLike[str], names: Sequence[str] | None = None
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """As :func:`read_columns`, as a polars DataFrame; text is not copied."""
    import polars as pl

    with _open(Path(path)) as handle:
        columns = read_group(handle, names, file=Path(path), key="/")
        attrs = read_json(handle, "attrs", file=Path(path), key="/")
    return pl.DataFrame([to_polars(column, name) for name, column in columns.items()]), attrs


def columns_of(table: Any, *, key: str) -> dict[str, Column]:
    """The columns of a mapping or a DataFrame, checked for names and lengths."""
    named: dict[str, Column] = {}
    for name in list(table.columns) if hasattr(table, "columns") else list(table):
        check_column_name(name, key=key)
        if name in named:
            raise StoreError(f"{key}: column {name} occurs twice")
        named[name] = as_column(table[name], name=name, key=key)
    check_equal_length({name: len(column) for name, column in named.items()}, key=key)
    return named


def write_group(group: Any, columns: Mapping[str, Column], *, portable: bool = False) -> None:
    """Write columns into an open group and record their order."""
    stamp(group, "columns")
    write_attribute(group, "column-order", json.dumps(list(columns)))
    write_attribute(group, "n_rows", len(next(iter(columns.values()))) if columns else 0)
    inside = group.create_group("columns")
    for name, column in columns.items():
        write_column(inside, name, column, portable=portable)


def read_group(
    group: Any, names: Sequence[str] | None, *, file: Path, key: str, rows: slice = slice(None)
) -> dict[str, Column]:
    """Columns `names` (one, or None: all, in the order they were written) of an open group."""
    names = [names] if isinstance(names, str) else names
    encoding_of(group, file=file, key=key, expected=("columns", "table"))
    present = column_order(group)
    for name in names or ():
        if name not in present:
            raise StoreError(f"{file}: {key}: has no column {name!r}; it has {', '.join(present)}")
    with damage(file, key):
        length = len(range(*rows.indices(integer_attribute(group, "n_rows"))))
    found: dict[str, Column] = {}
    for name in present if names is None else names:
        where = f"{key.rstrip('/')}/{name}"
        with damage(file, where):
            node = member(group["columns"], name)
        found[name] = read_column(node, file=file, key=where, rows=rows)
        if len(found[name]) != length:
            raise StoreError(f"{file}: {where}: damaged: {len(found[name])} rows, expected {length}")
    return found


def column_order(group: Any) -> list[str]:
    """Names of a result's columns or arrays, in the order in which they were given."""
    names = json.loads(text_attribute(group, "column-order"))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("attribute 'column-order' is no list of names")
    return names


def units_of(group: Any) -> dict[str, str]:
    """Units of a table's columns, of those that have one."""
    nodes = group["columns"].items()
    return {name: text_attribute(node, "unit") for name, node in nodes if "unit" in node.attrs}


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    if not path.exists():
        raise StoreError(f"{path}: no such file")
    try:
        handle = open_file(path)
    except OSError as error:
        raise StoreError(f"{path}: not a readable HDF5 file: {first_line(error)}") from error
    with handle:
        try:
            check_links(handle)
            yield handle
        except BROKEN as error:
            raise StoreError(f"{path}: damaged: {first_line(error)}") from error
