"""What the figures of a run need of one chromosome, thinned where the rows are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.plot.genome import GENOME_WIDE, lead_variants, thin

EAF_CELLS = 200
"""Cells of the figure of frequencies along each axis."""


@dataclass(frozen=True, eq=False)
class Picture:
    """Points and counts of one chromosome.

    Attributes
    ----------
    pos : ndarray of int32, shape (n_points,)
    mlog10p : ndarray of float64, shape (n_points,)
        Points of a Manhattan plot, of which the others would lie beneath.
    names : dict of int to str
        Point -> SNPID, of the lead variants.
    eaf : ndarray of int64, shape (cells, cells)
        Kept rows by the file's frequency (second axis) and the reference's (first).
    last : int
        Highest position.
    """

    pos: npt.NDArray[np.int32]
    mlog10p: npt.NDArray[np.float64]
    names: dict[int, str]
    eaf: npt.NDArray[np.int64]
    last: int


def picture_of(frame: pl.DataFrame) -> Picture:
    """Thin the kept rows of one chromosome."""
    both = frame.select("EAF", "REF_AF").drop_nulls()
    cells = np.zeros((EAF_CELLS, EAF_CELLS), dtype=np.int64)
    if both.height:
        column = np.minimum((both["EAF"].to_numpy() * EAF_CELLS).astype(np.int64), EAF_CELLS - 1)
        row = np.minimum((both["REF_AF"].to_numpy() * EAF_CELLS).astype(np.int64), EAF_CELLS - 1)
        cells = np.bincount(row * EAF_CELLS + column, minlength=EAF_CELLS**2).reshape(EAF_CELLS, EAF_CELLS)
    if frame["POS"].null_count() == frame.height:
        return Picture(np.empty(0, np.int32), np.empty(0), {}, cells, 0)
    pos = frame["POS"].to_numpy()
    height = frame["MLOG10P"].fill_null(np.nan).to_numpy()
    points = thin(pos.astype(np.float64), height, columns=150)
    chosen, high = pos[points], height[points]
    leads = lead_variants(
        np.ones(points.size, dtype=np.int64), chosen.astype(np.int64), high, threshold=GENOME_WIDE, limit=8
    )
    ids = frame["SNPID"]
    names = {int(i): str(ids[int(points[i])] or f"{chosen[i]}") for i in leads}
    return Picture(chosen, high, names, cells, int(pos[-1]) if pos.size else 0)
