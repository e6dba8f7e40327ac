"""SuSiE fine-mapping of each eGene over its cis window, covariates projected out of both sides.

Writes OUT.finemap.tsv.gz (variants of credible sets with PIP and cs_id), OUT.finemap_sets.tsv.gz (a row a
set, with its lead), OUT.finemap_pip.tsv.gz, OUT.finemap_genes.tsv.gz, OUT.finemap.rejected.tsv.gz and
OUT.log; with --store also the log Bayes factors that colocalisation needs.
"""

from __future__ import annotations

import argparse

from postgwas.cli.eqtl_options import add_qtl_inputs, add_qtl_outputs, qtl_options
from postgwas.cli.options import engine_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_qtl_inputs(parser)
    which = parser.add_argument_group("which phenotypes")
    which.add_argument(
        "--egenes", metavar="FILE",
        help="OUT.cis_permutation.tsv.gz, or another table with phenotype_id, or an id a line [default: all]",
    )  # fmt: skip
    which.add_argument(
        "--fdr", type=float, default=0.05, help="of --egenes those of qval at most this [default: 0.05]"
    )
    model = parser.add_argument_group("SuSiE")
    model.add_argument("--L", type=int, default=10, metavar="N", help="most effects [default: 10]")
    model.add_argument("--coverage", type=float, default=0.95, help="of a credible set [default: 0.95]")
    model.add_argument(
        "--min_abs_corr", type=float, default=0.5, metavar="R",
        help="least absolute correlation within a credible set [default: 0.5]",
    )  # fmt: skip
    model.add_argument(
        "--prior_method", choices=("EM", "optim", "simple"), default="EM",
        help="estimate of prior variances: EM as tensorQTL, optim as susieR [default: EM]",
    )  # fmt: skip
    model.add_argument("--max_iter", type=int, default=500, metavar="N", help="[default: 500]")
    model.add_argument("--tol", type=float, default=1e-3, help="least rise of the bound [default: 0.001]")
    model.add_argument(
        "--min_pip", type=float, default=1e-4, metavar="PIP",
        help="least PIP in OUT.finemap_pip.tsv.gz outside of credible sets [default: 0.0001]",
    )  # fmt: skip
    add_qtl_outputs(parser, "OUT.finemap.tsv.gz")


def run(args: argparse.Namespace) -> int:
    """Fine-map and write."""
    where = engine_arguments(args)
    from postgwas.qtl.run_finemap import FinemapSettings
    from postgwas.qtl.write_finemap import finemap_files

    settings = FinemapSettings(
        n_effects=args.L, coverage=args.coverage, min_abs_corr=args.min_abs_corr, max_iter=args.max_iter,
        tol=args.tol, prior_method=args.prior_method, min_pip=args.min_pip,
    )  # fmt: skip
    finemap_files(
        args.genotypes, args.phenotypes, args.out, covariates=args.covariates, egenes=args.egenes,
        fdr=args.fdr, settings=settings, options=qtl_options(args), format=args.format, store=args.store,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
