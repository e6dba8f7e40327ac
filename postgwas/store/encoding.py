"""Columns on disk: write one into an HDF5 group, read its rows back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from postgwas.errors import StoreError
from postgwas.store.attributes import attribute, text_attribute, write_attribute
from postgwas.store.containment import check_dataset, member
from postgwas.store.damage import damage
from postgwas.store.hdf5 import ZSTD_FILTER
from postgwas.store.schema import CHECKSUM, CHUNK_ROWS, encoding_of, stamp
from postgwas.store.values import Array, Categories, Column, Numbers, Text, missing_of, without_nulls

_BYTES_CHUNK = 1 << 20
_SMALL = 4096
# At this level Zstd writes nine times faster than gzip-1 at the same size. Its frames carry no checksum, so
# the library's own guards the compressed bytes, which costs nothing that can be measured; gzip has one.
ZSTD: dict[str, Any] = {
    "shuffle": True, "compression": ZSTD_FILTER, "compression_opts": (3,), "fletcher32": True,
}  # fmt: skip
GZIP: dict[str, Any] = {"shuffle": True, "compression": "gzip", "compression_opts": 1}


def digest(values: Any) -> str:
    """SHA-256 of an array's dtype, shape and content, whatever filters it is stored with."""
    array = np.asarray(values)
    sha = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    if array.size:
        sha.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return sha.hexdigest()


def write_dataset(group: Any, name: str, values: Array, *, portable: bool = False) -> Any:
    """One array as a dataset with its checksum: compressed in chunks unless it is tiny."""
    if values.nbytes < _SMALL or not values.ndim:
        node = group.create_dataset(name, data=values)
    else:
        chunks: Any = True
        if values.ndim == 1:
            chunks = (min(len(values), _BYTES_CHUNK if values.dtype == np.uint8 else CHUNK_ROWS),)
        node = group.create_dataset(name, data=values, chunks=chunks, **(GZIP if portable else ZSTD))
    write_attribute(node, CHECKSUM, digest(values))
    return node


def read_dataset(node: Any, rows: slice = slice(None)) -> Any:
    """Rows of a dataset, or the one value of one without rows.

    Chunks are guarded by their filters, and so is what says where they lie. A dataset without chunks is
    small, and compared with its checksum.

    Raises
    ------
    OSError, ValueError
        If it is damaged, or is none of a store's (:func:`.containment.check_dataset`).
    """
    check_dataset(node)
    if node.chunks is not None:
        return node[rows]
    values = node[()]
    if CHECKSUM in node.attrs and digest(values) != attribute(node, CHECKSUM):
        raise ValueError("values differ from their checksum")
    return values[rows] if node.shape else values


def write_column(group: Any, name: str, column: Column, *, portable: bool = False) -> Any:
    """Write a column as the dataset or group `name` and stamp its encoding.

    `portable` uses only what every HDF5 library reads: gzip, and fixed-width
    strings where they are not much longer than their text.
    """
    if isinstance(column, Numbers) and column.missing is None:
        node = write_dataset(group, name, column.values, portable=portable)
        stamp(node, "array")
        return node
    node = group.create_group(name)
    if isinstance(column, Numbers):
        write_dataset(node, "values", column.values, portable=portable)
        write_dataset(node, "mask", np.asarray(column.missing), portable=portable)
        stamp(node, "nullable")
    elif isinstance(column, Text):
        offsets, content, missing = text_buffers(column.data)
        padded = _padded(column.data, offsets) if portable else None
        if padded is not None:
            write_dataset(node, "values", padded, portable=True)
        else:
            write_dataset(node, "offsets", offsets, portable=portable)
            write_dataset(node, "bytes", content, portable=portable)
        if missing is not None:
            write_dataset(node, "mask", missing, portable=portable)
        stamp(node, "string-array" if padded is None else "fixed-string-array")
    else:
        write_dataset(node, "codes", column.codes, portable=portable)
        write_column(node, "categories", Text(column.categories), portable=portable)
        write_attribute(node, "shown-as", column.shown_as)
        stamp(node, "categorical")
    return node


def write_json(group: Any, name: str, document: Any) -> None:
    """A JSON document as one UTF-8 string; a dataset, with its own checksum, since it may be long."""
    content = json.dumps(document, ensure_ascii=True, allow_nan=True).encode()
    stamp(write_dataset(group, name, np.array(content)), "json")


