"""MAMA's LD score regressions: what effects and their errors share between populations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rule = Literal["free", "zero", "diagonal", "identity"]


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of the regressions of products of effects.

    Attributes
    ----------
    ld : ndarray of float64, shape (K, K)
        Of the LD score: covariance of two populations' effects of one SNP.
    intercept : ndarray of float64, shape (K, K)
        The constant, squared effect scale.
    se2 : ndarray of float64, shape (K, K)
        Of the product of standard errors (without dimension).
    correlation_unset : tuple of (int, int)
        Pairs whose `ld` could not be set by `ld_correlation`, as a variance is negative, and were
        estimated.
    """

    ld: Floats
    intercept: Floats
    se2: Floats
    correlation_unset: tuple[tuple[int, int], ...] = ()


def constrained(rule: Rule, n_populations: int) -> Floats:
    """Coefficients that a rule fixes; NaN where they are to be estimated.

    Parameters
    ----------
    rule : {"free", "zero", "diagonal", "identity"}
        Nothing fixed; all zero; zero but for the diagonal, which is free; the identity.
    n_populations : int

    Returns
    -------
    ndarray of float64, shape (K, K)

    Examples
    --------
    >>> constrained("diagonal", 2).tolist()
    [[nan, 0.0], [0.0, nan]]
    """
    if rule == "identity":
        return np.eye(n_populations)
    fixed = np.full((n_populations, n_populations), np.nan if rule == "free" else 0.0)
    if rule == "diagonal":
        np.fill_diagonal(fixed, np.nan)
    return fixed


def regress(
    beta: Floats,
    se: Floats,
    ld: Floats,
    *,
    ld_fixed: Floats,
    intercept_fixed: Floats,
    se2_fixed: Floats,
    ld_correlation: float | None = None,
    weight_floor: float = 0.0,
) -> Coefficients:
    r"""Regress products of effects on LD scores, a constant and products of standard errors.

    For populations p and q, over SNPs j:

    .. math:: E[b_{pj} b_{qj}] = c_{pq} \ell_{pqj} + i_{pq} + s_{pq}\, se_{pj} se_{qj}

    by least squares with weights :math:`1/\ell_{ppj}` (0 where it is not positive) for p = q
    and :math:`1/|\ell_{pqj}|` (0 where it is 0) otherwise. Scores of a small panel may be next to 0
    by chance and such SNPs then outweigh all others: `weight_floor` bounds the weights.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (V, K)
        Effects of one allele and their standard errors.
    ld : ndarray of float64, shape (V, K, K)
        LD scores in and across populations, in the units of the effects.
    ld_fixed, intercept_fixed, se2_fixed : ndarray of float64, shape (K, K)
        Values that coefficients are fixed at; NaN: to be estimated. See :func:`constrained`.
    ld_correlation : float, optional
        Fixes ``ld[p, q]`` at this times the square root of ``ld[p, p] * ld[q, q]``.
    weight_floor : float
        Least LD score in the weights: with 1, as in LD score regression and Popcorn, they are
        1 / max(score, 1) for all SNPs. 0 is MAMA's way.

    Returns
    -------
    Coefficients

    References
    ----------
    Turley et al. 2021, bioRxiv 2021.04.23.441003, Methods and Supplementary Note.

    Examples
    --------
    >>> import numpy as np
    >>> ld = np.array([1.0, 2.0, 3.0, 5.0])
    >>> beta = np.sqrt(0.1 * ld)[:, None]
    >>> free, none = constrained("free", 1), constrained("zero", 1)
    >>> found = regress(
    ...     beta, np.ones((4, 1)), ld[:, None, None], ld_fixed=free, intercept_fixed=none, se2_fixed=none
    ... )
    >>> float(found.ld[0, 0].round(12))
    0.1
    """
    k = beta.shape[1]
    fixed = np.stack([ld_fixed, intercept_fixed, se2_fixed])
    found = np.zeros((3, k, k))
    for p in range(k):
        own = ld[:, p, p]
        weight = _weights(own, weight_floor)
        found[:, p, p] = _one(beta, se, own, weight, p, p, fixed[:, p, p])
    unset: list[tuple[int, int]] = []
    if ld_correlation is not None:
        fixed[0], unset = _correlated(np.diag(found[0]), ld_correlation)
    for p in range(k):
        for q in range(p + 1, k):
            cross = ld[:, p, q]
            weight = _weights(np.abs(cross), weight_floor)
            found[:, p, q] = found[:, q, p] = _one(beta, se, cross, weight, p, q, fixed[:, p, q])
    return Coefficients(found[0], found[1], found[2], tuple(unset))


def _weights(score: Floats, floor: float) -> Floats:
    """1 / score, at most 1 / floor; 0 where the score is not positive and there is no floor."""
    score = np.maximum(score, floor)
    return np.divide(1.0, score, out=np.zeros_like(score), where=score > 0)


def _correlated(variance: Floats, correlation: float) -> tuple[Floats, list[tuple[int, int]]]:
    """Covariances of this correlation; NaN, to be estimated, where a variance is negative."""
    k = len(variance)
    root = np.sqrt(np.where(variance >= 0, variance, np.nan))
    fixed = correlation * np.outer(root, root)
    unset = [(p, q) for p in range(k) for q in range(p + 1, k) if np.isnan(fixed[p, q])]
    return fixed, unset


def _one(beta: Floats, se: Floats, score: Floats, weight: Floats, p: int, q: int, fixed: Floats) -> Floats:
    """The three coefficients of one pair of populations."""
    design = np.column_stack([score, np.ones_like(score), se[:, p] * se[:, q]])
    product = beta[:, p] * beta[:, q]
    free = np.isnan(fixed)
    coefficients = np.where(free, 0.0, fixed)
    if not free.any():
        return coefficients
    if not free.all():
        product = product - design[:, ~free] @ fixed[~free]
    root = np.sqrt(weight)
    # Squared errors are a millionth of LD scores: singular values bear that, normal equations may not.
    coefficients[free] = np.linalg.lstsq(root[:, None] * design[:, free], root * product, rcond=None)[0]
    return coefficients
