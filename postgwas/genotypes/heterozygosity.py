"""Inbreeding coefficients from homozygous calls, for people and (on X) for telling sexes apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import Calls

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HALF = float(1 << 26)


@dataclass(frozen=True, eq=False)
class Homozygosity:
    """Homozygous calls of people, seen and expected, over variants that vary.

    Attributes
    ----------
    observed : ndarray of int64, shape (n,)
        Homozygous calls.
    expected_parts : ndarray of float64, shape (2, n)
        How many of the calls would be homozygous under random mating: a coarse and a fine part, each of
        which is exact, so that sums of them do not depend on their order.
    n_calls : ndarray of int64, shape (n,)
    """

    observed: Ints
    expected_parts: Floats
    n_calls: Ints

    @property
    def expected(self) -> Floats:
        """Homozygous calls expected, shape (n,)."""
        total: Floats = self.expected_parts[0] + self.expected_parts[1]
        return total

    @property
    def inbreeding(self) -> Floats:
        """F = (observed - expected) / (calls - expected); NaN where nothing heterozygous is expected."""
        with np.errstate(invalid="ignore", divide="ignore"):
            f: Floats = (self.observed - self.expected) / (self.n_calls - self.expected)
        f[~np.isfinite(f)] = np.nan
        return f


def expected_homozygosity(frequency: Floats, *, n_alleles: Ints | None = None) -> Floats:
    """1 - 2pq of variants.

    Parameters
    ----------
    frequency : ndarray of float64, shape (V,)
        Of either allele.
    n_alleles : ndarray of int64, shape (V,), optional
        Copies that the frequency is of: 2pq is then multiplied by n / (n - 1), unbiased in small
        samples, as --het does with its small-sample modifier in plink 1.9 and plink2.

    Examples
    --------
    >>> expected_homozygosity(np.array([0.5, 0.1])).round(2).tolist()
    [0.5, 0.82]
    """
    het = 2.0 * frequency * (1.0 - frequency)
    if n_alleles is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            het = het * (n_alleles / (n_alleles - 1.0))
    return 1.0 - het


def homozygosity(blocks: Iterable[tuple[Calls, Floats]], n_samples: int) -> Homozygosity:
    """Sums over variants, to the same bits in any order of variants and people.

    Parameters
    ----------
    blocks : iterable of (calls, expected)
        Copies of A1, int8 with missing negative, shape (V, n), and the expected homozygosity of
        these variants. Those that do not vary (expected 1, or NaN) are left out.
    n_samples : int

    References
    ----------
    Purcell et al. (2007) Am J Hum Genet 81, 559-575 (--het).
    """
    observed, n_calls = np.zeros(n_samples, np.int64), np.zeros(n_samples, np.int64)
    # Multiples of 2^-26 and of 2^-52: sums of fewer than 2^26 of them need no rounding.
    parts = np.zeros((2, n_samples))
    for calls, expected in blocks:
        varies = expected < 1.0  # NaN is not
        seen = (calls >= 0)[varies]
        n_calls += seen.sum(axis=0, dtype=np.int64)
        observed += (seen & (calls[varies] != 1)).sum(axis=0, dtype=np.int64)
        high = np.round(expected[varies] * _HALF) / _HALF
        low = np.round((expected[varies] - high) * _HALF * _HALF) / (_HALF * _HALF)
        parts += np.stack([high, low]) @ seen.astype(np.float64)
    return Homozygosity(observed, parts, n_calls)
