"""Munged summary statistics: the ids, Z and N that LD score regression takes, and alleles."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Keeper, texts_of_list, texts_of_series, texts_of_spans
from postgwas.errors import ColumnError, NoVariantsError, UsageError
from postgwas.ld.variant_ids import VariantIds
from postgwas.ldsc.munged_rows import AlleleLetters, Rows

if TYPE_CHECKING:
    import polars as pl

#: Munged files' column -> ours; alleles only where they are asked for.
COLUMNS = {"SNP": "SNPID", "Z": "Z", "N": "N"}
ALLELES = {"A1": "EA", "A2": "NEA"}
#: What ldsc.py takes for a missing id besides an empty field and NA.
MISSING = (".", "NaN", "nan", "N/A", "n/a", "#N/A", "NULL", "null", "-nan", "-NaN", "None")
STORE_SEPARATOR = "::"
_READ = 1 << 26


@dataclass(frozen=True, eq=False)
class Munged:
    """One trait, ready to be merged with LD scores; rows in the order of the source.

    Attributes
    ----------
    ids : VariantIds
        Variant ids, each once.
    z : ndarray of float64, shape (T,)
        Z for the allele A1.
    n : ndarray of float64, shape (T,)
        Sample size.
    a1, a2 : AlleleLetters, length T, or None
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
    rejected : polars.DataFrame or None
        ROW (line number), SNPID and REASON of rows with something that is no number; None without any.
    warnings : tuple of str
    incomplete : VariantIds or None
        Ids of the rows left out because a value is missing; None where there are none.
    """

    ids: VariantIds
    z: npt.NDArray[np.float64]
    n: npt.NDArray[np.float64]
    a1: AlleleLetters | None
    a2: AlleleLetters | None
    name: str
    source: str
    n_rows: int
    n_missing: int
    n_duplicates: int
    rejected: pl.DataFrame | None = None
    warnings: tuple[str, ...] = ()
    incomplete: VariantIds | None = None

    @property
    def n_variants(self) -> int:
        return len(self.ids)

    @property
    def n_rejected(self) -> int:
        """Rows with something that is no number."""
        return 0 if self.rejected is None else self.rejected.height

    @cached_property
    def snpid(self) -> pl.Series:
        """The ids as text: polars Series of String, length T."""
        return self.ids.series

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
    if not isinstance(path, (str, os.PathLike)):
        from postgwas.sumstats.munge.result import Munged as Munging

        if isinstance(path, Munging):
            name, path = name or trait_name(path.source), path.frame
        return _checked(_from_table(path, alleles, name or "<table>"), name or "table", name or "<table>")
    source = os.fspath(path)
    if STORE_SEPARATOR in source:
        return _checked(_from_store(source, alleles), name or source.rpartition("/")[2], source)
    rows, rejected, warnings = _from_file(source, alleles)
    return _checked(rows, name or trait_name(source), source, rejected, warnings)


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


def _from_file(source: str, alleles: bool) -> tuple[Rows, pl.DataFrame | None, Sequence[str]]:
    from postgwas.ldsc.plain_text import first_line, read_plain, without_mark
    from postgwas.sumstats.compression import ByteStream
    from postgwas.sumstats.layout import refuse_other_kinds

    wanted = COLUMNS | (ALLELES if alleles else {})
    with ByteStream(source) as stream:
        parts = []
        while part := stream.read(_READ):
            parts.append(part)
    data = without_mark(parts[0] if len(parts) == 1 else b"".join(parts))
    names, tabs = first_line(data)
    missing = [column for column in wanted if column not in names]
    if missing:
        refuse_other_kinds(data, source)
        found = ", ".join(names[:10])[:100]
        raise ColumnError(
            f"{source}: line 1 lacks {', '.join(missing)} of a munged file; columns found: {found}",
            hint="postgwas munge makes such a file",
        )
    # The common case by the shortest way; whatever is odd is looked at line by line.
    if tabs and (rows := read_plain(data, names, wanted)) is not None:
        return rows, None, ()
    from postgwas.sumstats.run import read_sumstats

    table = read_sumstats(
        source,
        columns={ours: theirs for theirs, ours in wanted.items()},
        wanted=list(wanted.values()),
        derive=False,
    )
    return _rows_of(table.frame), table.rejected if table.rejected.height else None, table.warnings


def _from_store(source: str, alleles: bool) -> Rows:
    from postgwas.store.buffers import Spans
    from postgwas.store.study import Study

    file, _, key = source.rpartition(STORE_SEPARATOR)
    if not file or not key:
        raise UsageError(f"{source}: expected STUDY.h5::KEY, such as study.h5::traits/height")
    study = Study.open(file)
    names = _present(study.columns(key), alleles, source)
    found = dict(zip(names.values(), study.read_buffers(key, list(names))))

    def ids_as_text() -> pl.Series:
        import polars as pl

        column = next(name for name, ours in names.items() if ours == "SNPID")
        return study.read_polars(key, [column])[column].cast(pl.String)

    def text(name: str) -> Spans:
        column = found[name]
        if not isinstance(column, Spans):
            raise ColumnError(f"{source}: column {name} holds numbers, expected text")
        return column

    def letters(name: str) -> AlleleLetters | None:
        return AlleleLetters.of(texts_of_spans(*text(name), Keeper())) if alleles else None

    def numbers(name: str) -> npt.NDArray[np.float64]:
        column = found[name]
        if isinstance(column, Spans):
            raise ColumnError(f"{source}: column {name} holds text, expected numbers")
        values = column.values.astype(np.float64, copy=False)
        return values if column.missing is None else np.where(column.missing, np.nan, values)

    return Rows(
        ids=VariantIds.of_spans(*text("SNPID"), ids_as_text),
        z=numbers("Z"),
        n=numbers("N"),
        ea=letters("EA"),
        nea=letters("NEA"),
    )


def _from_table(table: Any, alleles: bool, name: str) -> Rows:
    import polars as pl

    frame = table if isinstance(table, pl.DataFrame) else pl.from_pandas(table)
    names = _present(frame.columns, alleles, name)
    picked = [
        frame[theirs].cast(pl.Float64 if ours in ("Z", "N") else pl.String).alias(ours)
        for theirs, ours in names.items()
    ]
    return _rows_of(pl.DataFrame(picked))


def _rows_of(frame: pl.DataFrame) -> Rows:
    """The rows of a polars table with our names of columns; a column ROW holds their lines."""
    import polars as pl

    def letters(name: str) -> AlleleLetters | None:
        return AlleleLetters.of(texts_of_series(frame[name], Keeper())) if name in frame.columns else None

    numbers = [frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("Z", "N")]
    return Rows(
        ids=VariantIds.of(frame["SNPID"]),
        z=numbers[0],
        n=numbers[1],
        ea=letters("EA"),
        nea=letters("NEA"),
        lines=frame["ROW"].cast(pl.Int64).to_numpy() if "ROW" in frame.columns else 1,
    )


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
    rows: Rows,
    name: str,
    source: str,
    rejected: pl.DataFrame | None = None,
    told: Sequence[str] = (),
) -> Munged:
    """Complete rows with numbers that can be, each id once; the rest counted."""
    n_rows = len(rows) + (0 if rejected is None else rejected.height)
    warnings = list(told)
    lacking, incomplete, n_missing = rows.incomplete(), None, 0
    if lacking.any():
        n_missing = int(np.count_nonzero(lacking))
        with_id = lacking if rows.ids.missing is None else lacking & ~rows.ids.missing
        incomplete = rows.ids.take(np.flatnonzero(with_id))
        rows = rows.take(~lacking)
    if len(rows) and not (np.isfinite(rows.z).all() and np.isfinite(rows.n).all() and rows.n.min() > 0):
        rows, aside = _set_aside(rows)
        rejected = aside if rejected is None else rejected.vstack(aside.cast(rejected.schema))
    if rejected is not None:
        first = rejected.sort("ROW").row(0, named=True)
        warnings.append(
            f"{source}: {rejected.height:,} rows set aside, the first (line {first['ROW']}): "
            f"{first['REASON']}"
        )
    if not len(rows):
        raise NoVariantsError(
            f"{source}: no complete row among {n_rows:,} ({n_missing:,} lack a value, "
            f"{0 if rejected is None else rejected.height:,} hold something else than a number)"
        )
    absent, repeated = rows.ids.absent_and_repeated(_missing_words())
    n_missing += absent.size
    if absent.size or repeated.size:
        kept = np.ones(len(rows), dtype=np.bool_)
        kept[absent] = kept[repeated] = False
        rows = rows.take(kept)
    return Munged(
        ids=rows.ids,
        z=rows.z,
        n=rows.n,
        a1=rows.ea,
        a2=rows.nea,
        name=name,
        source=source,
        n_rows=n_rows,
        n_missing=n_missing,
        n_duplicates=int(repeated.size),
        rejected=rejected,
        warnings=tuple(warnings),
        incomplete=incomplete,
    )


def _set_aside(rows: Rows) -> tuple[Rows, pl.DataFrame]:
    """Rows with numbers that can be, and a table of the others with the reason."""
    import polars as pl

    bad_n = ~(np.isfinite(rows.n) & (rows.n > 0))
    bad = np.flatnonzero(bad_n | ~np.isfinite(rows.z))
    reasons = np.where(bad_n[bad], "N is not a positive number", "Z is not finite")
    aside = pl.DataFrame(
        {
            "ROW": rows.line_numbers(bad),
            "SNPID": [rows.ids[int(row)] for row in bad],
            "REASON": pl.Series(reasons.tolist(), dtype=pl.String),
        }
    )
    kept = np.ones(len(rows), dtype=np.bool_)
    kept[bad] = False
    return rows.take(kept), aside


@lru_cache(maxsize=1)
def _missing_words() -> npt.NDArray[np.uint64]:
    """Hashes of what stands for a missing id."""
    return texts_of_list([text.encode() for text in MISSING], Keeper()).hash()
