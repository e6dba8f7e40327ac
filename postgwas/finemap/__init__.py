"""Fine-mapping: which variants of a region are likely causal.

Every name below is imported when first used. Most take arrays; ``finemap_regions`` takes files.

======================  ====================================================================
``susie``               SuSiE on genotypes and a phenotype
``susie_rss``           SuSiE on z-scores, or effects and standard errors, with LD
``susie_suff_stat``     SuSiE on X'X and X'y
``CheckedLd``           an LD matrix that is checked once, for many fits
``susie_multi``         several populations: shared variants, correlated effects
``susie_multi_rss``     the same from z-scores, each population with its LD
``log_abf``             Wakefield's log Bayes factors from effects and standard errors
``log_abf_from_z``      the same from z-scores, frequencies and n
``log_abf_from_p``      the same from P-values, frequencies and n
``estimate_sd_y``       standard deviation of a trait, from standard errors
``estimate_s_rss``      how inconsistent z-scores are with LD
``kriging_rss``         z-scores that the others do not foretell; swapped alleles
``dentist``             the same by halves of the variants; ``dentist_lead`` by the lead alone
``finemap_regions``     regions of a GWAS, with LD of genotypes or a file; ``finemap_files`` writes
``region_ld``           LD of genotypes, covariates projected out
``sentinels``           the strongest variants, far enough apart
``check_alignment``     whether signs of z-scores fit those of LD
``single_causal``       PIPs of one causal variant a region, of many regions at once
======================  ====================================================================

Examples
--------
>>> import numpy as np
>>> from postgwas import finemap
>>> rng = np.random.default_rng(3)
>>> x = rng.binomial(2, 0.3, (500, 40)).astype(float)
>>> x[:, 8] = np.where(rng.random(500) < 0.99, x[:, 7], x[:, 8])
>>> y = 0.3 * x[:, 7] + rng.normal(size=500)
>>> r = np.corrcoef(x.T, y)
>>> z = r[-1, :-1] * np.sqrt(498 / (1 - r[-1, :-1] ** 2))
>>> fit = finemap.susie_rss(z, r[:-1, :-1], n=500)
>>> [one.variants.tolist() for one in fit.credible_sets]
[[7, 8]]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.finemap.abf import estimate_sd_y as estimate_sd_y
    from postgwas.finemap.abf import log_abf as log_abf
    from postgwas.finemap.abf import log_abf_from_p as log_abf_from_p
    from postgwas.finemap.abf import log_abf_from_z as log_abf_from_z
    from postgwas.finemap.alignment import Alignment as Alignment
    from postgwas.finemap.alignment import check_alignment as check_alignment
    from postgwas.finemap.dentist_tests import Dentist as Dentist
    from postgwas.finemap.dentist_tests import dentist as dentist
    from postgwas.finemap.dentist_tests import dentist_lead as dentist_lead
    from postgwas.finemap.kriging import Kriging as Kriging
    from postgwas.finemap.kriging import kriging_rss as kriging_rss
    from postgwas.finemap.ld_spectrum import LdSpectrum as LdSpectrum
    from postgwas.finemap.ld_spectrum import estimate_s_rss as estimate_s_rss
    from postgwas.finemap.map_settings import MapSettings as MapSettings
    from postgwas.finemap.matrix_checks import CheckedLd as CheckedLd
    from postgwas.finemap.one_causal import SingleCausal as SingleCausal
    from postgwas.finemap.one_causal import single_causal as single_causal
    from postgwas.finemap.region_correlation import RegionLd as RegionLd
    from postgwas.finemap.region_correlation import region_ld as region_ld
    from postgwas.finemap.region_list import RegionChoice as RegionChoice
    from postgwas.finemap.region_stats import StatsOptions as StatsOptions
    from postgwas.finemap.run_finemap import finemap_regions as finemap_regions
    from postgwas.finemap.run_populations import Population as Population
    from postgwas.finemap.run_populations import finemap_populations as finemap_populations
    from postgwas.finemap.sentinel_variants import sentinels as sentinels
    from postgwas.finemap.susie_individual import susie as susie
    from postgwas.finemap.susie_populations import MultiFit as MultiFit
    from postgwas.finemap.susie_populations import susie_multi as susie_multi
    from postgwas.finemap.susie_populations import susie_multi_rss as susie_multi_rss
    from postgwas.finemap.susie_result import CredibleSet as CredibleSet
    from postgwas.finemap.susie_result import Purity as Purity
    from postgwas.finemap.susie_result import SusieFit as SusieFit
    from postgwas.finemap.susie_summary import susie_rss as susie_rss
    from postgwas.finemap.susie_summary import susie_suff_stat as susie_suff_stat
    from postgwas.finemap.write_finemap import finemap_files as finemap_files
    from postgwas.finemap.write_populations import finemap_population_files as finemap_population_files

_HOMES = {
    "Alignment": "postgwas.finemap.alignment",
    "CheckedLd": "postgwas.finemap.matrix_checks",
    "CredibleSet": "postgwas.finemap.susie_result",
    "Dentist": "postgwas.finemap.dentist_tests",
    "Kriging": "postgwas.finemap.kriging",
    "LdSpectrum": "postgwas.finemap.ld_spectrum",
    "MapSettings": "postgwas.finemap.map_settings",
    "MultiFit": "postgwas.finemap.susie_populations",
    "Population": "postgwas.finemap.run_populations",
    "Purity": "postgwas.finemap.susie_result",
    "RegionChoice": "postgwas.finemap.region_list",
    "RegionLd": "postgwas.finemap.region_correlation",
    "SingleCausal": "postgwas.finemap.one_causal",
    "StatsOptions": "postgwas.finemap.region_stats",
    "SusieFit": "postgwas.finemap.susie_result",
    "check_alignment": "postgwas.finemap.alignment",
    "dentist": "postgwas.finemap.dentist_tests",
    "dentist_lead": "postgwas.finemap.dentist_tests",
    "estimate_s_rss": "postgwas.finemap.ld_spectrum",
    "estimate_sd_y": "postgwas.finemap.abf",
    "finemap_files": "postgwas.finemap.write_finemap",
    "finemap_population_files": "postgwas.finemap.write_populations",
    "finemap_populations": "postgwas.finemap.run_populations",
    "finemap_regions": "postgwas.finemap.run_finemap",
    "kriging_rss": "postgwas.finemap.kriging",
    "log_abf": "postgwas.finemap.abf",
    "log_abf_from_p": "postgwas.finemap.abf",
    "log_abf_from_z": "postgwas.finemap.abf",
    "region_ld": "postgwas.finemap.region_correlation",
    "sentinels": "postgwas.finemap.sentinel_variants",
    "single_causal": "postgwas.finemap.one_causal",
    "susie": "postgwas.finemap.susie_individual",
    "susie_multi": "postgwas.finemap.susie_populations",
    "susie_multi_rss": "postgwas.finemap.susie_populations",
    "susie_rss": "postgwas.finemap.susie_summary",
    "susie_suff_stat": "postgwas.finemap.susie_summary",
}

__all__ = [
    "Alignment",
    "CheckedLd",
    "CredibleSet",
    "Dentist",
    "Kriging",
    "LdSpectrum",
    "MapSettings",
    "MultiFit",
    "Population",
    "Purity",
    "RegionChoice",
    "RegionLd",
    "SingleCausal",
    "StatsOptions",
    "SusieFit",
    "check_alignment",
    "dentist",
    "dentist_lead",
    "estimate_s_rss",
    "estimate_sd_y",
    "finemap_files",
    "finemap_population_files",
    "finemap_populations",
    "finemap_regions",
    "kriging_rss",
    "log_abf",
    "log_abf_from_p",
    "log_abf_from_z",
    "region_ld",
    "sentinels",
    "single_causal",
    "susie",
    "susie_multi",
    "susie_multi_rss",
    "susie_rss",
    "susie_suff_stat",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
