"""The markers that METAL's files have named so far, and the sums over files for each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Keeper, Texts, join_texts
from postgwas.errors import InputError
from postgwas.meta.metal_rows import folded_names

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass
class Markers:
    """Names by number, in the order in which they were met; equal in all but case is equal."""

    keeper: Keeper = field(default_factory=lambda: Keeper(2))
    _parts: list[Texts] = field(default_factory=list)
    _hashes: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    _second: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    _numbers: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))

    def __len__(self) -> int:
        return self._hashes.size

    def numbers(self, names: Texts, *, add: bool) -> Ints:
        """Number of each name; -1 of one that is not there, unless it is to be added.

        Raises
        ------
        InputError
            If two names are taken for one (never met; better said than silent).
        """
        if not len(names):
            return np.zeros(0, np.int64)
        first, second = folded_names(names).hashes()
        if not self._hashes.size and add:
            numbers = np.full(first.size, -1, np.int64)
            self._add(names, numbers, first, second, np.arange(first.size))
            return numbers
        order = np.argsort(first)
        at = np.searchsorted(self._hashes, first[order])
        inside = at < self._hashes.size
        found = np.zeros(first.size, np.bool_)
        found[inside] = self._hashes[at[inside]] == first[order][inside]
        numbers = np.full(first.size, -1, np.int64)
        rows, places = order[found], at[found]
        if (self._second[places] != second[rows]).any():
            raise InputError("two markers have the same hash; please report this file")
        numbers[rows] = self._numbers[places]
        if add and not found.all():
            self._add(names, numbers, first, second, np.sort(order[~found]))
        return numbers

    def _add(
        self,
        names: Texts,
        numbers: Ints,
        first: npt.NDArray[np.uint64],
        second: npt.NDArray[np.uint64],
        rows: npt.NDArray[np.intp],
    ) -> None:
        """Give new names numbers in the order of their rows."""
        order = np.argsort(first[rows], kind="stable")
        hashes = first[rows][order]
        new = np.concatenate(([True], hashes[1:] != hashes[:-1]))
        group = np.cumsum(new) - 1
        leaders = rows[order[new]]
        if (second[rows[order]] != second[leaders][group]).any():
            raise InputError("two markers have the same hash; please report this file")
        rank = np.empty(leaders.size, np.int64)
        in_order = np.argsort(leaders)
        rank[in_order] = np.arange(leaders.size)
        numbers[rows[order]] = len(self) + rank[group]
        self._parts.append(names[leaders[in_order]])
        fresh = (hashes[new], second[leaders], (len(self) + rank).astype(np.int32))
        if not self._hashes.size:
            self._hashes, self._second, self._numbers = fresh
            return
        at = np.searchsorted(self._hashes, fresh[0])
        self._hashes = np.insert(self._hashes, at, fresh[0])
        self._second = np.insert(self._second, at, fresh[1])
        self._numbers = np.insert(self._numbers, at, fresh[2])

    def some(self, numbers: Ints) -> list[str]:
        """Names of a few markers."""
        ends = np.cumsum([len(part) for part in self._parts])
        found = []
        for number in numbers.tolist():
            at = int(np.searchsorted(ends, number, side="right"))
            found.append(self._parts[at].text(number - int(ends[at]) + len(self._parts[at])))
        return found

    def names(self) -> Texts:
        """All names, in the order of their numbers."""
        if len(self._parts) == 1:
            return self._parts[0]
        widest = max((part.words.shape[1] for part in self._parts), default=1)
        keeper = Keeper(widest)
        made = []
        for part in self._parts:
            words = np.zeros((len(part), widest), np.uint64)
            words[:, : part.words.shape[1]] = part.words
            for row in part.aside().tolist():
                words[row] = 0
                words[row, 0] = keeper.keep(part.keeper.texts[int(part.words[row, 0]) >> 8])
            made.append(Texts(words, keeper))
        return join_texts(made, keeper)


def grown(values: npt.NDArray[np.generic], size: int, fill: float = 0) -> npt.NDArray[np.generic]:
    """An array made longer."""
    if values.size >= size:
        return values
    longer = np.full(size, fill, values.dtype)
    longer[: values.size] = values
    return longer
