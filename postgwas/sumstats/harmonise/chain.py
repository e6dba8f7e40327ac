"""Positions of one assembly to those of another through the blocks of a chain file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BoolArray = NDArray[np.bool_]
Int8Array = NDArray[np.int8]
IntArray = NDArray[np.int64]
ByteArray = NDArray[np.uint8]

LIFT_OK = 0
LIFT_UNMAPPED = 1
LIFT_OTHER_CONTIG = 2
LIFT_AMBIGUOUS = 3
LIFT_BROKEN_SPAN = 4
LIFT_MITOCHONDRION = 5


@dataclass(frozen=True)
class Lifted:
    """Where each row lies in the target assembly.

    Attributes
    ----------
    chr : ndarray of int8, shape (n_rows,)
        Target chromosome, 1..22, X = 23, Y = 24, MT = 25; 0 where `status` is not ``LIFT_OK``.
    pos : ndarray of int64, shape (n_rows,)
        1-based position on the forward strand of the target; for a span that of its lowest base;
        0 where `status` is not ``LIFT_OK``.
    reverse : ndarray of bool, shape (n_rows,)
        The block lies on the target's reverse strand: alleles are to be reverse-complemented.
    status : ndarray of uint8, shape (n_rows,)
        ``LIFT_OK``; ``LIFT_UNMAPPED``, no block covers the position; ``LIFT_OTHER_CONTIG``, only
        blocks to alternative, random or unplaced contigs; ``LIFT_AMBIGUOUS``, blocks to several
        places; ``LIFT_BROKEN_SPAN``, not all bases in one block; ``LIFT_MITOCHONDRION``, the chain
        is between different mitochondrial sequences.
    """

    chr: Int8Array
    pos: IntArray
    reverse: BoolArray
    status: ByteArray


@dataclass(frozen=True)
class Chain:
    """The aligned blocks of a chain file, disjoint and sorted by source position.

    Made by :func:`~postgwas.sumstats.harmonise.chain_file.read_chain`.

    Attributes
    ----------
    source_build, target_build : str or None
        By the lengths of the chromosomes in the chains' headers; None if they are no known build's.
    name : str
        File that it was read from, for messages.
    """

    name: str
    source_build: str | None
    target_build: str | None

    def lift(self, chr: ArrayLike, pos: ArrayLike) -> Lifted:
        """Lift single bases.

        Parameters
        ----------
        chr : array_like of int, shape (n_rows,)
            Chromosome codes 1..25; others are ``LIFT_UNMAPPED``.
        pos : array_like of int, shape (n_rows,)
            1-based positions; those below 1 are ``LIFT_UNMAPPED``.
        """
        raise NotImplementedError

    def lift_spans(self, chr: ArrayLike, pos: ArrayLike, length: ArrayLike) -> Lifted:
        """Lift spans of `length` bases from `pos`; each must lie in one block.

        `pos` of the result is the lowest base of the span in the target: on the reverse strand
        where its last base went.
        """
        raise NotImplementedError
