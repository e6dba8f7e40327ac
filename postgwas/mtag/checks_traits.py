"""What one trait's rows say about themselves: Z against P, and where rows are not mtag.py's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from postgwas.sumstats.derive import abs_z_from_p
from postgwas.sumstats.qc import QCResult
from postgwas.sumstats.table import Sumstats

Floats = NDArray[np.float64]

#: Column names for which mtag.py's frequency filter takes effect (its default name, freq, is not one).
COMPAT_FREQUENCY_NAMES = frozenset({"EAF", "FRQ", "MAF", "FRQ_U", "F_U"})

#: Rows looked at, and the median relative difference of |Z| and the Z of P that is worth a word.
_LOOKED_AT = 200_000
_TOLERANCE = 0.02


def z_against_p(z: Floats, p: Floats) -> float | None:
    """Median relative difference of \\|Z\\| from the Z that P stands for, where P is between 1e-300 and 0.3.

    Parameters
    ----------
    z, p : ndarray, shape (n_variants,)

    Returns
    -------
    float or None
        None where fewer than 20 rows can tell.
    """
    z, p = z[:_LOOKED_AT], p[:_LOOKED_AT]
    rows = np.isfinite(z) & (p > 1e-300) & (p < 0.3)
    if rows.sum() < 20:
        return None
    expected = abs_z_from_p(p[rows])
    return float(np.median(np.abs(np.abs(z[rows]) / expected - 1)))


def warn_z_against_p(stats: Sumstats, kept: pl.DataFrame) -> list[str]:
    """A sentence where Z, given or from BETA/SE, is not the Z of P."""
    if "P" not in stats.columns or "P" not in kept.columns:
        return []
    away = z_against_p(kept["Z"].to_numpy(), kept["P"].cast(pl.Float64).fill_null(np.nan).to_numpy())
    if away is None or away < _TOLERANCE:
        return []
    given = "Z" in stats.columns
    made = "Z" if given else "Z from BETA/SE"
    why = "P of another test or scale" if given else "an SE of few digits, or P of another test"
    return [
        f"{made} and the Z that P stands for differ by {away:.1%} in the median ({why}); Z is what is used, "
        "P only filters"
    ]


def differences_from_mtag_py(stats: Sumstats, found: QCResult) -> list[str]:
    """Where this trait's rows are not those of mtag.py 1.0.8, and why (--mtag_compat has its rows)."""
    kept, counts = found.stats.frame, found.counts
    parts = []
    column = stats.columns.get("EAF", "")
    dropped = counts.get("frequency outside [0, 1] or MAF below limit", 0)
    if dropped and column.upper() not in COMPAT_FREQUENCY_NAMES:
        parts.append(f"{dropped:,} dropped by --maf_min, which it does not apply to a column called {column}")
    zero = int((kept["P"] == 0).sum()) if "P" in kept.columns else 0
    if zero:
        parts.append(f"{zero:,} with P = 0 kept on their Z, which it drops")
    late = _kept_after_a_failed_row(found, counts)
    if late:
        parts.append(f"{late:,} ids kept by a row after one that failed, where it takes the first")
    return [f"rows unlike mtag.py 1.0.8's (--mtag_compat has those): {'; '.join(parts)}"] if parts else []


def _kept_after_a_failed_row(found: QCResult, counts: Mapping[str, int]) -> int:
    """Ids whose first row failed a filter while a later one passed."""
    failed = found.rejected.filter((pl.col("REASON") != "duplicated SNPID") & pl.col("SNPID").is_not_null())
    kept = found.stats.frame
    if not failed.height or "ROW" not in kept.columns:
        return 0
    doubled = kept.filter(kept["SNPID"].is_in(failed["SNPID"].implode())).select("SNPID", "ROW")
    if not doubled.height:
        return 0
    first = failed.group_by("SNPID").agg(pl.col("ROW").min().alias("FAILED"))
    return doubled.join(first, on="SNPID").filter(pl.col("FAILED") < pl.col("ROW")).height
