"""Which of two, three or four traits share a causal variant? moloc: all configurations.

Writes OUT.configurations.tsv, OUT.groups.tsv (sets of traits with their best variant), OUT.variants.tsv.gz,
OUT.regions.tsv, OUT.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.coloc_options import add_outputs, add_regions, add_traits, run_method, traits_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_traits(parser, files="two to four files of summary statistics of any dialect: traits a, b, c, d")
    add_regions(parser)
    group = parser.add_argument_group("method")
    group.add_argument(
        "--priors", type=float, nargs="+", metavar="P",
        help="of a variant to be causal for one trait, for two, ... [default: 1e-4 1e-5 1e-6 1e-7]",
    )  # fmt: skip
    group.add_argument(
        "--prior_var", nargs="+", default=["0.01", "0.1", "0.5"], metavar="V",
        help="prior variances of effects, averaged over; 'coloc' for 0.0225 and 0.04 by type of trait "
        "[default: 0.01 0.1 0.5]",
    )  # fmt: skip
    group.add_argument(
        "--counting", choices=("moloc", "distinct"), default="moloc",
        help="sums of several causal variants as the peer has them, or of different variants alone "
        "[default: moloc]",
    )  # fmt: skip
    add_outputs(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and write."""
    traits = traits_of(args)
    from postgwas.coloc.region_many import MolocMethod
    from postgwas.errors import UsageError

    if not 2 <= len(traits) <= 4:
        raise UsageError(
            f"files of summary statistics: {len(traits)}, moloc takes two to four",
            hint="postgwas coloc hyprcoloc",
        )
    try:
        variances = None if args.prior_var == ["coloc"] else tuple(float(one) for one in args.prior_var)
    except ValueError:
        raise UsageError(f"--prior_var {' '.join(args.prior_var)}: expected numbers, or coloc") from None
    priors = None if args.priors is None else tuple(args.priors)
    return run_method(args, traits, MolocMethod(priors, variances, args.counting))
