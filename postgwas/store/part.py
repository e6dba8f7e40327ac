"""One result as one group: its columns or arrays, position index, attributes, provenance, checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import postgwas
from postgwas.errors import StoreError
from postgwas.store.attributes import attributes, integer_attribute, write_attribute
from postgwas.store.columns import column_order, write_group
from postgwas.store.containment import member
from postgwas.store.encoding import read_column, read_dataset, write_column, write_dataset, write_json
from postgwas.store.position import as_integers, genome_order, position_index, sort_keys
from postgwas.store.schema import (
    CHECKSUM,
    CHUNK_ROWS,
    check_column_name,
    check_equal_length,
    encoding_of,
    stamp,
)
from postgwas.store.values import Array, Column, Numbers, as_column, take

#: A table's columns ready to write, with its position index where it has CHR and POS.
SortedTable = tuple[Mapping[str, Column], dict[str, Array] | None]


def sort_table(columns: dict[str, Column]) -> SortedTable:
    """Sort rows by CHR and POS (stable) where both are there; chromosome names become numbers.

    A table with a chromosome that has no number keeps its rows' order and has no
    position index.
    """
    if "CHR" not in columns or "POS" not in columns:
        return columns, None
    chromosome = as_integers(columns["CHR"], chromosome=True)
    position = as_integers(columns["POS"])
    if chromosome is None or position is None:
        return columns, None
    columns = {**columns, "CHR": chromosome, "POS": position}
    by_chromosome, by_position = sort_keys(chromosome, position)
    order = genome_order(by_chromosome, by_position)
    if order is not None:
        columns = {name: take(column, order) for name, column in columns.items()}
        by_chromosome, by_position = by_chromosome[order], by_position[order]
    return columns, position_index(by_chromosome, by_position, CHUNK_ROWS)


class ColumnsOnDemand(Mapping[str, Column]):
    """Columns that are made when they are written, so that a big table need not be in memory whole.

    Parameters
    ----------
    names : sequence of str
        Columns in their order.
    load : callable
        Column's name -> its values; called once for each, and once more for CHR and POS.
    key : str
        For messages.
    """

    def __init__(self, names: Sequence[str], load: Callable[[str], Any], *, key: str) -> None:
        for name in names:
            check_column_name(name, key=key)
        self._names, self._load, self._key = list(names), load, key
        self._length: int | None = None

    def __getitem__(self, name: str) -> Column:
        column = as_column(self._load(name), name=name, key=self._key)
        if self._length is None:
            self._length = len(column)
        check_equal_length({"the first column": self._length, name: len(column)}, key=self._key)
        return column

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def sorted_table(columns: ColumnsOnDemand, *, key: str) -> SortedTable:
    """A table whose rows are in genome order already, with its position index.

    Raises
    ------
    StoreError
        They are not.
    """
    if not {"CHR", "POS"} <= set(columns):
        return columns, None
    by_chromosome, by_position = sort_keys(numbers_of(columns["CHR"]), numbers_of(columns["POS"]))
    if genome_order(by_chromosome, by_position) is not None:
        raise StoreError(f"{key}: the rows are not sorted by CHR and POS")
    return columns, position_index(by_chromosome, by_position, CHUNK_ROWS)


def write_table_part(
    group: Any,
    table: SortedTable,
    header: Mapping[str, Any],
    *,
    units: Mapping[str, str],
    attrs: Mapping[str, Any],
    provenance: Mapping[str, Any],
    portable: bool = False,
) -> None:
    """Write a table into an empty group and seal it with its checksum."""
    columns, index = table
    write_group(group, columns, portable=portable)
    for name, unit in units.items():
        write_attribute(group["columns"][name], "unit", unit)
    stamp(group, "table")
    if index is not None:
        inside = group.create_group("position-index")
        write_attribute(inside, "chunk_rows", CHUNK_ROWS)
        stamp(inside, "position-index")
        for name, values in index.items():
            write_dataset(inside, name, values, portable=portable)
    _finish(group, header, attrs, provenance)


def write_arrays_part(
    group: Any,
    arrays: Mapping[str, Any],
    header: Mapping[str, Any],
    *,
    attrs: Mapping[str, Any],
    provenance: Mapping[str, Any],
    portable: bool = False,
) -> None:
    """Write named arrays of any shape (or lists of text) into an empty group and seal it."""
    stamp(group, "arrays")
    inside = group.create_group("arrays")
    for name, values in arrays.items():
        if isinstance(values, np.ndarray):
            stamp(write_dataset(inside, name, values, portable=portable), "array")
        else:
            write_column(inside, name, values, portable=portable)
    write_attribute(group, "column-order", json.dumps(list(arrays)))
    _finish(group, header, attrs, provenance)


def as_arrays(arrays: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Arrays of numbers as they are; one-dimensional text as a column."""
    checked: dict[str, Any] = {}
    for name, values in arrays.items():
        array = values if hasattr(values, "dtype") else np.asarray(values)
        if (
            isinstance(array, (np.ndarray, np.generic))
            and array.dtype.kind in "biuf"
            and array.dtype.itemsize <= 8
        ):
            native = np.asarray(array)
            checked[name] = np.ascontiguousarray(native, native.dtype.newbyteorder("<")).reshape(native.shape)
        else:
            checked[name] = as_column(values, name=name, key=key)
    return checked


def new_header(key: str, kind: str) -> dict[str, Any]:
    """What a listing shows of a result."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return {"key": key, "kind": kind, "created": created, "postgwas": postgwas.__version__}


def read_arrays_part(group: Any, *, file: Path, key: str) -> dict[str, Array | Column]:
    """Arrays and text columns of a group that :func:`write_arrays_part` wrote."""
    encoding_of(group, file=file, key=key, expected=("arrays",))
    found: dict[str, Array | Column] = {}
    for name in column_order(group):
        node, where = member(group["arrays"], name), f"{key}/{name}"
        if encoding_of(node, file=file, key=where)[0] == "array":
            found[name] = np.asarray(read_dataset(node))
        else:
            found[name] = read_column(node, file=file, key=where)
    return found


def read_position_index(group: Any, *, file: Path, key: str) -> tuple[dict[str, Array], int]:
    """The position index of a table and its rows per chunk.

    Raises
    ------
    StoreError
        If the table has none.
    """
    if "position-index" not in group:
        raise StoreError(f"{file}: {key}: has no position index: it was stored without usable CHR and POS")
    node = group["position-index"]
    encoding_of(node, file=file, key=f"{key}/position-index", expected=("position-index",))
    return {name: read_dataset(node[name]) for name in node}, integer_attribute(node, "chunk_rows")


def seal(group: Any) -> str:
    """SHA-256 over everything in a result: each dataset's checksum and every attribute."""
    lines = [_line("", group)]
    group.visititems(lambda path, node: lines.append(_line(path, node)))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _line(path: str, node: Any) -> str:
    known = {name: value for name, value in attributes(node).items() if path or name != CHECKSUM}
    return json.dumps([path, str(getattr(node, "dtype", "group")), known])


def _finish(group: Any, header: Mapping[str, Any], attrs: Mapping[str, Any], provenance: Any) -> None:
    for name, value in header.items():
        write_attribute(group, name, value)
    write_json(group, "attrs", dict(attrs))
    write_json(group, "provenance", provenance)
    write_attribute(group, CHECKSUM, seal(group))


def numbers_of(column: Column) -> Numbers:
    """CHR or POS of a table with a position index, which are integers."""
    if not isinstance(column, Numbers):
        raise StoreError("CHR and POS of an indexed table must be integers")
    return column
