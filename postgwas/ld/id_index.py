"""Find many lists of ids in one list: an index of hashes, made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import Words

if TYPE_CHECKING:
    from postgwas.ld.variant_ids import VariantIds

Places = npt.NDArray[np.int32]

#: Slots for each id in the first level; a level holds all ids whose slot no later id takes.
SLOTS_PER_ID = 2
NOWHERE = -1


@dataclass(frozen=True, eq=False)
class IdIndex:
    """An index of unique ids.

    Tables of slots, numbered by bits of a hash: the ids that lose their slot to another go to
    the next, smaller table with other bits. An id is found where its 128 bits of hash are the
    same; for a million ids the chance of a wrong one is 1e-26.

    Attributes
    ----------
    levels : tuple of ndarray of int32
        Place of an id, or -1, by slot; the lengths are powers of two.
    first, second : ndarray of uint64, shape (V,)
        Two hashes of each id.
    """

    levels: tuple[Places, ...]
    first: Words
    second: Words

    @classmethod
    def of(cls, ids: VariantIds) -> IdIndex:
        """Index a list of ids, none missing; of equal ones the last is found."""
        first, second = ids.first, ids.second
        levels: list[Places] = []
        left = np.arange(len(ids), dtype=np.int32)
        while left.size and len(levels) < 32:
            bits = max(int(SLOTS_PER_ID * left.size - 1).bit_length(), 4)
            slots = _slots(first.take(left), len(levels), bits)
            table = np.full(1 << bits, NOWHERE, dtype=np.int32)
            table[slots] = left
            levels.append(table)
            left = left[table.take(slots) != left]
        return cls(tuple(levels), first, second)

    def find(self, ids: VariantIds) -> Places:
        """Place of each id in the indexed list; -1 where it is not there, or is missing.

        Returns
        -------
        ndarray of int32, shape (T,)

        Examples
        --------
        >>> import polars as pl
        >>> from postgwas.ld.variant_ids import VariantIds
        >>> index = VariantIds.of(pl.Series(["a", "b", "c"])).index
        >>> index.find(VariantIds.of(pl.Series(["c", "x", "a", None]))).tolist()
        [2, -1, 0, -1]
        """
        first, second = ids.first, ids.second
        found = np.full(len(ids), NOWHERE, dtype=np.int32)
        if not self.first.size:
            return found
        open_rows: npt.NDArray[np.intp] | slice = slice(None)
        sought = first
        for level, table in enumerate(self.levels):
            bits = int(table.size).bit_length() - 1
            places = table.take(_slots(sought, level, bits))
            hit = (self.first.take(places) == sought) & (places >= 0)
            missed = np.flatnonzero(~hit)
            if isinstance(open_rows, slice):
                found = np.where(hit, places, NOWHERE).astype(np.int32, copy=False)
                open_rows = missed
            else:
                found[open_rows[hit]] = places[hit]
                open_rows = open_rows[missed]
            if not missed.size:
                break
            sought = sought.take(missed)
        wrong = self.second.take(found) != second
        found[wrong] = NOWHERE
        if ids.missing is not None:
            found[ids.missing] = NOWHERE
        return found


def _slots(hashes: Words, level: int, bits: int) -> npt.NDArray[np.intp]:
    """Other bits of the hash for each level."""
    if level:
        # Fibonacci hashing spreads what two levels have in common.
        hashes = hashes * np.uint64(2 * level + 0x9E3779B97F4A7C15)
    return (hashes >> np.uint64(64 - bits)).astype(np.intp)
