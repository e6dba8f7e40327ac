"""Flags of ``postgwas meta --method fixed``."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    group = parser.add_argument_group("--method fixed")
    group.add_argument(
        "--scheme", choices=("stderr", "samplesize", "stouffer"), default="stderr",
        help="weights: 1/SE^2, or of z-scores sqrt(N), or equal ones [default: stderr]",
    )  # fmt: skip
    group.add_argument(
        "--subtotals", action="store_true", help="each --ancestry by itself, Q between and within them"
    )
    group.add_argument(
        "--decimals", type=int, default=4, metavar="D", help="of effects in OUT.tbl [default: 4]"
    )


def options(args: argparse.Namespace, studies: object = None) -> dict[str, Any]:
    """The method's own options, for :class:`postgwas.meta.settings.MetaSettings`."""
    from postgwas.meta.run_fixed import NEEDS

    return {
        "scheme": args.scheme, "subtotals": args.subtotals, "decimals": args.decimals,
        "needs": NEEDS[args.scheme],
    }  # fmt: skip
