"""Read summary statistics: a file or a table in, one :class:`Sumstats` out."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from postgwas.errors import ColumnError, InputError
from postgwas.sumstats.assemble import canonical_chunk, derive_columns
from postgwas.sumstats.chunks import CHUNK_BYTES, iter_chunks
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.dialects import ColumnPlan, plan_columns
from postgwas.sumstats.fields import DEFAULT_WANTED, fields_to_read, resolve
from postgwas.sumstats.layout import sniff_layout
from postgwas.sumstats.reader import ChunkParser
from postgwas.sumstats.table import CANONICAL, Sumstats, empty_rejected

if TYPE_CHECKING:
    pass

_HEAD = 1 << 20


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
        Names for all columns of a file that has no header line.
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
    source = os.fspath(path)
    flags = flags or {}
    with ByteStream(path) as stream:
        head = _read_head(stream)
        layout = sniff_layout(head, source=source, header=header)
        plan = plan_columns(
            layout.names,
            source=source,
            columns=columns,
            dialect=dialect,
            dialect_files=dialect_files,
            flags=flags,
        )
        if plan.dialect == "gwas-vcf":
            raise InputError(f"{source}: GWAS-VCF is not read yet")
        given = _given_n(n, n_cases, n_controls)
        available = set(plan.columns) | set(plan.constants) | ({"N"} if given is not None else set())
        want = tuple(wanted) if wanted is not None else DEFAULT_WANTED
        _check_required(require, available, layout.names, derive=derive, source=source, flags=flags)
        need = set(want) | _ingredients(want, available, derive=derive)
        fields = [f for f in fields_to_read(want, available, derive=derive) if f in plan.columns]
        if given is not None or (columns and "N" in columns):
            fields = [f for f in fields if f not in {"NEFF", "NEFF_HALF", "N_CAS", "N_CON"}]
        if given is not None:
            fields = [f for f in fields if f != "N"]
        parser = ChunkParser(layout, plan, fields, source)
        frames = []
        for chunk in iter_chunks(stream, head, layout, chunk_bytes=chunk_bytes):
            frame = parser.parse(chunk)
            if plan.constants:
                frame = frame.with_columns(
                    pl.lit(value).alias(name)
                    for name, value in plan.constants.items()
                    if name not in frame.columns
                )
            frames.append(canonical_chunk(frame, need))
    warnings = [*plan.warnings, *parser.check(flags)]
    frame = pl.concat(frames, how="diagonal")
    if frame.height == 0:
        raise InputError(f"{source}: a header but no rows; columns found: {', '.join(layout.names)}")
    return _finish(frame, plan, fields, want, given, source, warnings, parser.rejected, derive=derive)


def _read_head(stream: ByteStream) -> bytes:
    head = stream.read(_HEAD)
    # A VCF may have megabytes of "##contig" lines before its header.
    while head[head.rfind(b"\n") + 1 :].startswith(b"##") and len(head) < 64 * _HEAD:
        more = stream.read(_HEAD)
        if not more:
            break
        head += more
    return head


def _given_n(n: float | None, n_cases: float | None, n_controls: float | None) -> tuple[float, str] | None:
    if n_cases is not None and n_controls is not None:
        return 4.0 / (1.0 / n_cases + 1.0 / n_controls), "effective"
    return (float(n), "given") if n is not None else None


def _ingredients(wanted: Collection[str], available: Collection[str], *, derive: bool) -> set[str]:
    if not derive:
        return set()
    found: set[str] = set()
    for column in wanted:
        found |= resolve(column, available) or set()
    # Raw material becomes canonical columns in each chunk.
    if "OR" in found:
        found.add("BETA")
    if "LOG10P" in found:
        found.add("MLOG10P")
    if {"NEFF", "NEFF_HALF", "N_CAS"} & found:
        found.add("N")
    return {f for f in found if f in CANONICAL}


def _check_required(
    require: Collection[str],
    available: Collection[str],
    names: Sequence[str],
    *,
    derive: bool,
    source: str,
    flags: Mapping[str, str],
) -> None:
    for column in require:
        found = resolve(column, available) if derive else ({column} if column in available else None)
        if found is None:
            raise ColumnError(
                f"{source}: no column for {column}; columns found: {', '.join(names)}",
                hint=f"{flags[column]} names it" if column in flags else f"name the column of {column}",
            )


def _finish(
    frame: pl.DataFrame,
    plan: ColumnPlan,
    fields: Sequence[str],
    wanted: Collection[str],
    given: tuple[float, str] | None,
    source: str,
    warnings: list[str],
    rejected: list[pl.DataFrame],
    *,
    derive: bool,
) -> Sumstats:
    n_kind = "unknown"
    if given is not None:
        n_kind = given[1]
        frame = frame.with_columns(pl.lit(given[0]).alias("N"))
    elif "N" in frame.columns:
        effective = {"NEFF", "NEFF_HALF", "N_CAS", "N_CON"} & (set(fields) | set(plan.constants))
        n_kind = "effective" if effective else "total"
    columns = {f: plan.columns[f] for f in fields}
    derived: list[str] = []
    if "MLOG10P" in columns and float(frame["MLOG10P"].min() or 0.0) < 0:  # type: ignore[arg-type]
        if float(frame["MLOG10P"].max() or 0.0) > 0:  # type: ignore[arg-type]
            raise ColumnError(
                f"{source}: column {columns['MLOG10P']} has values of both signs, so it is neither log10 P nor -log10 P"
            )
        frame = frame.with_columns(-pl.col("MLOG10P"))
        warnings.append(f"{source}: {columns['MLOG10P']} is log10 P (its values are negative)")
    if derive:
        frame, derived = derive_columns(frame, wanted, columns)
    if n_kind == "effective" and given is None:
        derived.append("N = effective N")
    order = [c for c in CANONICAL if c in frame.columns and (c == "ROW" or c in wanted)]
    return Sumstats(
        frame=frame.select(order),
        source=source,
        dialect=plan.dialect,
        columns=columns,
        n_kind=n_kind,
        derived=tuple(derived),
        warnings=tuple(warnings),
        rejected=pl.concat(rejected) if rejected else empty_rejected(),
    )
