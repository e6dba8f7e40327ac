"""Blocks of chains made disjoint, so that one search finds the block of a base."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.sumstats.harmonise.chain import LIFT_AMBIGUOUS, LIFT_OK

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Blocks:
    """Gapless alignments; all arrays int64 of shape (n_blocks,).

    Attributes
    ----------
    first, last : ndarray
        Source: chromosome code << 32 | 1-based position, both ends included.
    contig : ndarray
        Target: chromosome code, negative numbers for other contigs.
    sign, offset : ndarray
        Target position is ``offset + sign * position``.
    status : ndarray
        ``LIFT_OK`` or the reason that none of the block's bases can be lifted.
    """

    first: IntArray
    last: IntArray
    contig: IntArray
    sign: IntArray
    offset: IntArray
    status: IntArray

    def taken(self, index: IntArray | NDArray[np.bool_]) -> Blocks:
        """The blocks at `index`."""
        return Blocks(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def sorted(self) -> Blocks:
        """By source, then by target: the order in the file does not matter."""
        return self.taken(
            np.lexsort((self.status, self.offset, self.sign, self.contig, self.last, self.first))
        )


def disjoint(blocks: Blocks) -> Blocks:
    """Blocks that share no source base: where several go to different places, one that is ambiguous.

    Neighbours of one diagonal are joined, so that a span over both is in one block.
    """
    blocks = blocks.sorted()
    if blocks.first.size < 2:
        return blocks
    reach = np.maximum.accumulate(blocks.last)
    begins = np.concatenate([[True], blocks.first[1:] > reach[:-1]])
    cluster = np.cumsum(begins) - 1
    crowded = np.bincount(cluster)[cluster] > 1
    if crowded.any():
        swept = _swept(blocks.taken(crowded))
        blocks = _joined(blocks.taken(~crowded), swept).sorted()
    return _merged(blocks)


def _swept(blocks: Blocks) -> Blocks:
    """Cut overlapping blocks at all their ends and say of each piece where it goes."""
    rows = [blocks.contig, blocks.sign, blocks.offset, blocks.status]
    goals = list(zip(*(column.tolist() for column in rows)))
    edges = [
        (place, change, goal)
        for first, last, goal in zip(blocks.first.tolist(), blocks.last.tolist(), goals)
        for place, change in ((first, 1), (last + 1, -1))
    ]
    edges.sort(key=lambda edge: edge[0])
    pieces: list[tuple[int, ...]] = []
    here: Counter[tuple[int, ...]] = Counter()
    since = 0
    for place, change, goal in edges:
        if here and place > since:
            goes = next(iter(here)) if len(here) == 1 else (0, 1, 0, LIFT_AMBIGUOUS)
            pieces.append((since, place - 1, *goes))
        since = place
        here[goal] += change
        if not here[goal]:
            del here[goal]
    return Blocks(*np.array(pieces, dtype=np.int64).T)


def _joined(some: Blocks, others: Blocks) -> Blocks:
    fields = some.__dataclass_fields__
    return Blocks(*(np.concatenate([getattr(some, name), getattr(others, name)]) for name in fields))


def _merged(blocks: Blocks) -> Blocks:
    same = blocks.first[1:] == blocks.last[:-1] + 1
    for column in (blocks.contig, blocks.sign, blocks.offset, blocks.status):
        same &= column[1:] == column[:-1]
    same &= blocks.status[1:] == LIFT_OK
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    ends = np.concatenate([starts[1:] - 1, [blocks.first.size - 1]])
    merged = blocks.taken(starts)
    return Blocks(merged.first, blocks.last[ends], merged.contig, merged.sign, merged.offset, merged.status)
