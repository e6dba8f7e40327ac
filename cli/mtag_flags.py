"""The flags of ``postgwas mtag``: mtag.py's with their names and defaults, and ours."""

from __future__ import annotations

import argparse
from typing import Any

from postgwas.cli.options import add_engine_options, add_run_options, add_store_options

#: Flag -> canonical column that it names.
NAME_FLAGS = {
    "snp_name": "SNPID",
    "z_name": "Z",
    "beta_name": "BETA",
    "se_name": "SE",
    "n_name": "N",
    "eaf_name": "EAF",
    "chr_name": "CHR",
    "bpos_name": "POS",
    "a1_name": "EA",
    "a2_name": "NEA",
    "p_name": "P",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    _add_input(parser.add_argument_group("input and output"))
    _add_columns(parser.add_argument_group("columns (by default found from each file's header)"))
    _add_filters(parser.add_argument_group("filters"))
    _add_models(parser.add_argument_group("Omega and Sigma"))
    _add_fdr(parser.add_argument_group("maxFDR"))
    _add_misc(parser.add_argument_group("miscellaneous"))
    add_store_options(parser)
    parser.add_argument(
        "--store_name", metavar="NAME", help="name of Omega and Sigma in the store, where it has several runs"
    )
    add_engine_options(parser)
    add_run_options(parser)
    parser.give_way(*OURS)  # type: ignore[attr-defined]


#: Flags that mtag.py lacks: they never make a prefix ambiguous that was not so there.
OURS = (
    "columns", "genome_build", "trait_names", "dialect_file", "figures", "ssf", "fdr_method", "fdr_starts",
    "exact_n", "seed", "mtag_compat", "n_blocks", "store_name",
)  # fmt: skip


def _add_input(group: Any) -> None:
    group.add_argument(
        "--sumstats",
        nargs="?",
        metavar="FILE1,FILE2,...",
        help="files of summary statistics, comma separated; plain, gz, bgz, bz2, xz, zst or zip; "
        "formats may differ",
    )
    group.add_argument(
        "--trait_names", metavar="NAME1,NAME2,...", help="names of the traits [default: from the files]"
    )
    group.add_argument(
        "--gencov_path", metavar="FILE", help="use this Omega (text or .npy) instead of estimating it"
    )
    group.add_argument(
        "--residcov_path", metavar="FILE", help="use this Sigma (text or .npy); no LD scores are needed then"
    )
    group.add_argument(
        "--out",
        default="./mtag_results",
        metavar="PREFIX",
        help="prefix of the files to write [default: %(default)s]",
    )
    group.add_argument("--make_full_path", action="store_true", help="create the folder of --out")
    group.add_argument(
        "--meta_format",
        action="store_true",
        help="report SNPs that only some traits have too; alleles are aligned and any number of "
        "traits works (in mtag.py neither is so)",
    )
    group.add_argument(
        "--figures",
        action="store_true",
        help="draw a Manhattan and QQ figure for each trait, and the genetic correlations",
    )
    group.add_argument(
        "--ssf", action="store_true", help="write results as GWAS-SSF files with their metadata too"
    )
    group.add_argument(
        "--genome_build", metavar="BUILD", help="genome build of the positions, for --ssf (such as GRCh37)"
    )


def _add_columns(group: Any) -> None:
    what = {
        "snp_name": "variant ids", "z_name": "Z statistics", "beta_name": "effects",
        "se_name": "standard errors",
        "n_name": "sample sizes", "eaf_name": "effect allele frequencies", "chr_name": "chromosomes",
        "bpos_name": "base pair positions", "a1_name": "effect alleles", "a2_name": "other alleles",
        "p_name": "P values",
    }  # fmt: skip
    for flag, text in what.items():
        group.add_argument(
            f"--{flag}", metavar="NAME[,NAME...]", help=f"column of {text}; one name, or one for each file"
        )
    group.add_argument(
        "--columns",
        metavar="NAME,NAME,...",
        help="the files have no header: names of all their columns, in order; - leaves one out",
    )
    group.add_argument(
        "--dialect_file",
        action="append",
        default=[],
        metavar="YAML",
        help="describe a format of your own; may be repeated",
    )
    group.add_argument(
        "--n_value",
        metavar="N[,N...]",
        help="sample sizes for files without such a column; goes before one in the file (mtag.py "
        "crashes there)",
    )
    group.add_argument(
        "--no_chr_data",
        action="store_true",
        help="the files have no chromosomes and positions (found out by itself, unlike in mtag.py)",
    )
    group.add_argument(
        "--use_beta_se",
        action="store_true",
        help="use effects and standard errors: Z = beta/se, N = 1/(2p(1-p)se^2); results are in the "
        "units of beta (log odds for odds ratios); removed from mtag.py, works here",
    )


def _add_filters(group: Any) -> None:
    group.add_argument(
        "--include",
        metavar="FILE[,FILE...]",
        help="keep only the SNPs listed here (ids, one a line, with or without a header)",
    )
    group.add_argument(
        "--exclude", "--excludeSNPs", metavar="FILE[,FILE...]", help="leave out the SNPs listed here"
    )
    group.add_argument("--only_chr", metavar="CHR[,CHR...]", help="keep only these chromosomes")
    group.add_argument(
        "--homogNs_frac", metavar="F[,F...]", help="keep SNPs whose N is within this fraction of its mode"
    )
    group.add_argument(
        "--homogNs_dist", metavar="D[,D...]", help="keep SNPs whose N is within this distance of its mode"
    )
    group.add_argument(
        "--maf_min",
        default="0.01",
        metavar="F[,F...]",
        help="smallest minor allele frequency [default: %(default)s]; applies whatever the column is "
        "called (in mtag.py only to one called EAF, FRQ, MAF, FRQ_U or F_U, so not to its own default, "
        "freq)",
    )
    group.add_argument("--n_min", metavar="N[,N...]", help="smallest N [default: 90th percentile / 1.5]")
    group.add_argument("--n_max", metavar="N[,N...]", help="largest N (crashes mtag.py)")
    group.add_argument("--info_min", metavar="F[,F...]", help="smallest INFO; needs an INFO column")
    group.add_argument(
        "--incld_ambig_snps",
        action="store_true",
        help="report strand-ambiguous SNPs too; Omega and Sigma never use them",
    )
    group.add_argument(
        "--no_allele_flipping",
        action="store_true",
        help="drop SNPs whose alleles are swapped instead of turning them (without effect in mtag.py)",
    )
    group.add_argument(
        "--median_z_cutoff",
        type=float,
        default=0.1,
        metavar="F",
        help="stop if the median Z is farther from 0 [default: %(default)s]",
    )
    group.add_argument(
        "--force",
        action="store_true",
        help="go on with a mean chi2 below 1.02, or a given matrix that is not positive definite",
    )


def _add_models(group: Any) -> None:
    group.add_argument(
        "--ld_ref_panel",
        metavar="PANEL",
        default="eur_w_ld_chr",
        help="LD scores: registered name, folder or prefix [default: %(default)s]",
    )
    group.add_argument(
        "--no_overlap", action="store_true", help="no sample overlap: off-diagonal elements of Sigma are 0"
    )
    group.add_argument("--perfect_gencov", action="store_true", help="genetic correlations of 1")
    group.add_argument(
        "--equal_h2",
        action="store_true",
        help="equal heritabilities (with --perfect_gencov): one meta-analysis",
    )
    group.add_argument("--numerical_omega", action="store_true", help="maximum likelihood Omega")
    group.add_argument(
        "--tol",
        type=float,
        default=1e-6,
        metavar="F",
        help="tolerance of --numerical_omega [default: %(default)s]",
    )
    group.add_argument(
        "--time_limit",
        type=float,
        default=100.0,
        metavar="HOURS",
        help="limit of --numerical_omega [default: %(default)s] (without effect in mtag.py)",
    )
    group.add_argument(
        "--n_blocks", type=int, default=200, metavar="N", help="jackknife blocks [default: %(default)s]"
    )


def _add_fdr(group: Any) -> None:
    group.add_argument("--fdr", action="store_true", help="compute maxFDR")
    group.add_argument(
        "--fdr_method",
        choices=("grid", "optimise"),
        default="grid",
        help="search mtag.py's grid, or the whole simplex by optimisation (the way for 4 to 10 "
        "traits), with at least 1/intervals of SNPs causal for each trait, as on the grid: without "
        "that limit the supremum is 1 for any data [default: %(default)s]",
    )
    group.add_argument(
        "--fdr_starts",
        type=int,
        metavar="N",
        help="starting points for each trait of --fdr_method optimise "
        "[default: 24; 12 for more than 5 traits]",
    )
    group.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the starting points [default: %(default)s]"
    )
    group.add_argument(
        "--skip_mtag",
        action="store_true",
        help="only maxFDR, from the files that an earlier run left under --out",
    )
    group.add_argument(
        "--grid_file", metavar="FILE", help="grid points of your own, one a line (crashes mtag.py)"
    )
    group.add_argument(
        "--fit_ss", action="store_true", help="only grid points near the spike-slab causal probabilities"
    )
    group.add_argument(
        "--intervals", type=int, default=10, metavar="N", help="grid intervals [default: %(default)s]"
    )
    group.add_argument(
        "--p_sig", type=float, default=5e-8, metavar="P", help="significance threshold [default: %(default)s]"
    )
    group.add_argument(
        "--n_approx",
        action="store_true",
        help="use each trait's mean N (the default, as in mtag.py, where it cannot be turned off)",
    )
    group.add_argument("--exact_n", action="store_true", help="use every SNP's own N instead of the mean")


def _add_misc(group: Any) -> None:
    group.add_argument(
        "--std_betas",
        action="store_true",
        help="report effects in standardised units; no frequency is needed then",
    )
    group.add_argument(
        "--mtag_compat",
        action="store_true",
        help="mtag.py 1.0.8's own numbers, quirks included (docs/methods/mtag.md lists them)",
    )
    group.add_argument(
        "--chunksize",
        type=float,
        default=1e7,
        metavar="N",
        help="accepted for mtag.py's sake; memory is bounded without it",
    )
    group.add_argument("--stream_stdout", action="store_true", help="log to stdout (otherwise stderr)")
    group.add_argument("--verbose", action="store_true", help="log the regressions, and where the time goes")
