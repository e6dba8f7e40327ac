"""Keep a parsed LD score panel in the store's format, to be read back in a moment.

A cache is an aid and never a reason to fail: one that is stale, damaged or
cannot be written is ignored and made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postgwas.errors import PostgwasError
from postgwas.reference.folders import cache_folder

if TYPE_CHECKING:
    import polars as pl

LAYOUT = 1


def cache_path(files: Sequence[Path]) -> Path:
    """Where the panel of these files is kept: keyed by their places, sizes and times of change."""
    described = []
    for path in files:
        status = path.stat()
        described.append((str(path.resolve()), status.st_size, status.st_mtime_ns))
    place = hashlib.sha256(json.dumps([entry[0] for entry in described]).encode()).hexdigest()[:16]
    state = hashlib.sha256(json.dumps([LAYOUT, described]).encode()).hexdigest()[:24]
    return Path(cache_folder()) / "panels" / f"{place}-{state}.h5"


def read_cache(path: Path) -> tuple[pl.DataFrame, dict[str, Any]] | None:
    """The panel kept at `path`, or None if there is none that can be trusted."""
    if not path.is_file():
        return None
    from postgwas.store.columns import read_columns_frame

    try:
        frame, attrs = read_columns_frame(path)
    except (PostgwasError, OSError):
        return None
    if attrs.get("layout") != LAYOUT or attrs.get("n_variants") != frame.height:
        return None
    return frame, attrs


def write_cache(path: Path, frame: pl.DataFrame, attrs: Mapping[str, Any]) -> None:
    """Keep a panel, and remove older states of the same one; silent if that cannot be done."""
    from postgwas.store.columns import write_columns

    with suppress(PostgwasError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_columns(path, frame, {**attrs, "layout": LAYOUT, "n_variants": frame.height})
        for older in path.parent.glob(f"{path.name.split('-')[0]}-*.h5"):
            if older != path:
                older.unlink()
