"""Rows of a region, of named SNPs or of genes, across the tables of a study."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from postgwas.errors import StoreError, UsageError
from postgwas.store.attributes import integer_attribute
from postgwas.store.columns import read_group
from postgwas.store.index import lost_part, part_name
from postgwas.store.part import numbers_of, read_position_index
from postgwas.store.position import Region, candidate_rows, parse_region, rows_in_region, sort_keys
from postgwas.store.values import Array, Column, take, to_arrow, to_pandas

if TYPE_CHECKING:
    import pandas as pd

    from postgwas.store.index import Entry
    from postgwas.store.study import Study


SNP_COLUMNS = ("SNPID", "variant_id")
GENE_COLUMNS = ("phenotype_id", "GENE_ID")
"""Columns that hold a variant's, a gene's name; the first that a table has."""


def query(
    study: Study,
    region: str | None = None,
    *,
    snp: str | Sequence[str] | None = None,
    gene: str | Sequence[str] | None = None,
    trait: str | None = None,
    key: str | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Rows of one region, of some SNPs or of some genes.

    Parameters
    ----------
    region : str, optional
        ``1:100000-200000``, ``chr1:5000-``, ``X``; both ends included. Only the
        chunks that hold it are read.
    snp : str or sequence of str, optional
        SNPIDs; with `region`, those inside it.
    gene : str or sequence of str, optional
        Phenotypes of QTL tables; with the others, rows that fit them too.
    trait : str, optional
        Only tables whose key ends in this name, such as ``mtag/height``.
    key : str, optional
        Only this table.
    columns : str or sequence of str, optional
        These columns, in this order; all by default. What one of several tables lacks is missing in its rows,
        and a table that has none of them is passed over.

    Returns
    -------
    pandas.DataFrame
        A column ``KEY`` with the table's key, then its columns. Tables follow
        each other in order of their keys.

    Raises
    ------
    UsageError
        If the region cannot be read, or neither `region` nor `snp` nor `gene` is given.
    StoreError
        If no table matches, or none has a column; without `key`, if a part cannot be read.
    """
    import pandas as pd

    columns = [columns] if isinstance(columns, str) else columns
    if region is None and snp is None and gene is None:
        raise UsageError("nothing to look for", hint="--region 1:100000-200000, --snp rs123 or --gene ENSG1")
    wanted = parse_region(region) if region is not None else None
    sought = [
        (kind, [names] if isinstance(names, str) else list(names))
        for kind, names in ((SNP_COLUMNS, snp), (GENE_COLUMNS, gene))
        if names is not None
    ]
    needed = [(name,) for name in ("CHR", "POS")] if wanted else []
    frames = []
    tables = _tables(study, trait, key, [*needed, *(kind for kind, _ in sought)])
    known = {name for entry in tables for name in entry.columns}
    for entry in tables:
        named = {next(one for one in kind if one in entry.columns): names for kind, names in sought}
        # A column that no table has is read here, and refused.
        asked = columns and [name for name in columns if name in entry.columns or name not in known]
        if columns and not asked:
            continue
        found = rows_of(study, entry.key, wanted, named, asked)
        frame = pd.DataFrame({name: to_pandas(column, name) for name, column in found.items()})
        frame.insert(0, "KEY", entry.key)
        frames.append(frame)
    filled = [frame for frame in frames if len(frame)]
    joined = pd.concat(_nullable(filled), ignore_index=True) if filled else frames[0]
    return joined.reindex(columns=["KEY", *columns]) if columns else joined


def keys_like(study: Study, pattern: str) -> list[str]:
    """Keys that fit a pattern such as ``qtl/cis_nominal_chr*/lcl``, sorted.

    Raises
    ------
    StoreError
        None does, or a part that may be of them cannot be read.
    """
    entries = study.ls()
    keys = sorted(entry.key for entry in entries if fnmatch.fnmatchcase(entry.key, pattern))
    several = re.search(r"[*?[]", pattern) is not None
    lost = lost_part(study.path, [one for one in entries if several or one.part == part_name(pattern)])
    if lost is not None:
        raise lost
    if not keys:
        raise StoreError(
            f"{study.path}: no result is called {pattern}", hint=f"postgwas store ls {study.path}"
        )
    return keys


