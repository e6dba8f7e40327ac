"""Fine-mapping of GWAS regions: SuSiE with LD, or approximate Bayes factors without.

Summary statistics of any dialect, with positions; LD from genotypes (of the same people or a reference) or a
file. Regions are given, or lie around the strongest variants. Writes OUT.pip.tsv.gz, OUT.credible_sets.tsv,
OUT.regions.tsv, OUT.rejected.tsv.gz. Several populations, each with its LD, are mapped together where files
are given as A,B,C: causal variants are shared, effects differ (OUT.populations.tsv too).
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from postgwas.cli.options import (
    ANALYSIS_FIELDS,
    add_column_flags,
    add_dialect_flags,
    add_engine_options,
    add_header_flag,
    add_run_options,
    add_store_options,
    engine_arguments,
    header_names,
    named_columns,
)

HELP = "credible sets and PIPs of GWAS regions: SuSiE with LD, or approximate Bayes factors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    _add_stats(parser)
    _add_ld(parser)
    _add_regions(parser)
    _add_method(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    output.add_argument("--keep_ld", action="store_true", help="keep LD in the store, and take it from there")
    output.add_argument("--figures", action="store_true", help="a figure of each region, and its table")
    output.add_argument(
        "--figure_format", default="png,svg", metavar="NAME,...", help="png, svg, pdf [default: png,svg]"
    )
    output.add_argument("--gtf", metavar="FILE", help="genes for the figures")
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def _add_stats(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("summary statistics")
    group.add_argument(
        "files", nargs="?", metavar="FILE",
        help="summary statistics, harmonised or of any dialect; A,B,C: one file a population",
    )  # fmt: skip
    group.add_argument("--sumstats", metavar="FILE", help="the same by name instead of by place")
    group.add_argument("--names", metavar="A,B,C", help="names of populations [default: of their files]")
    group.add_argument("--n", metavar="N", help="sample size; goes before a column of the file")
    group.add_argument("--n_cases", metavar="N", help="cases; N becomes 4 / (1/cases + 1/controls)")
    group.add_argument("--n_controls", metavar="N", help="controls")
    add_column_flags(parser, group, ANALYSIS_FIELDS)
    add_header_flag(parser, group)
    add_dialect_flags(parser, group)
    group.add_argument("--sample", metavar="NAME", help="study to take from a GWAS-VCF of several")


def _add_ld(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("LD (of several populations: files with commas)")
    group.add_argument(
        "--genotypes", metavar="FILE",
        help="PLINK 1 (.bed), PLINK 2 (.pgen), VCF, BCF or BGEN, or their prefix; @ stands for chromosomes",
    )  # fmt: skip
    group.add_argument("--dosage", action="store_true", help="dosages rather than hard calls")
    group.add_argument("--keep", metavar="FILE", help="only these samples: IID, or FID and IID")
    group.add_argument("--remove", metavar="FILE", help="not these samples")
    group.add_argument("--extract", metavar="FILE", help="only these variant ids")
    group.add_argument("--exclude", metavar="FILE", help="not these variant ids")
    group.add_argument("--maf_min", type=float, metavar="MAF", help="least minor allele frequency")
    group.add_argument("--max_missing", type=float, metavar="SHARE", help="largest share of missing calls")
    group.add_argument("--covariates", metavar="FILE", help="project these out of the genotypes")
    group.add_argument(
        "--ld", metavar="FILE",
        help="the LD matrix of a region instead: .npy, .npz or text, signed correlations, square",
    )  # fmt: skip
    group.add_argument(
        "--ld_variants", metavar="FILE",
        help="its variants: a .bim, a table with SNPID (CHR, POS, A1, A2), or one id a line; needed unless "
        "the matrix's first line names them",
    )  # fmt: skip
    group.add_argument(
        "--ld_check", choices=("none", "quick", "full"), default="quick",
        help="do z-scores and LD fit? quick: signs, and variants against the lead; full: estimate_s_rss, "
        "kriging_rss, DENTIST too [default: quick]",
    )  # fmt: skip
    group.add_argument("--seed", type=int, default=0, help="of DENTIST's partitions [default: 0]")


def _add_regions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("regions (by default around sentinels)")
    group.add_argument(
        "--region", metavar="CHR:START-END,...|FILE",
        help="these; a file has one a line, with a name after it if wanted, or is a .bed",
    )  # fmt: skip
    group.add_argument("--leads", metavar="ID,ID,...|FILE", help="around these variants")
    group.add_argument(
        "--p_max", type=float, default=5e-8, metavar="P", help="largest P of a sentinel [default: 5e-8]"
    )
    group.add_argument(
        "--distance", type=int, default=1_000_000, metavar="BP",
        help="between sentinels, at least [default: 1000000]",
    )  # fmt: skip
    group.add_argument(
        "--window",
        type=int,
        default=500_000,
        metavar="BP",
        help="on either side of a variant [default: 500000]",
    )


def _add_method(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("method")
    group.add_argument(
        "--method", choices=("susie", "abf"), default="susie",
        help="abf: one causal variant at most, no LD [default: susie]",
    )  # fmt: skip
    group.add_argument("--L", type=int, default=10, metavar="L", help="most effects a region [default: 10]")
    group.add_argument(
        "--coverage", type=float, default=0.95, metavar="SHARE", help="of a credible set [default: 0.95]"
    )
    group.add_argument(
        "--min_abs_corr", type=float, default=0.5, metavar="R",
        help="least absolute correlation within a credible set [default: 0.5]",
    )  # fmt: skip
    group.add_argument("--max_iter", type=int, default=100, metavar="N", help="rounds at most [default: 100]")
    group.add_argument(
        "--tol",
        type=float,
        default=1e-3,
        metavar="X",
        help="rise of the bound that ends the fit [default: 0.001]",
    )
    group.add_argument("--refine", action="store_true", help="look for better optima behind credible sets")
    group.add_argument(
        "--estimate_residual_variance", action="store_true", help="only with LD of the same people"
    )
    group.add_argument(
        "--prior_method", choices=("optim", "EM", "simple"), default="optim",
        help="how prior variances are estimated [default: optim]",
    )  # fmt: skip
    group.add_argument(
        "--scaled_prior_variance", type=float, default=0.2, metavar="V",
        help="prior variance to begin with, as a share of the trait's [default: 0.2]",
    )  # fmt: skip
    group.add_argument(
        "--null_weight",
        type=float,
        default=0.0,
        metavar="P",
        help="prior of an effect to be none [default: 0]",
    )
    group.add_argument(
        "--null_threshold", type=float, metavar="X",
        help="log likelihood that an effect must gain over none to be kept [default: 0; of K populations "
        "(K(K+1)/2 - 1)/2, what fitting their covariance gains by chance]",
    )  # fmt: skip
    group.add_argument(
        "--prior_correlation", type=float, default=0.0, metavar="R",
        help="several populations: of effects between them, to begin with [default: 0]",
    )  # fmt: skip
    group.add_argument(
        "--variants_in", choices=("all", "any"), default="all",
        help="several populations: variants that all have, or that any has [default: all]",
    )  # fmt: skip
    group.add_argument(
        "--type",
        choices=("auto", "quant", "cc"),
        default="auto",
        help="abf: the trait [default: told by columns of cases, controls or odds ratios]",
    )
    group.add_argument("--sd_y", type=float, metavar="SD", help="abf: the trait's standard deviation")
    group.add_argument(
        "--case_fraction", type=float, metavar="SHARE", help="abf: cases, where only P is known"
    )
    group.add_argument(
        "--p1", type=float, default=1e-4, metavar="P", help="abf: prior of a variant [default: 0.0001]"
    )


def run(args: argparse.Namespace) -> int:
    """Fine-map and write."""
    where = engine_arguments(args)
    from postgwas.cli.finemap_populations import figure_formats, population_arguments, single_arguments
    from postgwas.finemap.map_settings import MapSettings
    from postgwas.finemap.region_list import RegionChoice
    from postgwas.finemap.region_stats import StatsOptions

    settings = MapSettings(
        method=args.method, n_effects=args.L, coverage=args.coverage, min_abs_corr=args.min_abs_corr,
        max_iter=args.max_iter, tol=args.tol, refine=args.refine,
        estimate_residual_variance=args.estimate_residual_variance,
        scaled_prior_variance=args.scaled_prior_variance, prior_method=args.prior_method,
        null_weight=args.null_weight, null_threshold=args.null_threshold,
        kind=None if args.type == "auto" else args.type, sd_y=args.sd_y,
        case_fraction=args.case_fraction, p1=args.p1, prior_correlation=args.prior_correlation,
        variants_in=args.variants_in, ld_check=args.ld_check, seed=args.seed,
    )  # fmt: skip
    reading = StatsOptions(
        columns=named_columns(args), header=header_names(args.columns), dialect=args.dialect,
        dialect_files=args.dialect_file, sample=args.sample,
    )  # fmt: skip
    shared = {
        "dosage": args.dosage, "settings": settings, "keep_ld": args.keep_ld, "store": args.store,
        "regions": RegionChoice(args.region, args.leads, args.p_max, args.distance, args.window),
        "figures": figure_formats(args),
        "gtf": args.gtf, "overwrite": args.overwrite, "quiet": args.quiet, "log_json": args.log_json, **where,
    }  # fmt: skip
    populations = population_arguments(args)
    if len(populations) > 1:
        from postgwas.finemap.write_populations import finemap_population_files

        finemap_population_files(populations, args.out, reading=reading, **shared)
        return 0
    from postgwas.finemap.write_finemap import finemap_files

    one, sizes = single_arguments(populations[0])
    finemap_files(out=args.out, reading=replace(reading, **sizes), **one, **shared)
    return 0
