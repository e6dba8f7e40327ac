"""Principal components of the autosomal variants, with loadings on which other samples can be projected.

Prune the variants first. Writes OUT.eigenvec and OUT.eigenval (as plink2 --pca), OUT.loadings.tsv.gz,
OUT.pca_samples.tsv, and with --figures OUT.pca.png and OUT.scree.png.
"""

from __future__ import annotations

import argparse

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
    axes.add_argument("--n_axes", type=int, default=10, metavar="K", help="how many axes [default: 10]")
    axes.add_argument(
        "--method", choices=("auto", "exact", "randomised"), default="auto",
        help="auto: exact up to 1,000 samples, randomised beyond [default: auto]",
    )  # fmt: skip
    axes.add_argument(
        "--missing", choices=("mean", "pairwise"), default="mean",
        help="missing calls: at the mean, or pair by pair as plink2 --pca does [default: mean]",
    )  # fmt: skip
    axes.add_argument("--seed", type=int, default=1, help="of the randomised method [default: 1]")
    axes.add_argument(
        "--tolerance", type=float, default=1e-3, metavar="SHARE",
        help="residual at which an axis has converged, as a share of its eigenvalue [default: 0.001]",
    )  # fmt: skip
    axes.add_argument("--max_passes", type=int, default=60, metavar="N", help="sweeps at most [default: 60]")
    people = parser.add_argument_group("samples")
    people.add_argument("--fit_keep", metavar="FILE", help="fit the axes to these, project the others")
    people.add_argument("--fit_remove", metavar="FILE", help="project these (relatives), fit to the others")
    people.add_argument(
        "--outlier_sd", type=float, default=6.0, metavar="SD",
        help="standard deviations from the mean of an axis that make an outlier [default: 6]",
    )  # fmt: skip
    people.add_argument(
        "--outlier_axes", type=int, default=10, metavar="K", help="axes looked at for outliers [default: 10]"
    )
    people.add_argument(
        "--outlier_rounds", type=int, default=0, metavar="N",
        help="leave outliers out and fit again so many times, as smartpca's 5 [default: 0, only count them]",
    )  # fmt: skip
    add_group_options(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    output.add_argument("--figures", action="store_true", help="draw the axes and the eigenvalues")
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)


def add_group_options(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """``--groups`` and ``--group_column``."""
    group = parser.add_argument_group("groups of samples")
    group.add_argument(
        "--groups", required=required, metavar="FILE", help="#IID GROUP, FID IID GROUP, or a .psam"
    )
    group.add_argument("--group_column", metavar="NAME", help="column of --groups, where it has several")


def run(args: argparse.Namespace) -> int:
    """Compute and write."""
    where = engine_arguments(args)
    from postgwas.genotypes.run_pca import PcaSettings
    from postgwas.genotypes.write_pca import pca_files

    settings = PcaSettings(
        n_axes=args.n_axes, method=args.method, missing=args.missing, seed=args.seed,
        tolerance=args.tolerance, max_passes=args.max_passes, fit_keep=args.fit_keep,
        fit_remove=args.fit_remove, outlier_sd=args.outlier_sd, outlier_axes=args.outlier_axes,
        outlier_rounds=args.outlier_rounds,
    )  # fmt: skip
    pca_files(
        args.genotypes, args.out, selection=genotype_selection(args), settings=settings, dosage=args.dosage,
        groups=args.groups, group_column=args.group_column, figures=args.figures, store=args.store,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
