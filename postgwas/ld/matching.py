"""Rows of two lists of ids that name the same variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import polars as pl

Rows = npt.NDArray[np.uint32]
Keys = npt.NDArray[np.uint64]

#: Of the second hash.
SECOND_SEED = 0x9E3779B97F4A7C15


def match_ids(left: pl.Series, right: pl.Series) -> tuple[Rows, Rows]:
    """Pairs of rows with equal ids, by row of `left`, then by row of `right`.

    Several times cheaper than a join on text: one sort of numbers whose high bits are a
    hash of the id and whose low bits are its row, in which equal ids are neighbours. What
    they pair is held against two whole hashes, 128 bits: for a million ids the chance that a
    collision passes is 1e-26, and comparing their texts would take as long as all the rest.

    Parameters
    ----------
    left, right : polars.Series of String
        Nulls match nothing; an id that occurs twice matches twice.

    Returns
    -------
    left_rows, right_rows : ndarray of uint32, shape (K,)
        ``left[left_rows] == right[right_rows]``.

    Examples
    --------
    >>> import polars as pl
    >>> match_ids(pl.Series(["a", "b", "c"]), pl.Series(["c", "x", "a", "c"]))
    (array([0, 2, 2], dtype=uint32), array([2, 0, 3], dtype=uint32))
    """
    n_left, total = len(left), len(left) + len(right)
    if n_left == 0 or total == n_left:
        return np.empty(0, np.uint32), np.empty(0, np.uint32)
    bits = np.uint64(int(total - 1).bit_length())
    low = np.uint64((1 << int(bits)) - 1)
    hashes = left.hash().to_numpy(), right.hash().to_numpy()
    keys = np.concatenate(hashes)
    keys &= ~low
    keys |= np.arange(total, dtype=np.uint64)
    keys.sort()
    rows = keys & low
    keys >>= bits
    same = keys[1:] == keys[:-1]
    # Runs of three or more: an id that occurs twice, or a collision.
    longer = same[1:] & same[:-1]
    many = np.zeros(total, dtype=np.bool_)
    many[2:] = longer
    many[1:-1] |= longer
    many[:-2] |= longer
    # Within a run rows ascend, so the first of a pair is the one of `left`.
    first = np.flatnonzero(same & ~many[:-1])
    one, other = rows[first], rows[first + 1]
    pairs = (one < n_left) & (other >= n_left)
    one, other = one[pairs], other[pairs] - np.uint64(n_left)
    if longer.any():
        few = rows[many]
        more = _joined(left, right, few[few < n_left], few[few >= n_left] - np.uint64(n_left))
        one, other = np.concatenate([one, more[0]]), np.concatenate([other, more[1]])
    order = (one << np.uint64(32)) | other
    order.sort()
    left_rows, right_rows = (order >> np.uint64(32)).astype(np.uint32), order.astype(np.uint32)
    equal = hashes[0].take(left_rows) == hashes[1].take(right_rows)
    again = left.hash(SECOND_SEED).to_numpy(), right.hash(SECOND_SEED).to_numpy()
    equal &= again[0].take(left_rows) == again[1].take(right_rows)
    for ids, rows in ((left, left_rows), (right, right_rows)):
        if ids.null_count():
            equal &= ids.is_not_null().to_numpy().take(rows)
    if equal.all():
        return left_rows, right_rows
    return left_rows[equal], right_rows[equal]


def _joined(left: pl.Series, right: pl.Series, left_rows: Keys, right_rows: Keys) -> tuple[Keys, Keys]:
    import polars as pl

    one = pl.DataFrame({"id": left.gather(left_rows), "one": left_rows})
    other = pl.DataFrame({"id": right.gather(right_rows), "other": right_rows})
    pairs = one.join(other, on="id")
    return pairs["one"].to_numpy(), pairs["other"].to_numpy()
