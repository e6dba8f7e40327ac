"""Polygenic scores: weighted sums of allele copies, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import BlockSource
from postgwas.qtl.projection import Floats

BLOCK = 1024
TASK = 16 * BLOCK
"""Variants of a task; the same for any number of workers."""


@dataclass(frozen=True, eq=False)
class ScoreTask:
    """Some variants and their weights.

    Attributes
    ----------
    source : BlockSource
        Reads exactly these.
    weights : ndarray of float64, shape (S, V)
        Of a copy of A1, for each score; 0 where the variant is not in it.
    counts_a1 : ndarray of bool, shape (V,)
        Else the score counts copies of A2, with the other sign.
    """

    source: BlockSource
    weights: Floats
    counts_a1: NDArray[np.bool_]


def score_sums(task: ScoreTask) -> Floats:
    """Sums over a task's variants, shape (S, n); a missing call is the mean of the variant's others."""
    sums = np.zeros((len(task.weights), task.source.n_samples))
    for start in range(0, task.source.n_variants, BLOCK):
        rows = np.arange(start, min(start + BLOCK, task.source.n_variants))
        sums += weighted_sums(task.source.read(rows, None), task.weights[:, rows], task.counts_a1[rows])
    return sums


def weighted_sums(
    calls: NDArray[np.int8] | NDArray[np.float32], weights: Floats, counts_a1: NDArray[np.bool_]
) -> Floats:
    """Sums over the variants of a block.

    Parameters
    ----------
    calls : ndarray, shape (V, n)
        Copies of A1: int8 with -9 for missing, or float32 with NaN.
    weights : ndarray, shape (S, V)
        Of a copy of A1.
    counts_a1 : ndarray of bool, shape (V,)

    Returns
    -------
    ndarray, shape (S, n)
        As PLINK's --score: of an effect allele that is A2 the copies of A2 are counted.

    Examples
    --------
    >>> calls = np.array([[0, 1, 2, -9], [2, 1, 1, 0]], np.int8)
    >>> weighted_sums(calls, np.array([[0.5, -1.0]]), np.array([True, False]))
    array([[0. , 1.5, 2. , 2.5]])
    """
    missing = ~(calls >= 0)
    dosage = np.where(missing, 0, calls).astype(np.float64)
    seen = (~missing).sum(axis=1)
    mean = dosage.sum(axis=1) / np.maximum(seen, 1)
    dosage = np.where(missing, mean[:, None], dosage)
    known = np.where(seen > 0, 1.0, 0.0)
    # Copies of A2 with the other sign: -w (2 - x) = w x - 2 w, whose sum over variants is the offset.
    offset = -2.0 * (weights * (known * ~counts_a1)).sum(axis=1)
    sums: Floats = (weights * known) @ dosage + offset[:, None]
    return sums