def read_json(group: Any, name: str, *, file: Path, key: str) -> Any:
    """The document that :func:`write_json` wrote."""
    with damage(file, f"{key}/{name}"):
        node = member(group, name)
    encoding_of(node, file=file, key=f"{key}/{name}", expected=("json",))
    with damage(file, f"{key}/{name}"):
        return json.loads(bytes(read_dataset(node)))


def read_column(node: Any, *, file: Path, key: str, rows: slice = slice(None)) -> Column:
    """Rows of a stored column; only the chunks that hold them are read.

    Raises
    ------
    StoreError
        If the encoding is unknown or newer, or the content is damaged.
    """
    encoding, _ = encoding_of(node, file=file, key=key)
    with damage(file, key):
        if encoding == "array":
            return Numbers(read_dataset(node, rows))
        if encoding == "nullable":
            return Numbers(read_dataset(node["values"], rows), read_dataset(node["mask"], rows).astype(bool))
        if encoding == "string-array":
            return Text(_read_text(node, rows))
        if encoding == "fixed-string-array":
            return Text(_read_fixed(node, rows))
        if encoding == "categorical":
            labels = read_column(node["categories"], file=file, key=f"{key}/categories")
            codes = read_dataset(node["codes"], rows)
            if not isinstance(labels, Text) or (len(codes) and codes.max() >= len(labels)):
                raise ValueError("codes point past the categories")
            return Categories(codes, labels.data, text_attribute(node, "shown-as"))
    raise StoreError(f"{file}: {key}: is a {encoding!r}, expected a column")


def text_buffers(data: Any) -> tuple[Array, Array, Array | None]:
    """Offsets (n + 1, uint64), UTF-8 bytes and mask of missing (or None) of a large_string array."""
    n = len(data)
    missing = missing_of(data)
    if missing is not None:
        data = without_nulls(data)
    _, offset_buffer, byte_buffer = data.buffers()
    if n == 0 or offset_buffer is None:
        return np.zeros(1, np.uint64), np.zeros(0, np.uint8), missing
    offsets = np.frombuffer(offset_buffer, np.int64, n + 1, data.offset * 8)
    start, stop = int(offsets[0]), int(offsets[-1])
    content = np.frombuffer(byte_buffer, np.uint8)[start:stop] if stop > start else np.zeros(0, np.uint8)
    return (offsets - start).astype(np.uint64), content, missing


def _read_text(node: Any, rows: slice) -> Any:
    import pyarrow as pa

    n = node["offsets"].shape[0] - 1
    first, last, _ = rows.indices(n)
    last = max(first, last)
    offsets = read_dataset(node["offsets"], slice(first, last + 1)).astype(np.int64)
    start, stop = int(offsets[0]), int(offsets[-1])
    content = read_dataset(node["bytes"], slice(start, stop)) if stop > start else np.zeros(0, np.uint8)
    bitmap = None
    if "mask" in node:
        bitmap = pa.py_buffer(
            np.packbits(~read_dataset(node["mask"], slice(first, last)).astype(bool), bitorder="little")
        )
    buffers = [bitmap, pa.py_buffer(offsets - start), pa.py_buffer(content)]
    array = pa.Array.from_buffers(pa.large_string(), last - first, buffers)
    # Damaged offsets would otherwise make Arrow read foreign memory.
    array.validate(full=True)
    return array


def _padded(data: Any, offsets: Array) -> Array | None:
    """Text padded to one width, or None where that would bloat it or lose a NUL at its end."""
    import pyarrow as pa

    widths = np.diff(offsets.astype(np.int64))
    width = int(widths.max(initial=1))
    if width > 64 and width * len(widths) > 4 * int(offsets[-1]):
        return None
    # Built from bytes: NumPy's "S" drops NULs at the end, so a changed length shows them.
    values = np.array(without_nulls(data).cast(pa.large_binary()).to_pylist(), dtype=f"S{width}")
    return values if np.array_equal(np.char.str_len(values), widths) else None


def _read_fixed(node: Any, rows: slice) -> Any:
    import pyarrow as pa

    values = read_dataset(node["values"], rows)
    mask = read_dataset(node["mask"], rows).astype(bool) if "mask" in node else None
    text = pa.array(values.tolist(), pa.large_binary()).cast(pa.large_string())
    if mask is None:
        return text
    import pyarrow.compute as pc  # a sixth of a second

    return pc.if_else(pa.array(mask), pa.scalar(None, pa.large_string()), text)
