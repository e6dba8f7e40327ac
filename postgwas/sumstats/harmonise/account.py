"""The account of a file: every row that was read, once, by what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from postgwas.sumstats.harmonise.outcomes import Outcome, Remark

READ, UNREADABLE, LEFT_OUT, KEPT, OF_KEPT = "read", "unreadable", "left out", "kept", "of the kept"
"""Groups of an account's lines, in their order."""


@dataclass(frozen=True)
class Line:
    """One line: its group, a short code, what it says, and the number of rows."""

    group: str
    code: str
    text: str
    rows: int


@dataclass(frozen=True)
class Account:
    """Counts of rows that add up.

    Attributes
    ----------
    n_read : int
        Lines of the file that hold a row, readable or not.
    unreadable : mapping of str to int
        Reason of the reader -> lines set aside.
    outcomes : mapping of Outcome to int
    remarks : mapping of Remark to int
        Of the kept rows; a row may have several, so these do not add up.

    Raises
    ------
    RuntimeError
        They do not add up: a defect, never the user's.
    """

    n_read: int
    unreadable: Mapping[str, int] = field(default_factory=dict)
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    remarks: Mapping[Remark, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counted = sum(self.unreadable.values()) + sum(self.outcomes.values())
        if counted != self.n_read or self.outcomes.get(Outcome.PENDING):
            raise RuntimeError(f"rows do not add up: {self.n_read} read, {counted} accounted for: {self}")

    @property
    def n_kept(self) -> int:
        """Rows of the harmonised table."""
        return sum(n for outcome, n in self.outcomes.items() if outcome.kept)

    @property
    def dropped(self) -> dict[str, int]:
        """Reason -> rows that are not in the table, the reader's included; no zeros."""
        found = {reason: n for reason, n in sorted(self.unreadable.items()) if n}
        found.update({o.text: n for o, n in sorted(self.outcomes.items()) if n and not o.kept})
        return found

    def lines(self) -> list[Line]:
        """The table, without lines of no rows."""
        table = [Line(READ, "rows", "rows read", self.n_read)]
        table += [Line(UNREADABLE, "line", reason, n) for reason, n in sorted(self.unreadable.items()) if n]
        table += [
            Line(group, outcome.name.lower(), outcome.text, n)
            for group, kept in ((LEFT_OUT, False), (KEPT, True))
            for outcome, n in sorted(self.outcomes.items())
            if n and outcome.kept is kept
        ]
        table.append(Line(KEPT, "total", "rows kept", self.n_kept))
        table += [
            Line(OF_KEPT, str(remark.name).lower(), remark.text, n)
            for remark, n in sorted(self.remarks.items())
            if n
        ]
        return table

    def to_frame(self) -> pl.DataFrame:
        """The table with GROUP, CODE, MEANING and ROWS."""
        lines = self.lines()
        return pl.DataFrame(
            {
                "GROUP": [line.group for line in lines],
                "CODE": [line.code for line in lines],
                "MEANING": [line.text for line in lines],
                "ROWS": [line.rows for line in lines],
            },
            schema={"GROUP": pl.String, "CODE": pl.String, "MEANING": pl.String, "ROWS": pl.Int64},
        )


def account_of(
    n_rows: int,
    unreadable: Mapping[str, int],
    outcomes: Sequence[Mapping[int, int]],
    remarks: Sequence[Mapping[int, int]],
) -> Account:
    """Add the counts of chromosomes up.

    Parameters
    ----------
    n_rows : int
        Rows that the reader made of the file, counted while it was read.
    unreadable : mapping of str to int
        Reason -> lines of which it made none.
    outcomes, remarks : sequence of mapping of int to int
        Code -> rows, one mapping a chromosome.
    """
    counts: dict[Outcome, int] = {}
    for chromosome in outcomes:
        for code, n in chromosome.items():
            outcome = _BY_CODE[code]
            counts[outcome] = counts.get(outcome, 0) + n
    said: dict[Remark, int] = {}
    for chromosome in remarks:
        for code, n in chromosome.items():
            said[Remark(code)] = said.get(Remark(code), 0) + n
    return Account(n_rows + sum(unreadable.values()), dict(unreadable), counts, said)


_BY_CODE = {int(outcome): outcome for outcome in Outcome}
