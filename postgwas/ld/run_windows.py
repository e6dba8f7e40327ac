"""The LD windows of the variants of a file, and the refusal of windows that cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.ld.windows import Left, left_edges, left_edges_across

if TYPE_CHECKING:
    import polars as pl

Unit = Literal["cm", "kb", "snps"]


def windows_of(variants: pl.DataFrame, window: float, unit: Unit, path: str, *, compat: bool = False) -> Left:
    """Left ends of the windows of variants; with `compat` across chromosomes, as ldsc.py's.

    Raises
    ------
    InputError
        If chromosomes come in pieces, positions descend, or cM are missing.
    """
    starts = _chromosome_starts(variants, path)
    coordinates, reach = _coordinates(variants, window, unit, path, starts, compat=compat)
    return (left_edges_across if compat else left_edges)(coordinates, reach, starts)


def _chromosome_starts(variants: pl.DataFrame, path: str) -> NDArray[np.int64]:
    names = variants["CHROM"]
    starts: NDArray[np.int64] = np.flatnonzero((names != names.shift(1)).fill_null(True).to_numpy())
    first = names.gather(starts.tolist())  # as in .frame_columns
    if first.is_duplicated().any():
        name = first.filter(first.is_duplicated())[0]
        raise InputError(
            f"{path}: chromosome {name} is in several pieces; expected variants sorted by chromosome",
            hint="sort it, for instance with plink2 --make-pgen --sort-vars",
        )
    return starts


def _coordinates(
    variants: pl.DataFrame, window: float, unit: Unit, path: str, starts: NDArray[np.int64], *, compat: bool
) -> tuple[NDArray[Any], float]:
    if unit == "snps":
        return np.arange(variants.height), window
    if unit == "kb":
        coordinates, reach, what = variants["POS"].to_numpy().astype(np.float64), window * 1000.0, "position"
    else:
        coordinates, reach, what = variants["CM"].fill_null(0.0).to_numpy(), window, "genetic position (cM)"
        _refuse_no_map(coordinates, starts, variants, path, compat=compat)
    falls = np.flatnonzero(np.diff(coordinates) < 0) + 1
    falls = falls[~np.isin(falls, starts)]
    if len(falls):
        row = variants.row(int(falls[0]), named=True)
        raise InputError(
            f"{path}: the {what} of variant '{row['SNPID']}' on chromosome {row['CHROM']} is less than "
            "that of the variant before; expected ascending order",
            hint="sort it, for instance with plink2 --make-pgen --sort-vars",
        )
    return coordinates, reach


def _refuse_no_map(
    cm: NDArray[Any], starts: NDArray[np.int64], variants: pl.DataFrame, path: str, *, compat: bool
) -> None:
    if compat:
        return
    for start, stop in zip(starts, [*starts[1:], len(cm)]):
        if stop - start > 1 and not cm[start:stop].any():
            raise InputError(
                f"{path}: chromosome {variants['CHROM'][int(start)]} has no genetic positions (cM), which a "
                "window in cM needs",
                hint="--cm_map with a genetic map, or --ld_wind_kb",
            )


def refuse_whole(left: Left, variants: pl.DataFrame, *, compat: bool) -> None:
    if compat:
        spanned = left[-1] == 0
    else:
        last = np.flatnonzero((variants["CHROM"] != variants["CHROM"].shift(-1)).fill_null(True).to_numpy())
        begins = np.concatenate([[0], last[:-1] + 1])
        spanned = bool(np.all(left[last] == begins))
    if spanned:
        raise UsageError(
            "every LD window spans all that the file has of its chromosome, which takes much time "
            "and memory: is the window in the right unit?",
            hint="--yes_really",
        )
