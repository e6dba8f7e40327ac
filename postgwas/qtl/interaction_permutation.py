"""Permutations for interactions: the null keeps the variants' own effects (Freedman and Lane's scheme)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.interaction import InteractionBlock, InteractionModel, PhenotypePart

Array = NDArray[np.float64]

_CELLS = 1 << 22
"""Numbers of variants x permutations that are held at a time."""


def lead_main_effect(blocks: Sequence[InteractionBlock], phenotype: PhenotypePart) -> Array | None:
    """Unit vector of the variant with the strongest effect of its own; None if no variant is usable.

    Parameters
    ----------
    blocks : sequence of InteractionBlock
        The variants of the phenotype's window; the first of several that are equal.
    phenotype : PhenotypePart
    """
    best, found = -1.0, None
    for block in blocks:
        if not block.usable.any():
            continue
        size = np.abs(block.units[0] @ phenotype.residual)
        at = int(np.argmax(size))
        if size[at] > best:
            best, found = float(size[at]), block.units[0, at]
    return found


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
        To be compared with the largest :attr:`InteractionEffects.share`; NaN if no variant is usable.

    Notes
    -----
    The null hypothesis is that no variant interacts with the terms, not that none has an effect: the
    model of the null has covariates, terms and the variant with the strongest effect of its own. Its
    residuals are permuted, its fitted values added back, and each variant is tested with all columns
    of the full model, so covariates and terms are projected out again after the permutation.

    Permuting the phenotype instead would turn the lead's effect into noise, and lose what differences
    of LD between the groups of a term make of that effect at other variants. Permuting the term would
    break its correlations with covariates and genotypes, which the test conditions on.

    References
    ----------
    Freedman and Lane 1983, J Bus Econ Stat 1:292-298; Winkler et al. 2014, NeuroImage 92:381-397
    (comparison of schemes).
    """
    unit = lead_main_effect(blocks, phenotype)
    if unit is None:
        return np.full(len(orders), np.nan)
    fitted = unit * float(unit @ phenotype.residual)
    rest = phenotype.residual - fitted
    step = max(1, _CELLS // max(model.n_samples, *(block.units.shape[1] for block in blocks)))
    found = []
    for start in range(0, len(orders), step):
        permuted = model.projection.residuals(rest[orders[start : start + step]]) + fitted
        total = np.einsum("bn,bn->b", permuted, permuted)
        best = np.zeros(len(permuted))
        for block in blocks:
            left = total - (block.units[0] @ permuted.T) ** 2
            inner = sum((unit @ permuted.T) ** 2 for unit in block.units[1:])
            best = np.maximum(best, (inner / left).max(axis=0, initial=0.0))
        found.append(best)
    return np.concatenate(found)
