"""Rows of a region, or of named SNPs, across the tables of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from postgwas.errors import StoreError, UsageError
from postgwas.store.columns import read_group
from postgwas.store.part import numbers_of, read_position_index
from postgwas.store.position import Region, candidate_rows, parse_region, rows_in_region, sort_keys
from postgwas.store.values import Array, Column, take, to_arrow, to_pandas

if TYPE_CHECKING:
    import pandas as pd

    from postgwas.store.index import Entry
    from postgwas.store.study import Study


def query(
    study: Study,
    region: str | None = None,
    *,
    snp: str | Sequence[str] | None = None,
    trait: str | None = None,
    key: str | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Rows of one region or of some SNPs.

    Parameters
    ----------
    region : str, optional
        ``1:100000-200000``, ``chr1:5000-``, ``X``; both ends included. Only the
        chunks that hold it are read.
    snp : str or sequence of str, optional
        SNPIDs; with `region`, those inside it.
    trait : str, optional
        Only tables whose key ends in this name, such as ``mtag/height``.
    key : str, optional
        Only this table.
    columns : sequence of str, optional
        These columns, in this order; all by default.

    Returns
    -------
    pandas.DataFrame
        A column ``KEY`` with the table's key, then its columns. Tables follow
        each other in order of their keys.

    Raises
    ------
    UsageError
        If the region cannot be read, or neither `region` nor `snp` is given.
    StoreError
        If no table matches, or one lacks a column.
    """
    import pandas as pd

    if region is None and snp is None:
        raise UsageError("nothing to look for", hint="--region 1:100000-200000 or --snp rs123")
    wanted = parse_region(region) if region is not None else None
    names = [snp] if isinstance(snp, str) else snp
    frames = []
    for entry in _tables(study, trait, key, ("CHR", "POS") if wanted else ("SNPID",)):
        found = rows_of(study, entry.key, wanted, names, columns)
        frame = pd.DataFrame({name: to_pandas(column, name) for name, column in found.items()})
        frame.insert(0, "KEY", entry.key)
        frames.append(frame)
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def rows_of(
    study: Study, key: str, region: Region | None, snps: Sequence[str] | None, columns: Sequence[str] | None
) -> dict[str, Column]:
    """Columns of one table's rows in the region that bear one of the names."""
    with study.result(key) as (group, file):
        rows = slice(None) if region is None else region_rows(group, region, file=file, key=key)
        if snps is None:
            return read_group(group, columns, file=file, key=key, rows=rows)
        ids = read_group(group, ["SNPID"], file=file, key=key, rows=rows)["SNPID"]
        import pyarrow.compute as pc  # a sixth of a second

        hits = np.flatnonzero(
            pc.is_in(to_arrow(ids).cast(pa.large_string()), pa.array(list(snps), pa.large_string()))
        ) + (rows.start or 0)
        # One read over the hits' span: hits of one SNP lie side by side, and a span is cheap to read.
        span = slice(int(hits[0]), int(hits[-1]) + 1) if len(hits) else slice(0, 0)
        found = read_group(group, columns, file=file, key=key, rows=span)
        return {name: take(column, hits - (span.start or 0)) for name, column in found.items()}


def region_rows(group: Any, region: Region, *, file: Path, key: str) -> slice:
    """Rows of a region in an open table: by the index to chunks, then by CHR and POS of those alone."""
    index, chunk = read_position_index(group, file=file, key=key)
    near = candidate_rows(index, region, chunk, int(group.attrs["n_rows"]))
    if near.start == near.stop:
        return near
    columns = read_group(group, ["CHR", "POS"], file=file, key=key, rows=near)
    chromosome, position = _sorted(columns)
    inside = rows_in_region(chromosome, position, region)
    return slice(near.start + inside.start, near.start + inside.stop)


def _sorted(columns: dict[str, Column]) -> tuple[Array, Array]:
    return sort_keys(numbers_of(columns["CHR"]), numbers_of(columns["POS"]))


def _tables(study: Study, trait: str | None, key: str | None, needed: tuple[str, ...]) -> list[Entry]:
    tables = [
        entry for entry in study.ls() if entry.encoding == "table" and set(needed) <= set(entry.columns)
    ]
    chosen = [
        entry
        for entry in tables
        if (trait is None or entry.key.rpartition("/")[2] == trait) and (key is None or entry.key == key)
    ]
    if not chosen:
        asked = "".join(f" for {name} {value!r}" for name, value in (("trait", trait), ("key", key)) if value)
        what = f"table with {' and '.join(needed)}"
        if not tables:
            raise StoreError(f"{study.path}: no {what}{asked} among its results")
        held = ", ".join(entry.key for entry in tables)
        raise StoreError(f"{study.path}: no {what}{asked}; it has {held}")
    return chosen
