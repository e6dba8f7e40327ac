"""Signals of several tissues or populations held against each other.

Replication (Storey's pi1), same sign, about the same size, for each pair of groups; Cochran's Q and I2 of
each signal over all groups. Run postgwas eqtl cis and permute once a group, with the same flags (--keep
chooses the group's samples), then give the files here. Writes OUT.sharing.tsv.gz (a line for each discovery
and replication group), OUT.sharing_effects.tsv.gz (a line a signal) and OUT.log.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from postgwas.cli.options import add_run_options, add_store_options
from postgwas.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Register the flags."""
    group = parser.add_argument_group("groups")
    group.add_argument(
        "--leads", required=True, nargs="+", metavar="NAME=FILE",
        help="signals of each group: what eqtl permute or independent wrote, or STUDY.h5::KEY",
    )  # fmt: skip
    group.add_argument(
        "--nominal", required=True, nargs="+", metavar="NAME=FILE",
        help="all pairs of each group: what eqtl cis wrote (Parquet is quicker), or STUDY.h5::KEY with * for "
        "anything",
    )  # fmt: skip
    group.add_argument(
        "--fdr", type=float, default=0.05, metavar="Q",
        help="leads with qval up to this are signals [default: 0.05]",
    )  # fmt: skip
    group.add_argument(
        "--factor", type=float, default=2.0, metavar="X",
        help="sizes are about the same if neither is more than X times the other [default: 2]",
    )  # fmt: skip
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help="prefix of the files")
    output.add_argument(
        "--format", choices=("tsv", "parquet", "both"), default="tsv",
        help="compressed text, Parquet, or both [default: tsv]",
    )  # fmt: skip
    add_store_options(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compare and write."""
    leads, nominal = named_files(args.leads, "--leads"), named_files(args.nominal, "--nominal")
    from postgwas.qtl.run_sharing import SharingOptions, group_sharing

    group_sharing(
        leads, nominal, args.out, options=SharingOptions(fdr=args.fdr, factor=args.factor),
        format=args.format, store=args.store, overwrite=args.overwrite, quiet=args.quiet,
        log_json=args.log_json,
    )  # fmt: skip
    return 0


def named_files(given: Sequence[str], flag: str) -> dict[str, str]:
    """NAME=FILE, in order.

    Raises
    ------
    UsageError
        If one is not of this form, or a name comes twice.

    Examples
    --------
    >>> named_files(["a=x.tsv", "b=y.tsv"], "--leads")
    {'a': 'x.tsv', 'b': 'y.tsv'}
    """
    found: dict[str, str] = {}
    for one in given:
        name, equals, path = one.partition("=")
        if not (name and equals and path):
            raise UsageError(f"{flag} {one}: expected NAME=FILE")
        if name in found:
            raise UsageError(f"{flag}: group {name} is given twice")
        found[name] = path
    return found
