"""The genomic relationship matrix: mean product of standardised genotypes of each pair of samples.

Writes OUT.rel and OUT.rel.id (as plink2 --make-rel square), or with --format gcta OUT.grm.bin,
OUT.grm.N.bin and OUT.grm.id.
"""

from __future__ import annotations

import argparse

from postgwas.cli.options import (
    add_engine_options,
    add_genotype_options,
    add_run_options,
    add_store_options,
    engine_arguments,
    genotype_selection,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_genotype_options(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    output.add_argument(
        "--format", choices=("rel", "gcta"), default="rel",
        help="a square table of text, or GCTA's binary files [default: rel]",
    )  # fmt: skip
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compute and write."""
    where = engine_arguments(args)
    from postgwas.genotypes.run_grm import grm_files

    grm_files(
        args.genotypes, args.out, selection=genotype_selection(args), dosage=args.dosage, format=args.format,
        store=args.store, overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
