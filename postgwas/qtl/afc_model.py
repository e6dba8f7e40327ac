"""Expression of a gene whose regulatory alleles multiply what their own haplotype makes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LIMIT = float(np.log2(100.0))
"""Largest log2 fold change that is looked for, to either side, as in aFC.py."""


def log2_expression(effects: Floats, copies: Floats) -> tuple[Floats, Floats]:
    """log2 of expression beside that of two reference haplotypes, and its derivatives.

    A haplotype makes ``prod_j k_j^x_j`` of what the reference haplotype makes, k = 2^effect; a person's
    expression is the mean of two haplotypes:

        f = log2( sum_h prod_j (1 - x_jh + x_jh k_j) / 2 )

    Parameters
    ----------
    effects : ndarray, shape (B, J)
        log2 allelic fold changes of J variants, B sets of them.
    copies : ndarray, shape (H, J, n)
        Copies of the effect allele on each haplotype, 0 to 1: H = 2 where phases are known. A call whose
        phase is not known is half its copies on both; with H = 1 the one row stands for both. That is the
        mean of expression over all phases, because expression is linear in each haplotype.

    Returns
    -------
    values : ndarray, shape (B, n)
    slopes : ndarray, shape (B, J, n)
        Derivatives by each effect.

    References
    ----------
    Mohammadi et al. (2017) Genome Research 27, 1872-1884, equations 1 to 3.
    Ehsan et al. (2024) American Journal of Human Genetics, aFC-n: several variants on haplotypes.

    Examples
    --------
    Twice the expression from each copy: one copy makes 1.5 times, two make 2 times as much.

    >>> values, _ = log2_expression(np.array([[1.0]]), np.array([[[0.0, 0.5, 1.0]]]))
    >>> (2**values).round(3)
    array([[1. , 1.5, 2. ]])
    """
    fold = np.exp2(effects)
    # (B, n) arrays one after the other: large ones with four axes go through memory more often.
    factors = [[1.0 + np.multiply.outer(fold[:, j] - 1.0, x) for j, x in enumerate(one)] for one in copies]
    haplotypes = [math.prod(one[1:], start=one[0]) for one in factors]
    total = sum(haplotypes[1:], start=haplotypes[0])
    slopes = np.zeros((*effects.shape, copies.shape[2]))
    for one, made, by in zip(copies, haplotypes, factors):
        share = made / total
        for j, x in enumerate(one):
            slopes[:, j] += share * np.multiply.outer(fold[:, j], x) / by[j]
    return np.log2(total / len(copies)), slopes


def on_haplotypes(calls: Floats) -> Floats:
    """Copies of an allele, 0 to 2, whose phase is not known, as :func:`log2_expression` takes them.

    Parameters
    ----------
    calls : ndarray, shape (J, n)

    Returns
    -------
    ndarray, shape (1, J, n)
    """
    return np.asarray(calls, np.float64)[None] / 2.0


def first_order(effects: Floats, copies: Floats) -> tuple[Floats, Floats]:
    """The same to first order at no effect: half the copies times the effect.

    Parameters and returns as :func:`log2_expression`; the effect is twice the slope of log2 expression on
    copies of the allele.
    """
    slopes = copies.mean(axis=0)
    return effects @ slopes, np.broadcast_to(slopes, (len(effects), *slopes.shape))
