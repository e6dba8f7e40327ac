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
from postgwas.sumstats.munge.columns import Columns
from postgwas.sumstats.munge.options import MungeOptions
from postgwas.sumstats.munge.result import Munged
from postgwas.sumstats.munge.rows import Rows
from postgwas.sumstats.write import write_delimited

_LETTERS = pl.Enum(["A", "C", "G", "T"])


def output_frame(
    rows: Rows,
    columns: Columns,
    options: MungeOptions,
    *,
    whole_n: bool,
    take: npt.NDArray[np.int64] | None = None,
    alleles: AlleleList | None = None,
) -> pl.DataFrame:
    """SNP, A1, A2, Z, N and FRQ, in the order in which the file has their columns.

    Parameters
    ----------
    rows : Rows
        With the final Z and N.
    columns : Columns
    options : MungeOptions
    whole_n : bool
        The file prints N as whole numbers (of interest with ``ldsc_compat`` alone).
    take : ndarray, optional
        Row of each SNP of a list, -1 for none.
    alleles : AlleleList, optional
        The list. With ``ldsc_compat`` each of its SNPs has a line, empty where it has no row.
    """
    names = {"SNP": "SNPID", "A1": "EA", "A2": "NEA", "Z": "Z", "N": "N", "FRQ": "EAF"}
    if options.no_alleles and not options.ldsc_compat:
        del names["A1"], names["A2"]
    table = {name: rows.columns[known] for name, known in names.items() if known in rows}
    n_is_whole = whole_n and _n_is_read(columns) if options.ldsc_compat else _all_whole(rows["N"])
    # pandas makes floats of whole numbers where it merges a list.
    if n_is_whole and not (options.ldsc_compat and take is not None):
        table["N"] = table["N"].cast(pl.Int64)
    if take is not None:
        if not options.ldsc_compat:
            take = take[take >= 0]
        at, blank = pl.Series(np.maximum(take, 0)), pl.Series(take < 0)
        table = {name: values.gather(at) for name, values in table.items()}
        if blank.any():
            assert alleles is not None
            table = {name: pl.select(pl.when(~blank).then(v)).to_series() for name, v in table.items()}
            table["SNP"] = alleles.snpid
    for name in ("A1", "A2"):
        if name in table and table[name].dtype == pl.UInt8:
            table[name] = pl.Series(list("ACGT"), dtype=_LETTERS).gather(table[name])
    return pl.DataFrame(
        [table[name].alias(name) for name in _order(list(table), columns, by_list=take is not None)]
    )


def _n_is_read(columns: Columns) -> bool:
    """Whether a column of the file is N, which cases and controls otherwise give."""
    return "N" in columns.fields and not {"N_CAS", "N_CON"} <= columns.fields.keys()


def _all_whole(n: npt.NDArray[np.float64]) -> bool:
    return bool((n == np.floor(n)).all())


def _order(names: list[str], columns: Columns, *, by_list: bool) -> list[str]:
    """As in the file, Z where P is; what is not a column of the file comes at the end.

    Where a list gives the rows, SNP comes first.
    """
    field = {"SNP": "SNPID", "A1": "EA", "A2": "NEA", "Z": columns.size, "N": "N"}
    listed = [column for column, _ in columns.described]

    def place(name: str) -> int:
        if by_list and name == "SNP":
            return -1
        column = columns.fields.get(field.get(name, ""))
        return listed.index(column) if column in listed else len(listed)

    return sorted((n for n in names if n != "FRQ"), key=place) + [n for n in names if n == "FRQ"]


def write_outputs(result: Munged, prefix: str, *, overwrite: bool, decimals: int | None) -> Munged:
    """Write ``<prefix>.sumstats.gz`` and, if rows were removed, ``<prefix>.rejected.tsv.gz``."""
    path = Path(f"{prefix}.sumstats.gz")
    write_delimited(result.frame, path, overwrite=overwrite, null="", decimals=decimals)
    rejected = Path(f"{prefix}.rejected.tsv.gz")
    if result.rejected.height:
        # One file: its name on each of the millions of lines that there may be would say nothing.
        write_delimited(result.rejected.rename({"ROW": "LINE"}), rejected, overwrite=overwrite)
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
