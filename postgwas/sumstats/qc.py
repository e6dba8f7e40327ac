"""Quality control of summary statistics by the rules of LDSC's munge_sumstats.

The order is LDSC's, and a row is counted under the first rule that it breaks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.errors import ColumnError, InputError, NoVariantsError
from postgwas.sumstats.table import REJECTED_SCHEMA, Sumstats

REASONS = (
    "missing value",
    "INFO below limit",
    "frequency outside [0, 1] or MAF below limit",
    "SE negative or missing",
    "P out of bounds",
    "not a SNP",
    "strand-ambiguous",
    "duplicated SNPID",
    "N below limit",
    "N above limit",
)
"""Reasons in the order in which the rules are applied."""

_ALLELES = pl.Enum(["A", "C", "G", "T", "a", "c", "g", "t"])


@dataclass(frozen=True)
class QCRules:
    """What a row must fulfil; the defaults are those of LDSC's munge_sumstats.

    Attributes
    ----------
    require : tuple of str
        Columns in which a missing value drops the row. One that the table lacks is an error.
    info_min : float or None
        Keep INFO >= this (a missing INFO fails); None = no rule. Skipped without an INFO column.
    maf_min : float or None
        Keep min(EAF, 1 - EAF) > this; rows with missing EAF pass unless it is required.
    n_min : float or None
        Keep N >= this; None = the 90th percentile of N, after the rules before, / 1.5.
    n_max : float or None
        Keep N <= this; None = no limit.
    keep_ambiguous : bool
        Keep A/T and C/G SNPs.
    snps_only : bool
        Drop what is not a pair of different letters of A, C, G, T.
    drop_zero_p : bool
        Drop P = 0 even where Z or -log10 P is known, as LDSC and mtag.py do.
    drop_duplicates : bool
        Keep the first row of every SNPID.
    compact : bool
        Give EA and NEA of the rows kept as an Enum of A, C, G, T, one byte a row; needs `snps_only`.
    median_z_max : float or None
        Stop if the median of Z is farther from 0 than this.
    """

    require: tuple[str, ...] = ("SNPID", "EA", "NEA", "Z", "P", "N")
    info_min: float | None = 0.9
    maf_min: float | None = 0.01
    n_min: float | None = None
    n_max: float | None = None
    keep_ambiguous: bool = False
    snps_only: bool = True
    drop_zero_p: bool = False
    drop_duplicates: bool = True
    median_z_max: float | None = 0.1
    compact: bool = False


@dataclass(frozen=True)
class QCResult:
    """What quality control left.

    Attributes
    ----------
    stats : Sumstats
        The rows kept, in their order, alleles in upper case.
    counts : dict
        Reason -> number of rows, in the order of the rules; lines rejected by the reader first.
    rejected : polars.DataFrame
        ROW, SNPID, REASON of every row dropped, the reader's included.
    n_min : float
        The limit on N that was used; NaN if there was none.
    median_z : float
        Median of Z of the rows kept; NaN without Z.
    """

    stats: Sumstats
    counts: dict[str, int]
    rejected: pl.DataFrame
    n_min: float
    median_z: float


def quality_control(stats: Sumstats, rules: QCRules | None = None) -> QCResult:
    """Drop the rows that break a rule, and say which rule.

    Parameters
    ----------
    stats : Sumstats
    rules : QCRules, optional
        LDSC's defaults if omitted.

    Raises
    ------
    ColumnError
        A required column is not in the table.
    NoVariantsError
        No row is left; the message counts where they went.
    InputError
        The median of Z is too far from zero.
    """
    rules = rules or QCRules()
    frame = stats.frame
    absent = [c for c in rules.require if c not in frame.columns]
    if absent:
        raise ColumnError(
            f"{stats.source}: quality control needs {', '.join(absent)}; "
            f"the table has {', '.join(frame.columns)}"
        )
    drops = _Drops(frame.height)
    drops.apply(0, _any_null(frame, rules.require))
    if rules.info_min is not None and "INFO" in frame.columns:
        drops.apply(1, ~(_values(frame, "INFO") >= rules.info_min))
    if rules.maf_min is not None and "EAF" in frame.columns:
        eaf = _values(frame, "EAF")
        drops.apply(2, (eaf < 0) | (eaf > 1) | (np.minimum(eaf, 1 - eaf) <= rules.maf_min))
    # An SE that was computed is missing where Z is 0: that says nothing against the row.
    if "SE" in frame.columns and not any(line.startswith("SE from") for line in stats.derived):
        drops.apply(3, ~(_values(frame, "SE") >= 0))
    if "P" in frame.columns:
        drops.apply(4, _bad_p(frame, drop_zero=rules.drop_zero_p))
    alleles = None
    if "EA" in frame.columns and "NEA" in frame.columns:
        ea, nea = _codes(frame, "EA"), _codes(frame, "NEA")
        if rules.snps_only:
            drops.apply(5, (ea == 9) | (nea == 9) | ((ea & 3) == (nea & 3)))
        if not rules.keep_ambiguous:
            drops.apply(6, (ea != 9) & (nea != 9) & ((ea & 3) + (nea & 3) == 3))
        alleles = ea, nea
    if rules.drop_duplicates:
        drops.apply(7, _duplicated(frame, drops.alive))
    n_min = np.nan
    if "N" in frame.columns:
        n = _values(frame, "N")
        n_min = rules.n_min if rules.n_min is not None else _default_n_min(n[drops.alive])
        # No sample has 0 people, whatever the limit.
        drops.apply(8, ~(n >= n_min) if n_min > 0 else n <= 0)
        if rules.n_max is not None:
            drops.apply(9, n > rules.n_max)

    counts = _counts(stats, drops)
    if not drops.alive.any():
        went = (
            ", ".join(f"{reason}: {count:,}" for reason, count in counts.items() if count)
            or "no rows came in"
        )
        raise NoVariantsError(
            f"{stats.source}: none of {frame.height:,} rows passed quality control ({went})"
        )
    kept = _kept(frame, drops.alive, alleles, compact=rules.compact)
    median_z = _median_z(kept)
    if rules.median_z_max is not None and abs(median_z) > rules.median_z_max:
        raise InputError(
            f"{stats.source}: the median of Z over the {kept.height:,} rows kept is {median_z:.4g}, "
            f"expected 0 within {rules.median_z_max}; "
            "the effect or its allele may be in another column",
            hint="--median_z_cutoff changes the limit",
        )
    return QCResult(replace(stats, frame=kept), counts, _rejected(stats, drops), float(n_min), median_z)


class _Drops:
    """The first rule that each row broke; 255 = none so far."""

    def __init__(self, n: int) -> None:
        self.reason: npt.NDArray[np.uint8] = np.full(n, 255, dtype=np.uint8)
        self.alive: npt.NDArray[np.bool_] = np.ones(n, dtype=np.bool_)

    def apply(self, rule: int, broken: npt.NDArray[np.bool_]) -> None:
        broken = broken & self.alive
        if broken.any():
            self.reason[broken] = rule
            self.alive &= ~broken


def _values(frame: pl.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """One column as float64, missing = NaN."""
    return frame[name].cast(pl.Float64).to_numpy()


def _any_null(frame: pl.DataFrame, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    missing = np.zeros(frame.height, dtype=np.bool_)
    for name in names:
        column = frame[name]
        if column.null_count():
            missing |= column.is_null().to_numpy()
        if column.dtype == pl.Float64:
            missing |= np.isnan(_values(frame, name))
    return missing


def _bad_p(frame: pl.DataFrame, *, drop_zero: bool) -> npt.NDArray[np.bool_]:
    p = _values(frame, "P")
    bad = (p <= 0) | (p > 1)
    if drop_zero or not (p == 0).any():
        return bad
    known = np.zeros(len(p), dtype=np.bool_)
    for name in ("Z", "MLOG10P"):
        if name in frame.columns:
            known |= np.isfinite(_values(frame, name))
    result: npt.NDArray[np.bool_] = bad & ~((p == 0) & known)
    return result


def _codes(frame: pl.DataFrame, name: str) -> npt.NDArray[np.uint8]:
    """A, C, G, T = 0, 1, 2, 3, lower case 4 more; 9 = anything else. A + T = C + G = 3."""
    codes = frame[name].cast(_ALLELES, strict=False).to_physical().fill_null(9).to_numpy()
    return codes.astype(np.uint8, copy=False)


def _duplicated(frame: pl.DataFrame, alive: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    result = np.zeros(frame.height, dtype=np.bool_)
    if "SNPID" in frame.columns:
        key = frame["SNPID"].filter(pl.Series(alive))
        first = first_of_each(key) | key.is_null()
    elif {"CHR", "POS", "EA", "NEA"} <= set(frame.columns):
        first = (
            frame.select("CHR", "POS", "EA", "NEA").filter(pl.Series(alive)).to_struct().is_first_distinct()
        )
    else:
        return result
    result[np.flatnonzero(alive)[~first.to_numpy()]] = True
    return result


def first_of_each(key: pl.Series) -> pl.Series:
    """Whether each value is the first of its kind, a boolean Series."""
    # Few identifiers are repeated: sorting hashes finds the candidates in a tenth of the time
    # that comparing all texts takes, and only the candidates are compared.
    hashes = key.hash().to_numpy()
    ordered = np.sort(hashes)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    first = np.ones(len(key), dtype=np.bool_)
    if repeated.size:
        near = np.minimum(np.searchsorted(repeated, hashes), repeated.size - 1)
        candidate = repeated[near] == hashes
        first[candidate] = key.filter(pl.Series(candidate)).is_first_distinct().to_numpy()
    return pl.Series(first)


def _default_n_min(n: npt.NDArray[np.float64]) -> float:
    n = n[np.isfinite(n)]
    return float(np.quantile(n, 0.9)) / 1.5 if n.size else np.nan


def _counts(stats: Sumstats, drops: _Drops) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reason in stats.rejected["REASON"].unique(maintain_order=True):
        counts[reason] = int((stats.rejected["REASON"] == reason).sum())
    tally = np.bincount(drops.reason, minlength=256)
    return counts | {reason: int(tally[i]) for i, reason in enumerate(REASONS)}


def _kept(
    frame: pl.DataFrame,
    alive: npt.NDArray[np.bool_],
    alleles: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]] | None,
    *,
    compact: bool = False,
) -> pl.DataFrame:
    letters = pl.Series(["A", "C", "G", "T"], dtype=pl.Enum(["A", "C", "G", "T"]) if compact else pl.String)
    mask = None if alive.all() else pl.Series(alive)
    columns = []
    # Column by column, which holds less at a time than filtering the frame at once.
    for name in frame.columns:
        codes = None if alleles is None else {"EA": alleles[0], "NEA": alleles[1]}.get(name)
        if codes is not None:
            codes = codes if mask is None else codes[alive]
            if not (codes == 9).any():
                columns.append(letters.gather(codes & 3).alias(name))
                continue
        column = frame[name] if mask is None else frame[name].filter(mask)
        columns.append(column if codes is None else column.str.to_uppercase())
    return pl.DataFrame(columns)


def _median_z(frame: pl.DataFrame) -> float:
    if "Z" not in frame.columns:
        return float("nan")
    z = _values(frame, "Z")
    z = z[np.isfinite(z)]
    return float(np.median(z)) if z.size else float("nan")


def _rejected(stats: Sumstats, drops: _Drops) -> pl.DataFrame:
    dropped = ~drops.alive
    frame = stats.frame.filter(pl.Series(dropped))
    rows = frame["ROW"] if "ROW" in frame.columns else pl.Series(np.flatnonzero(dropped) + 1, dtype=pl.UInt32)
    ids = frame["SNPID"] if "SNPID" in frame.columns else pl.Series([None] * frame.height, dtype=pl.String)
    reasons = pl.Series(list(REASONS)).gather(drops.reason[dropped])
    own = pl.DataFrame({"ROW": rows, "SNPID": ids, "REASON": reasons}, schema=REJECTED_SCHEMA)
    return pl.concat([stats.rejected, own])
