"""Genes of a GTF as models that can be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gene_track import GeneModel

if TYPE_CHECKING:
    import polars as pl


def genes_from(features: pl.DataFrame, chromosome: int, start: float, stop: float) -> list[GeneModel]:
    """Genes of a GTF (as :func:`postgwas.expression.gtf.read_gtf` gives it) within a region, exons merged.

    Parameters
    ----------
    features : polars.DataFrame
    chromosome : int
        Code, see :func:`postgwas.store.position.chromosome_code`.
    start, stop : float
        Base pairs.
    """
    import polars as pl

    from postgwas.expression.gtf import merge_intervals
    from postgwas.sumstats.values import chromosomes_from_text

    codes = chromosomes_from_text(features["CHROM"])
    near = features.filter((codes == chromosome) & (pl.col("END") >= start) & (pl.col("START") <= stop))
    ids = near["GENE_ID"].unique()
    whole = features.filter((codes == chromosome) & pl.col("GENE_ID").is_in(ids.implode()))
    exons: dict[str, list[tuple[int, int]]] = {}
    for gene, low, high in merge_intervals(whole.filter(pl.col("FEATURE") == "exon"), "GENE_ID").iter_rows():
        exons.setdefault(gene, []).append((int(low), int(high)))
    places = whole.group_by("GENE_ID", maintain_order=True).agg(
        pl.col("GENE_NAME").drop_nulls().first(), pl.col("START").min(), pl.col("END").max(),
        pl.col("STRAND").first(),
    )  # fmt: skip
    found = [
        GeneModel(
            row["GENE_NAME"] or row["GENE_ID"], int(row["START"]), int(row["END"]), row["STRAND"] or ".",
            tuple(exons.get(row["GENE_ID"], ())),
        )
        for row in places.iter_rows(named=True)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.start, one.stop, one.name))
