"""The result of a munging."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from postgwas.sumstats.munge.columns import Columns
from postgwas.sumstats.munge.output import Table
from postgwas.sumstats.munge.rejected import Rejected
from postgwas.sumstats.munge.statistic import Summary

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Munged:
    """Summary statistics as ldsc reads them, and how they came about.

    Attributes
    ----------
    frame : polars.DataFrame
        SNP, A1, A2, Z, N and, on request, FRQ, in the order in which the file has them; A1 is the
        allele that Z and FRQ refer to. With ``ldsc_compat`` and a list of alleles, one row for
        each listed SNP, empty where it was not found.
    table : Table
        The same as arrays, of which `frame` is made when it is first asked for.
    source : str
    columns : Columns
        What was read from which column.
    n_rows : int
        Rows read.
    counts : mapping
        Reason -> rows removed, in the order of the rules.
    n_min : float
        The limit on N; NaN if there was none.
    median : float
        Median of the signed statistic; NaN without one.
    summary : Summary
        Mean, inflation and maximum of Z^2.
    rejected : polars.DataFrame
        ROW (line number), SNPID and REASON of each row removed, except for those that are not in
        the list of alleles.
    removed : Rejected
        The same as arrays.
    warnings : tuple of str
    path : Path or None
        The ``.sumstats.gz``.
    """

    table: Table
    source: str
    columns: Columns
    n_rows: int
    counts: Mapping[str, int]
    n_min: float
    median: float
    summary: Summary
    removed: Rejected
    warnings: tuple[str, ...] = ()
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.table)

    @functools.cached_property
    def frame(self) -> pl.DataFrame:
        """The table as a frame."""
        return self.table.frame()

    @functools.cached_property
    def rejected(self) -> pl.DataFrame:
        """The removed rows as a frame."""
        return self.removed.frame()
