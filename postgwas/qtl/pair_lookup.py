"""Pairs of phenotype and variant looked up in a file of many million, which is not held in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from postgwas.errors import ColumnError, InputError, UsageError
from postgwas.qtl.qtl_table import NAMES, read_qtl_table

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

_WANTED = ("phenotype_id", "variant_id", "slope", "slope_se", "pval_nominal", "effect_allele", "other_allele")
_NEEDED = _WANTED[:5]
#: Lines are shorter than this.
_TAIL = 1 << 16


def look_up(source: str | os.PathLike[str] | pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Statistics of some pairs.

    Parameters
    ----------
    source : path, ``STUDY.h5::KEY`` or polars.DataFrame
        A nominal pass: tab-separated text, Parquet, or a store's tables; in KEY ``*`` stands for anything, as
        in ``qtl/cis_nominal_chr*/lcl``.
    pairs : polars.DataFrame
        phenotype_id and variant_id, each pair once.

    Returns
    -------
    polars.DataFrame
        phenotype_id, variant_id, slope, slope_se, pval_nominal, effect_allele, other_allele (null where the
        source has none) of the pairs that are in it, each once.

    Raises
    ------
    InputError
        If it cannot be read, or has a pair twice.
    ColumnError
        If a column is missing, or a cell of a pair that was found is no number.
    """
    import polars as pl

    wanted = pairs.select("phenotype_id", "variant_id").unique()
    told = "table" if isinstance(source, pl.DataFrame) else os.fspath(source)
    with _readable(told):
        found = pl.concat(
            [
                _canonical(part, told)
                .join(wanted.lazy(), on=["phenotype_id", "variant_id"], how="semi")
                .collect()
                for part in _parts(source, told)
            ]
        )
    if found.is_empty():
        return found.cast(dict.fromkeys(_WANTED[2:5], pl.Float64))
    table = read_qtl_table(found, needed=_NEEDED)
    twice = table.filter(table.select("phenotype_id", "variant_id").is_duplicated())
    if twice.height:
        gene, variant = twice.select("phenotype_id", "variant_id").row(0)
        raise InputError(f"{told}: the pair of {gene} and {variant} is in it more than once")
    return table


def heights(source: str | os.PathLike[str] | pl.DataFrame) -> NDArray[np.float64]:
    """-log10 P of all pairs of a nominal pass, nothing else of it read.

    Parameters
    ----------
    source
        As :func:`look_up`.

    Raises
    ------
    InputError, ColumnError
        If it cannot be read, or has neither mlog10p nor P.
    """
    import numpy as np
    import polars as pl

    told = "table" if isinstance(source, pl.DataFrame) else os.fspath(source)
    found = []
    for part in _parts(source, told):
        with _readable(told):
            low = {name.lstrip("#").lower(): name for name in part.collect_schema().names()}
        exact = [low[one] for one in NAMES["mlog10p"] if one in low]
        plain = [low[one] for one in NAMES["pval_nominal"] if one in low]
        if not exact and not plain:
            raise ColumnError(f"{told}: no column mlog10p or pval_nominal; it has {', '.join(low.values())}")
        column = pl.col((exact or plain)[0]).cast(pl.Float64, strict=False).alias("p")
        with _readable(told):
            values = part.select(column).collect()["p"].fill_null(float("nan")).to_numpy()
        found.append(values if exact else -np.log10(np.maximum(values, 5e-324)))
    return np.concatenate(found)


@contextmanager
def _readable(told: str) -> Iterator[None]:
    """Name the file of what polars cannot read."""
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        why = (str(error).splitlines() or ["damaged"])[0]
        raise InputError(f"{told}: not a readable table: {why}") from None


def _parts(source: str | os.PathLike[str] | pl.DataFrame, told: str) -> list[pl.LazyFrame]:
    """What the source is made of, none of it read yet but for tables of a store."""
    import polars as pl

    if isinstance(source, pl.DataFrame):
        return [source.lazy()]
    if "::" in told:
        return _stored(told)
    if not Path(told).is_file():
        raise InputError(f"{told}: no such file")
    if told.endswith((".parquet", ".pq")):
        return [pl.scan_parquet(told)]
    _refuse_cut_text(told)
    return [pl.scan_csv(told, separator="\t", infer_schema=False, null_values=["NA"], quote_char=None)]


def _refuse_cut_text(path: str) -> None:
    """Refuse plain text that ends in the middle of a line: polars would take what is missing for nulls."""
    from postgwas.sumstats.compression import detect_compression
    from postgwas.sumstats.half_line import refuse_half_a_line

    with open(path, "rb") as file:
        header = file.readline(_TAIL)
        if detect_compression(header) == "plain":
            file.seek(max(len(header), os.path.getsize(path) - _TAIL))
            refuse_half_a_line(path, file.read(), b"\t", header.count(b"\t") + 1)


def _stored(source: str) -> list[pl.LazyFrame]:
    from postgwas.store import Study
    from postgwas.store.query import keys_like

    path, _, key = source.partition("::")
    if not path or not key:
        raise UsageError(f"{source}: expected STUDY.h5::KEY, such as study.h5::qtl/cis_nominal_chr*/lcl")
    study = Study.open(path)
    return [study.read_polars(one).lazy() for one in keys_like(study, key)]


def _canonical(part: pl.LazyFrame, told: str) -> pl.LazyFrame:
    """The wanted columns under our names; alleles are null where there are none."""
    import polars as pl

    try:
        columns = part.collect_schema().names()
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{told}: cannot be read ({str(error).splitlines()[0]})") from None
    low = {name.lstrip("#").lower(): name for name in columns}
    chosen = []
    for name in _WANTED:
        there = [low[one] for one in NAMES[name] if one in low]
        if not there and name in _NEEDED:
            raise ColumnError(f"{told}: no column {name}; it has {', '.join(columns)}")
        column = pl.col(there[0]) if there else pl.lit(None, dtype=pl.String)
        chosen.append(column.alias(name))
    return part.select(chosen)
