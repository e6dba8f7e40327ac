"""All variants against all phenotypes, above a threshold.

Writes OUT.trans.tsv.gz (a line a pair; effects are per copy of effect_allele; pval_adj_bh is over all tests),
OUT.trans_genes.tsv.gz (a line a phenotype), OUT.trans.rejected.tsv.gz and OUT.log. With --interaction
the files are OUT.trans_interaction.tsv.gz and OUT.trans_interaction_genes.tsv.gz.
The default of --maf_min is 0.05 here.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from postgwas.cli.eqtl_options import add_qtl_inputs, add_qtl_outputs, qtl_options
from postgwas.cli.options import engine_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_qtl_inputs(parser, compat=True, window=None)
    tests = parser.add_argument_group("which tests")
    tests.add_argument(
        "--pval_threshold", type=float, default=1e-5, metavar="P",
        help="pairs of this P or less are kept [default: 1e-5]",
    )  # fmt: skip
    tests.add_argument(
        "--cis_window", type=int, default=5_000_000, metavar="BASES",
        help="variants this near to the TSS are not tested, ends included; 0: all are [default: 5000000]",
    )  # fmt: skip
    tests.add_argument(
        "--crossmap", metavar="FILE",
        help="two genes and their cross-mappability a line: variants near the one are not tested against the "
        "other",
    )  # fmt: skip
    tests.add_argument(
        "--crossmap_window", type=int, default=1_000_000, metavar="BASES",
        help="how near: bases from the gene's TSS [default: 1000000]",
    )  # fmt: skip
    tests.add_argument(
        "--crossmap_min", type=float, default=0.0, metavar="SCORE",
        help="cross-mappability above this counts [default: 0]",
    )  # fmt: skip
    tests.add_argument(
        "--gene_places", metavar="FILE.gtf",
        help="with --crossmap: places of genes that are no phenotypes",
    )  # fmt: skip
    tests.add_argument(
        "--interaction", metavar="FILE",
        help="two columns, sample and number: test the product of genotype and this",
    )  # fmt: skip
    tests.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu",
        help="where the products run; cuda needs torch or cupy [default: cpu]",
    )  # fmt: skip
    add_qtl_outputs(parser, "OUT.trans.tsv.gz")


def run(args: argparse.Namespace) -> int:
    """Test and write."""
    where = engine_arguments(args)
    from postgwas.qtl.run_trans import TransSettings
    from postgwas.qtl.write_trans import trans_files

    options = qtl_options(args)
    if args.maf_min is None:
        options = replace(options, maf_min=0.05)
    settings = TransSettings(
        args.pval_threshold, args.cis_window, args.crossmap, args.crossmap_window, args.crossmap_min,
        args.gene_places, args.interaction, args.device,
    )  # fmt: skip
    trans_files(
        args.genotypes, args.phenotypes, args.out, covariates=args.covariates, options=options,
        settings=settings, format=args.format, store=args.store, overwrite=args.overwrite, quiet=args.quiet,
        log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
