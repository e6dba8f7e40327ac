"""Run a study from end to end: harmonise, h2 and rg, MTAG, meta-analysis, eQTLs, fine-mapping, report.

study.yaml says what there is (postgwas init writes one). Results go to its out folder and into one store.
A step whose settings, inputs and code are the same as before is kept; one that was killed is run again.
--dry_run lists the steps.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from postgwas.cli.options import add_debug_option, add_engine_options, engine_arguments

if TYPE_CHECKING:
    from postgwas.pipeline.plan import Planned
    from postgwas.pipeline.run_study import Outcome, Where

HELP = "run a study.yaml from end to end; what is there already is kept"

#: Where the flags that errors of commands name stand in a study.yaml.
_FLAGS = (
    "In study.yaml a flag is a setting of its step, steps: STEP: {FLAG: VALUE}; build, n and columns of a "
    "file stand in its line under gwas"
)

#: Steps that a line of the plan names.
_MOST_NAMED = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    parser.add_argument(
        "study", nargs="?", default="study.yaml", metavar="study.yaml",
        help="the study, or its folder [default: study.yaml]",
    )  # fmt: skip
    add_run_flags(parser)


def add_run_flags(parser: argparse.ArgumentParser) -> None:
    """What ``run`` and ``batch`` share."""
    steps = parser.add_argument_group("which steps (kinds such as h2, or names such as h2/EUR_LDL)")
    steps.add_argument("--dry_run", action="store_true", help="show the plan and do nothing")
    steps.add_argument("--commands", action="store_true", help="with --dry_run: the commands, to be pasted")
    steps.add_argument("--only", metavar="STEP,...", default="", help="these steps alone")
    steps.add_argument(
        "--from",
        dest="begin",
        metavar="STEP,...",
        default="",
        help="run these again, and what depends on them",
    )
    steps.add_argument("--force", action="store_true", help="run all again, whatever is there")
    steps.add_argument(
        "--check", action="store_true", help="read all files again instead of trusting size and time"
    )
    add_engine_options(parser)
    parser.add_argument(
        "--memory", metavar="SIZE",
        help="for all workers together, such as 8GB: as many as fit are started; of each job with a queue",
    )  # fmt: skip
    parser.add_argument("--quiet", action="store_true", help="only errors on the terminal")
    add_debug_option(parser)


def run(args: argparse.Namespace) -> int:
    """Plan or run."""
    return run_one(args.study, args)


def run_one(study: str, args: argparse.Namespace) -> int:
    """Plan or run one study; 0, 1 if part of a step's results is missing, 2 if a step failed."""
    which = {"only": listed(args.only), "begin": listed(args.begin), "force": args.force}
    where = where_of(args)
    if args.dry_run:
        from postgwas.pipeline.run_study import plan_study

        description, plan = plan_study(study, **which)
        print_plan(plan, str(description.folder), commands=args.commands)
        if not args.commands:
            from postgwas.pipeline.left_out import left_out

            for line in left_out(description):
                print(line)
        return 0
    from postgwas.pipeline.run_study import run_study

    outcome = run_study(study, check=args.check, where=where, say=_say(args.quiet), **which)
    return tell(outcome, quiet=args.quiet)


def where_of(args: argparse.Namespace) -> Where:
    """Where the flags say that the work is to run."""
    from postgwas.compute.shared import parse_memory
    from postgwas.pipeline.run_study import Where

    memory = None if args.memory is None else parse_memory(args.memory)
    return Where(**engine_arguments(args), memory=memory)


def listed(text: str) -> list[str]:
    """Names separated by commas."""
    return [item.strip() for item in text.split(",") if item.strip()]


def _say(quiet: bool) -> Callable[[str], None]:
    def say(line: str) -> None:
        if not quiet:
            print(line, flush=True)

    return say


def print_plan(plan: list[Planned], root: str, *, commands: bool) -> None:
    """A line a step: its name, whether it is kept, what it reads, what it took last time."""
    from pathlib import Path

    if commands:
        for one in plan:
            print(one.step.command(Path(root)))
        return
    width = max(len(one.step.name) for one in plan)
    for one in plan:
        took = "" if one.seconds is None else f"  {one.seconds:.0f} s last time"
        size = f"  reads {one.read / 1e6:.1f} MB" if one.read else ""
        print(f"{one.step.name:<{width}}  {one.why}{size}{took}")
        if one.step.after and not one.kept:
            more = len(one.step.after) - _MOST_NAMED
            names = ", ".join(one.step.after[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
            print(f"{'':<{width}}    after {names}")
    runs = sum(not one.kept for one in plan)
    print(f"{len(plan)} steps: {runs} to run, {len(plan) - runs} kept")


def tell(outcome: Outcome, *, quiet: bool) -> int:
    """The last lines of a run; 0, 1 if part of a step's results is missing, 2 if a step failed."""
    for name, line in outcome.failed.items():
        print(f"postgwas: error: {name}: {line}", file=sys.stderr)
    if any(" --" in line or "(--" in line for line in outcome.failed.values()):
        print(_FLAGS, file=sys.stderr)
    for name, line in outcome.partial.items():
        again = f"--only {name} --force runs it again"
        print(f"postgwas: warning: {name}: part of its results is missing: {line} ({again})", file=sys.stderr)
    if not quiet:
        more = f", {len(outcome.failed)} failed" if outcome.failed else ""
        more += f", {len(outcome.waiting)} waiting" if outcome.waiting else ""
        more += f", {len(outcome.partial)} in part" if outcome.partial else ""
        print(f"{len(outcome.ran)} steps run, {len(outcome.kept)} kept{more}: {outcome.study.out}")
    return 2 if outcome.failed else 1 if outcome.partial else 0
