"""What goes to a worker of a genome-wide colocalisation, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from postgwas.coloc.allele_rules import AlleleCounts
from postgwas.coloc.genome_settings import GenomeSettings
from postgwas.coloc.qtl_regions import SpooledRegion
from postgwas.coloc.stored_fits import SpooledFits
from postgwas.finemap.abf import Kind
from postgwas.finemap.ld_sources import RegionSource
from postgwas.finemap.region_check import LdFindings
from postgwas.finemap.region_list import MapRegion

if TYPE_CHECKING:
    import polars as pl

OK = "ok"
NO_SHARED = "no_shared_variants"
NO_LD = "no_ld"
TOO_FEW = "too_few_variants"
NOT_CONVERGED = "not_converged"
ONLY_SIGNIFICANT = "only_significant_pairs"
"""What became of a region, a trait in it, or a gene."""


SIGNIFICANT_Z = 1.96
"""Z-score that not all variants of a gene can exceed where all that were tested are there."""


@dataclass(frozen=True, eq=False)
class GenomeTask:
    """What a worker gets.

    Attributes
    ----------
    trait : str
    kind, sd_y, case_fraction
        See :class:`postgwas.coloc.genome_settings.GwasInput`.
    region : MapRegion
    gwas : polars.DataFrame
        The region's rows, see :class:`postgwas.finemap.region_stats.RegionStats`.
    qtl : SpooledRegion
    qtl_sd : float, optional
        Standard deviation of the phenotypes.
    fits : SpooledFits, optional
        Stored log Bayes factors of genes.
    ld, qtl_ld : RegionSource, optional
        Panels; the QTLs' is that of the GWAS where it has none of its own.
    settings : GenomeSettings
    """

    trait: str
    kind: Kind
    sd_y: float | None
    case_fraction: float | None
    region: MapRegion
    gwas: pl.DataFrame
    qtl: SpooledRegion
    qtl_sd: float | None
    fits: SpooledFits | None
    ld: RegionSource | None
    qtl_ld: RegionSource | None
    settings: GenomeSettings


@dataclass(frozen=True, eq=False)
class GenomeRegion:
    """What came out.

    Attributes
    ----------
    pairs, genes, sets : list of dict
        Rows of the tables.
    counts : tuple of AlleleCounts
        QTLs with the GWAS, then each with its LD.
    findings : LdFindings, optional
        What the check of the GWAS's z-scores against LD says.
    status : str
        "ok", or why SuSiE or all of the region failed.
    notes : tuple of str
        Priors that were lowered for the region's size.
    log_bf : list of dict
        TRAIT, REGION, GENE, CS, and arrays SNPID, CHR, POS, EA, NEA, LOG_BF of each credible set.
    """

    pairs: list[dict[str, Any]]
    genes: list[dict[str, Any]]
    sets: list[dict[str, Any]]
    counts: tuple[AlleleCounts, ...]
    findings: LdFindings | None
    status: str
    notes: tuple[str, ...] = ()
    log_bf: list[dict[str, Any]] = field(default_factory=list)
