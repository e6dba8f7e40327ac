"""The flags of Popcorn 1.1's fit with their names and defaults."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from postgwas.meta.run_popcorn import PopcornOptions


def add_fit_flags(parser: argparse.ArgumentParser) -> None:
    """All that ``popcorn fit`` asks for besides files of summary statistics."""
    group = parser.add_argument_group("Popcorn")
    group.add_argument(
        "--cfile", metavar="FILE",
        help="scores: of popcorn compute, or OUT.cross.ldscore.gz of postgwas ldsc --l2 --bfile2",
    )  # fmt: skip
    group.add_argument(
        "--gen_effect", action="store_true",
        help="the scores are those of effects per allele (compute --gen_effect, ldsc --l2 --per_allele)",
    )  # fmt: skip
    group.add_argument("--maf", type=float, default=0.05, metavar="MAF", help="[default: 0.05]")
    group.add_argument("--use_mle", action="store_true", help="likelihood rather than regression")
    group.add_argument("--no_intercept", action="store_true", help="intercepts fixed at 1, 1 and 0")
    group.add_argument("--no_jackknife", action="store_true", help="no standard errors")
    group.add_argument(
        "--jackknife_blocks", type=int, metavar="B", help="[default: of 200 variants each, 10 to 200]"
    )
    for i in (1, 2):
        group.add_argument(f"--K{i}", type=float, metavar="SHARE", help=f"prevalence in population {i}")
        group.add_argument(f"--P{i}", type=float, metavar="SHARE", help=f"share of cases in study {i}")


def popcorn_options(args: argparse.Namespace) -> PopcornOptions:
    """The options that the flags ask for."""
    from postgwas.meta.run_popcorn import PopcornOptions

    return PopcornOptions(
        gen_effect=args.gen_effect, maf=args.maf, use_mle=args.use_mle, no_intercept=args.no_intercept,
        no_jackknife=args.no_jackknife, n_blocks=args.jackknife_blocks, prevalence=(args.K1, args.K2),
        sample_prevalence=(args.P1, args.P2),
    )  # fmt: skip
