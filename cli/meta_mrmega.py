"""Flags of ``postgwas meta --method mrmega``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from postgwas.errors import UsageError

if TYPE_CHECKING:
    from postgwas.meta.studies import StudyList

FORMAT = "mrmega"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    group = parser.add_argument_group("--method mrmega (MR-MEGA, env-MR-MEGA)")
    group.add_argument("--pcs", type=int, default=3, metavar="T", help="axes of ancestry [default: 3]")
    group.add_argument(
        "--pc_file", metavar="FILE",
        help="given axes: a row a study, in the order of the studies or with their names before",
    )  # fmt: skip
    group.add_argument(
        "--pc_min_maf", type=float, default=0.01, metavar="MAF",
        help="markers of the axes have this in every cohort [default: 0.01]",
    )  # fmt: skip
    group.add_argument(
        "--covariates", metavar="NAME,...", help="columns of --studies that effects may depend on too"
    )
    group.add_argument(
        "--gco", action="store_true", help="genomic control of the association test (of cohorts: "
        "--genomic_control on)",
    )  # fmt: skip


def options(args: argparse.Namespace, studies: StudyList | None = None) -> dict[str, Any]:
    """The method's own options, for :class:`postgwas.meta.settings.MetaSettings`."""
    if args.pcs < 1:
        raise UsageError(f"--pcs {args.pcs}: expected at least 1")
    if not 0 <= args.pc_min_maf < 0.5:
        raise UsageError(f"--pc_min_maf {args.pc_min_maf}: expected 0 to below 0.5")
    axes = None
    if args.pc_file is not None and studies is not None:
        from postgwas.meta.study_matrix import read_axes

        axes = read_axes(args.pc_file, [study.name for study in studies.studies])
        names = [study.name for study in studies.studies]
        axes = axes[[names.index(study.name) for study in studies.canonical]].tolist()
    needs = ("beta", "se") if axes is not None else ("beta", "se", "eaf")
    return {
        "n_axes": args.pcs, "axes": axes, "min_maf": args.pc_min_maf, "gco": args.gco, "needs": needs,
        "covariates": tuple(name for name in (args.covariates or "").split(",") if name),
    }  # fmt: skip
