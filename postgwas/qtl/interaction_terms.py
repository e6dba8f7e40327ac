"""The terms of an interaction: a file's columns as numbers, and the groups of samples that a term makes."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.covariate_table import MISSING, CovariateTable
from postgwas.expression.matrix import some_names
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

LEAST_GROUP = 3
"""Samples that a group needs for a slope of its own with anything left over."""
FEW = 10
"""Samples of a group below which a warning is given."""

Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TermGroups:
    """The groups that one column of the file makes of the samples.

    Attributes
    ----------
    column : str
    names : tuple of str
        Levels of a category or of a column with two values; else ``low`` and ``high``.
    codes : ndarray of int64, shape (n,)
        Place in `names` of each sample.
    """

    column: str
    names: tuple[str, ...]
    codes: Codes

    @property
    def sizes(self) -> list[int]:
        sizes: list[int] = np.bincount(self.codes, minlength=len(self.names)).tolist()
        return sizes


@dataclass(frozen=True, eq=False)
class Terms:
    """Terms as numbers.

    Attributes
    ----------
    values : ndarray, shape (k, n)
    names : tuple of str, length k
        Columns; of a category ``column:level`` for each level but the reference.
    groups : tuple of TermGroups
        One a column.
    notes : tuple of str, length k
        Reference level; empty for a number.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...]
    groups: tuple[TermGroups, ...]
    notes: tuple[str, ...]

    def table(self) -> pl.DataFrame:
        """number (as in the columns' names), term, reference, group, n_samples: a row a group of a term."""
        import polars as pl

        rows = []
        for number, (name, note) in enumerate(zip(self.names, self.notes), start=1):
            made = next(g for g in self.groups if name == g.column or name.startswith(f"{g.column}:"))
            rows += [(number, name, note or None, group, size) for group, size in zip(made.names, made.sizes)]
        schema = {"number": pl.Int64, "term": pl.String, "coding": pl.String, "group": pl.String,
                  "n_samples": pl.Int64}  # fmt: skip
        return pl.DataFrame(rows, schema=schema, orient="row")


def read_terms(
    path: str | os.PathLike[str], samples: Collection[str], *, columns: Sequence[str] | None = None
) -> CovariateTable:
    """Columns of a file of terms.

    Parameters
    ----------
    path : path-like
        Two columns without a header, sample and value (FastQTL's and tensorQTL's); or a table with
        a header, samples as its rows or its columns, as files of covariates.
    samples : collection of str
        To tell samples by.
    columns : sequence of str, optional
        Which terms; all if None.

    Raises
    ------
    InputError
        If the file cannot be read, has none of the samples, or names a sample twice.
    UsageError
        If it lacks a term that is asked for.
    """
    from postgwas.expression.covariate_files import read_table
    from postgwas.expression.text_matrix import read_lines

    wanted = set(samples)
    lines = read_lines(path)
    body = lines.body.decode(errors="replace").splitlines()
    rows = [[cell.strip() for cell in line.split(lines.separator)] for line in body if line.strip()]
    # Without a header, the first line is a sample's like the others.
    bare = len(lines.header) == 2 and (
        lines.header[0] in wanted or lines.header[1] in {row[-1] for row in rows}
    )
    if bare:
        for number, row in enumerate(rows, start=2):
            if len(row) != 2:
                raise InputError(f"{path}, line {number}: expected two columns, sample and value")
        pairs = [lines.header, *rows]
        table = CovariateTable(
            {"interaction": [value for _, value in pairs]}, tuple(name for name, _ in pairs), str(path)
        )
    else:
        table = read_table(path, samples=wanted)
    if columns is None:
        return table
    lost = [name for name in columns if name not in table.columns]
    if lost:
        raise UsageError(
            f"{path}: there is no term {lost[0]}; there are {some_names(list(table.columns), 20)}",
            hint="--terms",
        )
    return CovariateTable({name: table.columns[name] for name in columns}, table.samples, str(path))


def samples_with_terms(
    table: CovariateTable, samples: Sequence[str], *, unmatched: Literal["refuse", "drop"] = "refuse"
) -> list[str]:
    """Those of the samples that have a value of every term.

    Raises
    ------
    InputError
        If there is none, or, unless they are to be dropped, if any has not.
    """
    at = {name: place for place, name in enumerate(table.samples)}
    lacking: dict[str, str] = {}
    for name in samples:
        place = at.get(name)
        if place is None:
            lacking[name] = "the file has no such sample"
            continue
        for term, cells in table.columns.items():
            if cells[place] in MISSING:
                lacking[name] = f"no value of {term}"
                break
    kept = [name for name in samples if name not in lacking]
    if not lacking:
        return kept
    first = next(iter(lacking))
    told = (
        f"{table.path}: {len(lacking):,} of {len(samples):,} samples have no interaction term: "
        f"{some_names(list(lacking))} ({first}: {lacking[first]})"
    )
    if not kept:
        raise InputError(told)
    if unmatched == "refuse":
        raise InputError(told, hint="--unmatched drop goes on without them")
    log.warning("%s; they are left out", told)
    return kept


