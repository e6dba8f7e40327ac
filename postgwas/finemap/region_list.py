"""Which regions are fine-mapped: as given, around given variants, or around sentinels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import InputError, NoSignalError, UsageError
from postgwas.finemap.sentinel_variants import DISTANCE, WINDOW, sentinels
from postgwas.store.position import chromosome_names, parse_region

if TYPE_CHECKING:
    import polars as pl

_END = 2**31 - 1


@dataclass(frozen=True)
class MapRegion:
    """A stretch of a chromosome, both ends included, with the variant that it is around, if there is one."""

    name: str
    chromosome: int
    start: int
    stop: int
    lead: str | None = None


@dataclass(frozen=True)
class RegionChoice:
    """Which regions.

    Attributes
    ----------
    regions : path or sequence of str, optional
        Each ``CHR:START-END``, after which a name may stand; or a file of them, one a line; or a .bed.
    leads : path or sequence of str, optional
        Ids of variants in whose middle regions lie.
    p_max : float
        Without either: regions around sentinels of at most this P.
    distance : int
        Base pairs, at least, between sentinels.
    window : int
        Base pairs on either side of a variant.
    """

    regions: str | os.PathLike[str] | Sequence[str] | None = None
    leads: str | os.PathLike[str] | Sequence[str] | None = None
    p_max: float = 5e-8
    distance: int = DISTANCE
    window: int = WINDOW

    def check(self) -> None:
        """Refuse what is out of range or contradictory.

        Raises
        ------
        UsageError
        """
        if self.regions is not None and self.leads is not None:
            raise UsageError("--region and --leads exclude each other", hint="give one of them")
        if not 0 < self.p_max <= 1:
            raise UsageError(f"--p_max {self.p_max:g}: expected a P-value above 0 and up to 1")
        if self.window < 1 or self.distance < 0:
            raise UsageError(
                f"--window {self.window}, --distance {self.distance}: expected base pairs above 0"
            )

    @property
    def files(self) -> list[str]:
        """Files that are read."""
        given = [self.regions, self.leads]
        return [os.fspath(one) for one in given if isinstance(one, str | os.PathLike) and Path(one).is_file()]


def choose_regions(frame: pl.DataFrame, choice: RegionChoice, path: str) -> list[MapRegion]:
    """The regions, by chromosome and position.

    Parameters
    ----------
    frame : polars.DataFrame
        Summary statistics: SNPID, CHR, POS, MLOG10P.
    choice : RegionChoice
        Checked.
    path : str
        For messages.

    Raises
    ------
    UsageError
        If a region cannot be read, or has no end.
    InputError
        If a variant is not in the summary statistics, or two regions have one name.
    NoSignalError
        If there is no sentinel.
    """
    if choice.regions is not None:
        found = _given(choice.regions)
    elif choice.leads is not None:
        found = _around(frame, _listed(choice.leads), choice.window, path)
    else:
        found = _of_sentinels(frame, choice, path)
    names = [one.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"region {twice} is given twice", hint="names of regions must differ")
    return sorted(found, key=lambda one: (one.chromosome, one.start, one.stop))


def _given(regions: str | os.PathLike[str] | Sequence[str]) -> list[MapRegion]:
    bed = isinstance(regions, str | os.PathLike) and os.fspath(regions).endswith((".bed", ".bed.gz"))
    found = []
    for line in _listed(regions, whole=True):
        cells = line.split()
        if bed:
            if len(cells) < 3 or not (cells[1].isdigit() and cells[2].isdigit()):
                raise InputError(f"{regions}: '{line}': expected CHR START END of a BED file")
            cells = [f"{cells[0]}:{int(cells[1]) + 1}-{cells[2]}", *cells[3:4]]
        place = parse_region(cells[0])
        stop = _END if place.stop is None else place.stop
        found.append(MapRegion(cells[1] if len(cells) > 1 else cells[0], place.chromosome, place.start, stop))
    return found


def _listed(given: str | os.PathLike[str] | Sequence[str], *, whole: bool = False) -> list[str]:
    if isinstance(given, str | os.PathLike):
        if Path(given).is_file():
            from postgwas.genotypes.text_table import read_text

            lines = read_text(given).decode(errors="replace").splitlines()
            return [line if whole else line.split()[0] for line in lines if line.strip()]
        given = os.fspath(given).split(",")
    found = [text.strip() for text in given if text.strip()]
    if not found:
        raise UsageError("no region is given", hint="--region 7:117000000-118000000")
    return found


def _around(frame: pl.DataFrame, ids: list[str], window: int, path: str) -> list[MapRegion]:
    import polars as pl

    rows = frame.with_row_index("_row").filter(pl.col("SNPID").is_in(ids))
    places = dict(zip(rows["SNPID"].to_list(), rows["_row"].to_list()))
    lost = [name for name in ids if name not in places]
    if lost:
        raise InputError(f"{path}: variant '{lost[0]}' is not in it; {len(lost)} of {len(ids)} are not")
    return [_window(frame, places[name], window) for name in dict.fromkeys(ids)]


def _of_sentinels(frame: pl.DataFrame, choice: RegionChoice, path: str) -> list[MapRegion]:
    strength = frame["MLOG10P"].fill_null(np.nan).to_numpy()
    limit = -np.log10(choice.p_max)
    rows = sentinels(
        frame["CHR"].to_numpy(), frame["POS"].to_numpy(), strength, threshold=limit, distance=choice.distance
    )
    if not rows.size:
        best = float(np.nanmax(strength)) if np.isfinite(strength).any() else 0.0
        raise NoSignalError(
            f"{path}: no variant has a P of {choice.p_max:g} or less; the smallest is {10.0**-best:.3g}",
            hint="--p_max, or --region",
        )
    return [_window(frame, int(row), choice.window) for row in rows]


def _window(frame: pl.DataFrame, row: int, window: int) -> MapRegion:
    code, place, name = int(frame["CHR"][row]), int(frame["POS"][row]), frame["SNPID"][row]
    start, stop = max(1, place - window), place + window
    called = chromosome_names(np.array([code]))[0]
    return MapRegion(f"{called}:{start}-{stop}", code, start, stop, name)
