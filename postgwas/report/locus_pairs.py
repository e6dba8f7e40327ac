"""LocusCompare figures of colocalised genes, where the store holds both scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from postgwas.finemap.region_list import MapRegion
from postgwas.report.locus_ld import ld_files, r2_of_locus
from postgwas.report.page_rows import chromosome
from postgwas.report.section import PageFigure, Place

if TYPE_CHECKING:
    import polars as pl

    from postgwas.report.gene_names import Genes
    from postgwas.store.index import Entry
    from postgwas.store.study import Study

MOST = 6
LEAST_SHARED = 20


def locus_pairs(study: Study, entries: Sequence[Entry], genes: Genes) -> list[PageFigure]:
    """The genes of the largest PP.H4 (0.8 and more), each with its best trait.

    The GWAS is the scan of that trait's name in the store (``sumstats/TRAIT``, ``mtag/TRAIT`` or, of a
    meta-analysis, ``meta/fixed/TRAIT``), the QTLs are the nominal pass that the result's name ends in. LD
    comes from the genotypes that the results name, where they are still there.

    Parameters
    ----------
    study : Study
    entries : sequence of Entry
        All of the store's.
    genes : Genes
        Their names, and what is drawn below the points.
    """
    import polars as pl

    tables = [
        study.read_polars(one.key).with_columns(pl.lit(one.key).alias("RESULT"))
        for one in entries
        if one.kind == "coloc-genes" and one.rows
    ]
    if not tables:
        return []
    best = pl.concat(tables, how="diagonal_relaxed").filter(pl.col("PP.H4").fill_nan(None) >= 0.8)
    best = best.sort("PP.H4", "phenotype_id", "RESULT", descending=[True, False, False])
    figures = []
    for row in best.unique("phenotype_id", keep="first", maintain_order=True).iter_rows(named=True):
        figure = _of_gene(study, entries, row, genes)
        if figure is not None:
            figures.append(figure)
        if len(figures) == MOST:
            break
    return figures


def _of_gene(
    study: Study, entries: Sequence[Entry], row: dict[str, object], genes: Genes
) -> PageFigure | None:
    import polars as pl

    from postgwas.plot.locuscompare import locuscompare_figure
    from postgwas.plot.region_numbers import height_pair, track

    trait, gene, chrom = str(row["TRAIT"]), str(row["phenotype_id"]), int(str(row["CHR"]))
    gwas = _scan_key(entries, trait)
    qtl = _nominal_key(entries, chrom, str(row["RESULT"]))
    if gwas is None or qtl is None:
        return None
    columns = ["CHR", "POS", "SNPID", "MLOG10P"]
    start, end = (int(text) for text in str(row["REGION"]).split(":")[1].split("-"))
    inside = (pl.col("CHR") == chrom) & pl.col("POS").is_between(start, end)
    one = study.read_polars(gwas, columns).filter(inside)
    two = study.read_polars(qtl, ["CHR", "POS", "SNPID", "phenotype_id", "mlog10p"])
    two = two.filter(inside & (pl.col("phenotype_id") == gene)).rename({"mlog10p": "MLOG10P"})
    one, two = (table.with_columns(_name()).drop_nulls("MLOG10P") for table in (one, two))
    names = [table["SNPID"].to_list() for table in (one, two)]
    if len(set(names[0]) & set(names[1])) < LEAST_SHARED:
        return None
    heights = [table["MLOG10P"].cast(float).to_numpy() for table in (one, two)]
    pair = height_pair(names[0], heights[0], names[1], heights[1])
    lead, region = pair.names[pair.lead], MapRegion(str(row["REGION"]), chrom, start, end)
    files = ld_files(study, str(row["RESULT"]), qtl)
    r2, whose = r2_of_locus(
        files, region, [table.select("SNPID", "CHR", "POS") for table in (one, two)], lead
    )
    pair = height_pair(names[0], heights[0], names[1], heights[1], r2=r2, lead=lead)
    called = genes.name(gene) or gene
    labels = (trait, called)
    tracks = [
        track(
            label, own, table["POS"].to_numpy(), height, r2=[r2.get(name, np.nan) for name in own], lead=lead
        )
        for label, own, table, height in zip(labels, names, (one, two), heights)
    ]
    place = Place(chromosome(chrom), start, end)
    figure = locuscompare_figure(
        pair, labels, tracks=(tracks[0], tracks[1]), chromosome=place.chromosome,
        genes=genes.models(chrom, start, end) or None, marked=[called], note=f"PP.H4 = {row['PP.H4']:.3f}",
    )  # fmt: skip
    numbers = pl.DataFrame(
        {
            "variant": pair.names, f"mlog10p {trait}": pair.one, f"mlog10p {gene}": pair.two,
            "r2": [r2.get(name, np.nan) for name in pair.names],
        }
    )  # fmt: skip
    told = called if called == gene else f"{called} ({gene})"
    return PageFigure(
        f"LocusCompare of {trait} and {told}",
        figure,
        f"{len(pair.names):,} shared variants of {gwas} and {qtl}; {whose}.",
        table=numbers,
        wide=True,
        place=place,
    )


def _scan_key(entries: Sequence[Entry], trait: str) -> str | None:
    keys = {one.key for one in entries if {"CHR", "POS", "SNPID", "MLOG10P"} <= set(one.columns)}
    wanted = (f"sumstats/{trait}", f"mtag/{trait}", f"meta/fixed/{trait.removeprefix('meta_')}")
    return next((key for key in wanted if key in keys), None)


def _nominal_key(entries: Sequence[Entry], chrom: int, result: str) -> str | None:
    found = [one.key for one in entries if one.kind == f"qtl-cis_nominal_chr{chrom}"]
    # Of tissues such as blood and whole_blood, the longer name.
    name = "_" + result.split("/")[-1]
    ours = sorted((key for key in found if name.endswith("_" + key.split("/")[-1])), key=len)
    return ours[-1] if ours else found[0] if len(found) == 1 else None


def _name() -> pl.Expr:
    """Ids, or places of variants without one."""
    import polars as pl

    place = pl.concat_str(pl.col("CHR").cast(pl.String), pl.col("POS").cast(pl.String), separator=":")
    return pl.coalesce(pl.when(pl.col("SNPID") != "").then("SNPID"), place).alias("SNPID")
