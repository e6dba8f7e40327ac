"""Which variants of a chromosome to leave out so that no two in a window are correlated: PLINK's rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError
from postgwas.genotypes.genotypes import Calls
from postgwas.genotypes.pair_correlation import Columns, correlated

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_BATCH = 64
"""New variants whose correlations with those of the window are one product."""
_CALLS = 1 << 22
"""Calls that are read at once."""


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
    """Variants that are left, and which earlier and later ones each is correlated with."""

    def __init__(self, read: Callable[[int, int], Calls], n_variants: int, r2: float) -> None:
        self.read, self.n_variants, self.r2 = read, n_variants, r2
        self.flags = bytearray(b"\1") * n_variants  # one entry of it is read quicker than of an array
        self.kept = np.frombuffer(self.flags, np.bool_)
        self.because = np.full(n_variants, -1, np.int64)
        self.minor, self.total = np.zeros((2, n_variants), np.int64)  # copies: of the rarer allele, of both
        self.later: defaultdict[int, list[int]] = defaultdict(list)
        self.earlier: defaultdict[int, list[int]] = defaultdict(list)
        self.loaded = 0
        self.first, self.n_ahead = 0, 1
        self.columns: list[Columns] = []
        self.ahead: list[Calls] = []  # blocks of variants that are read and not loaded

    def load(self, start: int, stop: int) -> None:
        """Correlations of all variants before `stop` with those from `start` on."""
        while self.loaded < stop:
            begin, end = self.loaded, min(self.loaded + _BATCH, self.n_variants)
            new = Columns.of(self._next(begin), np.arange(begin, end))
            self.minor[begin:end], self.total[begin:end] = new.minor, new.total
            self.kept[new.rows[new.constant]] = False
            new = new.some(~new.constant)
            still = [one.some(self.kept[one.rows] & (one.rows >= start)) for one in self.columns]
            if still:
                old = still[0] if len(still) == 1 else still[0].with_more(still[1])
                self._note(old.rows, new.rows, correlated(old, new, self.r2))
                self.columns = [old, new]
            else:
                self.columns = [new]
            self._note(new.rows, new.rows, np.triu(correlated(new, new, self.r2), 1))
            self.loaded = end

    def _next(self, begin: int) -> Calls:
        if not self.ahead:
            n_batches = 1 if begin == 0 else self.n_ahead
            calls = self.read(begin, min(begin + n_batches * _BATCH, self.n_variants))
            self.n_ahead = max(1, _CALLS // (_BATCH * max(calls.shape[1], 1)))
            self.ahead = [calls[at : at + _BATCH] for at in range(0, len(calls), _BATCH)][::-1]
        return self.ahead.pop()

    def _note(self, rows: Ints, new: Ints, hits: Bools) -> None:
        """Keep correlated pairs, the earlier one along the first axis."""
        at_row, at_new = np.nonzero(hits)
        for row, some in _groups(rows[at_row], new[at_new]):
            self.later[row] += some
        at_new, at_row = np.nonzero(hits.T)
        for one, some in _groups(new[at_new], rows[at_row]):
            self.earlier[one] += some

    def settle(self, start: int, first_new: int, stop: int) -> None:
        """Make the window from `start` to `stop` free of pairs; only pairs with new variants can be left."""
        flags = self.flags
        found: set[int] = set()
        for new in range(max(first_new, start), stop):
            if flags[new]:
                found.update(self.earlier.get(new, ()))
        rows = sorted(row for row in found if row >= start and flags[row])
        while rows:
            hit = []
            for row in rows:
                if not flags[row]:
                    continue
                other = next((one for one in self.later[row] if flags[one]), stop)
                if other < stop:
                    self._lose(row, other)
                    hit.append(row)
            rows = [row for row in hit if flags[row]]

    def _lose(self, one: int, two: int) -> None:
        """Leave out one of a correlated pair; fractions are compared in whole numbers."""
        rarer = self.minor[one] * self.total[two] < self.minor[two] * self.total[one]
        gone, cause = (one, two) if rarer else (two, one)
        self.flags[gone] = 0
        self.because[gone] = cause

    def forget(self, start: int) -> None:
        """Drop what is kept of variants before `start`."""
        for row in range(self.first, start):
            self.later.pop(row, None)
            self.earlier.pop(row, None)
        self.first = max(self.first, start)


def _groups(keys: Ints, values: Ints) -> Iterator[tuple[int, list[int]]]:
    """Values of each key; equal keys stand together."""
    if len(keys):
        borders = [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), len(keys)]
        each = values.tolist()
        for first, last in pairwise(borders):
            yield int(keys[first]), each[first:last]
