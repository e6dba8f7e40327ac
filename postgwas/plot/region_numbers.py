"""The numbers that figures of a region show: points, their LD with the lead, what is drawn of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import UsageError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LD_EDGES = (0.2, 0.4, 0.6, 0.8)
"""Bounds of the classes of r^2, as LocusZoom has them; a value at a bound is in the class above."""
UNKNOWN = -1
"""Class of variants whose LD with the lead is not known."""
MANY = 4000
"""Points from which a track is thinned."""


def ld_classes(r2: ArrayLike) -> IntArray:
    """Class 0 (r^2 below 0.2) to 4 (0.8 and more) of each variant; -1 where r^2 is NaN.

    Examples
    --------
    >>> ld_classes([0.05, 0.2, 0.79, 0.8, 1.0, float("nan")]).tolist()
    [0, 1, 3, 4, 4, -1]
    """
    values = np.asarray(r2, np.float64)
    classes = np.searchsorted(LD_EDGES, np.nan_to_num(values), side="right")
    return np.where(np.isnan(values), UNKNOWN, classes).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Track:
    """One trait in a region.

    Attributes
    ----------
    label : str
    names : tuple of str, shape (n,)
    megabases : ndarray, shape (n,)
        Position in 1e6 base pairs.
    height : ndarray, shape (n,)
        -log10 P, or another height.
    ld_class : ndarray of int64, shape (n,)
        See :func:`ld_classes`, with the variant that is the lead of the figure.
    lead : int
        Its row, or the trait's own highest variant's where it lacks that lead; -1 without points.
    """

    label: str
    names: tuple[str, ...]
    megabases: FloatArray
    height: FloatArray
    ld_class: IntArray
    lead: int

    @property
    def n(self) -> int:
        return self.height.size


def track(
    label: str,
    names: Sequence[str],
    position: ArrayLike,
    height: ArrayLike,
    *,
    r2: ArrayLike | None = None,
    lead: str | None = None,
) -> Track:
    """A trait's points by position; those without a height or place are left out.

    Parameters
    ----------
    label : str
    names : sequence of str, shape (n,)
    position : array-like, shape (n,)
        Base pairs; NaN unknown.
    height : array-like, shape (n,)
        -log10 P.
    r2 : array-like, shape (n,), optional
        With the lead; NaN unknown. All unknown if None.
    lead : str, optional
        The figure's lead; the trait's highest variant if None or not there, of equal ones the first.

    Raises
    ------
    UsageError
        If lengths differ.

    Examples
    --------
    >>> found = track("GWAS", ["a", "b"], [2e6, 1e6], [3.0, 8.0], r2=[0.5, 1.0])
    >>> found.names, found.lead, found.ld_class.tolist()
    (('b', 'a'), 0, [4, 2])
    """
    place, tall = np.asarray(position, np.float64), np.asarray(height, np.float64)
    ld = np.full(tall.shape, np.nan) if r2 is None else np.asarray(r2, np.float64)
    if not len(names) == place.size == tall.size == ld.size:
        raise UsageError(f"{len(names)} names, {place.size} positions, {tall.size} heights, {ld.size} r2")
    good = np.flatnonzero(np.isfinite(place) & np.isfinite(tall))
    order = good[np.lexsort((good, place[good]))]
    kept = tuple(str(names[row]) for row in order)
    top = int(np.argmax(tall[order])) if order.size else -1
    at = kept.index(lead) if lead is not None and lead in kept else top
    return Track(label, kept, place[order] / 1e6, tall[order], ld_classes(ld[order]), at)


def thinned(one: Track, *, across: int = 900, up: int = 300, many: int = MANY) -> IntArray:
    """Rows to draw: all, or where there are many the first of each cell of a fine grid and LD class.

    What is left out lies within less than a printed dot of a point of the same colour. The highest hundred
    and the lead always stay.

    Parameters
    ----------
    one : Track
    across, up : int
        Cells of the grid.
    many : int
        Tracks of up to so many points are drawn whole.

    Examples
    --------
    >>> crowd = track("x", ["v"] * 9000, np.linspace(0, 1e6, 9000), np.zeros(9000))
    >>> 900 <= thinned(crowd).size < 1200
    True
    """
    if one.n <= many:
        return np.arange(one.n)
    x, y = one.megabases, one.height
    column = _cells(x, across)
    cell = (column * up + _cells(y, up)) * 8 + one.ld_class + 1
    first = np.unique(cell, return_index=True)[1]
    top = np.argsort(-y, kind="stable")[:100]
    return np.unique(np.concatenate([first, top, [one.lead]])).astype(np.int64)


def _cells(values: FloatArray, number: int) -> IntArray:
    low, high = float(values.min()), float(values.max())
    return np.floor((values - low) / max(high - low, 1e-300) * (number - 1)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class HeightPair:
    """Variants that two traits share, one height against the other.

    Attributes
    ----------
    names : tuple of str, shape (n,)
    one, two : ndarray, shape (n,)
    ld_class : ndarray of int64, shape (n,)
    lead : int
        Row of the variant that is named.
    correlation : float
        Pearson's, of the heights; NaN with fewer than three.
    """

    names: tuple[str, ...]
    one: FloatArray
    two: FloatArray
    ld_class: IntArray
    lead: int
    correlation: float


def height_pair(
    names1: Sequence[str],
    height1: ArrayLike,
    names2: Sequence[str],
    height2: ArrayLike,
    *,
    r2: dict[str, float] | None = None,
    lead: str | None = None,
) -> HeightPair:
    """Join two traits by name; the lead is the variant of the largest sum of heights if none is given.

    Raises
    ------
    UsageError
        If they share no variant.

    Examples
    --------
    >>> found = height_pair(["a", "b"], [5.0, 1.0], ["b", "a", "c"], [2.0, 6.0, 9.0])
    >>> found.names, found.two.tolist(), found.names[found.lead]
    (('a', 'b'), [6.0, 2.0], 'a')
    """
    tall1, tall2 = np.asarray(height1, np.float64), np.asarray(height2, np.float64)
    where = {name: row for row, name in enumerate(names2) if np.isfinite(tall2[row])}
    rows = [row for row, name in enumerate(names1) if name in where and np.isfinite(tall1[row])]
    if not rows:
        raise UsageError(
            f"the traits share no variant: such as '{next(iter(names1), '')}' and '{next(iter(names2), '')}'",
            hint="name variants the same way in both",
        )
    names = tuple(names1[row] for row in rows)
    x, y = tall1[rows], tall2[[where[name] for name in names]]
    at = names.index(lead) if lead is not None and lead in names else int(np.argmax(x + y))
    known = r2 or {}
    classes = ld_classes([known.get(name, np.nan) for name in names])
    varied = len(rows) > 2 and x.std() > 0 and y.std() > 0
    return HeightPair(names, x, y, classes, at, float(np.corrcoef(x, y)[0, 1]) if varied else float("nan"))
