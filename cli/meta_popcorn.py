"""Flags of ``postgwas meta --method popcorn``."""

from __future__ import annotations

import argparse

from postgwas.cli.meta_unused import refuse_unused
from postgwas.cli.popcorn_flags import add_fit_flags, popcorn_options
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_fit_flags(parser)


def run(args: argparse.Namespace) -> int:
    """Fit the genetic correlation of two studies."""
    with_header = "postgwas harmonise --columns writes the files with a header"
    hints = {"maf_min": "--maf MAF", "columns": with_header}
    refuse_unused(args, formats=(), hints=hints)
    if args.cfile is None:
        raise UsageError("--method popcorn needs scores of both populations", hint="--cfile FILE")
    from postgwas.cli.meta import study_list
    from postgwas.meta.run_popcorn import popcorn

    studies = study_list(args).studies
    if len(studies) != 2:
        raise UsageError(f"--method popcorn takes two studies, {len(studies)} are given")
    one, two = studies
    popcorn(
        one.path, two.path, args.cfile, out=args.out, options=popcorn_options(args),
        columns=(one.columns, two.columns), n=(one.n, two.n), store=args.store, overwrite=args.overwrite,
        quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0
