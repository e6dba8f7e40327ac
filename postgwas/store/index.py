"""study.h5: a small file of links, rebuilt from the folder of parts by whoever wrote last.

The folder is the truth. A writer renames its finished part into it, then builds
the index from a listing, renames that over ``study.h5``, and lists again: if
the folder has changed meanwhile it repeats. So the last writer to rename an
index has seen every part that was finished before it, without any lock. A
writer killed between the two renames leaves an index that lacks its part; reads
go by the folder, and the next writer mends the index.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from postgwas.errors import StoreError
from postgwas.store.atomic import remove_stale
from postgwas.store.attributes import attributes, integer_attribute, text_attribute, write_attribute
from postgwas.store.columns import column_order
from postgwas.store.damage import BROKEN
from postgwas.store.encoding import read_json, write_json
from postgwas.store.hdf5 import new_file, open_file
from postgwas.store.schema import TYPE, encoding_of, stamp

CATALOGUE = ".catalogue"
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Entry:
    """One line of a listing.

    `rows` is 0 for arrays; `size` is the part's bytes on disk (None in a packed
    file); `part` is the part file's name ("" in a packed file); `signature`
    tells whether the part is still the file that was looked at.
    """

    key: str
    kind: str
    encoding: str
    rows: int
    size: int | None
    created: str
    columns: tuple[str, ...] = ()
    part: str = ""
    signature: tuple[int, ...] = ()


def parts_folder(path: Path) -> Path:
    """``study.parts`` beside ``study.h5``."""
    return path.with_name(f"{path.stem}.parts")


def part_name(key: str) -> str:
    """File name of a key's part: readable, plus a hash since file systems differ in what names they hold."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "_", key)[:80]
    return f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.h5"


def entry_of(node: Any, *, part: str = "", size: int | None = None, signature: tuple[int, ...] = ()) -> Entry:
    """A listing's line from the attributes of a result's group."""
    return Entry(
        key=text_attribute(node, "key"),
        kind=text_attribute(node, "kind"),
        encoding=text_attribute(node, TYPE),
        rows=integer_attribute(node, "n_rows") if "n_rows" in node.attrs else 0,
        size=size,
        created=text_attribute(node, "created"),
        columns=tuple(column_order(node)),
        part=part,
        signature=signature,
    )


def list_parts(path: Path) -> dict[str, tuple[int, ...]]:
    """Finished parts of a study: file name to (size, modified, inode)."""
    folder = parts_folder(path)
    found: dict[str, tuple[int, ...]] = {}
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".h5") and name[0] != ".")
    except FileNotFoundError:
        return found
    for name in names:
        try:
            stat = (folder / name).stat()
        except FileNotFoundError:
            continue
        found[name] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
    return found


def entries(path: Path, listing: dict[str, tuple[int, ...]]) -> list[Entry]:
    """A line for each part, sorted by key; the present index spares opening parts that it knows."""
    known = {entry.part: entry for entry in _catalogue(path)}
    lines = []
    for part, signature in listing.items():
        entry = known.get(part)
        if entry is None or entry.signature != signature:
            entry = _look(parts_folder(path) / part, signature)
        if entry is not None:
            lines.append(entry)
    return sorted(lines, key=lambda entry: entry.key)


def lost_part(path: Path, lines: Iterable[Entry]) -> StoreError | None:
    """The error that names the first part that cannot be read; None where all can."""
    lost = next((entry.part for entry in lines if entry.kind == UNREADABLE), None)
    if lost is None:
        return None
    return StoreError(f"{parts_folder(path) / lost}: cannot be read", hint="see 'postgwas store verify'")


def rebuild(path: Path) -> None:
    """Bring the index in line with the folder of parts.

    Raises
    ------
    OutputError
        If the index cannot be written.
    """
    remove_stale(parts_folder(path))
    remove_stale(path.parent, f"{path.name}.")
    while True:
        listing = list_parts(path)
        lines = entries(path, listing)
        with new_file(path, overwrite=True) as handle:
            _write(handle, path, lines)
        if list_parts(path) == listing:
            return


def mend(path: Path) -> None:
    """Rebuild an index that is gone, cannot be read, or lacks parts; one that is whole stays as it is.

    Raises
    ------
    StoreError
        It is of a newer version, or something else than a study: nothing is changed then.
    OutputError
        It cannot be written.
    """
    parts = list_parts(path)
    if not parts and not path.exists():
        return
    try:
        with open_file(path) as handle:
            attributes(handle)  # damaged ones are an error of the library here, and no refusal
            encoding_of(handle, file=path, key="/", expected=("study",))
            packed = text_attribute(handle, "layout") == "packed"
            handle.visititems_links(lambda *_: None)
        whole = packed or {one.part for one in _catalogue(path)} == set(parts)
    except BROKEN:
        whole = not parts  # no study's: what is in the way is for a person to look at
    if not whole:
        rebuild(path)


def _write(handle: Any, path: Path, lines: Iterable[Entry]) -> None:
    import h5py

    stamp(handle, "study")
    write_attribute(handle, "layout", "index")
    lines = list(lines)
    write_json(handle, CATALOGUE, [asdict(entry) for entry in lines])
    taken: set[str] = set()
    for entry in lines:
        parents = {"/".join(entry.key.split("/")[:depth]) for depth in range(1, entry.key.count("/") + 1)}
        # A key below another one cannot be linked too; it stays readable by its part.
        if entry.kind == UNREADABLE or parents & taken:
            continue
        taken.add(entry.key)
        # Relative, so that study.h5 and study.parts can be moved together.
        handle[entry.key] = h5py.ExternalLink(f"{parts_folder(path).name}/{entry.part}", "/")


def _catalogue(path: Path) -> list[Entry]:
    try:
        with open_file(path) as handle:
            encoding_of(handle, file=path, key="/", expected=("study",))
            lines = read_json(handle, CATALOGUE, file=path, key="/")
        tuples = ("columns", "signature")
        return [Entry(**{**line, **{name: tuple(line[name]) for name in tuples}}) for line in lines]
    except (*BROKEN, StoreError):
        return []  # missing, damaged or newer: the parts say it all


def _look(file: Path, signature: tuple[int, ...]) -> Entry | None:
    try:
        with open_file(file) as handle:
            return entry_of(handle, part=file.name, size=signature[0], signature=signature)
    except FileNotFoundError:
        return None
    except BROKEN:
        # One damaged part must not keep others from being listed; `verify` says what is wrong.
        return Entry(file.name, UNREADABLE, "", 0, signature[0], "", (), file.name, signature)
