"""Flags that the actions of ``postgwas eqtl`` share."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from postgwas.cli.options import (
    add_engine_options,
    add_genotype_options,
    add_run_options,
    add_store_options,
    genotype_selection,
)
from postgwas.errors import UsageError

if TYPE_CHECKING:
    from postgwas.qtl.inputs import QtlInputOptions


def add_qtl_inputs(
    parser: argparse.ArgumentParser,
    *,
    groups: bool = False,
    compat: bool = False,
    window: int | None = 1_000_000,
) -> None:
    """``--genotypes`` and its selection, ``--phenotypes``, ``--covariates``, ``--window`` and their like.

    Parameters
    ----------
    parser : ArgumentParser
    groups : bool
        Also ``--phenotype_groups``.
    compat : bool
        Also ``--compat``.
    window : int, optional
        Default of ``--window``; None: there is no such flag.
    """
    add_genotype_options(parser)
    model = parser.add_argument_group("phenotypes and model")
    model.add_argument(
        "--phenotypes", required=True, metavar="FILE.bed.gz", help="phenotype BED, sorted or not"
    )
    model.add_argument(
        "--covariates",
        metavar="FILE",
        help="numbers: a row a covariate (FastQTL's layout), or a row a sample",
    )
    model.add_argument(
        "--unmatched", choices=("refuse", "drop"), default="refuse",
        help="samples of the phenotypes that genotypes or covariates do not have [default: refuse]",
    )  # fmt: skip
    if window is not None:
        model.add_argument(
            "--window", type=int, default=window, metavar="BASES",
            help=f"to each side of the TSS, ends included [default: {window}]",
        )  # fmt: skip
    if groups:
        model.add_argument(
            "--phenotype_groups", metavar="FILE",
            help="two columns, phenotype and group (introns of a gene): the best of each group is reported",
        )  # fmt: skip
    if compat:
        model.add_argument(
            "--compat", choices=("qtltools",),
            help="qtltools: covariates are projected out of the phenotype alone, n - 2 degrees of freedom, "
            "as in QTLtools and the tables of the eQTL Catalogue",
        )  # fmt: skip


def qtl_options(args: argparse.Namespace) -> QtlInputOptions:
    """What :func:`add_qtl_inputs` was told."""
    from postgwas.qtl.inputs import QtlInputOptions

    selection = replace(genotype_selection(args), maf_min=None, max_missing=None)
    return QtlInputOptions(
        window=getattr(args, "window", 0),
        maf_min=0.0 if args.maf_min is None else args.maf_min,
        max_missing=1.0 if args.max_missing is None else args.max_missing,
        unmatched=args.unmatched,
        dosage=args.dosage,
        selection=selection,
        compat=getattr(args, "compat", None),
        groups=getattr(args, "phenotype_groups", None),
    )


def permutation_results(args: argparse.Namespace) -> str:
    """What ``--permutation_results`` names, or the permutation pass under the same prefix.

    Raises
    ------
    UsageError
        If there is neither.
    """
    if args.permutation_results is not None:
        return str(args.permutation_results)
    beside = [f"{args.out}.cis_permutation{ending}" for ending in (".tsv.gz", ".parquet")]
    found = next((path for path in beside if Path(path).is_file()), None)
    if found is None:
        raise UsageError(
            f"no results of a permutation pass: {beside[0]} is not there",
            hint="postgwas eqtl permute first, or --permutation_results FILE",
        )
    return found


def add_qtl_outputs(parser: argparse.ArgumentParser, what: str) -> None:
    """``--out``, ``--format``, the store, the engine, and how a run behaves."""
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="PREFIX", help=f"prefix of the files: {what}")
    output.add_argument(
        "--format", choices=("tsv", "parquet", "both"), default="tsv",
        help="compressed text, Parquet, or both [default: tsv]",
    )  # fmt: skip
    add_store_options(parser)
    add_engine_options(parser)
    add_run_options(parser)
