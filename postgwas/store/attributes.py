"""Attributes of HDF5 groups and datasets: text at fixed length, where the library's checksums guard it.

HDF5 keeps text of variable length in a heap of the file that carries no checksum: a changed byte gives
another text, and on some changed bytes the library (2.0) goes round for ever. So texts are written at fixed
length, into object headers, which are checked whenever they are read. Files of before have such heaps; those
are looked through before the library is let at them.
"""

from __future__ import annotations

import mmap
import os
import struct
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np

_HEAP = b"GCOL\x01\0\0\0"
_HEADER = struct.Struct("<8sQ")  # signature, version, three zeros; bytes of the whole heap
_OBJECT = struct.Struct("<HHIQ")  # index (0 = free space), references, zeros; bytes


def write_attribute(node: Any, name: str, value: str | int) -> None:
    """Put a text or an integer on a group or dataset."""
    if isinstance(value, str):
        content = value.encode() or b"\0"  # HDF5 has no text of no bytes
        dtype = h5py.string_dtype("utf-8", len(content))
        node.attrs.create(name, np.array(content, dtype), dtype=dtype)
    else:
        node.attrs[name] = value


def attribute(node: Any, name: str) -> Any:
    """An attribute: text as str, numbers as Python's.

    Raises
    ------
    KeyError
        If the node has none of this name.
    OSError, RuntimeError, ValueError
        If the file is damaged.
    """
    try:
        found = h5py.h5a.open(node.id, name.encode())
    except KeyError:
        raise KeyError(f"attribute {name!r} is missing") from None
    kind = found.get_type()
    if isinstance(kind, h5py.h5t.TypeStringID) and not kind.is_variable_str() and not found.shape:
        content = np.empty((), f"S{kind.get_size()}")
        found.read(content, kind)
        return bytes(content[()]).decode()
    if _in_heap(kind):
        check_heaps(Path(node.file.filename))
    value = node.attrs[name]
    if isinstance(value, str):
        value.encode()  # h5py lets bytes pass that are not UTF-8
    return value.item() if isinstance(value, np.generic) else value


def text_attribute(node: Any, name: str) -> str:
    """As :func:`attribute`; a ValueError where it is no text."""
    value = attribute(node, name)
    if not isinstance(value, str):
        raise ValueError(f"attribute {name!r} is {value!r}, expected text")
    return value


def integer_attribute(node: Any, name: str) -> int:
    """As :func:`attribute`; a ValueError where it is no integer."""
    value = attribute(node, name)
    if not isinstance(value, int):
        raise ValueError(f"attribute {name!r} is {value!r}, expected an integer")
    return value


def attributes(node: Any) -> dict[str, Any]:
    """All attributes of a group or dataset, in order of their names."""
    return {name: attribute(node, name) for name in sorted(node.attrs)}


def check_heaps(path: Path) -> None:
    """Look through a file's heaps of texts of variable length, once for each state of the file.

    Raises
    ------
    ValueError
        If one is damaged in such a way that the HDF5 library would not come back from it.
    """
    stat = path.stat()
    _check_heaps(os.fspath(path), stat.st_size, stat.st_mtime_ns)


def _in_heap(kind: Any) -> bool:
    """Whether values of this HDF5 type lie in the file's heap."""
    return kind.get_class() not in (h5py.h5t.INTEGER, h5py.h5t.FLOAT)


@lru_cache(maxsize=256)
def _check_heaps(path: str, size: int, modified_ns: int) -> None:
    if not size:
        return
    with open(path, "rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(_HEAP)
        while at >= 0:
            _check_heap(content, at)
            at = content.find(_HEAP, at + len(_HEAP))


def _check_heap(content: Any, start: int) -> None:
    """Go through a heap as the library does: from object to object by their sizes, to its end."""
    if start + _HEADER.size > len(content):
        return  # the library sees by itself that the file ends here
    end = start + _HEADER.unpack_from(content, start)[1]
    at = start + _HEADER.size
    while at + _OBJECT.size <= min(end, len(content)):
        number, _, _, size = _OBJECT.unpack_from(content, at)
        step = _OBJECT.size + (size + 7) // 8 * 8 if number else size
        if step < _OBJECT.size or at + step > end:
            raise ValueError(f"the heap of texts at byte {start} is damaged")
        at += step
