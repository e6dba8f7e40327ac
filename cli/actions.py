"""Commands that have actions, each a module of its own: ``postgwas genotypes qc``."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping

#: action -> (module of this package, one-line help)
Actions = Mapping[str, tuple[str, str]]


def add_actions(parser: argparse.ArgumentParser, actions: Actions) -> None:
    """Register each action; its module has ``add_arguments(parser)`` and ``run(args) -> int``."""
    choices = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=type(parser))
    for name, (module, summary) in actions.items():
        command = importlib.import_module(f"postgwas.cli.{module}")
        command.add_arguments(choices.add_parser(name, help=summary, description=command.__doc__))


def run_action(actions: Actions, args: argparse.Namespace) -> int:
    """Run the action that was asked for."""
    command = importlib.import_module(f"postgwas.cli.{actions[args.action][0]}")
    return int(command.run(args))
