"""Lead loci: sentinels by distance, and which of them only the combination of studies finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def sentinels(
    chrom: NDArray[np.integer], pos: NDArray[np.integer], mlog10p: Floats, *, limit: float, window: int
) -> Ints:
    """Rows of the lead variants: the smallest P first, none within `window` of one chosen before.

    Parameters
    ----------
    chrom, pos : ndarray of int, shape (V,)
    mlog10p : ndarray of float64, shape (V,)
        NaN is never chosen.
    limit : float
        -log10 P that a lead must reach.
    window : int
        Base pairs to either side.

    Returns
    -------
    ndarray of int64
        By chromosome and position. Of equal P the first position leads.

    Examples
    --------
    >>> at = np.array([100, 900, 5000])
    >>> sentinels(np.ones(3, int), at, np.array([8.0, 9.0, 10.0]), limit=7.3, window=1000).tolist()
    [1, 2]
    """
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(mlog10p >= limit)
    order = rows[np.lexsort((pos[rows], chrom[rows], -mlog10p[rows]))]
    taken: dict[int, list[int]] = {}
    chosen = []
    for row in order.tolist():
        near = taken.setdefault(int(chrom[row]), [])
        if all(abs(int(pos[row]) - other) > window for other in near):
            near.append(int(pos[row]))
            chosen.append(row)
    found = np.array(chosen, np.int64)
    return np.asarray(found[np.lexsort((pos[found], chrom[found]))])


@dataclass(frozen=True, eq=False)
class Gained:
    """The loci of a combination beside those of its parts.

    Attributes
    ----------
    known : tuple of tuple of int
        For each lead of the combination, the parts that have a lead within the window.
    lost : tuple of (int, int)
        Leads of parts (part, row) without a lead of the combination within the window.
    """

    known: tuple[tuple[int, ...], ...]
    lost: tuple[tuple[int, int], ...]

    @property
    def n_gained(self) -> int:
        """Leads of the combination that no part has."""
        return sum(1 for parts in self.known if not parts)


def gained_loci(
    chrom: NDArray[np.integer],
    pos: NDArray[np.integer],
    leads: Ints,
    part_leads: list[Ints],
    *,
    window: int,
) -> Gained:
    """Which leads of the combination the parts have too, and which of theirs it lost.

    Parameters
    ----------
    chrom, pos : ndarray of int, shape (V,)
    leads : ndarray of int64
        Rows, of :func:`sentinels`.
    part_leads : list of ndarray of int64
        Of each part.
    window : int
    """

    def near(row: int, others: Ints) -> bool:
        return bool(np.any((chrom[others] == chrom[row]) & (np.abs(pos[others] - pos[row]) <= window)))

    known = tuple(
        tuple(part for part, rows in enumerate(part_leads) if rows.size and near(row, rows))
        for row in leads.tolist()
    )
    lost = tuple(
        (part, row)
        for part, rows in enumerate(part_leads)
        for row in rows.tolist()
        if not (leads.size and near(row, leads))
    )
    return Gained(known, lost)
