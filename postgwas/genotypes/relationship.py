"""The genomic relationship matrix from sums over variants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.standardise import Floats


@dataclass(frozen=True, eq=False)
class Relationship:
    """Relationships of samples.

    Attributes
    ----------
    values : ndarray of float64, shape (n, n)
        Mean product of standardised genotypes.
    n_variants : ndarray of int64, shape (n, n)
        Variants that each mean is over.
    """

    values: Floats
    n_variants: NDArray[np.int64]


def relationship(
    products: Floats, n_variants: int, missing: NDArray[np.int64], missing_each: NDArray[np.int64]
) -> Relationship:
    """Mean product over the variants that both samples have.

    Parameters
    ----------
    products : ndarray of float64, shape (n, n)
        Z'Z of genotypes standardised as (x - 2p) / sqrt(2p(1 - p)), missing ones 0.
    n_variants : int
        Variants in those sums.
    missing : ndarray of int64, shape (n, n)
        Variants that both samples lack.
    missing_each : ndarray of int64, shape (n,)
        Variants that each sample lacks.

    References
    ----------
    Yang, Lee, Goddard and Visscher 2011, American Journal of Human Genetics 88:76-82, equation 3
    (there with another diagonal; here the same formula throughout, as plink2 --make-rel and GCTA's
    later versions).

    Examples
    --------
    >>> relationship(np.array([[2.0, 1.0], [1.0, 3.0]]), 4, np.zeros((2, 2), int), np.zeros(2, int)).values
    array([[0.5 , 0.25],
           [0.25, 0.75]])
    """
    shared = n_variants - missing_each[:, None] - missing_each[None, :] + missing
    with np.errstate(invalid="ignore", divide="ignore"):
        values = products / shared
    return Relationship(values, shared.astype(np.int64))
