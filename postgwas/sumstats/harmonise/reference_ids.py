"""Where the ids of a reference are: sorted keys, looked up by bisection."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.sumstats.harmonise.outcomes import Remark

if TYPE_CHECKING:
    import polars as pl

LOCATED, ID_UNKNOWN, ID_AMBIGUOUS = 0, 1, 2
"""Status of an id that was looked up."""

_ENTRY = np.dtype([("key", "<u8"), ("pos", "<i4"), ("chr", "i1")])
_OTHER = np.uint64(1 << 63)


@dataclass(frozen=True)
class Located:
    """Where ids are in a reference.

    Attributes
    ----------
    chr : ndarray of int8, shape (n,)
        0 where the id was not found at one position.
    pos : ndarray of int32, shape (n,)
    status : ndarray of uint8, shape (n,)
        :data:`LOCATED`, :data:`ID_UNKNOWN` or :data:`ID_AMBIGUOUS` (several positions).
    """

    chr: npt.NDArray[np.int8]
    pos: npt.NDArray[np.int32]
    status: npt.NDArray[np.uint8]


def id_keys(ids: pl.Series) -> npt.NDArray[np.uint64]:
    """The number of an rsID, a hash with its highest bit set of any other id, 0 of none.

    Examples
    --------
    >>> import polars as pl
    >>> keys = id_keys(pl.Series(["rs12", None, "1:5:A:G"]))
    >>> keys[:2].tolist(), bool(keys[2] >> np.uint64(63))
    ([12, 0], True)
    """
    import polars as pl

    digits = ids.str.strip_prefix("rs")
    plain = ids.str.starts_with("rs") & digits.str.contains(r"^[1-9]\d*$")
    numbers = pl.select(pl.when(plain).then(digits)).to_series().cast(pl.UInt64, strict=False)
    keys = numbers.fill_null(0).to_numpy().copy()
    other = numbers.is_null() & ids.is_not_null()
    if other.any():
        rows = other.to_numpy()
        keys[rows] = ids.filter(other).hash(seed=0).to_numpy() | _OTHER
    return keys


def index_file(folder: Path) -> Path:
    """The index of a reference; hashes are stable within one version of polars only."""
    import polars as pl

    return folder / f"ids-{pl.__version__}.npy"


def build_index(
    folder: Path, chromosomes: Sequence[int], frame_of: Callable[[int], pl.DataFrame]
) -> npt.NDArray[np.void]:
    """Keys of all ids, sorted, with chromosome and position; kept in `folder` where it can be.

    An id at several positions has several entries, one at a single position has one.
    """
    parts = []
    for chr in chromosomes:
        frame = frame_of(chr)
        entries = np.zeros(frame.height, dtype=_ENTRY)
        entries["key"] = id_keys(frame["SNPID"])
        entries["pos"] = frame["POS"].to_numpy()
        entries["chr"] = chr
        parts.append(entries[entries["key"] > 0])
    entries = np.concatenate(parts) if parts else np.zeros(0, dtype=_ENTRY)
    entries = entries[np.argsort(entries["key"], kind="stable")]
    same = np.zeros(len(entries), dtype=np.bool_)
    same[1:] = entries[1:] == entries[:-1]
    entries = entries[~same]
    path = index_file(folder)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        with temporary.open("wb") as file:
            np.save(file, entries)
        temporary.rename(path)
    return entries


def look_up(index: npt.NDArray[np.void], ids: pl.Series) -> Located:
    """Find ids in an index.

    Different ids may share a key by the accident of a hash: whoever uses the position must
    compare the ids of the variants there.
    """
    keys = id_keys(ids)
    order = np.argsort(keys, kind="stable")
    known = index["key"]
    lo = np.empty(len(keys), dtype=np.int64)
    hi = np.empty(len(keys), dtype=np.int64)
    # Sorted questions walk through the index instead of jumping about in it.
    lo[order] = np.searchsorted(known, keys[order], "left")
    hi[order] = np.searchsorted(known, keys[order], "right")
    n = hi - lo
    status = np.where(n == 1, LOCATED, np.where(n == 0, ID_UNKNOWN, ID_AMBIGUOUS)).astype(np.uint8)
    status[keys == 0] = ID_UNKNOWN
    found = status == LOCATED
    chr = np.zeros(len(keys), dtype=np.int8)
    pos = np.zeros(len(keys), dtype=np.int32)
    chr[found] = index["chr"][lo[found]]
    pos[found] = index["pos"][lo[found]]
    return Located(chr, pos, status)


def remark_ids(
    ids: pl.Series | None, reference_ids: pl.Series, ref_row: npt.NDArray[np.int32]
) -> npt.NDArray[np.uint8]:
    """Where the reference's id takes the place of the file's.

    An rsID of the reference wins over any other id of the file. Another id of the reference (such
    as 1:1000:A:G) wins over what is no rsID. That two rsIDs are of one variant, merged since,
    cannot be known from a file or a reference.

    Parameters
    ----------
    ids : polars.Series of String, shape (n,), or None
        The file's.
    reference_ids : polars.Series of String, shape (V,)
    ref_row : ndarray of int32, shape (n,)
        Row of the reference; -1 = none.

    Returns
    -------
    remark : ndarray of uint8, shape (n,)
        ID_REPLACED where one rsID replaces another, ID_ASSIGNED where an id replaces none or
        one that is no rsID.
    """
    remark = np.zeros(len(ref_row), dtype=np.uint8)
    rows = np.flatnonzero(ref_row >= 0)
    theirs = reference_ids.gather(ref_row[rows])
    if ids is None:
        remark[rows[theirs.is_not_null().to_numpy()]] = Remark.ID_ASSIGNED
        return remark
    ours = ids.gather(rows)
    other = np.flatnonzero((ours.ne_missing(theirs) & theirs.is_not_null()).to_numpy())
    ours, theirs, rows = ours.gather(other), theirs.gather(other), rows[other]
    rsid = r"^rs\d+$"
    ours_rs = ours.str.contains(rsid).fill_null(False).to_numpy()
    theirs_rs = theirs.str.contains(rsid).to_numpy()
    remark[rows[~ours_rs]] = Remark.ID_ASSIGNED
    remark[rows[ours_rs & theirs_rs]] = Remark.ID_REPLACED
    return remark
