"""Regions of the genome that a reader is asked for, whatever its chromosomes are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.store.position import CHROMOSOMES, Region, parse_region

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


def no_chromosome(path: str, regions: Sequence[Region], contigs: Sequence[str]) -> InputError:
    """What is said where a file has none of the chromosomes asked for."""
    names = {code: name for name, code in CHROMOSOMES.items()}
    wanted = ", ".join(dict.fromkeys(names[region.chromosome] for region in regions))
    has = ", ".join([*contigs[:5], *(["..."] if len(contigs) > 5 else [])])
    return InputError(f"{path}: nothing on chromosome {wanted}; it has {has or 'none'}")


def order_by_place(variants: pl.DataFrame) -> NDArray[np.int64] | None:
    """Rows by chromosomes, as they first appear, and by position; None if they are in this order."""
    contig = _first_seen(variants["CHROM"])
    position = variants["POS"].to_numpy()
    falls = (contig[1:] < contig[:-1]) | ((contig[1:] == contig[:-1]) & (position[1:] < position[:-1]))
    return np.lexsort((position, contig)) if falls.any() else None


def first_out_of_order(variants: pl.DataFrame, order: NDArray[np.int64]) -> tuple[str, str]:
    """The first variant, as CHROM:POS, that should stand before the one in front of it, and that one."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    at = int(np.argmax(place[1:] < place[:-1])) + 1
    here, before = (f"{variants['CHROM'][row]}:{variants['POS'][row]:,}" for row in (at, at - 1))
    return here, before


def _first_seen(names: pl.Series) -> NDArray[np.int64]:
    """Number of each contig, by its first appearance."""
    import polars as pl

    order = names.unique(maintain_order=True)
    numbers = pl.Series(range(len(order)), dtype=pl.Int64)
    return names.replace_strict(order, numbers, return_dtype=pl.Int64).to_numpy()
