"""Degrees of freedom of nominal tests, told from the tests themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from postgwas.qtl.t_tails import t_mlog10p

if TYPE_CHECKING:
    import polars as pl

_ROWS = 25
_LIMITS = (1.0, 1e7)
_NEAR = 0.2


def nominal_df(table: pl.DataFrame) -> float:
    """The number for which slope, slope_se and pval_nominal fit together.

    Parameters
    ----------
    table : polars.DataFrame
        With these columns or without; rows of P below 1e-300 or above 0.01 do not count.

    Returns
    -------
    float
        A whole number; NaN where columns are missing, or the rows do not agree.

    Examples
    --------
    >>> import polars as pl
    >>> p = 10 ** -t_mlog10p(5.0, 279)
    >>> nominal_df(pl.DataFrame({"slope": [0.5], "slope_se": [0.1], "pval_nominal": p}))
    279.0
    """
    import polars as pl

    if not {"slope", "slope_se", "pval_nominal"} <= set(table.columns):
        return np.nan
    p = pl.col("pval_nominal")
    rows = table.filter((p > 1e-300) & (p < 0.01) & (pl.col("slope_se") > 0)).head(_ROWS)
    found = [
        _solve(abs(slope / se), float(-np.log10(pval)))
        for slope, se, pval in rows.select("slope", "slope_se", "pval_nominal").iter_rows()
    ]
    if not found or np.isnan(found).any():
        return np.nan
    middle = float(np.median(found))
    return float(round(middle)) if abs(middle - round(middle)) < _NEAR else np.nan


def _solve(t: float, mlog10p: float) -> float:
    def excess(log_df: float) -> float:
        return float(t_mlog10p(t, np.exp(log_df))) - mlog10p

    low, high = np.log(_LIMITS)
    if not excess(low) < 0 < excess(high):
        return np.nan
    return float(np.exp(brentq(excess, low, high, xtol=1e-10)))
