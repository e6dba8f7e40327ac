"""What kind of alleles a row has, and letters as small codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.sumstats.harmonise.reference_alleles import trim

if TYPE_CHECKING:
    import polars as pl

SNV, WRITTEN, CODED, DASH, EQUAL, UNREADABLE = range(6)
"""Two bases; other alleles of A, C, G, T; I/D/R codes; '-' and bases; the same twice; the rest."""

NO_LETTER = 9


@dataclass(frozen=True, eq=False)
class RowAlleles:
    """Positions and alleles as they are looked up.

    Attributes
    ----------
    kind : ndarray of uint8, shape (n,)
    pos : ndarray of int32, shape (n,)
        Of the trimmed alleles; 0 where there is none.
    ea, nea : polars.Series of String
        Upper case, trimmed.
    ea_code, nea_code : ndarray of uint8, shape (n,)
        A, C, G, T = 0, 1, 2, 3 (a base and its complement add up to 3), else 9.
    """

    kind: npt.NDArray[np.uint8]
    pos: npt.NDArray[np.int32]
    ea: pl.Series
    nea: pl.Series
    ea_code: npt.NDArray[np.uint8]
    nea_code: npt.NDArray[np.uint8]


def letter_codes(alleles: pl.Series) -> npt.NDArray[np.uint8]:
    """A, C, G, T = 0, 1, 2, 3; anything else 9.

    Examples
    --------
    >>> import polars as pl
    >>> letter_codes(pl.Series(["A", "T", "AT", None])).tolist()
    [0, 3, 9, 9]
    """
    import polars as pl

    codes = alleles.cast(pl.Enum(["A", "C", "G", "T"]), strict=False).to_physical()
    return codes.fill_null(NO_LETTER).to_numpy().astype(np.uint8)


def row_alleles(pos: pl.Series, ea: pl.Series, nea: pl.Series) -> RowAlleles:
    """Classify the alleles of rows; single bases cost nothing more than their codes.

    Parameters
    ----------
    pos : polars.Series of integers, shape (n,)
    ea, nea : polars.Series of String, shape (n,)
    """
    import polars as pl

    position = pos.fill_null(0).to_numpy().astype(np.int32)
    ea_code, nea_code = letter_codes(ea), letter_codes(nea)
    kind = np.full(len(position), SNV, dtype=np.uint8)
    kind[ea_code == nea_code] = EQUAL
    other = (ea_code == NO_LETTER) | (nea_code == NO_LETTER)
    if not other.any():
        return RowAlleles(kind, position, ea, nea, ea_code, nea_code)

    rows = np.flatnonzero(other)
    few = pl.DataFrame({"E": ea.gather(rows), "N": nea.gather(rows)}).with_columns(
        pl.col("E", "N").str.to_uppercase().str.strip_chars()
    )
    few_kind = _kinds(few)
    ea_list, nea_list = few["E"].to_list(), few["N"].to_list()
    long = (few["E"].str.len_bytes() > 1) & (few["N"].str.len_bytes() > 1)
    for i in np.flatnonzero(long.fill_null(False).to_numpy() & (few_kind == WRITTEN)).tolist():
        shift, nea_list[i], ea_list[i] = trim(nea_list[i], ea_list[i])
        position[rows[i]] += shift if position[rows[i]] else 0
    few = pl.DataFrame({"E": pl.Series(ea_list, dtype=pl.String), "N": pl.Series(nea_list, dtype=pl.String)})
    ea_code[rows], nea_code[rows] = letter_codes(few["E"]), letter_codes(few["N"])
    # Lower case, or a SNV written with its neighbours.
    bases = (ea_code[rows] < NO_LETTER) & (nea_code[rows] < NO_LETTER)
    kind[rows] = np.where((few_kind == WRITTEN) & bases, SNV, few_kind)
    # scatter works in place.
    whole_ea, whole_nea = ea.clone().scatter(rows, few["E"]), nea.clone().scatter(rows, few["N"])
    return RowAlleles(kind, position, whole_ea, whole_nea, ea_code, nea_code)


def _kinds(few: pl.DataFrame) -> npt.NDArray[np.uint8]:
    import polars as pl

    e, n = pl.col("E"), pl.col("N")
    bases = "^[ACGT]+$"
    coded = (
        (e.is_in(["I", "D"]) & n.is_in(["I", "D"]))
        | (e.is_in(["I", "D"]) & (n == "R"))
        | (n.is_in(["I", "D"]) & (e == "R"))
    )
    dash = ((e == "-") & n.str.contains(bases)) | ((n == "-") & e.str.contains(bases))
    kind = (
        pl.when(e == n)
        .then(pl.when(e.str.contains(r"^([ACGT]+|[IDR-])$")).then(EQUAL).otherwise(UNREADABLE))
        .when(e.str.contains(bases) & n.str.contains(bases))
        .then(WRITTEN)
        .when(coded)
        .then(CODED)
        .when(dash)
        .then(DASH)
        .otherwise(UNREADABLE)
    )
    return few.select(kind.cast(pl.UInt8).alias("kind"))["kind"].fill_null(UNREADABLE).to_numpy()
