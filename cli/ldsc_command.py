"""LD score regression and LD scores: every flag of ldsc.py 1.0.1, and what it lacks.

One of --h2 (heritability), --h2_cts (cell types), --rg (genetic correlation) and --l2 (LD scores
from genotypes). Results go to PREFIX.log with ldsc.py's lines, and to tables at full precision.
Flags may be written with _ or -.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
from contextlib import suppress

from postgwas.cli.ldsc_flags import add_arguments as add_arguments
from postgwas.errors import UsageError

HELP = "heritability, genetic correlation, LD scores: the flags of ldsc.py"

#: Numbers of mallopt(3): from which size on memory is the system's own, what may stay at the end.
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
MODES = ("h2", "h2_cts", "rg", "l2")
#: Flags without meaning for a regression; ldsc.py passes over most of them in silence.
OF_L2 = (
    "genotypes", "bfile", "pfile", "vcf", "genotypes2", "bfile2", "pfile2", "vcf2", "extract", "keep",
    "keep2", "maf", "print_snps", "cm_map", "ld_wind_snps", "ld_wind_kb", "ld_wind_cm", "annot",
    "thin_annot", "cts_bin", "cts_breaks", "cts_names", "per_allele", "pq_exp", "no_print_annot",
)  # fmt: skip
#: Flags of ldsc.py that it takes with an analysis and does not use there: we say so.
NO_EFFECT = {
    "h2": ("intercept_gencov", "no_check_alleles", "return_silly_things", "ref_ld_chr_cts", "print_all_cts"),
    "h2_cts": (
        "intercept_gencov", "no_check_alleles", "return_silly_things", "overlap_annot", "print_coefficients",
        "print_cov", "print_delete_vals", "samp_prev", "pop_prev", "frqfile", "frqfile_chr",
    ),
    "rg": (
        "overlap_annot", "print_coefficients", "frqfile", "frqfile_chr", "ref_ld_chr_cts", "print_all_cts",
    ),
}  # fmt: skip
#: Flags of ours that an analysis lacks: refused.
NOT_HERE = {
    "h2": {"figures": "rg", "rg_matrix": "rg"},
    "h2_cts": {"figures": "rg", "rg_matrix": "rg", "print_pseudovalues": "h2"},
    "rg": {},
}


def run(args: argparse.Namespace) -> int:
    """Find the one analysis that the flags ask for, and run it."""
    asked = [mode for mode in MODES if getattr(args, mode)]
    if not asked:
        raise UsageError(
            "no analysis selected; expected one of --h2, --h2_cts, --rg and --l2",
            hint="see postgwas ldsc --help",
        )
    if len(asked) > 1:
        raise UsageError(f"{' and '.join(f'--{mode}' for mode in asked)} exclude each other")
    if args.n_blocks <= 1:
        raise UsageError(f"--n_blocks {args.n_blocks}: expected a whole number above 1")
    if asked == ["l2"]:
        from postgwas.cli import ldsc_l2

        return ldsc_l2.run(args)
    _check_regression(args, asked[0])
    _keep_freed_memory()
    _one_blas_thread_from_start()
    if asked == ["rg"]:
        from postgwas.cli import ldsc_rg

        return ldsc_rg.run(args)
    from postgwas.cli import ldsc_h2

    return ldsc_h2.run(args) if asked == ["h2"] else ldsc_h2.run_cts(args)


def _keep_freed_memory() -> None:
    """Let allocators keep what is freed: a regression's arrays are small, and come one after another.

    New memory must be cleared by the system, which takes longer than what a regression does with it.
    For polars it pays only before that is loaded. What the user has set stays.
    """
    from postgwas.cli.main import ALLOCATOR, SPARING

    if os.environ.get(ALLOCATOR) == SPARING:
        os.environ[ALLOCATOR] = "dirty_decay_ms:10000,muzzy_decay_ms:10000"
    if not any(name.startswith("MALLOC_") for name in os.environ):
        with suppress(AttributeError, OSError):  # of glibc alone
            libc = ctypes.CDLL(None)
            libc.mallopt(_MMAP_THRESHOLD, 1 << 25)
            libc.mallopt(_TRIM_THRESHOLD, 1 << 30)


def _one_blas_thread_from_start() -> None:
    """Keep a second BLAS thread from being started: between a regression's small products it would spin."""
    if "numpy" not in sys.modules:
        from postgwas.compute.threads import ONE_THREAD

        for name, value in ONE_THREAD.items():
            os.environ.setdefault(name, value)


def _check_regression(args: argparse.Namespace, mode: str) -> None:
    """What ldsc.py refuses in all regressions, and flags that another analysis takes."""
    for flag in OF_L2:
        if getattr(args, flag) not in (None, False):
            raise UsageError(f"--{flag} goes with --l2, not with --{mode}")
    for flag, where in NOT_HERE[mode].items():
        if getattr(args, flag):
            raise UsageError(f"--{flag} goes with --{where}, not with --{mode}")
    for flag in NO_EFFECT[mode]:
        if getattr(args, flag) not in (None, False):
            print(f"warning: --{flag} has no effect with --{mode}", file=sys.stderr)
    for one, other in (("ref_ld", "ref_ld_chr"), ("w_ld", "w_ld_chr")):
        if getattr(args, one) and getattr(args, other):
            raise UsageError(f"--{one} and --{other} exclude each other")
        if not (getattr(args, one) or getattr(args, other)):
            raise UsageError(f"--{mode} needs LD scores", hint=f"--{other} eur_w_ld_chr/")
    if (args.samp_prev is None) != (args.pop_prev is None):
        raise UsageError("--samp_prev and --pop_prev must be given together")
