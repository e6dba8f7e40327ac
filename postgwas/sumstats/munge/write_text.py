"""Tables as text, fast: every field into a table of words, a few thousand rows at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from postgwas.columns import shortest
from postgwas.columns.texts import Keeper, Texts, texts_of_list
from postgwas.sumstats.munge.filters import LETTERS
from postgwas.sumstats.munge.rejected import Rejected
from postgwas.sumstats.munge.rows import Values
from postgwas.sumstats.write import atomic_file, compressor

Words = npt.NDArray[np.uint32]
_ROWS = 1 << 13
"""Rows a block: few enough for its table to stay in the cache."""
_LETTERS = np.zeros(256, dtype=np.uint32)
_LETTERS[: len(LETTERS)] = list(LETTERS)
_WIDE = 5
"""Words of a column in which a whole number has more than eight digits or a sign."""


@dataclass(frozen=True)
class Choice:
    """Texts of a short list, by number."""

    texts: Texts
    at: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return self.at.size

    def __getitem__(self, rows: slice) -> Choice:
        return Choice(self.texts, self.at[rows])


def write_table(
    columns: Mapping[str, Values | Choice],
    path: str | os.PathLike[str],
    *,
    overwrite: bool,
    null: bytes = b"",
    decimals: bool = False,
    piece: int = _ROWS,
) -> None:
    """Write columns as tab-separated text with a header, compressed as the name says.

    Parameters
    ----------
    columns : mapping
        Texts, codes of alleles (uint8), whole numbers, or floats whose NaN is missing.
    path : path-like
    overwrite : bool
        Replace a file that exists.
    null : bytes
        How a missing text is written; a missing number or allele is written as nothing.
    decimals : bool
        Floats with three decimals, otherwise with the fewest digits that read back the same.
    piece : int
        Rows that the compressor gets at once, on which its bytes depend: with
        :data:`postgwas.sumstats.write.ROWS` they are those of `write_delimited`.

    Raises
    ------
    OutputError
        As :func:`~postgwas.sumstats.write.write_delimited`.
    """
    with atomic_file(path, overwrite=overwrite) as raw, compressor(raw, Path(path).suffix) as stream:
        stream.write("\t".join(columns).encode() + b"\n")
        waiting: list[bytes] = []
        for block in _blocks(list(columns.values()), null, decimals=decimals):
            waiting.append(block)
            if len(waiting) * _ROWS >= piece:
                stream.write(b"".join(waiting))
                waiting.clear()
        stream.write(b"".join(waiting))


def write_rejected_rows(rejected: Rejected, path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """Write LINE, SNPID and REASON of removed rows."""
    line, snpid, reason = rejected.columns()
    words = -(-max(map(len, rejected.reasons)) // 8)
    reasons = texts_of_list([text.encode() for text in rejected.reasons], Keeper(words))
    # One file: its name on each of the millions of lines that there may be would say nothing.
    columns: dict[str, Values | Choice] = {"LINE": line, "SNPID": snpid, "REASON": Choice(reasons, reason)}
    write_table(columns, path, overwrite=overwrite, null=b"NA")


def _blocks(columns: Sequence[Values | Choice], null: bytes, *, decimals: bool) -> Iterator[bytes]:
    n_rows = len(columns[0])
    widths = [_width(values) for values in columns]
    # One more word a column, for the tab or newline after it.
    table = np.zeros((min(_ROWS, n_rows), sum(widths) + len(widths)), dtype=np.uint32)
    table[:, np.cumsum(np.array(widths) + 1) - 1] = ord("\t")
    table[:, -1] = ord("\n")
    for at in range(0, n_rows, _ROWS):
        rows = table[: min(_ROWS, n_rows - at)]
        some = [values[at : at + len(rows)] for values in columns]
        odd = [values for values in some if isinstance(values, Texts) and values.aside().size]
        place = 0
        for values, width in zip(some, widths):
            _write(values, rows[:, place : place + width], null, decimals=decimals)
            place += width + 1
        yield _with_long_texts(some, widths, rows, null) if odd else shortest.squeezed(rows)


def _width(values: Values | Choice) -> int:
    """Words of a column."""
    if isinstance(values, Choice):
        return 2 * values.texts.words.shape[1]
    if isinstance(values, Texts):
        return 2 * values.words.shape[1]
    if values.dtype == np.uint8:
        return 1
    if values.dtype.kind == "f":
        return shortest.SMALL_WORDS if _all_small(values) else shortest.FLOAT_WORDS
    return shortest.WHOLE_WORDS if not values.size or _is_short(values).all() else _WIDE


def _all_small(values: npt.NDArray[np.floating]) -> bool:
    return not bool((np.abs(values) >= 99).any())


def _is_short(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    whole = values.astype(np.int64)
    return (whole >= 0) & (whole < 10**8)


def _write(values: Values | Choice, table: Words, null: bytes, *, decimals: bool) -> None:
    """One column of a block into its words."""
    if isinstance(values, Choice):
        table[:] = values.texts.words[values.at].view(np.uint32)
    elif isinstance(values, Texts):
        table[:] = np.ascontiguousarray(values.words).view(np.uint32)
        if null:
            table[values.words[:, 0] == 0, 0] = int.from_bytes(null, "little")
    elif values.dtype == np.uint8:
        table[:, 0] = _LETTERS[values]
    elif values.dtype.kind != "f":
        _write_whole(values.astype(np.int64), table)
    elif decimals:
        shortest.write_thousandths(values.astype(np.float64), table)
    else:
        shortest.write_floats(values.astype(np.float64), table)


def _write_whole(values: npt.NDArray[np.int64], table: Words) -> None:
    short = _is_short(values)
    table[:] = 0
    shortest.write_whole(np.where(short, values, 0), table[:, : shortest.WHOLE_WORDS])
    for row in np.flatnonzero(~short).tolist():
        table[row] = np.frombuffer(
            b"%d" % int(values[row]) + bytes(20), dtype=np.uint32, count=table.shape[1]
        )


def _with_long_texts(
    columns: Sequence[Values | Choice], widths: Sequence[int], rows: Words, null: bytes
) -> bytes:
    """A block in which some texts are kept aside."""
    fields: list[list[bytes]] = []
    place = 0
    for values, width in zip(columns, widths):
        if isinstance(values, Texts):
            fields.append([text or null for text in values.to_bytes()])
        else:
            part = rows[:, place : place + width + 1].copy()
            part[:, -1] = ord("\n")
            fields.append(shortest.squeezed(part).split(b"\n")[:-1])
        place += width + 1
    return b"".join(b"\t".join(line) + b"\n" for line in zip(*fields))
