"""Simulate a study whose truth is known, run it from end to end, and show what was found of it.

Three ancestries from the out-of-Africa history, two traits in each, expression of some of the people; some
causal variants are shared between traits and genes. FOLDER/study.yaml is left to be changed and run again by
`postgwas run`. With --mtag_only a quicker demo of MTAG alone. Needs no download.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from postgwas.cli.options import add_engine_options, add_run_options, engine_arguments

if TYPE_CHECKING:
    from rich.console import Console

    from postgwas.reference.demo_study_check import Comparison

HELP = "run a simulated study from end to end, and compare with the truth"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--out", default="postgwas_demo", metavar="FOLDER", help="folder to write [default: postgwas_demo]"
    )
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="seed of the simulation")
    parser.add_argument(
        "--mtag_only", action="store_true", help="MTAG of three simulated traits, with maxFDR; takes seconds"
    )
    parser.add_argument("--no_run", action="store_true", help="only write the study, do not run it")
    add_engine_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Simulate, run, compare with the truth."""
    from postgwas.errors import UsageError

    if args.seed is not None and args.seed < 0:
        raise UsageError(f"--seed {args.seed}: expected 0 or more")
    if args.mtag_only:
        if args.no_run:
            raise UsageError("--mtag_only and --no_run exclude each other")
        from postgwas.cli import demo_mtag

        return demo_mtag.run(args)
    return _run_study(args)


def _run_study(args: argparse.Namespace) -> int:
    from rich.console import Console

    from postgwas.cli.run import tell
    from postgwas.pipeline.run_study import Where, run_study
    from postgwas.reference.demo_study import write_demo_study
    from postgwas.reference.demo_study_check import compare_study
    from postgwas.reference.demo_study_design import SEED

    where = Where(**engine_arguments(args))
    folder = Path(args.out)
    seed = SEED if args.seed is None else args.seed
    console = Console(quiet=args.quiet, highlight=False)
    if not console.is_terminal:
        # Tables keep their columns in a log file or a pipe.
        console = Console(quiet=args.quiet, highlight=False, width=110)
    console.print(f"Simulating three ancestries, two traits and expression (seed {seed}) into {folder}")
    write_demo_study(folder, seed=seed, overwrite=args.overwrite)
    if args.no_run:
        console.print(f"Wrote {folder / 'study.yaml'}: postgwas run {folder / 'study.yaml'}", soft_wrap=True)
        return 0
    outcome = run_study(
        folder / "study.yaml", where=where, say=lambda line: console.print(line, soft_wrap=True, markup=False)
    )
    status = tell(outcome, quiet=args.quiet)
    for one in compare_study(outcome.study.store, folder / "truth"):
        _print(console, one)
    results = outcome.study.out
    console.print(f"\nThe page of all results: {results / 'report' / 'report.html'}", soft_wrap=True)
    console.print(
        f"Change {folder / 'study.yaml'} and run it again: postgwas run {folder / 'study.yaml'}",
        soft_wrap=True,
    )
    return status


def _print(console: Console, one: Comparison) -> None:
    from rich import box
    from rich.table import Table

    table = Table(
        title=one.title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for number, heading in enumerate(one.columns):
        table.add_column(heading, justify="left" if number < one.n_left else "right")
    for row in one.rows:
        table.add_row(*row)
    console.print()
    console.print(table)
    console.print(one.summary, soft_wrap=True)
