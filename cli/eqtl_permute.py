"""The cis permutation pass: the best variant of each phenotype, and its P-value beside permutations.

Writes OUT.cis_permutation.tsv.gz (a line a phenotype, or a group: tensorQTL's columns with q-values and the
nominal threshold; effects are per copy of effect_allele), OUT.cis_permutation.rejected.tsv.gz and OUT.log.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from postgwas.cli.eqtl_options import add_qtl_inputs, add_qtl_outputs, qtl_options
from postgwas.cli.options import engine_arguments
from postgwas.errors import UsageError

if TYPE_CHECKING:
    from postgwas.qtl.permutation_options import DiscoveryOptions, PermutationOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    add_qtl_inputs(parser, groups=True, compat=True)
    add_permutation_options(parser, schemes=True)
    add_discovery_options(parser)
    add_qtl_outputs(parser, "OUT.cis_permutation.tsv.gz")


def add_permutation_options(parser: argparse.ArgumentParser, *, schemes: bool, default: int = 1000) -> None:
    """``--permutations``, ``--seed``; with ``schemes`` also the adaptive one and ``--scheme``."""
    group = parser.add_argument_group("permutations")
    more = "; two numbers: until so many were better, or the most" if schemes else ""
    group.add_argument(
        "--permutations", type=int, nargs="+" if schemes else None, default=[default] if schemes else default,
        metavar="N", help=f"their number{more} [default: {default}]",
    )  # fmt: skip
    group.add_argument(
        "--seed", type=int, metavar="N", help="of the permutations [default: drawn, and told in the log]"
    )
    if schemes:
        group.add_argument(
            "--scheme", choices=("plain", "shared"), default="plain",
            help="shared: one null for all phenotypes, of those that are rank-normal; much quicker "
            "[default: plain]",
        )  # fmt: skip


def add_discovery_options(parser: argparse.ArgumentParser) -> None:
    """``--fdr``, ``--qvalue_method``, ``--qvalue_lambda``."""
    group = parser.add_argument_group("significance")
    group.add_argument(
        "--fdr", type=float, default=0.05, metavar="RATE", help="false discovery rate [default: 0.05]"
    )
    group.add_argument(
        "--qvalue_method", choices=("smoother", "bootstrap", "bh"), default="smoother",
        help="how the share of true nulls is found; bh: taken to be 1 [default: smoother]",
    )  # fmt: skip
    group.add_argument(
        "--qvalue_lambda", type=float, nargs="+", metavar="LAMBDA",
        help="where the nulls are counted: one number or a grid [default: 0.05 0.10 ... 0.95]",
    )  # fmt: skip


def permutation_options(args: argparse.Namespace) -> PermutationOptions:
    """What :func:`add_permutation_options` was told.

    Raises
    ------
    UsageError
        If there are more than two numbers.
    """
    from postgwas.qtl.permutation_options import PermutationOptions

    numbers = args.permutations if isinstance(args.permutations, list) else [args.permutations]
    if len(numbers) > 2:
        told = " ".join(map(str, numbers))
        raise UsageError(f"--permutations {told}: expected one number, or two for the adaptive scheme")
    wanted = numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])
    return PermutationOptions(wanted, args.seed, getattr(args, "scheme", "plain"))


def discovery_options(args: argparse.Namespace) -> DiscoveryOptions:
    """What :func:`add_discovery_options` was told."""
    from postgwas.qtl.permutation_options import DiscoveryOptions

    given = args.qvalue_lambda
    grid = given[0] if given and len(given) == 1 else given
    return DiscoveryOptions(args.fdr, args.qvalue_method, grid)


def run(args: argparse.Namespace) -> int:
    """Permute and write."""
    where = engine_arguments(args)
    permuting, discovery = permutation_options(args), discovery_options(args)
    from postgwas.qtl.write_permutation import cis_permutation_files

    cis_permutation_files(
        args.genotypes, args.phenotypes, args.out, covariates=args.covariates, permuting=permuting,
        discovery=discovery, options=qtl_options(args), format=args.format, store=args.store,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json, **where,
    )  # fmt: skip
    return 0
