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
import polars as pl

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}
#: The spelling that stands for each kind; bit of the kind.
KINDS = {"AC": 1, "AG": 2}
BASES = "ACGT"
NO_BASE = 2 * len(BASES)
EITHER_CASE = pl.Enum([*BASES, *BASES.lower()])
#: Code of each of A C G T a c g t and of what is none of them.
_CODES = np.array([1, 2, 3, 4, 1, 2, 3, 4, 0], dtype=np.uint8)

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


def allele_classes(a1: pl.Series, a2: pl.Series) -> Alleles:
    """Code the alleles of one file.

    Parameters
    ----------
    a1, a2 : polars.Series of text or categories, shape (M,)
        Effect allele and other allele, in either case.

    Examples
    --------
    >>> found = allele_classes(pl.Series(["A", "g", "A", "I"]), pl.Series(["C", "T", "T", "D"]))
    >>> found.kind.tolist(), found.sign.tolist()
    ([1, 1, 0, 0], [1, -1, 0, 0])
    """
    first, second = (_bases(alleles) for alleles in (a1, a2))
    bases = {base: i for i, base in enumerate(BASES, 1)}
    kinds, signs = np.zeros((5, 5), dtype=np.uint8), np.zeros((5, 5), dtype=np.int8)
    for spelling, (kind, sign) in spellings().items():
        cell = bases[spelling[0]], bases[spelling[1]]
        kinds[cell], signs[cell] = kind, sign
    both = first * np.uint8(5) + second
    return Alleles(kinds.ravel().take(both), signs.ravel().take(both))


def _bases(alleles: pl.Series) -> Codes:
    """1 to 4 for A, C, G, T in either case; 0 for anything else."""
    either_case = alleles if alleles.dtype == EITHER_CASE else alleles.cast(EITHER_CASE, strict=False)
    place = either_case.to_physical().fill_null(NO_BASE).cast(pl.UInt8).to_numpy()
    return _CODES.take(place)
