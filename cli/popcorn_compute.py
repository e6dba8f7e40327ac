"""Scores within and across two populations, as popcorn compute writes them."""

from __future__ import annotations

import argparse
from pathlib import Path

from postgwas.cli.options import add_run_options
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    parser.add_argument("out", metavar="OUT", help="file of scores")
    parser.add_argument("-v", type=int, choices=range(4), default=0, help="verbosity")
    group = parser.add_argument_group("genotypes")
    group.add_argument("--bfile1", required=True, metavar="PREFIX", help="of population 1 (PLINK, VCF, BGEN)")
    group.add_argument("--bfile2", required=True, metavar="PREFIX", help="of population 2")
    group.add_argument("--maf", type=float, default=0.05, metavar="MAF", help="in both [default: 0.05]")
    group.add_argument("--extract", metavar="FILE", help="only these variant ids")
    group = parser.add_argument_group("scores")
    group.add_argument("--gen_effect", action="store_true", help="of effects per allele")
    group.add_argument("--window_size", type=float, default=1000, metavar="SIZE", help="[default: 1000]")
    group.add_argument("--window_type", choices=("KBP", "SNP"), default="KBP", help="[default: KBP]")
    for flag in ("--SNPs_to_read", "--SNPs_to_store"):
        group.add_argument(flag, type=int, help=argparse.SUPPRESS)
    for flag in ("--use_bias", "--h2weight"):
        group.add_argument(flag, action="store_true", help=argparse.SUPPRESS)
    for flag in ("--from_bp", "--to_bp"):
        group.add_argument(flag, type=int, help=argparse.SUPPRESS)
    group.add_argument("--cores", type=int, default=1, metavar="N", help="worker processes [default: 1]")
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compute and write."""
    for flag in ("use_bias", "h2weight", "from_bp", "to_bp"):
        if getattr(args, flag) not in (None, False):
            hint = "--extract FILE" if flag.endswith("_bp") else None
            raise UsageError(f"--{flag} of popcorn compute is not offered here", hint=hint)
    from postgwas.destination import refuse_existing
    from postgwas.meta.popcorn_compute import compute

    if not args.overwrite:
        refuse_existing([Path(args.out)])
    compute(
        args.bfile1, args.bfile2, args.out, maf=args.maf, gen_effect=args.gen_effect, extract=args.extract,
        window=args.window_size, unit="kb" if args.window_type == "KBP" else "snps", cores=args.cores,
        quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0
