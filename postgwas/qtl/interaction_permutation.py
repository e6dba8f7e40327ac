"""Permutations for interactions: the null keeps the variants' own effects (Freedman and Lane's scheme)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.interaction import InteractionBlock, InteractionModel, PhenotypePart
from postgwas.qtl.t_tails import t_mlog10p

Array = NDArray[np.float64]

_LIMIT = 0.05
"""Largest P, over a window, of a variant that joins the null."""
_MOST = 10
"""Variants of the null, at most."""
_BESIDE = 1e-3
"""Least share of a variant that those taken before leave."""
_CELLS = 1 << 22
"""Numbers of variants x permutations that are held at a time."""


def main_effects(
    model: InteractionModel, blocks: Sequence[InteractionBlock], phenotype: PhenotypePart
) -> Array:
    """What the variants' own effects span: forward selection in the window.

    The variant with the strongest effect is taken in any case; further ones, each beside those before
    it, as long as Bonferroni's P over the window is at most 0.05.

    Parameters
    ----------
    model : InteractionModel
    blocks : sequence of InteractionBlock
        The variants of the phenotype's window.
    phenotype : PhenotypePart

    Returns
    -------
    ndarray, shape (m, n)
        Orthonormal; m is 0 where no variant is usable.
    """
    usable = [block.units[0, block.usable] for block in blocks if block.usable.any()]
    number = sum(map(len, usable))
    taken = np.empty((0, model.n_samples))
    rest = phenotype.residual
    while usable and len(taken) < _MOST:
        df = model.df + model.n_terms - len(taken)
        share, row = max(
            (_best(units, taken, rest) for units in usable), key=lambda found: found[0]
        )  # the first of several that are equal
        t = np.sqrt(df * share / max(1.0 - share, 1e-300))
        if df < 2 or (len(taken) and float(t_mlog10p(t, df)) - np.log10(number) < -np.log10(_LIMIT)):
            break
        row = row - taken.T @ (taken @ row)
        row -= taken.T @ (taken @ row)
        row /= np.linalg.norm(row)
        taken = np.vstack([taken, row])
        rest = rest - row * float(row @ rest)
    return taken


def _best(units: Array, taken: Array, rest: Array) -> tuple[float, Array]:
    """Share of `rest` that one variant explains beside those taken, and its row."""
    left = 1.0 - np.einsum("vm,vm->v", units @ taken.T, units @ taken.T)
    inner = (units @ rest) ** 2
    # What follows from the variants taken has nothing of its own to explain.
    share = np.where(left > _BESIDE, inner / np.maximum(left, _BESIDE), 0.0) / float(rest @ rest)
    at = int(np.argmax(share))
    return float(min(share[at], 1.0)), units[at]


def permuted_shares(
    model: InteractionModel,
    blocks: Sequence[InteractionBlock],
    phenotype: PhenotypePart,
    orders: NDArray[np.integer[Any]],
) -> Array:
    """Largest partial R squared of the interaction over the variants, in each permutation.

    Parameters
    ----------
    model : InteractionModel
    blocks : sequence of InteractionBlock
        The variants of the phenotype's window.
    phenotype : PhenotypePart
    orders : ndarray of int, shape (permutations, n)
        Orders of the samples.

    Returns
    -------
    ndarray, shape (permutations,)
        To be compared with the largest :attr:`InteractionEffects.share`, to about 1e-6 of themselves;
        NaN if no variant is usable.

    Notes
    -----
    The null hypothesis is that no variant interacts with the terms, not that none has an effect: the
    model of the null has covariates, terms and the variants' own effects (:func:`main_effects`). Its
    residuals are permuted, its fitted values added back, and each variant is tested with all columns
    of the full model, so covariates and terms are projected out again after the permutation.

    Permuting the phenotype instead would turn these effects into noise, and lose what differences of
    LD between the groups of a term make of them at other variants. Permuting the term would break its
    correlations with covariates and genotypes, which the test conditions on.

    References
    ----------
    Freedman and Lane 1983, J Bus Econ Stat 1:292-298; Winkler et al. 2014, NeuroImage 92:381-397
    (comparison of schemes).
    """
    taken = main_effects(model, blocks, phenotype)
    if not len(taken):
        return np.full(len(orders), np.nan)
    fitted = taken.T @ (taken @ phenotype.residual)
    rest = phenotype.residual - fitted
    step = max(1, _CELLS // max(model.n_samples, *(block.units.shape[1] for block in blocks)))
    found = []
    for start in range(0, len(orders), step):
        permuted = model.projection.residuals(rest[orders[start : start + step]]) + fitted
        # Of norm 1 and in single precision: a null needs no more, and the products are what takes time.
        permuted /= np.linalg.norm(permuted, axis=1, keepdims=True)
        columns = permuted.T.astype(np.float32)
        best = np.zeros(len(permuted), np.float32)
        for block in blocks:
            left = block.units[0].astype(np.float32) @ columns
            np.square(left, out=left)
            np.maximum(np.subtract(1.0, left, out=left), 1e-6, out=left)  # a perfect fit leaves rounding
            inner = np.zeros_like(left)
            for unit in block.units[1:]:
                more = unit.astype(np.float32) @ columns
                inner += np.square(more, out=more)
            inner /= left
            best = np.maximum(best, inner.max(axis=0, initial=0.0))
        found.append(best.astype(np.float64))
    return np.concatenate(found)
