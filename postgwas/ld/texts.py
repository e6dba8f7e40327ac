"""Columns of text that stay where they were read: spans of one buffer, and hashes of them.

A million ids as objects, or as another library's strings, cost more to make than everything that is
done with them: they are compared by hashes, and only a message ever shows one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import polars as pl

Bytes = npt.NDArray[np.uint8]
Lengths = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

#: Bytes that a buffer has after its last text, so that words can be read beyond it.
PADDING = 16
#: Length of a text that is missing.
MISSING = -1
#: Texts hashed at once: all working arrays stay in the processor's cache.
_ROWS = 16_384
_WORD = 8
#: Of the bytes of a word, those of a text that has so many of them left.
_KEPT = np.array([(1 << (8 * n)) - 1 for n in range(_WORD + 1)], dtype=np.uint64)
#: Factors of the first word, the second and the length. For texts of up to 16 bytes and one length the
#: two sums together are one-to-one, because the determinant of the words' factors is odd.
_FACTORS = (
    (0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0x9E3779B97F4A7C15),
    (0xD6E8FEB86659FD93, 0xA0761D6478BD642E, 0xE7037ED1A0B428DB),
)
_SPREAD = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts in one buffer of bytes.

    Attributes
    ----------
    content : ndarray of uint8
        UTF-8, with at least :data:`PADDING` bytes after the last text.
    starts : ndarray of int64, shape (T,)
    lengths : ndarray of int64, shape (T,)
        In bytes; :data:`MISSING` where there is none.
    """

    content: Bytes
    starts: Lengths
    lengths: Lengths

    @classmethod
    def packed(cls, content: Bytes, ends: Lengths, missing: npt.NDArray[np.bool_] | None = None) -> Texts:
        """Texts one after the other, from their ends, shape (T,)."""
        starts = np.zeros(ends.size, dtype=np.int64)
        starts[1:] = ends[:-1]
        lengths = ends - starts
        if missing is not None:
            lengths[missing] = MISSING
        return cls(np.concatenate([content, np.zeros(PADDING, np.uint8)]), starts, lengths)

    @classmethod
    def from_strings(cls, texts: Sequence[str]) -> Texts:
        """From Python's strings."""
        encoded = [text.encode() for text in texts]
        content = np.frombuffer(b"".join(encoded), np.uint8)
        return cls.packed(content, np.cumsum([len(text) for text in encoded], dtype=np.int64))

    @classmethod
    def of(cls, texts: pl.Series) -> Texts:
        """From a polars series of strings.

        Examples
        --------
        >>> import polars as pl
        >>> texts = Texts.of(pl.Series(["rs1", None, ""]))
        >>> texts[0], texts[1], texts[2], len(texts)
        ('rs1', None, '', 3)
        """
        lengths = texts.str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
        joined = texts.str.join("", ignore_nulls=True).item() if len(texts) else ""
        missing = texts.is_null().to_numpy() if texts.null_count() else None
        return cls.packed(np.frombuffer(joined.encode(), np.uint8), np.cumsum(lengths), missing)

    def __len__(self) -> int:
        return int(self.starts.size)

    def __getitem__(self, row: int) -> str | None:
        start, length = int(self.starts[row]), int(self.lengths[row])
        if length == MISSING:
            return None
        return self.content[start : start + length].tobytes().decode("utf-8", "replace")

    def text(self, row: int) -> str:
        """One of them; empty where it is missing."""
        return self[row] or ""

    def series(self) -> pl.Series:
        """As a polars series of strings: for those who want to see them."""
        import polars as pl

        return pl.Series([self[row] for row in range(len(self))], dtype=pl.String)

    def single_bytes(self) -> Bytes:
        """The byte of each text that has one, 0 for all others."""
        return np.where(self.lengths == 1, self.content.take(self.starts), 0).astype(np.uint8, copy=False)

    def hashes(self) -> tuple[Hashes, Hashes]:
        """Two hashes of each text, 128 bits together; the same in every run and on every machine.

        Different texts of up to 16 bytes and one length never have the same pair; for a million
        of any lengths the chance that two have is 1e-26.

        Returns
        -------
        first, second : ndarray of uint64, shape (T,)
            What a missing text has is nobody else's business: check :attr:`lengths`.
        """
        words = np.ndarray((self.content.size - _WORD + 1,), "<u8", self.content, strides=(1,))
        found = np.empty(len(self), np.uint64), np.empty(len(self), np.uint64)
        for at in range(0, len(self), _ROWS):
            some = slice(at, at + _ROWS)
            starts, lengths = self.starts[some], self.lengths[some]
            one = words[starts]
            one &= _KEPT.take(lengths, mode="clip")
            two = words[starts + _WORD]
            two &= _KEPT.take(lengths - _WORD, mode="clip")
            for out, (p, q, r) in zip(found, _FACTORS):
                mixed = one * np.uint64(p)
                mixed += two * np.uint64(q)
                mixed += lengths.astype(np.uint64) * np.uint64(r)
                out[some] = _spread(mixed)
        self._add_long(words, found)
        return found

    def _add_long(self, words: Hashes, found: tuple[Hashes, Hashes]) -> None:
        """Mix in what lies beyond two words."""
        rows, at = np.flatnonzero(self.lengths > 2 * _WORD), 2 * _WORD
        while rows.size:
            left = self.lengths[rows] - at
            # A word that is not whole ends where the padding begins at the latest.
            word = words[self.starts[rows] + at] & _KEPT.take(left, mode="clip")
            for out, (p, _, _) in zip(found, _FACTORS):
                out[rows] = _spread((out[rows] + word) * np.uint64(p))
            rows, at = rows[left > _WORD], at + _WORD


def _spread(mixed: Hashes) -> Hashes:
    """Let every bit depend on all; one-to-one."""
    mixed ^= mixed >> _HALF
    mixed *= _SPREAD
    mixed ^= mixed >> _HALF
    return mixed
