"""The steps of a munging after the rules for single rows, each with its line in the log."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.errors import InputError, NoVariantsError
from postgwas.runlog import get_logger
from postgwas.sumstats.munge import filters, lines
from postgwas.sumstats.munge.allele_list import AlleleList
from postgwas.sumstats.munge.collect import Collected, Collector
from postgwas.sumstats.munge.options import MungeOptions
from postgwas.sumstats.munge.output import output_frame
from postgwas.sumstats.munge.statistic import default_n_min, n_of_cases_and_controls
from postgwas.sumstats.qc import first_of_each

log = get_logger("sumstats.munge")
MEDIAN_TOLERANCE = 0.1


def say(*text: str) -> None:
    """Lines for the log."""
    for line in text:
        log.info("%s", line)


@dataclass
class Rows:
    """The rows that are left, and the collector that counts those that are not."""

    kept: Collected
    collector: Collector

    def __len__(self) -> int:
        return len(self.kept)

    @property
    def numbers(self) -> dict[str, npt.NDArray[np.float64]]:
        """Columns of numbers."""
        return self.kept.numbers

    def drop(self, broken: npt.NDArray[np.bool_], rule: int) -> int:
        """Remove rows that break a rule; returns how many."""
        count = int(broken.sum())
        if count:
            chosen = pl.Series(broken)
            reason = np.full(count, rule, dtype=np.uint8)
            self.collector.reject(pl.Series(self.kept.row[broken]), self.kept.snpid.filter(chosen), reason)
            self.collector.counts[rule] += count
            self.kept = self.kept.keep(~broken)
        return count


def collect(collector: Collector, frames: Iterator[pl.DataFrame], source: str) -> Collected:
    """Judge all rows.

    Raises
    ------
    NoVariantsError
        None passes.
    """
    for frame in frames:
        collector.add(frame)
    for line in lines.suspicious(collector.suspicious):
        log.info("%s", line)
    if collector.n_zero_p and not collector.options.ldsc_compat:
        log.warning(
            "%s: %d rows have P = 0, whose size is unknown; they are removed as out of bounds",
            source, collector.n_zero_p,
        )  # fmt: skip
    kept = collector.finish(source)
    if kept is None:
        raise nothing_left(collector, source)
    return kept


def nothing_left(collector: Collector, source: str) -> NoVariantsError:
    """The error for a file of which nothing is left."""
    went = ", ".join(f"{r}: {c}" for r, c in zip(filters.REASONS, collector.counts.tolist()) if c)
    return NoVariantsError(
        f"{source}: no SNPs remain of {collector.n_rows} after filtering ({went or 'no rows were read'})"
    )


def tell_filters(collector: Collector, options: MungeOptions, remain: int) -> None:
    """What the rules for single rows removed."""
    say(
        *lines.removed(
            collector.n_rows, collector.counts.tolist(), listed=options.merge_alleles is not None,
            info_min=options.info_min, maf_min=options.maf_min, remain=remain,
        )
    )  # fmt: skip


def drop_duplicates(rows: Rows) -> None:
    """Keep the first row of each identifier."""
    count = rows.drop(~first_of_each(rows.kept.snpid).to_numpy(), filters.DUPLICATE)
    say(f"Removed {count} SNPs with duplicated rs numbers ({len(rows)} SNPs remain).")


def settle_n(rows: Rows, options: MungeOptions) -> float:
    """Bring N into its final form and drop SNPs of too few people; returns the limit, NaN without one.

    Raises
    ------
    NoVariantsError
        No row is left.
    """
    numbers, n_min = rows.numbers, math.nan
    if "N_CAS" in numbers and "N_CON" in numbers:
        numbers["N"] = n_of_cases_and_controls(numbers.pop("N_CAS"), numbers.pop("N_CON"))
    for field, factor in (("NEFF", 1.0), ("NEFF_HALF", 2.0)):
        if field in numbers:
            numbers["N"] = factor * numbers.pop(field)
    if "N" in numbers:
        n_min = _n_min(numbers["N"], options)
        # No sample has 0 people, whatever the limit.
        few = ~(numbers["N"] >= n_min) if n_min > 0 else numbers["N"] <= 0
        count = rows.drop(few, filters.LOW_N)
        say(f"Removed {count} SNPs with N < {lines.number(n_min)} ({len(rows)} SNPs remain).")
    elif "NSTUDY" in numbers:
        studies = numbers["NSTUDY"]
        least: float = options.nstudy_min or _whole(float(studies.max()))
        count = rows.drop(~(studies >= least), filters.LOW_NSTUDY)
        say(f"Removed {count} SNPs with NSTUDY < {lines.number(least)} ({len(rows)} SNPs remain).")
    if not len(rows):
        raise nothing_left(rows.collector, "--sumstats")
    constant = rows.collector.columns.constant_n
    if "N" not in rows.numbers:
        assert constant is not None
        rows.numbers["N"] = np.full(len(rows), constant)
        if options.n:
            say(f"Using N = {lines.number(options.n)}")
        elif not (options.ldsc_compat or options.daner):
            say(f"Using N = {lines.number(constant)} (cases plus controls)")
    return n_min


def _n_min(n: npt.NDArray[np.float64], options: MungeOptions) -> float:
    # munge_sumstats.py takes a limit of 0 for none given.
    if options.n_min is None or (options.ldsc_compat and options.n_min == 0):
        return default_n_min(n)
    return options.n_min


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else value


def check_median(rows: Rows, source: str) -> float:
    """The median of the signed statistic, which must be near its null value; NaN without one.

    Raises
    ------
    InputError
    """
    columns = rows.collector.columns
    if "SIGNED" not in rows.numbers:
        return math.nan
    median = float(np.median(rows.numbers["SIGNED"]))
    if abs(median - columns.null) > MEDIAN_TOLERANCE:
        raise InputError(
            f"{source}: the median value of {columns.signed} is {median:.2g}, "
            f"expected close to {columns.null:g}; this column may be mislabelled",
            hint="--signed_sumstats COLUMN,NULL says what it is",
        )
    say(f"Median value of {columns.signed} was {lines.number(median)}, which seems sensible.")
    return median


def finish(
    rows: Rows, alleles: AlleleList | None, source: str, *, whole_n: bool
) -> tuple[pl.DataFrame, npt.NDArray[np.float64]]:
    """The table to write, and Z of its rows that have one.

    Raises
    ------
    InputError
        No row has the alleles of the list.
    """
    columns, options = rows.collector.columns, rows.collector.options
    signed = rows.numbers.pop("SIGNED", None)
    if signed is not None:
        rows.numbers["Z"] = np.where(signed < columns.null, -1.0, 1.0) * rows.numbers["Z"]
    if alleles is None:
        return output_frame(rows.kept, columns, options, whole_n=whole_n), rows.numbers["Z"]
    listed = _row_of_each(rows.kept, alleles)
    found = listed >= 0
    at = listed[found]
    kept = rows.kept
    a1, a2 = kept.alleles
    match = filters.same_variant(a1[at], a2[at], alleles.a1[found], alleles.a2[found])  # type: ignore[arg-type]
    n_bad = int((~match).sum())
    if not match.any():
        raise InputError(
            f"{source}: all {n_bad} SNPs found in {alleles.source} have mismatched alleles",
            hint="--merge_alleles takes a list of the same SNPs, such as w_hm3.snplist",
        )
    if n_bad:
        bad = pl.Series(at[~match])
        reason = np.full(n_bad, filters.MISMATCH, dtype=np.uint8)
        rows.collector.reject(pl.Series(kept.row[at[~match]]), kept.snpid.gather(bad), reason)
        rows.collector.counts[filters.MISMATCH] += n_bad
    say(f"Removed {n_bad} SNPs whose alleles did not match --merge-alleles ({int(match.sum())} SNPs remain).")
    listed[np.flatnonzero(found)[~match]] = -1
    if not options.ldsc_compat:
        listed = listed[listed >= 0]
    frame = output_frame(kept, columns, options, whole_n=whole_n, take=listed, names=alleles)
    return frame, rows.numbers["Z"][at[match]]


def _row_of_each(kept: Collected, alleles: AlleleList) -> npt.NDArray[np.int64]:
    """For each SNP of the list its row, -1 where it has none; a SNP listed twice has it twice."""
    row_of = np.full(len(alleles), -1, dtype=np.int64)
    row_of[kept.listed] = np.arange(len(kept))
    if not alleles.snpid.is_unique().all():
        row_of = row_of[alleles.index().find(alleles.snpid)]
    return row_of
