"""Munged summary statistics: the ids, Z and N that LD score regression takes, and alleles."""

from __future__ import annotations

import codecs
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.errors import ColumnError, NoVariantsError, UsageError
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.munge.result import Munged as Munging
from postgwas.sumstats.table import empty_rejected

#: Munged files' column -> ours; alleles only where they are asked for.
COLUMNS = {"SNP": "SNPID", "Z": "Z", "N": "N"}
ALLELES = {"A1": "EA", "A2": "NEA"}
#: Bases in either case: alleles read as these take a byte each, and no texts are made.
BASES = pl.Enum([*"ACGTacgt"])
#: What ldsc.py takes for a missing id besides an empty field and NA.
MISSING = (".", "NaN", "nan", "N/A", "n/a", "#N/A", "NULL", "null", "-nan", "-NaN", "None")
STORE_SEPARATOR = "::"
_READ = 1 << 26
#: Bytes looked through at once; they and what is found of them stay in the processor's cache.
_COUNTED = 1 << 18


@dataclass(frozen=True, eq=False)
class Munged:
    """One trait, ready to be merged with LD scores; rows in the order of the source.

    Attributes
    ----------
    snpid : polars.Series of String, length T
        Variant ids, each once.
    z : ndarray of float64, shape (T,)
        Z for the allele A1.
    n : ndarray of float64, shape (T,)
        Sample size.
    a1, a2 : polars.Series of String (upper case) or of Enum (single bases, either case), length T, or None
        Effect and other allele; None unless they were asked for.
    name : str
        The trait's name: that of the file without its endings, or of the table.
    source : str
        File, ``store::key`` or ``<table>``.
    n_rows : int
        Rows of the source.
    n_missing : int
        Rows left out because an id, Z, N (or, if asked for, an allele) is missing.
    n_duplicates : int
        Rows left out because their id came before; the first is kept.
    rejected : polars.DataFrame
        ROW (line number), SNPID and REASON of rows with something that is no number.
    warnings : tuple of str
    incomplete : polars.Series of String, or None
        Ids of the rows left out because a value is missing; None where there are none.
    """

    snpid: pl.Series
    z: npt.NDArray[np.float64]
    n: npt.NDArray[np.float64]
    a1: pl.Series | None
    a2: pl.Series | None
    name: str
    source: str
    n_rows: int
    n_missing: int
    n_duplicates: int
    rejected: pl.DataFrame
    warnings: tuple[str, ...] = ()
    incomplete: pl.Series | None = None

    @property
    def n_variants(self) -> int:
        return len(self.snpid)

    @property
    def n_read(self) -> int:
        """Complete rows, those with an id that came before included: what ldsc says it read."""
        return self.n_variants + self.n_duplicates


def read_munged(path: Any, *, alleles: bool, name: str | None = None) -> Munged:
    """Read a munged trait.

    Parameters
    ----------
    path : path, DataFrame or munging
        A ``.sumstats`` file (columns SNP, Z, N and, with `alleles`, A1 and A2; plain or
        compressed), a table of a store, ``study.h5::traits/height``, or a polars or pandas
        DataFrame with these columns (or SNPID, EA, NEA), or what :func:`postgwas.munge`
        returned.
    alleles : bool
        Read the alleles, and leave out rows that lack one.
    name : str, optional
        Name of the trait.

    Raises
    ------
    InputError
        Missing, empty, truncated or damaged file.
    ColumnError
        A column is missing: the file is not munged.
    NoVariantsError
        No complete row.
    StoreError
        The store or its table is missing or damaged.
    """
    if isinstance(path, Munging):
        name, path = name or trait_name(path.source), path.frame
    if isinstance(path, pl.DataFrame) or hasattr(path, "iloc"):
        frame, rejected, label = _from_table(path, alleles, name or "<table>"), empty_rejected(), name
        return _checked(frame, rejected, name or "table", label or "<table>")
    source = os.fspath(path)
    if STORE_SEPARATOR in source:
        frame = _from_store(source, alleles)
        return _checked(frame, empty_rejected(), name or source.rpartition("/")[2], source)
    frame, rejected, warnings = _from_file(source, alleles)
    return _checked(frame, rejected, name or trait_name(source), source, warnings)


