"""Alleles against the reference sequence: which one it has, and on which strand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]

CHECK_NEITHER = 0
CHECK_NEA = 1
CHECK_EA = 2
CHECK_BOTH = 3
CHECK_NEA_COMPLEMENT = 5
CHECK_EA_COMPLEMENT = 6
CHECK_OUTSIDE = 8
CHECK_UNREADABLE = 9


@dataclass(frozen=True)
class Stranded:
    """What the sequence alone says of each row; fields as those of a match with a reference.

    Attributes
    ----------
    outcome : ndarray of uint8, shape (n_rows,)
        Codes of :class:`~postgwas.sumstats.harmonise.outcomes.Outcome`.
    complement : ndarray of bool, shape (n_rows,)
        Alleles are to be complemented.
    flip : ndarray of bool, shape (n_rows,)
        EA is the reference's allele: exchanging EA and NEA makes it the alternate one.
    """

    outcome: ByteArray
    complement: BoolArray
    flip: BoolArray


def check_ref(pos: ArrayLike, ea: pl.Series, nea: pl.Series, sequence: ByteArray) -> ByteArray:
    """Which allele of each row stands in the reference sequence at its position.

    Parameters
    ----------
    pos : array_like of int, shape (n_rows,)
        1-based positions on one chromosome.
    ea, nea : pl.Series of String, shape (n_rows,)
        Upper-case alleles.
    sequence : ndarray of uint8, shape (n_bases,)
        Of that chromosome, from :meth:`Fasta.sequence`.

    Returns
    -------
    ndarray of uint8, shape (n_rows,)
        ``CHECK_NEA``, ``CHECK_EA``: that one stands there. ``CHECK_BOTH``: indels only, both could
        (the shorter is the beginning of the longer). ``CHECK_NEA_COMPLEMENT``,
        ``CHECK_EA_COMPLEMENT``: single bases only, its complement stands there, and neither does as
        given. ``CHECK_NEITHER``. ``CHECK_OUTSIDE``: beyond the sequence. ``CHECK_UNREADABLE``: an
        allele is missing or not of A, C, G, T, or the sequence is not there (N).
    """
    raise NotImplementedError


def decide_strand(
    pos: ArrayLike,
    ea: pl.Series,
    nea: pl.Series,
    sequence: ByteArray,
    *,
    palindromic: Literal["drop", "keep"] = "drop",
) -> Stranded:
    """Strand and reference allele of each row from the sequence alone.

    Palindromic SNVs fit on either strand: they are dropped, or taken as forward (``"keep"``).
    """
    raise NotImplementedError
