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
    add_susie,
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
    add_susie(group)
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