def trait_name(source: str) -> str:
    """Name of a trait by its file: without folder and the endings of munged files.

    Examples
    --------
    >>> trait_name("data/height.2022.sumstats.gz"), trait_name("study.h5::traits/bmi")
    ('height.2022', 'bmi')
    """
    name = source.rpartition(STORE_SEPARATOR)[2].rpartition("/")[2]
    for ending in (".gz", ".bgz", ".bz2", ".xz", ".zst", ".txt", ".tsv", ".sumstats"):
        name = name.removesuffix(ending)
    return name or Path(source).name


def _from_file(source: str, alleles: bool) -> tuple[pl.DataFrame, pl.DataFrame, Sequence[str]]:
    wanted = COLUMNS | (ALLELES if alleles else {})
    with ByteStream(source) as stream:
        parts = []
        while part := stream.read(_READ):
            parts.append(part)
    data = (parts[0] if len(parts) == 1 else b"".join(parts)).removeprefix(codecs.BOM_UTF8)
    header = data[: data.find(b"\n")] if b"\n" in data else data
    names = header.decode("utf-8", "replace").split()
    missing = [column for column in wanted if column not in names]
    if missing:
        found = ", ".join(names[:10])[:100]
        raise ColumnError(
            f"{source}: line 1 lacks {', '.join(missing)} of a munged file; columns found: {found}",
            hint="postgwas munge makes such a file",
        )
    if _is_plain(data, header.decode("utf-8", "replace").split("\t") == names, len(names)):
        # The common cases by the shortest way; whatever is odd is looked at line by line.
        for text in (BASES, pl.String):
            kinds = {"SNP": pl.String, "Z": pl.Float64, "N": pl.Float64, "A1": text, "A2": text}
            try:
                frame = pl.read_csv(
                    data,
                    separator="\t",
                    columns=list(wanted),
                    schema_overrides={name: kinds[name] for name in wanted},
                    null_values="NA",
                    quote_char=None,
                    raise_if_empty=False,
                )
                return frame.rename(wanted).with_row_index("ROW", offset=2), empty_rejected(), ()
            except pl.exceptions.PolarsError:
                continue
    from postgwas.sumstats.run import read_sumstats

    table = read_sumstats(
        source,
        columns={ours: theirs for theirs, ours in wanted.items()},
        wanted=list(wanted.values()),
        derive=False,
    )
    return table.frame, table.rejected, table.warnings


def _is_plain(data: bytes, tabs: bool, width: int) -> bool:
    """Whether a file is separated by tabs, with as many fields in all lines together as there should be."""
    if not tabs or b"\r" in data or b'"' in data:
        return False
    text, found = np.frombuffer(data, np.uint8), np.empty(_COUNTED, np.bool_)
    n_lines, n_tabs = int(not data.endswith(b"\n")), 0
    for start in range(0, text.size, _COUNTED):
        part = text[start : start + _COUNTED]
        n_lines += int(np.count_nonzero(np.equal(part, 10, out=found[: part.size])))
        n_tabs += int(np.count_nonzero(np.equal(part, 9, out=found[: part.size])))
    return bool(n_tabs == n_lines * (width - 1))


def _from_store(source: str, alleles: bool) -> pl.DataFrame:
    from postgwas.store.study import Study

    file, _, key = source.rpartition(STORE_SEPARATOR)
    if not file or not key:
        raise UsageError(f"{source}: expected STUDY.h5::KEY, such as study.h5::traits/height")
    study = Study.open(file)
    present = next((entry.columns for entry in study.ls() if entry.key == key), ())
    names = _present(present, alleles, source) if present else {"SNP": "SNPID"}
    frame = study.read_polars(key, list(names)).rename(names)
    return frame.with_row_index("ROW", offset=1)


def _from_table(table: Any, alleles: bool, name: str) -> pl.DataFrame:
    frame = table if isinstance(table, pl.DataFrame) else pl.from_pandas(table)
    names = _present(frame.columns, alleles, name)
    picked = [
        frame[theirs].cast(pl.Float64 if ours in ("Z", "N") else pl.String).alias(ours)
        for theirs, ours in names.items()
    ]
    return pl.DataFrame(picked).with_row_index("ROW", offset=1)


