"""Keep a parsed table, to be read back in a moment.

A cache is an aid and never a reason to fail: one that is stale, damaged or
cannot be written is ignored and made again.

The file is a line of JSON (what the table is, length and CRC-32 of the rest) before an Arrow IPC
table. Unlike the store's HDF5 it needs no further library and no decompression.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import PostgwasError
from postgwas.ld.panel_cache import sealed, unsealed

if TYPE_CHECKING:
    import polars as pl

LAYOUT = 3
#: Tables above this size are compressed: many annotations of few digits take a quarter then.
_COMPRESS_ABOVE = 1 << 28


def read_cache(path: Path) -> tuple[pl.DataFrame, dict[str, Any]] | None:
    """The table kept at `path`, or None if there is none that can be trusted."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    import polars as pl

    end = data.find(b"\n")
    content = memoryview(data)[end + 1 :]
    try:
        attrs = unsealed(data[: max(end, 0)])
        if attrs["layout"] != LAYOUT or attrs["size"] != len(content) or attrs["crc32"] != _crc32(content):
            return None
        frame = pl.read_ipc(io.BytesIO(content))
    except (ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        return None
    return frame, attrs


def write_cache(path: Path, frame: pl.DataFrame, attrs: Mapping[str, Any]) -> None:
    """Keep a table, and remove older states of the same one; silent if that cannot be done."""
    from postgwas.sumstats.write import atomic_file

    buffer = io.BytesIO()
    frame.write_ipc(
        buffer, compression="zstd" if frame.estimated_size() > _COMPRESS_ABOVE else "uncompressed"
    )
    content = buffer.getbuffer()
    line = sealed({**attrs, "layout": LAYOUT, "size": len(content), "crc32": _crc32(content)})
    with suppress(PostgwasError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as raw:
            raw.write(line)
            raw.write(content)
        place = path.name.split("-")[0]
        for older in (*path.parent.glob(f"{place}-*.panel"), *path.parent.glob(f"{place}-*.h5")):
            if older != path:
                older.unlink()


def _crc32(content: memoryview) -> int:
    from isal import isal_zlib

    crc32: Any = isal_zlib.crc32  # isal has no types
    return int(crc32(content))
