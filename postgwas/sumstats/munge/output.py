"""The table of a result, ``<out>.sumstats.gz``, the list of removed rows, and the store."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.sumstats.munge.allele_list import AlleleList
from postgwas.sumstats.munge.collect import Collected
from postgwas.sumstats.munge.columns import Columns
from postgwas.sumstats.munge.options import MungeOptions
from postgwas.sumstats.munge.result import Munged
from postgwas.sumstats.write import write_delimited, write_rejected

_LETTERS = pl.Enum(["A", "C", "G", "T"])


def output_frame(
    kept: Collected,
    columns: Columns,
    options: MungeOptions,
    *,
    whole_n: bool,
    take: npt.NDArray[np.int64] | None = None,
    names: AlleleList | None = None,
) -> pl.DataFrame:
    """SNP, A1, A2, Z, N and FRQ, in the order in which the file has their columns.

    Parameters
    ----------
    kept : Collected
    columns : Columns
    options : MungeOptions
    whole_n : bool
        The file has N as whole numbers (of interest with ``ldsc_compat`` alone).
    take : ndarray, optional
        Row of each line to write, -1 for an empty one.
    names : AlleleList, optional
        Names of the lines to write, where some are empty.
    """
    table: dict[str, pl.Series] = {"SNP": kept.snpid}
    if kept.alleles and not (options.no_alleles and not options.ldsc_compat):
        table |= {name: _letters(alleles) for name, alleles in zip(("A1", "A2"), kept.alleles)}
    table |= {name: pl.Series(kept.numbers[field]) for name, field in (("Z", "Z"), ("N", "N"))}
    if options.keep_maf and "EAF" in kept.numbers:
        table["FRQ"] = pl.Series(kept.numbers["EAF"])
    n_is_whole = whole_n and "N" in columns.fields if options.ldsc_compat else _all_whole(kept.numbers["N"])
    empty = take is not None and bool((take < 0).any())
    if n_is_whole and not (options.ldsc_compat and take is not None):
        table["N"] = table["N"].cast(pl.Int64)
    if take is not None:
        at = pl.Series(np.where(take < 0, 0, take))
        blank = pl.Series(take < 0)
        table = {name: values.gather(at) for name, values in table.items()}
        if empty:
            table = {
                name: pl.select(pl.when(~blank).then(values)).to_series() for name, values in table.items()
            }
        if names is not None and len(names) == len(take):
            table["SNP"] = names.snpid
    return pl.DataFrame([table[name].alias(name) for name in _order(list(table), columns)])


def _letters(alleles: npt.NDArray[np.uint8] | pl.Series) -> pl.Series:
    return (
        alleles if isinstance(alleles, pl.Series) else pl.Series(list("ACGT"), dtype=_LETTERS).gather(alleles)
    )


def _all_whole(n: npt.NDArray[np.float64]) -> bool:
    return bool((n == np.floor(n)).all())


def _order(names: list[str], columns: Columns) -> list[str]:
    """As in the file, Z where P is; what is not a column of the file comes at the end."""
    field = {"SNP": "SNPID", "A1": "EA", "A2": "NEA", "Z": columns.size, "N": "N"}
    listed = [column for column, _ in columns.described]

    def place(name: str) -> int:
        column = columns.fields.get(field.get(name, ""))
        return listed.index(column) if column in listed else len(listed)

    return sorted((n for n in names if n != "FRQ"), key=place) + [n for n in names if n == "FRQ"]


def write_outputs(result: Munged, prefix: str, *, overwrite: bool, decimals: int | None) -> Munged:
    """Write ``<prefix>.sumstats.gz`` and, if rows were removed, ``<prefix>.rejected.tsv.gz``."""
    path = Path(f"{prefix}.sumstats.gz")
    write_delimited(result.frame, path, overwrite=overwrite, null="", decimals=decimals)
    rejected = Path(f"{prefix}.rejected.tsv.gz")
    if result.rejected.height:
        write_rejected(rejected, [(result.source, result.rejected)], overwrite=overwrite)
    elif overwrite:
        rejected.unlink(missing_ok=True)
    return replace(result, path=path)


def write_store(
    result: Munged,
    path: str | os.PathLike[str],
    options: MungeOptions,
    *,
    prefix: str | None,
    overwrite: bool,
    begin: float,
) -> str:
    """Put the table into a study's store as ``sumstats/<name>``; returns the key."""
    from postgwas.store.provenance import Provenance
    from postgwas.store.study import Study

    key = f"sumstats/{Path(prefix or result.source).name.split('.')[0]}"
    frame = result.frame.drop_nulls("N")
    study = Study.open(path, create=True)
    inputs = [result.source] + ([os.fspath(options.merge_alleles)] if options.merge_alleles else [])
    study.write_table(
        key,
        frame.with_columns(pl.col(c).cast(pl.String) for c in ("A1", "A2") if c in frame.columns),
        kind="ldsc-sumstats",
        attrs={**asdict(result.summary), "effect_allele": "A1", "warnings": list(result.warnings)},
        units={"Z": "standard errors", "N": "people"},
        provenance=Provenance.collect(
            parameters=asdict(options), inputs=inputs, rows_in=result.n_rows, rows_out=frame.height,
            dropped=result.counts, wall_seconds=time.perf_counter() - begin,
        ),
        overwrite=overwrite,
    )  # fmt: skip
    return key
