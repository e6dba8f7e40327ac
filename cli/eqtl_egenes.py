"""eGenes at a false discovery rate, and their significant pairs, from results that are there.

Takes q-values and nominal thresholds anew from a permutation pass. Writes OUT.egenes.tsv.gz (its rows with
qval, the thresholds, and egene), with --nominal OUT.significant_pairs.tsv.gz, and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.eqtl_options import permutation_results
from postgwas.cli.eqtl_permute import add_discovery_options, discovery_options
from postgwas.cli.options import add_run_options, add_store_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    inputs = parser.add_argument_group("results")
    inputs.add_argument(
        "--permutation_results", metavar="FILE",
        help="of postgwas eqtl permute or tensorQTL: text, Parquet, or STUDY.h5::KEY of a store [default: "
        "OUT.cis_permutation.tsv.gz or .parquet]",
    )  # fmt: skip
    inputs.add_argument(
        "--nominal", nargs="+", default=[], metavar="FILE",
        help="all pairs, of postgwas eqtl cis or a peer, in one file or more: text, Parquet, STUDY.h5::KEY",
    )  # fmt: skip
    inputs.add_argument(
        "--phenotype_groups", metavar="FILE",
        help="two columns, phenotype and group, if the permutation pass was of groups",
    )  # fmt: skip
    add_discovery_options(parser)
    pairs = parser.add_argument_group("pairs")
    pairs.add_argument(
        "--pairs_by", choices=("nominal", "exact"), default="nominal",
        help="threshold of pairs: nominal, as FastQTL and tensorQTL, on the scale of the fitted degrees of "
        "freedom; exact: at those of the nominal test [default: nominal]",
    )  # fmt: skip
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out", required=True, metavar="PREFIX", help="prefix of the files: OUT.egenes.tsv.gz"
    )
    output.add_argument(
        "--format", choices=("tsv", "parquet", "both"), default="tsv",
        help="compressed text, Parquet, or both [default: tsv]",
    )  # fmt: skip
    add_store_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Tell and write."""
    from postgwas.qtl.write_egenes import egenes_files

    egenes_files(
        permutation_results(args), args.out, nominal=args.nominal, discovery=discovery_options(args),
        pairs_by=args.pairs_by, groups=args.phenotype_groups, format=args.format, store=args.store,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0
