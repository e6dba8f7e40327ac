"""QTL mapping: cis, permutations, independent signals, interactions, trans, allelic fold change.

Genotypes as PLINK 1, PLINK 2, VCF, BCF or BGEN, phenotypes as a BED (postgwas expression prepare writes one),
covariates in FastQTL's layout or a sample sheet of numbers (postgwas expression covariates).
"""

from __future__ import annotations

import argparse

from postgwas.cli.actions import Actions, add_actions, run_action

HELP = "QTL mapping: cis, permutations, independent signals, interactions, trans"

ACTIONS: Actions = {
    "cis": ("eqtl_cis", "all variants in the window of each phenotype"),
    "permute": ("eqtl_permute", "the best variant of each phenotype beside permutations; q-values"),
    "egenes": ("eqtl_egenes", "eGenes at a false discovery rate, and their significant pairs"),
    "independent": ("eqtl_independent", "further signals of significant phenotypes, by conditioning"),
    "trans": ("eqtl_trans", "all variants against all phenotypes, above a threshold"),
    "afc": ("eqtl_afc", "log2 allelic fold changes of pairs, from raw counts"),
    "finemap": ("eqtl_finemap", "credible sets of eGenes by SuSiE"),
    "mediation": ("eqtl_mediation", "trans effects through phenotypes that the variant affects in cis"),
    "sharing": ("eqtl_sharing", "signals of several tissues or populations held against each other"),
    "eigenmt": ("eqtl_eigenmt", "effective number of tests in each phenotype's window"),
    "interaction": ("eqtl_interaction", "genotype x sex, age, cell type, group; leads' effects in groups"),
    "eqts": ("eqtl_eqts", "phenotypes against polygenic scores"),
    "plot": (
        "eqtl_plot",
        "figures: QQ, volcano, leads around the TSS, sharing, genotypes and more",
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the actions."""
    add_actions(parser, ACTIONS)


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    return run_action(ACTIONS, args)
