"""What every QTL analysis writes the same way: tables as text, Parquet and in the store, and the rejected."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from postgwas.destination import Destination
from postgwas.errors import UsageError
from postgwas.genotypes.inputs import input_files, selection_lists
from postgwas.genotypes.stored import Origin, store_tables
from postgwas.qtl.inputs import QtlInputs
from postgwas.qtl.rejections import Rejections
from postgwas.runlog import get_logger, log_step
from postgwas.sumstats.write import write_delimited

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

Format = Literal["tsv", "parquet", "both"]

REJECTED = ".rejected.tsv.gz"
"""How the file of what was left out ends, after the name of the first table: runs may share a prefix."""


def endings_of(what: str, format: Format) -> tuple[str, ...]:
    """Endings of a table's files.

    Raises
    ------
    UsageError
        If the format is none.

    Examples
    --------
    >>> endings_of("cis_nominal", "both")
    ('.cis_nominal.tsv.gz', '.cis_nominal.parquet')
    """
    if format not in ("tsv", "parquet", "both"):
        raise UsageError(f"--format {format}: expected tsv, parquet or both")
    both = (f".{what}.tsv.gz", f".{what}.parquet")
    return both if format == "both" else both[:1] if format == "tsv" else both[1:]


def destination(
    out: str,
    whats: tuple[str, ...],
    format: Format,
    *,
    store: str | None,
    overwrite: bool,
    others: tuple[str, ...] | None = None,
    keys: tuple[str, ...] | None = None,
) -> Destination:
    """Where the tables `whats` of one run go; refuses before any work is done.

    Parameters
    ----------
    out : str
        Prefix.
    whats : tuple of str
        Tables, such as "cis_permutation": OUT.cis_permutation.tsv.gz and ``qtl/cis_permutation/<prefix>``.
    others : tuple of str, optional
        Endings of further files; that of what was left out, OUT.<first table>.rejected.tsv.gz, if None.
    keys : tuple of str, optional
        Names in the store; `whats` if None.

    Raises
    ------
    UsageError, OutputError, StoreError
        As :meth:`postgwas.destination.Destination.check`.
    """
    endings = tuple(ending for what in whats for ending in endings_of(what, format))
    if others is None:
        others = (f".{whats[0]}{REJECTED}",)
    named = (whats if keys is None else keys) if store else ()
    target = Destination(out, (*endings, *others), store, named, overwrite, room="qtl")
    target.check()
    return target


def write_tables(target: Destination, tables: Mapping[str, pl.DataFrame], format: Format) -> None:
    """Write each table under the prefix, in each format."""
    for what, frame in tables.items():
        for ending in endings_of(what, format):
            if ending.endswith(".parquet"):
                frame.write_parquet(target.path(ending), compression="zstd", compression_level=3)
            else:
                write_delimited(frame, target.path(ending))


def write_rejections(target: Destination, rejected: Rejections) -> None:
    """Write what was left out."""
    ending = next(one for one in target.endings if one.endswith(REJECTED))
    write_delimited(rejected.table(), target.path(ending))


def tell_inputs(inputs: QtlInputs, rejected: Rejections, *, where: str = " within windows") -> None:
    """Lines on what went in and what was left out."""
    dropped: dict[str, int] = {}
    for why in rejected.phenotypes.values():
        dropped[why] = dropped.get(why, 0) + 1
    n_in = inputs.n_genes + len(inputs.rejected)
    log_step(log, "Phenotypes", rows_in=n_in, rows_out=n_in - len(rejected.phenotypes), dropped=dropped,
             unit="phenotypes")  # fmt: skip
    if rejected.variants:
        told = ", ".join(f"{number:,} {why}" for why, number in rejected.variants.items())
        log.info("Variants%s that were not tested: %s", where, told)
    perfect = sum(why == "perfect_fit" for _, _, why in rejected.pairs)
    if perfect:
        log.warning(
            "%d pairs are a perfect fit: they have no standard error and no P (OUT.*%s)", perfect, REJECTED
        )


def store_results(
    target: Destination,
    tables: Mapping[str, pl.DataFrame],
    inputs: QtlInputs,
    *,
    paths: tuple[Any, ...],
    parameters: Mapping[str, Any],
    began: float,
    rejected: Rejections,
    attrs: Mapping[str, Any] | None = None,
) -> None:
    """Put tables (what -> frame) under ``qtl/<what>/<prefix>``, with provenance; nothing without a store.

    Parameters
    ----------
    paths : tuple
        Input files beside the genotypes; what is no path is left out.
    began : float
        Of ``time.perf_counter``.
    """
    if target.store is None:
        return
    options = asdict(inputs.options)
    origin = Origin(
        {"genotypes": inputs.genotypes.path, **options, **parameters},
        input_files(inputs.genotypes, (*paths, *selection_lists(inputs.options.selection))),
        time.perf_counter() - began, inputs.n_genes + len(inputs.rejected),
        inputs.n_genes + len(inputs.rejected) - len(rejected.phenotypes), rejected.counts,
    )  # fmt: skip
    about = {
        "n_samples": inputs.n_samples, "df": inputs.df,
        "effect": "per copy of the effect allele, in the phenotype's unit", **(attrs or {}),
    }  # fmt: skip
    store_tables(
        target, {what: (frame, f"qtl-{what}") for what, frame in tables.items()}, origin, attrs=about
    )


def told_paths(target: Destination) -> str:
    """The files that were written, for the log."""
    return ", ".join(os.fspath(target.path(ending)) for ending in target.endings)
