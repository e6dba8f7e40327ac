"""Colocalisation: do traits share a causal variant in a region?

Summary statistics of any dialect; regions given or around the strongest variants; LD, where a method needs
it, from genotypes or a file.
"""

from __future__ import annotations

import argparse

from postgwas.cli.actions import Actions, add_actions, run_action

HELP = "colocalisation of traits: one or several causal variants, many traits, whole genomes"

ACTIONS: Actions = {
    "genomewide": ("coloc_genomewide", "GWAS hits against all genes around them"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the actions."""
    add_actions(parser, ACTIONS)


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    return run_action(ACTIONS, args)
