"""Numbers for hashes, given in the order in which they are first met: a hash table in arrays.

Open addressing with double hashing (Knuth, The Art of Computer Programming, volume 3, section 6.4), all
rows of a batch one probe at a time. Files that list much the same rows in much the same order make all
but one of the look-ups of a probe run along memory; sorting a million hashes costs several times more.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

_LEAST_BITS = 10
_STEP_SHIFT = np.uint64(40)


class HashIndex:
    """Which number each pair of hashes has.

    Examples
    --------
    >>> index = HashIndex()
    >>> met = np.array([7, 5, 7], np.uint64)
    >>> numbers, leaders, clash = index.add(met, met)
    >>> numbers.tolist(), leaders.tolist(), clash
    ([0, 1, 0], [0, 1], False)
    >>> index.find(np.array([5, 9], np.uint64), np.array([5, 9], np.uint64))[0].tolist()
    [1, -1]
    """

    def __init__(self) -> None:
        self._first = np.zeros(0, np.uint64)
        self._second = np.zeros(0, np.uint64)
        self._table = np.zeros(1 << _LEAST_BITS, np.int32)

    def __len__(self) -> int:
        return self._first.size

    def find(self, first: Words, second: Words) -> tuple[Ints, bool]:
        """Number of each pair, -1 of an unknown one.

        Parameters
        ----------
        first, second : ndarray of uint64, shape (M,)

        Returns
        -------
        numbers : ndarray of int64, shape (M,)
        clash : bool
            A first hash is known with another second one.
        """
        numbers = np.full(first.size, -1, np.int64)
        if not len(self):
            return numbers, False
        slot, step = self._starts(first)
        rows, clash = np.arange(first.size), False
        while rows.size:
            at = self._table[slot]
            there = at > 0
            if not there.all():
                rows, at, slot, step = rows[there], at[there], slot[there], step[there]
            at = at - 1
            same = self._first[at] == first[rows]
            found = rows if same.all() else rows[same]
            numbers[found] = at if found is rows else at[same]
            clash |= bool((self._second[numbers[found]] != second[found]).any())
            left = np.flatnonzero(~same)
            rows, step = rows[left], step[left]
            slot = self._next(slot[left], step)
        return numbers, clash

    def add(self, first: Words, second: Words) -> tuple[Ints, Ints, bool]:
        """Number of each pair; unknown ones get the next numbers in the order of their rows.

        Returns
        -------
        numbers : ndarray of int64, shape (M,)
        leaders : ndarray of int64, shape (n_new,)
            The rows in which new pairs were first met, in order.
        clash : bool
        """
        numbers, clash = self.find(first, second)
        new = np.flatnonzero(numbers < 0)
        if not new.size:
            return numbers, new, clash
        if 2 * (len(self) + new.size) > self._table.size:
            self._enlarge(len(self) + new.size)
        one, two = first[new], second[new]
        leader = self._place(one)
        leads = leader == np.arange(new.size)
        base = len(self)
        given = base + np.cumsum(leads) - 1
        numbers[new] = given[leader]
        clash |= bool((two != two[leader]).any())
        # The table holds rows of this batch behind the numbers that are there: now their numbers.
        self._renumber(base, given)
        self._first = np.concatenate((self._first, one[leads]))
        self._second = np.concatenate((self._second, two[leads]))
        return numbers, new[leads], clash

    def _place(self, hashes: Words) -> Ints:
        """Put new hashes into the table; the first row with the hash of each."""
        base = len(self)
        leader = np.full(hashes.size, -1, np.int64)
        slot, step = self._starts(hashes)
        rows = np.arange(hashes.size)
        while rows.size:
            empty = np.flatnonzero(self._table[slot] == 0)[::-1]
            # Of rows that want one slot the first is written last, and stays.
            self._table[slot[empty]] = rows[empty] + (base + 1)
            at = self._table[slot].astype(np.int64) - (base + 1)
            mine = at >= 0
            same = mine & (hashes[np.where(mine, at, 0)] == hashes[rows])
            leader[rows[same]] = at[same]
            left = np.flatnonzero(~same)
            rows, step = rows[left], step[left]
            slot = self._next(slot[left], step)
        return leader

    def _renumber(self, base: int, given: Ints) -> None:
        if given.size and given[-1] - base + 1 == given.size:
            return
        fresh = np.flatnonzero(self._table > base)
        self._table[fresh] = given[self._table[fresh] - (base + 1)] + 1

    def _enlarge(self, size: int) -> None:
        """A table at most half full, with the numbers that are there."""
        bits = max(_LEAST_BITS, int(2 * size - 1).bit_length())
        known, self._first = self._first, np.zeros(0, np.uint64)
        self._table = np.zeros(1 << bits, np.int32)
        self._place(known)
        self._first = known

    def _starts(self, hashes: Words) -> tuple[Ints, Ints]:
        mask = np.uint64(self._table.size - 1)
        slot = (hashes & mask).view(np.int64)
        # Odd steps reach every slot.
        step = (hashes >> _STEP_SHIFT | np.uint64(1)).view(np.int64)
        return slot, step

    def _next(self, slot: Ints, step: Ints) -> Ints:
        following: Ints = (slot + step) & (self._table.size - 1)
        return following
