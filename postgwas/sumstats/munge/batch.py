"""Rows of a file as arrays, from fields of text or from a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import Bools, Cells, Column
from postgwas.columns.decimals import Decimals, parse_decimals
from postgwas.columns.texts import Keeper, Texts, texts_of_column, texts_of_series
from postgwas.sumstats.munge.filters import Codes, Floats, allele_codes, codes_of_column

if TYPE_CHECKING:
    import polars as pl

TEXTS = ("SNPID", "EA", "NEA")
#: Spellings of a missing value in text; ``values.MISSING`` without importing polars, and nothing at all.
MISSING = ("", "NA", "N/A", "#N/A", "#NA", "NaN", "nan", "NAN", "-nan", "NULL", "null", "None", ".")
_TINY = 1e-300


@dataclass(frozen=True)
class Batch:
    """Rows as they were read.

    Attributes
    ----------
    line : ndarray of uint32, shape (M,)
    snpid : Texts
    alleles : mapping
        EA and NEA as codes, or as written where alleles are not checked; those there are.
    numbers : mapping
        Field -> values, NaN where missing.
    missing : ndarray of bool, shape (M,)
        Rows that lack an identifier or an allele.
    """

    line: npt.NDArray[np.uint32]
    snpid: Texts
    alleles: Mapping[str, Codes | Texts]
    numbers: Mapping[str, Floats]
    missing: Bools

    def __len__(self) -> int:
        return self.line.size

    @property
    def codes(self) -> tuple[Codes, Codes] | None:
        """Codes of both alleles, where alleles are checked."""
        pair = [self.alleles.get(name) for name in ("EA", "NEA")]
        first, second = pair
        return (first, second) if isinstance(first, np.ndarray) and isinstance(second, np.ndarray) else None


def batch_of_frame(frame: pl.DataFrame, keeper: Keeper, *, check_alleles: bool) -> Batch:
    """Rows of a frame with ROW and the fields."""
    import polars as pl

    missing = np.zeros(frame.height, dtype=np.bool_)
    alleles: dict[str, Codes | Texts] = {}
    for name in TEXTS:
        if name not in frame.columns:
            continue
        column = frame[name]
        if column.null_count():
            missing |= column.is_null().to_numpy()
        if name == "SNPID":
            continue
        codes = allele_codes(column)
        odd = np.flatnonzero(codes == 9)
        missing[odd[column.gather(odd).is_in(MISSING).fill_null(False).to_numpy()]] = True
        alleles[name] = codes if check_alleles else texts_of_series(column, keeper)
    numbers = {
        name: frame[name].cast(pl.Float64).to_numpy()
        for name in frame.columns
        if frame[name].dtype.is_numeric() and name != "ROW"
    }
    snpid = texts_of_series(frame["SNPID"], keeper)
    return Batch(frame["ROW"].to_numpy(), snpid, alleles, numbers, missing)


@dataclass(frozen=True)
class CellReader:
    """Reads plain fields of text into batches; what it declines is for the reader of frames.

    Parameters
    ----------
    columns : mapping
        Field -> number of its column.
    keeper : Keeper
    check_alleles : bool
    keep_tiny : bool
        Decline chunks with P below the least double, whose text has to be looked at.
    seen : set of str
        Fields of which there was any value.
    """

    columns: Mapping[str, int]
    keeper: Keeper
    check_alleles: bool
    keep_tiny: bool
    seen: set[str] = field(default_factory=set)

    def read(self, cells: Cells, first_line: int) -> tuple[Batch, bool] | None:
        """Rows, and whether all N are printed as whole numbers; None if a field is anything unusual."""
        numbers: dict[str, Floats] = {}
        whole = True
        for name, at in self.columns.items():
            if name in TEXTS:
                continue
            found: Decimals = parse_decimals(cells.column(at))
            tiny = name == "P" and self.keep_tiny and bool((np.abs(found.values) < _TINY).any())
            if found.odd.size or tiny:
                return None
            numbers[name] = found.values
            if name not in self.seen and not np.isnan(found.values).all():
                self.seen.add(name)
            whole = whole and (name != "N" or found.whole)
        snpid = cells.column(self.columns["SNPID"])
        missing = snpid.is_one_of(MISSING)
        alleles: dict[str, Codes | Texts] = {}
        for name in ("EA", "NEA"):
            if name not in self.columns:
                continue
            column = cells.column(self.columns[name])
            codes = codes_of_column(column)
            odd = np.flatnonzero(codes == 9)
            if odd.size:
                missing[odd[column.take(odd).is_one_of(MISSING)]] = True
            alleles[name] = codes if self.check_alleles else self._texts(column)
        lines = np.arange(first_line, first_line + len(cells), dtype=np.uint32)
        return Batch(lines, self._texts(snpid), alleles, numbers, missing), whole

    def _texts(self, column: Column) -> Texts:
        texts = texts_of_column(column, self.keeper)
        blank = column.is_one_of(MISSING)
        if blank.any():
            texts.words[blank] = 0
        return texts
