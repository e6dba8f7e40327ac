"""Permutations for interactions: the null keeps the variants' own effects (Freedman and Lane's scheme)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.interaction import InteractionBlock, InteractionModel, PhenotypePart

Array = NDArray[np.float64]

_CELLS = 1 << 22
"""Numbers of variants x permutations that are held at a time."""


def permutation_orders(n_samples: int, n_permutations: int, seed: int) -> NDArray[np.int64]:
    """Orders of the samples, shape (permutations, n); the same for a seed whatever is permuted.

    Examples
    --------
    >>> permutation_orders(4, 2, 1).shape
    (2, 4)
    """
    rng = np.random.default_rng(seed)
    return rng.permuted(np.tile(np.arange(n_samples), (n_permutations, 1)), axis=1)


def lead_main_effect(block: InteractionBlock, phenotype: PhenotypePart) -> int | None:
    """Place of the variant with the strongest effect of its own; None if none is usable.

    Parameters
    ----------
    block : InteractionBlock
    phenotype : PhenotypePart
    """
    if not block.usable.any():
        return None
    return int(np.argmax(np.abs(block.units[0] @ phenotype.residual)))


def permuted_shares(
    model: InteractionModel,
    block: InteractionBlock,
    phenotype: PhenotypePart,
    orders: NDArray[np.int64],
) -> Array:
    """Largest partial R squared of the interaction over the variants, in each permutation.

    Parameters
    ----------
    model : InteractionModel
    block : InteractionBlock
        The variants of the phenotype's window.
    phenotype : PhenotypePart
    orders : ndarray of int64, shape (permutations, n)
        Of :func:`permutation_orders`.

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

    Permuting the phenotype instead would turn the lead's effect into noise that all tests share, and
    lose what differences of LD between the groups of a term make of it at other variants. Permuting
    the term would break its correlations with covariates and genotypes, which the test conditions on.

    References
    ----------
    Freedman and Lane 1983, J Bus Econ Stat 1:292-298; Winkler et al. 2014, NeuroImage 92:381-397
    (comparison of schemes).
    """
    lead = lead_main_effect(block, phenotype)
    if lead is None:
        return np.full(len(orders), np.nan)
    unit = block.units[0, lead]
    fitted = unit * float(unit @ phenotype.residual)
    rest = phenotype.residual - fitted
    step = max(1, _CELLS // max(block.units.shape[1], model.n_samples))
    found = []
    for start in range(0, len(orders), step):
        permuted = model.projection.residuals(rest[orders[start : start + step]]) + fitted
        total = np.einsum("bn,bn->b", permuted, permuted)
        left = total - (block.units[0] @ permuted.T) ** 2
        inner = sum((unit @ permuted.T) ** 2 for unit in block.units[1:])
        found.append((inner / left).max(axis=0))
    return np.concatenate(found)
