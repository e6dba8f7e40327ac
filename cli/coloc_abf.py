"""Do two traits share a causal variant? coloc.abf: one causal variant each at most, no LD.

Writes OUT.coloc.tsv (a row a region, with priors and credible sets), OUT.variants.tsv.gz (Bayes factors,
SNP.PP.H4, CLPP), OUT.sensitivity.tsv (over p12), OUT.regions.tsv, OUT.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.coloc_options import (
    add_outputs,
    add_priors,
    add_regions,
    add_traits,
    run_method,
    traits_of,
    weights_of,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_traits(parser, files="two files of summary statistics of any dialect")
    add_regions(parser)
    group = parser.add_argument_group("method")
    add_priors(group, p12=1e-5, weights=True)
    group.add_argument(
        "--coverage", type=float, default=0.95, metavar="SHARE", help="of credible sets [default: 0.95]"
    )
    add_outputs(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and write."""
    traits = traits_of(args, exactly=2)
    from postgwas.coloc.region_methods import AbfMethod

    method = AbfMethod(
        args.p1, args.p2, args.p12, args.coverage, weights_of(args),
        tuple(args.sensitivity_p12) if args.sensitivity_p12 else None,
    )  # fmt: skip
    return run_method(args, traits, method)
