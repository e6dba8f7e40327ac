"""Flags of ``postgwas meta --method fixed``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from postgwas.errors import UsageError

if TYPE_CHECKING:
    from postgwas.meta.studies import StudyList


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
        "--overlap", nargs="?", const="auto", choices=("auto", "metal", "pairs"), metavar="metal|pairs",
        help="correct for people that studies share, told from z-scores near zero: as METAL's OVERLAP ON, "
        "study after study, or from all pairs of studies [of --scheme samplesize: metal, of others: pairs]",
    )  # fmt: skip
    group.add_argument(
        "--overlap_z", type=float, default=1.0, metavar="Z",
        help="z-scores below it tell overlap (METAL's ZCUTOFF) [default: 1]",
    )  # fmt: skip
    group.add_argument(
        "--decimals", type=int, default=4, metavar="D", help="of effects in OUT.tbl [default: 4]"
    )


def options(args: argparse.Namespace, studies: StudyList | None = None) -> dict[str, Any]:
    """The method's own options, for :class:`postgwas.meta.settings.MetaSettings`."""
    from postgwas.meta.run_fixed import NEEDS

    if args.subtotals and studies is not None:
        without = [study.name for study in studies.studies if study.ancestry is None]
        if without:
            raise UsageError(
                f"--subtotals: no ancestry is given for {', '.join(without)}",
                hint="--ancestry EUR,EAS,..., or a column ANCESTRY of --studies",
            )
    return {
        "scheme": args.scheme, "subtotals": args.subtotals, "decimals": args.decimals,
        "needs": NEEDS[args.scheme], "overlap": _overlap(args), "overlap_z": args.overlap_z,
        "order": None if studies is None else list(studies.display),
        "correlation": given_correlation(args.study_correlation, studies),
    }  # fmt: skip


def _overlap(args: argparse.Namespace) -> str | None:
    """How overlap is told, if at all."""
    if args.overlap is None:
        return None
    if args.study_correlation is not None:
        raise UsageError("--overlap and --study_correlation exclude each other")
    if not 0 < args.overlap_z < float("inf"):
        raise UsageError(f"--overlap_z {args.overlap_z:g}: expected above 0")
    kind = args.overlap
    if kind == "auto":
        kind = "metal" if args.scheme == "samplesize" else "pairs"
    if kind == "metal" and args.scheme != "samplesize":
        raise UsageError(
            f"--overlap metal: METAL corrects sample-size weighted z-scores, not --scheme {args.scheme}",
            hint="--scheme samplesize, or --overlap pairs",
        )
    if kind == "metal" and args.subtotals:
        raise UsageError("--overlap metal and --subtotals exclude each other", hint="--overlap pairs")
    return str(kind)


def given_correlation(path: str | None, studies: StudyList | None) -> list[list[float]] | None:
    """The matrix of ``--study_correlation``, studies in the order of their names."""
    if path is None or studies is None:
        return None
    from postgwas.meta.study_matrix import read_correlation

    names = [study.name for study in studies.studies]
    given = read_correlation(path, names)
    order = [names.index(study.name) for study in studies.canonical]
    matrix: list[list[float]] = given[order][:, order].tolist()
    return matrix
