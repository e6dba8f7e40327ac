"""Conditionally independent signals: forward selection by permutations, then each signal beside all others.

Begins with the significant phenotypes of a permutation pass of the same data. Writes
OUT.cis_independent.tsv.gz (a line a signal: tensorQTL's columns with rank),
OUT.cis_independent.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.eqtl_options import add_qtl_inputs, add_qtl_outputs, permutation_results, qtl_options
from postgwas.cli.eqtl_permute import add_permutation_options, permutation_options
from postgwas.cli.options import engine_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_qtl_inputs(parser, groups=True, compat=True)
    search = parser.add_argument_group("search")
    search.add_argument(
        "--permutation_results", metavar="FILE",
        help="of postgwas eqtl permute or tensorQTL: text, Parquet, or STUDY.h5::KEY of a store [default: "
        "OUT.cis_permutation.tsv.gz or .parquet]",
    )  # fmt: skip
    search.add_argument(
        "--fdr", type=float, default=0.05, metavar="RATE",
        help="phenotypes with a q-value up to this; the largest pval_beta of them is the threshold of all "
        "rounds [default: 0.05]",
    )  # fmt: skip
    search.add_argument(
        "--max_signals", type=int, default=20, metavar="N", help="of a phenotype [default: 20]"
    )
    add_permutation_options(parser, schemes=False, default=10_000)
    add_qtl_outputs(parser, "OUT.cis_independent.tsv.gz")


def run(args: argparse.Namespace) -> int:
    """Search and write."""
    where = engine_arguments(args)
    permuting = permutation_options(args)
    from postgwas.qtl.write_independent import cis_independent_files

    cis_independent_files(
        args.genotypes, args.phenotypes, args.out, results=permutation_results(args),
        covariates=args.covariates, fdr=args.fdr, permutations=permuting.most, seed=permuting.seed,
        most=args.max_signals, options=qtl_options(args), format=args.format, store=args.store,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
