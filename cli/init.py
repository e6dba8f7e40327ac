"""Write a commented study.yaml from the files that a folder holds.

Summary statistics, genotypes, counts, a GTF and LD scores are told by names and first lines; ancestries and
traits are guessed from names, and guesses are marked with a question.
"""

from __future__ import annotations

import argparse

from postgwas.cli.options import add_debug_option

HELP = "write a commented study.yaml from the files of a folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    parser.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="[default: here]")
    parser.add_argument("--name", metavar="NAME", help="of the study [default: the folder's]")
    parser.add_argument("--overwrite", action="store_true", help="replace a study.yaml that is there")
    add_debug_option(parser)


def run(args: argparse.Namespace) -> int:
    """Look and write."""
    from postgwas.pipeline.init_study import init_study

    path, found = init_study(args.folder, name=args.name, overwrite=args.overwrite)
    for kind, names in found.items():
        print(f"{kind}: {', '.join(names) if names else 'none found'}")
    print(f"Wrote {path}. Look at the lines with a question mark, then: postgwas run {path} --dry_run")
    return 0
