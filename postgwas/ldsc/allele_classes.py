"""Which alleles of two files can be the same SNP's, and whether the sign of Z must change.

A SNP with two different, not complementary bases has eight spellings: two orders on two
strands of two kinds. Each spelling has a kind (A/C-like or A/G-like) and an orientation, so two
files agree where the kinds are equal, and the sign changes where the orientations differ. One
code a file is enough for all pairs of files.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}
#: The spelling that stands for each kind; bit of the kind.
KINDS = {"AC": 1, "AG": 2}
BASES = "ACGT"
#: Code of each base in either case; 0 for every other character.
_CODES = np.zeros(256, dtype=np.uint8)
for _code, _base in enumerate(BASES, 1):
    _CODES[[ord(_base), ord(_base.lower())]] = _code

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Alleles:
    """Kind and orientation of each variant of one file.

    Attributes
    ----------
    kind : ndarray of uint8, shape (M,)
        1 or 2, or 0 where the alleles are no SNP's, are missing, or are each other's complement
        (A/T, C/G: no one can tell the strand).
    sign : ndarray of int8, shape (M,)
        1 where the effect allele (A1) is A or T, -1 where it is C or G (0 for kind 0).
    """

    kind: Codes
    sign: npt.NDArray[np.int8]


@lru_cache(maxsize=1)
def spellings() -> dict[str, tuple[int, int]]:
    """Kind and orientation of every spelling, A1 then A2.

    Examples
    --------
    >>> spellings()["AC"], spellings()["GT"], spellings()["TC"]
    ((1, 1), (1, -1), (2, 1))
    """
    found = {}
    for spelling, kind in KINDS.items():
        for strand in (spelling, "".join(COMPLEMENT[base] for base in spelling)):
            found[strand] = kind, 1
            found[strand[::-1]] = kind, -1
    return found


def allele_classes(a1: Codes, a2: Codes) -> Alleles:
    """Code the alleles of one file.

    Parameters
    ----------
    a1, a2 : ndarray of uint8, shape (M,)
        Effect allele and other allele: the character, in either case; anything else where an
        allele has several or is missing.

    Examples
    --------
    >>> first, other = (np.frombuffer(letters, np.uint8) for letters in (b"AgAI", b"CTTD"))
    >>> found = allele_classes(first, other)
    >>> found.kind.tolist(), found.sign.tolist()
    ([1, 1, 0, 0], [1, -1, 0, 0])
    """
    bases = {base: i for i, base in enumerate(BASES, 1)}
    kinds, signs = np.zeros((5, 5), dtype=np.uint8), np.zeros((5, 5), dtype=np.int8)
    for spelling, (kind, sign) in spellings().items():
        cell = bases[spelling[0]], bases[spelling[1]]
        kinds[cell], signs[cell] = kind, sign
    both = _CODES.take(a1) * np.uint8(5) + _CODES.take(a2)
    return Alleles(kinds.ravel().take(both), signs.ravel().take(both))
