"""Commands that have actions, each a module of its own: ``postgwas genotypes qc``."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping
from typing import Any

from postgwas.cli.parser import Parser

#: action -> (module of this package, one-line help)
Actions = Mapping[str, tuple[str, str]]


def add_actions(parser: argparse.ArgumentParser, actions: Actions) -> None:
    """Register each action; its module has ``add_arguments(parser)`` and ``run(args) -> int``."""
    kind = type("ActionParser", (_Complete, type(parser)), {})
    choices: Any = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=kind)
    for name, (module, summary) in actions.items():
        command = importlib.import_module(f"postgwas.cli.{module}")
        command.add_arguments(choices.add_parser(name, help=summary, description=command.__doc__))


class _Complete(Parser):
    """Refuses an unknown flag itself: left to the command, its hint would name flags of no action."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        parsed, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return parsed, rest


def run_action(actions: Actions, args: argparse.Namespace) -> int:
    """Run the action that was asked for."""
    command = importlib.import_module(f"postgwas.cli.{actions[args.action][0]}")
    return int(command.run(args))
