"""Two alleles as one number that is the same whichever is the effect allele, and on either strand.

Single letters are folded as METAL does it: A/C, A/G, A/T and C/G stand for themselves and, where the pair
is not its own complement, for T/G and T/C. A/T and C/G are taken as they are written. Any other pair (indels,
I/D, symbols) is known by its two texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint8]
Keys = npt.NDArray[np.uint64]

NO_LETTER = 9
NO_PAIR = 0
"""Key of a row whose alleles are missing or the same."""
FIRST_TEXT = 1 << 32
"""Keys of pairs that are not two letters begin here."""
LETTERS = b"ACGT"
PALINDROMIC = (3, 6)
"""Keys of A/T and C/G."""


def _tables() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    key = np.zeros(16, np.uint64)
    sign = np.zeros(16, np.int8)
    other = np.zeros(16, np.bool_)
    for a in range(4):
        for b in range(4):
            if a == b:
                continue
            first, second, turned = min(a, b), max(a, b), a > b
            flipped = first > 0 and (first, second) != (1, 2)
            if flipped:
                # The complement, with the same allele first: T/C is the other strand of A/G.
                first, second = 3 - second, 3 - first
                turned = not turned
            at = 4 * a + b
            key[at], sign[at], other[at] = 4 * first + second, -1 if turned else 1, flipped
    return key, sign, other


_KEY, _SIGN, _OTHER = _tables()


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of alleles by row.

    Attributes
    ----------
    key : ndarray of uint64, shape (M,)
        :data:`NO_PAIR` where there is none.
    sign : ndarray of int8, shape (M,)
        1 where the effect allele is the pair's first allele, otherwise -1.
    other_strand : ndarray of bool, shape (M,)
        The letters are those of the complementary strand.
    texts : dict
        Key -> the two alleles, of pairs that are not two letters.
    """

    key: Keys
    sign: npt.NDArray[np.int8]
    other_strand: npt.NDArray[np.bool_]
    texts: dict[int, tuple[bytes, bytes]]


def letter_pairs(ea: Codes, nea: Codes) -> Pairs:
    """Keys of pairs of single letters; rows with any :data:`NO_LETTER` get :data:`NO_PAIR`.

    Parameters
    ----------
    ea, nea : ndarray of uint8, shape (M,)
        A, C, G, T as 0..3.

    Examples
    --------
    >>> found = letter_pairs(np.array([0, 2, 3, 1], np.uint8), np.array([2, 0, 1, 3], np.uint8))
    >>> found.key.tolist(), found.sign.tolist(), found.other_strand.tolist()
    ([2, 2, 2, 2], [1, -1, 1, -1], [False, False, True, True])
    """
    both = (ea < 4) & (nea < 4)
    at = np.where(both, (ea << 2) + nea, 0).astype(np.uint8)
    return Pairs(_KEY[at], _SIGN[at], _OTHER[at], {})


def text_pair(ea: bytes, nea: bytes) -> tuple[int, int, tuple[bytes, bytes]]:
    """Key and sign of one pair that is not two letters, and its alleles in order.

    Examples
    --------
    >>> text_pair(b"ATG", b"A")[1:], text_pair(b"A", b"atg")[0] == text_pair(b"ATG", b"A")[0]
    ((-1, (b'A', b'ATG')), True)
    """
    first, second = ea.upper(), nea.upper()
    if not first or not second or first == second:
        return NO_PAIR, 1, (first, second)
    turned = first > second
    if turned:
        first, second = second, first
    digest = hashlib.blake2b(first + b"/" + second, digest_size=8).digest()
    return max(int.from_bytes(digest, "little"), FIRST_TEXT), -1 if turned else 1, (first, second)


def add_texts(pairs: Pairs, rows: npt.NDArray[np.intp], ea: Sequence[bytes], nea: Sequence[bytes]) -> None:
    """Give the rows whose alleles are not two letters their keys and signs, in place."""
    known: dict[tuple[bytes, bytes], tuple[int, int]] = {}
    for row, first, second in zip(rows.tolist(), ea, nea):
        found = known.get((first, second))
        if found is None:
            key, sign, texts = text_pair(first, second)
            found = known[first, second] = key, sign
            if key != NO_PAIR:
                pairs.texts[key] = texts
        pairs.key[row], pairs.sign[row] = found


def letters_of(key: Keys, other_strand: npt.NDArray[np.bool_]) -> tuple[Codes, Codes]:
    """The first and the second allele of pairs of letters, on the strand asked for."""
    first, second = (key >> np.uint64(2)).astype(np.uint8), (key & np.uint64(3)).astype(np.uint8)
    return np.where(other_strand, 3 - first, first), np.where(other_strand, 3 - second, second)
