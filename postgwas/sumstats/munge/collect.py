"""Read a file in chunks and keep what passes the rules for single rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.errors import ColumnError
from postgwas.sumstats.munge import filters
from postgwas.sumstats.munge.allele_list import SnpIndex
from postgwas.sumstats.munge.columns import Columns
from postgwas.sumstats.munge.filters import REASONS, Floats, Verdict
from postgwas.sumstats.munge.options import MungeOptions
from postgwas.sumstats.munge.quantile import abs_z
from postgwas.sumstats.munge.rows import Rows, RowsInParts
from postgwas.sumstats.munge.statistic import abs_z_of_tiny
from postgwas.sumstats.values import MISSING as SPELLINGS

REJECTED = pl.Enum(REASONS)
UNDERFLOW_Z = 14.0
"""P = 0 is believed from here on: P is below the least number of single precision."""
LDSC_MAX_Z = 37.749032681943696
"""munge_sumstats.py's largest Z: its chi-square quantile stops here, at P of about 8e-312."""
AlleleCodes = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]
_NUMBERS = ("Z", "SIGNED", "N", "N_CAS", "N_CON", "NEFF", "NEFF_HALF", "NSTUDY", "EAF")
_SUSPICIOUS = ("INFO", "FRQ", "P")


@dataclass
class Collector:
    """Judges chunks of rows and gathers what passes.

    Parameters
    ----------
    columns : Columns
    options : MungeOptions
    index : SnpIndex or None
        Of the list of ``--merge_alleles``.
    """

    columns: Columns
    options: MungeOptions
    index: SnpIndex | None = None
    n_rows: int = 0
    n_zero_p: int = 0
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(REASONS), dtype=np.int64))
    suspicious: dict[int, dict[str, int]] = field(default_factory=dict)
    rejected: list[pl.DataFrame] = field(default_factory=list)
    _parts: RowsInParts = field(default_factory=RowsInParts)
    _signs_of_log10p: set[bool] = field(default_factory=set)

    def add(self, frame: pl.DataFrame) -> None:
        """Judge one chunk.

        Parameters
        ----------
        frame : polars.DataFrame
            ROW and the fields of ``columns``.
        """
        numbers = {
            name: frame[name].cast(pl.Float64).to_numpy()
            for name in frame.columns
            if frame[name].dtype.is_numeric() and name != "ROW"
        }
        verdict = Verdict.none_yet(frame.height)
        codes = None
        if not self.options.no_alleles:
            codes = filters.allele_codes(frame["EA"]), filters.allele_codes(frame["NEA"])
        verdict.remove(self._missing(frame, numbers, codes), filters.MISSING)
        listed = None
        if self.index is not None:
            listed = self.index.find(frame["SNPID"])
            verdict.remove(listed < 0, filters.NOT_LISTED)
        size, bad_size = self._size(frame, numbers)
        self._look_for_suspicious(numbers, bad_size, verdict.alive)
        info = [numbers[name] for name in self.columns.info]
        if info:
            verdict.remove(filters.low_info(info, self.options.info_min), filters.LOW_INFO)
        if "EAF" in numbers:
            verdict.remove(filters.low_maf(numbers["EAF"], self.options.maf_min), filters.LOW_MAF)
        verdict.remove(bad_size, filters.BAD_P)
        if codes is not None:
            verdict.remove(~filters.plain_snps(*codes), filters.NOT_A_SNP)
        self.n_rows += frame.height
        self.counts += verdict.counts()
        self._reject(frame, verdict)
        self._gather(frame, verdict.alive, numbers | {"Z": size}, codes, listed)

    def _missing(
        self, frame: pl.DataFrame, numbers: dict[str, Floats], codes: AlleleCodes | None
    ) -> npt.NDArray[np.bool_]:
        """Rows that lack a value; a missing INFO is left to the rule for INFO."""
        compat = self.options.ldsc_compat
        missing = np.zeros(frame.height, dtype=np.bool_)
        for name in frame.columns:
            if name in {"ROW", "MLOG10P_TEXT"}:
                continue
            # munge_sumstats.py looks for the column INFO by its name in the file.
            if name in self.columns.info and not (compat and self.columns.fields[name] != "INFO"):
                continue
            column = frame[name]
            if name in numbers:
                missing |= np.isnan(numbers[name])
            elif column.null_count():
                missing |= column.is_null().to_numpy()
            if name in {"EA", "NEA"}:
                odd = np.arange(frame.height) if codes is None else np.flatnonzero(codes[name == "NEA"] == 9)
                if odd.size:
                    missing[odd[column.gather(odd).is_in(SPELLINGS).fill_null(False).to_numpy()]] = True
        return missing

    def _size(self, frame: pl.DataFrame, numbers: dict[str, Floats]) -> tuple[Floats, npt.NDArray[np.bool_]]:
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

    def _look_for_suspicious(
        self, numbers: dict[str, Floats], bad_size: npt.NDArray[np.bool_], alive: npt.NDArray[np.bool_]
    ) -> None:
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

    def _reject(self, frame: pl.DataFrame, verdict: Verdict) -> None:
        told = ~verdict.alive & (verdict.reason != filters.NOT_LISTED)
        if told.any():
            mask = pl.Series(told)
            self.reject(frame["ROW"].filter(mask), frame["SNPID"].filter(mask), verdict.reason[told])

    def reject(self, row: pl.Series, snpid: pl.Series, reason: npt.NDArray[np.uint8]) -> None:
        """Note removed rows, for the list of rejected ones."""
        reasons = pl.Series(REASONS, dtype=REJECTED).gather(reason)
        self.rejected.append(pl.DataFrame({"ROW": row, "SNPID": snpid, "REASON": reasons}))

    def _gather(
        self,
        frame: pl.DataFrame,
        alive: npt.NDArray[np.bool_],
        numbers: dict[str, Floats],
        codes: AlleleCodes | None,
        listed: npt.NDArray[np.int32] | None,
    ) -> None:
        columns = {name: frame[name] for name in ("ROW", "SNPID")}
        if codes is not None:
            columns |= {name: pl.Series(name, values) for name, values in zip(("EA", "NEA"), codes)}
        else:
            columns |= {name: frame[name] for name in ("EA", "NEA") if name in frame.columns}
        for name in _NUMBERS:
            unused = {"EAF": not self.options.keep_maf, "SIGNED": self.options.a1_inc}.get(name, False)
            if name in numbers and not unused:
                columns[name] = frame[name] if name in frame.columns else pl.Series(name, numbers[name])
        if listed is not None:
            columns["LISTED"] = pl.Series("LISTED", listed)
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
        return self._parts.join()
