"""Ancestry of samples from their scores beside labelled samples on the same axes.

Each sample gets its most probable group, or "unassigned", and the mixture of groups that lies nearest
to it. Scores come from postgwas genotypes project, those of the labelled samples from postgwas
genotypes pca. Writes OUT.ancestry.tsv, and with --figures OUT.ancestry.png.
"""

from __future__ import annotations

import argparse

from postgwas.cli.genotypes_pca import add_group_options
from postgwas.cli.options import add_run_options, add_store_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    scores = parser.add_argument_group("scores")
    scores.add_argument("--scores", required=True, metavar="FILE", help="of the samples: .projected.tsv")
    scores.add_argument(
        "--reference", required=True, metavar="FILE", help="of labelled samples: .eigenvec, on the same axes"
    )
    scores.add_argument("--n_axes", type=int, metavar="K", help="only the first axes")
    add_group_options(parser, required=True)
    group = parser.add_argument_group("ancestry")
    group.add_argument(
        "--sources", metavar="NAME,NAME,...", help="groups that proportions may be of [default: all]"
    )
    group.add_argument(
        "--least_probability", type=float, default=0.9, metavar="P",
        help="samples whose most probable group has less are unassigned [default: 0.9]",
    )  # fmt: skip
    group.add_argument(
        "--furthest", type=float, default=1e-4, metavar="P",
        help="so are those further out than this share of the group's members [default: 0.0001]",
    )  # fmt: skip
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of all files")
    output.add_argument("--figures", action="store_true", help="draw the proportions")
    add_store_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Tell and write."""
    from postgwas.genotypes.run_ancestry import AncestrySettings, ancestry_files, sources_of

    settings = AncestrySettings(
        n_axes=args.n_axes, sources=sources_of(args.sources), least_probability=args.least_probability,
        furthest=args.furthest,
    )  # fmt: skip
    ancestry_files(
        args.scores, args.reference, args.groups, args.out, group_column=args.group_column,
        settings=settings, figures=args.figures, store=args.store, overwrite=args.overwrite,
        quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0
