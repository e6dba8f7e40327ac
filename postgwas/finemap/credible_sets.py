"""Credible sets of SuSiE's effects, with their purity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from postgwas.finemap.susie_result import PRIOR_TOLERANCE, CredibleSet, Purity, Rows

Floats = NDArray[np.float64]
Correlation = Callable[[NDArray[np.intp], NDArray[np.intp]], Floats]
"""Correlations of the variants of some indices with those of others."""

_TILE = 512


def smallest_set(probabilities: Floats, coverage: float) -> Rows:
    """The fewest variants whose probabilities sum to `coverage` or more, the most probable first.

    Parameters
    ----------
    probabilities : ndarray, shape (p,)
        Equal ones count in their order.
    coverage : float

    Returns
    -------
    ndarray of int64
        All p where their sum is smaller.

    Examples
    --------
    >>> import numpy as np
    >>> smallest_set(np.array([0.05, 0.6, 0.35]), 0.9)
    array([1, 2])
    """
    order = np.argsort(-probabilities, kind="stable")
    enough = int(np.searchsorted(np.cumsum(probabilities[order]), coverage)) + 1
    return order[:enough]


def credible_sets(
    alpha: Floats,
    variance: Floats,
    correlation: Correlation,
    *,
    lbf: Floats,
    alpha_null: Floats,
    coverage: float,
    min_abs_corr: float,
) -> tuple[CredibleSet, ...]:
    """One set for each effect that is there, without repetitions and those that are impure.

    Parameters
    ----------
    alpha : ndarray, shape (L, p)
    variance, lbf, alpha_null : ndarray, shape (L,)
        Prior variance, log Bayes factor and probability of no effect.
    correlation : callable
        Asked only for pairs that decide.
    coverage : float
    min_abs_corr : float
        Sets with a smaller absolute correlation between any two variants are left out.

    Returns
    -------
    tuple of CredibleSet
        The purest first; equally pure ones by effect.

    References
    ----------
    Wang et al. 2020, J. R. Stat. Soc. B 82:1273-1300, section 3.2.2.
    """
    found: dict[bytes, CredibleSet] = {}
    for effect in np.flatnonzero(variance > PRIOR_TOLERANCE):
        ranked = np.append(alpha[effect], alpha_null[effect])
        chosen = smallest_set(ranked, coverage)
        if chosen.max() == alpha.shape[1]:  # no effect is among the likely
            continue
        variants = np.sort(chosen)
        key = variants.tobytes()
        if key in found:
            continue
        purity = purity_of(variants, int(chosen[0]), correlation, least=min_abs_corr)
        if purity is not None:
            share = float(alpha[effect, variants].sum())
            found[key] = CredibleSet(variants, share, purity, int(chosen[0]), int(effect), float(lbf[effect]))
    return tuple(sorted(found.values(), key=lambda one: (-one.purity.min, one.effect)))


def purity_of(variants: Rows, lead: int, correlation: Correlation, *, least: float) -> Purity | None:
    """Purity of a set over all its pairs; None where it is below `least`.

    Correlations with the lead variant come first: they rule out wide sets without all pairs.
    """
    if variants.size == 1:
        return Purity(1.0, 1.0, 1.0)
    if np.abs(correlation(np.array([lead]), variants)).min() < least:
        return None
    tiles = []
    for start in range(0, variants.size, _TILE):
        rows = variants[start : start + _TILE]
        part = np.abs(correlation(rows, variants[start:]))
        upper = np.arange(part.shape[1]) > np.arange(rows.size)[:, None]
        tiles.append(part[upper])
        if tiles[-1].size and tiles[-1].min() < least:
            return None
    pairs = np.concatenate(tiles)
    return Purity(float(pairs.min()), float(pairs.mean()), float(np.median(pairs)))
