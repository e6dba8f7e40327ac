"""Write genotypes, or a selection of them, in another format.

VCF is compressed and, like BCF, indexed. Variants with several ALT alleles are written as one
variant for each; phase is not kept.
"""

from __future__ import annotations

import argparse

from postgwas.cli.options import add_genotype_options, add_run_options, genotype_selection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_genotype_options(parser)
    group = parser.add_argument_group("result")
    group.add_argument("--format", required=True, choices=("bed", "pgen", "vcf", "bcf"), help="what to write")
    group.add_argument("--out", required=True, metavar="PREFIX", help="prefix of the files and of the log")
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Convert; the log tells the rest."""
    from postgwas.genotypes.run_convert import convert

    convert(
        args.genotypes, out=args.out, format=args.format, selection=genotype_selection(args),
        dosage=args.dosage, overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0
