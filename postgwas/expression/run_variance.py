"""Variance of expression between and within groups of people: what ``postgwas expression variance`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.import_files import Prefix
from postgwas.expression.matrix import ExpressionMatrix, Unit, some_names
from postgwas.expression.variance import (
    SequentialAnova,
    WithinGroups,
    indicators,
    sequential_anova,
    within_groups,
)
from postgwas.runlog import get_logger, log_step, run_log

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class VarianceOptions:
    """Which columns of the sheet explain expression, in this order.

    Attributes
    ----------
    sheet : str
        Table of samples.
    adjust : sequence of str
        Columns taken first, such as batch and sex.
    groups : sequence of str
        Columns whose shares are wanted, such as continental group, then population; variances
        within the levels of the first are given.
    numeric : sequence of str
        Columns of `adjust` or `groups` that are numbers; all others are categories.
    unit : str, optional
        Of the matrix.
    """

    sheet: str
    groups: Sequence[str]
    adjust: Sequence[str] = ()
    numeric: Sequence[str] = ()
    unit: Unit | None = None

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises
        ------
        UsageError
        """
        if not self.groups:
            raise UsageError("no --group given")
        named = [*self.adjust, *self.groups]
        twice = [name for at, name in enumerate(named) if name in named[:at]]
        if twice:
            raise UsageError(f"column {twice[0]} is given twice")
        for name in self.numeric:
            if name not in self.adjust and name not in self.groups:
                raise UsageError(f"--numeric {name}: neither in --adjust nor in --group")
        if self.groups[0] in self.numeric:
            raise UsageError(f"--group {self.groups[0]}: the first group is a category, not a number")


def expression_variance(
    path: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str],
    options: VarianceOptions,
    store: str | os.PathLike[str] | None = None,
    name: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    log_json: bool = False,
) -> pl.DataFrame:
    """Shares of variance of each gene that groups explain, and its variance within groups.

    Parameters
    ----------
    path : path
        Expression, best normalised; counts become log2 CPM with a note.
    out : path
        Prefix of ``<out>.variance.tsv.gz`` (a row a gene), ``<out>.variance_summary.tsv``,
        ``<out>.variance.png``, ``<out>.log``.
    options : VarianceOptions
    store, name, overwrite, quiet, log_json
        As :func:`postgwas.expression.import_expression`; to ``expression/variance/<name>``.

    Returns
    -------
    polars.DataFrame
        GENE_ID, its place, and for each column of the sheet SHARE (of all variance),
        SHARE_LEFT (of the variance that `adjust` leaves), F, MLOG10P; VAR of each level of the
        first group, and WITHIN_F and WITHIN_MLOG10P of Brown and Forsythe's test that these
        are equal. REASON is set, and the rest null, for genes with missing values or without variance.

    Raises
    ------
    UsageError, InputError, OutputError, StoreError
    """
    options.check()
    prefix = Prefix.of(os.fspath(out))
    started = time.perf_counter()
    from postgwas.expression.reading import read_expression
    from postgwas.expression.variance_files import NAMES, store_variance, write_variance

    key = f"expression/variance/{name or prefix.stem}"
    files = [prefix.name(what) for what in NAMES]
    prefix.refuse_existing(files, store=store, keys=[key], overwrite=overwrite)
    with run_log(prefix.folder / prefix.name("log"), quiet=quiet, json_lines=log_json):
        matrix = read_expression(path, unit=options.unit)
        matrix, table = _matched(matrix, options)
        values = _continuous(matrix)
        reasons = _reasons(values)
        good = np.flatnonzero([not reason for reason in reasons])
        if not len(good):
            raise InputError(f"{path}: no gene varies and has no missing values")
        designs, levels = _designs(table, options)
        found = sequential_anova(values[good], designs, n_adjust=len(options.adjust))
        _check_terms(found, options)
        codes = np.argmax(designs[len(options.adjust)], axis=1)
        inside = within_groups(found.residuals, codes, len(levels))
        frame = _frame(matrix, good, reasons, found, inside, levels, options)
        dropped = {reason: reasons.count(reason) for reason in dict.fromkeys(reasons) if reason}
        log_step(log, "Variance", rows_in=matrix.n_genes, rows_out=len(good), dropped=dropped, unit="genes")
        summary = write_variance(frame, prefix, options)
        for row in summary.iter_rows(named=True):
            log.info(
                "%s explains %.1f %% of a gene's variance on average, %.1f %% of what adjusting leaves",
                row["TERM"], 100 * row["MEAN_SHARE"], 100 * row["MEAN_SHARE_LEFT"],
            )  # fmt: skip
        if store is not None:
            store_variance(
                frame, store, key, files=[os.fspath(path), options.sheet],
                parameters=asdict(options), dropped=dropped, seconds=time.perf_counter() - started,
                overwrite=overwrite,
            )  # fmt: skip
    return frame


