"""A column of short texts as rows of 64-bit words: compared, hashed, filtered and written in bulk.

Identifiers of variants nearly all fit two words. A text that is longer than the rows, that holds a zero
byte, or that is no UTF-8 from its first byte on, is kept once in a list, and its row holds its number there
behind a byte that no text begins with; so two rows are equal where, and only where, their texts are. Columns
of different files have different lists: they are compared by hashes, which depend on the text alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import FIRST, PAD, Bools, Column, Places, Words

if TYPE_CHECKING:
    import polars as pl

MOST_WORDS = 8
_ASIDE = 0xFF
"""No UTF-8 text has this byte."""
_SHARE = 0.99
_ROWS = 16_384
"""Texts hashed at once: all working arrays stay in the processor's cache."""
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_ALL = (1 << 64) - 1


@dataclass
class Keeper:
    """How wide rows are, and the texts that do not fit; one for all texts that are to be compared.

    Attributes
    ----------
    width : int
        Words a row; 0 until the first texts have decided it.
    """

    width: int = 0
    texts: list[bytes] = field(default_factory=list)
    _number: dict[bytes, int] = field(default_factory=dict)

    def fit(self, length: npt.NDArray[np.int64]) -> None:
        """Choose a width that nearly all of some texts fit, unless that was done."""
        if not self.width and length.size:
            most = np.partition(length, int(_SHARE * (length.size - 1)))[int(_SHARE * (length.size - 1))]
            self.width = min(max(1, -(-int(most) // 8)), MOST_WORDS)

    def keep(self, text: bytes) -> int:
        """The word that stands for a text that is kept aside."""
        at = self._number.setdefault(text, len(self.texts))
        if at == len(self.texts):
            self.texts.append(text)
        return at << 8 | _ASIDE


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts by row.

    Attributes
    ----------
    words : ndarray of uint64, shape (M, width)
        The bytes of each text, zeros behind it. An empty text stands for a missing one too.
    keeper : Keeper
    """

    words: Words
    keeper: Keeper

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, rows: Bools | npt.NDArray[np.integer] | slice) -> Texts:
        """Some of the rows, by mask or by number."""
        if isinstance(rows, np.ndarray) and rows.dtype != np.bool_:
            return Texts(self.words.take(rows, axis=0), self.keeper)
        return Texts(self.words[rows], self.keeper)

    def aside(self) -> npt.NDArray[np.intp]:
        """Rows whose texts are kept aside."""
        return np.flatnonzero((self.words[:, 0] & np.uint64(0xFF)) == _ASIDE)

    def missing(self) -> Bools:
        """Rows without a text, [shape: (M,)]."""
        return self.words[:, 0] == 0

    def hashes(self) -> tuple[Words, Words]:
        """Two hashes of each text, 128 bits together; the same in every run and on every machine.

        Different texts of up to 16 bytes never have the same pair; for a million of any lengths the
        chance that two have is 1e-26.

        Returns
        -------
        first, second : ndarray of uint64, shape (M,)
        """
        return self._hash(0), self._hash(1)

    def hash(self) -> Words:
        """The first of the two hashes, [shape: (M,)]."""
        return self._hash(0)

    def _hash(self, which: int) -> Words:
        found = _hash_of_words(self.words, which)
        aside = self.aside()
        if aside.size:
            kept = [self.keeper.texts[at] for at in (self.words[aside, 0] >> np.uint64(8)).tolist()]
            # Zeros at the end would not count; no text has the byte that is put behind them.
            padded = np.array([text + b"\xff" * text.endswith(b"\0") for text in kept])
            width = -(-padded.dtype.itemsize // 8)
            found[aside] = _hash_of_words(
                padded.astype(f"S{8 * width}").view(np.uint64).reshape(-1, width), which
            )
        return found

    def first_of_each(self) -> Bools:
        """Whether each row is the first with its text, [shape: (M,)]."""
        first = np.ones(len(self), dtype=np.bool_)
        hashes = self.hash()
        ordered = np.sort(hashes)
        # Few texts are repeated: only those whose hashes are repeated are looked at again.
        repeated = ordered[1:][ordered[1:] == ordered[:-1]]
        if not repeated.size:
            return first
        near = np.minimum(np.searchsorted(repeated, hashes), repeated.size - 1)
        rows = np.flatnonzero(repeated[near] == hashes)
        rows = rows[np.lexsort((rows, *self.words[rows].T))]
        same = (self.words[rows[1:]] == self.words[rows[:-1]]).all(axis=1)
        first[rows[1:][same]] = False
        return first

    def text(self, row: int) -> str:
        """One of them."""
        return self[row : row + 1].to_bytes()[0].decode("utf-8", "replace")

    def to_bytes(self) -> list[bytes]:
        """Every text."""
        packed = np.ascontiguousarray(self.words).view(f"S{8 * self.words.shape[1]}").ravel().tolist()
        for row in self.aside().tolist():
            packed[row] = self.keeper.texts[int(self.words[row, 0]) >> 8]
        return packed

    def to_series(self, name: str = "") -> pl.Series:
        """As a Series of strings; empty ones are null."""
        import polars as pl

        return pl.Series(name, self.to_bytes(), dtype=pl.Binary).cast(pl.String).replace("", None)


@lru_cache
def _factors(n_words: int, which: int) -> tuple[np.uint64, ...]:
    """What the words of a text are multiplied by: the first numbers of splitmix64.

    The four for the first two words are made to have an odd determinant, so that two hashes together
    are one-to-one for them.
    """
    found = []
    for at in range(n_words):
        x = (2 * at + which + 1) * 0x9E3779B97F4A7C15 & _ALL
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & _ALL
        x = (x ^ x >> 27) * 0x94D049BB133111EB & _ALL
        x |= 1
        found.append(np.uint64(x - 1 if at == which == 1 else x))
    return tuple(found)


def _hash_of_words(words: Words, which: int) -> Words:
    """A hash of each row, to which zeros at its end add nothing."""
    found = np.empty(len(words), dtype=np.uint64)
    for at in range(0, len(words), _ROWS):
        found[at : at + _ROWS] = _hash_of_columns(words[at : at + _ROWS].T, which)
    return found


def _hash_of_columns(columns: Words | Sequence[Words], which: int) -> Words:
    """The same from the first words of all texts, the second ones, and so on."""
    factors = _factors(len(columns), which)
    mixed = columns[0] * factors[0]
    for column, factor in zip(columns[1:], factors[1:]):
        mixed += column * factor
    # Let every bit depend on all; one-to-one.
    mixed ^= mixed >> _HALF
    mixed *= _SPREAD
    mixed ^= mixed >> _HALF
    return mixed


def texts_of_column(column: Column, keeper: Keeper) -> Texts:
    """The fields of one column, in which there are no zero bytes."""
    length = column.length
    keeper.fit(length)
    words = np.zeros((length.size, max(keeper.width, 1)), dtype=np.uint64)
    window = column.window
    longest = int(length.max()) if length.size else 0
    for at in range(min(keeper.width, -(-longest // 8))):
        if at < 4:
            words[:, at] = window[column.start + 8 * at] & FIRST[(length - 8 * at).clip(0, 8)]
            continue
        rows = np.flatnonzero(length > 8 * at)
        words[rows, at] = window[column.start[rows] + 8 * at] & FIRST[(length[rows] - 8 * at).clip(0, 8)]
    strange = (words[:, 0] & np.uint64(0xFF)) == _ASIDE  # no UTF-8, and taken for the number of another
    if longest > 8 * keeper.width:
        strange |= length > 8 * keeper.width
    for row in np.flatnonzero(strange).tolist():
        words[row] = 0
        words[row, 0] = keeper.keep(column.get(row))
    return Texts(words, keeper)


def texts_of_list(values: Sequence[bytes], keeper: Keeper) -> Texts:
    """Any texts, one by one."""
    keeper.fit(np.array([len(value) for value in values], dtype=np.int64))
    width = 8 * max(keeper.width, 1)
    odd = {
        row
        for row, value in enumerate(values)
        if len(value) > width or b"\0" in value or value[:1] == b"\xff"
    }
    plain = [b"" if row in odd else value for row, value in enumerate(values)] if odd else list(values)
    words = np.array(plain, dtype=f"S{width}").view(np.uint64).reshape(len(plain), width // 8)
    for row in odd:
        words[row, 0] = keeper.keep(values[row])
    return Texts(words, keeper)


def texts_of_spans(content: npt.NDArray[np.uint8], starts: Places, lengths: Places, keeper: Keeper) -> Texts:
    """Texts that lie somewhere in a buffer; lengths below 0 stand for missing ones."""
    return _texts_of_bytes(*_padded(content), starts + PAD, np.maximum(lengths, 0), keeper)


def hashes_of_spans(content: npt.NDArray[np.uint8], starts: Places, lengths: Places) -> tuple[Words, Words]:
    """The hashes of :func:`texts_of_spans`, without its rows of words in memory.

    Examples
    --------
    >>> content, starts, lengths = np.frombuffer(b"rs12", np.uint8), np.array([0, 3]), np.array([3, 1])
    >>> texts = texts_of_spans(content, starts, lengths, Keeper())
    >>> [np.array_equal(*two) for two in zip(hashes_of_spans(content, starts, lengths), texts.hashes())]
    [True, True]
    """
    first, second = np.empty(lengths.size, np.uint64), np.empty(lengths.size, np.uint64)
    whole = None if content.all() else _padded(content)
    for at in range(0, lengths.size, _ROWS):
        part = slice(at, at + _ROWS)
        begin, length = starts[part], np.maximum(lengths[part], 0)
        if whole is None and length.max() <= 16:
            both = _sixteen_bytes(content, begin)
            words = (
                both[:, 0] & FIRST.take(length, mode="clip"),
                both[:, 1] & FIRST[np.maximum(length - 8, 0)],
            )
            first[part], second[part] = _hash_of_columns(words, 0), _hash_of_columns(words, 1)
            continue
        text, zeros = whole or _padded(content)
        first[part], second[part] = _texts_of_bytes(text, zeros, begin + PAD, length, Keeper()).hashes()
    return first, second


def _sixteen_bytes(content: npt.NDArray[np.uint8], begin: Places) -> Words:
    """What lies in a buffer from some places on, two words each; zeros behind its end."""
    if int(begin.max()) + 16 > content.size:
        low = int(begin.min())
        content, begin = np.concatenate([content[low:], np.zeros(16, np.uint8)]), begin - low
    pairs = np.ndarray((content.size - 15,), "V16", content, strides=(1,))
    return pairs[begin].view(np.uint64).reshape(-1, 2)


def _padded(content: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], Places]:
    """A buffer with :data:`PAD` bytes around it, and where in that it holds zeros."""
    padded = np.empty(content.size + 2 * PAD, dtype=np.uint8)
    padded[:PAD] = padded[padded.size - PAD :] = 0
    padded[PAD : PAD + content.size] = content
    return padded, PAD + np.flatnonzero(content == 0) if not content.all() else np.empty(0, dtype=np.int64)


def _texts_of_bytes(
    padded: npt.NDArray[np.uint8], zeros: Places, begin: Places, length: Places, keeper: Keeper
) -> Texts:
    column = Column(padded, begin, begin + length)
    texts = texts_of_column(column, keeper)
    if zeros.size:
        inside = np.searchsorted(zeros, column.end) > np.searchsorted(zeros, column.start)
        for row in np.flatnonzero(inside).tolist():
            texts.words[row] = 0
            texts.words[row, 0] = keeper.keep(column.get(row))
    return texts


def texts_of_series(values: pl.Series, keeper: Keeper) -> Texts:
    """A polars Series of strings; null becomes the empty text."""
    import polars as pl

    values = values.cast(pl.String)
    lengths = values.str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
    joined = values.str.join("", ignore_nulls=True).item() if len(values) else ""
    content = np.frombuffer(joined.encode(), dtype=np.uint8)
    return texts_of_spans(content, np.cumsum(lengths) - lengths, lengths, keeper)


def join_texts(parts: Sequence[Texts], keeper: Keeper) -> Texts:
    """All parts in one piece; what is kept aside in another keeper is kept in this one."""
    words = [part.words if part.keeper is keeper else _kept_in(part, keeper) for part in parts if len(part)]
    return Texts(np.concatenate(words) if words else np.zeros((0, max(keeper.width, 1)), np.uint64), keeper)


def _kept_in(part: Texts, keeper: Keeper) -> Words:
    """Words of texts whose long ones are numbered by another keeper."""
    aside = part.aside().tolist()
    words = part.words.copy() if aside else part.words
    for row in aside:
        words[row, 0] = keeper.keep(part.keeper.texts[int(part.words[row, 0]) >> 8])
    return words
