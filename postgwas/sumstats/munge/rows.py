"""The rows that are left of a file, by column."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]


@dataclass
class Rows:
    """Rows in the order of the file; every change is made column by column, to hold little at a time.

    Attributes
    ----------
    columns : dict of polars.Series
        ROW (line number), SNPID; EA and NEA as codes, or as written where alleles are not checked;
        Z (its size, until the sign is known), SIGNED, N, N_CAS, N_CON, NSTUDY, EAF: those there are;
        LISTED, the position in the list of ``--merge_alleles``.
    """

    columns: dict[str, pl.Series] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["ROW"]) if self.columns else 0

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Floats:
        """A column of numbers."""
        return self.columns[name].to_numpy()

    def __setitem__(self, name: str, values: Floats) -> None:
        self.columns[name] = pl.Series(name, values)

    def codes(self, name: str) -> npt.NDArray[np.uint8]:
        """A column of allele codes."""
        return self.columns[name].to_numpy()

    def pop(self, name: str) -> Floats:
        """Take a column of numbers out."""
        return self.columns.pop(name).to_numpy()

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Keep the rows where ``mask`` is true."""
        chosen = pl.Series(mask)
        for name in self.columns:
            self.columns[name] = self.columns[name].filter(chosen)


@dataclass
class RowsInParts:
    """Rows as they come, chunk by chunk."""

    parts: dict[str, list[pl.Series]] = field(default_factory=dict)

    def add(self, columns: dict[str, pl.Series], alive: npt.NDArray[np.bool_]) -> None:
        """The rows of a chunk that are alive."""
        chosen = pl.Series(alive)
        for name, values in columns.items():
            self.parts.setdefault(name, []).append(values.filter(chosen))

    def join(self) -> Rows:
        """All of them in one piece."""
        return Rows({name: pl.concat(self.parts.pop(name), rechunk=True) for name in list(self.parts)})
