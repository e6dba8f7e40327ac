"""The result of a munging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from postgwas.sumstats.munge.columns import Columns
from postgwas.sumstats.munge.statistic import Summary


@dataclass(frozen=True)
class Munged:
    """Summary statistics as ldsc reads them, and how they came about.

    Attributes
    ----------
    frame : polars.DataFrame
        SNP, A1, A2, Z, N and, on request, FRQ, in the order in which the file has them; A1 is the
        allele that Z and FRQ refer to. With ``ldsc_compat`` and a list of alleles, one row for
        each listed SNP, empty where it was not found.
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
    warnings : tuple of str
    path : Path or None
        The ``.sumstats.gz``.
    """

    frame: pl.DataFrame
    source: str
    columns: Columns
    n_rows: int
    counts: Mapping[str, int]
    n_min: float
    median: float
    summary: Summary
    rejected: pl.DataFrame
    warnings: tuple[str, ...] = ()
    path: Path | None = None

    def __len__(self) -> int:
        return self.frame.height
