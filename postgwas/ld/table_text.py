"""Numbers as aligned text, in the layout of pandas 0.20 with four digits.

The log of ldsc.py prints its summaries so, and users' programs read them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

DIGITS = 4


def column_text(values: ArrayLike) -> list[str]:
    """One column: a common number of decimals, or a common scientific notation.

    Parameters
    ----------
    values : array_like, shape (R,)
        Integers stay integers.

    Returns
    -------
    list of str
        Each begins with a minus or a blank.

    Examples
    --------
    >>> column_text([0.5, 12.25]), column_text([1.0, 1e-5]), column_text([690, 971])
    ([' 0.50', ' 12.25'], [' 1.0000e+00', ' 1.0000e-05'], [' 690', ' 971'])
    """
    array = np.asarray(values)
    if np.issubdtype(array.dtype, np.integer):
        return [f"{value: d}" for value in array.tolist()]
    floats = array.astype(np.float64)
    finite = np.abs(floats[np.isfinite(floats)])
    fixed = _trimmed([_cell(value, f" .{DIGITS}f") for value in floats.tolist()])
    too_long = max(map(len, fixed), default=0) > DIGITS + 6
    tiny = bool(np.any((finite > 0) & (finite < 10.0**-DIGITS)))
    if tiny or (too_long and bool(np.any(finite > 1e6))):
        return [_cell(value, f" .{DIGITS}e") for value in floats.tolist()]
    return fixed


def _cell(value: float, form: str) -> str:
    return "NaN" if value != value else format(value, form)


def _trimmed(cells: list[str]) -> list[str]:
    """Without the zeros that end all of the numbers, but with one digit after the point."""
    numbers = [cell for cell in cells if cell != "NaN"]
    while numbers and all(cell.endswith("0") for cell in numbers):
        numbers = [cell[:-1] for cell in numbers]
    kept = iter(cell + "0" if cell.endswith(".") else cell for cell in numbers)
    return [cell if cell == "NaN" else next(kept) for cell in cells]


def matrix_lines(rows: Sequence[str], columns: Sequence[str], values: NDArray[np.float64]) -> list[str]:
    """A table with names of rows and columns.

    Parameters
    ----------
    rows, columns : sequence of str
    values : ndarray, shape (len(rows), len(columns))

    Examples
    --------
    >>> print(*matrix_lines(["mean"], ["L2"], np.array([[1.25]])), sep="\\n")
            L2
    mean  1.25
    """
    margin = max(map(len, rows), default=0)
    lines = ["".ljust(margin), *(name.ljust(margin) for name in rows)]
    for name, column in zip(columns, values.T):
        cells = [f" {name}", *column_text(column)]
        width = max(map(len, cells))
        lines = [f"{line} {cell.rjust(width)}" for line, cell in zip(lines, cells)]
    return lines


def series_lines(names: Sequence[str], values: ArrayLike) -> list[str]:
    """One named number a line.

    Examples
    --------
    >>> series_lines(["a", "bc"], [1, 20])
    ['a      1', 'bc    20']
    """
    margin = max(map(len, names), default=0)
    cells = column_text(values)
    width = max(map(len, cells), default=0)
    return [f"{name.ljust(margin)}   {cell.rjust(width)}" for name, cell in zip(names, cells)]
