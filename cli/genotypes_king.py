"""Kinship of all pairs of samples: the KING-robust estimator, as plink2 --make-king-table.

Writes OUT.king.tsv.gz with the relation that each kinship stands for: from 0.354 duplicate or twin,
0.177 first degree, 0.0884 second, 0.0442 third. With --relatives remove also OUT.unrelated.txt and
OUT.relatives.txt, for --keep and --remove. Do not prune the variants for it.
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
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_genotype_options(parser)
    pairs = parser.add_argument_group("pairs")
    which = pairs.add_mutually_exclusive_group()
    which.add_argument(
        "--min_kinship", type=float, default=0.0442, metavar="PHI",
        help="pairs of this kinship or more are in the table [default: 0.0442, third degree]",
    )  # fmt: skip
    which.add_argument("--all_pairs", action="store_true", help="all pairs, unrelated ones too")
    pairs.add_argument(
        "--relatives", choices=("list", "remove"), default="list",
        help="remove: choose whom to leave out so that nobody left is related [default: list]",
    )  # fmt: skip
    pairs.add_argument(
        "--max_kinship", type=float, default=0.0884, metavar="PHI",
        help="with remove: kinship from which two are related [default: 0.0884, second degree]",
    )  # fmt: skip
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    output.add_argument("--figures", action="store_true", help="draw kinship against opposite homozygotes")
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compute and write."""
    where = engine_arguments(args)
    if args.dosage:
        raise UsageError("--dosage: kinship is of hard calls", hint="leave --dosage out")
    from postgwas.genotypes.run_king import KingSettings
    from postgwas.genotypes.write_king import king_files

    settings = KingSettings(None if args.all_pairs else args.min_kinship, args.relatives, args.max_kinship)
    king_files(
        args.genotypes, args.out, selection=genotype_selection(args), settings=settings,
        figures=args.figures, store=args.store, overwrite=args.overwrite, quiet=args.quiet,
        log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
