"""Pairs of alleles as METAL knows them: sorted, and folded onto one strand.

1, 2, 3, 4 stand for A, C, G, T; case does not matter. A pair is sorted; unless it begins with A, or is C/G,
its letters are complemented and it is sorted again. Which strand the first file had is kept for printing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import Column

_COMPLEMENT = {"a": "t", "c": "g", "g": "c", "t": "a"}
_LETTERS = "acgt"
_FIRST_TEXT = 17
"""Codes below are pairs of letters."""
_CODES = np.full(256, 9, np.uint8)
for _code, _spellings in enumerate((b"aA1", b"cC2", b"gG3", b"tT4")):
    _CODES[list(_spellings)] = _code


def complement(allele: str) -> str:
    """The other strand's letter; anything else is itself."""
    return _COMPLEMENT.get(allele, allele)


def folded(first: str, second: str) -> tuple[str, str, int, bool]:
    """A pair in METAL's order and strand, how often it was turned, and whether letters were complemented.

    Examples
    --------
    >>> folded("t", "c"), folded("c", "g"), folded("atg", "a")
    (('a', 'g', 2, True), ('c', 'g', 0, False), ('a', 'atg', 1, False))
    """
    turns = 0
    if first > second:
        first, second, turns = second, first, 1
    if first == "a" or (first == "c" and second == "g"):
        return first, second, turns, False
    first, second = complement(first), complement(second)
    if first > second:
        first, second, turns = second, first, turns + 1
    return first, second, turns, True


@dataclass(frozen=True, eq=False)
class FoldedPairs:
    """Pairs by row.

    Attributes
    ----------
    code : ndarray of int32, shape (M,)
        One number a folded pair.
    turns : ndarray of int8, shape (M,)
        Times that the alleles changed places: 0, 1 or 2.
    complemented : ndarray of bool, shape (M,)
    """

    code: npt.NDArray[np.int32]
    turns: npt.NDArray[np.int8]
    complemented: npt.NDArray[np.bool_]

    @property
    def sign(self) -> npt.NDArray[np.int8]:
        """-1 where effects change their sign, [shape: (M,)]."""
        return np.where(self.turns == 1, -1, 1).astype(np.int8)

    def turned_frequency(self, freq: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Frequencies of the pairs' first alleles; turned twice they are rounded twice, as METAL's are."""
        once = 1.0 - freq
        result: npt.NDArray[np.float64] = np.choose(self.turns, (freq, once, 1.0 - once))
        return result


@dataclass
class PairBook:
    """Numbers of the pairs that were met; 0 is none.

    Examples
    --------
    >>> book = PairBook()
    >>> book.texts(book.code("d", "i")), book.texts(2)
    (('d', 'i'), ('a', 'c'))
    """

    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _pairs: list[tuple[str, str]] = field(default_factory=list)

    def code(self, first: str, second: str) -> int:
        """Number of a folded pair."""
        if len(first) == len(second) == 1 and first in _LETTERS and second in _LETTERS:
            return 1 + 4 * _LETTERS.index(first) + _LETTERS.index(second)
        at = self._numbers.setdefault((first, second), len(self._pairs))
        if at == len(self._pairs):
            self._pairs.append((first, second))
        return _FIRST_TEXT + at

    def texts(self, code: int, *, complemented: bool = False) -> tuple[str, str]:
        """Alleles of a number, on the strand that was read."""
        if code == 0:
            return "", ""
        if code < _FIRST_TEXT:
            pair = _LETTERS[(code - 1) // 4], _LETTERS[(code - 1) % 4]
        else:
            pair = self._pairs[code - _FIRST_TEXT]
        return (complement(pair[0]), complement(pair[1])) if complemented else pair

    def of_columns(
        self, first: Column, second: Column, minus: npt.NDArray[np.bool_] | None = None
    ) -> FoldedPairs:
        """Fold the pairs of two columns.

        Parameters
        ----------
        first, second : Column
        minus : ndarray of bool, shape (M,), optional
            Rows whose letters are those of the minus strand.
        """
        a, b = _codes(first), _codes(second)
        if minus is not None:
            a = np.where(minus & (a < 4), 3 - a, a).astype(np.uint8)
            b = np.where(minus & (b < 4), 3 - b, b).astype(np.uint8)
        both = (a < 4) & (b < 4)
        at = np.where(both, (a << 2) + b, 0)
        pairs = FoldedPairs(_TABLE.code[at], _TABLE.turns[at], _TABLE.complemented[at])
        rows = np.flatnonzero(~both)
        seen: dict[tuple[bytes, bytes, bool], tuple[int, int, bool]] = {}
        for row in rows.tolist():
            turned = bool(minus[row]) if minus is not None else False
            key = first.get(row), second.get(row), turned
            if key not in seen:
                texts = [_spelled(text, turned) for text in key[:2]]
                one, two, turns, other = folded(*texts)
                seen[key] = self.code(one, two), turns, other
            pairs.code[row], pairs.turns[row], pairs.complemented[row] = seen[key]
        return pairs


def _spelled(text: bytes, turned: bool) -> str:
    allele = text.decode("utf-8", "replace").lower()
    allele = {"1": "a", "2": "c", "3": "g", "4": "t"}.get(allele, allele)
    return complement(allele) if turned else allele


def _codes(column: Column) -> npt.NDArray[np.uint8]:
    codes = _CODES[column.text[column.start]]
    codes[column.length != 1] = 9
    return codes


def _table() -> FoldedPairs:
    book = PairBook()
    found = [folded(a, b) for a in _LETTERS for b in _LETTERS]
    return FoldedPairs(
        np.array([book.code(one, two) for one, two, _, _ in found], np.int32),
        np.array([turns for _, _, turns, _ in found], np.int8),
        np.array([other for *_, other in found]),
    )


_TABLE = _table()
