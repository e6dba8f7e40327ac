"""Keep a parsed LD score panel, to be read back in a moment.

A cache is an aid and never a reason to fail: one that is stale, damaged or
cannot be written is ignored and made again.

The file is a line of JSON (what the panel is; place, kind, shape and CRC-32 of each array) before the
arrays as they lie in memory. Ids are kept as hashes with the index to find them by, so that a regression
needs neither their text nor the library that reads it; the text is an Arrow table that is read if asked for,
as is the index where ids come in another order.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from postgwas.errors import PostgwasError
from postgwas.ld.id_index import IdIndex
from postgwas.ld.variant_ids import VariantIds
from postgwas.reference.folders import cache_folder
from postgwas.store.atomic import atomic_file

if TYPE_CHECKING:
    import polars as pl

LAYOUT = 6
#: LD scores above this size are compressed: many annotations of few digits take a quarter then.
_COMPRESS_ABOVE = 1 << 28
#: The array that holds the text of the ids.
_TEXT = "ids"
#: The arrays of every regression; the others are read if asked for.
_NEEDED = ("chr", "pos", "l2", "pairs")

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class KeptPanel:
    """A panel as it is kept.

    Attributes
    ----------
    attrs : dict
        What was told of it.
    ids, chr, pos, l2
        As in :class:`~postgwas.ld.panel.LDScorePanel`.
    """

    attrs: dict[str, Any]
    ids: VariantIds
    chr: npt.NDArray[np.int8]
    pos: npt.NDArray[np.int32]
    l2: npt.NDArray[np.float64]


def cache_path(files: Sequence[Path]) -> Path:
    """Where the panel of these files is kept: keyed by their places, sizes and times of change."""
    described = []
    for path in files:
        status = path.stat()
        times = (status.st_mtime_ns, status.st_ctime_ns)  # the second cannot be set back
        described.append((str(path.resolve()), status.st_size, *times))
    place = hashlib.sha256(json.dumps([entry[0] for entry in described]).encode()).hexdigest()[:16]
    state = hashlib.sha256(json.dumps([LAYOUT, described]).encode()).hexdigest()[:24]
    return Path(cache_folder()) / "panels" / f"{place}-{state}.panel"


def read_cache(path: Path, parse_ids: Callable[[], pl.Series]) -> KeptPanel | None:
    """The panel kept at `path`, or None if there is none that can be trusted.

    `parse_ids` gives the text of its ids where that is asked for and can no longer be read here.
    """
    try:
        with path.open("rb") as file:
            head = _head(file)
            arrays = {name: _array(file, head["arrays"][name]) for name in _NEEDED}
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None

    def texts() -> pl.Series:
        kept = _read_text(path)
        return parse_ids() if kept is None else kept

    def levels() -> tuple[Array, ...]:
        kept = _read_levels(path)
        return IdIndex(arrays["pairs"]).levels if kept is None else kept

    index = IdIndex(arrays["pairs"], levels)
    ids = VariantIds(index.pairs[:, 0], index.pairs[:, 1], texts, index)
    return KeptPanel(head["attrs"], ids, arrays["chr"], arrays["pos"], arrays["l2"])


def _read_levels(path: Path) -> tuple[Array, ...] | None:
    try:
        with path.open("rb") as file:
            head = _head(file)
            return tuple(_array(file, head["arrays"][f"level{i}"]) for i in range(head["levels"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def _read_text(path: Path) -> pl.Series | None:
    import polars as pl

    try:
        with path.open("rb") as file:
            content = _array(file, _head(file)["arrays"][_TEXT])
        return pl.read_ipc(io.BytesIO(content.data)).to_series()
    except (OSError, ValueError, KeyError, TypeError, EOFError, pl.exceptions.PolarsError):
        return None


def write_cache(path: Path, panel: KeptPanel) -> None:
    """Keep a panel, and remove older states of the same one; silent if that cannot be done."""
    text = io.BytesIO()
    panel.ids.series.to_frame("SNPID").write_ipc(text, compression="uncompressed")
    index = panel.ids.index
    arrays: dict[str, Array] = {
        "chr": panel.chr, "pos": panel.pos, "l2": panel.l2, "pairs": index.pairs,
        **{f"level{i}": level for i, level in enumerate(index.levels)},
        _TEXT: np.frombuffer(text.getbuffer(), np.uint8),
    }  # fmt: skip
    described, contents, at = {}, [], 0
    for name, array in arrays.items():
        content = _packed(array)
        described[name] = {
            "at": at, "size": len(content), "kind": array.dtype.str, "shape": array.shape,
            "crc32": _crc32(content),
        }  # fmt: skip
        contents.append(content)
        at += len(content)
    head = {"layout": LAYOUT, "levels": len(index.levels), "attrs": panel.attrs, "arrays": described}
    with suppress(PostgwasError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path, overwrite=True) as temporary, temporary.open("wb") as raw:
            raw.write(sealed(head))
            raw.writelines(contents)
        place = path.name.split("-")[0]
        for older in (*path.parent.glob(f"{place}-*.panel"), *path.parent.glob(f"{place}-*.h5")):
            if older != path:
                older.unlink()


def _head(file: IO[bytes]) -> Mapping[str, Any]:
    """The first line; what the arrays' places count from is where it ends."""
    head = unsealed(file.readline())
    if head["layout"] != LAYOUT:
        raise ValueError("another layout")
    start = file.tell()
    for described in head["arrays"].values():
        described["at"] += start
    return head


def sealed(head: Mapping[str, Any]) -> bytes:
    """A first line: JSON behind its checksum, since it holds numbers too."""
    text = json.dumps(head).encode()
    return f"{_crc32(memoryview(text)):08x} ".encode() + text + b"\n"


def unsealed(line: bytes) -> dict[str, Any]:
    """What :func:`sealed` wrote; a ValueError where it is not that."""
    told, _, text = line.rstrip(b"\n").partition(b" ")
    if int(told, 16) != _crc32(memoryview(text)):
        raise ValueError("damaged")
    return dict(json.loads(text))


def _array(file: IO[bytes], described: Mapping[str, Any]) -> Array:
    """One array; raises where it is not what was written."""
    file.seek(described["at"])
    content = np.empty(described["size"], np.uint8)
    if file.readinto(content.data) != content.size:  # type: ignore[attr-defined]
        raise EOFError
    if _crc32(content.data) != described["crc32"]:
        raise ValueError("damaged")
    dtype, shape = np.dtype(described["kind"]), tuple(described["shape"])
    if content.size != int(np.prod(shape)) * dtype.itemsize:
        import zstandard

        content = np.frombuffer(zstandard.decompress(content.data), np.uint8)
    return content.view(dtype).reshape(shape)


def _packed(array: Array) -> memoryview:
    """The bytes of an array, compressed where they are many."""
    content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    if content.nbytes <= _COMPRESS_ABOVE:
        return content
    import zstandard

    return memoryview(zstandard.compress(content, 1))


def _crc32(content: memoryview) -> int:
    from isal import isal_zlib

    crc32: Any = isal_zlib.crc32  # isal has no types
    return int(crc32(content))
