"""QTL mapping: cis, permutations, independent signals, interactions, trans, allelic fold change.

Every name below is imported when first used.

=====================  ======================================================================
``load_inputs``        genotypes, phenotypes and covariates of the same people, for all below
``cis_nominal``        every variant in the window of each phenotype
``cis_permutation``    the best of each window beside permutations; q-values, thresholds
``cis_independent``    conditionally independent signals, forward and backward
``egenes``             significant phenotypes and pairs, from results that are there
``finemap``            credible sets of phenotypes by SuSiE
``cis_interaction``    genotype x sex, age, cell type, ancestry
``group_effects``      leads' effects in groups, and whether they differ
``eigenmt``            effective numbers of tests
``trans``              all variants against all phenotypes, above a threshold
``mediation``          trans effects through cis phenotypes
``score``, ``eqts``    polygenic scores, and expression against them
``afc``, ``afc_joint`` log2 allelic fold changes of one variant, of several together
``group_sharing``      signals of several tissues or populations beside each other
``qtl_figures``        QQ, distance to the TSS, volcano, sharing, expression by genotype
``qvalue``             q-values of P-values, as R's qvalue
=====================  ======================================================================

Examples
--------
>>> from postgwas import qtl
>>> inputs = qtl.load_inputs("geno.pgen", "expr.bed.gz", "covariates.txt")  # doctest: +SKIP
>>> leads = qtl.cis_permutation(inputs, permutations=1000, seed=1).table     # doctest: +SKIP
>>> float(qtl.qvalue([0.001, 0.02, 0.3, 0.6], method="bh").q[0])
0.004
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postgwas.qtl.afc_result import Afc as Afc
    from postgwas.qtl.afc_result import AfcOptions as AfcOptions
    from postgwas.qtl.effect_sharing import EffectMatrix as EffectMatrix
    from postgwas.qtl.effect_sharing import Posterior as Posterior
    from postgwas.qtl.effect_sharing import sharing as sharing
    from postgwas.qtl.fold_change import afc as afc
    from postgwas.qtl.fold_change import afc_joint as afc_joint
    from postgwas.qtl.group_heterogeneity import heterogeneity as heterogeneity
    from postgwas.qtl.inputs import QtlInputOptions as QtlInputOptions
    from postgwas.qtl.inputs import QtlInputs as QtlInputs
    from postgwas.qtl.inputs import load_inputs as load_inputs
    from postgwas.qtl.permutation_options import DiscoveryOptions as DiscoveryOptions
    from postgwas.qtl.qtl_table import read_qtl_table as read_qtl_table
    from postgwas.qtl.qvalues import qvalue as qvalue
    from postgwas.qtl.replication_share import Pi1 as Pi1
    from postgwas.qtl.replication_share import pi1 as pi1
    from postgwas.qtl.run_afc import AfcRun as AfcRun
    from postgwas.qtl.run_afc import afc_files as afc_files
    from postgwas.qtl.run_cis import cis_nominal as cis_nominal
    from postgwas.qtl.run_egenes import EGenes as EGenes
    from postgwas.qtl.run_egenes import egenes as egenes
    from postgwas.qtl.run_eigenmt import eigenmt as eigenmt
    from postgwas.qtl.run_eqts import eqts as eqts
    from postgwas.qtl.run_finemap import Finemapped as Finemapped
    from postgwas.qtl.run_finemap import FinemapSettings as FinemapSettings
    from postgwas.qtl.run_finemap import finemap as finemap
    from postgwas.qtl.run_independent import cis_independent as cis_independent
    from postgwas.qtl.run_interaction import CisInteraction as CisInteraction
    from postgwas.qtl.run_interaction import InteractionOptions as InteractionOptions
    from postgwas.qtl.run_interaction import cis_interaction as cis_interaction
    from postgwas.qtl.run_lead_interaction import group_effects as group_effects
    from postgwas.qtl.run_mediation import MediationSettings as MediationSettings
    from postgwas.qtl.run_mediation import mediation as mediation
    from postgwas.qtl.run_permutation import cis_permutation as cis_permutation
    from postgwas.qtl.run_plot import FigureInputs as FigureInputs
    from postgwas.qtl.run_plot import FigureOptions as FigureOptions
    from postgwas.qtl.run_plot import qtl_figures as qtl_figures
    from postgwas.qtl.run_score import ScoreSettings as ScoreSettings
    from postgwas.qtl.run_score import score as score
    from postgwas.qtl.run_sharing import SharingOptions as SharingOptions
    from postgwas.qtl.run_sharing import group_sharing as group_sharing
    from postgwas.qtl.run_trans import TransSettings as TransSettings
    from postgwas.qtl.run_trans import trans as trans

_HOMES = {
    "Afc": "postgwas.qtl.afc_result",
    "afc": "postgwas.qtl.fold_change",
    "afc_files": "postgwas.qtl.run_afc",
    "afc_joint": "postgwas.qtl.fold_change",
    "AfcOptions": "postgwas.qtl.afc_result",
    "AfcRun": "postgwas.qtl.run_afc",
    "CisInteraction": "postgwas.qtl.run_interaction",
    "cis_independent": "postgwas.qtl.run_independent",
    "cis_interaction": "postgwas.qtl.run_interaction",
    "cis_nominal": "postgwas.qtl.run_cis",
    "EffectMatrix": "postgwas.qtl.effect_sharing",
    "EGenes": "postgwas.qtl.run_egenes",
    "egenes": "postgwas.qtl.run_egenes",
    "eigenmt": "postgwas.qtl.run_eigenmt",
    "eqts": "postgwas.qtl.run_eqts",
    "FigureInputs": "postgwas.qtl.run_plot",
    "FigureOptions": "postgwas.qtl.run_plot",
    "cis_permutation": "postgwas.qtl.run_permutation",
    "DiscoveryOptions": "postgwas.qtl.permutation_options",
    "finemap": "postgwas.qtl.run_finemap",
    "Finemapped": "postgwas.qtl.run_finemap",
    "FinemapSettings": "postgwas.qtl.run_finemap",
    "group_effects": "postgwas.qtl.run_lead_interaction",
    "group_sharing": "postgwas.qtl.run_sharing",
    "heterogeneity": "postgwas.qtl.group_heterogeneity",
    "InteractionOptions": "postgwas.qtl.run_interaction",
    "load_inputs": "postgwas.qtl.inputs",
    "mediation": "postgwas.qtl.run_mediation",
    "MediationSettings": "postgwas.qtl.run_mediation",
    "Pi1": "postgwas.qtl.replication_share",
    "pi1": "postgwas.qtl.replication_share",
    "Posterior": "postgwas.qtl.effect_sharing",
    "qtl_figures": "postgwas.qtl.run_plot",
    "QtlInputOptions": "postgwas.qtl.inputs",
    "QtlInputs": "postgwas.qtl.inputs",
    "qvalue": "postgwas.qtl.qvalues",
    "read_qtl_table": "postgwas.qtl.qtl_table",
    "score": "postgwas.qtl.run_score",
    "ScoreSettings": "postgwas.qtl.run_score",
    "sharing": "postgwas.qtl.effect_sharing",
    "SharingOptions": "postgwas.qtl.run_sharing",
    "trans": "postgwas.qtl.run_trans",
    "TransSettings": "postgwas.qtl.run_trans",
}

__all__: list[str] = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postgwas.qtl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
