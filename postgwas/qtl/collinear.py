"""Which of a gene's variants can be told apart, and which earlier one the others are like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CONSTANT = 1e-10
"""Share of a variant's variance beside covariates below which it does not vary."""


@dataclass(frozen=True, eq=False)
class Separable:
    """Variants that can be fitted together.

    Attributes
    ----------
    kept : ndarray of bool, shape (J,)
    partner : ndarray of int64, shape (J,)
        For a variant that is collinear, the kept one that it is most alike; -1 for kept and constant ones.
    r2 : ndarray, shape (J,)
        Share of a variant's variance that the kept ones before it explain, covariates projected out of both.
    """

    kept: NDArray[np.bool_]
    partner: NDArray[np.int64]
    r2: Floats


def separable(variants: Floats, basis: Floats, max_r2: float) -> Separable:
    """Go through variants in order and keep those that the kept ones before do not explain.

    Parameters
    ----------
    variants : ndarray, shape (J, n)
        Copies of an allele, without gaps.
    basis : ndarray, shape (n, rank)
        Orthonormal, of the covariates and the constant.
    max_r2 : float
        Least share explained at which a variant is refused.

    Examples
    --------
    >>> x = np.array([[0.0, 1, 2, 1], [0, 1, 2, 1], [1, 1, 1, 1], [0, 0, 1, 2]])
    >>> found = separable(x, np.full((4, 1), 0.5), 0.99)
    >>> found.kept, found.partner
    (array([ True, False, False,  True]), array([-1,  0, -1, -1]))
    """
    n_variants = len(variants)
    left = variants - variants.mean(axis=1, keepdims=True)
    total = np.einsum("ij,ij->i", left, left)
    left = left - (left @ basis) @ basis.T
    size = np.sqrt(np.einsum("ij,ij->i", left, left))
    varies = size**2 > _CONSTANT * np.maximum(total, 1e-300)
    kept = np.zeros(n_variants, np.bool_)
    partner = np.full(n_variants, -1, np.int64)
    r2 = np.zeros(n_variants)
    directions: list[Floats] = []
    for at in np.flatnonzero(varies):
        unit = left[at] / size[at]
        rest = unit
        for _ in range(2):
            for direction in directions:
                rest = rest - direction * (direction @ rest)
        share = float(rest @ rest)
        r2[at] = 1.0 - share
        before = np.flatnonzero(kept)
        if before.size and 1.0 - share >= max_r2:
            alike = np.abs(left[before] @ unit) / size[before]
            partner[at] = before[np.argmax(alike)]
        else:
            kept[at] = True
            directions.append(rest / np.sqrt(share))
    return Separable(kept, partner, r2)
