"""Columns of different kinds to lines of text, a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from postgwas.columns import printed, shortest, significant
from postgwas.columns.texts import Texts

Words = npt.NDArray[np.uint32]
_ROWS = 1 << 13
"""Rows a block: few enough for its table to stay in the cache."""
_EIGHT_DIGITS = 10**8


@dataclass(frozen=True, eq=False)
class Fixed:
    """Numbers with so many decimals."""

    values: npt.NDArray[np.float64]
    decimals: int


@dataclass(frozen=True, eq=False)
class General:
    """Numbers from 0 to 1 with four digits, as ``%.4g``; some rows as other texts."""

    values: npt.NDArray[np.float64]
    texts: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Shortest:
    """Numbers with the fewest digits that read back the same; NaN as ``NA``; some rows as other texts."""

    values: npt.NDArray[np.float64]
    texts: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Significant:
    """Numbers of ten significant digits, zeros at the end left out; NaN as ``NA``."""

    values: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Whole:
    """Whole numbers."""

    values: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Characters:
    """Texts of one width, [shape: (M, width)]; zero bytes stand for nothing."""

    values: npt.NDArray[np.uint8]


Printed = Texts | Fixed | General | Shortest | Significant | Whole | Characters


def lines_of(columns: Sequence[Printed]) -> Iterator[bytes]:
    """Tab-separated lines of some columns of M rows.

    Examples
    --------
    >>> from postgwas.columns.texts import Keeper, texts_of_list
    >>> name = texts_of_list([b"rs1", b"rs22"], Keeper())
    >>> b"".join(lines_of([name, Fixed(np.array([0.5, -1.25]), 2), Whole(np.array([7, 123456789]))]))
    b'rs1\\t0.50\\t7\\nrs22\\t-1.25\\t123456789\\n'
    """
    n_rows = len(_values(columns[0]))
    widths = [_width(column) for column in columns]
    table = np.zeros((min(_ROWS, n_rows), sum(widths) + len(widths)), np.uint32)
    if n_rows:
        table[:, np.cumsum(np.array(widths) + 1) - 1] = ord("\t")
        table[:, -1] = ord("\n")
    for at in range(0, n_rows, _ROWS):
        rows = table[: min(_ROWS, n_rows - at)]
        some = slice(at, at + len(rows))
        place = 0
        long: list[tuple[int, int, Texts]] = []
        for column, width in zip(columns, widths):
            _write(column, some, rows[:, place : place + width])
            if isinstance(column, Texts) and column[some].aside().size:
                long.append((place, width, column[some]))
            place += width + 1
        yield _with_long_texts(rows, long) if long else shortest.squeezed(rows)


def _values(column: Printed) -> npt.NDArray[np.generic]:
    return column.words if isinstance(column, Texts) else column.values


def _width(column: Printed) -> int:
    if isinstance(column, Texts):
        last = column.words[:, -1]
        return 2 * column.words.shape[1] - (1 if last.size and int(last.max()) < 1 << 32 else 0)
    if isinstance(column, Fixed):
        return printed.fixed_words(column.decimals, column.values)
    if isinstance(column, General):
        longest = max(map(len, column.texts.values()), default=0)
        return max(printed.GENERAL_WORDS, -(-longest // 4))
    if isinstance(column, Shortest):
        return shortest.FLOAT_WORDS
    if isinstance(column, Significant):
        return significant.significant_words(column.values)
    if isinstance(column, Whole):
        return _whole_words(column.values)
    return -(-column.values.shape[1] // 4)


def _write(column: Printed, rows: slice, table: Words) -> None:
    if isinstance(column, Texts):
        table[:] = np.ascontiguousarray(column.words[rows]).view(np.uint32)[:, : table.shape[1]]
    elif isinstance(column, Fixed):
        printed.write_fixed(column.values[rows], column.decimals, table)
    elif isinstance(column, General):
        printed.write_general(column.values[rows], table)
        _put_texts(column.texts, rows, table)
    elif isinstance(column, Shortest):
        values = column.values[rows]
        shortest.write_floats(values, table)
        table[np.isnan(values), 0] = int.from_bytes(b"NA", "little")
        _put_texts(column.texts, rows, table)
    elif isinstance(column, Significant):
        significant.write_significant(column.values[rows], table)
    elif isinstance(column, Whole):
        _write_whole(column.values[rows], table)
    else:
        signs = column.values[rows]
        padded = np.zeros((len(signs), 4 * table.shape[1]), np.uint8)
        padded[:, : signs.shape[1]] = signs
        table[:] = padded.view(np.uint32)


def _put_texts(texts: Mapping[int, str], rows: slice, table: Words) -> None:
    for row, text in texts.items():
        if rows.start <= row < rows.stop:
            printed.put_text(text, table[row - rows.start])


def _write_whole(values: npt.NDArray[np.int64], table: Words) -> None:
    four = shortest.digit_words()
    if table.shape[1] == 1:
        table[:, 0] = four.take(values + 20_000)
        table[values == 0, 0] = ord("0")
        return
    if table.shape[1] == shortest.WHOLE_WORDS:
        shortest.write_whole(values, table)
        return
    if table.shape[1] == shortest.LONG_WHOLE_WORDS:
        shortest.write_long_whole(values, table)
        return
    size = np.abs(values)
    odd = size >= 10**12
    size[odd] = 0
    high = size // _EIGHT_DIGITS
    low = size - high * _EIGHT_DIGITS
    table[:, 0] = np.where(values < 0, ord("-"), 0)
    table[:, 1] = four[high + 20_000]
    shortest.write_whole(low, table[:, 2:4])
    upper = low // 10_000
    padded = high > 0
    table[padded, 2] = four[upper[padded]]
    table[padded, 3] = four[low[padded] - 10_000 * upper[padded]]
    table[:, 4:] = 0
    for row in np.flatnonzero(odd).tolist():
        printed.put_text(str(int(values[row])), table[row])


def _whole_words(values: npt.NDArray[np.int64]) -> int:
    """Words of the widest of some whole numbers: 1 up to 9999, 2 up to 99999999, 3 up to 2^31 - 1."""
    if values.size and values.min() < 0:
        return 5
    most = int(values.max()) if values.size else 0
    if most >= _EIGHT_DIGITS:
        return shortest.LONG_WHOLE_WORDS if most < 1 << 31 else 5
    return 1 if most < 10_000 else shortest.WHOLE_WORDS


def _with_long_texts(rows: Words, long: Sequence[tuple[int, int, Texts]]) -> bytes:
    """A block in which some texts are too long for their places: a mark there, then the texts."""
    mark = 0x01
    texts: list[tuple[int, int, bytes]] = []
    for place, width, column in long:
        aside = column.aside()
        rows[aside, place : place + width] = 0
        rows[aside, place] = mark
        texts.extend((row, place, text) for row, text in zip(aside.tolist(), column[aside].to_bytes()))
    pieces = shortest.squeezed(rows).split(bytes([mark]))
    texts.sort()
    joined = [pieces[0]]
    for (_, _, text), piece in zip(texts, pieces[1:]):
        joined += [text, piece]
    return b"".join(joined)
