"""Where the fields of a chunk of text lie, and eight of their bytes at a time.

Text stays text: a field is a pair of positions, and a column of fields is looked at through a
window of 64-bit words, so that a million fields are compared or converted by a few dozen
operations on arrays. Byte 0 of a word is its lowest: the first character of a field.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PAD = 32
"""Bytes before and after the text of a chunk, so that no word begins or ends outside."""
NEWLINE = 10

_ONES = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)
FIRST = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)
"""``FIRST[n]`` keeps the first n bytes of a word."""
LAST = np.array([((1 << 8 * n) - 1) << 8 * (8 - n) for n in range(9)], dtype=np.uint64)
"""``LAST[n]`` keeps the last n bytes of a word."""


def place_of(byte: int, words: Words) -> npt.NDArray[np.int64]:
    """Where a byte first occurs in each word, 8 where it does not, [shape: (M,)].

    Examples
    --------
    >>> place_of(ord("."), np.frombuffer(b"12.34.561.......12345678", np.uint64)).tolist()
    [2, 1, 8]
    """
    left = words ^ (_ONES * np.uint64(byte))
    # The lowest bit set is that of the first byte that is zero; carries can only mark later ones.
    marks = (left - _ONES) & ~left & _HIGH
    below = np.bitwise_count((marks & (~marks + np.uint64(1))) - np.uint64(1))
    return below.astype(np.int64) >> 3


@dataclass(frozen=True, eq=False)
class Column:
    """The fields of one column.

    Attributes
    ----------
    text : ndarray of uint8
        All bytes, padded.
    start, end : ndarray of int64, shape (M,)
        First byte of each field, and the one after its last.
    """

    text: npt.NDArray[np.uint8]
    start: Places
    end: Places

    @property
    def window(self) -> Words:
        """The word that begins at each byte."""
        view: Words = np.ndarray((self.text.size - 7,), np.uint64, self.text, strides=(1,))
        return view

    @property
    def length(self) -> Places:
        """Bytes of each field, [shape: (M,)]."""
        return self.end - self.start

    def take(self, rows: npt.NDArray[np.intp]) -> Column:
        """Some of the fields."""
        return Column(self.text, self.start[rows], self.end[rows])

    def is_one_of(self, spellings: Iterable[str]) -> Bools:
        """Whether each field is one of some texts of less than eight bytes, [shape: (M,)]."""
        length = self.length
        found = np.zeros(length.size, dtype=np.bool_)
        short = np.flatnonzero(length < 8)
        if short.size:
            words = self.window[self.start[short]] & FIRST[length[short]]
            known = np.array(sorted(int.from_bytes(text.encode(), "little") for text in spellings), np.uint64)
            near = np.minimum(np.searchsorted(known, words), known.size - 1)
            found[short] = known[near] == words
        return found

    def get(self, row: int) -> bytes:
        """One field."""
        return self.text[self.start[row] : self.end[row]].tobytes()


@dataclass(frozen=True, eq=False)
class Cells:
    """The fields of a chunk whose lines all have the same number of them.

    Attributes
    ----------
    text : ndarray of uint8
        :data:`PAD` bytes, the lines, and as many bytes again.
    ends : ndarray of int64, shape (M, width)
        Where the separator after each field is.
    """

    text: npt.NDArray[np.uint8]
    ends: Places
    _edges: dict[int, Places] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ends)

    def column(self, at: int) -> Column:
        """One column, counted from 0."""
        return Column(self.text, self._edge(at - 1) + 1, self._edge(at))

    def _edge(self, at: int) -> Places:
        """Ends of the fields of a column; of column -1, those of the lines before."""
        if at not in self._edges:
            if at < 0:
                self._edges[at] = np.concatenate(([PAD - 1], self.ends[:-1, -1]))
            else:
                self._edges[at] = np.ascontiguousarray(self.ends[:, at])
        return self._edges[at]


def find_cells(padded: bytes, separator: str, width: int) -> Cells | None:
    """Find the fields of a chunk; None if its lines are not all of one width.

    Parameters
    ----------
    padded : bytes
        Whole lines with :data:`PAD` bytes that are neither separators nor newlines before and after.
    separator : str
        One character.
    width : int
        Number of fields of a line.

    Examples
    --------
    >>> pad = b"." * PAD
    >>> cells = find_cells(pad + b"rs1 0.5\\nrs23 1\\n" + pad, " ", 2)
    >>> [cells.column(0).get(1), cells.column(1).get(0)]
    [b'rs23', b'0.5']
    """
    text = np.frombuffer(padded, dtype=np.uint8)
    # Tabs and newlines are the only bytes up to 10 that text should have: one comparison finds both.
    marks = text <= NEWLINE if separator == "\t" else (text == ord(separator)) | (text == NEWLINE)
    places = np.flatnonzero(marks)
    if places.size % width:
        return None
    ends = places.reshape(-1, width)
    # All that ends a line is a newline, and there are no others; and no stray control characters.
    lines = np.count_nonzero(text == NEWLINE)
    even = lines == len(ends) and (text[ends[:, -1]] == NEWLINE).all()
    known = separator != "\t" or bool(text.min() >= ord("\t"))
    return Cells(text, ends) if even and known else None
