"""Judge the rows of a file, and keep what passes the rules for single rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from postgwas.columns.texts import Keeper
from postgwas.errors import ColumnError
from postgwas.sumstats.munge import filters
from postgwas.sumstats.munge.allele_list import SnpIndex
from postgwas.sumstats.munge.batch import Batch
from postgwas.sumstats.munge.columns import Columns
from postgwas.sumstats.munge.filters import REASONS, Bools, Floats, Verdict
from postgwas.sumstats.munge.options import MungeOptions
from postgwas.sumstats.munge.quantile import abs_z
from postgwas.sumstats.munge.rejected import Rejected
from postgwas.sumstats.munge.rows import Rows, RowsInParts, Values
from postgwas.sumstats.munge.statistic import abs_z_of_tiny

UNDERFLOW_Z = 14.0
"""P = 0 is believed from here on: P is below the least number of single precision."""
LDSC_MAX_Z = 37.749032681943696
"""munge_sumstats.py's largest Z: its chi-square quantile stops here, at P of about 8e-312."""
_NUMBERS = ("Z", "SIGNED", "N", "N_CAS", "N_CON", "NEFF", "NEFF_HALF", "NSTUDY", "EAF")
_SUSPICIOUS = ("INFO", "FRQ", "P")


@dataclass
class Collector:
    """Judges rows as they come and gathers what passes.

    Parameters
    ----------
    columns : Columns
    options : MungeOptions
    keeper : Keeper
        Of all identifiers.
    index : SnpIndex or None
        Of the list of ``--merge_alleles``.
    """

    columns: Columns
    options: MungeOptions
    keeper: Keeper
    index: SnpIndex | None = None
    n_rows: int = 0
    n_zero_p: int = 0
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(REASONS), dtype=np.int64))
    suspicious: dict[int, dict[str, int]] = field(default_factory=dict)
    rejected: Rejected = field(default_factory=Rejected)
    _parts: RowsInParts = field(default_factory=RowsInParts)
    _signs_of_log10p: set[bool] = field(default_factory=set)

    def add(self, batch: Batch) -> None:
        """Judge some rows."""
        numbers, codes = batch.numbers, batch.codes
        verdict = Verdict.none_yet(len(batch))
        verdict.remove(self._missing(batch), filters.MISSING)
        listed = None
        if self.index is not None:
            listed = self.index.find(batch.snpid)
            verdict.remove(listed < 0, filters.NOT_LISTED)
        size, bad_size = self._size(numbers)
        self._look_for_suspicious(numbers, bad_size, verdict.alive)
        info = [numbers[name] for name in self.columns.info]
        if info:
            verdict.remove(filters.low_info(info, self.options.info_min), filters.LOW_INFO)
        if "EAF" in numbers:
            verdict.remove(filters.low_maf(numbers["EAF"], self.options.maf_min), filters.LOW_MAF)
        verdict.remove(bad_size, filters.BAD_P)
        if codes is not None:
            verdict.remove(~filters.plain_snps(*codes), filters.NOT_A_SNP)
        self.n_rows += len(batch)
        self.counts += verdict.counts()
        self._reject(batch, verdict)
        self._gather(batch, verdict.alive, size, listed)

    def _missing(self, batch: Batch) -> Bools:
        """Rows that lack a value; a missing INFO is left to the rule for INFO."""
        compat = self.options.ldsc_compat
        missing = batch.missing.copy()
        for name, values in batch.numbers.items():
            # munge_sumstats.py looks for the column INFO by its name in the file.
            by_name = name in self.columns.info and not (compat and self.columns.fields[name] != "INFO")
            if name != "MLOG10P_TEXT" and not by_name:
                missing |= np.isnan(values)
        return missing

    def _size(self, numbers: Mapping[str, Floats]) -> tuple[Floats, Bools]:
        """The size of Z, and the rows where P cannot be a P-value."""
        how = self.columns.size
        if how == "P":
            p = numbers["P"]
            bad = ~((p > 0) & (p <= 1))
            z = abs_z(p)
            if self.options.ldsc_compat:
                np.minimum(z, LDSC_MAX_Z, out=z)
            if "MLOG10P_TEXT" in numbers:
                # P is too small for a double, but its text is there.
                text = numbers["MLOG10P_TEXT"]
                told = text > 0
                z[told] = abs_z_of_tiny(text[told])
                bad &= ~told
            zero = (p == 0) & bad
            if zero.any() and self.columns.signed_field == "Z" and not self.options.ldsc_compat:
                # P that underflowed when it was printed: Z still has its size.
                told = zero & (np.abs(numbers["SIGNED"]) >= UNDERFLOW_Z)
                z[told] = np.abs(numbers["SIGNED"][told])
                bad &= ~told
            self.n_zero_p += int(((p == 0) & bad).sum())
            return z, bad
        if how in {"MLOG10P", "LOG10P"}:
            size = numbers[how]
            # A missing value has no sign.
            self._signs_of_log10p |= {bool(some) for some in np.unique(size[np.abs(size) > 0] > 0)}
            return abs_z_of_tiny(np.abs(size)), ~np.isfinite(size)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.abs(numbers["SIGNED"] if how == "Z" else numbers["SIGNED"] / numbers["SE"])
        bad = ~np.isfinite(z)
        if how == "BETA/SE":
            bad |= ~(numbers["SE"] > 0)
        return z, bad

    def _look_for_suspicious(self, numbers: Mapping[str, Floats], bad_size: Bools, alive: Bools) -> None:
        found = {}
        info = [filters.outside(numbers[name], 0.0, 2.0) for name in self.columns.info]
        if info:
            found["INFO"] = np.any(info, axis=0) & alive
        if "EAF" in numbers:
            found["FRQ"] = filters.outside(numbers["EAF"], 0.0, 1.0) & alive
        found["P"] = bad_size & alive
        for name, rows in found.items():
            if not rows.any():
                continue
            at = np.flatnonzero(rows)
            # munge_sumstats.py warns once for each --chunksize rows.
            block = (self.n_rows + at) // self.options.chunksize if self.options.ldsc_compat else 0 * at
            for number, count in zip(*np.unique(block, return_counts=True)):
                warned = self.suspicious.setdefault(int(number), {})
                warned[name] = warned.get(name, 0) + int(count)

    def _reject(self, batch: Batch, verdict: Verdict) -> None:
        told = np.flatnonzero(~verdict.alive & (verdict.reason != filters.NOT_LISTED))
        if told.size:
            self.rejected.add(batch.line[told], batch.snpid[told], verdict.reason[told])

    def _gather(self, batch: Batch, alive: Bools, size: Floats, listed: npt.NDArray[np.int32] | None) -> None:
        columns: dict[str, Values] = {"ROW": batch.line, "SNPID": batch.snpid, **batch.alleles}
        numbers = {**batch.numbers, "Z": size}
        for name in _NUMBERS:
            unused = {"EAF": not self.options.keep_maf, "SIGNED": self.options.a1_inc}.get(name, False)
            if name in numbers and not unused:
                columns[name] = numbers[name]
        if listed is not None:
            columns["LISTED"] = listed
        self._parts.add(columns, alive)

    def finish(self, source: str) -> Rows:
        """All rows that passed.

        Raises
        ------
        ColumnError
            A column of log10 P has values of both signs.
        """
        if len(self._signs_of_log10p) > 1:
            column = self.columns.fields[self.columns.size]
            raise ColumnError(
                f"{source}: column {column} has values of both signs: neither log10 P nor -log10 P",
                hint="--p names a column of P-values",
            )
        return self._parts.join(self.keeper)
