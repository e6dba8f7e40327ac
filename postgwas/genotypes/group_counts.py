"""Allele counts of variants by group of samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import Calls

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupCounts:
    """Counts by variant and group.

    Attributes
    ----------
    n : ndarray of float64, shape (V, G)
        Samples with a call.
    total : ndarray of float64, shape (V, G)
        Copies of A1 among them.
    het : ndarray of float64, shape (V, G)
        Heterozygous calls; of no meaning for dosages.
    """

    n: Floats
    total: Floats
    het: Floats

    def of(self, groups: list[int]) -> GroupCounts:
        """Some of the groups."""
        return GroupCounts(self.n[:, groups], self.total[:, groups], self.het[:, groups])

    def beside_rest(self, group: int) -> GroupCounts:
        """One group, and all others as one."""

        def two(counts: Floats) -> Floats:
            return np.column_stack([counts[:, group], counts.sum(axis=1) - counts[:, group]])

        return GroupCounts(two(self.n), two(self.total), two(self.het))


def group_counts(calls: Calls, codes: NDArray[np.int64], n_groups: int) -> GroupCounts:
    """Count calls by group.

    Parameters
    ----------
    calls : ndarray, shape (V, n)
        Copies of A1: int8 with negative values for missing, or float32 with NaN.
    codes : ndarray of int64, shape (n,)
        Group of each sample, from 0; -1 for none.
    n_groups : int

    Examples
    --------
    >>> counts = group_counts(np.array([[0, 1, 2, -9]], np.int8), np.array([0, 0, 1, 1]), 2)
    >>> counts.n.tolist(), counts.total.tolist(), counts.het.tolist()
    ([[2.0, 1.0]], [[1.0, 2.0]], [[1.0, 0.0]])
    """
    # Whole numbers are exact in float32 up to 2^24; sums of dosages are not.
    kind: type = np.float32 if calls.dtype == np.int8 and len(codes) < 1 << 23 else np.float64
    member: NDArray[Any] = np.zeros((len(codes), n_groups), kind)
    member[np.flatnonzero(codes >= 0), codes[codes >= 0]] = 1
    observed = calls >= 0  # NaN is not
    known: NDArray[Any] = np.where(observed, calls, 0).astype(kind)

    def summed(values: NDArray[Any]) -> Floats:
        return (values @ member).astype(np.float64)

    return GroupCounts(summed(observed.astype(kind)), summed(known), summed((calls == 1).astype(kind)))
