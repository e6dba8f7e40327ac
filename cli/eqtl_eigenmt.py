"""Effective number of tests in the window of each phenotype, from the LD of its variants (eigenMT).

Writes OUT.eigenmt.tsv.gz; with --nominal also each phenotype's best P corrected by it. Window and limits
must be those of the nominal pass.
"""

from __future__ import annotations

import argparse

from postgwas.cli.eqtl_interaction import add_eigenmt_options
from postgwas.cli.eqtl_options import add_qtl_inputs, add_qtl_outputs, qtl_options
from postgwas.cli.options import engine_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_qtl_inputs(parser)
    group = parser.add_argument_group("eigenMT")
    group.add_argument(
        "--nominal", metavar="FILE",
        help="nominal results to correct: OUT.cis_nominal.tsv.gz, a peer's, or the best of each phenotype",
    )  # fmt: skip
    add_eigenmt_options(group, flag=False)
    add_qtl_outputs(parser, "OUT.eigenmt.tsv.gz")


def run(args: argparse.Namespace) -> int:
    """Count and write."""
    where = engine_arguments(args)
    from postgwas.qtl.run_eigenmt import eigenmt_files

    eigenmt_files(
        args.genotypes, args.phenotypes, args.out, options=qtl_options(args), nominal=args.nominal,
        eigenmt_window=args.eigenmt_window, eigenmt_variance=args.eigenmt_variance, format=args.format,
        store=args.store, overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
