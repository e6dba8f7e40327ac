"""Cross-mappability of genes: reads of one that align to another look like a trans effect of its variants."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Stretches:
    """Where phenotypes' tests are masked; see :mod:`postgwas.qtl.masked_places`.

    Attributes
    ----------
    phenotype, contig, start, end : ndarray of int64, all of one shape
    """

    phenotype: Places
    contig: Places
    start: Places
    end: Places


def read_crossmap(path: str | os.PathLike[str], *, score_min: float = 0.0) -> pl.DataFrame:
    """Pairs of genes that cross-map: GENE1, GENE2, each pair both ways and once.

    Parameters
    ----------
    path : path-like
        Two genes a line and, in a third column, their cross-mappability (Saha and Battle's
        ``cross_mappability_strength``); with or without a header. Without a third column all pairs count.
    score_min : float
        Pairs of a higher score count.

    Raises
    ------
    InputError
        If a line has another number of columns, or a score is no number.
    """
    import polars as pl

    from postgwas.genotypes.text_table import read_text, split_columns

    data = read_text(path)
    cells = data.split(b"\n", 1)[0].split()
    names = ("GENE1", "GENE2", "SCORE")[: len(cells)]
    if len(cells) not in (2, 3):
        raise InputError(
            f"{path}, line 1: {len(cells)} columns found, expected two genes and their cross-mappability"
        )
    table = split_columns(data, names, os.fspath(path))
    if "SCORE" in names:
        scores = table["SCORE"].cast(pl.Float64, strict=False)
        bad = scores.is_null()
        if bad[0]:  # a header
            table, scores, bad = table[1:], scores[1:], bad[1:]
        if bad.any():
            row = int(bad.arg_max() or 0)
            raise InputError(f"{path}: cross-mappability '{table['SCORE'][row]}' is not a number")
        table = table.filter(scores > score_min)
    one = table.select("GENE1", "GENE2")
    other = one.select(pl.col("GENE2").alias("GENE1"), pl.col("GENE1").alias("GENE2"))
    return pl.concat([one, other]).filter(pl.col("GENE1") != pl.col("GENE2")).unique(maintain_order=True)


def crossmap_stretches(
    pairs: pl.DataFrame,
    phenotypes: Sequence[str],
    places: pl.DataFrame,
    *,
    window: int,
    path: str,
) -> Stretches:
    """Around each gene that cross-maps with a phenotype: variants there are not tested against it.

    Parameters
    ----------
    pairs : polars.DataFrame
        GENE1, GENE2, both ways.
    phenotypes : sequence of str
        Ids of those that are tested.
    places : polars.DataFrame
        GENE_ID, CONTIG (code), TSS of all genes whose place is known.
    window : int
        Bases to each side of the TSS, ends included.
    path : str
        Of the pairs, for messages.

    Raises
    ------
    InputError
        If none of its genes is among the phenotypes.
    """
    import polars as pl

    rows = pl.DataFrame({"GENE1": list(phenotypes), "ROW": np.arange(len(phenotypes))})
    targets = pairs.join(rows, on="GENE1", how="inner")
    if not targets.height:
        _refuse_strangers(pairs, phenotypes, path)
    found = targets.join(places, left_on="GENE2", right_on="GENE_ID", how="inner").drop_nulls(["TSS"])
    genes = pairs["GENE1"].unique()
    unknown = int((~genes.is_in(places["GENE_ID"].implode())).sum())
    if unknown:
        log.warning(
            "%s: the places of %s of its %s genes are not known: no test is masked for them (--gene_places)",
            path, f"{unknown:,}", f"{genes.len():,}",
        )  # fmt: skip
    found = found.sort("ROW", "CONTIG", "TSS")
    tss = found["TSS"].to_numpy().astype(np.int64)
    return Stretches(
        found["ROW"].to_numpy().astype(np.int64), found["CONTIG"].to_numpy().astype(np.int64),
        tss - window, tss + window,
    )  # fmt: skip


def _refuse_strangers(pairs: pl.DataFrame, phenotypes: Sequence[str], path: str) -> None:
    if not pairs.height:
        raise InputError(f"{path}: no pair of genes cross-maps", hint="--crossmap_min")
    bare = {name.split(".")[0] for name in phenotypes}
    same = any(name.split(".")[0] in bare for name in pairs["GENE1"].unique().to_list())
    raise InputError(
        f"{path}: none of its genes is a phenotype ('{pairs['GENE1'][0]}' against '{phenotypes[0]}')"
        + ("; without versions some are" if same else ""),
        hint="give it the phenotypes' ids",
    )
