"""Genotypes on PLINK's scale for principal components: (x - 2p) / sqrt(2p(1 - p)), missing calls 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.genotypes import Calls, Moments

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scale:
    """What a variant's copies of A1 are centred and divided by.

    Attributes
    ----------
    mean : ndarray of float64, shape (V,)
        Mean copies of A1, 2p.
    sd : ndarray of float64, shape (V,)
        sqrt(2p(1 - p)): the standard deviation in Hardy-Weinberg proportions; 0 or NaN where
        a variant does not vary.
    """

    mean: Floats
    sd: Floats

    def of(self, variants: NDArray[Any] | slice) -> Scale:
        """The scale of some of the variants."""
        return Scale(self.mean[variants], self.sd[variants])

    @property
    def varies(self) -> NDArray[np.bool_]:
        """Variants with more than one allele among the calls."""
        with np.errstate(invalid="ignore"):
            return self.sd > 0


def scale_of(moments: Moments) -> Scale:
    """Scale from allele counts.

    Examples
    --------
    >>> scale_of(Moments(np.array([2, 2]), np.array([2.0, 4.0]), np.array([2.0, 8.0]))).varies.tolist()
    [True, False]
    """
    # Counts, not frequencies: exactly the same whichever allele is A1, and exactly 0 where none varies.
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = moments.n_observed.astype(np.float64)
        other = 2.0 * observed - moments.total
        sd = np.sqrt(np.maximum(moments.total * other, 0.0) / 2.0) / observed
    return Scale(moments.mean, sd)


def missing_calls(calls: Calls) -> NDArray[np.bool_] | None:
    """Which calls are missing, or None where none is."""
    if calls.dtype == np.int8:
        if calls.size == 0 or calls.min() >= 0:
            return None
        return np.less(calls, 0)
    missing: NDArray[np.bool_] = np.isnan(calls)
    return missing if missing.any() else None


def standardised(
    calls: Calls, scale: Scale, dtype: type = np.float32, *, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Standardised genotypes; what is missing becomes 0, the mean.

    Parameters
    ----------
    calls : ndarray, shape (V, n)
        Copies of A1: int8 with negative values for missing, or float32 with NaN.
    scale : Scale
        Of these variants, all of which vary.
    dtype : type
        np.float32 or np.float64.
    out : ndarray of `dtype`, shape (V, n), optional
        Where the result goes: new memory for each block costs more than the arithmetic.

    Returns
    -------
    ndarray of `dtype`, shape (V, n)

    Examples
    --------
    >>> standardised(np.array([[0, 1, 2, -9]], np.int8), Scale(np.array([1.0]), np.array([0.5]))).tolist()
    [[-2.0, 0.0, 2.0, 0.0]]
    """
    missing = missing_calls(calls)
    # The whole part of the mean first, without rounding: 2 - 1.998 in float32 has four digits.
    whole = np.rint(scale.mean)
    scaled: NDArray[Any] = np.empty(calls.shape, dtype) if out is None else out
    scaled[...] = np.subtract(calls, whole.astype(calls.dtype)[:, None])
    scaled -= (scale.mean - whole).astype(dtype)[:, None]
    scaled *= (1.0 / scale.sd).astype(dtype)[:, None]
    if missing is not None:
        scaled[missing] = 0.0
    return scaled
