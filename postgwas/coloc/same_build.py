"""Whether a GWAS and QTLs are on the same genome build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postgwas.coloc.allele_match import match_alleles
from postgwas.coloc.allele_rules import OTHER_ALLELES, AlleleRules
from postgwas.coloc.genome_task import GenomeRegion
from postgwas.coloc.qtl_regions import Spool
from postgwas.errors import InputError
from postgwas.finemap.region_list import MapRegion
from postgwas.finemap.region_stats import RegionStats

FEWEST = 20
"""Variants, at least, that a judgement rests on."""
_MOVED = 0.5
_DIFFER = 0.4


@dataclass(frozen=True)
class BuildEvidence:
    """What speaks for one build or two.

    Attributes
    ----------
    n_ids, n_moved : int
        rs numbers that both have, and those of another position.
    n_places, n_other_alleles : int
        Variants whose place both have, and those whose alleles differ there.
    """

    n_ids: int
    n_moved: int
    n_places: int
    n_other_alleles: int

    @property
    def differs(self) -> bool:
        """Whether most rs numbers moved, or alleles differ at two in five shared places."""
        if self.n_ids >= FEWEST:
            return self.n_moved > _MOVED * self.n_ids
        return self.n_places >= FEWEST and self.n_other_alleles > _DIFFER * self.n_places


def build_evidence(stats: RegionStats, regions: Sequence[MapRegion], spool: Spool) -> BuildEvidence:
    """Hold the variants of the regions against each other, up to 20 regions."""
    import polars as pl

    counts = [0, 0, 0, 0]
    looked = 0
    for region in regions:
        spooled = spool.regions.get((region.chromosome, region.start, region.stop))
        if spooled is None or looked == 20:
            continue
        looked += 1
        theirs = spooled.read().variants
        rs = theirs.filter(pl.col("SNPID").str.starts_with("rs")).unique("SNPID", keep="none")
        both = stats.frame.join(rs.select("SNPID", pl.col("POS").alias("POS_QTL")), on="SNPID")
        counts[0] += both.height
        counts[1] += both.filter(pl.col("POS") != pl.col("POS_QTL")).height
        ours = stats.frame.filter(
            (pl.col("CHR") == region.chromosome) & pl.col("POS").is_between(region.start, region.stop)
        )
        if {"EA", "NEA"} <= set(ours.columns) and theirs["EA"].null_count() < theirs.height:
            found = match_alleles(theirs, ours, rules=AlleleRules("keep")).counts
            counts[2] += found.n_shared + found.dropped.get(OTHER_ALLELES, 0)
            counts[3] += found.dropped.get(OTHER_ALLELES, 0)
    return BuildEvidence(*counts)


def refuse_other_build(stats: RegionStats, regions: Sequence[MapRegion], spool: Spool, qtl_path: str) -> None:
    """Refuse a GWAS and QTLs whose variants are at other places.

    Raises
    ------
    InputError
        If most rs numbers that both have are at other positions; or, without such, if many variants at the
        same place have other alleles.
    """
    found = build_evidence(stats, regions, spool)
    if not found.differs:
        return
    if found.n_ids >= FEWEST:
        told = f"{found.n_moved:,} of {found.n_ids:,} rs numbers that both have are at other positions"
    else:
        told = (
            f"{found.n_other_alleles:,} of {found.n_places:,} variants at the same place have other alleles"
        )
    raise InputError(
        f"{stats.path} and {qtl_path} are on different builds: {told}",
        hint="postgwas harmonise --target_build brings the GWAS to the QTLs' build",
    )


def refuse_other_panel(
    results: Sequence[tuple[str, MapRegion, GenomeRegion]], ld_path: str, qtl_ld_path: str
) -> None:
    """Refuse LD whose variants are at other places than those of the GWAS or the QTLs.

    Raises
    ------
    InputError
        If hardly any of the variants of all regions is in LD, or many at the same place have other alleles.
    """
    counts = [count for _, _, one in results for count in one.counts[1:]]
    for path in dict.fromkeys((ld_path, qtl_ld_path)):
        here = [count for count in counts if path and count.other == path]
        total, found = sum(one.n for one in here), sum(one.n_shared for one in here)
        wrong = sum(one.n_other_alleles for one in here)
        placed = found + wrong
        if total < FEWEST:
            continue
        if found < 0.01 * total:
            told = f"only {found:,} of {total:,} variants of the regions are in it"
        elif placed >= FEWEST and wrong > _DIFFER * placed:
            told = f"{wrong:,} of {placed:,} variants at the same place have other alleles there"
        else:
            continue
        raise InputError(
            f"{path}: LD is of another build or other chromosomes: {told}",
            hint="--genotypes of the build of the summary statistics",
        )
