"""Sweeps over standardised genotypes: products with a matrix, and relationship sums, tile by tile.

Tiles and pieces are fixed by the numbers of samples and variants alone, and partial sums are added
in their order: the same bits for any number of workers and any size of read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import BlockSource, Calls, SubsetSource
from postgwas.genotypes.standardise import Floats, Scale, missing_calls, standardised

PIECE = 8192
"""Variants of one task. Part of the result's last bits, so no option."""
_SPARSE = 0.05
"""Share of missing calls below which their pairs are counted as sparse ones."""


def tile_size(n_samples: int) -> int:
    """Variants that are multiplied at once: 512, fewer where there are many samples.

    Examples
    --------
    >>> tile_size(3000), tile_size(100_000)
    (512, 128)
    """
    size = 512
    while size > 64 and size * n_samples > 1 << 24:
        size //= 2
    return size


@dataclass(frozen=True, eq=False)
class Piece:
    """Variants of one task, with their scale; small enough to travel to a worker.

    Attributes
    ----------
    source : BlockSource
        Serves these variants of the samples that are used, and no others.
    scale : Scale
    block : int
        Variants to read at once, rounded up to whole tiles.
    """

    source: BlockSource
    scale: Scale
    block: int

    def tiles(self) -> Iterator[tuple[int, Calls]]:
        """First row and calls of each tile, read from the file in bigger blocks."""
        tile = tile_size(self.source.n_samples)
        step = -(-max(self.block, 1) // tile) * tile
        for first in range(0, self.source.n_variants, step):
            last = min(first + step, self.source.n_variants)
            calls = self.source.read(np.arange(first, last), None)
            for start in range(0, last - first, tile):
                yield first + start, calls[start : start + tile]

    def standardised_tiles(self, dtype: type = np.float32) -> Iterator[tuple[int, NDArray[Any]]]:
        """First row and standardised genotypes of each tile, which the next one overwrites."""
        rows = min(tile_size(self.source.n_samples), self.source.n_variants)
        buffer: NDArray[Any] = np.empty((rows, self.source.n_samples), dtype)
        for start, calls in self.tiles():
            scale = self.scale.of(slice(start, start + len(calls)))
            yield start, standardised(calls, scale, dtype, out=buffer[: len(calls)])


def pieces_of(source: BlockSource, scale: Scale, *, block: int = 4096) -> list[Piece]:
    """All variants of a source in pieces."""
    pieces = []
    for start in range(0, source.n_variants, PIECE):
        stop = min(start + PIECE, source.n_variants)
        pieces.append(Piece(part_of(source, start, stop), scale.of(slice(start, stop)), block))
    return pieces


def part_of(source: BlockSource, start: int, stop: int) -> BlockSource:
    """Some variants of a source; of a view, a view of what it looks at."""
    if isinstance(source, SubsetSource):
        return replace(source, variants=source.variants[start:stop])
    return SubsetSource(source, np.arange(start, stop), None)


def gram_times(piece: Piece, vectors: NDArray[np.float32]) -> Floats:
    """Z' (Z X) of one piece: products in float32, their sum over tiles in float64.

    Parameters
    ----------
    piece : Piece
        Standardised genotypes Z, shape (V, n).
    vectors : ndarray of float32, shape (n, L)

    Returns
    -------
    ndarray of float64, shape (n, L)
    """
    # (Y'Z)' rather than Z'Y: the same numbers, and BLAS is half as fast again.
    total = np.zeros(vectors.shape[::-1])
    for _, scaled in piece.standardised_tiles():
        total += (scaled @ vectors).T @ scaled
    return np.ascontiguousarray(total.T)


def times(piece: Piece, vectors: Floats, dtype: type = np.float64) -> Floats:
    """Z X of one piece, shape (V, L)."""
    x: NDArray[Any] = vectors.astype(dtype)
    return np.concatenate([scaled @ x for _, scaled in piece.standardised_tiles(dtype)]).astype(np.float64)


def gram(piece: Piece) -> Floats:
    """Z'Z of one piece in float64, shape (n, n)."""
    n = piece.source.n_samples
    total = np.zeros((n, n))
    for _, scaled in piece.standardised_tiles(np.float64):
        total += scaled.T @ scaled
    return total


def missing_pairs(piece: Piece) -> NDArray[np.int64]:
    """Variants at which both of two samples lack a call, shape (n, n); the diagonal: at which one does."""
    from scipy import sparse

    n = piece.source.n_samples
    total = np.zeros((n, n), np.int64)
    for _, calls in piece.tiles():
        missing = missing_calls(calls)
        if missing is None:
            continue
        if missing.mean() < _SPARSE:
            marks = sparse.csr_array(missing.astype(np.int32))
            pairs = (marks.T @ marks).tocoo()
            total[pairs.row, pairs.col] += pairs.data
        else:
            dense = missing.astype(np.float32)
            total += (dense.T @ dense).astype(np.int64)
    return total


def whole(piece: Piece, dtype: type = np.float64) -> NDArray[Any]:
    """Standardised genotypes of one piece, shape (V, n)."""
    return np.concatenate([scaled.copy() for _, scaled in piece.standardised_tiles(dtype)])
