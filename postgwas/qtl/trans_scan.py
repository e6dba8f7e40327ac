"""One task of a trans scan: a stretch of variants against all phenotypes, block by block."""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import BlockSource
from postgwas.qtl.device import device_named
from postgwas.qtl.masked_places import MaskedPlaces
from postgwas.qtl.projection import Floats, Projection
from postgwas.qtl.t_tails import t_mlog10p
from postgwas.qtl.trans_interaction import (
    InteractionModel,
    InteractionPairs,
    InteractionScreen,
    exact_interactions,
    interactions_with_p,
    joined_interactions,
)
from postgwas.qtl.trans_pairs import TransPairs, exact_pairs, joined_correlations, pairs_with_p
from postgwas.qtl.trans_screen import Places, Screen

BLOCK = 1024
"""Variants that are read and multiplied at a time."""
TASK = 16 * BLOCK
"""Variants of a task; the same for any number of workers."""

_EXACTLY = 1e-12


@dataclass(frozen=True, eq=False)
class TransTargets:
    """What all tasks share.

    Attributes
    ----------
    y_unit : ndarray of float64, shape (G, n)
        Residuals of the phenotypes, of norm 1.
    y_norm : ndarray, shape (G,)
    projection : Projection
        What is projected out of variants.
    df : int
    mlog10p_min : float
        Pairs of this -log10 P or more are kept.
    masked : MaskedPlaces
    maf_min, max_missing : float
    device : str
    model : InteractionModel, optional
        Then `y_unit` are residuals beside covariates and context, `df` those of the model, and
        `y_covariates` residuals beside the covariates alone.
    y_covariates : ndarray, shape (G, n), optional
    """

    y_unit: Floats
    y_norm: Floats
    projection: Projection
    df: int
    mlog10p_min: float
    masked: MaskedPlaces
    maf_min: float
    max_missing: float
    device: str = "cpu"
    model: InteractionModel | None = None
    y_covariates: Floats | None = None

    @cached_property
    def screen(self) -> Screen | InteractionScreen:
        """The phenotypes in float32, brought to the device once."""
        device, limit = device_named(self.device), least_r(self.mlog10p_min, self.df)
        if self.model is not None:
            return InteractionScreen(self.y_unit, self.model, limit, device)
        return Screen(self.y_unit, self.projection, limit, device)


@dataclass(frozen=True, eq=False)
class TransTask:
    """Some variants.

    Attributes
    ----------
    source : BlockSource
        Reads exactly these.
    first : int
        Row of the first one in the inputs' variants.
    contig, position : ndarray of int64, shape (V,)
    targets : TransTargets or str
        Or the file that :func:`keep_targets` wrote.
    """

    source: BlockSource
    first: int
    contig: Places
    position: Places
    targets: TransTargets | str


@dataclass(frozen=True, eq=False)
class TransPart:
    """Outcome of a task.

    Attributes
    ----------
    pairs : TransPairs or InteractionPairs
        With rows of the inputs' variants.
    reason : ndarray of int8, shape (V,)
        Why variants were not tested; 0: tested.
    perfect : ndarray of int64, shape (perfect fits, 2)
        Variant and phenotype.
    n_imputed : int
        Calls of tested variants that were set to the mean.
    """

    pairs: Any
    reason: NDArray[np.int8]
    perfect: Places
    n_imputed: int


def least_r(mlog10p: float, df: int) -> float:
    """The |r| whose two-sided P has this -log10, or up to 1e-8 less.

    Examples
    --------
    >>> least_r(5.0, 279).__round__(6)
    0.260116
    """
    low, high = 0.0, 1.0
    while high - low > 1e-8:  # P falls as |r| grows
        middle = 0.5 * (low + high)
        t = middle * math.sqrt(df / ((1.0 - middle) * (1.0 + middle)))
        low, high = (middle, high) if float(t_mlog10p(t, df)) < mlog10p else (low, middle)
    return low


def keep_targets(targets: TransTargets, path: str) -> str:
    """Write what all tasks share to a file, so that tasks stay small."""
    with open(path, "wb") as stream:
        pickle.dump(targets, stream, protocol=pickle.HIGHEST_PROTOCOL)
    return path


@lru_cache(maxsize=1)
def _kept_targets(path: str) -> TransTargets:
    with open(path, "rb") as stream:
        held: TransTargets = pickle.load(stream)
    return held


def scan(task: TransTask) -> TransPart:
    """All pairs of a task that pass the limit on P."""
    targets = _kept_targets(task.targets) if isinstance(task.targets, str) else task.targets
    found, reasons, n_imputed = [], [], 0
    for start, calls in _blocks(task.source):
        screened = targets.screen.candidates(calls, maf_min=targets.maf_min, max_missing=targets.max_missing)
        reasons.append(screened.reason)
        n_imputed += int(np.count_nonzero(~(calls[screened.reason == 0] >= 0)))
        variant, phenotype = screened.rows, screened.columns
        where = start + variant
        open_ = ~targets.masked.covers(phenotype, task.contig[where], task.position[where])
        found.append(_exact(targets, calls, variant[open_], phenotype[open_]).moved(start + task.first))
    pairs, mlog10p = _tested(targets, found)
    bad = np.isnan(mlog10p)
    perfect = np.column_stack([pairs.variant[bad], pairs.phenotype[bad]])
    kept = mlog10p >= targets.mlog10p_min * (1.0 - _EXACTLY)
    return TransPart(pairs.of(kept), np.concatenate(reasons), perfect, n_imputed)


def _blocks(source: BlockSource) -> Iterator[tuple[int, Any]]:
    for start in range(0, source.n_variants, BLOCK):
        yield start, source.read(np.arange(start, min(start + BLOCK, source.n_variants)), None)


def _exact(targets: TransTargets, calls: Any, variant: Places, phenotype: Places) -> Any:
    if targets.model is not None and targets.y_covariates is not None:
        return exact_interactions(calls, variant, phenotype, targets.y_covariates, targets.model)
    return exact_pairs(calls, variant, phenotype, targets.y_unit, targets.projection)


def _tested(targets: TransTargets, found: list[Any]) -> tuple[TransPairs | InteractionPairs, Floats]:
    """All pairs of the blocks with their P, which a few large calls find faster than many small ones."""
    if targets.model is not None:
        fits = interactions_with_p(joined_interactions(found), targets.df)
        return fits, fits.mlog10p[2]
    pairs = pairs_with_p(joined_correlations(found), targets.y_norm, targets.df)
    return pairs, pairs.mlog10p
