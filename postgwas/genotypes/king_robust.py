"""KING-robust kinship of pairs of people, from counts that are exact whole numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError
from postgwas.genotypes.genotypes import Calls

Bools = NDArray[np.bool_]
Counts = NDArray[np.int32]
Floats = NDArray[np.float64]

BLOCK = 8192
"""Variants of a block; sums of one block fit float32, and packed counts int32, without rounding."""
_PACK_BITS = 15
_PACK = 1 << _PACK_BITS
"""Two counts in one int32: heterozygous calls below, missing ones above."""
_EXACT = 1 << 24
"""Up to here float32 holds every whole number."""

RELATIONS = ("duplicate or twin", "first degree", "second degree", "third degree", "unrelated")
KINSHIP_LIMITS = (0.354, 0.177, 0.0884, 0.0442)
"""Least kinship of the first four relations: 2^(-3/2), 2^(-5/2), 2^(-7/2), 2^(-9/2) to three digits."""


@dataclass(frozen=True, eq=False)
class PairCounts:
    """What pairs of people share; people of the left along the first axis, of the right along the second.

    Attributes
    ----------
    n_shared : ndarray of int32, shape (L, R)
        Variants at which neither misses a call.
    het_left, het_right : ndarray of int32, shape (L, R)
        Of these, how many are heterozygous in the one and in the other.
    squares : ndarray of int32, shape (L, R)
        Sum of squared differences in copies: 4 for opposite homozygotes, 1 for a heterozygote
        against a homozygote.
    het_both : ndarray of int32, shape (L, R), or None
        Heterozygous in both.
    opposite : ndarray of int32, shape (L, R), or None
        Opposite homozygotes: no allele in common.
    """

    n_shared: Counts
    het_left: Counts
    het_right: Counts
    squares: Counts
    het_both: Counts | None = None
    opposite: Counts | None = None

    @property
    def kinship(self) -> Floats:
        """KING-robust between-family estimate; NaN where one of the two has no heterozygous call.

        phi = (N_AaAa - 2 N_AAaa) / (2 N_Aa(i)) + 1/2 - (N_Aa(i) + N_Aa(j)) / (4 N_Aa(i)),

        with i the person of fewer heterozygous calls; that is 1/2 less the sum of squared
        differences over 4 N_Aa(i).
        """
        fewer = np.minimum(self.het_left, self.het_right).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            phi: Floats = 0.5 - self.squares / (4.0 * fewer)
        phi[fewer == 0] = np.nan
        return phi


def pair_counts(blocks: Iterable[tuple[Calls, Calls | None]], *, apart: bool = True) -> PairCounts:
    """Counts of pairs over blocks of variants.

    Parameters
    ----------
    blocks : iterable of (left, right)
        Copies of A1, int8 with missing negative, shapes (variants, L) and (variants, R), of at most
        :data:`BLOCK` variants; right is None for pairs within the left.
    apart : bool
        Tell opposite homozygotes from pairs of a heterozygote and a homozygote. Kinship does not need
        that, and without it the work is half: `het_both` and `opposite` are then None.

    Returns
    -------
    PairCounts

    Raises
    ------
    UsageError
        If a block is too long, or there is none.

    References
    ----------
    Manichaikul et al. (2010) Bioinformatics 26, 2867-2873, equation 11.

    Notes
    -----
    With x = copies - 1 (0 where missing) and h = 1 where heterozygous, the products x x' and h h'
    and, for missing calls alone, what each person has where the other misses a call, give all counts.
    """
    sums: _Sums | None = None
    for left, right in blocks:
        if len(left) > BLOCK:
            raise UsageError(f"a block of {len(left):,} variants: expected at most {BLOCK:,}")
        if sums is None:
            sums = _Sums(left.shape[1], left.shape[1] if right is None else right.shape[1], apart=apart)
        sums.add(left, right)
    if sums is None:
        raise UsageError("no block of variants given")
    return sums.counts()


class _Sum:
    """A running sum of whole numbers in float32, emptied into int32 before it could round."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._pending = np.zeros(shape, np.float32)
        self._whole = np.zeros((1, 1), np.int32)
        self._n_variants = 0

    def add(self, product: NDArray[np.float32], n_variants: int) -> None:
        if self._n_variants + n_variants > _EXACT:
            self._whole = self.value()
            self._pending[:] = 0.0
            self._n_variants = 0
        self._pending += product
        self._n_variants += n_variants

    def value(self) -> Counts:
        return self._pending.astype(np.int32) + self._whole


