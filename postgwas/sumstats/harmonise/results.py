"""What a run of harmonise hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from postgwas.sumstats.harmonise.account import Account
from postgwas.sumstats.harmonise.build import BuildCall
from postgwas.sumstats.harmonise.build_plan import BuildPlan
from postgwas.sumstats.harmonise.consistency import ConsistencySummary
from postgwas.sumstats.harmonise.frequency import FrequencySummary


@dataclass(frozen=True, eq=False)
class Harmonised:
    """One file of summary statistics, harmonised.

    Attributes
    ----------
    name, source : str
        The trait, and the file that it came from.
    files : mapping of str to Path
        What was written: format, ``"account"``, ``"rejected"``, ``"report"`` -> file.
    account : Account
        What became of every row.
    plan : BuildPlan
        Build of the file and of the result.
    call : BuildCall
        What the positions of known SNPs say.
    dialect : str
    columns : mapping
        Field -> column of the file.
    derived : tuple of str
        What was computed rather than read.
    n_kind : str
        What N is; see :class:`~postgwas.sumstats.table.Sumstats`.
    warnings : tuple of str
    frequencies : FrequencySummary
    consistency : ConsistencySummary
    n_normalised : int
        Indels written otherwise than in the file.
    n_written : mapping of str to int
        Format -> rows, where a format demands more than the table has.
    """

    name: str
    source: str
    files: Mapping[str, Path]
    account: Account
    plan: BuildPlan
    call: BuildCall
    dialect: str
    columns: Mapping[str, str]
    derived: tuple[str, ...]
    n_kind: str
    warnings: tuple[str, ...]
    frequencies: FrequencySummary
    consistency: ConsistencySummary
    n_normalised: int = 0
    n_written: Mapping[str, int] = field(default_factory=dict)
