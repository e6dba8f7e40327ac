"""Do two traits share causal variants? coloc.susie: SuSiE on both, all pairs of credible sets.

Writes OUT.coloc.tsv (a row a pair of credible sets), OUT.credible_sets.tsv (with the share that the other
trait has), OUT.variants.tsv.gz, OUT.sensitivity.tsv, OUT.regions.tsv, OUT.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.coloc_options import (
    add_outputs,
    add_pair,
    add_priors,
    grid_of,
    pair_of,
    rules_of,
    run_method,
    weights_of,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_pair(parser, ld=True)
    group = parser.add_argument_group("method")
    add_priors(group, p12=5e-6, weights=True)
    for flag, value, what in (
        ("coverage", 0.95, "of a credible set [default: 0.95]"),
        ("min_abs_corr", 0.5, "least absolute correlation within a credible set [default: 0.5]"),
        ("tol", 1e-3, "rise of the bound that ends a fit [default: 0.001]"),
    ):
        group.add_argument(f"--{flag}", type=float, default=value, metavar="X", help=what)
    group.add_argument("--L", type=int, default=10, metavar="L", help="most effects of a trait [default: 10]")
    group.add_argument("--max_iter", type=int, default=100, metavar="N", help="rounds at most [default: 100]")
    group.add_argument(
        "--prior_method", choices=("optim", "EM", "simple"), default="optim",
        help="how prior variances are estimated [default: optim]",
    )  # fmt: skip
    add_outputs(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and write."""
    traits = pair_of(args, needs_ld="SuSiE", instead="; or postgwas coloc abf")
    from postgwas.coloc.fitted_side import FitOptions
    from postgwas.coloc.region_set_pairs import SusieMethod

    fit = FitOptions(args.L, args.coverage, args.min_abs_corr, args.max_iter, args.tol, args.prior_method)
    method = SusieMethod(
        fit, args.p1, args.p2, args.p12, weights_of(args),
        grid_of(args), rules_of(args),
    )  # fmt: skip
    return run_method(args, traits, method)
