"""Passes of the quality control over a genotype file, in pieces that the engine spreads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import Engine
from postgwas.errors import InputError
from postgwas.genotypes.call_counts import CallCounts, count_calls, joined_counts
from postgwas.genotypes.genotypes import BlockSource, Calls, Genotypes
from postgwas.genotypes.heterozygosity import Homozygosity, homozygosity
from postgwas.genotypes.sweeps import part_of

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_PIECE_VALUES = 1 << 25
_BLOCK_VALUES = 1 << 22


@dataclass(frozen=True, eq=False)
class Piece:
    """Consecutive variants of a source; sums over pieces are exact, so that their size changes nothing."""

    source: BlockSource
    first: int
    last: int

    def blocks(self) -> Iterator[tuple[slice, Calls]]:
        """Rows of the piece, and their hard calls."""
        step = max(1, _BLOCK_VALUES // self.source.n_samples)
        for start in range(0, self.source.n_variants, step):
            stop = min(start + step, self.source.n_variants)
            calls = self.source.read(np.arange(start, stop), None)
            if calls.dtype != np.int8:
                raise InputError("quality control needs hard calls, found dosages", hint="without --dosage")
            yield slice(start, stop), calls


def pieces_of(genotypes: Genotypes) -> list[Piece]:
    """All variants."""
    step = max(1, _PIECE_VALUES // genotypes.n_samples)
    starts = range(0, genotypes.n_variants, step)
    ends = [min(start + step, genotypes.n_variants) for start in starts]
    return [Piece(part_of(genotypes.source, a, b), a, b) for a, b in zip(starts, ends)]


def sweep_counts(
    eng: Engine, genotypes: Genotypes, sets: Bools, classes: NDArray[np.int8], n_classes: int
) -> CallCounts:
    """Counts of calls of all variants; see :func:`postgwas.genotypes.call_counts.count_calls`."""
    tasks = [(piece, sets, classes[piece.first : piece.last], n_classes) for piece in pieces_of(genotypes)]
    return joined_counts(eng.map(_counts, tasks, label="Counting calls"))


def _counts(task: tuple[Piece, Bools, NDArray[np.int8], int]) -> CallCounts:
    piece, sets, classes, n_classes = task
    return joined_counts(
        [count_calls(calls, sets, classes[rows], n_classes) for rows, calls in piece.blocks()]
    )


def sweep_homozygosity(eng: Engine, genotypes: Genotypes, expected: Floats) -> Homozygosity:
    """Homozygous calls of people; see :func:`postgwas.genotypes.heterozygosity.homozygosity`."""
    if not genotypes.n_variants:
        return homozygosity([], genotypes.n_samples)
    tasks = [(piece, expected[piece.first : piece.last]) for piece in pieces_of(genotypes)]
    parts = eng.map(_homozygosity, tasks, label="Heterozygosity")
    return Homozygosity(
        np.sum([part.observed for part in parts], axis=0),
        np.sum([part.expected_parts for part in parts], axis=0),
        np.sum([part.n_calls for part in parts], axis=0),
    )


def _homozygosity(task: tuple[Piece, Floats]) -> Homozygosity:
    piece, expected = task
    return homozygosity(((calls, expected[rows]) for rows, calls in piece.blocks()), piece.source.n_samples)
