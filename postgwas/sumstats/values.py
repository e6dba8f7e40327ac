"""Text and loosely typed values to the types of fields; what cannot be read becomes missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

TEXT_FIELDS = frozenset({"SNPID", "EA", "NEA", "REF", "ALT", "VARIANT", "TEST", "FORMAT", "SAMPLE"})
MISSING = ("NA", "N/A", "#N/A", "#NA", "NaN", "nan", "NAN", "-nan", "NULL", "null", "None", ".")
"""Spellings of a missing value, in every column; a lone "-" is one in columns of numbers only."""

_CHROMOSOMES = {
    **{str(c): c for c in range(1, 26)},
    **{f"0{c}": c for c in range(1, 10)},
    "X": 23, "Y": 24, "XY": 23, "PAR1": 23, "PAR2": 23, "PAR": 23, "M": 25, "MT": 25, "26": 26,
}  # fmt: skip


def field_type(name: str) -> pl.DataType:
    """Polars type of a field."""
    import polars as pl

    if name in TEXT_FIELDS:
        return pl.String()
    return {"CHR": pl.Int8(), "POS": pl.Int32()}.get(name, pl.Float64())


def chromosome_code(name: str) -> int | None:
    """1..22, X = 23, Y = 24, MT = 25 from any usual spelling; None if it is none.

    PLINK's 26 (MT) is passed on, for :func:`tidy_chromosomes`.

    Examples
    --------
    >>> [chromosome_code(c) for c in ("chr7", "X", "23.0", "MT", "chrUn")]
    [7, 23, 23, 25, None]
    """
    short = name.strip().upper().removeprefix("CHR").removesuffix(".0")
    if short.startswith("NC_0000"):
        short = short[7:9].lstrip("0")
    return _CHROMOSOMES.get(short)


def chromosomes_from_text(text: pl.Series, aliases: Mapping[str, str] | None = None) -> pl.Series:
    """Codes of chromosome names, null where a name is none; `aliases` are other names for some."""
    import polars as pl

    names = text.unique().drop_nulls().to_list()
    codes = [chromosome_code((aliases or {}).get(name, name)) for name in names]
    return text.replace_strict(names, codes, default=None, return_dtype=pl.Int8)


def tidy_chromosomes(codes: pl.Series, *, plink: bool) -> pl.Series:
    """PLINK's codes to ours (25 = XY to X where the program is PLINK, 26 to MT), others to null."""
    import polars as pl

    if not ((codes > 24) | (codes < 1)).any():
        return codes
    xy = pl.when(plink & (codes == 25)).then(pl.lit(23, pl.Int8))
    mitochondrial = xy.when(codes == 26).then(pl.lit(25, pl.Int8))
    return pl.select(mitochondrial.when(codes.is_between(1, 25)).then(codes).alias("CHR")).to_series()


def numbers_from_text(
    text: pl.Series, name: str, *, text_na: tuple[str, ...] = ()
) -> tuple[pl.Series, pl.Series]:
    """Numbers of a field given as text, and which values are neither numbers nor missing.

    Parameters
    ----------
    text : polars.Series of String
    name : str
        The field: positions must be whole numbers from 0 to 2^31 - 1 (``1e6`` is one).
    text_na : tuple of str
        Further spellings of a missing value.

    Returns
    -------
    numbers : polars.Series
        Of the field's type.
    bad : polars.Series of Boolean
    """
    import polars as pl

    stripped = text.str.strip_chars()
    missing = stripped.is_in([*MISSING, *text_na, "-", ""]).fill_null(True)
    number = stripped.cast(pl.Float64, strict=False)
    if name == "POS":
        whole = (number == number.round()) & (number >= 0) & (number < 2**31)
        number = pl.select(pl.when(whole).then(number)).to_series()
    bad = number.is_null() & ~missing
    return number.cast(field_type(name)).alias(name), bad


def finite(values: pl.Series) -> pl.Series:
    """Floats with NaN and infinities as null."""
    import polars as pl

    if values.dtype != pl.Float64 or not (~values.is_finite()).any():
        return values
    return pl.select(pl.when(values.is_finite()).then(values).alias(values.name)).to_series()


def identifiers(values: pl.Series) -> pl.Series:
    """Variant identifiers with spellings of "missing" as null."""
    import polars as pl

    short = values.str.len_bytes() <= 4
    if not short.any() or not values.filter(short).is_in(list(MISSING)).any():
        return values
    return pl.select(pl.when(~values.is_in(list(MISSING))).then(values).alias(values.name)).to_series()