def _matched(matrix: ExpressionMatrix, options: VarianceOptions) -> tuple[ExpressionMatrix, pl.DataFrame]:
    """Samples with a row in the sheet and no missing cell, in the matrix's order."""
    import polars as pl

    from postgwas.expression.sample_sheet import read_sheet

    sheet = read_sheet(options.sheet)
    named = [*options.adjust, *options.groups]
    for column in named:
        if column not in sheet.columns:
            raise InputError(
                f"{options.sheet}, line 1: no column {column}; its columns are "
                f"{some_names(sheet.columns, 12)}"
            )
    missing = pl.any_horizontal(pl.col(named).is_null() | pl.col(named).is_in(["", "NA", "NaN"]))
    whole = sheet.filter(~missing)
    there, complete = set(sheet["sample"]), set(whole["sample"])
    lost = [sample for sample in matrix.samples if sample not in there]
    partial = [sample for sample in matrix.samples if sample in there and sample not in complete]
    kept = [sample for sample in matrix.samples if sample in complete]
    if lost:
        log.warning(
            "%s: %d of %d samples are not in it: %s",
            options.sheet,
            len(lost),
            matrix.n_samples,
            some_names(lost),
        )
    if partial:
        log.warning(
            "%s: %d samples lack a value and are left out: %s",
            options.sheet,
            len(partial),
            some_names(partial),
        )
    if len(kept) < 3:
        raise InputError(
            f"{options.sheet}: {len(kept)} samples of {matrix.path} have a complete row; the matrix has "
            f"{some_names(matrix.samples, 3)}, the sheet {some_names(sheet['sample'].to_list(), 3)}"
        )
    order = pl.DataFrame({"sample": kept}).join(whole, on="sample", maintain_order="left")
    return matrix.select(samples=kept), order


def _continuous(matrix: ExpressionMatrix) -> FloatArray:
    if matrix.unit != "counts":
        return matrix.values
    from postgwas.expression.per_million import cpm

    log.warning(
        "counts are taken as log2 CPM; 'postgwas expression prepare' filters and normalises them better"
    )
    return np.asarray(cpm(matrix.values, log=True))


def _reasons(values: FloatArray) -> list[str]:
    missing = ~np.isfinite(values).all(axis=1)
    with np.errstate(invalid="ignore"):
        still = ~missing & (np.ptp(values, axis=1) == 0)
    words = np.where(missing, "missing values", np.where(still, "does not vary", ""))
    told: list[str] = words.tolist()
    return told


def _designs(table: pl.DataFrame, options: VarianceOptions) -> tuple[list[FloatArray], list[str]]:
    """Columns of each term, and the levels of the first group."""
    designs: list[FloatArray] = []
    first: list[str] = []
    for column in [*options.adjust, *options.groups]:
        cells = table[column].to_list()
        if column in options.numeric:
            designs.append(_numbers(cells, column, options.sheet)[:, None])
            continue
        levels = sorted(set(cells))
        if len(levels) < 2:
            raise InputError(f"{options.sheet}, column {column}: all samples have {levels[0]!r}")
        if len(levels) > max(2, len(cells) // 2):
            raise InputError(
                f"{options.sheet}, column {column}: {len(levels)} levels among {len(cells)} samples",
                hint=f"--numeric {column} if these are numbers",
            )
        place = {level: at for at, level in enumerate(levels)}
        designs.append(indicators(np.array([place[cell] for cell in cells], np.int64), len(levels)))
        first = levels if column == options.groups[0] else first
    return designs, first


def _numbers(cells: Sequence[Any], column: str, sheet: str) -> FloatArray:
    try:
        return np.array([float(cell) for cell in cells])
    except ValueError as error:
        raise InputError(
            f"{sheet}, column {column}: {str(error).rpartition(': ')[2]} is not a number"
        ) from None


def _check_terms(found: SequentialAnova, options: VarianceOptions) -> None:
    named = [*options.adjust, *options.groups]
    for column, df in zip(named, found.df):
        if df == 0:
            raise InputError(
                f"{options.sheet}, column {column}: says nothing that the columns before it do not say "
                f"({', '.join(named[: named.index(column)])})"
            )
    if found.df_residual < 1:
        raise InputError(f"{options.sheet}: more levels than samples: nothing is left for the residuals")


def _frame(
    matrix: ExpressionMatrix,
    good: NDArray[np.intp],
    reasons: list[str],
    found: SequentialAnova,
    inside: WithinGroups,
    levels: list[str],
    options: VarianceOptions,
) -> pl.DataFrame:
    import polars as pl

    def full(values: FloatArray) -> FloatArray:
        column = np.full(matrix.n_genes, np.nan)
        column[good] = values
        return column

    columns: dict[str, Any] = {}
    for at, term in enumerate([*options.adjust, *options.groups]):
        columns[f"SHARE_{term}"] = full(found.share(at))
        if at >= len(options.adjust):
            columns[f"SHARE_LEFT_{term}"] = full(found.share_beyond(at, len(options.adjust)))
        columns[f"F_{term}"] = full(found.f[at])
        columns[f"MLOG10P_{term}"] = full(found.mlog10p[at])
    for at, level in enumerate(levels):
        columns[f"VAR_{level}"] = full(inside.variances[at])
    columns["WITHIN_F"] = full(inside.statistic)
    columns["WITHIN_MLOG10P"] = full(inside.mlog10p)
    genes = matrix.genes.select("GENE_ID", "GENE_NAME", "CHR", "TSS")
    numbers = pl.DataFrame(columns).with_columns(pl.all().fill_nan(None))
    return genes.hstack(numbers).with_columns(
        pl.Series("REASON", [reason or None for reason in reasons], pl.String)
    )
