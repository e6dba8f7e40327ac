"""What is measured of every sample, and the one table of verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.expression.limits import SHARES, Limit, find_metric, kind_of_metric, metric_numbers, of_share
from postgwas.expression.matrix import ExpressionMatrix, some_names
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)
FloatArray = NDArray[np.float64]


@dataclass
class Verdicts:
    """Columns of the table of samples, and why samples fail.

    Attributes
    ----------
    samples : tuple of str
    columns : dict of str to array
    reasons : list of list of str
        Of each sample.
    """

    samples: tuple[str, ...]
    columns: dict[str, Any] = field(default_factory=dict)
    reasons: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reasons = [[] for _ in self.samples]

    def fail(self, failed: NDArray[np.bool_], reason: str) -> None:
        """Note a reason for the samples that are true."""
        names = [self.samples[at] for at in np.flatnonzero(failed)]
        for at in np.flatnonzero(failed):
            self.reasons[at].append(reason)
        if names:
            count = "1 sample fails" if len(names) == 1 else f"{len(names)} samples fail"
            log.warning("%s %s: %s", count, reason, some_names(names))

    @property
    def passed(self) -> NDArray[np.bool_]:
        """Samples without any reason."""
        return np.array([not reasons for reasons in self.reasons], np.bool_)

    def counts(self) -> dict[str, int]:
        """Samples of each reason; one with several counts for each."""
        found: dict[str, int] = {}
        for reasons in self.reasons:
            for reason in reasons:
                found[reason] = found.get(reason, 0) + 1
        return found

    def frame(self) -> pl.DataFrame:
        """The table: sample, measures, PASS, REASONS."""
        import polars as pl

        return pl.DataFrame(
            {
                "sample": list(self.samples),
                **self.columns,
                "PASS": self.passed,
                "REASONS": ["; ".join(reasons) for reasons in self.reasons],
            }
        )


def measure(matrix: ExpressionMatrix, verdicts: Verdicts, *, min_expressed: int | None = None) -> None:
    """Totals and expressed genes; samples without any expression fail.

    A gene is expressed in a sample where it has more than one read in a million (or more than 1
    TPM).
    """
    if matrix.unit not in ("counts", "tpm", "cpm", "fpkm"):
        return
    totals = matrix.totals
    million = totals / 1e6 if matrix.unit == "counts" else np.ones(matrix.n_samples)
    verdicts.columns["total"] = totals
    expressed = (matrix.values > np.where(totals > 0, million, np.inf)).sum(axis=0)
    verdicts.columns["n_expressed"] = expressed
    verdicts.fail(totals == 0, "no expression at all")
    if min_expressed is not None:
        verdicts.fail(expressed < min_expressed, f"fewer than {min_expressed:,} expressed genes")


def apply_limits(
    verdicts: Verdicts, table: pl.DataFrame, limits: Sequence[Limit], *, source: str, usual: bool
) -> None:
    """Hold a table of metrics against limits.

    Parameters
    ----------
    verdicts : Verdicts
    table : polars.DataFrame
        A column ``sample`` and metrics as text.
    limits : sequence of Limit
    source : str
        The table's file, for messages.
    usual : bool
        The limits are the usual ones: those whose metric is not there are passed over.

    Raises
    ------
    InputError
        If no sample is in the table, a metric has no column, or a cell is no number.
    """
    rows = {name: at for at, name in enumerate(table["sample"])}
    lost = [sample for sample in verdicts.samples if sample not in rows]
    if len(lost) == len(verdicts.samples):
        raise InputError(
            f"{source}: none of the {len(lost)} samples is in it, such as {lost[0]}; it has "
            f"{some_names(table['sample'].to_list(), 3)}"
        )
    if lost:
        log.warning(
            "%s: %d of %d samples are not in it: %s",
            source,
            len(lost),
            len(verdicts.samples),
            some_names(lost),
        )
    for limit in limits:
        column = find_metric(limit.metric, [name for name in table.columns if name != "sample"])
        if column is None:
            if usual:
                continue
            raise InputError(f"{source}: no column for {limit.text}; it has {some_names(table.columns, 12)}")
        share = kind_of_metric(limit.metric) in SHARES or limit.percent
        held = of_share(limit) if share else limit
        cells = [table[column][rows[s]] if s in rows else None for s in verdicts.samples]
        values, bad = metric_numbers(cells, share=share)
        if bad:
            raise InputError(f"{source}, column {column}: {bad[0]!r} is not a number")
        verdicts.columns[column] = values
        n_missing = int(np.isnan(values).sum())
        if n_missing:
            log.warning("%s: %d samples have no %s; they pass %s", source, n_missing, column, held.text)
        verdicts.fail(~held.holds(values), held.text)
