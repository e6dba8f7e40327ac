"""Complete a table: compute the statistics that are wanted from those that are there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.sumstats import derive
from postgwas.sumstats.table import in_order


def derive_columns(
    frame: pl.DataFrame, wanted: Collection[str], names: Mapping[str, str]
) -> tuple[pl.DataFrame, list[str]]:
    """Compute the statistics that are wanted and not there.

    Parameters
    ----------
    frame : polars.DataFrame
        Canonical columns, and OR_LOW, OR_HIGH, MLOG10P_TEXT where there are any.
    wanted : collection of str
        Columns to end with.
    names : mapping
        Field -> column of the file, to say what was derived from what.

    Returns
    -------
    frame, derived
        The frame with more columns; a line for each derived one.
    """
    table = _Table(frame, wanted)
    derived: list[str] = []
    if "BETA" in table and "BETA" not in names and "OR" in names:
        derived.append("BETA from OR (log odds)")
    if table.lacks("SE") and table.has("OR_LOW", "OR_HIGH"):
        table.put("SE", derive.se_from_interval(table["OR_LOW"], table["OR_HIGH"]))
        derived.append("SE from the interval of OR")
    if table.lacks("SE", also=("Z",)) and table.has("BETA", "Z"):
        beta, z = table["BETA"], table["Z"]
        with np.errstate(divide="ignore", invalid="ignore"):
            table.put("SE", np.where((z != 0) & (beta * z > 0), beta / z, np.nan))
        derived.append("SE from BETA and Z")
    if table.lacks("Z", also=("BETA", "SE", "P", "MLOG10P")) and table.has("BETA", "SE"):
        table.put("Z", derive.z_from_beta(table["BETA"], table["SE"]))
        derived.append("Z from BETA/SE")
    _mlog10p(table, derived)
    if table.lacks("Z", also=("SE",)) and table.has("BETA") and (table.has("MLOG10P") or table.has("P")):
        size = (
            derive.abs_z_from_mlog10p(table["MLOG10P"])
            if table.has("MLOG10P")
            else derive.abs_z_from_p(table["P"])
        )
        table.put("Z", derive.signed_z(size, table["BETA"]))
        derived.append("Z from P and the sign of BETA")
        if table.lacks("SE"):
            with np.errstate(divide="ignore", invalid="ignore"):
                se = table["BETA"] / table["Z"]
            table.put("SE", np.where(np.isfinite(se), se, np.nan))
            derived.append("SE from BETA and P")
    if table.lacks("P") and (table.has("MLOG10P") or table.has("Z")):
        if table.has("MLOG10P"):
            table.put("P", derive.p_from_mlog10p(table["MLOG10P"]))
            derived.append("P from MLOG10P")
        else:
            table.put("P", derive.p_from_z(table["Z"]))
            derived.append("P from Z")
    if table.has("Z", "EAF", "N") and (table.lacks("BETA") or table.lacks("SE")):
        beta, se = derive.beta_se_from_z(table["Z"], table["EAF"], table["N"])
        for name, values in (("BETA", beta), ("SE", se)):
            if table.lacks(name):
                table.put(name, values)
                derived.append(f"{name} from Z, EAF and N (per allele, trait of variance one)")
    return in_order(table.frame, wanted), derived


def _mlog10p(table: _Table, derived: list[str]) -> None:
    text = "MLOG10P_TEXT" in table.frame.columns
    if not table.lacks("MLOG10P", also=("Z", "SE")):
        return
    if table.has("P"):
        size = derive.mlog10p_from_p(table["P"])
        if text:
            exact = table["MLOG10P_TEXT"]
            size = np.where(np.isnan(exact), size, exact)
        if table.has("Z"):
            # P printed as 0: its size is lost in the text, but Z still has it.
            lost = np.isnan(size) & (table["P"] == 0)
            size = np.where(lost, derive.mlog10p_from_z(table["Z"]), size) if lost.any() else size
        table.put("MLOG10P", size)
        derived.append("MLOG10P from P")
    elif table.has("Z"):
        table.put("MLOG10P", derive.mlog10p_from_z(table["Z"]))
        derived.append("MLOG10P from Z")


class _Table:
    """Columns as arrays, missing = NaN."""

    def __init__(self, frame: pl.DataFrame, wanted: Collection[str]) -> None:
        self.frame = frame
        self._wanted = wanted

    def __contains__(self, name: str) -> bool:
        return name in self.frame.columns

    def has(self, *names: str) -> bool:
        return all(name in self.frame.columns for name in names)

    def lacks(self, name: str, *, also: Collection[str] = ()) -> bool:
        """Whether the column is wanted (or is needed for one of ``also``) and not there."""
        needed = name in self._wanted or any(a in self._wanted and a not in self for a in also)
        return needed and name not in self

    def __getitem__(self, name: str) -> npt.NDArray[np.float64]:
        return self.frame[name].cast(pl.Float64).to_numpy()

    def put(self, name: str, values: npt.NDArray[np.float64]) -> None:
        self.frame = self.frame.with_columns(pl.Series(name, values, dtype=pl.Float64).fill_nan(None))
