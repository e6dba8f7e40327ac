"""The permutation pass over one segment: observed best, null, beta approximation. A task of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.association import PERFECT
from postgwas.qtl.beta_fit import BetaFit, fit_beta
from postgwas.qtl.permutation_null import largest_r2, permuted_phenotype
from postgwas.qtl.permutation_options import PermutationOptions
from postgwas.qtl.permutations import permutations
from postgwas.qtl.projection import Floats
from postgwas.qtl.segment_scan import SegmentScan, scan
from postgwas.qtl.segments import Segment
from postgwas.qtl.shared_null import RunMaxima, shared_columns
from postgwas.qtl.window_rows import RunRows, Singles, runs_of

#: permutations whose phenotypes are held at a time
_HELD = 1000


@dataclass(frozen=True, eq=False)
class PermuteTask:
    """A segment and what is permuted.

    Attributes
    ----------
    segment : Segment
    values : (G, n) float64
        What is permuted: phenotypes before covariates are projected out.
    options : PermutationOptions
        With a seed.
    quantiles : (n,) float64 or None
        The values that all of the segment's phenotypes have, for a shared null.
    """

    segment: Segment
    values: Floats
    options: PermutationOptions
    quantiles: Floats | None


@dataclass(frozen=True, eq=False)
class Tested:
    """One phenotype, or the best of a group: its number in the segment, and its null.

    Attributes
    ----------
    gene : int
    r2 : float
        Of the lead variant.
    n_permutations, n_better : int
    fit : BetaFit
    """

    gene: int
    r2: float
    n_permutations: int
    n_better: int
    fit: BetaFit

    @property
    def p_perm(self) -> float:
        """Share of permutations, with the phenotype itself, that are as good."""
        return (self.n_better + 1) / (self.n_permutations + 1)


def permute(task: PermuteTask) -> tuple[SegmentScan, list[Tested]]:
    """Scan a segment and fit the null of each phenotype, or group, that has a variant and no perfect fit."""
    segment, options = task.segment, task.options
    assert options.seed is not None
    runs = runs_of(segment.first, segment.last)
    index = permutations(options.seed, segment.projection.n_samples, start=0, stop=options.most)
    orders = np.ascontiguousarray(index.T, dtype=np.intp)
    if task.quantiles is not None:
        maxima = RunMaxima(runs, shared_columns(task.quantiles, orders, segment.projection.basis))
        found = scan(segment, runs, maxima.add)
        nulls = ((gene, maxima.largest_r2(gene)) for gene in testable(found))
    else:
        rows = RunRows(runs, segment.projection.n_samples)
        found = scan(segment, runs, rows.add)
        nulls = ((gene, _plain(task, found, gene, rows.window(gene), orders)) for gene in testable(found))
    if segment.group_ids is not None:
        return found, _of_groups(task, found, nulls)
    return found, [tested(gene, float(found.r[gene]) ** 2, null, segment.df) for gene, null in nulls]


def testable(found: SegmentScan) -> list[int]:
    """Phenotypes with a variant in the window, none of which fits perfectly."""
    genes: list[int] = np.flatnonzero((found.lead >= 0) & ~perfect(found)).tolist()
    return genes


def perfect(found: SegmentScan) -> NDArray[np.bool_]:
    """Phenotypes that their best variant explains wholly."""
    return (1 - found.r) * (1 + found.r) <= PERFECT


def tested(gene: int, r2: float, null: Floats, df: float) -> Tested:
    """The fit of a null."""
    better = int(np.count_nonzero(null >= r2))
    return Tested(gene, r2, len(null), better, fit_beta(null, df=df))


def _plain(
    task: PermuteTask, found: SegmentScan, gene: int, rows: Singles, orders: NDArray[np.intp]
) -> Floats:
    """The phenotype's own null; the adaptive scheme ends with the permutation that had enough better ones."""
    wanted = task.options.permutations
    enough = None if isinstance(wanted, int) else wanted[0]
    r2 = float(found.r[gene]) ** 2
    null = np.empty(0)
    step = _HELD if enough is None else enough
    while len(null) < orders.shape[1]:
        some = orders[:, len(null) : len(null) + step]
        permuted = permuted_phenotype(task.values[gene], some, task.segment.projection.basis)
        null = np.append(null, largest_r2(rows, permuted))
        better = np.flatnonzero(null >= r2)
        if enough is not None and len(better) >= enough:
            return null[: better[enough - 1] + 1]
        step = min(2 * step, _HELD)
    return null


def _of_groups(task: PermuteTask, found: SegmentScan, nulls: Iterator[tuple[int, Floats]]) -> list[Tested]:
    """Groups: the phenotype of the best correlation, beside the best of all in each permutation."""
    ids = task.segment.group_ids
    assert ids is not None
    best: dict[str, tuple[int, Floats]] = {}
    for gene, null in nulls:
        lead, so_far = best.get(ids[gene], (gene, null))
        better = abs(found.r[gene]) > abs(found.r[lead])
        best[ids[gene]] = (gene if better else lead, np.maximum(so_far, null))
    return [
        tested(gene, float(found.r[gene]) ** 2, null, task.segment.df)
        for gene, null in sorted(best.values(), key=lambda pair: pair[0])
    ]
