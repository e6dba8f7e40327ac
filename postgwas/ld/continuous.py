"""Cut continuous annotations into bins, one binary annotation a bin (``--cts-bin``)."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.genotypes.text_table import read_columns

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class Bins:
    """Binary annotations that part the variants.

    Attributes
    ----------
    values : ndarray of float64, shape (V, A)
        Exactly one 1 in each row.
    names : tuple of str, length A
        ``NAME_LOW_HIGH`` of each variable, with ``min`` and ``max`` at the ends.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...]


def parse_breaks(text: str) -> list[list[float]]:
    """Breaks of several variables: numbers parted by commas, variables by ``x``, ``N`` for a minus.

    Examples
    --------
    >>> parse_breaks("N1,0.5,2x10")
    [[-1.0, 0.5, 2.0], [10.0]]

    Raises
    ------
    UsageError
        If there is something else than finite numbers, or a number twice.
    """
    found = []
    for part in text.split("x"):
        try:
            values = [float(item.strip().replace("N", "-")) for item in part.split(",")]
        except ValueError:
            raise UsageError(
                f"--cts_breaks {text}: '{part}' is not a list of numbers separated by commas",
                hint="--cts_breaks 1,2,4; x between variables, N1 for -1",
            ) from None
        if not np.all(np.isfinite(values)):
            raise UsageError(f"--cts_breaks {text}: expected finite numbers, found '{part}'")
        if len(set(values)) < len(values):
            raise UsageError(f"--cts_breaks {text}: a number occurs twice in '{part}'")
        found.append(sorted(values))
    return found


def cut_into_bins(
    variables: Sequence[NDArray[np.float64]],
    breaks: Sequence[Sequence[float]],
    names: Sequence[str],
    *,
    compat: bool = False,
) -> Bins:
    """Bins ``(low, high]`` of each variable, and of several every combination of their bins.

    Parameters
    ----------
    variables : sequence of ndarray of float64, shape (V,)
    breaks : sequence of sequence of float
        Distinct breaks of each variable. K of them make K + 1 bins.
    names : sequence of str
        Names of the variables.
    compat : bool
        As ldsc does: a break at or beyond the extreme values, which the first or last bin then
        takes for its own end, makes no further bin, so that the number of columns depends on
        the variants of the file (and differs between chromosomes).

    Returns
    -------
    Bins
        Combinations in order of the bins, the last variable fastest.

    Raises
    ------
    InputError
        If all breaks of a variable lie outside its range.

    Examples
    --------
    >>> cut_into_bins([np.array([0.0, 1.0, 5.0])], [[1.0, 2.0]], ["expr"]).names
    ('expr_min_1.0', 'expr_1.0_2.0', 'expr_2.0_max')
    """
    codes = np.zeros(variables[0].shape, dtype=np.int64)
    labels: list[list[str]] = []
    for values, at, name in zip(variables, breaks, names):
        inner = np.sort(np.asarray(at, dtype=np.float64))
        low, high = float(values.min()), float(values.max())
        if np.all(inner >= high) or np.all(inner <= low):
            raise InputError(
                f"--cts_breaks: all breaks of {name} lie outside its range, {low:g} to {high:g}",
                hint="give breaks within it",
            )
        if compat:
            inner = _without_outer_breaks(inner, low, high)
        edges = ["min", *(str(float(value)) for value in inner), "max"]
        labels.append([f"{name}_{a}_{b}" for a, b in itertools.pairwise(edges)])
        # side="left": a value that equals a break belongs to the bin below it.
        codes = codes * len(labels[-1]) + np.searchsorted(inner, values, side="left")
    columns = tuple("_".join(combination) for combination in itertools.product(*labels))
    binary = np.zeros((codes.size, len(columns)))
    binary[np.arange(codes.size), codes] = 1.0
    return Bins(binary, columns)


def _without_outer_breaks(breaks: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Breaks without the first and last where some lie beyond the values: those name the ends."""
    if not np.all(breaks <= high):
        breaks = breaks[:-1]
    if not np.all(breaks >= low):
        breaks = breaks[1:]
    return breaks


def read_variable(path: str | os.PathLike[str], snpid: pl.Series) -> NDArray[np.float64]:
    """A continuous annotation of each of these variants, from a file of ids and values without header.

    Raises
    ------
    InputError
        If the file has not two columns, a value is not a number, or a variant is missing or
        occurs with two values.
    """
    import polars as pl

    table = read_columns(path, ("SNPID", "VALUE")).with_row_index("LINE", offset=1)
    table = table.filter(pl.col("SNPID").is_in(snpid.unique().implode()))
    table = table.with_columns(NUMBER=pl.col("VALUE").cast(pl.Float64, strict=False))
    bad = table.filter(~pl.col("NUMBER").is_finite().fill_null(False))
    if bad.height:
        first = bad.row(0, named=True)
        raise InputError(
            f"{path}: line {first['LINE']}: value '{first['VALUE']}' of {first['SNPID']}: expected a finite "
            f"number ({bad.height:,} such lines)"
        )
    twice = table.filter(pl.col("NUMBER").n_unique().over("SNPID") > 1)
    if twice.height:
        raise InputError(f"{path}: variant {twice['SNPID'][0]} occurs with two values")
    known = table.unique("SNPID", keep="first")
    joined = pl.DataFrame({"SNPID": snpid}).join(known, on="SNPID", how="left", maintain_order="left")
    missing = joined["NUMBER"].is_null()
    if missing.any():
        first_id = snpid[int(missing.arg_true()[0])]
        raise InputError(
            f"{path}: lacks {missing.sum():,} of the {len(snpid):,} variants of the genotypes, the first is "
            f"{first_id}; each must have a value"
        )
    return joined["NUMBER"].to_numpy()


def read_bins(
    files: Sequence[str | os.PathLike[str]],
    breaks: Sequence[Sequence[float]],
    snpid: pl.Series,
    *,
    names: Sequence[str] | None = None,
    compat: bool = False,
) -> Bins:
    """Bins of the variables of several files, for the variants `snpid`.

    Raises
    ------
    UsageError
        If the numbers of files, breaks and names differ.
    InputError
        As :func:`read_variable` and :func:`cut_into_bins`.
    """
    if len(breaks) != len(files):
        raise UsageError(
            f"--cts_bin has {len(files)} files, --cts_breaks breaks of {len(breaks)} variables; expected "
            "as many",
            hint="x parts the breaks of two variables: --cts_breaks 1,2x0.5",
        )
    named = [f"ANNOT{i}" for i in range(len(files))] if names is None else list(names)
    if len(named) != len(files) or len(set(named)) < len(named):
        raise UsageError(
            f"--cts_names {','.join(named)}: expected {len(files)} different names, one for each file of "
            "--cts_bin"
        )
    variables = [read_variable(Path(file), snpid) for file in files]
    return cut_into_bins(variables, breaks, named, compat=compat)
