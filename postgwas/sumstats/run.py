"""Read summary statistics: a file or a table in, one :class:`Sumstats` out."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from postgwas.errors import ColumnError, InputError
from postgwas.sumstats.chunks import CHUNK_BYTES
from postgwas.sumstats.dialects import plan_columns
from postgwas.sumstats.job import ReadJob, given_n
from postgwas.sumstats.layout import Layout
from postgwas.sumstats.reader import ChunkParser
from postgwas.sumstats.stream import iter_sumstats as iter_sumstats
from postgwas.sumstats.table import Sumstats, empty_rejected

if TYPE_CHECKING:
    import pandas as pd


def read_sumstats(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    header: Sequence[str] | None = None,
    dialect: str | None = None,
    dialect_files: Sequence[str | os.PathLike[str]] = (),
    n: float | None = None,
    n_cases: float | None = None,
    n_controls: float | None = None,
    wanted: Collection[str] | None = None,
    require: Collection[str] = (),
    derive: bool = True,
    flags: Mapping[str, str] | None = None,
    sample: str | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> Sumstats:
    """Read the summary statistics of one trait, whatever program wrote them.

    Parameters
    ----------
    path : path-like
        Text, plain or compressed (gzip, bgzip, bz2, xz, zstd, zip of one file).
    columns : mapping, optional
        Field -> column of the file, e.g. ``{"EA": "A1", "NEA": "A2"}``; overrides the dialect.
    header : sequence of str, optional
        Names for all columns of a file that has no header line; ``"-"`` for one to ignore.
    dialect : str, optional
        Take this dialect instead of recognising it from the header.
    dialect_files : sequence of path-like
        YAML files that describe more dialects (see ``reference/dialects.yaml``).
    n, n_cases, n_controls : float, optional
        Sample size for all rows; cases and controls give 4 / (1/cases + 1/controls).
        They replace what the file says.
    wanted : collection of str, optional
        Canonical columns to return; only what they need is parsed. Default: all.
    require : collection of str
        Columns whose absence is an error.
    derive : bool
        Compute wanted columns that are not in the file from those that are.
    flags : mapping, optional
        Field -> command-line flag that names its column, for error messages.
    sample : str, optional
        Study to take from a GWAS-VCF of several.
    chunk_bytes : int
        Text parsed at a time; does not change the result.

    Returns
    -------
    Sumstats

    Raises
    ------
    InputError
        Missing, empty, truncated or damaged file; no header; no rows.
    ColumnError
        A needed column is missing, named twice, or holds no numbers; the effect allele is
        ambiguous.
    """
    with iter_sumstats(
        path,
        columns=columns,
        header=header,
        dialect=dialect,
        dialect_files=dialect_files,
        n=n,
        n_cases=n_cases,
        n_controls=n_controls,
        wanted=wanted,
        require=require,
        derive=derive,
        flags=flags,
        sample=sample,
        chunk_bytes=chunk_bytes,
    ) as stream:
        frames = list(stream.raw())
        return stream.job.finish(_stack(frames), stream.summary().rejected)


def _stack(frames: list[pl.DataFrame]) -> pl.DataFrame:
    # Chunks may lack a column (tiny P-values are rare); polars' diagonal concat would copy it all.
    types: dict[str, pl.DataType] = {}
    for frame in frames:
        types.update({name: kind for name, kind in frame.schema.items() if name not in types})
    whole = [
        frame.with_columns(pl.lit(None, kind).alias(n) for n, kind in types.items() if n not in frame.columns)
        for frame in frames
    ]
    return pl.concat([frame.select(list(types)) for frame in whole])


def from_table(
    table: pd.DataFrame | pl.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    dialect: str | None = None,
    dialect_files: Sequence[str | os.PathLike[str]] = (),
    n: float | None = None,
    n_cases: float | None = None,
    n_controls: float | None = None,
    wanted: Collection[str] | None = None,
    require: Collection[str] = (),
    derive: bool = True,
    flags: Mapping[str, str] | None = None,
    name: str = "<table>",
) -> Sumstats:
    """Summary statistics from a pandas or polars DataFrame, as :func:`read_sumstats` from a file.

    ROW is the 1-based number of the row. Other parameters and errors as for
    :func:`read_sumstats`.

    Parameters
    ----------
    table : pandas.DataFrame or polars.DataFrame
    name : str
        What messages call the table.
    """
    frame = _as_polars(table, name)
    plan = plan_columns(
        frame.columns, source=name, columns=columns, dialect=dialect, dialect_files=dialect_files, flags=flags
    )
    if frame.height == 0:
        raise InputError(f"{name}: a table without rows; columns found: {', '.join(frame.columns)}")
    given = given_n(n, n_cases, n_controls)
    job = ReadJob(name, plan, set(columns or ()), wanted, require, given, derive, flags or {}, frame.columns)
    # The table passes through the same parser as a file: one set of rules for both.
    read = [plan.columns[f] for f in job.fields]
    if plan.additive_rows:
        read.append(plan.additive_rows[0])
    text = frame.select(
        pl.col(c).cast(pl.String, strict=False).alias(c) if not frame[c].dtype.is_numeric() else pl.col(c)
        for c in dict.fromkeys(read)
    )
    parser = ChunkParser(Layout(tuple(frame.columns), "\t", 1, 0), plan, job.fields, name, keep_tiny=False)
    parsed = parser.parse_table(text)
    job.warnings.extend(parser.check(job.flags))
    return job.finish(job.chunk(parsed), pl.concat(parser.rejected) if parser.rejected else empty_rejected())


def _as_polars(table: pd.DataFrame | pl.DataFrame, name: str) -> pl.DataFrame:
    if isinstance(table, pl.DataFrame):
        return table
    names = [str(c) for c in table.columns]
    twice = sorted({c for c in names if names.count(c) > 1})
    if twice:
        raise ColumnError(f"{name}: duplicated column name: {', '.join(twice)}")
    return pl.from_pandas(table.reset_index(drop=True), nan_to_null=True)
