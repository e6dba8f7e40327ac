"""Cross-ancestry genetic correlation: popcorn compute and popcorn fit."""

from __future__ import annotations

import argparse

from postgwas.cli.actions import Actions, add_actions, run_action

HELP = "cross-ancestry genetic correlation: the flags of popcorn"

ACTIONS: Actions = {
    "compute": ("popcorn_compute", "scores within and across two populations from genotypes"),
    "fit": ("popcorn_fit", "heritabilities and genetic correlation from scores and summary statistics"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the actions."""
    add_actions(parser, ACTIONS)


def run(args: argparse.Namespace) -> int:
    """Run one action."""
    return run_action(ACTIONS, args)
