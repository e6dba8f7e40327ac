"""Files of covariates: samples as rows or as columns, told by the samples' names; FastQTL's layout out."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from postgwas.errors import InputError, OutputError, UsageError
from postgwas.expression.covariate_table import CovariateMatrix, CovariateTable
from postgwas.expression.matrix import check_unique, some_names

Layout = Literal["auto", "samples_are_columns", "samples_are_rows"]

#: First cell of FastQTL's and tensorQTL's layout, in lower case.
_ID = ("id",)
#: First cells over a column of samples, in lower case; a family's id may stand before.
_SAMPLE = ("iid", "sample", "sample_id", "sampleid", "samples", "subject", "subject_id", "individual")
_FAMILY = ("fid", "famid", "family_id")


def read_table(
    path: str | os.PathLike[str],
    *,
    samples: Collection[str] | None = None,
    layout: Layout = "auto",
    hidden: bool = False,
) -> CovariateTable:
    """Read covariates as text, whichever way round the file is.

    Parameters
    ----------
    path : path-like
        FastQTL's layout (rows are covariates), a sample sheet (TSV or CSV), an .eigenvec of
        ``postgwas genotypes pca`` or plink2; plain or compressed.
    samples : collection of str, optional
        Samples to look for: they settle which way round the file is.
    layout : {"auto", "samples_are_columns", "samples_are_rows"}
        ``auto`` refuses a file that could be either.
    hidden : bool
        These are factors estimated from the expression.

    Returns
    -------
    CovariateTable

    Raises
    ------
    InputError
        If the file cannot be read, its layout cannot be told, a line has another number of columns,
        or none of `samples` is in it.
    """
    rows = _cells(path)
    width = len(rows[0])
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise InputError(f"{path}, line {number}: {len(row)} columns found, expected {width}")
    at = _layout(rows, str(path), samples, layout)
    if at is None:
        names = [row[0] for row in rows[1:]]
        check_unique(names, "covariate", str(path))
        return CovariateTable(
            {row[0]: row[1:] for row in rows[1:]}, tuple(rows[0][1:]), str(path), hidden=hidden
        )
    header = [name.lstrip("#") for name in rows[0]]
    check_unique(header, "column", str(path))
    people = tuple(row[at] for row in rows[1:])
    others = [i for i in range(width) if i != at and not (i < at and header[i].lower() in _FAMILY)]
    return CovariateTable(
        {header[i]: [row[i] for row in rows[1:]] for i in others}, people, str(path), hidden=hidden
    )


def read_covariates(
    path: str | os.PathLike[str], *, samples: Collection[str] | None = None, layout: Layout = "auto"
) -> CovariateMatrix:
    """Read covariates that are numbers, such as :func:`write_covariates` wrote.

    Parameters
    ----------
    path, samples, layout
        As :func:`read_table`.

    Raises
    ------
    InputError
        As :func:`read_table`; or a value is missing or no number.
    """
    table = read_table(path, samples=samples, layout=layout)
    values = np.empty((len(table.columns), len(table.samples)))
    for row, (name, cells) in enumerate(table.columns.items()):
        for column, cell in enumerate(cells):
            try:
                values[row, column] = float(cell)
            except ValueError:
                raise InputError(
                    f"{path}: covariate {name} of sample {table.samples[column]} is {cell!r}, expected a "
                    "number",
                    hint="postgwas expression covariates turns text into numbers",
                ) from None
    return CovariateMatrix(values, tuple(table.columns), table.samples)


def write_covariates(
    covariates: CovariateMatrix, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write covariates as FastQTL and tensorQTL read them: a row a covariate, ``id`` over their names.

    Numbers are written so that the same bits are read back. A name that ends in .gz is compressed.

    Raises
    ------
    OutputError
        If the file exists, or cannot be written.
    """
    from postgwas.store.atomic import atomic_file

    target = Path(path)
    if target.exists() and not overwrite:
        raise OutputError(f"{target}: the file exists already", hint="--overwrite replaces it")
    lines = ["\t".join(("id", *covariates.samples))]
    lines += [
        "\t".join((name, *map(_number, row)))
        for name, row in zip(covariates.names, covariates.values.tolist())
    ]
    data = ("\n".join(lines) + "\n").encode()
    if target.name.endswith(".gz"):
        import gzip

        data = gzip.compress(data, mtime=0)
    with atomic_file(target, overwrite=overwrite) as temporary:
        temporary.write_bytes(data)
    return target


def table_of(columns: Mapping[str, Iterable[Any]], samples: Iterable[str], path: str) -> CovariateTable:
    """A table from columns of any values; None is a missing one."""
    text = {name: ["" if cell is None else str(cell) for cell in cells] for name, cells in columns.items()}
    return CovariateTable(text, tuple(samples), path)


def _number(value: float) -> str:
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _cells(path: str | os.PathLike[str]) -> list[list[str]]:
    from postgwas.expression.text_matrix import read_lines

    lines = read_lines(path)
    text = io.StringIO(lines.body.decode(errors="replace"))
    body = [row for row in csv.reader(text, delimiter=lines.separator) if row]
    return [lines.header, *([cell.strip() for cell in row] for row in body)]


def _layout(rows: list[list[str]], path: str, samples: Collection[str] | None, layout: Layout) -> int | None:
    """Column that holds the samples, or None where the header holds them."""
    header = [name.lstrip("#").lower() for name in rows[0]]
    at = 1 if len(header) > 1 and header[0] in _FAMILY else 0
    if layout not in ("auto", "samples_are_columns", "samples_are_rows"):
        raise UsageError(f"layout '{layout}': expected auto, samples_are_columns or samples_are_rows")
    if layout != "auto":
        return at if layout == "samples_are_rows" else None
    if samples is not None:
        wanted = set(samples)
        at = next((i for i, name in enumerate(header) if name in _SAMPLE), at)
        in_rows = sum(row[at] in wanted for row in rows[1:])
        in_header = sum(name in wanted for name in rows[0][1:])
        if in_rows and rows[0][at] in wanted:
            raise InputError(
                f"{path}, line 1: '{rows[0][at]}' is a sample: the file has no header",
                hint="its first line must name its columns, such as sample and sex",
            )
        if bool(in_rows) != bool(in_header):
            return at if in_rows else None
        if not in_rows:
            raise InputError(
                f"{path}: none of the {len(wanted)} samples is in its header ({some_names(rows[0][1:], 3)}) "
                f"or its column {rows[0][at]} ({some_names([row[at] for row in rows[1:]], 3)}); they are "
                f"called {some_names(sorted(wanted), 3)}"
            )
    elif header[0] in _ID:
        return None
    elif header[at] in _SAMPLE:
        return at
    raise InputError(
        f"{path}: it cannot be told whether samples are its rows or its columns",
        hint="--layout samples_are_rows or samples_are_columns",
    )