def coded_terms(
    table: CovariateTable,
    samples: Sequence[str],
    *,
    categorical: Collection[str] = (),
    references: Mapping[str, str] | None = None,
) -> Terms:
    """Numbers and groups of the terms.

    Parameters
    ----------
    table : CovariateTable
        Of :func:`read_terms`.
    samples : sequence of str
        Each with a value of every term.
    categorical : collection of str
        Columns whose numbers are names of groups; text is in any case.
    references : mapping of str to str, optional
        Column -> reference level; else the first level in order.

    Raises
    ------
    InputError
        If a term is the same for all samples, is no number and no group, or a group has too few samples.
    """
    from postgwas.expression.covariate_coding import Coding, code

    chosen = table.select(samples)
    coding = Coding(categorical=categorical, references=references)
    for flag, names in (("--categorical", categorical), ("--reference", references or ())):
        lost = [name for name in names if name not in chosen.columns]
        if lost:
            raise UsageError(
                f"{flag} {lost[0]}: there is no such term; there are {some_names(list(chosen.columns), 20)}"
            )
    rows, labels, groups, notes = [], [], [], []
    for column, cells in chosen.columns.items():
        made = code(column, chosen, coding)
        if np.ptp(made.rows, axis=1).max() == 0.0:
            raise InputError(
                f"{table.path}: interaction term {column} is the same for all {len(samples):,} samples "
                f"({cells[0]})",
                hint="--terms chooses others",
            )
        rows += made.rows
        labels += made.names
        notes += [made.note] * len(made.names)
        groups.append(_groups(column, list(cells), made.note != "", made.rows[0], table.path))
    return Terms(np.array(rows), tuple(labels), tuple(groups), tuple(notes))


def _groups(
    column: str, cells: list[str], category: bool, values: NDArray[np.float64], path: str
) -> TermGroups:
    keys = cells if category else values.tolist()
    levels = sorted(set(keys))
    if category or len(levels) == 2:
        place = {level: at for at, level in enumerate(levels)}
        codes = np.array([place[key] for key in keys], np.int64)
        names = tuple(level if isinstance(level, str) else f"{level:g}" for level in levels)
    else:
        codes, names = halves(values), ("low", "high")
    made = TermGroups(column, names, codes)
    check_sizes(
        f"{path}: interaction term {column}: group", names, made.sizes,
        hint="--remove with --unmatched drop leaves these samples out, --terms chooses other terms",
    )  # fmt: skip
    return made


def check_sizes(told: str, names: Sequence[str], sizes: Sequence[int], *, hint: str) -> None:
    """Refuse groups that are too small for a slope, and warn of small ones.

    Raises
    ------
    InputError
        If a group has fewer than three samples.
    """
    for name, size in zip(names, sizes):
        if size < LEAST_GROUP:
            raise InputError(f"{told} {name} has {size} samples, expected at least {LEAST_GROUP}", hint=hint)
        if size < FEW:
            log.warning("%s %s has %d samples: its effects are known poorly", told, name, size)


def halves(values: NDArray[np.float64]) -> Codes:
    """Samples with low (0) and high (1) values, as even in number as ties allow.

    Samples with one value stay together, so the order of samples is of no matter; of two cuts
    that are as even, the lower.

    Examples
    --------
    >>> halves(np.array([3.0, 1.0, 2.0, 5.0, 4.0])).tolist(), halves(np.array([1.0, 1, 1, 2, 3, 4])).tolist()
    ([1, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1])
    """
    levels, counts = np.unique(values, return_counts=True)
    below = np.cumsum(counts)[:-1]
    cut = levels[int(np.argmin(np.abs(2 * below - len(values))))]
    return (values > cut).astype(np.int64)


def least_group_frequency(dosage: NDArray[np.float64], groups: Sequence[TermGroups]) -> NDArray[np.float64]:
    """Minor allele frequency of each variant in the group where it is least.

    Parameters
    ----------
    dosage : ndarray, shape (V, n)
        Missing calls replaced by the variant's mean.
    groups : sequence of TermGroups

    Returns
    -------
    ndarray, shape (V,)

    Examples
    --------
    >>> sex = TermGroups("sex", ("0", "1"), np.array([0, 0, 1, 1]))
    >>> least_group_frequency(np.array([[0.0, 1, 2, 1]]), [sex]).tolist()
    [0.25]
    """
    least = np.full(len(dosage), 0.5)
    for made in groups:
        inside = (made.codes == np.arange(len(made.names))[:, None]).astype(np.float64)
        frequency = (dosage @ inside.T) / (2.0 * inside.sum(axis=1))
        least = np.minimum(least, np.minimum(frequency, 1.0 - frequency).min(axis=1))
    return least
