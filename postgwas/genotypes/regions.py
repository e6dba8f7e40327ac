"""Regions of the genome that a reader is asked for, whatever its chromosomes are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError
from postgwas.store.position import Region, parse_region

if TYPE_CHECKING:
    import polars as pl


def regions_of(region: str | Sequence[str]) -> list[Region]:
    """Regions from their text, such as ``chr7:100-200`` or ``X``; one or several.

    Raises
    ------
    UsageError
        If one cannot be read.

    Examples
    --------
    >>> regions_of(["7:100-200", "chrX"])
    [Region(chromosome=7, start=100, stop=200), Region(chromosome=23, start=0, stop=None)]
    """
    return [parse_region(text) for text in ([region] if isinstance(region, str) else region)]


def chromosome_regions(names: Sequence[str]) -> list[Region]:
    """Whole chromosomes by their names, in any style.

    Raises
    ------
    UsageError
        If a name is none.
    """
    from postgwas.sumstats.values import chromosome_code

    codes = {name: chromosome_code(name) for name in names}
    unknown = [name for name, code in codes.items() if code is None]
    if unknown:
        raise UsageError(f"--chr {unknown[0]}: not a chromosome", hint="1 to 22, X, Y or MT")
    return [Region(25 if code == 26 else code, 0, None) for code in codes.values() if code is not None]


def in_regions(variants: pl.DataFrame, regions: Sequence[Region]) -> NDArray[np.bool_]:
    """Which variants lie in any of the regions, by CHR and POS."""
    chromosome = variants["CHR"].fill_null(0).to_numpy()
    position = variants["POS"].to_numpy()
    inside = np.zeros(variants.height, np.bool_)
    for region in regions:
        here = (chromosome == region.chromosome) & (position >= region.start)
        if region.stop is not None:
            here &= position <= region.stop
        inside |= here
    return inside
