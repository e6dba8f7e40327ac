"""Samples on axes that were fitted to others: loadings of postgwas genotypes pca, or of plink2.

Variants are matched by id and alleles. Writes OUT.projected.tsv, and with --figures OUT.projected.png.
"""

from __future__ import annotations

import argparse

from postgwas.cli.genotypes_pca import add_group_options
from postgwas.cli.options import (
    add_engine_options,
    add_genotype_options,
    add_run_options,
    add_store_options,
    engine_arguments,
    genotype_selection,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_genotype_options(parser)
    axes = parser.add_argument_group("axes")
    axes.add_argument(
        "--loadings", required=True, metavar="FILE", help=".loadings.tsv.gz, or plink2's .eigenvec.allele"
    )
    axes.add_argument("--frequencies", metavar="FILE", help="plink2's .afreq [default: beside --loadings]")
    axes.add_argument("--n_axes", type=int, metavar="K", help="only the first axes")
    axes.add_argument(
        "--match_by", choices=("id", "position"), default="id", help="how variants are found [default: id]"
    )
    axes.add_argument(
        "--least_matched", type=float, default=0.5, metavar="SHARE",
        help="share of the loadings' variants that the genotypes must have [default: 0.5]",
    )  # fmt: skip
    axes.add_argument(
        "--missing", choices=("lsq", "mean"), default="lsq",
        help="missing calls: least squares over the others, or at the mean [default: lsq]",
    )  # fmt: skip
    axes.add_argument(
        "--unshrink", action="store_true", help="undo the shrinkage of new samples towards the origin"
    )
    add_group_options(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    output.add_argument("--figures", action="store_true", help="draw the samples")
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Project and write."""
    where = engine_arguments(args)
    from postgwas.genotypes.run_project import ProjectSettings
    from postgwas.genotypes.write_project import project_files

    settings = ProjectSettings(
        n_axes=args.n_axes, match=args.match_by, missing=args.missing, least_matched=args.least_matched,
        unshrink=args.unshrink,
    )  # fmt: skip
    project_files(
        args.genotypes, args.loadings, args.out, frequencies=args.frequencies,
        selection=genotype_selection(args), settings=settings, dosage=args.dosage, groups=args.groups,
        group_column=args.group_column, figures=args.figures, store=args.store, overwrite=args.overwrite,
        quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
