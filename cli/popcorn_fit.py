"""Heritabilities and genetic correlation of two populations, as popcorn fit writes them."""

from __future__ import annotations

import argparse
from pathlib import Path

from postgwas.cli.options import add_run_options
from postgwas.cli.popcorn_flags import add_fit_flags, popcorn_options
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    parser.add_argument("out", metavar="OUT", help="file of results")
    parser.add_argument("-v", type=int, choices=range(4), default=0, help="verbosity")
    group = parser.add_argument_group("summary statistics, of any dialect")
    group.add_argument("--sfile1", required=True, metavar="FILE", help="of population 1")
    group.add_argument("--sfile2", required=True, metavar="FILE", help="of population 2")
    add_fit_flags(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Fit and write."""
    if args.cfile is None:
        raise UsageError("no scores given", hint="--cfile FILE")
    from postgwas.destination import refuse_existing
    from postgwas.meta.run_popcorn import popcorn
    from postgwas.runlog import run_log
    from postgwas.sumstats.write import write_delimited

    if not args.overwrite:
        refuse_existing([Path(args.out)])
    options = popcorn_options(args)
    with run_log(f"{args.out}.log", quiet=args.quiet, json_lines=args.log_json):
        result = popcorn(args.sfile1, args.sfile2, args.cfile, options=options, quiet=args.quiet)
        write_delimited(result.popcorn_table, args.out, null="NaN")
    return 0
