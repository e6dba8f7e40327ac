"""Colocalisation: do two traits share a causal variant in a region?

======================  ====================================================================
``Dataset``             one trait's summary statistics of a region, checked
``abf``                 two traits, one causal variant each at most
``abf_regions``         the same for many regions in one pass
``finemap_abf``         one trait: PIPs and credible sets, one causal variant at most
``susie``               all pairs of credible sets of two fits of SuSiE
``bf_bf``               all pairs of signals given as log Bayes factors
``susie_regions``       all pairs of signals of many pairs of traits, from stored fits (``Signals``)
``signals``             signals found by conditioning or masking; ``finemap_signals`` of one trait
``moloc``               two to four traits, all configurations
``hyprcoloc``           clusters of many traits that share a causal variant; ``similarity`` over priors
``genomewide``          every GWAS hit against all genes around it (``GwasInput``, ``QtlInput``)
``wald_ratio``          a variant's ratio of effects, SMR's test; ``heidi`` tells linkage from one cause
======================  ====================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.coloc.allele_rules import AlleleRules as AlleleRules
    from postgwas.coloc.genome_settings import GenomeSettings as GenomeSettings
    from postgwas.coloc.genome_settings import GwasInput as GwasInput
    from postgwas.coloc.genome_settings import QtlInput as QtlInput
    from postgwas.coloc.genome_settings import SentinelChoice as SentinelChoice
    from postgwas.coloc.genome_settings import SmrSettings as SmrSettings
    from postgwas.coloc.hypotheses import Sensitivity as Sensitivity
    from postgwas.coloc.many_pairs import ManyPairs as ManyPairs
    from postgwas.coloc.many_pairs import susie_regions as susie_regions
    from postgwas.coloc.many_traits import HyprColoc as HyprColoc
    from postgwas.coloc.many_traits import hyprcoloc as hyprcoloc
    from postgwas.coloc.many_traits import similarity as similarity
    from postgwas.coloc.one_trait import FinemapAbf as FinemapAbf
    from postgwas.coloc.one_trait import finemap_abf as finemap_abf
    from postgwas.coloc.run_genomewide import GenomeColoc as GenomeColoc
    from postgwas.coloc.run_genomewide import genomewide as genomewide
    from postgwas.coloc.set_pairs import ColocPairs as ColocPairs
    from postgwas.coloc.set_pairs import bf_bf as bf_bf
    from postgwas.coloc.set_pairs import susie as susie
    from postgwas.coloc.signal_factors import Signals as Signals
    from postgwas.coloc.signal_pairs import SignalPairs as SignalPairs
    from postgwas.coloc.signal_pairs import signals as signals
    from postgwas.coloc.signal_steps import TraitSignals as TraitSignals
    from postgwas.coloc.signal_steps import finemap_signals as finemap_signals
    from postgwas.coloc.smr import heidi as heidi
    from postgwas.coloc.smr import wald_ratio as wald_ratio
    from postgwas.coloc.three_traits import Moloc as Moloc
    from postgwas.coloc.three_traits import moloc as moloc
    from postgwas.coloc.trait_data import Dataset as Dataset
    from postgwas.coloc.two_traits import Coloc as Coloc
    from postgwas.coloc.two_traits import ColocRegions as ColocRegions
    from postgwas.coloc.two_traits import abf as abf
    from postgwas.coloc.two_traits import abf_regions as abf_regions

_HOMES = {
    "AlleleRules": "postgwas.coloc.allele_rules",
    "GenomeColoc": "postgwas.coloc.run_genomewide",
    "GenomeSettings": "postgwas.coloc.genome_settings",
    "GwasInput": "postgwas.coloc.genome_settings",
    "QtlInput": "postgwas.coloc.genome_settings",
    "SentinelChoice": "postgwas.coloc.genome_settings",
    "SmrSettings": "postgwas.coloc.genome_settings",
    "genomewide": "postgwas.coloc.run_genomewide",
    "heidi": "postgwas.coloc.smr",
    "wald_ratio": "postgwas.coloc.smr",
    "Coloc": "postgwas.coloc.two_traits",
    "ColocPairs": "postgwas.coloc.set_pairs",
    "ColocRegions": "postgwas.coloc.two_traits",
    "Dataset": "postgwas.coloc.trait_data",
    "FinemapAbf": "postgwas.coloc.one_trait",
    "HyprColoc": "postgwas.coloc.many_traits",
    "ManyPairs": "postgwas.coloc.many_pairs",
    "Moloc": "postgwas.coloc.three_traits",
    "Sensitivity": "postgwas.coloc.hypotheses",
    "SignalPairs": "postgwas.coloc.signal_pairs",
    "Signals": "postgwas.coloc.signal_factors",
    "TraitSignals": "postgwas.coloc.signal_steps",
    "abf": "postgwas.coloc.two_traits",
    "abf_regions": "postgwas.coloc.two_traits",
    "bf_bf": "postgwas.coloc.set_pairs",
    "finemap_abf": "postgwas.coloc.one_trait",
    "finemap_signals": "postgwas.coloc.signal_steps",
    "hyprcoloc": "postgwas.coloc.many_traits",
    "moloc": "postgwas.coloc.three_traits",
    "signals": "postgwas.coloc.signal_pairs",
    "similarity": "postgwas.coloc.many_traits",
    "susie": "postgwas.coloc.set_pairs",
    "susie_regions": "postgwas.coloc.many_pairs",
}

__all__ = [
    "AlleleRules",
    "Coloc",
    "ColocPairs",
    "ColocRegions",
    "Dataset",
    "FinemapAbf",
    "GenomeColoc",
    "GenomeSettings",
    "GwasInput",
    "HyprColoc",
    "ManyPairs",
    "Moloc",
    "QtlInput",
    "Sensitivity",
    "SentinelChoice",
    "SignalPairs",
    "Signals",
    "SmrSettings",
    "TraitSignals",
    "abf",
    "abf_regions",
    "bf_bf",
    "finemap_abf",
    "finemap_signals",
    "genomewide",
    "heidi",
    "hyprcoloc",
    "moloc",
    "signals",
    "similarity",
    "susie",
    "susie_regions",
    "wald_ratio",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