class _Sums:
    """Running sums of blocks."""

    def __init__(self, n_left: int, n_right: int, *, apart: bool) -> None:
        shape = (n_left, n_right)
        self.n_variants = 0
        self.product = _Sum(shape)
        self.both = _Sum(shape) if apart else None
        # Of the left where the right misses a call, as the sparse product gives them: shape (R, L).
        self.lost_left = np.zeros(shape[::-1], np.int32)
        self.missing_both = np.zeros(shape[::-1], np.int32)
        self.lost_right = np.zeros(shape, np.int32)
        self.within = True
        self.het = [np.zeros(n_left, np.int32), np.zeros(n_right, np.int32)]
        self.missing = [np.zeros(n_left, np.int32), np.zeros(n_right, np.int32)]

    def add(self, left: Calls, right: Calls | None) -> None:
        n_variants = len(left)
        self.n_variants += n_variants
        self.within = right is None
        sides = [left] if right is None else [left, right]
        steps = [_steps(side) for side in sides]
        self.product.add(steps[0].T @ steps[-1], n_variants)
        del steps
        hets = [(side == 1).astype(np.float32) for side in sides]
        if self.both is not None:
            self.both.add(hets[0].T @ hets[-1], n_variants)
        gaps = [_sparse(side < 0) for side in sides]
        each = np.ones(n_variants, np.float32)
        for number in (0, 1):
            self.het[number] += (each @ hets[number % len(sides)]).astype(np.int32)
            self.missing[number] += np.diff(gaps[number % len(sides)].indptr).astype(np.int32)
        if any(gap.nnz for gap in gaps):
            self._add_missing(sides, gaps)

    def _add_missing(self, sides: list[Calls], gaps: list[Any]) -> None:
        """What one has where the other misses a call: missing calls are few, so a sparse product."""
        of_left = gaps[-1] @ _packed(sides[0])
        self.missing_both += of_left >> _PACK_BITS
        of_left &= _PACK - 1
        self.lost_left += of_left
        if len(sides) == 2:
            self.lost_right += (gaps[0] @ _packed(sides[1])) & (_PACK - 1)

    def counts(self) -> PairCounts:
        shared = self.n_variants - self.missing[0][:, None] - self.missing[1] + self.missing_both.T
        het_left = self.het[0][:, None] - self.lost_left.T
        het_right = self.het[1] - (self.lost_left if self.within else self.lost_right)
        squares = 2 * shared - het_left - het_right - 2 * self.product.value()
        if self.both is None:
            return PairCounts(shared, het_left, het_right, squares)
        both = self.both.value()
        opposite = (squares - (het_left + het_right - 2 * both)) // 4
        return PairCounts(shared, het_left, het_right, squares, both, opposite)


def _steps(calls: Calls) -> NDArray[np.float32]:
    """Copies - 1, 0 where missing."""
    return (np.where(calls < 0, np.int8(1), calls) - np.int8(1)).astype(np.float32)


def _packed(calls: Calls) -> NDArray[np.int32]:
    """Whether heterozygous, and whether missing, in one number."""
    both = (calls < 0).astype(np.int32)
    both <<= _PACK_BITS
    both |= calls == 1
    return both


def _sparse(missing: Bools) -> Any:
    """Missing calls, people x variants."""
    from scipy.sparse import csr_array

    variant, person = np.divmod(np.flatnonzero(missing), missing.shape[1])
    return csr_array((np.ones(len(person), np.int32), (person, variant)), shape=missing.shape[::-1])


def relation_of(kinship: Floats) -> NDArray[np.int64]:
    """Which of :data:`RELATIONS` a kinship is; NaN counts as unrelated.

    Examples
    --------
    >>> [RELATIONS[i] for i in relation_of(np.array([0.5, 0.25, 0.13, 0.06, -0.1]))]
    ['duplicate or twin', 'first degree', 'second degree', 'third degree', 'unrelated']
    """
    limits = np.array(KINSHIP_LIMITS)
    kind: NDArray[np.int64] = (~(kinship[..., None] >= limits)).sum(axis=-1)
    return kind
