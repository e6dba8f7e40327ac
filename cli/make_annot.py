#!/usr/bin/env python3
"""Annotation files for LD scores from gene sets or BED files: the flags of ldsc's make_annot.py.

Writes one row a variant of --bimfile and one column a file: 1 where the variant lies in an
interval. BED intervals are 0-based and half-open, gene coordinates 1-based with both ends
included. Positions carry no genome build: that of the intervals must be that of the variants,
and nothing in the files can tell. Flags may be written with _ or -.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from postgwas.cli.options import add_debug_option
from postgwas.errors import UsageError

HELP = "an annotation file for LD scores from a gene set or a BED file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags of make_annot.py and ours."""
    group = parser.add_argument_group("intervals")
    group.add_argument("--gene_set_file", metavar="FILE[,FILE...]", help="gene names, one a line")
    group.add_argument(
        "--gene_coord_file", metavar="FILE", help="places of all genes: columns GENE CHR START END"
    )
    group.add_argument(
        "--windowsize", type=int, metavar="BASES", help="bases to add on each side of a gene [with gene sets]"
    )
    group.add_argument(
        "--bed_file", metavar="FILE[,FILE...]", help="BED file; of several, each makes a column"
    )
    group.add_argument(
        "--nomerge", action="store_true", help="count the intervals that hold a variant, instead of 0 or 1"
    )
    group = parser.add_argument_group("variants and output")
    group.add_argument("--bimfile", required=True, metavar="FILE", help="variants: a PLINK .bim file")
    group.add_argument("--annot_file", required=True, metavar="FILE", help="to write, such as 22.annot.gz")
    group.add_argument("--annot_names", metavar="NAME[,NAME...]", help="names of the columns")
    group.add_argument(
        "--full", action="store_true", help="write CHR BP SNP CM too, so that --l2 can check the variants"
    )
    group = parser.add_argument_group("running")
    group.add_argument("--overwrite", action="store_true", help="replace --annot_file")
    group.add_argument("--quiet", action="store_true", help="only warnings and errors on the terminal")
    add_debug_option(parser)
    parser.give_way("annot_names", "full", "overwrite", "quiet")  # type: ignore[attr-defined]


def run(args: argparse.Namespace) -> int:
    """Check the flags and write the file."""
    genes, beds = _listed(args.gene_set_file), _listed(args.bed_file)
    if not genes and not beds:
        raise UsageError("no intervals given", hint="--bed_file FILE, or --gene_set_file FILE")
    if genes and args.windowsize is None:
        raise UsageError("--gene_set_file needs --windowsize", hint="--windowsize 100000")
    if not genes and (args.windowsize is not None or args.gene_coord_file):
        given = "--windowsize" if args.windowsize is not None else "--gene_coord_file"
        raise UsageError(f"{given} goes with --gene_set_file: BED intervals are taken as they are")
    from postgwas.ld.make_annot import make_annot
    from postgwas.runlog import run_log

    with run_log(None, quiet=args.quiet):
        make_annot(
            args.bimfile,
            args.annot_file,
            bed_files=beds,
            gene_set_files=genes,
            gene_coord_file=args.gene_coord_file,
            window=args.windowsize or 0,
            names=_listed(args.annot_names) or None,
            count=args.nomerge,
            full=args.full,
            overwrite=args.overwrite,
        )
    return 0


def _listed(text: str | None) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()] if text else []


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``postgwas make_annot`` on make_annot.py's command line: this file stands in for that script."""
    from postgwas.cli.main import run_command

    return run_command("make_annot", sys.argv[1:] if argv is None else argv, prog="make_annot.py")


if __name__ == "__main__":
    sys.exit(main())
