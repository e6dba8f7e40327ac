"""Variance of expression between and within groups of people.

For each gene: the share of its variance that groups explain after batch, sex and the like, one after
another as given, and the variance within each group with a test that these are equal.
"""

from __future__ import annotations

import argparse

from postgwas.cli.expression_import import UNITS
from postgwas.cli.options import add_matrix_input, add_run_options, add_store_options, matrix_input


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the action's options."""
    group = parser.add_argument_group("input and output")
    add_matrix_input(group, "expression, genes x samples, best normalised")
    group.add_argument("--out", required=True, metavar="PREFIX", help="prefix of the files to write")
    group.add_argument(
        "--unit", choices=UNITS, help="what the matrix holds [default: counts; a BED: unknown]"
    )
    group.add_argument("--sheet", "--sample_sheet", required=True, metavar="FILE", help="table of samples")
    group.add_argument(
        "--group", required=True, metavar="COLUMN,...",
        help="columns whose shares are wanted, in this order, such as continental_group,population",
    )  # fmt: skip
    group.add_argument(
        "--adjust", default="", metavar="COLUMN,...", help="columns that go before, such as batch,sex"
    )
    group.add_argument(
        "--numeric",
        default="",
        metavar="COLUMN,...",
        help="which of these are numbers; all others are categories",
    )
    group.add_argument("--name", help="name in the store [default: the prefix' last part]")
    add_store_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Run it; the log tells the rest."""
    from postgwas.expression.run_variance import VarianceOptions, expression_variance

    options = VarianceOptions(
        args.sheet, groups=_names(args.group), adjust=_names(args.adjust), numeric=_names(args.numeric),
        unit=args.unit,
    )  # fmt: skip
    expression_variance(
        matrix_input(args), out=args.out, options=options, store=args.store, name=args.name,
        overwrite=args.overwrite, quiet=args.quiet, log_json=args.log_json,
    )  # fmt: skip
    return 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
