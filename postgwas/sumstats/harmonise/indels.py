"""Indels in their one normal form: trimmed and left-aligned.

References
----------
Tan A, Abecasis GR, Kang HM (2015). Unified representation of genetic variants. Bioinformatics
31(13):2202-2204, algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
ByteArray = NDArray[np.uint8]

NORMAL_OK = 0
NORMAL_REF_MISMATCH = 1
NORMAL_OUTSIDE = 2
NORMAL_UNREADABLE = 3


@dataclass(frozen=True)
class Normalised:
    """Variants in normal form.

    Attributes
    ----------
    pos : ndarray of int64, shape (n_rows,)
        1-based position of the first base of REF.
    ref, alt : pl.Series of String, shape (n_rows,)
    changed : ndarray of bool, shape (n_rows,)
    status : ndarray of uint8, shape (n_rows,)
        ``NORMAL_OK``; else the row is as given: ``NORMAL_REF_MISMATCH``, the sequence holds neither
        allele at the position; ``NORMAL_OUTSIDE``, beyond the sequence; ``NORMAL_UNREADABLE``, an
        allele missing or not of A, C, G, T, or both the same.
    """

    pos: IntArray
    ref: pl.Series
    alt: pl.Series
    changed: BoolArray
    status: ByteArray


def normalise(pos: ArrayLike, ref: pl.Series, alt: pl.Series, sequence: ByteArray) -> Normalised:
    """Trim and left-align the variants of one chromosome.

    Single-base variants pass untouched and unchecked. The result does not depend on which of the
    two alleles is called `ref`, so EA and NEA may be given.
    """
    raise NotImplementedError


def place_reversed(pos: ArrayLike, ea: pl.Series, nea: pl.Series, sequence: ByteArray) -> Normalised:
    """Write indels that a chain moved to the reverse strand in normal form.

    Parameters
    ----------
    pos : array_like of int, shape (n_rows,)
        Where the *first* base of the source alleles went, by ``chain.lift(chr, pos)``.
    ea, nea : pl.Series of String, shape (n_rows,)
        Alleles as they were in the source, not complemented.
    sequence : ndarray of uint8
        Of the target chromosome.

    Returns
    -------
    Normalised
        `ref` is EA and `alt` is NEA, reverse-complemented, anchored and left-aligned.
    """
    raise NotImplementedError
