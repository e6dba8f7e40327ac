"""The markers that METAL's files have named so far, and the sums over files for each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from postgwas.columns.hash_index import HashIndex
from postgwas.columns.texts import Keeper, Texts, join_texts
from postgwas.errors import InputError
from postgwas.meta.metal_rows import folded_hashes

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass
class Markers:
    """Names by number, in the order in which they were met; equal in all but case is equal."""

    keeper: Keeper = field(default_factory=lambda: Keeper(2))
    _parts: list[Texts] = field(default_factory=list)
    _index: HashIndex = field(default_factory=HashIndex)

    def __len__(self) -> int:
        return len(self._index)

    def numbers(self, names: Texts, *, add: bool) -> Ints:
        """Number of each name; -1 of one that is not there, unless it is to be added.

        Raises
        ------
        InputError
            If two names are taken for one (never met; better said than silent).
        """
        if not len(names):
            return np.zeros(0, np.int64)
        first, second = folded_hashes(names)
        if add:
            numbers, leaders, clash = self._index.add(first, second)
            if leaders.size:
                self._parts.append(names if leaders.size == len(names) else names[leaders])
        else:
            numbers, clash = self._index.find(first, second)
        if clash:
            raise InputError("two markers have the same hash; please report this file")
        return numbers

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
