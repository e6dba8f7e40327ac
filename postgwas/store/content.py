"""Checksums of what results say, whenever and on whatever machine they were made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from postgwas.errors import StoreError
from postgwas.store.attributes import attribute, text_attribute
from postgwas.store.damage import BROKEN, damage
from postgwas.store.encoding import read_json
from postgwas.store.hdf5 import open_file
from postgwas.store.index import list_parts, parts_folder
from postgwas.store.schema import CHECKSUM

#: What tells of the run rather than of its result.
_OF_THE_RUN = ("provenance", "attrs")


def content_checksums(path: Path, parts: list[str] | None = None) -> dict[str, str]:
    """SHA-256 of the content of each result of a store, without its provenance and dates.

    Parameters
    ----------
    path : Path
        The store, such as ``study.h5``.
    parts : list of str, optional
        File names of these parts alone.

    Returns
    -------
    dict of str to str
        Key of the result to checksum, sorted by key. Two runs that found the same have the same.

    Raises
    ------
    StoreError
        A part is damaged.
    """
    found: dict[str, str] = {}
    for name in list(list_parts(path)) if parts is None else parts:
        file = parts_folder(path) / name
        with damage(file, "/"), open_file(file) as handle:
            found[text_attribute(handle, "key")] = _of_result(handle)
    return dict(sorted(found.items()))


def commands(path: Path, parts: Iterable[str]) -> dict[str, str]:
    """The command line that made each part; empty for LD matrices, which any run may make and use.

    Parameters
    ----------
    path : Path
        The store, such as ``study.h5``.
    parts : iterable of str
        File names; those that are gone or damaged are left out.

    Returns
    -------
    dict of str to str
    """
    found: dict[str, str] = {}
    for name in parts:
        try:
            with open_file(parts_folder(path) / name) as handle:
                document = read_json(handle, "provenance", file=path, key=name)
                kind = text_attribute(handle, "kind")
                found[name] = "" if kind == "ld-matrix" else str(document["command"])
        except (*BROKEN, StoreError):
            continue
    return found


def _of_result(group: Any) -> str:
    lines: list[str] = []

    def add(name: str, node: Any) -> None:
        if name.split("/")[0] not in _OF_THE_RUN and CHECKSUM in node.attrs:
            lines.append(json.dumps([name, str(getattr(node, "dtype", "")), attribute(node, CHECKSUM)]))

    group.visititems(add)
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