def _present(columns: Sequence[str], alleles: bool, source: str) -> dict[str, str]:
    """The columns to take under their names in the source: munged names, or ours."""
    found = {}
    for theirs, ours in (COLUMNS | (ALLELES if alleles else {})).items():
        name = next((name for name in (theirs, ours) if name in columns), None)
        if name is None:
            raise ColumnError(
                f"{source}: no column {theirs if theirs == ours else f'{theirs} or {ours}'}; "
                f"columns found: {', '.join(columns)}",
                hint="postgwas munge makes such a table",
            )
        found[name] = ours
    return found


def _checked(
    frame: pl.DataFrame, rejected: pl.DataFrame, name: str, source: str, told: Sequence[str] = ()
) -> Munged:
    """Complete rows with numbers that can be, each id once; the rest counted."""
    n_rows = frame.height + rejected.height
    for column in ("Z", "N"):
        if frame[column].dtype != pl.Float64 or frame[column].is_nan().any():
            frame = frame.with_columns(pl.col(column).cast(pl.Float64).fill_nan(None))
    columns = [c for c in ("SNPID", "Z", "N", "EA", "NEA") if c in frame.columns]
    height = frame.height
    incomplete = None
    if any(frame[c].null_count() for c in columns):
        incomplete = frame.filter(pl.any_horizontal(pl.col(columns).is_null()))["SNPID"].drop_nulls()
        frame = frame.drop_nulls(columns)
    n_missing = height - frame.height
    z, n = frame["Z"].to_numpy(), frame["N"].to_numpy()
    warnings = list(told)
    if frame.height and not (np.isfinite(z).all() and np.isfinite(n).all() and n.min() > 0):
        bad_n = ~(np.isfinite(n) & (n > 0))
        bad = bad_n | ~np.isfinite(z)
        reasons = np.where(bad_n[bad], "N is not a positive number", "Z is not finite")
        aside = frame.filter(bad).select("ROW", "SNPID", REASON=pl.Series(reasons.tolist(), dtype=pl.String))
        rejected = pl.concat([rejected, aside.cast(rejected.schema)])
        frame = frame.filter(~bad)
    if rejected.height:
        first = rejected.sort("ROW").row(0, named=True)
        warnings.append(
            f"{source}: {rejected.height:,} rows set aside, the first (line {first['ROW']}): "
            f"{first['REASON']}"
        )
    if frame.height == 0:
        raise NoVariantsError(
            f"{source}: no complete row among {n_rows:,} ({n_missing:,} lack a value, "
            f"{rejected.height:,} hold something else than a number)"
        )
    # Sorted hashes first: a tenth of the time that the ids themselves take.
    hashes = np.sort(frame["SNPID"].hash().to_numpy())
    words = pl.Series(MISSING).hash().to_numpy()
    if (np.searchsorted(hashes, words, "right") > np.searchsorted(hashes, words)).any():
        complete = frame.filter(~pl.col("SNPID").is_in(MISSING))
        n_missing += frame.height - complete.height
        frame = complete
    n_duplicates = 0
    if (hashes[1:] == hashes[:-1]).any():
        distinct = frame.filter(pl.col("SNPID").is_first_distinct())
        n_duplicates = frame.height - distinct.height
        frame = distinct
    pair = [_alleles(frame[c]) if c in frame.columns else None for c in ("EA", "NEA")]
    return Munged(
        snpid=frame["SNPID"],
        z=frame["Z"].to_numpy(),
        n=frame["N"].to_numpy(),
        a1=pair[0],
        a2=pair[1],
        name=name,
        source=source,
        n_rows=n_rows,
        n_missing=n_missing,
        n_duplicates=n_duplicates,
        rejected=rejected,
        warnings=tuple(warnings),
        incomplete=incomplete,
    )


def _alleles(column: pl.Series) -> pl.Series:
    return column if column.dtype == BASES else column.cast(pl.String).str.to_uppercase()
