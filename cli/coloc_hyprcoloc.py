"""Which of many traits share a causal variant? HyPrColoc: clusters by branch and bound.

Writes OUT.clusters.tsv (a row a round, with credible sets), OUT.variants.tsv.gz (each cluster's variants),
OUT.similarity.tsv (with --similarity), OUT.regions.tsv, OUT.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.coloc_options import (
    add_ld,
    add_outputs,
    add_regions,
    add_traits,
    rules_of,
    run_method,
    traits_of,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_traits(parser, files="files of summary statistics of any dialect, one a trait")
    add_regions(parser)
    group = parser.add_argument_group("method")
    group.add_argument(
        "--p1", type=float, default=1e-4, metavar="P", help="prior of a variant [default: 1e-4]"
    )
    group.add_argument(
        "--p_shared", type=float, default=0.02, metavar="P",
        help="prior to be causal for a second trait, given one [default: 0.02]",
    )  # fmt: skip
    group.add_argument("--p12", type=float, metavar="P", help="instead: --p_shared is p12 / (p1 + p12)")
    group.add_argument("--uniform_priors", action="store_true", help="equal priors of all hypotheses")
    for flag in ("regional_threshold", "alignment_threshold"):
        group.add_argument(
            f"--{flag}", type=float, metavar="P", help="[default: 0.5, or 0.7 with --uniform_priors]"
        )
    group.add_argument(
        "--selection", choices=("regional", "align", "regional_only"), default="regional",
        help="which probability says what trait to drop [default: regional]",
    )  # fmt: skip
    group.add_argument(
        "--reg_steps", type=int, default=1, metavar="N", help="the peer's reg.steps; only 1 is offered"
    )
    group.add_argument("--no_search", action="store_true", help="take all traits together")
    group.add_argument(
        "--unscaled", action="store_true",
        help="prior standard deviation 0.15 in a trait's own units, as in the peer, not times sdY",
    )  # fmt: skip
    group.add_argument(
        "--coverage", type=float, default=0.95, metavar="SHARE", help="of credible sets [default: 0.95]"
    )
    group.add_argument(
        "--similarity", action="store_true", help="how often traits cluster over thresholds and priors"
    )
    group.add_argument("--trait_cor", metavar="FILE", help="correlations of traits, a line a trait; needs LD")
    group.add_argument("--sample_overlap", metavar="FILE", help="shares of common samples, a line a trait")
    add_ld(parser)
    add_outputs(parser)


def run(args: argparse.Namespace) -> int:
    """Find clusters and write."""
    traits = traits_of(args)
    from postgwas.coloc.many_traits import check_steps
    from postgwas.coloc.region_many import HyprMethod
    from postgwas.errors import UsageError
    from postgwas.finemap.ld_sources import read_numbers

    check_steps(args.reg_steps, "--reg_steps")
    if args.trait_cor is not None and args.genotypes is None and args.ld is None:
        raise UsageError("--trait_cor needs LD", hint="--genotypes FILE, or --ld FILE")
    if args.sample_overlap is not None and args.trait_cor is None:
        raise UsageError("--sample_overlap has no meaning without --trait_cor", hint="--trait_cor FILE")
    if args.trait_cor is None and (args.genotypes is not None or args.ld is not None):
        raise UsageError("LD is used with correlated traits only", hint="--trait_cor FILE, or leave LD out")
    matrices = [
        None if path is None else tuple(map(tuple, read_numbers(path)[0].tolist()))
        for path in (args.trait_cor, args.sample_overlap)
    ]
    method = HyprMethod(
        args.p1, args.p_shared, args.p12, args.uniform_priors, args.regional_threshold,
        args.alignment_threshold, args.selection, not args.no_search, not args.unscaled, matrices[0],
        matrices[1], args.coverage, args.similarity, rules_of(args),
    )  # fmt: skip
    return run_method(args, traits, method)
