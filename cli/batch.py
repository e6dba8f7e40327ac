"""Run several studies one after the other; one that fails stops none of the others.

Takes study.yaml files, or folders that hold one. With --dask_scheduler or --dask_jobqueue all use the same
workers.
"""

from __future__ import annotations

import argparse
import sys

from postgwas.cli.run import add_run_flags, run_one

HELP = "run several studies one after the other"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    parser.add_argument("studies", nargs="+", metavar="study.yaml", help="studies, or their folders")
    add_run_flags(parser)


def run(args: argparse.Namespace) -> int:
    """Run each; 2 if any failed, 1 if part of any's results is missing."""
    from postgwas.cli.main import one_line
    from postgwas.errors import PostgwasError
    from postgwas.pipeline.batch import refuse_shared_results

    refuse_shared_results(args.studies)
    failed: list[str] = []
    partial: list[str] = []
    for number, study in enumerate(args.studies, 1):
        if not args.quiet:
            print(f"== {study} ({number} of {len(args.studies)})", flush=True)
        try:
            status = run_one(study, args)
        except (PostgwasError, OSError, MemoryError) as error:
            print(f"postgwas: error: {one_line(error)}", file=sys.stderr)
            status = 2
        if status:
            (partial if status == 1 else failed).append(study)
    if partial:
        print(f"postgwas: warning: part of the results is missing: {', '.join(partial)}", file=sys.stderr)
    if failed:
        print(
            f"postgwas: error: {len(failed)} of {len(args.studies)} studies failed: {', '.join(failed)}",
            file=sys.stderr,
        )
    return 2 if failed else 1 if partial else 0
