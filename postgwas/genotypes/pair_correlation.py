"""Squared correlations of variants' copies over the people who have both calls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import Calls

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_EXACTLY = 1e-12
"""A squared correlation that is the limit itself, but for rounding, is not above it."""
_FEW = 0.01
"""Share of missing calls from which on a dense product is the cheaper one."""
_BITS = 20
"""Bits of each of three counts that are added up as one number."""
_PACKED = np.zeros(256, np.int64)
_PACKED[:3] = 1 + (1 << _BITS), 1, 1 + (1 << 2 * _BITS)
"""By calls as bytes: 1 for a call, and above it 1 for no copies, and above that 1 for two; missing is 0."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Variants ready for products.

    Attributes
    ----------
    rows : ndarray of int64, shape (V,)
        Which variants.
    calls : ndarray of int8, shape (V, n)
        Copies of A1, missing negative.
    steps : ndarray of float32, shape (V, n)
        Copies - 1, 0 where missing.
    n_seen, sums, squares : ndarray of float64, shape (V,)
        Calls, and sums of steps and of their squares.
    """

    rows: Ints
    calls: NDArray[np.int8]
    steps: NDArray[np.float32]
    n_seen: Floats
    sums: Floats
    squares: Floats

    @classmethod
    def of(cls, calls: Calls, rows: Ints) -> Columns:
        """From copies of A1, missing negative, shape (V, n), n below 2^24."""
        n = calls.shape[1]
        missing = np.flatnonzero(calls < 0)
        steps = np.array(calls, np.float32, order="C")
        steps -= np.float32(1.0)
        steps.reshape(-1)[missing] = 0.0
        n_missing = np.bincount(missing // n, minlength=len(calls))
        sums = steps @ np.ones(n, np.float32)
        squares = np.einsum("ij,ij->i", steps, steps)
        return cls(
            rows, calls.astype(np.int8, copy=False), steps, (n - n_missing).astype(np.float64),
            sums.astype(np.float64), squares.astype(np.float64),
        )  # fmt: skip

    @cached_property
    def missing(self) -> tuple[Ints, Ints]:
        """Where calls are missing: variants, ascending, and people."""
        variant, person = np.divmod(np.flatnonzero(self.calls < 0), self.calls.shape[1])
        return variant, person

    @property
    def total(self) -> Ints:
        """Copies of both alleles that are known."""
        return (2 * self.n_seen).astype(np.int64)

    @property
    def minor(self) -> Ints:
        """Copies of the rarer allele."""
        copies = (self.sums + self.n_seen).astype(np.int64)
        return np.minimum(copies, self.total - copies)

    @property
    def constant(self) -> Bools:
        """Variants whose known calls are all alike."""
        return self.n_seen * self.squares == self.sums**2

    @property
    def gaps(self) -> Bools:
        """Variants with missing calls."""
        return self.n_seen < self.steps.shape[1]

    def some(self, mask: Bools) -> Columns:
        """Some of the variants."""
        if mask.all():
            return self
        return Columns(
            self.rows[mask], self.calls[mask], self.steps[mask], self.n_seen[mask], self.sums[mask],
            self.squares[mask],
        )  # fmt: skip

    def with_more(self, other: Columns) -> Columns:
        """These and then others."""
        return Columns(
            *(
                np.concatenate([getattr(self, name), getattr(other, name)])
                for name in ("rows", "calls", "steps", "n_seen", "sums", "squares")
            )
        )


def correlated(left: Columns, right: Columns, r2: float) -> Bools:
    """Which pairs have a squared correlation above a limit.

    All sums are of whole numbers and exact, so that the answer depends neither on the order of
    the people nor on which allele is counted.

    Parameters
    ----------
    left, right : Columns
        Of the same people.
    r2 : float

    Returns
    -------
    ndarray of bool, shape (left, right)
        False where one of the two does not vary among the people with both calls.
    """
    n = left.steps.shape[1]
    product = (left.steps @ right.steps.T).astype(np.float64)
    n_both: Floats | np.float64 = np.float64(n)
    sum_left, sum_right = left.sums[:, None], right.sums[None, :]
    square_left, square_right = left.squares[:, None], right.squares[None, :]
    if left.gaps.any() or right.gaps.any():
        lost, lost_sum, lost_square = _lost(left, right)
        n_both = left.n_seen[:, None] - lost
        sum_left, square_left = sum_left - lost_sum, square_left - lost_square
        if right is not left:
            _, lost_sum, lost_square = _lost(right, left)
        sum_right, square_right = sum_right - lost_sum.T, square_right - lost_square.T
    covariance = n_both * product - sum_left * sum_right
    variances = (n_both * square_left - sum_left**2) * (n_both * square_right - sum_right**2)
    return covariance**2 > (r2 * (1.0 + _EXACTLY)) * variances


def _lost(one: Columns, other: Columns) -> tuple[Floats, Floats, Floats]:
    """Calls, steps and their squares of the one over the people whom the other misses: (one, other)."""
    variant, person = other.missing
    if len(person) > min(_FEW * other.calls.size, 1 << _BITS):
        missing = (other.calls < 0).astype(np.float32).T
        seen = (one.calls >= 0).astype(np.float32) @ missing
        sums, squares = one.steps @ missing, np.abs(one.steps) @ missing
        return seen.astype(np.float64), sums.astype(np.float64), squares.astype(np.float64)
    found = np.zeros((len(one.rows), len(other.rows)), np.int64)
    if len(person):
        # While that is rare, adding up those places beats a product.
        variants, starts = np.unique(variant, return_index=True)
        there = _PACKED[np.take(one.calls, person, axis=1).view(np.uint8)]
        found[:, variants] = np.add.reduceat(there, starts, axis=1)
    low = (1 << _BITS) - 1
    none, two = (found >> _BITS) & low, found >> 2 * _BITS
    return (found & low).astype(np.float64), (two - none).astype(np.float64), (two + none).astype(np.float64)
