"""The steps of a munging after the rules for single rows, each with its line in the log."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from postgwas.errors import InputError, NoVariantsError
from postgwas.progress import progress
from postgwas.runlog import get_logger
from postgwas.sumstats.munge import filters, lines
from postgwas.sumstats.munge.allele_list import AlleleList
from postgwas.sumstats.munge.batch import Batch
from postgwas.sumstats.munge.collect import Collector
from postgwas.sumstats.munge.options import MungeOptions
from postgwas.sumstats.munge.rows import Rows
from postgwas.sumstats.munge.statistic import default_n_min, median, n_of_cases_and_controls

log = get_logger("sumstats.munge")
MEDIAN_TOLERANCE = 0.1


def say(*text: str) -> None:
    """Lines for the log."""
    for line in text:
        log.info("%s", line)


@dataclass
class Munging:
    """The rows that are left, and the collector that counts those that are not."""

    rows: Rows
    collector: Collector

    def __len__(self) -> int:
        return len(self.rows)

    def drop(self, broken: npt.NDArray[np.bool_], rule: int) -> int:
        """Remove rows that break a rule; returns how many."""
        count = int(broken.sum())
        if count:
            self.reject(np.flatnonzero(broken), rule)
            self.rows.keep(~broken)
        return count

    def reject(self, at: npt.NDArray[np.intp], rule: int) -> None:
        """Count and note rows that break a rule."""
        lines = self.rows.columns["ROW"]
        assert isinstance(lines, np.ndarray)
        reason = np.full(at.size, rule, dtype=np.uint8)
        self.collector.rejected.add(lines[at].astype(np.uint32), self.rows.snpid[at], reason)
        self.collector.counts[rule] += at.size


def collect(collector: Collector, batches: Iterator[Batch], source: str) -> Munging:
    """Judge all rows.

    Raises
    ------
    NoVariantsError
        None passes.
    """
    with progress("Reading SNPs") as advance:
        for batch in batches:
            collector.add(batch)
            advance(len(batch))
    for line in lines.suspicious(collector.suspicious):
        log.info("%s", line)
    if collector.n_zero_p and not collector.options.ldsc_compat:
        log.warning(
            "%s: %d rows have P = 0, whose size is unknown; they are removed as out of bounds",
            source, collector.n_zero_p,
        )  # fmt: skip
    rows = collector.finish(source)
    if not len(rows):
        raise nothing_left(collector, source)
    return Munging(rows, collector)


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


def drop_duplicates(work: Munging) -> None:
    """Keep the first row of each identifier."""
    count = work.drop(~work.rows.snpid.first_of_each(), filters.DUPLICATE)
    say(f"Removed {count} SNPs with duplicated rs numbers ({len(work)} SNPs remain).")


def settle_n(work: Munging, options: MungeOptions) -> float:
    """Bring N into its final form and drop SNPs of too few people; returns the limit, NaN without one.

    Raises
    ------
    NoVariantsError
        No row is left.
    """
    rows, n_min = work.rows, math.nan
    if "N_CAS" in rows and "N_CON" in rows:
        rows["N"] = n_of_cases_and_controls(rows.pop("N_CAS"), rows.pop("N_CON"))
    for field, factor in (("NEFF", 1.0), ("NEFF_HALF", 2.0)):
        if field in rows:
            rows["N"] = factor * rows.pop(field)
    if "N" in rows:
        n_min = _n_min(rows["N"], options)
        # No sample has 0 people, whatever the limit.
        few = ~(rows["N"] >= n_min) if n_min > 0 else rows["N"] <= 0
        count = work.drop(few, filters.LOW_N)
        say(f"Removed {count} SNPs with N < {lines.number(n_min)} ({len(work)} SNPs remain).")
    elif "NSTUDY" in rows:
        studies = rows["NSTUDY"]
        least: float = options.nstudy_min or _whole(float(studies.max()))
        count = work.drop(~(studies >= least), filters.LOW_NSTUDY)
        say(f"Removed {count} SNPs with NSTUDY < {lines.number(least)} ({len(work)} SNPs remain).")
    if not len(work):
        raise nothing_left(work.collector, "--sumstats")
    constant = work.collector.columns.constant_n
    if "N" not in rows:
        assert constant is not None
        rows["N"] = np.full(len(work), constant)
        if options.n:
            say(f"Using N = {lines.number(options.n)}")
        elif not (options.ldsc_compat or options.daner):
            say(f"Using N = {lines.number(constant)} (cases plus controls)")
    return n_min


def _n_min(n: npt.NDArray[np.float64], options: MungeOptions) -> float:
    # munge_sumstats.py takes a limit of 0 for none given.
    if options.n_min is None or (options.ldsc_compat and options.n_min == 0):
        return default_n_min(n, ldsc_compat=options.ldsc_compat)
    return options.n_min


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else value


def check_median(work: Munging, source: str) -> float:
    """The median of the signed statistic, which must be near its null value; NaN without one.

    Raises
    ------
    InputError
    """
    columns = work.collector.columns
    if "SIGNED" not in work.rows:
        return math.nan
    middle = median(work.rows["SIGNED"])
    if abs(middle - columns.null) > MEDIAN_TOLERANCE:
        raise InputError(
            f"{source}: the median value of {columns.signed} is {middle:.2g}, "
            f"expected close to {columns.null:g}; this column may be mislabelled",
            hint="--signed_sumstats COLUMN,NULL says what it is",
        )
    say(f"Median value of {columns.signed} was {lines.number(middle)}, which seems sensible.")
    return middle


def give_signs(work: Munging) -> None:
    """Turn Z where the signed statistic is below its null value."""
    rows = work.rows
    if "SIGNED" in rows:
        below = rows.pop("SIGNED") < work.collector.columns.null
        rows["Z"] = np.negative(rows["Z"], out=rows.pop("Z").copy(), where=below)


def match_alleles(work: Munging, alleles: AlleleList, source: str) -> npt.NDArray[np.int64]:
    """For each SNP of the list its row, -1 where it has none or other alleles.

    A SNP that is listed twice has its row twice.

    Raises
    ------
    InputError
        No row has the alleles of the list.
    """
    rows = work.rows
    listed = np.full(len(alleles), -1, dtype=np.int64)
    listed[rows["LISTED"]] = np.arange(len(rows))
    if not alleles.snpid.first_of_each().all():
        listed = listed[alleles.index().find(alleles.snpid)]
    found = np.flatnonzero(listed >= 0)
    at = listed[found]
    match = filters.same_variant(
        rows.codes("EA")[at], rows.codes("NEA")[at], alleles.a1[found], alleles.a2[found]
    )
    if not match.any():
        raise InputError(
            f"{source}: all {at.size} SNPs found in {alleles.source} have mismatched alleles",
            hint="--merge_alleles takes a list of the same SNPs, such as w_hm3.snplist",
        )
    work.reject(at[~match], filters.MISMATCH)
    say(
        f"Removed {int((~match).sum())} SNPs whose alleles did not match --merge-alleles "
        f"({int(match.sum())} SNPs remain)."
    )
    listed[found[~match]] = -1
    return listed
