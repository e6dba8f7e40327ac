"""Do two traits share causal variants? coloc.signals: signals by conditioning or masking, all pairs.

Writes OUT.coloc.tsv (a row a pair of signals), OUT.variants.tsv.gz, OUT.regions.tsv, OUT.rejected.tsv.gz and
OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.coloc_options import (
    add_outputs,
    add_pair,
    add_priors,
    pair_of,
    rules_of,
    run_method,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_pair(parser, ld=True)
    group = parser.add_argument_group("method")
    group.add_argument(
        "--method", choices=("single", "cond", "mask"), default="cond",
        help="the strongest signal alone, conditioning on those found, or masking what is in LD with them "
        "[default: cond]",
    )  # fmt: skip
    group.add_argument(
        "--mode", choices=("iterative", "allbutone"), default="iterative",
        help="a signal given those found before it, or given all others [default: iterative]",
    )  # fmt: skip
    add_priors(group, p12=1e-5)
    for flag, value, what in (
        ("signal_p", 1e-6, "largest P of a signal [default: 1e-6]"),
        ("max_signals", 3, "most signals of a trait [default: 3]"),
        ("r2_mask", 0.01, "mask: squared correlation with a signal above which variants go [default: 0.01]"),
    ):
        group.add_argument(f"--{flag}", type=type(value), default=value, metavar="X", help=what)
    group.add_argument(
        "--distinct", action="store_true",
        help="H3 counts pairs of different variants only, as coloc abf does; coloc.signals counts all",
    )  # fmt: skip
    add_outputs(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and write."""
    traits = pair_of(args, needs_ld=None if args.method == "single" else f"--method {args.method}")
    from postgwas.coloc.region_set_pairs import SignalsMethod

    method = SignalsMethod(
        args.method, args.mode, args.p1, args.p2, args.p12, args.signal_p, args.max_signals, args.r2_mask,
        args.distinct, rules_of(args),
    )  # fmt: skip
    return run_method(args, traits, method)
