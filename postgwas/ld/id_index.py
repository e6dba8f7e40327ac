"""Find many lists of ids in one list: an index of hashes, made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import Words
from postgwas.ld.in_step import NOWHERE, find_in_step

if TYPE_CHECKING:
    from postgwas.ld.variant_ids import VariantIds

Places = npt.NDArray[np.int32]

#: Slots for each id in the first level; a level holds all ids whose slot no later id takes.
SLOTS_PER_ID = 2
#: Of fewer ids it is not looked whether they come in the order of the list.
_MANY = 1000
_ROWS = 16_384
"""Ids looked up at once: all working arrays stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class IdIndex:
    """An index of unique ids.

    Most lists of variants come in the order of the genome, as the indexed one does: their ids are found
    by walking through both. For the others there are tables of slots, numbered by bits of a hash: the ids
    that lose their slot to another go to the next, smaller table with other bits. An id is found where its
    128 bits of hash are the same; for a million ids the chance of a wrong one is 1e-26.

    Attributes
    ----------
    pairs : ndarray of uint64, shape (V, 2)
        Two hashes of each id, side by side so that one look at memory finds both.
    load : callable, optional
        Gives the levels where they were made before.
    """

    pairs: Words
    load: Callable[[], tuple[Places, ...]] | None = None

    @classmethod
    def of(cls, ids: VariantIds) -> IdIndex:
        """Index a list of ids, none missing; of equal ones the last is found."""
        return cls(np.stack([ids.first, ids.second], axis=1))

    @cached_property
    def levels(self) -> tuple[Places, ...]:
        """Tuple of ndarray of int32: place of an id, or -1, by slot; the lengths are powers of two."""
        if self.load is not None:
            return self.load()
        levels: list[Places] = []
        left = np.arange(len(self.pairs), dtype=np.int32)
        while left.size and len(levels) < 32:
            bits = max(int(SLOTS_PER_ID * left.size - 1).bit_length(), 4)
            slots = _slots(self.pairs[left, 0], len(levels), 1 << bits)
            table = np.full(1 << bits, NOWHERE, dtype=np.int32)
            table[slots] = left
            levels.append(table)
            left = left[table.take(slots) != left]
        return tuple(levels)

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
        if len(ids) < _MANY:
            found = np.full(len(ids), NOWHERE, dtype=np.int32)
        else:
            found = find_in_step(self.pairs, ids.first, ids.second)
        rows = np.flatnonzero(found < 0).astype(np.int32)
        if rows.size:
            self._find_by_slots(ids, rows, found)
        if ids.missing is not None:
            found[ids.missing] = NOWHERE
        return found

    def _find_by_slots(self, ids: VariantIds, sought: Places, found: Places) -> None:
        """The places of some rows, put into `found`."""
        left: list[slice | Places]
        if sought.size == found.size:
            left = [slice(at, at + _ROWS) for at in range(0, sought.size, _ROWS)]
        else:
            left = [sought[at : at + _ROWS] for at in range(0, sought.size, _ROWS)]
        for level, table in enumerate(self.levels):
            missed = [found[:0]]
            for rows in left:
                first, second = ids.first[rows], ids.second[rows]
                places = table.take(_slots(first, level, table.size))
                there = self.pairs.take(places, axis=0)
                hit = (there[:, 0] == first) & (there[:, 1] == second) & (places >= 0)
                found[rows] = np.where(hit, places, NOWHERE)
                others = np.flatnonzero(~hit).astype(np.int32)
                missed.append(others + rows.start if isinstance(rows, slice) else rows[others])
            again = np.concatenate(missed)
            left = [again[at : at + _ROWS] for at in range(0, again.size, _ROWS)]


def _slots(hashes: Words, level: int, size: int) -> npt.NDArray[np.intp]:
    """Other bits of the hash for each level, as many as number `size` slots."""
    if level:
        # Fibonacci hashing spreads what two levels have in common.
        hashes = hashes * np.uint64(2 * level + 0x9E3779B97F4A7C15)
    return (hashes >> np.uint64(65 - size.bit_length())).view(np.intp)
