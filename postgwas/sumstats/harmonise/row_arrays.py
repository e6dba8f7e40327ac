"""Columns of a frame as numpy arrays, without a Python object a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

ByteArray = NDArray[np.uint8]

BASE_CODES: ByteArray = np.full(256, 4, dtype=np.uint8)
"""Of an ASCII code: A = 0, C = 1, G = 2, T = 3, anything else 4. ``3 - code`` is the complement's."""
for _code, _letter in enumerate(b"ACGT"):
    BASE_CODES[_letter] = _code

_VIEW = np.dtype([("length", "<i4"), ("first", "u1"), ("rest", "u1", 11)])


@dataclass(frozen=True, eq=False)
class AlleleBytes:
    """Length and first letter of each allele: all that single bases need.

    Attributes
    ----------
    length : ndarray of int32, shape (n_rows,)
        Bytes; 0 for nulls.
    first : ndarray of uint8, shape (n_rows,)
        ASCII code of the first letter; 0 for nulls and empty strings.
    """

    length: NDArray[np.int32]
    first: ByteArray

    @staticmethod
    def of(alleles: pl.Series) -> AlleleBytes:
        """Read them off the column's memory.

        Arrow keeps a string as 16 bytes: its length, then its letters if they are 12 at most, else
        its first four letters and where the others are.

        Examples
        --------
        >>> AlleleBytes.of(pl.Series(["A", "GT", None])).length.tolist()
        [1, 2, 0]
        """
        array = alleles.cast(pl.String).to_arrow(compat_level=pl.CompatLevel.newest())
        if not len(array):
            return AlleleBytes(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint8))
        views = np.frombuffer(array.buffers()[1], dtype=_VIEW, count=len(array) + array.offset)
        views = views[array.offset :]
        length, first = views["length"], views["first"]
        if array.null_count:
            there = alleles.is_not_null().to_numpy()
            length, first = np.where(there, length, 0), np.where(there, first, 0)
        return AlleleBytes(np.ascontiguousarray(length), np.ascontiguousarray(first))


def row_integers(values: ArrayLike | pl.Series) -> NDArray[np.int64]:
    """As int64; nulls and what is no number become 0.

    Examples
    --------
    >>> row_integers(pl.Series([7, None])).tolist(), row_integers([1.0, float("nan")]).tolist()
    ([7, 0], [1, 0])
    """
    if isinstance(values, pl.Series):
        values = values.cast(pl.Int64).fill_null(0).to_numpy()
    array = np.asarray(values)
    if array.dtype.kind == "f":
        array = np.where(np.isfinite(array), array, 0)
    return array.astype(np.int64, copy=False)
