"""Variants of overlapping windows, cut where a window begins or ends, each run's equal rows kept once.

A variant whose residual equals an earlier one's, or its negative, has the same squared correlations: it needs
no product of its own. Sequenced genotypes have many, an eighth or more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.projection import Floats

Singles = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs into which the ends of all windows cut the variants.

    Attributes
    ----------
    edges : (E + 1,) int64
        Run e has variants ``edges[e]`` to ``edges[e + 1]``, excluded.
    first, last : (G,) int64
        Window g has runs ``first[g]`` to ``last[g]``, excluded.
    """

    edges: Rows
    first: Rows
    last: Rows

    @property
    def count(self) -> int:
        """Number of runs."""
        return len(self.edges) - 1


def runs_of(first: Rows, last: Rows) -> Runs:
    """Cut variants at the ends of windows.

    Parameters
    ----------
    first, last : (G,) int64
        Variants of each window, the last excluded.

    Examples
    --------
    >>> runs = runs_of(np.array([0, 2]), np.array([5, 9]))
    >>> runs.edges, runs.first, runs.last
    (array([0, 2, 5, 9]), array([0, 1]), array([2, 3]))
    """
    edges = np.unique(np.concatenate([first, last]))
    return Runs(edges, np.searchsorted(edges, first), np.searchsorted(edges, last))


class RunRows:
    """Different variants of all runs, in one matrix: those of a window are rows that follow each other.

    Parameters
    ----------
    runs : Runs
    n_samples : int
    """

    def __init__(self, runs: Runs, n_samples: int) -> None:
        self._runs = runs
        self._rows = np.empty((int(runs.edges[-1] - runs.edges[0]), n_samples), dtype=np.float32)
        self._filled = 0
        self._in_run = np.zeros(runs.count + 1, dtype=np.int64)

    def add(self, rows: Singles, run: Rows) -> None:
        """Take in variants (V, n) and the run of each, ascending."""
        self._rows[self._filled : self._filled + len(rows)] = rows
        self._filled += len(rows)
        np.add.at(self._in_run, run + 1, 1)

    def window(self, which: int) -> Singles:
        """The variants of a window; after all have been taken in."""
        begins = np.cumsum(self._in_run)
        return self._rows[begins[self._runs.first[which]] : begins[self._runs.last[which]]]


class RunCollector:
    """Takes tiles of variants in order, and keeps the different rows of each run.

    Parameters
    ----------
    runs : Runs
    """

    def __init__(self, runs: Runs) -> None:
        self._edges = runs.edges
        # Between windows that lie apart there is a run that no window has.
        depth = np.zeros(runs.count + 1, dtype=np.int64)
        np.add.at(depth, runs.first, 1)
        np.add.at(depth, runs.last, -1)
        self._covered = np.cumsum(depth)[:-1] > 0
        self._run = 0
        self._seen: set[bytes] = set()

    def different(self, start: int, unit: Floats) -> tuple[Singles, Rows]:
        """Rows of a tile that neither are 0 nor come again in their run, and the run of each.

        Parameters
        ----------
        start : int
            Row of the tile's first variant.
        unit : (V, n) float64
            Residuals of norm 1; 0 for variants that are left out.
        """
        rows = unit.astype(np.float32)
        rows *= np.where(rows[:, :1] < 0, np.float32(-1), np.float32(1))
        run = np.searchsorted(self._edges, start + np.arange(len(rows)), side="right") - 1
        keep = np.zeros(len(rows), dtype=np.bool_)
        for at in np.flatnonzero(rows.any(axis=1) & self._covered[run]).tolist():
            if run[at] != self._run:
                self._run = int(run[at])
                self._seen = set()
            key = rows[at].tobytes()
            if key not in self._seen:
                self._seen.add(key)
                keep[at] = True
        return rows[keep], run[keep]
