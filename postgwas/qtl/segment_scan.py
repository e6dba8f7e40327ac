"""One pass over a segment's variants: the best of each phenotype's window, and rows for the null."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.projection import Floats
from postgwas.qtl.segments import Rows, Segment
from postgwas.qtl.variant_block import VariantBlock
from postgwas.qtl.window_rows import RunCollector, Runs, Singles

#: correlations that differ by less than this share of themselves are of variants in perfect LD
TIE = 1e-10


@dataclass(frozen=True, eq=False)
class SegmentScan:
    """The best variant of each phenotype's window, and what is known of the variants.

    Attributes
    ----------
    lead : (G,) int64
        Row of the segment's variants; -1 where no variant of the window is usable. Of variants in perfect LD
        it is the first by position.
    r : (G,) float64
        Its correlation, with covariates projected out of both.
    n_variants : (G,) int64
        Usable variants of the window.
    norm, af : (V,) float64
    ma_samples, ma_count, n_missing : (V,) int64
    reason : (V,) int8
        As :class:`postgwas.qtl.variant_block.VariantBlock`.
    """

    lead: Rows
    r: Floats
    n_variants: Rows
    norm: Floats
    af: Floats
    ma_samples: Rows
    ma_count: Rows
    n_missing: Rows
    reason: NDArray[np.int8]


def scan(segment: Segment, runs: Runs, take: Callable[[Singles, Rows], None]) -> SegmentScan:
    """Read a segment once.

    Parameters
    ----------
    segment : Segment
    runs : Runs
        Of its windows.
    take : callable
        Gets the different variants of each tile, (V, n) float32 of norm 1, and their runs.
    """
    n_genes = segment.n_genes
    lead = np.full(n_genes, -1, dtype=np.int64)
    r = np.zeros(n_genes)
    about: list[tuple[NDArray[np.generic], ...]] = []
    collector = RunCollector(runs)
    for start, block in segment.tiles():
        stop = start + block.n_variants
        near = np.flatnonzero((segment.first < stop) & (segment.last > np.maximum(segment.first, start)))
        products = block.unit @ segment.y_unit[near].T
        for column, gene in enumerate(near.tolist()):
            low = max(int(segment.first[gene]) - start, 0)
            high = min(int(segment.last[gene]) - start, block.n_variants)
            size = np.abs(products[low:high, column])
            most = float(size.max())
            if most > abs(r[gene]) * (1 + TIE):
                at = low + int(np.argmax(size >= most * (1 - TIE)))
                lead[gene], r[gene] = start + at, products[at, column]
        take(*collector.different(start, block.unit))
        about.append(_about(block))
    columns = [np.concatenate(parts) for parts in zip(*about)] or [np.empty(0)] * 5 + [np.empty(0, np.int8)]
    usable = np.concatenate([[0], np.cumsum(columns[5] == 0)])
    return SegmentScan(lead, r, usable[segment.last] - usable[segment.first], *columns)


def _about(block: VariantBlock) -> tuple[NDArray[np.generic], ...]:
    return block.norm, block.af, block.ma_samples, block.ma_count, block.n_missing, block.reason
