"""Columns on disk: write one into an HDF5 group, read its rows back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pyarrow as pa

from postgwas.errors import StoreError
from postgwas.store.schema import CHUNK_ROWS, TYPE, encoding_of, stamp
from postgwas.store.values import Array, Categories, Column, Numbers, Text

_BYTES_CHUNK = 1 << 20
_SMALL = 4096
# At this level Zstd writes nine times faster than gzip-1 at the same size.
ZSTD: dict[str, Any] = {"shuffle": True, **hdf5plugin.Zstd(clevel=3)}
GZIP: dict[str, Any] = {"shuffle": True, "compression": "gzip", "compression_opts": 1}


def open_file(path: Path, mode: str) -> Any:
    """Open an HDF5 file without file locks.

    Parts never change once they have their name and no two processes write the
    same file, so a lock protects nothing here; on NFS and Lustre mounts without
    lock support it makes every open fail. ``HDF5_USE_FILE_LOCKING`` is read by
    the library itself and, where a user sets it, wins over this choice.
    """
    # v110: metadata carries its own checksums, and HDF5 1.10 (2016) still reads it.
    return h5py.File(path, mode, locking=False, libver=("v110", "v110") if mode != "r" else None)


def write_dataset(group: Any, name: str, values: Array, *, filters: dict[str, Any] | None = None) -> Any:
    """One array as a dataset: compressed in chunks unless it is tiny."""
    if values.nbytes < _SMALL:
        return group.create_dataset(name, data=values)
    if values.ndim == 1:
        rows = _BYTES_CHUNK if values.dtype == np.uint8 else CHUNK_ROWS
        chunks: Any = (min(len(values), rows),)
    else:
        chunks = True
    return group.create_dataset(name, data=values, chunks=chunks, **(ZSTD if filters is None else filters))


def write_column(group: Any, name: str, column: Column) -> Any:
    """Write a column as the dataset or group `name` and stamp its encoding."""
    if isinstance(column, Numbers):
        if column.missing is None:
            node = write_dataset(group, name, column.values)
            stamp(node, "array")
            return node
        node = group.create_group(name)
        write_dataset(node, "values", column.values)
        write_dataset(node, "mask", column.missing)
        stamp(node, "nullable")
        return node
    node = group.create_group(name)
    if isinstance(column, Text):
        offsets, content, missing = text_buffers(column.data)
        write_dataset(node, "offsets", offsets)
        write_dataset(node, "bytes", content)
        if missing is not None:
            write_dataset(node, "mask", missing)
        stamp(node, "string-array")
        return node
    write_dataset(node, "codes", column.codes)
    write_column(node, "categories", Text(column.categories))
    node.attrs["shown-as"] = column.shown_as
    stamp(node, "categorical")
    return node


def write_json(group: Any, name: str, document: Any) -> None:
    """A JSON document as one UTF-8 string; a dataset, since attributes end at 64 KB."""
    content = json.dumps(document, ensure_ascii=True, allow_nan=True).encode()
    stamp(group.create_dataset(name, data=np.bytes_(content)), "json")


def read_json(group: Any, name: str, *, file: Path, key: str) -> Any:
    """The document that :func:`write_json` wrote."""
    encoding_of(group[name], file=file, key=f"{key}/{name}", expected=("json",))
    try:
        return json.loads(bytes(group[name][()]))
    except ValueError as error:
        raise StoreError(f"{file}: {key}/{name}: damaged: {error}") from error


def column_length(node: Any) -> int:
    """Number of rows of a stored column, from its shape alone."""
    encoding = node.attrs[TYPE]
    if encoding == "string-array":
        return int(node["offsets"].shape[0]) - 1
    if encoding == "nullable":
        return int(node["values"].shape[0])
    if encoding == "categorical":
        return int(node["codes"].shape[0])
    return int(node.shape[0])


def read_column(node: Any, *, file: Path, key: str, rows: slice = slice(None)) -> Column:
    """Rows of a stored column; only the chunks that hold them are read.

    Raises
    ------
    StoreError
        If the encoding is unknown or newer, or the content is damaged.
    """
    encoding, _ = encoding_of(node, file=file, key=key)
    try:
        if encoding == "array":
            return Numbers(node[rows])
        if encoding == "nullable":
            return Numbers(node["values"][rows], node["mask"][rows].astype(bool))
        if encoding == "string-array":
            return Text(_read_text(node, rows))
        if encoding == "fixed-string-array":
            return Text(_read_fixed(node, rows))
        if encoding == "categorical":
            labels = read_column(node["categories"], file=file, key=f"{key}/categories")
            codes = node["codes"][rows]
            if not isinstance(labels, Text) or (len(codes) and codes.max() >= len(labels)):
                raise ValueError("codes point past the categories")
            return Categories(codes, labels.data, str(node.attrs["shown-as"]))
    except (OSError, KeyError, ValueError, RuntimeError, pa.ArrowInvalid) as error:
        raise StoreError(f"{file}: {key}: damaged: {str(error).splitlines()[0]}") from error
    raise StoreError(f"{file}: {key}: is a {encoding!r}, expected a column")


def text_buffers(data: Any) -> tuple[Array, Array, Array | None]:
    """Offsets (n + 1, uint64), UTF-8 bytes and mask of missing (or None) of a large_string array."""
    n = len(data)
    missing = data.is_null().to_numpy(zero_copy_only=False) if data.null_count else None
    if missing is not None:
        data = data.fill_null("")
    _, offset_buffer, byte_buffer = data.buffers()
    if n == 0 or offset_buffer is None:
        return np.zeros(1, np.uint64), np.zeros(0, np.uint8), missing
    offsets = np.frombuffer(offset_buffer, np.int64, n + 1, data.offset * 8)
    start, stop = int(offsets[0]), int(offsets[-1])
    content = np.frombuffer(byte_buffer, np.uint8)[start:stop] if stop > start else np.zeros(0, np.uint8)
    return (offsets - start).astype(np.uint64), content, missing


def _read_text(node: Any, rows: slice) -> Any:
    n = node["offsets"].shape[0] - 1
    first, last, _ = rows.indices(n)
    last = max(first, last)
    offsets = node["offsets"][first : last + 1].astype(np.int64)
    start, stop = int(offsets[0]), int(offsets[-1])
    content = node["bytes"][start:stop] if stop > start else np.zeros(0, np.uint8)
    bitmap = None
    if "mask" in node:
        bitmap = pa.py_buffer(np.packbits(~node["mask"][first:last].astype(bool), bitorder="little"))
    buffers = [bitmap, pa.py_buffer(offsets - start), pa.py_buffer(content)]
    array = pa.Array.from_buffers(pa.large_string(), last - first, buffers)
    # Damaged offsets would otherwise make Arrow read foreign memory.
    array.validate(full=True)
    return array


def _read_fixed(node: Any, rows: slice) -> Any:
    values = node["values"].astype(f"S{node['values'].dtype.itemsize}")[rows]
    mask = node["mask"][rows].astype(bool) if "mask" in node else None
    return pa.array(values.tolist(), pa.large_binary(), mask=mask).cast(pa.large_string())
