"""Expression: counts in, sample and gene filters, normalisation, hidden factors, covariates."""

from __future__ import annotations

import argparse

from postgwas.cli.actions import Actions, add_actions, run_action

HELP = "counts to normalised expression, hidden factors and covariates"

ACTIONS: Actions = {
    "import": ("expression_import", "files of any quantifier to one matrix with its genes' places"),
    "prepare": ("expression_prepare", "gene filters, normalisation, transform: counts to a phenotype BED"),
    "qc": ("expression_qc", "check samples: metrics, outliers, agreement, sex, mix-ups with genotypes"),
    "variance": ("expression_variance", "variance between and within groups of people"),
    "peer": ("expression_peer", "hidden factors: PEER or principal components, and how many"),
    "covariates": ("expression_covariates", "known covariates, genotype axes and hidden factors in one file"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the actions."""
    add_actions(parser, ACTIONS)


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    return run_action(ACTIONS, args)
