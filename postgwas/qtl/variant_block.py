"""A block of variants made ready for products: imputed, counted, covariates projected out, of norm 1."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.projection import Floats, Projection

_CONSTANT = 1e-14
"""Share of the sum of squares, around the mean, that is rounding."""
_LITTLE = 0.05
"""Share of the sum of squares, left by the covariates, below which it is computed from the residuals."""
_EXPLAINED = 1e-10
"""Share of a variant's variance, left by the covariates, below which nothing can be tested."""


class VariantReason(IntEnum):
    """Why a variant is not tested; 0 if it is."""

    USABLE = 0
    ALL_MISSING = 1
    CONSTANT = 2
    MAF_BELOW_LIMIT = 3
    TOO_MANY_MISSING = 4
    EXPLAINED_BY_COVARIATES = 5
    MAF_BELOW_LIMIT_IN_GROUP = 6
    INTERACTION_EXPLAINED = 7


@dataclass(frozen=True, eq=False)
class VariantBlock:
    """Variants, one a row, over the samples that are used.

    Attributes
    ----------
    dosage : ndarray of float64, shape (V, n)
        Copies of A1; a missing call is the mean of the variant's others.
    unit : ndarray of float64, shape (V, n)
        Residuals beside the covariates, of norm 1; 0 where `reason` is not 0.
    norm : ndarray of float64, shape (V,)
        Norm of the residuals before they were scaled.
    af : ndarray of float64, shape (V,)
        Frequency of A1 among the calls; NaN where all are missing.
    ma_samples : ndarray of int64, shape (V,)
        Carriers of the minor allele, those at over half a copy included.
    ma_count : ndarray of int64, shape (V,)
        Copies of the minor allele, as tensorQTL counts them: after imputation, rounded down.
    n_missing : ndarray of int64, shape (V,)
    reason : ndarray of int8, shape (V,)
        :class:`VariantReason`.
    """

    dosage: Floats
    unit: Floats
    norm: Floats
    af: Floats
    ma_samples: NDArray[np.int64]
    ma_count: NDArray[np.int64]
    n_missing: NDArray[np.int64]
    reason: NDArray[np.int8]

    @property
    def n_variants(self) -> int:
        return len(self.norm)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which are tested, shape (V,)."""
        return self.reason == VariantReason.USABLE

    def of(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> VariantBlock:
        """Some of the variants."""
        return VariantBlock(*(getattr(self, name)[rows] for name in _FIELDS))


_FIELDS = tuple(VariantBlock.__dataclass_fields__)


def variant_block(
    calls: NDArray[np.int8] | NDArray[np.float32],
    projection: Projection,
    *,
    maf_min: float = 0.0,
    max_missing: float = 1.0,
    project: bool = True,
) -> VariantBlock:
    """Impute, count, project and scale.

    Parameters
    ----------
    calls : ndarray, shape (V, n)
        Copies of A1: int8 with -9 for missing, or float32 with NaN.
    projection : Projection
    maf_min : float
        Variants of this minor allele frequency or more are tested; counts decide, not rounded frequencies.
    max_missing : float
        Variants with at most this share of missing calls are tested.
    project : bool
        False: `unit` keeps what the covariates explain, for products with residuals of phenotypes alone,
        which are the same: residuals are orthogonal to covariates. `norm` is that of the residuals.

    Examples
    --------
    >>> from postgwas.qtl.projection import projection
    >>> block = variant_block(np.array([[0, 1, 2, -9], [1, 1, 1, 1]], np.int8), projection(None, 4))
    >>> block.af, block.reason, block.dosage[0]
    (array([0.5, 0.5]), array([0, 2], dtype=int8), array([0., 1., 2., 1.]))
    """
    n = calls.shape[1]
    dosage = calls.astype(np.float64)
    missing = (calls < 0) if calls.dtype == np.int8 else np.isnan(calls)
    n_missing = np.zeros(len(calls), np.int64)
    if missing.any():
        n_missing = np.count_nonzero(missing, axis=1)
        dosage[missing] = 0.0
    observed = n - n_missing
    total = dosage.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / observed
    if missing.any():
        rows = np.flatnonzero(n_missing)
        known = np.nan_to_num(mean[rows])
        dosage[rows] = np.where(missing[rows], known[:, None], dosage[rows])
    reason = np.zeros(len(calls), np.int8)
    minor = np.minimum(total, 2.0 * observed - total)
    # Counts against the limit's count: a limit that is met exactly does not depend on rounding.
    reason[minor < maf_min * 2.0 * observed * (1.0 - 1e-12)] = VariantReason.MAF_BELOW_LIMIT
    reason[n_missing > max_missing * n * (1.0 + 1e-12)] = VariantReason.TOO_MANY_MISSING
    # With imputed calls at the mean, so that the sum over all is n times it.
    sum_squares = np.einsum("ij,ij->i", dosage, dosage)
    full_mean = np.nan_to_num(mean)
    spread = sum_squares - n * full_mean**2
    reason[spread <= _CONSTANT * sum_squares] = VariantReason.CONSTANT
    reason[observed == 0] = VariantReason.ALL_MISSING
    if project:
        left = projection.residuals(dosage)
        squares = np.einsum("ij,ij->i", left, left)
    else:
        left = dosage - full_mean[:, None]
        squares = _residual_squares(left, projection)
    reason[(reason == 0) & (squares <= _EXPLAINED * spread)] = VariantReason.EXPLAINED_BY_COVARIATES
    norm = np.sqrt(squares)
    usable = reason == 0
    scale = np.zeros_like(norm)
    scale[usable] = 1.0 / norm[usable]
    left *= scale[:, None]
    whole = n_missing == 0 if calls.dtype == np.int8 else np.zeros(len(calls), np.bool_)
    ma_samples, ma_count = _minor_allele(dosage, mean / 2.0, total, sum_squares, whole)
    return VariantBlock(dosage, left, norm, mean / 2.0, ma_samples, ma_count, n_missing, reason)


def _residual_squares(centred: Floats, projection: Projection) -> Floats:
    """Sum of squares of what covariates leave of centred rows, without computing the residuals."""
    whole = np.einsum("ij,ij->i", centred, centred)
    if projection.rank == 1:
        return whole
    explained = centred @ projection.basis[:, 1:]
    squares = whole - np.einsum("ij,ij->i", explained, explained)
    # Where little is left the difference loses digits.
    low = np.flatnonzero(squares < _LITTLE * whole)
    if len(low):
        left = projection.residuals(centred[low])
        squares[low] = np.einsum("ij,ij->i", left, left)
    return squares


def _minor_allele(
    dosage: Floats, af: Floats, total: Floats, squares: Floats, whole: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Carriers and copies of the minor allele; `whole` marks variants whose calls are all 0, 1 or 2."""
    n = dosage.shape[1]
    # Of whole calls sum and sum of squares tell how many there are of each kind.
    two = (squares - total) / 2.0
    one = total - 2.0 * two
    rare = ~(af > 0.5)
    samples = np.where(rare, one + two, n - two)
    count = np.where(rare, total, 2.0 * n - total)
    others = np.flatnonzero(~whole)
    if len(others):
        values, minor = dosage[others], rare[others]
        carriers = values > 0.5
        samples[others] = np.where(
            minor, np.count_nonzero(carriers, axis=1), np.count_nonzero(values < 1.5, axis=1)
        )
        copies = np.einsum("ij,ij->i", values, carriers)
        count[others] = np.where(minor, copies, 2.0 * n - copies)
    # Whole numbers but for imputed calls, whose sum may fall a rounding short of one.
    return samples.astype(np.int64), np.floor(count + 1e-9).astype(np.int64)