def _nullable(frames: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Integers of a column that another table lacks can be missing, or joining made floats of them."""
    return [
        frame.astype(
            {
                name: dtype.name.replace("int", "Int").replace("uI", "UI").replace("bool", "boolean")
                for name, dtype in frame.dtypes.items()
                if isinstance(dtype, np.dtype) and dtype.kind in "iub"
                if not all(name in other for other in frames)
            }
        )
        for frame in frames
    ]


def rows_of(
    study: Study,
    key: str,
    region: Region | None,
    named: Mapping[str, Sequence[str]],
    columns: Sequence[str] | None,
) -> dict[str, Column]:
    """Columns of one table's rows in the region whose texts (column -> texts) are among those given."""
    with study.result(key) as (group, file):
        rows = slice(None) if region is None else region_rows(group, region, file=file, key=key)
        if not named:
            return read_group(group, columns, file=file, key=key, rows=rows)
        texts = read_group(group, list(named), file=file, key=key, rows=rows)
        import pyarrow.compute as pc  # a sixth of a second

        fits = [
            pc.is_in(to_arrow(texts[name]).cast(pa.large_string()), pa.array(list(names), pa.large_string()))
            for name, names in named.items()
        ]
        hits = np.flatnonzero(np.all([np.asarray(one) for one in fits], axis=0)) + (rows.start or 0)
        # One read over the hits' span: hits of one SNP lie side by side, and a span is cheap to read.
        span = slice(int(hits[0]), int(hits[-1]) + 1) if len(hits) else slice(0, 0)
        found = read_group(group, columns, file=file, key=key, rows=span)
        return {name: take(column, hits - (span.start or 0)) for name, column in found.items()}


def region_rows(group: Any, region: Region, *, file: Path, key: str) -> slice:
    """Rows of a region in an open table: by the index to chunks, then by CHR and POS of those alone."""
    index, chunk = read_position_index(group, file=file, key=key)
    near = candidate_rows(index, region, chunk, integer_attribute(group, "n_rows"))
    if near.start == near.stop:
        return near
    columns = read_group(group, ["CHR", "POS"], file=file, key=key, rows=near)
    chromosome, position = _sorted(columns)
    inside = rows_in_region(chromosome, position, region)
    return slice(near.start + inside.start, near.start + inside.stop)


def _sorted(columns: dict[str, Column]) -> tuple[Array, Array]:
    return sort_keys(numbers_of(columns["CHR"]), numbers_of(columns["POS"]))


def _tables(
    study: Study, trait: str | None, key: str | None, needed: Sequence[tuple[str, ...]]
) -> list[Entry]:
    """Tables that have, of each of `needed`, one of its columns."""
    entries = study.ls()
    lost = lost_part(study.path, entries)
    if lost is not None and key is None:
        raise lost
    tables = [
        entry
        for entry in entries
        if entry.encoding == "table" and all(set(kind) & set(entry.columns) for kind in needed)
    ]
    chosen = [
        entry
        for entry in tables
        if (trait is None or entry.key.rpartition("/")[2] == trait) and (key is None or entry.key == key)
    ]
    if not chosen:
        asked = "".join(f" for {name} {value!r}" for name, value in (("trait", trait), ("key", key)) if value)
        what = f"table with {' and '.join(' or '.join(kind) for kind in needed)}"
        if not tables:
            raise StoreError(f"{study.path}: no {what}{asked} among its results")
        held = ", ".join(entry.key for entry in tables)
        raise StoreError(f"{study.path}: no {what}{asked}; it has {held}")
    return chosen
