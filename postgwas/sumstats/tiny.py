"""-log10 P from the text of a P-value, for those that a double cannot hold."""

from __future__ import annotations

import polars as pl

TINY = 1e-300
"""Below this, P is read from its text: a little above the least normal double, 2.2e-308."""


def mlog10p_from_text(text: pl.Series) -> pl.Series:
    """-log10 of numbers given as text, e.g. ``5.27e-1756`` -> 1755.278.

    Parameters
    ----------
    text : polars.Series of String
        Decimal numbers, with or without an exponent (``e`` or ``E``).

    Returns
    -------
    polars.Series of Float64
        Null where the text is no number, or is zero: a P-value printed as 0 has an unknown size.
    """
    parts = text.str.strip_chars().str.extract_groups(r"^\+?(\d*\.?\d*)(?:[eE]([-+]?\d+))?$").struct
    mantissa = parts.field("1").cast(pl.Float64, strict=False)
    exponent = parts.field("2").cast(pl.Float64, strict=False).fill_null(0.0)
    # A mantissa such as 0.000...(400 zeros)1 underflows by itself and counts as zero.
    positive = pl.select(pl.when(mantissa > 0).then(mantissa)).to_series()
    return (-(positive.log10() + exponent)).alias("MLOG10P")
