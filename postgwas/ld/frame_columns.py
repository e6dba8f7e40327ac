"""Arrays into tables of variants.

From an array polars brings in ``numpy.ma``, which takes longer than all products of a small file: where
there are few numbers, they go by way of lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

_FEW = 100_000


def float_column(name: str, values: NDArray[np.float64]) -> pl.Series:
    """A column of floats, shape (V,).

    Examples
    --------
    >>> float_column("L2", np.array([1.5, -0.0])).to_list()
    [1.5, -0.0]
    """
    import polars as pl

    return pl.Series(name, values.tolist() if values.size <= _FEW else values, dtype=pl.Float64)


def rows_of(frame: pl.DataFrame, rows: NDArray[np.int64]) -> pl.DataFrame:
    """Some rows of a table, by their ascending numbers, shape (V,)."""
    if rows.size == frame.height:
        return frame
    return frame[rows.tolist() if rows.size <= _FEW else rows]
