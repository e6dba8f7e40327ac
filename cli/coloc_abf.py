"""Do two traits share a causal variant? coloc.abf: one causal variant each at most, no LD.

Writes OUT.coloc.tsv (a row a region, with priors and credible sets), OUT.variants.tsv.gz (Bayes factors,
SNP.PP.H4, CLPP), OUT.sensitivity.tsv (over p12), OUT.regions.tsv, OUT.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.coloc_options import (
    add_outputs,
    add_pair,
    add_priors,
    grid_of,
    pair_of,
    run_method,
    weights_of,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_pair(parser)
    group = parser.add_argument_group("method")
    add_priors(group, p12=1e-5, weights=True)
    group.add_argument(
        "--coverage", type=float, default=0.95, metavar="SHARE", help="of credible sets [default: 0.95]"
    )
    add_outputs(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and write."""
    traits = pair_of(args)
    from postgwas.coloc.region_methods import AbfMethod

    method = AbfMethod(
        args.p1, args.p2, args.p12, args.coverage, weights_of(args),
        grid_of(args),
    )  # fmt: skip
    return run_method(args, traits, method)
