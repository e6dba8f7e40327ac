"""F_ST of groups of samples at autosomal variants: all together, each pair, each group against the rest.

Writes OUT.fst.tsv (ratio of sums over variants, block jackknife standard errors), with --by_variant
OUT.fst.var.tsv.gz, and with --figures OUT.fst.png and OUT.fst_genome.png.
"""

from __future__ import annotations

import argparse

from postgwas.cli.genotypes_pca import add_group_options
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
    add_group_options(parser, required=True)
    group = parser.add_argument_group("F_ST")
    group.add_argument(
        "--method", choices=("hudson", "wc"), default="hudson",
        help="Hudson's (Bhatia et al. 2013) or Weir and Cockerham's (1984) [default: hudson]",
    )  # fmt: skip
    group.add_argument(
        "--compare", default="all,pairs,rest", metavar="KIND,KIND",
        help="all: all groups together; pairs; rest: each against all others [default: all,pairs,rest]",
    )  # fmt: skip
    group.add_argument("--n_blocks", type=int, default=100, help="blocks of the jackknife [default: 100]")
    group.add_argument("--block_variants", type=int, metavar="N", help="variants of a block, instead")
    group.add_argument(
        "--least_samples", type=int, default=2, metavar="N", help="smaller groups are left out [default: 2]"
    )
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    output.add_argument("--by_variant", action="store_true", help="also write F_ST of each variant")
    output.add_argument("--figures", action="store_true", help="draw pairs, and F_ST along the genome")
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Estimate and write."""
    where = engine_arguments(args)
    from postgwas.genotypes.run_fst import FstSettings
    from postgwas.genotypes.write_fst import fst_files

    settings = FstSettings(
        method=args.method, compare=tuple(one.strip() for one in args.compare.split(",") if one.strip()),
        n_blocks=args.n_blocks, block_variants=args.block_variants, least_samples=args.least_samples,
    )  # fmt: skip
    fst_files(
        args.genotypes, args.out, args.groups, group_column=args.group_column,
        selection=genotype_selection(args), settings=settings, by_variant=args.by_variant, dosage=args.dosage,
        figures=args.figures, store=args.store, overwrite=args.overwrite, quiet=args.quiet,
        log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
