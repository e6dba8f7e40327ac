"""Flags of ``postgwas meta --method re2``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from postgwas.cli.meta_fixed import given_correlation
from postgwas.errors import UsageError

if TYPE_CHECKING:
    from postgwas.meta.studies import StudyList


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    group = parser.add_argument_group("--method re2 (Han-Eskin RE2, RE2C, m-values, binary effects)")
    group.add_argument(
        "--re2_p", choices=("exact", "corrected", "asymptotic"), default="exact",
        help="P of RE2: for this number of studies (as Han and Eskin's tables, computed); RE2C's mixture of "
        "chi-squares with P(tau2 = 0); the half and half mixture [default: exact]",
    )  # fmt: skip
    group.add_argument(
        "--study_correlation",
        metavar="FILE",
        help="correlation of studies' estimates (shared samples); of --method fixed too",
    )
    group.add_argument(
        "--m_values", action="store_true", help="posterior probability of an effect in each study"
    )
    group.add_argument(
        "--binary_effects", type=float, metavar="P",
        help="P of the binary-effects test, for variants whose RE2 P is at most this",
    )  # fmt: skip
    group.add_argument(
        "--m_sigma", type=float, default=0.2, metavar="SD",
        help="prior standard deviation of effects, of m-values and binary effects [default: 0.2]",
    )  # fmt: skip
    group.add_argument(
        "--m_prior", default="1,1", metavar="A,B",
        help="Beta prior of the share of studies with an effect [default: 1,1]",
    )  # fmt: skip
    group.add_argument("--seed", type=int, default=1, help="of the sampling of binary effects [default: 1]")


def options(args: argparse.Namespace, studies: StudyList | None = None) -> dict[str, Any]:
    """The method's own options, for :class:`postgwas.meta.settings.MetaSettings`."""
    matrix = given_correlation(args.study_correlation, studies)
    prior = _pair(args.m_prior)
    if not args.m_sigma > 0:
        raise UsageError(f"--m_sigma {args.m_sigma}: expected above 0")
    if args.binary_effects is not None and not 0 < args.binary_effects <= 1:
        raise UsageError(f"--binary_effects {args.binary_effects}: expected a P, above 0 to 1")
    return {
        "re2_p": args.re2_p, "correlation": matrix, "m_values": args.m_values, "m_sigma": args.m_sigma,
        "m_prior": prior, "binary_effects": args.binary_effects, "seed": args.seed,
    }  # fmt: skip


def _pair(text: str) -> tuple[float, float]:
    try:
        first, second = (float(item) for item in text.split(","))
    except ValueError:
        first = second = 0.0
    if not (first > 0 and second > 0):
        raise UsageError(f"--m_prior {text}: expected two numbers above 0, as 1,1")
    return first, second
