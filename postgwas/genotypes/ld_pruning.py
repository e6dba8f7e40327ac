"""Which variants of a chromosome to leave out so that no two in a window are correlated: PLINK's rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError
from postgwas.genotypes.genotypes import Calls
from postgwas.genotypes.pair_correlation import Columns, correlated

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_BATCH = 128
"""New variants whose correlations with those of the window are one product."""


@dataclass(frozen=True, eq=False)
class Pruned:
    """Outcome of pruning.

    Attributes
    ----------
    kept : ndarray of bool, shape (V,)
    because : ndarray of int64, shape (V,)
        For a variant that is left out, the row of the one that it is correlated with; -1 for kept
        ones and for those that do not vary.
    """

    kept: Bools
    because: Ints


def windows_by_count(n_variants: int, size: int, step: int) -> Iterator[tuple[int, int]]:
    """Windows of `size` variants, each `step` variants further; rows, the second excluded.

    Examples
    --------
    >>> list(windows_by_count(7, 4, 2))
    [(0, 4), (2, 6), (4, 7)]
    """
    for start in range(0, n_variants, step):
        yield start, min(start + size, n_variants)
        if start + size >= n_variants:
            return


def windows_by_distance(positions: Ints, span: int) -> Iterator[tuple[int, int]]:
    """For each variant the window from it to `span` base pairs beyond, both ends included.

    Examples
    --------
    >>> list(windows_by_distance(np.array([1, 5, 11, 90]), 10))
    [(0, 3), (1, 3), (2, 3), (3, 4)]
    """
    ends = np.searchsorted(positions, positions + span, side="right").tolist()
    yield from enumerate(ends)


def prune_windows(
    read: Callable[[int, int], Calls], n_variants: int, windows: Iterator[tuple[int, int]], *, r2: float
) -> Pruned:
    """Leave out variants until no two in any window have a squared correlation above `r2`.

    In each window, the variants that are left are gone through in order. Each is compared with
    those after it up to the first that it is correlated with; of these two the one of lower minor
    allele frequency goes (the later one if they are equal), and the next variant has its turn.
    That is repeated until nothing more goes. Variants that do not vary go at once. So do plink 1.9
    and plink2 --indep-pairwise.

    Parameters
    ----------
    read : callable
        ``read(start, stop)`` gives copies of A1 of variants of one chromosome, int8 with missing
        negative, shape (stop - start, n).
    n_variants : int
    windows : iterator of (start, stop)
        Neither start nor stop ever descends.
    r2 : float
        Squared correlation of copies, over the people with both calls.

    Raises
    ------
    UsageError
        If `r2` is no number from 0 to 1.
    """
    if not 0.0 <= r2 <= 1.0:
        raise UsageError(f"r2 {r2:g}: expected 0 to 1")
    state = _State(read, n_variants, r2)
    done = 0
    for start, stop in windows:
        if stop > done:
            state.load(start, stop)
            state.settle(start, done, stop)
            done = stop
        state.forget(start)
    return Pruned(state.kept, state.because)


class _State:
    """Variants that are left, and which later ones each is correlated with, as bits of an integer."""

    def __init__(self, read: Callable[[int, int], Calls], n_variants: int, r2: float) -> None:
        self.read, self.n_variants, self.r2 = read, n_variants, r2
        self.kept = np.ones(n_variants, np.bool_)
        self.because = np.full(n_variants, -1, np.int64)
        self.later: dict[int, int] = {}  # bit b of later[i]: correlated with i + 1 + b
        self.earlier: dict[int, tuple[int, int]] = {}  # (base, bits): bit b: correlated with base + b
        self.minor: dict[int, tuple[int, int]] = {}  # minor copies, all copies
        self.loaded = 0
        self.first = 0
        self.columns: Columns | None = None

    def load(self, start: int, stop: int) -> None:
        """Correlations of all variants before `stop` with those from `start` on."""
        while self.loaded < stop:
            begin, end = self.loaded, min(self.loaded + _BATCH, self.n_variants)
            new = Columns.of(self.read(begin, end), np.arange(begin, end))
            for row, counts in zip(new.rows.tolist(), zip(new.minor.tolist(), new.total.tolist())):
                self.minor[row] = counts
            self.kept[new.rows[new.constant]] = False
            new = new.some(~new.constant)
            old = None if self.columns is None else self.columns.some(self._still(self.columns.rows, start))
            whole = new if old is None else old.with_more(new)
            self._note(whole.rows, new.rows, correlated(whole, new, self.r2))
            self.columns = whole
            self.loaded = end

    def _still(self, rows: Ints, start: int) -> Bools:
        mask: Bools = self.kept[rows] & (rows >= start)
        return mask

    def _note(self, rows: Ints, new: Ints, hits: Bools) -> None:
        """Keep correlated pairs, the earlier one along the first axis, as bits."""
        if not len(new):
            return
        hits &= rows[:, None] < new
        base, first = int(rows[0]), int(new[0])
        wide = np.zeros((len(rows), int(new[-1]) - first + 1), np.bool_)
        wide[:, new - first] = hits
        for row, bits in zip(rows.tolist(), _integers(wide)):
            shift = first - row - 1
            self.later[row] = self.later.get(row, 0) | (bits << shift if shift >= 0 else bits >> -shift)
        tall = np.zeros((len(new), int(rows[-1]) - base + 1), np.bool_)
        tall[:, rows - base] = hits.T
        for row, bits in zip(new.tolist(), _integers(tall)):
            self.earlier[row] = (base, bits)

    def settle(self, start: int, first_new: int, stop: int) -> None:
        """Make the window from `start` to `stop` free of pairs; only pairs with new variants can be left."""
        alive = int(_integers(self.kept[None, start:stop])[0])
        rows = 0
        for new in range(max(first_new, start), stop):
            if self.kept[new]:
                base, bits = self.earlier[new]
                rows |= (bits >> (start - base) if start >= base else bits << (base - start)) & alive
        while rows:
            waiting, rows_left, hit = rows, 0, False
            while waiting:
                lowest = waiting & -waiting
                waiting ^= lowest
                at = lowest.bit_length() - 1
                if not alive & lowest:
                    continue
                partners = (self.later[start + at] << (at + 1)) & alive
                if not partners:
                    continue
                other = (partners & -partners).bit_length() - 1
                gone = self._lose(start + at, start + other)
                alive &= ~(1 << (gone - start))
                hit = True
                rows_left |= lowest
            rows = rows_left & alive if hit else 0

    def _lose(self, one: int, two: int) -> int:
        """Leave out one of a correlated pair; fractions are compared in whole numbers."""
        minor_one, all_one = self.minor[one]
        minor_two, all_two = self.minor[two]
        gone, cause = (one, two) if minor_one * all_two < minor_two * all_one else (two, one)
        self.kept[gone] = False
        self.because[gone] = cause
        return gone

    def forget(self, start: int) -> None:
        """Drop what is kept of variants before `start`."""
        for row in range(self.first, start):
            self.later.pop(row, None)
            self.earlier.pop(row, None)
            self.minor.pop(row, None)
        self.first = max(self.first, start)


def _integers(bits: Bools) -> list[int]:
    """Each row as an integer, its first entry the lowest bit."""
    packed = np.packbits(bits, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]
