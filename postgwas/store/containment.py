"""What a stranger's HDF5 file may hold: plain arrays, whole, and nothing that lies outside the file.

HDF5 follows links into other files, keeps a dataset's values in files of any kind, assembles virtual datasets
from other files, and declares shapes of which nothing is written. A store has none of these, so each is
refused before the library is let at it. The index ``study.h5`` alone links to other files, its parts; nothing
here follows those links.
"""

from __future__ import annotations

import math
from typing import Any

import h5py

#: Chunks of ours hold a megabyte; those of padded text may hold more, and none of these shrinks that far.
_LONG_CHUNK, _MOST_SHRUNK = 1 << 24, 1000
_KINDS = "biufS"


def check_links(group: Any) -> None:
    """Refuse a group below which a link leads anywhere but to an object of the file itself.

    Raises
    ------
    ValueError
    """
    found: list[bytes] = []

    def add(name: bytes, info: Any) -> bool | None:
        if info.type == h5py.h5l.TYPE_HARD:
            return None
        found.append(name)
        return True

    group.id.links.visit(add, info=True)
    if found:
        raise ValueError(
            f"{found[0].decode(errors='replace')!r} leads to another place; a store has no such link"
        )


def member(group: Any, name: str) -> Any:
    """What a group holds under a name such as ``mtag/height``, without following links.

    Raises
    ------
    KeyError
        There is none.
    ValueError
        It is a link to another place.
    """
    node = group
    for part in name.split("/"):
        link = node.get(part, getlink=True) if isinstance(node, h5py.Group) else None
        if link is None:
            raise KeyError(f"{name!r} is missing")
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"{part!r} leads to another place; a store has no such link")
        node = node[part]
    return node


def check_dataset(node: Any) -> None:
    """Refuse what is no dataset of numbers or padded text whose values all lie in its file.

    Raises
    ------
    ValueError
    """
    if not isinstance(node, h5py.Dataset):
        raise ValueError("is no dataset")
    made = node.id.get_create_plist()
    if made.get_layout() == h5py.h5d.VIRTUAL:
        raise ValueError("its values lie in other datasets (a virtual dataset)")
    if made.get_external_count():
        raise ValueError("its values lie in another file (external storage)")
    if node.shape is None or node.dtype.kind not in _KINDS:
        raise ValueError(f"holds {node.dtype}, expected numbers or text of fixed length")
    if node.chunks is None:
        whole = node.id.get_storage_size() == node.nbytes
    else:
        chunk = math.prod(node.chunks) * node.dtype.itemsize
        expected = math.prod(-(-n // step) for n, step in zip(node.shape, node.chunks, strict=True))
        stored = node.id.get_storage_size()
        whole = node.id.get_num_chunks() == expected
        if chunk > _LONG_CHUNK and node.nbytes > _MOST_SHRUNK * stored:
            raise ValueError(f"{stored:,} bytes in the file would become {node.nbytes:,}")
    if not whole:
        shape = " x ".join(map(str, node.shape)) or "one"
        raise ValueError(f"{shape} values are declared, but not all of them are in the file")
