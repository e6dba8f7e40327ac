"""Flags of ``postgwas meta --method random``."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    group = parser.add_argument_group("--method random")
    group.add_argument(
        "--tau2", choices=("DL", "PM", "REML", "ML", "HE", "SJ", "HS", "EB"), default="DL",
        help="variance between studies: DerSimonian-Laird, Paule-Mandel, (restricted) maximum likelihood, "
        "Hedges, Sidik-Jonkman, Hunter-Schmidt, empirical Bayes [default: DL]",
    )  # fmt: skip
    group.add_argument(
        "--test", choices=("z", "knha", "adhoc"), default="z",
        help="normal; Knapp-Hartung's t; the same with a scale never below 1 [default: z]",
    )  # fmt: skip
    group.add_argument(
        "--tau2_intervals", action="store_true", help="95 %% intervals of tau2, I2 and H2 by Q-profile"
    )


def options(args: argparse.Namespace, studies: object = None) -> dict[str, Any]:
    """The method's own options, for :class:`postgwas.meta.settings.MetaSettings`."""
    return {"tau2": args.tau2, "test": args.test, "intervals": args.tau2_intervals}
