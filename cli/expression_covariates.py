"""Known covariates, genotype axes and hidden factors in one file for FastQTL and tensorQTL.

Matches samples by id, turns categories into indicators, and takes out what is constant or depends
linearly on columns before it; an account names every column and what became of it.
"""

from __future__ import annotations

import argparse

from postgwas.cli.expression_peer import listed
from postgwas.cli.options import add_run_options, add_store_options
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    files = parser.add_argument_group("input and output (in order of precedence)")
    files.add_argument(
        "--known",
        metavar="FILE,FILE,...",
        help="sample sheets or other covariates, samples as rows or columns",
    )
    files.add_argument("--genotype_pcs", metavar="FILE", help=".eigenvec of genotypes pca or plink2")
    files.add_argument("--n_genotype_pcs", type=int, metavar="N", help="the first so many [default: all]")
    files.add_argument("--factors", metavar="FILE", help="hidden factors, such as OUT.peer_factors.txt")
    files.add_argument("--n_factors", type=int, metavar="N", help="the first so many [default: all]")
    files.add_argument(
        "--samples", metavar="FILE", help="these samples in this order: a phenotype BED, or a list"
    )
    files.add_argument("--out", required=True, metavar="PREFIX", help="prefix of the files to write")
    files.add_argument("--gzip", action="store_true", help="write OUT.covariates.txt.gz")
    files.add_argument("--figures", action="store_true", help="draw known covariates against hidden factors")
    columns = parser.add_argument_group("columns")
    columns.add_argument("--include", metavar="NAME,...", help="only these of --known")
    columns.add_argument("--exclude", metavar="NAME,...", help="not these")
    columns.add_argument(
        "--categorical", metavar="NAME,...", help="numbers that name groups, such as batches"
    )
    columns.add_argument(
        "--reference", metavar="NAME=LEVEL,...", help="reference levels [default: the first in order]"
    )
    columns.add_argument(
        "--layout", choices=("auto", "samples_are_columns", "samples_are_rows"), default="auto",
        help="of --known; auto goes by the samples' ids and refuses to guess [default: auto]",
    )  # fmt: skip
    columns.add_argument(
        "--impute", choices=("refuse", "mean"), default="refuse", help="missing values [default: refuse]"
    )
    columns.add_argument(
        "--collinear", choices=("drop", "refuse"), default="drop",
        help="constant columns and those that depend on others [default: drop]",
    )  # fmt: skip
    columns.add_argument(
        "--unmatched", choices=("refuse", "drop"), default="refuse",
        help="samples that a file does not have [default: refuse]",
    )  # fmt: skip
    columns.add_argument(
        "--captured", type=float, metavar="R2",
        help="leave out known covariates of which hidden factors hold this share",
    )  # fmt: skip
    add_store_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Assemble and write."""
    from postgwas.expression.run_covariates import CovariateOptions, covariate_file

    options = CovariateOptions(
        known=listed(args.known), genotype_pcs=args.genotype_pcs, n_genotype_pcs=args.n_genotype_pcs,
        factors=args.factors, n_factors=args.n_factors, include=listed(args.include),
        exclude=listed(args.exclude), categorical=listed(args.categorical),
        references=_references(args.reference), layout=args.layout, impute=args.impute,
        collinear=args.collinear, unmatched=args.unmatched, captured=args.captured,
    )  # fmt: skip
    covariate_file(
        args.out, options=options, samples=args.samples, figures=args.figures, compress=args.gzip,
        store=args.store, overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0


def _references(text: str | None) -> dict[str, str]:
    pairs = [item.partition("=") for item in listed(text)]
    if any(not (name and equals and level) for name, equals, level in pairs):
        raise UsageError(f"--reference {text}: expected NAME=LEVEL,NAME=LEVEL")
    return {name: level for name, _, level in pairs}
