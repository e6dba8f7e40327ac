"""Sums over LD windows through the engine: pieces of variants, read, standardised, multiplied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import Engine
from postgwas.genotypes import BlockSource, Moments
from postgwas.genotypes.genotypes import Calls, Rows, joined
from postgwas.ld.scores import BandSums, Floats, Standardised, band_sums, standardise
from postgwas.ld.windows import Left
from postgwas.runlog import get_logger

_COUNTED = 65536
_PIECE = 8192
"""Variants of one task. Part of the result's last bits, so no option."""
_READ_BYTES = 1 << 24
_MUCH_MEMORY = 2.0
"""GB of one window's genotypes that are said beforehand."""

log = get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Population:
    """Whose genotypes of which variants enter the products."""

    source: BlockSource
    samples: Rows | None
    rows: Rows
    moments: Moments
    flip: NDArray[np.bool_] | None = None
    """Variants whose A1 is the other population's A2."""

    def part(self, first: int, stop: int) -> Population:
        """Variants first to stop alone."""
        some = slice(first, stop)
        flip = None if self.flip is None else self.flip[some]
        return Population(self.source, self.samples, self.rows[some], self.moments.of(some), flip)


@dataclass(frozen=True, eq=False)
class _Piece:
    populations: tuple[Population, ...]
    left: Left
    weights: Floats | None
    start: int
    stop: int
    dtype: type


def sum_over_windows(
    eng: Engine,
    populations: tuple[Population, ...],
    left: Left,
    weights: Floats | None,
    dtype: type = np.float32,
) -> Floats:
    """Sums of weights * products over windows, shape (V, A); see :func:`postgwas.ld.scores.band_sums`."""
    n_variants = len(left)
    _warn_of_memory(populations, left, dtype)
    pieces = []
    for start in range(0, n_variants, _PIECE):
        stop = min(start + _PIECE, n_variants)
        first = int(left[start])
        pieces.append(
            _Piece(
                tuple(population.part(first, stop) for population in populations),
                left[start:stop],
                None if weights is None else weights[first:stop],
                start,
                stop,
                dtype,
            )
        )
    total = np.zeros((n_variants, 1 if weights is None else weights.shape[1]))
    for part in eng.map(_piece_sums, pieces, label="LD scores"):
        total[part.first : part.first + len(part.sums)] += part.sums
    return total


def _warn_of_memory(populations: tuple[Population, ...], left: Left, dtype: type) -> None:
    longest = int(np.max(np.arange(1, len(left) + 1) - left))
    people = sum(p.source.n_samples if p.samples is None else len(p.samples) for p in populations)
    gigabytes = 1.25 * longest * people * np.dtype(dtype).itemsize / 1e9
    if gigabytes > _MUCH_MEMORY:
        log.warning(
            "The longest LD window has %s variants of %s people: about %.1f GB a worker",
            f"{longest:,}", f"{people:,}", gigabytes,
        )  # fmt: skip


def _piece_sums(piece: _Piece) -> BandSums:
    readers = [_Reader(population, int(piece.left[0]), piece.dtype) for population in piece.populations]

    def read(begin: int, end: int) -> tuple[Standardised, ...]:
        return tuple(reader.read(begin, end) for reader in readers)

    return band_sums(read, piece.left, piece.weights, piece.start, piece.stop)


class _Reader:
    """Standardised genotypes of ascending ranges, read from the file in bigger blocks."""

    def __init__(self, population: Population, first: int, dtype: type) -> None:
        self._dtype = dtype
        self._population = population
        self._first = first
        self._step = max(1, _READ_BYTES // population.source.n_samples)
        self._begin = self._end = first
        self._calls: Calls = np.empty((0, 0), np.int8)

    def read(self, begin: int, end: int) -> Standardised:
        parts = []
        while begin < end:
            if begin >= self._end:
                self._load(begin)
            stop = min(end, self._end)
            parts.append(self._scaled(begin, stop))
            begin = stop
        if len(parts) == 1:
            return parts[0]
        whole: Standardised = np.concatenate(parts, dtype=self._dtype)
        return whole

    def _load(self, begin: int) -> None:
        rows = self._population.rows[begin - self._first : begin - self._first + self._step]
        self._calls = self._population.source.read(rows, self._population.samples)
        self._begin, self._end = begin, begin + len(rows)

    def _scaled(self, begin: int, end: int) -> Standardised:
        calls = self._calls[begin - self._begin : end - self._begin]
        some = slice(begin - self._first, end - self._first)
        moments = self._population.moments
        scaled = standardise(calls, moments.mean[some], moments.deviation[some], self._dtype)
        if self._population.flip is not None:
            scaled[self._population.flip[some]] *= -1.0
        return scaled


def count(eng: Engine, source: BlockSource, samples: Rows | None, rows: Rows) -> Moments:
    """Moments of the variants over the samples."""
    tasks = [(source, samples, rows[start : start + _COUNTED]) for start in range(0, len(rows), _COUNTED)]
    parts = eng.map(_count_part, tasks, label="Allele counts")
    return joined(parts)


def _count_part(task: tuple[BlockSource, Rows | None, Rows]) -> Moments:
    source, samples, rows = task
    return source.moments(rows, samples)
