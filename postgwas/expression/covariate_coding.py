"""Covariates from text to numbers: missing values, categories and their reference level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.covariate_table import MISSING, CovariateTable
from postgwas.expression.matrix import some_names

Impute = Literal["refuse", "mean"]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Coding:
    """How text becomes numbers.

    Attributes
    ----------
    categorical : collection of str
        Covariates whose numbers are names of groups.
    references : mapping of str to str
        Covariate -> its reference level; otherwise the first level in order.
    impute : {"refuse", "mean"}
        What becomes of missing values. The mean of a category's indicator is its share.
    """

    categorical: Collection[str] = ()
    references: Mapping[str, str] | None = None
    impute: Impute = "refuse"


@dataclass(frozen=True, eq=False)
class Coded:
    """One covariate in numbers.

    Attributes
    ----------
    names : list of str
        One, or one for each level but the reference: ``batch:b2``.
    rows : list of ndarray, each of shape (samples,)
    note : str
        The reference level; empty for a number.
    n_imputed : int
    """

    names: list[str]
    rows: list[Array]
    note: str = ""
    n_imputed: int = 0


def code(name: str, table: CovariateTable, coding: Coding) -> Coded:
    """One covariate of a table in numbers.

    Raises
    ------
    InputError
        If values are missing and not to be imputed (with samples' names), if some are text among
        numbers, if a category has a level for every sample, or the reference level is not there.

    Examples
    --------
    >>> table = CovariateTable({"sex": ["m", "f", "f"]}, ("a", "b", "c"))
    >>> coded = code("sex", table, Coding())
    >>> coded.names, coded.rows[0].tolist(), coded.note
    (['sex:m'], [1.0, 0.0, 0.0], 'reference f')
    """
    cells = table.columns[name]
    missing = [i for i, cell in enumerate(cells) if cell in MISSING]
    if missing:
        _check_missing(name, table, missing, coding.impute)
    numbers = {i: value for i, cell in enumerate(cells) if (value := _number(cell)) is not None}
    present = len(cells) - len(missing)
    if name in coding.categorical or not numbers:
        return _category(name, table, missing, coding)
    if len(numbers) < present:
        odd = next(i for i, cell in enumerate(cells) if cell not in MISSING and i not in numbers)
        raise InputError(
            f"{table.path}: covariate {name} has {present - len(numbers)} values that are no numbers among "
            f"{len(numbers)} that are, such as {cells[odd]!r} of sample {table.samples[odd]}",
            hint=f"mend it, or take it for names of groups with --categorical {name}",
        )
    values = np.array([numbers.get(i, np.nan) for i in range(len(cells))])
    if np.isinf(values).any():
        at = int(np.flatnonzero(np.isinf(values))[0])
        raise InputError(f"{table.path}: covariate {name} of sample {table.samples[at]} is infinite")
    if missing:
        values[missing] = values[~np.isnan(values)].mean()
    return Coded([name], [values], n_imputed=len(missing))


def _check_missing(name: str, table: CovariateTable, missing: Sequence[int], impute: Impute) -> None:
    if impute not in ("refuse", "mean"):
        raise UsageError(f"impute '{impute}': expected refuse or mean")
    if len(missing) == len(table.samples):
        raise InputError(f"{table.path}: covariate {name} has no value at all", hint=f"--exclude {name}")
    if impute == "refuse":
        who = some_names([table.samples[i] for i in missing])
        raise InputError(
            f"{table.path}: covariate {name} has no value for {len(missing)} of {len(table.samples)} "
            f"samples: {who}",
            hint=f"--impute mean, or --exclude {name}",
        )


def _category(name: str, table: CovariateTable, missing: Sequence[int], coding: Coding) -> Coded:
    gone = set(missing)
    cells = table.columns[name]
    counts = Counter(cell for i, cell in enumerate(cells) if i not in gone)
    levels = sorted(counts)
    if len(levels) > 2 and len(levels) == sum(counts.values()):
        raise InputError(
            f"{table.path}: covariate {name} is text and differs in every sample, such as "
            f"{some_names(levels, 3)}: it is no group",
            hint=f"--exclude {name}",
        )
    reference = (coding.references or {}).get(name, levels[0])
    if reference not in counts:
        raise InputError(
            f"{table.path}: covariate {name} has no level {reference}; it has {some_names(levels, 10)}",
            hint=f"--reference {name}={levels[0]}",
        )
    others = [level for level in levels if level != reference]
    rows = [np.array([float(cell == level) for cell in cells]) for level in others]
    for row, level in zip(rows, others):
        row[list(missing)] = counts[level] / sum(counts.values())
    if not others:  # one group only: a constant, which is reported as such
        others, rows = [reference], [np.ones(len(cells))]
    return Coded([f"{name}:{level}" for level in others], rows, f"reference {reference}", len(missing))


def _number(cell: str) -> float | None:
    try:
        return None if cell in MISSING else float(cell)
    except ValueError:
        return None
