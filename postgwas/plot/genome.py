"""Chromosomes laid end to end, and the points of a scan that are worth drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: -log10 of the genome-wide significance level 5e-8.
GENOME_WIDE = 7.301029995663981

_NAMES = {23: "X", 24: "Y", 25: "MT", 26: "MT"}


@dataclass(frozen=True)
class GenomeLayout:
    """Where each chromosome lies on the x axis.

    Attributes
    ----------
    chromosomes : ndarray of int64, shape (n_chromosomes,)
        Codes of those present, ascending.
    offsets : ndarray of float64, shape (n_chromosomes,)
        Added to a base-pair position to give x.
    starts, ends : ndarray of float64, shape (n_chromosomes,)
        First and last x of each chromosome.
    """

    chromosomes: IntArray
    offsets: FloatArray
    starts: FloatArray
    ends: FloatArray

    @property
    def centres(self) -> FloatArray:
        """Middle of each chromosome, shape (n_chromosomes,)."""
        return (self.starts + self.ends) / 2.0

    @property
    def names(self) -> list[str]:
        """Chromosome names as printed."""
        return [_NAMES.get(int(c), str(int(c))) for c in self.chromosomes]

    def index(self, chrom: IntArray) -> IntArray:
        """Index into `chromosomes` of each variant, -1 where the chromosome is not laid out."""
        if not self.chromosomes.size:
            return np.full(np.shape(chrom), -1, dtype=np.int64)
        table = np.full(int(self.chromosomes.max()) + 2, -1, dtype=np.int64)
        table[self.chromosomes] = np.arange(self.chromosomes.size)
        return table[np.clip(chrom, 0, table.size - 1)]

    def x(self, chrom: IntArray, pos: IntArray) -> FloatArray:
        """Cumulative position of each variant; NaN where the chromosome is not laid out."""
        index = self.index(chrom)
        if not self.offsets.size:
            return np.full(index.shape, np.nan)
        return np.where(index >= 0, np.asarray(pos, dtype=np.float64) + self.offsets[index], np.nan)


def layout_genome(chrom: IntArray, pos: IntArray, *, gap: float = 0.006) -> GenomeLayout:
    """Lay the chromosomes end to end, each as long as its variants reach.

    Parameters
    ----------
    chrom : ndarray of int, shape (n_variants,)
        Chromosome codes 1..26; 0 and below mean unknown and are left out.
    pos : ndarray of int, shape (n_variants,)
        Base-pair positions.
    gap : float
        Empty space between chromosomes as a share of the total length.

    Returns
    -------
    GenomeLayout
    """
    chrom = np.asarray(chrom, dtype=np.int64)
    pos = np.asarray(pos, dtype=np.int64)
    known = chrom > 0
    if not known.all():
        chrom, pos = chrom[known], pos[known]
    size = int(chrom.max(initial=0)) + 1
    first = np.full(size, np.iinfo(np.int64).max)
    last = np.full(size, -1)
    np.minimum.at(first, chrom, pos)
    np.maximum.at(last, chrom, pos)
    present = np.flatnonzero(last >= 0)
    lengths = (last[present] - first[present] + 1).astype(np.float64)
    space = gap * lengths.sum()
    starts = np.concatenate([[0.0], np.cumsum(lengths + space)[:-1]]) if present.size else np.empty(0)
    offsets = starts - first[present]
    return GenomeLayout(present, offsets, starts, starts + lengths - 1.0)


def peaks(layout: GenomeLayout, chrom: IntArray, mlog10p: FloatArray) -> FloatArray:
    """Highest -log10 P of each chromosome laid out, shape (n_chromosomes,); NaN where none is finite."""
    index = layout.index(chrom)
    usable = np.flatnonzero((index >= 0) & np.isfinite(mlog10p))
    highest = np.full(layout.chromosomes.size, -np.inf)
    np.maximum.at(highest, index[usable], mlog10p[usable])
    return np.where(np.isfinite(highest), highest, np.nan)


def ticks_that_fit(centres: FloatArray, *, total: float, spacing: float) -> IntArray:
    """Indices of the chromosome labels that can be printed side by side.

    Parameters
    ----------
    centres : ndarray, shape (n_chromosomes,)
        Where the labels would stand, ascending.
    total : float
        Length of the axis.
    spacing : float
        Least distance of two labels as a share of `total`.
    """
    chosen: list[int] = []
    for i, centre in enumerate(centres):
        if not chosen or centre - centres[chosen[-1]] >= spacing * total:
            chosen.append(i)
    return np.array(chosen, dtype=np.int64)


def thin(
    x: FloatArray, mlog10p: FloatArray, *, keep_above: float = 2.0, columns: int = 1200, rows: int = 100
) -> IntArray:
    """Choose the points of a scan that make the picture; the others lie under them.

    Every point at or above `keep_above` stays. Below it the picture is cut into cells and one
    point a cell stays, besides the highest and lowest of each column.

    Parameters
    ----------
    x : ndarray, shape (n_variants,)
        Position on the x axis; NaN leaves a variant out.
    mlog10p : ndarray, shape (n_variants,)
        -log10 P; values that are not finite are left out.
    keep_above : float
        Points from here on are all kept.
    columns, rows : int
        Number of cells; about one a pixel.

    Returns
    -------
    ndarray of int64, shape (n_kept,)
        Indices, ascending.
    """
    usable = np.flatnonzero(np.isfinite(x) & np.isfinite(mlog10p))
    if usable.size != x.size:
        x, mlog10p = x[usable], mlog10p[usable]
    if not usable.size:
        return usable
    low, high = float(x.min()), float(x.max())
    column = ((x - low) * (columns / max(high - low, 1.0))).astype(np.int32)
    np.minimum(column, columns - 1, out=column)
    below = mlog10p < keep_above

    highest = np.full(columns, -np.inf)
    lowest = np.full(columns, np.inf)
    np.maximum.at(highest, column, np.where(below, mlog10p, -np.inf))
    np.minimum.at(lowest, column, mlog10p)
    keep = ~below | (mlog10p == highest[column]) | (mlog10p == lowest[column])

    # Of several writes to one cell the last one stands: one point a cell, the same each time.
    row = np.minimum(mlog10p * (rows / keep_above), rows).astype(np.int32)
    occupant = np.full(columns * (rows + 1), -1, dtype=np.int64)
    occupant[column * (rows + 1) + row] = np.arange(x.size)
    keep[occupant[occupant >= 0]] = True
    return usable[np.flatnonzero(keep)]


def lead_variants(
    chrom: IntArray,
    pos: IntArray,
    mlog10p: FloatArray,
    *,
    threshold: float,
    window: int = 1_000_000,
    limit: int | None = None,
) -> IntArray:
    """Lead variants: the strongest, then the strongest at least `window` away from it, and so on.

    Parameters
    ----------
    chrom, pos : ndarray of int, shape (n_variants,)
    mlog10p : ndarray, shape (n_variants,)
    threshold : float
        Only variants with -log10 P of at least this lead a locus.
    window : int
        Base pairs on either side of a lead that belong to it.
    limit : int, optional
        Stop after so many.

    Returns
    -------
    ndarray of int64
        Indices, strongest first (ties: the earlier row).
    """
    with np.errstate(invalid="ignore"):
        candidates = np.flatnonzero((mlog10p >= threshold) & (np.asarray(chrom) > 0))
    order = candidates[np.argsort(-mlog10p[candidates], kind="stable")]
    leads: list[int] = []
    c, p = np.asarray(chrom)[order], np.asarray(pos, dtype=np.int64)[order]
    free = np.ones(order.size, dtype=bool)
    while (limit is None or len(leads) < limit) and free.any():
        i = int(np.argmax(free))
        leads.append(int(order[i]))
        free &= (c != c[i]) | (np.abs(p - p[i]) >= window)
    return np.array(leads, dtype=np.int64)
