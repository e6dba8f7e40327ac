"""``postgwas ldsc --rg``: flags to arguments of one library function."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from postgwas.cli.options import engine_arguments
from postgwas.errors import UsageError

if TYPE_CHECKING:
    from postgwas.ldsc.rg_results import RgResult

#: Some pair has no genetic correlation; the others were written.
EXIT_SOME_FAILED = 1


def run(args: argparse.Namespace) -> int:
    """Genetic correlations of the first trait with each of the others, or of all pairs."""
    files = [item.strip() for item in args.rg.split(",") if item.strip()]
    if len(files) < 2:
        raise UsageError(f"--rg {args.rg}: expected at least two files", hint="--rg FILE1,FILE2")
    common = _arguments(args)
    where = engine_arguments(args)
    from postgwas.ldsc.run_rg import rg, rg_matrix
    from postgwas.runlog import get_logger

    found: RgResult
    if args.rg_matrix:
        found = rg_matrix(files, **common, **where)
    else:
        if where != {"cores": 1, "scheduler": None, "jobqueue": None, "jobqueue_options": None}:
            # Most of the time goes into reading one trait after the other.
            get_logger(__name__).warning(
                "--rg runs in this process: --cores and --dask_... go with --rg_matrix"
            )
        found = rg(files, **common)
    return EXIT_SOME_FAILED if found.failed else 0


def _arguments(args: argparse.Namespace) -> dict[str, Any]:
    return {
        "ref_ld": args.ref_ld_chr or args.ref_ld,
        "w_ld": args.w_ld_chr or args.w_ld,
        "ref_by_chromosome": bool(args.ref_ld_chr),
        "w_by_chromosome": bool(args.w_ld_chr),
        "out": args.out,
        "trait_names": None if args.trait_names is None else args.trait_names.split(","),
        "m": _numbers(args.M, "M"),
        "not_m_5_50": args.not_M_5_50,
        "no_intercept": args.no_intercept,
        "intercept_h2": _numbers(args.intercept_h2, "intercept_h2", free=True),
        "intercept_gencov": _numbers(args.intercept_gencov, "intercept_gencov", free=True),
        "two_step": args.two_step,
        "chisq_max": args.chisq_max,
        "n_blocks": args.n_blocks,
        "check_alleles": not args.no_check_alleles,
        "samp_prev": _prevalences(args.samp_prev, "samp_prev"),
        "pop_prev": _prevalences(args.pop_prev, "pop_prev"),
        "print_cov": args.print_cov,
        "print_delete_vals": args.print_delete_vals,
        "print_pseudovalues": args.print_pseudovalues,
        "figures": args.figures,
        "invert_anyway": args.invert_anyway,
        "return_silly_things": args.return_silly_things,
        "compat": args.ldsc_compat,
        "store": args.store,
        "overwrite": args.overwrite,
        "quiet": args.quiet,
        "log_json": args.log_json,
    }


def _prevalences(text: str | None, flag: str) -> list[float | None] | None:
    """Numbers of a list; NaN for each nan, N or NA, of a quantitative trait."""
    if text is None:
        return None
    return _numbers(",".join("nan" if _stands_for_none(item) else item for item in text.split(",")), flag)


def _stands_for_none(item: str) -> bool:
    return item.strip().upper() in ("N", "NA", "NAN")


def _numbers(text: str | None, flag: str, *, free: bool = False) -> list[float | None] | None:
    """Numbers of a list; with `free`, None for each N."""
    if text is None:
        return None
    found: list[float | None] = []
    for item in text.split(","):
        if free and item.strip().upper() == "N":
            found.append(None)
            continue
        try:
            found.append(float(item))
        except ValueError:
            either = " or N (free)" if free else ""
            raise UsageError(
                f"--{flag} {text}: '{item}' is not a number; expected numbers{either} separated by commas"
            ) from None
    return found
