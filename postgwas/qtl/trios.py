"""Trios of variant, cis phenotype and trans phenotype: from a file, or of trans hits and cis effects."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import ColumnError, InputError
from postgwas.qtl.inputs import QtlInputs
from postgwas.qtl.qtl_table import numbers_of
from postgwas.qtl.trans_places import contig_codes

if TYPE_CHECKING:
    import polars as pl

Places = NDArray[np.int64]

TRIO = ("variant_id", "mediator_id", "phenotype_id")

UNKNOWN_VARIANT = "unknown_variant"
UNKNOWN_MEDIATOR = "unknown_mediator"
UNKNOWN_PHENOTYPE = "unknown_phenotype"
MEDIATOR_IS_PHENOTYPE = "mediator_is_phenotype"
#: Alleles of one place that share their rsID: which is meant, nothing tells.
AMBIGUOUS_VARIANT = "variant_id_not_unique"


@dataclass(frozen=True, eq=False)
class Trios:
    """Trios by rows of the inputs, in order of variant, mediator and target.

    Attributes
    ----------
    variant, mediator, target : ndarray of int64, shape (T,)
    rejected : list of (str, str, str, str)
        Variant, mediator, phenotype and reason of those that name what is not there.
    """

    variant: Places
    mediator: Places
    target: Places
    rejected: list[tuple[str, str, str, str]]


def read_pairs(path: str | os.PathLike[str], *, p_max: float | None = None) -> pl.DataFrame:
    """Columns variant_id and phenotype_id of a table of results, as text or Parquet, each pair once.

    Parameters
    ----------
    path : path-like
        Such as OUT.trans.tsv.gz or OUT.cis_nominal.tsv.gz.
    p_max : float, optional
        Largest pval_nominal or pval, where there is such a column.

    Raises
    ------
    ColumnError
        If one of the two columns is missing, or a P that is held against `p_max` is no number.
    """

    table = _table(path)
    lacking = [name for name in ("variant_id", "phenotype_id") if name not in table.columns]
    if lacking:
        raise ColumnError(f"{path}: no column {lacking[0]}; found {', '.join(table.columns[:8])}")
    column = next((name for name in ("pval_nominal", "pval") if name in table.columns), None)
    if p_max is not None and column is not None:
        table = table.filter(numbers_of(table[column], os.fspath(path)) <= p_max)
    return table.select("variant_id", "phenotype_id").drop_nulls().unique(maintain_order=True)


def read_trios(path: str | os.PathLike[str]) -> pl.DataFrame:
    """A file with columns variant_id, mediator_id and phenotype_id, or with three columns and no header.

    Raises
    ------
    ColumnError
        If it has neither.
    """
    from postgwas.genotypes.text_table import read_text, split_columns
    from postgwas.sumstats.parquet_table import read_table

    name = os.fspath(path)
    if name.endswith(".parquet"):
        table = read_table(name)
    else:
        data = read_text(name)
        first, _, rest = data.partition(b"\n")
        header = first.decode(errors="replace").split()
        if set(TRIO) <= set(header):
            if not rest.strip():
                raise InputError(f"{name}: no trio below the header")
            table = split_columns(rest, header, name, first_line=2)
        elif len(header) == 3:
            table = split_columns(data, TRIO, name)
        else:
            raise ColumnError(
                f"{name}, line 1: expected columns {', '.join(TRIO)}, or three columns without a header; "
                f"found {' '.join(header)[:80]}"
            )
    if not set(TRIO) <= set(table.columns):
        raise ColumnError(f"{name}: expected columns {', '.join(TRIO)}")
    return table.select(TRIO).drop_nulls().unique(maintain_order=True)


def joined_trios(trans: pl.DataFrame, cis: pl.DataFrame) -> pl.DataFrame:
    """Trios of pairs that share a variant: its cis phenotypes may mediate its trans effects."""
    import polars as pl

    made = trans.join(cis.rename({"phenotype_id": "mediator_id"}), on="variant_id", how="inner")
    return made.filter(pl.col("mediator_id") != pl.col("phenotype_id")).select(TRIO)


def neighbours(inputs: QtlInputs, trans: pl.DataFrame, window: int) -> pl.DataFrame:
    """Pairs of each variant of a table and all phenotypes whose TSS is within the window, ends included."""
    import polars as pl

    variants = inputs.genotypes.variants
    rows = np.flatnonzero(variants["SNPID"].is_in(trans["variant_id"].unique().implode()).to_numpy())
    codes, genes = contig_codes(variants[rows], inputs.phenotypes.genes)
    tss = inputs.phenotypes.genes["TSS"].fill_null(-1).to_numpy().astype(np.int64)
    position = variants["POS"].to_numpy()[rows].astype(np.int64)
    near = (codes[:, None] == genes) & (codes[:, None] > 0) & (np.abs(position[:, None] - tss) <= window)
    at, gene = np.nonzero(near)
    return pl.DataFrame(
        {
            "variant_id": variants["SNPID"].gather(rows[at]),
            "phenotype_id": inputs.phenotypes.genes["GENE_ID"].gather(gene),
        }
    )


def place_trios(inputs: QtlInputs, table: pl.DataFrame, path: str) -> Trios:
    """Rows of the inputs for trios by name.

    Raises
    ------
    InputError
        If none of them can be placed.
    """
    variants: dict[str, int] = {}
    several = set()
    for row, name in enumerate(inputs.genotypes.variants["SNPID"].to_list()):
        if variants.setdefault(name, row) != row:
            several.add(name)
    genes = {name: row for row, name in enumerate(inputs.phenotypes.gene_ids)}
    rows, rejected = [], []
    for variant, mediator, target in table.select(TRIO).iter_rows():
        why = (
            UNKNOWN_VARIANT if variant not in variants
            else AMBIGUOUS_VARIANT if variant in several
            else UNKNOWN_MEDIATOR if mediator not in genes
            else UNKNOWN_PHENOTYPE if target not in genes
            else MEDIATOR_IS_PHENOTYPE if mediator == target
            else None
        )  # fmt: skip
        if why is None:
            rows.append((variants[variant], genes[mediator], genes[target]))
        else:
            rejected.append((variant, mediator, target, why))
    if not rows:
        first = rejected[0] if rejected else ("none", "", "", "no trio")
        raise InputError(
            f"{path}: none of {table.height:,} trios can be tested, such as {' '.join(first[:3])} "
            f"({first[3]})"
        )
    placed = np.unique(np.array(rows, np.int64), axis=0)
    return Trios(placed[:, 0], placed[:, 1], placed[:, 2], rejected)


def _table(path: str | os.PathLike[str]) -> pl.DataFrame:
    import polars as pl

    from postgwas.expression.text_matrix import lines_of
    from postgwas.genotypes.text_table import read_text
    from postgwas.sumstats.parquet_table import read_table

    if os.fspath(path).endswith(".parquet"):
        return read_table(path)
    data = read_text(path)
    header, _, rest = data.partition(b"\n")
    if not rest.strip():  # a scan without hits
        return pl.DataFrame(schema=dict.fromkeys(header.decode(errors="replace").split("\t"), pl.String))
    lines = lines_of(data, os.fspath(path))
    return lines.frame(text=lines.header).with_columns(pl.all().replace(["NA", ""], None))
