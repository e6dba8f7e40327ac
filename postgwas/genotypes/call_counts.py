"""How many calls of each kind variants and people have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import Calls

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CallCounts:
    """Calls of variants in sets of people, and of people in classes of variants.

    Attributes
    ----------
    hom1, het, hom2 : ndarray of int64, shape (V, S)
        People of each set with two, one and no copies of A1.
    missing : ndarray of int64, shape (V, S)
        People of each set without a call.
    people_missing, people_het : ndarray of int64, shape (n, C)
        Missing and heterozygous calls of each person, by class of variant.
    """

    hom1: Ints
    het: Ints
    hom2: Ints
    missing: Ints
    people_missing: Ints
    people_het: Ints

    def of(self, variants: Bools | Ints | slice) -> CallCounts:
        """The counts of some variants; those of people stay."""
        return CallCounts(
            self.hom1[variants], self.het[variants], self.hom2[variants], self.missing[variants],
            self.people_missing, self.people_het,
        )  # fmt: skip


def count_calls(calls: Calls, sets: Bools, classes: NDArray[np.int8], n_classes: int) -> CallCounts:
    """Counts of one block.

    Parameters
    ----------
    calls : ndarray of int8, shape (V, n)
        Copies of A1, missing negative.
    sets : ndarray of bool, shape (n, S)
        Who belongs to each set of people; sets may overlap.
    classes : ndarray of int8, shape (V,)
        Class of each variant, from 0.
    n_classes : int

    Examples
    --------
    >>> calls = np.array([[0, 1, 2, -9]], np.int8)
    >>> counts = count_calls(calls, np.ones((4, 1), bool), np.zeros(1, np.int8), 1)
    >>> counts.hom1.tolist(), counts.het.tolist(), counts.missing.tolist(), counts.people_het.tolist()
    ([[1]], [[1]], [[1]], [[0], [1], [0], [0]])
    """
    members = sets.astype(np.float32)
    kinds = (classes[:, None] == np.arange(n_classes)).astype(np.float32)
    hom1 = calls == 2
    het = (calls == 1).astype(np.float32)
    missing = (calls < 0).astype(np.float32)
    # Sums of zeros and ones below 2^24: exact.
    of_hom1 = _whole(hom1.astype(np.float32) @ members)
    of_het, of_missing = _whole(het @ members), _whole(missing @ members)
    hom2 = sets.sum(axis=0) - of_hom1 - of_het - of_missing
    return CallCounts(of_hom1, of_het, hom2, of_missing, _whole(missing.T @ kinds), _whole(het.T @ kinds))


def joined_counts(parts: Sequence[CallCounts]) -> CallCounts:
    """Counts of blocks of variants one after the other."""
    return CallCounts(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("hom1", "het", "hom2", "missing")
        ),
        *(sum(getattr(part, name) for part in parts) for name in ("people_missing", "people_het")),
    )


def _whole(sums: NDArray[np.float32]) -> Ints:
    return sums.astype(np.int64)


@dataclass(frozen=True, eq=False)
class AlleleCounts:
    """Copies of alleles in people, each counted as often as there can be copies.

    Attributes
    ----------
    a1 : ndarray of int64, shape (V,)
        Copies of A1.
    total : ndarray of int64, shape (V,)
        Copies of both.
    """

    a1: Ints
    total: Ints

    @property
    def frequency(self) -> Floats:
        """Of A1; NaN where there is no copy."""
        with np.errstate(invalid="ignore"):
            return self.a1 / self.total

    @property
    def minor(self) -> Ints:
        """Copies of the rarer allele."""
        return np.minimum(self.a1, self.total - self.a1)

    @property
    def minor_frequency(self) -> Floats:
        """To the same bits whichever allele is A1; NaN where there is no copy."""
        with np.errstate(invalid="ignore"):
            return self.minor / self.total
