"""Which parts of the store a step wrote; removing those that it no longer writes.

Others may write into a study's store while it runs, by hand or from another study. A part is a step's if its
provenance has the step's command line; what others made is neither taken for a result nor removed.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable
from pathlib import Path

Listing = dict[str, tuple[int, int, int]]


def parts_folder(store: Path) -> Path:
    """``study.parts`` beside ``study.h5``: as :func:`postgwas.store.index.parts_folder`, but without h5py."""
    return store.with_name(f"{store.stem}.parts")


def listing(store: Path) -> Listing:
    """Finished parts: file name to size, time and inode."""
    found: Listing = {}
    try:
        for entry in os.scandir(parts_folder(store)):
            if entry.name.endswith(".h5") and not entry.name.startswith("."):
                stat = entry.stat()
                found[entry.name] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
    except FileNotFoundError:
        pass
    return found


class Others(frozenset[str]):
    """All command lines but these."""

    def __contains__(self, command: object) -> bool:
        return not super().__contains__(command)


def written_since(before: Listing, store: Path, command: str) -> list[str]:
    """Parts that are new or were replaced, of this command line's; and LD matrices, which are no one's."""
    names = [name for name, signature in listing(store).items() if before.get(name) != signature]
    return made_by(store, names, {command, ""})


def made_by(store: Path, names: Iterable[str], these: Container[str]) -> list[str]:
    """Those of some parts that one of these command lines made, sorted."""
    names = list(names)
    if not names:
        return []
    from postgwas.store.content import commands

    return sorted(name for name, command in commands(store, names).items() if command in these)


def remove_parts(store: Path, names: Iterable[str]) -> None:
    """Take results out of the store, and bring its index in line."""
    gone = False
    for name in names:
        path = parts_folder(store) / name
        if path.is_file():
            path.unlink()
            gone = True
    if gone:
        from postgwas.store.index import rebuild

        rebuild(store)
