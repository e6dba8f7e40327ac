"""Results of QTL mapping back in: text, Parquet or a store's table, of this package or a peer's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from postgwas.errors import ColumnError, InputError, UsageError

if TYPE_CHECKING:
    import polars as pl

#: Our name of a column, and what peers call it, in lower case.
NAMES: dict[str, tuple[str, ...]] = {
    "phenotype_id": ("phenotype_id", "gene_id", "pid", "phe_id", "gene", "phenotype", "molecular_trait_id"),
    "variant_id": ("variant_id", "sid", "var_id", "snpid", "snp", "variant", "rsid"),
    "slope": ("slope", "beta", "b", "effect"),
    "slope_se": ("slope_se", "se", "beta_se", "standard_error"),
    "pval_nominal": ("pval_nominal", "nom_pval", "p-value", "pvalue", "pval", "p"),
    "pval_beta": ("pval_beta", "adj_beta_pval", "p_beta"),
    "qval": ("qval", "qvalue", "q"),
    "mlog10p": ("mlog10p", "log10p"),
    "af": ("af", "eaf"),
    "tss_distance": ("tss_distance", "start_distance", "dist"),
    "effect_allele": ("effect_allele", "a1", "alt", "ea"),
    "other_allele": ("other_allele", "a2", "ref", "nea"),
    "rank": ("rank",),
    "log2_aFC": ("log2_afc", "afc"),
}
_WHOLE = ("tss_distance", "rank")
_TEXT = ("phenotype_id", "variant_id", "effect_allele", "other_allele")


def read_qtl_table(
    source: str | os.PathLike[str] | pl.DataFrame, *, needed: Sequence[str] = ("phenotype_id", "variant_id")
) -> pl.DataFrame:
    """A table of pairs under the names of this package's results.

    Parameters
    ----------
    source : path, ``STUDY.h5::KEY`` or polars.DataFrame
        Tab, comma or blank separated text with a header, compressed or not; Parquet; a store's table.
    needed : sequence of str
        Columns, of :data:`NAMES`, that it must have.

    Returns
    -------
    polars.DataFrame
        Columns that :data:`NAMES` knows under its keys, numbers as float64 (tss_distance and rank as int64;
        NaN and NA are null); all other columns as they are.

    Raises
    ------
    InputError
        If it cannot be read or has no rows.
    ColumnError
        If a needed column is missing, two columns are the same one, or a cell is no number.
    """
    import polars as pl

    frame, told = read_plain(source)
    low = {name.lstrip("#").lower(): name for name in frame.columns}
    found: dict[str, str] = {}
    for name, spellings in NAMES.items():
        there = [low[one] for one in spellings if one in low]
        if name in frame.columns:
            there = [name]
        if there:
            found[there[0]] = name
    absent = [name for name in needed if name not in found.values()]
    if absent:
        spelled = ", ".join(NAMES.get(absent[0], (absent[0],)))
        raise ColumnError(f"{told}: no column {absent[0]} (nor {spelled}); it has {', '.join(frame.columns)}")
    frame = frame.rename(found)
    if not frame.height:
        raise InputError(f"{told}: no rows below the header")
    numbers = [name for name in found.values() if name not in _TEXT]
    frame = frame.with_columns(numbers_of(frame[name], told) for name in numbers)
    whole = [name for name in numbers if name in _WHOLE]
    frame = frame.with_columns(pl.col(whole).cast(pl.Int64, strict=False))
    return frame.with_columns(pl.col([name for name in found.values() if name in _TEXT]).cast(pl.String))


def numbers_of(column: pl.Series, told: str) -> pl.Series:
    """A column of text or numbers as numbers; null where it has none.

    Parameters
    ----------
    column : polars.Series
    told : str
        What the table is called in messages.

    Raises
    ------
    ColumnError
        If a cell is neither a number nor missing.

    Examples
    --------
    >>> import polars as pl
    >>> numbers_of(pl.Series("qval", ["0.5", "NA", ""]), "egenes.tsv").to_list()
    [0.5, None, None]
    """
    import polars as pl

    if column.dtype == pl.String:
        text = column.replace(["NA", "NaN", "nan", ""], None)
        bad = text.cast(pl.Float64, strict=False).is_null() & text.is_not_null()
        if bad.any():
            row = int(bad.arg_max() or 0)
            raise ColumnError(f"{told}, row {row + 1}, column {column.name}: {text[row]!r} is not a number")
        column = text
    return column.cast(pl.Float64).fill_nan(None)


def source_name(source: str | os.PathLike[str] | pl.DataFrame) -> str:
    """What a source is called where it is written down: its path or key; "table" for one in memory."""
    return os.fspath(source) if isinstance(source, str | os.PathLike) else "table"


def read_plain(source: str | os.PathLike[str] | pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """The table under its own names, cells of text as text, and what it is called in messages."""
    import polars as pl

    if isinstance(source, pl.DataFrame):
        return source, "table"
    path = os.fspath(source)
    if "::" in path:
        return _stored(path), path
    if path.endswith((".parquet", ".pq")):
        from postgwas.sumstats.parquet_table import read_table

        return read_table(path), path
    from postgwas.expression.text_matrix import read_lines

    lines = read_lines(path)
    return lines.frame(text=lines.header), path


def _stored(source: str) -> pl.DataFrame:
    path, _, key = source.partition("::")
    if not path or not key:
        raise UsageError(f"{source}: expected STUDY.h5::KEY, such as study.h5::qtl/independent/lcl")
    from postgwas.store import Study

    return Study.open(path).read_polars(key)
