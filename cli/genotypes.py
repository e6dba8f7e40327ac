"""Genotypes: quality control, pruning, PCA, kinship, F_ST, conversion.

PLINK 1, PLINK 2, VCF, BCF and BGEN files alike, by --genotypes.
"""

from __future__ import annotations

import argparse

from postgwas.cli.actions import Actions, add_actions, run_action

HELP = "quality control, pruning, PCA, kinship, F_ST, conversion of genotypes"

ACTIONS: Actions = {
    "convert": ("genotypes_convert", "write as PLINK 1, PLINK 2, VCF or BCF"),
    "qc": ("genotypes_qc", "call rates, frequencies, Hardy-Weinberg, heterozygosity, sexes, relatives"),
    "prune": ("genotypes_prune", "variants that are not correlated with their neighbours"),
    "king": ("genotypes_king", "kinship of all pairs of samples (KING-robust), relatives"),
    "pca": ("genotypes_pca", "principal components, and loadings to project others on"),
    "project": ("genotypes_project", "samples on the axes of others"),
    "ancestry": ("genotypes_ancestry", "groups and ancestry proportions of projected samples"),
    "fst": ("genotypes_fst", "F_ST of groups, by variant and genome-wide"),
    "grm": ("genotypes_grm", "the genomic relationship matrix"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the actions."""
    add_actions(parser, ACTIONS)


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    return run_action(ACTIONS, args)
