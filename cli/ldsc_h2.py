"""``postgwas ldsc --h2`` and ``--h2_cts``: flags to arguments of one library function."""

from __future__ import annotations

import argparse
from typing import Any

from postgwas.cli.options import engine_arguments
from postgwas.errors import UsageError


def run(args: argparse.Namespace) -> int:
    """Heritability of one trait, partitioned where the LD scores have several columns."""
    if args.overlap_annot and not args.not_M_5_50:
        paired = (args.frqfile and args.ref_ld) or (args.frqfile_chr and args.ref_ld_chr)
        if not paired and (args.frqfile or args.frqfile_chr):
            raise UsageError("--frqfile goes with --ref_ld, --frqfile_chr with --ref_ld_chr")
    from postgwas.ldsc.run_h2 import h2

    _keep_what_is_freed()
    h2(
        args.h2,
        samp_prev=_number(args.samp_prev, "--samp_prev"),
        pop_prev=_number(args.pop_prev, "--pop_prev"),
        overlap_annot=args.overlap_annot,
        frqfile=args.frqfile_chr or args.frqfile,
        print_coefficients=args.print_coefficients,
        print_cov=args.print_cov,
        print_delete_vals=args.print_delete_vals,
        print_pseudovalues=args.print_pseudovalues,
        two_step=args.two_step,
        **_common(args),
    )
    return 0


def _keep_what_is_freed() -> None:
    """Have what arrays leave behind used by the next ones.

    The C library gives freed memory back at once unless a larger piece was freed before, and
    getting it again, cleared by the system, costs more than what a regression puts there.
    """
    import numpy as np

    np.empty(31 << 20, dtype=np.uint8)


def run_cts(args: argparse.Namespace) -> int:
    """Coefficients of cell types, each beside the same baseline model."""
    if not args.ref_ld_chr_cts:
        raise UsageError("--h2_cts needs the list of cell types", hint="--ref_ld_chr_cts FILE")
    if not args.ref_ld_chr:
        raise UsageError("--h2_cts needs a baseline model by chromosome", hint="--ref_ld_chr PREFIX")
    if args.two_step is not None:
        raise UsageError("--two_step takes one LD score column, --h2_cts has more", hint="drop --two_step")
    from postgwas.ldsc.cts import h2_cts

    h2_cts(args.h2_cts, ref_ld_cts=args.ref_ld_chr_cts, print_all_cts=args.print_all_cts, **_common(args))
    return 0


def _common(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "ref_ld": args.ref_ld_chr or args.ref_ld,
        "w_ld": args.w_ld_chr or args.w_ld,
        "ref_by_chromosome": bool(args.ref_ld_chr),
        "w_by_chromosome": bool(args.w_ld_chr),
        "out": args.out,
        "trait_name": _one_name(args.trait_names),
        "m": _numbers(args.M, "--M"),
        "not_m_5_50": args.not_M_5_50,
        "no_intercept": args.no_intercept,
        "intercept_h2": _number(args.intercept_h2, "--intercept_h2"),
        "chisq_max": args.chisq_max,
        "n_blocks": args.n_blocks,
        "invert_anyway": args.invert_anyway,
        "compat": args.ldsc_compat,
        "store": args.store,
        "overwrite": args.overwrite,
        "quiet": args.quiet,
        "log_json": args.log_json,
        **engine_arguments(args),
    }


def _one_name(text: str | None) -> str | None:
    if text is None:
        return None
    if "," in text or "/" in text or not text.strip(". "):
        raise UsageError(f"--trait_names {text}: expected one name, without '/'")
    return text.strip()


def _numbers(text: str | None, flag: str) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(item) for item in text.split(",")]
    except ValueError:
        raise UsageError(f"{flag} {text}: expected a number, or numbers separated by commas") from None


def _number(text: str | None, flag: str) -> float | None:
    """One number; N stands for none given."""
    if text is None or text == "N":
        return None
    values = _numbers(text, flag)
    if values is None or len(values) != 1:
        raise UsageError(f"{flag} {text}: expected one number")
    return values[0]
