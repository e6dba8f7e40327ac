"""Run a study from end to end: harmonise, h2 and rg, MTAG, meta-analysis, eQTLs, fine-mapping, report.

study.yaml says what there is (postgwas init writes one). Results go to its out folder and into one store.
A step whose settings, inputs and code are the same as before is kept; one that was killed is run again.
--dry_run lists the steps.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from postgwas.cli.options import add_debug_option, add_engine_options, engine_arguments
from postgwas.errors import UsageError

if TYPE_CHECKING:
    from postgwas.pipeline.plan import Planned
    from postgwas.pipeline.run_study import Outcome, Where

HELP = "run a study.yaml from end to end; what is there already is kept"

#: Where the flags that errors of commands name stand in a study.yaml.
_FLAGS = (
    "In study.yaml a flag is a setting of its step, steps: STEP: {FLAG: VALUE}; build, n and columns of a "
    "file stand in its line under gwas, unmatched in its tissue's under expression"
)

#: Files or steps that a line of the plan names.
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
    steps.add_argument("--only", metavar="STEP,...", help="these steps alone")
    steps.add_argument(
        "--from",
        dest="begin",
        metavar="STEP,...",
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
    if args.commands and not args.dry_run:
        raise UsageError("--commands shows what would be run", hint="with --dry_run")
    only, begin = listed(args.only, "only"), listed(args.begin, "from")
    which = {"only": only, "begin": begin, "force": args.force, "check": args.check}
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

    outcome = run_study(study, where=where, say=_say(args.quiet), **which)
    return tell(outcome, quiet=args.quiet)


def where_of(args: argparse.Namespace) -> Where:
    """Where the flags say that the work is to run."""
    from postgwas.compute.memory import parse_memory
    from postgwas.pipeline.run_study import Where

    memory = None if args.memory is None else parse_memory(args.memory)
    if memory is not None and args.dask_scheduler:
        raise UsageError(
            "--memory is that of workers which this run starts", hint="not with --dask_scheduler"
        )
    where = Where(**engine_arguments(args), memory=memory)
    if where.jobqueue is not None:
        from postgwas.compute.jobqueue import job_options

        job_options(where.jobqueue, where.jobqueue_options or {})  # before a step's folder is emptied
    return where


def listed(text: str | None, flag: str) -> list[str]:
    """Names separated by commas; none where the flag is absent.

    Raises
    ------
    UsageError
        The flag is there, and names nothing: an empty variable of a shell must not run everything.
    """
    names = [item.strip() for item in (text or "").split(",") if item.strip()]
    if text is not None and not names:
        raise UsageError(f"--{flag} names no step", hint="a kind such as h2, or a name such as h2/EUR_LDL")
    return names


def _say(quiet: bool) -> Callable[[str], None]:
    def say(line: str) -> None:
        if not quiet:
            print(line, flush=True)

    return say


def print_plan(plan: list[Planned], root: str, *, commands: bool) -> None:
    """For each step its name, whether it is kept, about what it will take, what it reads and follows."""
    import shlex
    from pathlib import Path

    from postgwas.pipeline.estimate import in_words
    from postgwas.pipeline.step import relative

    if commands:
        print(shlex.join(["mkdir", "-p", *(relative(str(one.step.out), Path(root)) for one in plan)]))
        for one in plan:
            print(one.step.command(Path(root)))
        return
    width = max(len(one.step.name) for one in plan)
    for one in plan:
        work = "" if one.kept else f"  {_work(one)}"
        print(f"{one.step.name:<{width}}  {one.why}{work}")
        if one.kept:
            continue
        if one.inputs:
            print(f"{'':<{width}}    reads {_some(_by_folder(one.inputs))}: {_size(one.read)}")
        if one.step.after:
            print(f"{'':<{width}}    after {_some(one.step.after)}")
    runs = [one for one in plan if not one.kept]
    total = f", about {in_words(sum(one.seconds for one in runs))} of work" if runs else ""
    print(f"{len(plan)} steps: {len(runs)} to run, {len(plan) - len(runs)} kept{total}")


def _work(one: Planned) -> str:
    from postgwas.pipeline.estimate import in_words

    return f"{in_words(one.seconds)} last time" if one.measured else f"about {in_words(one.seconds)}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _by_folder(names: Sequence[str]) -> list[str]:
    """Files by their names, those of a folder with many by its name and their number."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    found = []
    for folder, files in folders.items():
        found += [f"{folder or '.'}/ ({len(files)} files)"] if len(files) > _MOST_NAMED else files
    return found


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _names_a_setting(line: str) -> bool:
    """Whether an error names a flag that a study.yaml can have: not one of the run itself."""
    import re

    from postgwas.pipeline.kinds import RUN_FLAGS

    return bool({*re.findall(r"(?:^|[ (])--(\w+)", line)} - {*RUN_FLAGS, "only", "memory"})


def tell(outcome: Outcome, *, quiet: bool) -> int:
    """The last lines of a run; 0, 1 if part of a step's results is missing, 2 if a step failed."""
    for name, line in outcome.failed.items():
        print(f"postgwas: error: {name}: {line}", file=sys.stderr)
    if any(map(_names_a_setting, outcome.failed.values())):
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
