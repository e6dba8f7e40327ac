"""Variants of summary statistics found in LD's variants, and whose allele each counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

NOT_IN_LD, OTHER_ALLELES, TWICE = "not_in_ld", "other_alleles", "occurs_twice"
"""Why a variant of the summary statistics has no LD."""

_COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True, eq=False)
class Aligned:
    """Which rows belong together.

    Attributes
    ----------
    rows, ld_rows : ndarray of int64, shape (p,)
        Rows of the summary statistics, ascending, and of the LD's variants.
    sign : ndarray of float64, shape (p,)
        -1 where LD counts the other allele: z-scores times `sign` are of LD's allele.
    reasons : dict of int to str
        Why the other rows of the summary statistics are left out.
    n_flipped : int
        Variants whose alleles are given on the other strand.
    by_id : bool
        Whether ids told which is which; otherwise places and alleles did.
    """

    rows: Rows
    ld_rows: Rows
    sign: Floats
    reasons: dict[int, str]
    n_flipped: int
    by_id: bool


def align_variants(stats: pl.DataFrame, variants: pl.DataFrame, path: str) -> Aligned:
    """Find variants by chromosome, position and both alleles, or by id where one side has no positions.

    Parameters
    ----------
    stats : polars.DataFrame
        CHR, POS, SNPID, EA, NEA.
    variants : polars.DataFrame
        CHR, POS, SNPID, A1 (whose copies LD is of), A2; alleles or places may be missing.
    path : str
        The LD's file, for messages.

    Returns
    -------
    Aligned
        Alleles on the other strand are turned, but for A/T and C/G, which are taken as given.

    Raises
    ------
    InputError
        If neither places nor ids are there on both sides.
    """
    by_place = all(name in frame.columns for frame in (stats, variants) for name in ("CHR", "POS"))
    if not by_place and "SNPID" not in stats.columns:
        raise InputError(f"{path}: no positions, and the summary statistics have no ids to find variants by")
    keys = ("CHR", "POS") if by_place else ("SNPID",)
    places: dict[tuple[object, ...], list[int]] = {}
    for row, key in enumerate(variants.select(keys).iter_rows()):
        places.setdefault(key, []).append(row)
    alleles = None
    if {"A1", "A2"} <= set(variants.columns) and {"EA", "NEA"} <= set(stats.columns):
        alleles = list(variants.select("A1", "A2").iter_rows())
    ours = list(stats.select("EA", "NEA").iter_rows()) if alleles is not None else []
    kept: dict[int, tuple[int, float]] = {}
    reasons: dict[int, str] = {}
    n_flipped = 0
    for row, key in enumerate(stats.select(keys).iter_rows()):
        found = places.get(key, [])
        if not found:
            reasons[row] = NOT_IN_LD
            continue
        if alleles is None:
            kept_here = [(at, 1.0, False) for at in found[:1]]
        else:
            kept_here = [
                (at, *told) for at in found if (told := _orientation(ours[row], alleles[at])) is not None
            ]
        if not kept_here:
            reasons[row] = OTHER_ALLELES
            continue
        at, sign, turned = kept_here[0]
        if at in kept:
            reasons[row] = TWICE
            continue
        kept[at] = (row, sign)
        n_flipped += turned
    ld_rows = np.array(sorted(kept, key=lambda at: kept[at][0]), np.int64)
    rows = np.array([kept[at][0] for at in ld_rows.tolist()], np.int64)
    signs = np.array([kept[at][1] for at in ld_rows.tolist()])
    return Aligned(rows, ld_rows, signs, reasons, n_flipped, not by_place)


def _orientation(ours: tuple[str, str], theirs: tuple[str, str]) -> tuple[float, bool] | None:
    """+1 or -1, and whether strands differ; None for other alleles.

    Examples
    --------
    >>> _orientation(("A", "G"), ("G", "A")), _orientation(("A", "G"), ("T", "C"))
    ((-1.0, False), (1.0, True))
    >>> _orientation(("A", "G"), ("A", "C")), _orientation(("A", "T"), ("T", "A"))
    (None, (-1.0, False))
    """
    if None in ours or None in theirs:
        return None
    one, other = (ours[0].upper(), ours[1].upper()), (theirs[0].upper(), theirs[1].upper())
    if one == other:
        return 1.0, False
    if one == other[::-1]:
        return -1.0, False
    turned = (one[0].translate(_COMPLEMENT), one[1].translate(_COMPLEMENT))
    if turned == other:
        return 1.0, True
    return (-1.0, True) if turned == other[::-1] else None
