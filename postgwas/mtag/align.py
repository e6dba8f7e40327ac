"""Alleles as small integers, and how the alleles of one trait stand to another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]

#: Allele of each code. A and T, C and G lie 3 apart in sum, so that 3 - code is the complement.
ALLELES = ("A", "C", "G", "T")

#: Code of anything that is not a single base.
NOT_A_BASE = 255


@dataclass(frozen=True)
class Alignment:
    """How one trait's allele pairs stand to the reference trait's.

    Attributes
    ----------
    sign : ndarray of int8, shape (n_variants,)
        1 the same effect allele, -1 swapped, 0 inconsistent.
    other_strand : ndarray of bool, shape (n_variants,)
        The pair agrees only when read on the other strand.
    """

    sign: NDArray[np.int8]
    other_strand: NDArray[np.bool_]


def align(ea: Codes, nea: Codes, to_ea: Codes, to_nea: Codes, *, flip_strand: bool) -> Alignment:
    """Compare allele pairs with a reference's, variant by variant.

    Parameters
    ----------
    ea, nea : ndarray of uint8, shape (n_variants,)
        Codes of effect and other allele.
    to_ea, to_nea : ndarray of uint8, shape (n_variants,)
        The reference's.
    flip_strand : bool
        Also accept pairs that agree on the other strand. Strand-ambiguous pairs
        (A/T, C/G) are compared as they are written: their strand is unknowable.

    Returns
    -------
    Alignment
    """
    known = (ea < 4) & (nea < 4) & (to_ea < 4) & (to_nea < 4) & (ea != nea)
    same = known & (ea == to_ea) & (nea == to_nea)
    swapped = known & (ea == to_nea) & (nea == to_ea)
    sign = same.astype(np.int8) - swapped.astype(np.int8)
    other = np.zeros(ea.shape, dtype=bool)
    if flip_strand:
        rest = known & ~same & ~swapped
        same_flipped = rest & (3 - ea == to_ea) & (3 - nea == to_nea)
        swapped_flipped = rest & (3 - ea == to_nea) & (3 - nea == to_ea)
        other = same_flipped | swapped_flipped
        sign += same_flipped.astype(np.int8) - swapped_flipped.astype(np.int8)
    return Alignment(sign, other)


def is_ambiguous(ea: Codes, nea: Codes) -> NDArray[np.bool_]:
    """True for A/T and C/G pairs, whose strand their letters do not tell."""
    return (ea < 4) & (nea < 4) & (ea + nea == 3)
