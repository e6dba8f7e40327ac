"""The cis nominal pass: every variant within a window of each phenotype's TSS, covariates projected out.

Writes OUT.cis_nominal.tsv.gz (a line a pair, by phenotype; effects are per copy of effect_allele),
OUT.cis_nominal.rejected.tsv.gz (phenotypes and variants that were not tested, and why) and OUT.log.
"""

from __future__ import annotations

import argparse

from postgwas.cli.eqtl_options import add_qtl_inputs, add_qtl_outputs, qtl_options
from postgwas.cli.options import engine_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_qtl_inputs(parser, compat=True)
    add_qtl_outputs(parser, "OUT.cis_nominal.tsv.gz")


def run(args: argparse.Namespace) -> int:
    """Test and write."""
    where = engine_arguments(args)
    from postgwas.qtl.write_cis import cis_nominal_files

    cis_nominal_files(
        args.genotypes, args.phenotypes, args.out, covariates=args.covariates, options=qtl_options(args),
        format=args.format, store=args.store, overwrite=args.overwrite, quiet=args.quiet,
        log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
