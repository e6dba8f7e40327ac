"""Colocalisation: do traits share a causal variant in a region?

Summary statistics of any dialect; regions given or around the strongest variants; LD, where a method needs
it, from genotypes or a file.
"""

from __future__ import annotations

import argparse

from postgwas.cli.actions import Actions, add_actions, run_action

HELP = "colocalisation of traits: one or several causal variants, many traits, whole genomes"

ACTIONS: Actions = {
    "abf": ("coloc_abf", "two traits, one causal variant each at most"),
    "susie": ("coloc_susie", "two traits, SuSiE on both: all pairs of credible sets"),
    "signals": ("coloc_signals", "two traits, signals by conditioning or masking"),
    "hyprcoloc": ("coloc_hyprcoloc", "clusters of many traits that share a causal variant"),
    "moloc": ("coloc_moloc", "two to four traits, all configurations"),
    "genomewide": ("coloc_genomewide", "GWAS hits against all genes around them"),
    "plot": ("coloc_plot", "figures of a region: traits with LD and genes, LocusCompare, sensitivity"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the actions."""
    add_actions(parser, ACTIONS)


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    return run_action(ACTIONS, args)
