"""Multi-ancestry meta-analysis: every flag of mama.py 1.0.0.

Reads summary statistics of populations and LD scores in and across them, and writes one table of
results a population. ``postgwas meta --method mama`` reads any dialect and is the same otherwise.
"""

from __future__ import annotations

import argparse

from postgwas.cli.mama_flags import add_input_flags, add_mama_flags, mama_options, population_list
from postgwas.cli.options import add_run_options, add_store_options
from postgwas.errors import UsageError

HELP = "multi-ancestry meta-analysis: the flags of mama.py"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_input_flags(parser)
    add_mama_flags(parser)
    add_store_options(parser)
    add_run_options(parser)
    parser.add_argument("--verbose", action="store_true", help="debug lines too")


def run(args: argparse.Namespace) -> int:
    """Run MAMA as mama.py would."""
    if args.quiet and args.verbose:
        raise UsageError("--quiet and --verbose exclude each other")
    if not args.ld_scores:
        raise UsageError("no LD scores given", hint="--ld_scores FILE")
    options = mama_options(args, mama_compat=True)
    populations = population_list(args.sumstats)
    from postgwas.meta.run_mama import mama

    mama(
        populations, args.ld_scores, out=args.out, options=options, out_reg_coef=args.out_reg_coef,
        out_harmonized=args.out_harmonized, store=args.store, overwrite=args.overwrite, quiet=args.quiet,
        verbose=args.verbose, log_json=args.log_json,
    )  # fmt: skip
    return 0
