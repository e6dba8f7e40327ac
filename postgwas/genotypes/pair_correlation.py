"""Squared correlations of variants' copies over the people who have both calls."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class Columns:
    """Variants ready for products.

    Attributes
    ----------
    rows : ndarray of int64, shape (V,)
        Which variants.
    steps : ndarray of float32, shape (V, n)
        Copies - 1, 0 where missing.
    seen : ndarray of float32, shape (V, n)
        1 where there is a call.
    n_seen, sums, squares : ndarray of float64, shape (V,)
        Calls, and sums of steps and of their squares.
    """

    rows: Ints
    steps: NDArray[np.float32]
    seen: NDArray[np.float32]
    n_seen: Floats
    sums: Floats
    squares: Floats

    @classmethod
    def of(cls, calls: Calls, rows: Ints) -> Columns:
        """From copies of A1, missing negative, shape (V, n)."""
        seen = (calls >= 0).astype(np.float32)
        steps = (calls.astype(np.float32) - 1.0) * seen
        return cls(
            rows, steps, seen, seen.sum(axis=1, dtype=np.float64), steps.sum(axis=1, dtype=np.float64),
            np.einsum("ij,ij->i", steps, steps, dtype=np.float64),
        )  # fmt: skip

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
            self.rows[mask], self.steps[mask], self.seen[mask], self.n_seen[mask], self.sums[mask],
            self.squares[mask],
        )  # fmt: skip

    def with_more(self, other: Columns) -> Columns:
        """These and then others."""
        return Columns(
            *(
                np.concatenate([getattr(self, name), getattr(other, name)])
                for name in ("rows", "steps", "seen", "n_seen", "sums", "squares")
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
    n_both = np.broadcast_to(np.float64(n), product.shape)
    sum_left, sum_right = left.sums[:, None], right.sums[None, :]
    square_left, square_right = left.squares[:, None], right.squares[None, :]
    if left.gaps.any() or right.gaps.any():
        n_both, (sum_left, square_left), (sum_right, square_right) = _of_both(left, right)
    covariance = n_both * product - sum_left * sum_right
    variances = (n_both * square_left - sum_left**2) * (n_both * square_right - sum_right**2)
    return covariance**2 > (r2 * (1.0 + _EXACTLY)) * variances


def _of_both(left: Columns, right: Columns) -> tuple[Floats, tuple[Floats, Floats], tuple[Floats, Floats]]:
    """People with both calls, and each variant's sums over them: all, less those that the other misses."""
    absent = _Missing(right)
    n_both = left.n_seen[:, None] - absent.sums(left.seen)
    of_left = left.sums[:, None] - absent.sums(left.steps)
    squares_left = left.squares[:, None] - absent.sums(np.abs(left.steps))
    absent = _Missing(left)
    of_right = right.sums - absent.sums(right.steps).T
    squares_right = right.squares - absent.sums(np.abs(right.steps)).T
    return n_both, (of_left, squares_left), (of_right, squares_right)


class _Missing:
    """Where variants lack calls; while that is rare, adding up those places beats a product."""

    def __init__(self, columns: Columns) -> None:
        missing = columns.seen == 0
        places = np.flatnonzero(missing)
        self._n_variants = len(missing)
        self._dense = missing.astype(np.float32) if len(places) > _FEW * missing.size else None
        variant, self._person = np.divmod(places, missing.shape[1])
        self._variants, self._starts = np.unique(variant, return_index=True)

    def sums(self, values: NDArray[np.float32]) -> Floats:
        """Sums of the values, shape (V, n), over the people without a call: shape (V, variants)."""
        if self._dense is not None:
            return (values @ self._dense.T).astype(np.float64)
        found = np.zeros((len(values), self._n_variants))
        if len(self._starts):
            found[:, self._variants] = np.add.reduceat(values[:, self._person], self._starts, axis=1)
        return found
