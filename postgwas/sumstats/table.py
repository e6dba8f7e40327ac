"""The summary-statistics table: what every reader returns and every analysis takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pandas as pd

CANONICAL: dict[str, pl.DataType] = {
    "ROW": pl.UInt32(),
    "SNPID": pl.String(),
    "CHR": pl.Int8(),
    "POS": pl.Int32(),
    "EA": pl.String(),
    "NEA": pl.String(),
    "EAF": pl.Float64(),
    "BETA": pl.Float64(),
    "SE": pl.Float64(),
    "Z": pl.Float64(),
    "P": pl.Float64(),
    "MLOG10P": pl.Float64(),
    "N": pl.Float64(),
    "INFO": pl.Float64(),
}
"""Canonical columns and their types, in the order in which tables carry them."""


def in_order(frame: pl.DataFrame, wanted: Collection[str]) -> pl.DataFrame:
    """ROW and the wanted columns in canonical order, without copying (a polars select would)."""
    names = [c for c in CANONICAL if c in frame.columns and (c == "ROW" or c in wanted)]
    return pl.DataFrame([frame[c] for c in names])


REJECTED_SCHEMA = {"ROW": pl.UInt32(), "SNPID": pl.String(), "REASON": pl.String()}


def empty_rejected() -> pl.DataFrame:
    """No rejected row."""
    return pl.DataFrame(schema=REJECTED_SCHEMA)


@dataclass(frozen=True)
class Sumstats:
    """Summary statistics of one trait.

    Attributes
    ----------
    frame : polars.DataFrame
        Canonical columns (:data:`CANONICAL`), rows in the order of the file. ``ROW`` is
        the 1-based line number. ``CHR`` is 1..22, X = 23, Y = 24, MT = 25, null if unknown.
        ``EA`` is the effect allele: ``BETA``, ``Z`` and ``EAF`` refer to it. Missing = null.
    source : str
        Path, or ``"<table>"``.
    dialect : str
        Name of the dialect that the header was recognised as.
    columns : mapping
        Canonical name -> column found in the file, of the columns that were read.
    n_kind : str
        What N is: ``"total"``, ``"effective"`` (4 / (1/cases + 1/controls)),
        ``"cases+controls"``, ``"given"`` (a number for all rows) or ``"unknown"`` (no N).
    derived : tuple of str
        What was computed rather than read, e.g. ``"Z from BETA/SE"``.
    warnings : tuple of str
        One line each; for the log.
    rejected : polars.DataFrame
        Lines that could not be read as rows: ROW, SNPID, REASON.
    header : tuple of str
        All columns of the file, read or not; for messages.
    """

    frame: pl.DataFrame
    source: str
    dialect: str
    columns: Mapping[str, str]
    n_kind: str = "unknown"
    derived: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    rejected: pl.DataFrame = field(default_factory=empty_rejected)
    header: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.frame.height

    def to_pandas(self) -> pd.DataFrame:
        """Copy into a pandas DataFrame; integer columns with missing values become floats."""
        return self.frame.to_pandas()
