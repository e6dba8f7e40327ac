"""Positions of one assembly to those of another through the blocks of a chain file.

A base is lifted if exactly one block covers it. UCSC's ``liftOver`` has the same rule: it
reports a base that several chains align as "Duplicated in new". Blocks that say the same
count as one. UCSC's and Ensembl's files for liftover cover each source base once at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from postgwas.sumstats.harmonise.row_arrays import row_integers

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

_SHIFT = 32
_LAST_POSITION = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Lifted:
    """Where each row lies in the target assembly.

    Attributes
    ----------
    chr : ndarray of int8, shape (n_rows,)
        Target chromosome, 1..22, X = 23, Y = 24, MT = 25; 0 where `status` is not ``LIFT_OK``.
    pos : ndarray of int64, shape (n_rows,)
        1-based position on the forward strand of the target; 0 where `status` is not ``LIFT_OK``.
    reverse : ndarray of bool, shape (n_rows,)
        The block lies on the target's reverse strand: alleles are to be reverse-complemented.
    status : ndarray of uint8, shape (n_rows,)
        ``LIFT_OK``; ``LIFT_UNMAPPED``, no block covers the position; ``LIFT_OTHER_CONTIG``, only
        a block to an alternative, random or unplaced contig; ``LIFT_AMBIGUOUS``, blocks to several
        places; ``LIFT_BROKEN_SPAN``, not all bases in one block; ``LIFT_MITOCHONDRION``, the chain
        is from or to hg19's chrM, which is not the MT of GRCh37.
    """

    chr: Int8Array
    pos: IntArray
    reverse: BoolArray
    status: ByteArray


@dataclass(frozen=True, eq=False)
class Chain:
    """The aligned blocks of a chain file, disjoint and sorted by source position.

    Made by :func:`~postgwas.sumstats.harmonise.chain_file.read_chain`.

    Attributes
    ----------
    name : str
        File that it was read from, for messages.
    source_build, target_build : str or None
        By the lengths of the chromosomes in the chains' headers; None if they are no known build's.
    first, last : ndarray of int64, shape (n_blocks,)
        First and last base of each block: chromosome code << 32 | 1-based position.
    chr : ndarray of int8, shape (n_blocks,)
        Target chromosome of each block; 0 for other contigs.
    reverse : ndarray of bool, shape (n_blocks,)
    offset : ndarray of int64, shape (n_blocks,)
        Target position is ``offset + position``, on the reverse strand ``offset - position``.
    status : ndarray of uint8, shape (n_blocks,)
        ``LIFT_OK``, or why the block's bases cannot be lifted.
    """

    name: str
    source_build: str | None
    target_build: str | None
    first: IntArray
    last: IntArray
    chr: Int8Array
    reverse: BoolArray
    offset: IntArray
    status: ByteArray

    @property
    def n_blocks(self) -> int:
        """Number of disjoint blocks."""
        return self.first.size

    def lift(self, chr: ArrayLike | pl.Series, pos: ArrayLike | pl.Series) -> Lifted:
        """Lift single bases.

        Parameters
        ----------
        chr, pos : array_like of int or polars Series, shape (n_rows,)
            Chromosome codes and 1-based positions. Codes other than 1..25, positions below 1 and
            nulls are ``LIFT_UNMAPPED``.
        """
        keys = _keys(chr, pos)
        return self._lifted(keys, keys)

    def lift_spans(
        self, chr: ArrayLike | pl.Series, pos: ArrayLike | pl.Series, length: ArrayLike | pl.Series
    ) -> Lifted:
        """Lift spans of `length` bases that begin at `pos`; each must lie in one block.

        `pos` of the result is the span's lowest base in the target: on the reverse strand the place
        where its last base went.
        """
        keys = _keys(chr, pos)
        return self._lifted(keys, keys + np.maximum(row_integers(length) - 1, 0))

    def _lifted(self, first: IntArray, last: IntArray) -> Lifted:
        if not self.n_blocks:
            empty = np.zeros(first.size, dtype=np.int64)
            unmapped = np.full(first.size, LIFT_UNMAPPED, dtype=np.uint8)
            return Lifted(empty.astype(np.int8), empty, empty.astype(np.bool_), unmapped)
        block = np.searchsorted(self.first, first, side="right") - 1
        outside = (first > self.last[block]) | (block < 0)  # -1: before all blocks
        status = self.status[block]
        if last is not first:
            status[(status == LIFT_OK) & (last > self.last[block])] = LIFT_BROKEN_SPAN
        status[outside] = LIFT_UNMAPPED
        reverse = self.reverse[block]
        pos = first & _LAST_POSITION
        if reverse.any():
            np.negative(last & _LAST_POSITION, out=pos, where=reverse)
        pos += self.offset[block]
        code = self.chr[block]
        failed = np.flatnonzero(status)
        if failed.size:
            code[failed] = 0
            pos[failed] = 0
            reverse[failed] = False
        return Lifted(code, pos, reverse, status)


def _keys(chr: ArrayLike | pl.Series, pos: ArrayLike | pl.Series) -> IntArray:
    """One number that sorts by chromosome and position; 0, before every block, for what is neither."""
    codes, positions = row_integers(chr), row_integers(pos)
    keys = (codes << _SHIFT) | positions
    bad = (positions < 1) | (positions > _LAST_POSITION) | (codes < 1)
    keys[bad] = 0
    return keys
