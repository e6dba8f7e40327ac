"""Leave out variants that are correlated with others of a window, as plink's --indep-pairwise.

Writes OUT.prune.in and OUT.prune.out (ids, for --extract) and OUT.prune.tsv.gz, which names for each
variant that is left out the one that it is correlated with.
"""

from __future__ import annotations

import argparse
import re
from typing import Literal

from postgwas.cli.options import (
    add_engine_options,
    add_genotype_options,
    add_run_options,
    add_store_options,
    engine_arguments,
    genotype_selection,
)
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_genotype_options(parser)
    windows = parser.add_argument_group("windows")
    windows.add_argument(
        "--window", default="200kb", metavar="N|Nkb",
        help="window in variants (50) or kilobases (200kb) [default: 200kb]",
    )  # fmt: skip
    windows.add_argument(
        "--step", type=int, default=1, metavar="N",
        help="variants that a window in variants moves on [default: 1]",
    )  # fmt: skip
    windows.add_argument(
        "--r2", type=float, default=0.2, metavar="R2", help="largest squared correlation [default: 0.2]"
    )
    windows.add_argument(
        "--indep_pairwise",
        nargs="+",
        metavar="N",
        help="the three at once, as in plink: 50 5 0.2 or 200kb 0.2",
    )
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Prune and write."""
    where = engine_arguments(args)
    if args.dosage:
        raise UsageError("--dosage: pruning is of hard calls", hint="leave --dosage out")
    window, step, r2 = args.window, args.step, args.r2
    if args.indep_pairwise:
        window, step, r2 = _three(args.indep_pairwise)
    size, unit = _window(window)
    from postgwas.genotypes.run_prune import PruneSettings
    from postgwas.genotypes.write_prune import prune_files

    prune_files(
        args.genotypes, args.out, selection=genotype_selection(args),
        settings=PruneSettings(size, unit, step, r2), store=args.store, overwrite=args.overwrite,
        quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0


def _window(text: str) -> tuple[int, Literal["kb", "variants"]]:
    found = re.fullmatch(r"(\d+)\s*(kb)?", text.strip(), re.IGNORECASE)
    if found is None:
        raise UsageError(f"--window {text}: expected a number of variants (50) or kilobases (200kb)")
    return int(found[1]), "kb" if found[2] else "variants"


def _three(given: list[str]) -> tuple[str, int, float]:
    """Window, step and r2; 'kb' may stand apart, and the step may be left out."""
    values = [*given]
    if len(values) > 1 and values[1].lower() == "kb":
        values[:2] = [f"{values[0]}kb"]
    if len(values) == 2:
        values.insert(1, "1")
    try:
        window, step, r2 = values
        return window, int(step), float(r2)
    except ValueError:
        raise UsageError(
            f"--indep_pairwise {' '.join(given)}: expected WINDOW STEP R2, such as 50 5 0.2 or 200kb 1 0.2"
        ) from None
