"""Summary statistics to the .sumstats.gz that ldsc reads: every flag of munge_sumstats.py.

Reads a file of summary statistics (any format that this package knows; columns are found from the
header, or named by the flags below), applies munge_sumstats.py's filters, and writes
OUT.sumstats.gz, OUT.log with the same lines, and OUT.rejected.tsv.gz with each row removed and
why. Flags may be written with _ or -.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from postgwas.cli.options import add_run_options, add_store_options, header_names
from postgwas.errors import UsageError

HELP = "summary statistics to .sumstats.gz: the flags of munge_sumstats.py"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    _add_files(parser.add_argument_group("input and output"))
    _add_n(parser.add_argument_group("sample size"))
    _add_columns(parser.add_argument_group("columns (by default found from the header)"))
    _add_filters(parser.add_argument_group("filters"))
    add_store_options(parser)
    add_run_options(parser)
    parser.give_way("ldsc_compat", "columns")  # type: ignore[attr-defined]


def _add_files(group: Any) -> None:
    group.add_argument(
        "--sumstats",
        metavar="FILE",
        help="summary statistics; plain, gz, bgz, bz2, xz, zst, zip, or a GWAS-VCF",
    )
    group.add_argument("--out", metavar="PREFIX", help="prefix of the files to write")
    group.add_argument(
        "--merge_alleles",
        metavar="FILE",
        help="file with columns SNP, A1, A2 (such as w_hm3.snplist): keep these SNPs, if their alleles match",
    )
    group.add_argument("--keep_maf", action="store_true", help="write the allele frequency too (column FRQ)")
    group.add_argument(
        "--daner", action="store_true", help="a daner file; N from the headers FRQ_A_*, FRQ_U_*"
    )
    group.add_argument("--daner_n", action="store_true", help="a daner file with the columns Nca and Nco")
    group.add_argument(
        "--no_alleles",
        action="store_true",
        help="do without alleles; good for heritability, not for genetic correlation",
    )
    group.add_argument(
        "--a1_inc",
        action="store_true",
        help="A1 is the increasing allele of every SNP; no signed column is read",
    )
    group.add_argument(
        "--chunksize", default=5e6, type=float, metavar="N", help="accepted; memory does not depend on it"
    )
    group.add_argument(
        "--ldsc_compat",
        action="store_true",
        help="exactly as munge_sumstats.py 1.0.1, its faults included (see docs/methods/munge.md)",
    )


def _add_n(group: Any) -> None:
    group.add_argument("--N", type=float, metavar="N", help="sample size of all SNPs; goes before columns")
    group.add_argument("--N_cas", type=float, metavar="N", help="number of cases; goes before columns")
    group.add_argument("--N_con", type=float, metavar="N", help="number of controls; goes before columns")
    group.add_argument("--N_col", metavar="NAME", help="column of N")
    group.add_argument("--N_cas_col", metavar="NAME", help="column of numbers of cases")
    group.add_argument("--N_con_col", metavar="NAME", help="column of numbers of controls")
    group.add_argument("--nstudy", metavar="NAME", help="column of numbers of studies")


def _add_columns(group: Any) -> None:
    group.add_argument(
        "--columns",
        metavar="NAME,NAME,...",
        help="the file has no header: names of all its columns, in order; - leaves one out",
    )
    what = {
        "snp": "SNP ids", "a1": "effect alleles (A1)", "a2": "other alleles (A2)", "p": "P-values",
        "frq": "allele frequencies or MAF", "info": "imputation quality",
    }  # fmt: skip
    for flag, text in what.items():
        group.add_argument(f"--{flag}", metavar="NAME", help=f"column of {text}")
    group.add_argument(
        "--signed_sumstats",
        metavar="NAME,NULL",
        help="column that tells the direction of effects, and its null value: BETA,0 or OR,1",
    )
    group.add_argument(
        "--info_list",
        metavar="NAME,NAME,...",
        help="several columns of imputation quality; their mean counts",
    )
    group.add_argument("--ignore", metavar="NAME,NAME,...", help="columns not to use")


def _add_filters(group: Any) -> None:
    group.add_argument(
        "--info_min",
        default=0.9,
        type=float,
        metavar="X",
        help="keep INFO of at least X [default: %(default)s]",
    )
    group.add_argument(
        "--maf_min", default=0.01, type=float, metavar="X", help="keep MAF above X [default: %(default)s]"
    )
    group.add_argument(
        "--n_min", type=float, metavar="N", help="keep N of at least this [default: 90th percentile / 1.5]"
    )
    group.add_argument(
        "--nstudy_min",
        type=float,
        metavar="N",
        help="keep SNPs of at least N studies, where there is no column of N [default: the largest number]",
    )


def run(args: argparse.Namespace) -> int:
    """Check the flags, munge, and let the log tell the rest."""
    if not args.sumstats:
        raise UsageError("the --sumstats flag is required", hint="--sumstats FILE")
    if not args.out:
        raise UsageError("the --out flag is required", hint="--out PREFIX")
    _one_thread()
    from postgwas.sumstats.munge.run import munge

    munge(
        args.sumstats,
        out=args.out,
        n=args.N,
        n_cas=args.N_cas,
        n_con=args.N_con,
        info_min=args.info_min,
        maf_min=args.maf_min,
        daner=args.daner,
        daner_n=args.daner_n,
        no_alleles=args.no_alleles,
        merge_alleles=args.merge_alleles,
        n_min=args.n_min,
        chunksize=int(args.chunksize),
        header=header_names(args.columns),
        snp=args.snp,
        n_col=args.N_col,
        n_cas_col=args.N_cas_col,
        n_con_col=args.N_con_col,
        a1=args.a1,
        a2=args.a2,
        p=args.p,
        frq=args.frq,
        signed_sumstats=args.signed_sumstats,
        info=args.info,
        info_list=args.info_list,
        nstudy=args.nstudy,
        nstudy_min=args.nstudy_min,
        ignore=args.ignore,
        a1_inc=args.a1_inc,
        keep_maf=args.keep_maf,
        ldsc_compat=args.ldsc_compat,
        store=args.store,
        overwrite=args.overwrite,
        quiet=args.quiet,
        log_json=args.log_json,
    )
    return 0


def _one_thread() -> None:
    """Let the libraries that are yet to be loaded start one thread each.

    Chunks of four megabytes leave more threads nothing to win: they cost a tenth of the CPU time, and
    an idle BLAS thread, which spins for a while after numpy loads, another tenth.
    """
    if "polars" not in sys.modules:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
