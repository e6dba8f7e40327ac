"""One task of a mediation analysis: some trios, their variants read and projected, all figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import BlockSource
from postgwas.qtl.mediation_paths import Bootstrap, Paths, bootstrap_indirect, mediation_paths
from postgwas.qtl.projection import Floats, Projection
from postgwas.qtl.t_tails import t_mlog10p
from postgwas.qtl.variant_block import variant_block

Places = NDArray[np.int64]

TASK = 64
"""Trios of a task; the same for any number of workers."""

COLLINEAR = -1
"""Reason of trios whose mediator the variant and the covariates explain; other reasons are the variant's."""


@dataclass(frozen=True, eq=False)
class TrioTask:
    """Some trios.

    Attributes
    ----------
    source : BlockSource
        Reads exactly the V variants.
    residuals : ndarray of float64, shape (G, n)
        What the covariates leave of the phenotypes.
    trios : ndarray of int64, shape (T, 3)
        Rows of variant, mediator and target.
    projection : Projection
    a_min : float
        Least -log10 P of the variant's effect on the mediator.
    maf_min, max_missing : float
    n_resamples, seed : int
        0 resamples: no bootstrap.
    """

    source: BlockSource
    residuals: Floats
    trios: Places
    projection: Projection
    a_min: float
    maf_min: float
    max_missing: float
    n_resamples: int
    seed: int


@dataclass(frozen=True, eq=False)
class TrioPart:
    """Outcome of a task.

    Attributes
    ----------
    kept : ndarray of int64, shape (K,)
        Trios of the task that have figures.
    paths : Paths, of shape (K,)
    bootstrap : Bootstrap or None, of shape (K,)
    af : ndarray, shape (K,)
    reason : ndarray of int64, shape (T,)
        :class:`~postgwas.qtl.variant_block.VariantReason`, or COLLINEAR; 0 otherwise.
    """

    kept: Places
    paths: Paths
    bootstrap: Bootstrap | None
    af: Floats
    reason: Places


def mediate(task: TrioTask) -> TrioPart:
    """Figures of the trios of a task."""
    calls = task.source.read(np.arange(task.source.n_variants), None)
    block = variant_block(calls, task.projection, maf_min=task.maf_min, max_missing=task.max_missing)
    x = block.unit * block.norm[:, None]
    variant, mediator, target = task.trios.T
    df = task.projection.df
    paths = mediation_paths(x[variant], task.residuals[mediator], task.residuals[target], df)
    reason = block.reason[variant].astype(np.int64)
    reason[(reason == 0) & np.isnan(paths.b)] = COLLINEAR
    with np.errstate(divide="ignore", invalid="ignore"):
        strong = t_mlog10p(paths.a / paths.a_se, df) >= task.a_min
    kept = np.flatnonzero((reason == 0) & strong)
    found = None
    if task.n_resamples and len(kept):
        rows = task.trios[kept] + np.array([0, len(x), len(x)])
        found = bootstrap_indirect(
            np.vstack([x, task.residuals]),
            rows,
            task.projection,
            n_resamples=task.n_resamples,
            seed=task.seed,
        )
    some = Paths(*(getattr(paths, name)[kept] for name in Paths.__dataclass_fields__))
    return TrioPart(kept, some, found, block.af[variant[kept]], reason)
