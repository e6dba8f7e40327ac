"""Rows as matching found them, turned into rows of the harmonised table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from postgwas.sumstats.harmonise.outcomes import Remark

if TYPE_CHECKING:
    import polars as pl

    from postgwas.sumstats.harmonise.match import Matched

_DECIMALS = 12
"""Of 1 - EAF: takes away the noise of the subtraction, so that exchanging twice gives EAF back."""


def aligned(frame: pl.DataFrame, reference: pl.DataFrame, matched: Matched) -> pl.DataFrame:
    """The kept rows as they go into the harmonised table, in the order of `frame`.

    Parameters
    ----------
    frame, reference : polars.DataFrame
        What :func:`~postgwas.sumstats.harmonise.match.match_chromosome` was given.
    matched : Matched
        What it found.

    Returns
    -------
    polars.DataFrame
        The columns of `frame`. POS, EA and NEA of matched rows are the reference's. BETA and Z
        change sign and EAF becomes 1 - EAF (to 12 decimals) where `flip`. SNPID is the reference's
        where a remark says so. Two columns more: SNPID_GIVEN, the file's id where it was replaced,
        else null, and REF_AF (Float64), the reference's frequency of the effect allele.
    """
    import polars as pl

    rows = np.flatnonzero(matched.kept)
    out = frame[rows]
    ref_row = matched.ref_row[rows]
    found = pl.Series(ref_row >= 0)
    variants = reference[np.maximum(ref_row, 0)] if reference.height else reference.clear(len(rows))
    is_alt, flip = pl.Series(matched.effect_is_alt[rows]), pl.Series(matched.flip[rows])
    effect = variants["ALT"].zip_with(is_alt, variants["REF"])
    other = variants["REF"].zip_with(is_alt, variants["ALT"])
    new = {
        "POS": variants["POS"].cast(out["POS"].dtype).zip_with(found, out["POS"]),
        "EA": effect.zip_with(found, out["EA"]),
        "NEA": other.zip_with(found, out["NEA"]),
    }
    for name in ("BETA", "Z"):
        if name in out.columns:
            # The negative of 0 would be printed as -0.0.
            turn = flip & (out[name] != 0).fill_null(False)
            new[name] = (-out[name]).zip_with(turn, out[name])
    if "EAF" in out.columns:
        new["EAF"] = (1.0 - out["EAF"]).round(_DECIMALS).zip_with(flip, out["EAF"])
    replaced = pl.Series((matched.remark[rows] & (Remark.ID_REPLACED | Remark.ID_ASSIGNED)) > 0)
    nothing = pl.Series("SNPID_GIVEN", [None] * len(rows), dtype=pl.String)
    given = out["SNPID"] if "SNPID" in out.columns else nothing
    new["SNPID"] = variants["SNPID"].zip_with(replaced, given)
    new["SNPID_GIVEN"] = given.zip_with(replaced, nothing)
    new["REF_AF"] = pl.Series(matched.af[rows]).fill_nan(None)
    return out.with_columns(**new)
