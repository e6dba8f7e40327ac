"""The layout of ldsc's summary table: that of pandas 0.20 with four digits, which users' programs parse."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

DIGITS = 4
MISSING = "NA"
#: A cell: a number, or text such as ``NA``.
Cell = float | int | str


def printed_table(columns: Mapping[str, Sequence[Cell]]) -> str:
    """Lay a table out as ldsc's log does.

    A column of numbers has as many decimals as its longest number needs (four at most), or
    powers of ten if one is tiny; a column with text among its numbers has four significant digits.

    Parameters
    ----------
    columns : mapping of name to cells
        All of one length, at least 1.

    Returns
    -------
    str
        The header and the rows, without a line feed at the end.

    Examples
    --------
    >>> print(printed_table({"p1": ["a", "a"], "p2": ["b", "c"], "rg": [0.25, -0.5], "p": [1e-7, 0.5]}))
    p1 p2    rg           p
    a  b  0.25  1.0000e-07
    a  c -0.50  5.0000e-01
    """
    laid = [_column(name, cells) for name, cells in columns.items()]
    lines = [" ".join(parts) for parts in zip(*laid, strict=True)]
    # pandas takes one leading blank from each row, and all of the first line's.
    return "\n".join([lines[0], *(line.removeprefix(" ") for line in lines[1:])]).strip(" ")


def _column(name: str, cells: Sequence[Cell]) -> list[str]:
    """Header and cells, padded on the left to one width."""
    if any(isinstance(cell, str) for cell in cells):
        texts = [_among_text(cell) for cell in cells]
    else:
        name = f" {name}"
        texts = _numbers(cells)
    width = max(len(text) for text in [name, *texts])
    return [text.rjust(width) for text in [name, *texts]]


def _among_text(cell: Cell) -> str:
    if isinstance(cell, float):
        return " NaN" if math.isnan(cell) else f"{cell: .{DIGITS}g}"
    return f" {cell}"


def _numbers(cells: Sequence[Cell]) -> list[str]:
    if all(isinstance(cell, int) for cell in cells):
        return [f"{cell: d}" for cell in cells]
    values = [float(cell) for cell in cells]
    fixed = _trimmed([f"{value: .{DIGITS}f}" for value in values if not math.isnan(value)])
    sizes = [abs(value) for value in values if math.isfinite(value)]
    tiny = any(0 < size < 10**-DIGITS for size in sizes)
    huge = any(size > 1e6 for size in sizes) and max(map(len, fixed), default=0) > DIGITS + 6
    if tiny or huge:
        return [f"{value: .{DIGITS}e}" if math.isfinite(value) else "NaN" for value in values]
    left = iter(fixed)
    return ["NaN" if math.isnan(value) else next(left) for value in values]


def _trimmed(texts: list[str]) -> list[str]:
    """Without the zeros at the end that all have, but for one behind the point."""
    while texts and all(text.endswith("0") for text in texts):
        texts = [text[:-1] for text in texts]
    return [f"{text}0" if text.endswith(".") else text for text in texts]
