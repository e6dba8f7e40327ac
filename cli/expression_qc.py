"""Check samples: metrics, outliers, agreement, sex, mix-ups with genotypes.

Writes a table of all samples with the reasons why some should go, a list of those to keep, and figures;
takes nothing out of the matrix itself.
"""

from __future__ import annotations

import argparse

from postgwas.cli.expression_import import UNITS
from postgwas.cli.options import (
    add_genotype_options,
    add_matrix_input,
    add_run_options,
    add_store_options,
    genotype_selection,
    matrix_input,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    files = parser.add_argument_group("input and output")
    add_matrix_input(files, "counts (or TPM, or log2 values), genes x samples")
    files.add_argument("--out", required=True, metavar="PREFIX", help="prefix of the files to write")
    files.add_argument("--unit", choices=UNITS, help="what the matrix holds [default: counts]")
    files.add_argument("--gtf", metavar="FILE", help="names and places of genes")
    files.add_argument("--strip_versions", action="store_true", help="drop .2 at the end of ids")
    files.add_argument("--name", help="name in the store [default: the prefix' last part]")
    files.add_argument(
        "--skip", default="", metavar="NAME,...", help="not these: metrics, outliers, agreement, sex, mixups"
    )
    files.add_argument("--figures", action="store_true", help="draw outliers, sex and mix-ups")
    _add_limits(parser)
    _add_checks(parser)
    add_genotype_options(parser, required=False)
    mixups = parser.add_argument_group("mix-ups")
    mixups.add_argument("--match", metavar="FILE", help="two columns: a sample and its person's IID")
    mixups.add_argument(
        "--window", type=int, default=500_000, metavar="BASES", help="around the TSS [default: %(default)s]"
    )
    mixups.add_argument(
        "--n_pairs", type=int, default=200, metavar="N", help="most cis effects used [default: %(default)s]"
    )
    add_store_options(parser)
    add_run_options(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("metrics")
    group.add_argument("--metrics", metavar="FILE", help="a table with a column sample and metrics")
    group.add_argument(
        "--limit", action="append", default=[], metavar="'NAME>VALUE'",
        help="what samples must hold, such as 'RIN>6', 'mapped_reads>10M', 'unique>70%%'; may be repeated "
        "[default: these three, where the table has them]",
    )  # fmt: skip
    group.add_argument("--no_usual_limits", action="store_true", help="no limits but those given")
    group.add_argument("--min_expressed", type=int, metavar="N", help="least genes above 1 CPM")


def _add_checks(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("outliers and sex")
    group.add_argument("--outlier_method", choices=("pca", "mds"), default="pca", help="[default: pca]")
    group.add_argument(
        "--outlier_rule", choices=("sd", "mad"), default="sd",
        help="mean and SD, or median and MAD, which outliers cannot inflate [default: sd]",
    )  # fmt: skip
    group.add_argument(
        "--outlier_sd", type=float, default=6.0, metavar="SD", help="farthest allowed [default: 6]"
    )
    group.add_argument(
        "--n_axes", type=int, default=10, metavar="N", help="axes that are looked at [default: 10]"
    )
    group.add_argument(
        "--d_min", type=float, metavar="D", help="least D-statistic [default: by --outlier_sd]"
    )
    group.add_argument("--sheet", "--sample_sheet", metavar="TSV", help="table of samples with their sex")
    group.add_argument("--sex_column", metavar="NAME", help="its column of sexes [default: sex]")
    group.add_argument(
        "--sex_limit",
        type=float,
        default=1.0,
        metavar="CPM",
        help="XIST and Y genes count from here [default: 1]",
    )


def run(args: argparse.Namespace) -> int:
    """Run it; the log tells the rest."""
    from postgwas.expression.run_qc import QcOptions, sample_quality

    options = QcOptions(
        unit=args.unit,
        gtf=args.gtf,
        strip_versions=args.strip_versions,
        metrics=args.metrics,
        limits=tuple(args.limit),
        usual_limits=not args.no_usual_limits,
        min_expressed=args.min_expressed,
        outlier_method=args.outlier_method,
        outlier_rule=args.outlier_rule,
        outlier_sd=args.outlier_sd,
        n_axes=args.n_axes,
        d_min=args.d_min,
        sheet=args.sheet,
        sex_column=args.sex_column,
        sex_limit=args.sex_limit,
        genotypes=args.genotypes,
        dosage=args.dosage,
        selection=genotype_selection(args),
        match=args.match,
        window=args.window,
        n_pairs=args.n_pairs,
        skip=tuple(text.strip() for text in args.skip.split(",") if text.strip()),
        figures=args.figures,
    )
    sample_quality(
        matrix_input(args), out=args.out, options=options, store=args.store, name=args.name,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0
