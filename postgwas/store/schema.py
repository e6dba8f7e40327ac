"""What stands in a file of the store: encodings, their versions, and the rules for names.

Every group and every column carries the attributes ``encoding-type`` and
``encoding-version``. A version goes up when programs of before could not
read what is written now; the readers keep a branch for each older one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from postgwas.errors import StoreError
from postgwas.store.attributes import attribute, write_attribute
from postgwas.store.damage import damage

TYPE = "encoding-type"
VERSION = "encoding-version"
CHECKSUM = "sha256"

#: The newest version that this program writes of each encoding; it reads all from 1 up.
VERSIONS: dict[str, int] = {
    "study": 2,  # the root of study.h5, an index of links or a packed file
    "columns": 2,  # a set of equally long columns
    "table": 2,  # columns + position index + provenance: a result
    "arrays": 2,  # named arrays of any shape + provenance: a result
    "array": 1,  # a plain dataset
    "nullable": 1,  # integers or booleans of which some are missing: values + mask
    "string-array": 1,  # UTF-8 text: bytes + offsets (+ mask)
    "fixed-string-array": 1,  # UTF-8 text padded with NUL: portable files only
    "categorical": 1,  # text with few distinct values: codes + categories
    "position-index": 1,  # first and last position of each chunk
    "json": 1,  # a JSON document as one string
}

#: Rows of a table held in one chunk; 16k to 64k is where whole reads and region reads are both fast.
CHUNK_ROWS = 65_536


def stamp(node: Any, encoding: str) -> None:
    """Write the encoding and its current version on a group or dataset."""
    write_attribute(node, TYPE, encoding)
    write_attribute(node, VERSION, VERSIONS[encoding])


def encoding_of(node: Any, *, file: Path, key: str, expected: tuple[str, ...] = ()) -> tuple[str, int]:
    """Encoding and version of a group or dataset.

    Raises
    ------
    StoreError
        If the node carries none, another than `expected`, or a version newer
        than this program knows.
    """
    with damage(file, key):
        stamped = TYPE in node.attrs and VERSION in node.attrs
        encoding, version = (attribute(node, TYPE), attribute(node, VERSION)) if stamped else (None, None)
    if not isinstance(encoding, str) or version is None:
        raise StoreError(f"{file}: {key}: has no {TYPE} and {VERSION}, so postgwas did not write it")
    if encoding not in VERSIONS or not isinstance(version, int):
        raise StoreError(
            f"{file}: {key}: encoding {encoding!r} version {version!r} is unknown to this postgwas",
            hint="a newer postgwas may read it",
        )
    if version > VERSIONS[encoding]:
        raise StoreError(
            f"{file}: {key}: encoding {encoding!r} version {version} is newer than "
            f"version {VERSIONS[encoding]}, the last that this postgwas reads",
            hint="update postgwas",
        )
    if expected and encoding not in expected:
        reader = {"arrays": "Study.read_arrays", "table": "Study.read_table"}.get(encoding)
        raise StoreError(
            f"{file}: {key}: holds {encoding!r}, expected {' or '.join(map(repr, expected))}",
            hint=f"{reader} in Python reads it" if reader else None,
        )
    return encoding, version


def check_key(key: str) -> str:
    """A key is one or more names joined by '/', for example ``mtag/height``."""
    if any(not part or part.startswith(".") or not part.isprintable() for part in key.split("/")):
        raise StoreError(
            f"key {key!r}: expected names joined by '/', none beginning with '.', as in 'mtag/height'"
        )
    return key


def check_column_name(name: object, *, key: str) -> str:
    """HDF5 cannot hold a link of this name: '', '.', or one with '/' or NUL."""
    if not isinstance(name, str) or name in ("", ".", "..") or "/" in name or "\0" in name:
        raise StoreError(f"{key}: column name {name!r} cannot be stored: expected text without '/'")
    return name


def check_equal_length(lengths: Mapping[str, int], *, key: str) -> int:
    """Number of rows, the same for every column."""
    sizes = set(lengths.values())
    if len(sizes) > 1:
        longest = max(lengths, key=lengths.__getitem__)
        shortest = min(lengths, key=lengths.__getitem__)
        raise StoreError(
            f"{key}: columns differ in length: {longest} has {lengths[longest]} rows, "
            f"{shortest} has {lengths[shortest]}"
        )
    return sizes.pop() if sizes else 0


def is_result(node: Any) -> bool:
    """Whether a group holds a result (rather than more keys)."""
    return TYPE in node.attrs and "key" in node.attrs
