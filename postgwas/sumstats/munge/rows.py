"""The rows that are left of a file, by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import Bools
from postgwas.columns.texts import Keeper, Texts, join_texts

Floats = npt.NDArray[np.float64]
Values = npt.NDArray[Any] | Texts


@dataclass
class Rows:
    """Rows in the order of the file; every change is made column by column, to hold little at a time.

    Attributes
    ----------
    columns : dict
        ROW (line number), SNPID; EA and NEA as codes, or as written where alleles are not checked;
        Z (its size, until the sign is known), SIGNED, N, N_CAS, N_CON, NSTUDY, EAF: those there are;
        LISTED, the position in the list of ``--merge_alleles``.
    """

    columns: dict[str, Values] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["ROW"]) if self.columns else 0

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Floats:
        """A column of numbers."""
        values = self.columns[name]
        assert isinstance(values, np.ndarray)
        return values

    def __setitem__(self, name: str, values: Floats) -> None:
        self.columns[name] = values

    @property
    def snpid(self) -> Texts:
        """The identifiers."""
        values = self.columns["SNPID"]
        assert isinstance(values, Texts)
        return values

    def codes(self, name: str) -> npt.NDArray[np.uint8]:
        """A column of allele codes."""
        values = self.columns[name]
        assert isinstance(values, np.ndarray)
        return values

    def pop(self, name: str) -> Floats:
        """Take a column of numbers out."""
        values = self[name]
        del self.columns[name]
        return values

    def keep(self, mask: Bools) -> None:
        """Keep the rows where ``mask`` is true."""
        chosen = np.flatnonzero(mask)
        for name in self.columns:
            self.columns[name] = self.columns[name][chosen]


@dataclass
class RowsInParts:
    """Rows as they come, chunk by chunk."""

    parts: dict[str, list[Values]] = field(default_factory=dict)

    def add(self, columns: Mapping[str, Values], alive: Bools) -> None:
        """The rows of a chunk that are alive."""
        chosen = np.flatnonzero(alive)
        for name, values in columns.items():
            self.parts.setdefault(name, []).append(values[chosen])

    def join(self, keeper: Keeper) -> Rows:
        """All of them in one piece."""
        return Rows({name: join_values(self.parts.pop(name), keeper) for name in list(self.parts)})


def join_values(parts: list[Values], keeper: Keeper) -> Values:
    """One column from its parts."""
    texts = [part for part in parts if isinstance(part, Texts)]
    if texts:
        return join_texts(texts, keeper)
    return np.concatenate([part for part in parts if isinstance(part, np.ndarray)])
