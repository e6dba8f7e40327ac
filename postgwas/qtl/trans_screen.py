"""Which pairs of variants and phenotypes can pass a limit on |r|: float32 products with a proven margin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.device import Device
from postgwas.qtl.projection import Floats, Projection
from postgwas.qtl.variant_block import VariantReason, variant_block

Calls = NDArray[np.int8] | NDArray[np.float32]
Places = NDArray[np.int64]

COLUMNS = 1024
"""Phenotypes whose products are one matrix, so that it stays in the cache."""

_ROUNDING = 2.0**-24
_POORLY_KNOWN = 0.05
"""Share of a variant's variance, left by the covariates, below which float32 does not tell the norm."""


@dataclass(frozen=True, eq=False)
class Centred:
    """Variants less their means, in float32, and what the limits follow from.

    Attributes
    ----------
    values : ndarray of float32, shape (V, n)
        A missing call is 0, the mean.
    spread : ndarray of float64, shape (V,)
        Norm of a row, to float32.
    reason : ndarray of int8, shape (V,)
        :class:`postgwas.qtl.variant_block.VariantReason`; what covariates explain is not known yet.
    """

    values: NDArray[np.float32]
    spread: Floats
    reason: NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Screened:
    """Candidates of a block.

    Attributes
    ----------
    rows, columns : ndarray of int64, shape (P,)
        Variants and phenotypes of all pairs whose |r| may be the limit or more.
    reason : ndarray of int8, shape (V,)
        :class:`postgwas.qtl.variant_block.VariantReason`; 0: the variant is tested.
    """

    rows: Places
    columns: Places
    reason: NDArray[np.int8]


def centred(calls: Calls, *, maf_min: float = 0.0, max_missing: float = 1.0) -> Centred:
    """Centre a block; counts are exact.

    Parameters
    ----------
    calls : ndarray, shape (V, n)
        Copies of A1: int8 with -9 for missing, or float32 with NaN.
    maf_min, max_missing : float
        As :func:`postgwas.qtl.variant_block.variant_block`, whose rules these are.

    Examples
    --------
    >>> block = centred(np.array([[0, 2, 2, -9], [1, 1, 1, -9]], np.int8))
    >>> block.reason, block.spread.round(4)
    (array([0, 2], dtype=int8), array([1.633, 0.   ]))
    """
    n = calls.shape[1]
    values = np.empty(calls.shape, np.float32)
    observed = np.full(len(calls), float(n))
    total = calls.sum(axis=1, dtype=np.int64 if calls.dtype == np.int8 else np.float64).astype(np.float64)
    low, high = calls.min(axis=1), calls.max(axis=1)  # NaN where one is missing
    varies = low < high
    gaps = np.flatnonzero(~(low >= 0))
    if len(gaps):
        missing = ~(calls[gaps] >= 0)
        seen = np.where(missing, 0, calls[gaps])
        observed[gaps] = n - np.count_nonzero(missing, axis=1)
        total[gaps] = seen.sum(axis=1, dtype=np.float64)
        least = np.where(missing, np.inf, seen).min(axis=1)
        varies[gaps] = least < np.where(missing, -np.inf, seen).max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(observed > 0, total / observed, 0.0)
    np.subtract(calls, mean[:, None].astype(np.float32), out=values)
    if len(gaps):
        values[gaps] = np.where(missing, np.float32(0.0), values[gaps])
    minor = np.minimum(total, 2.0 * observed - total)
    reason = np.zeros(len(calls), np.int8)
    reason[minor < maf_min * 2.0 * observed * (1.0 - 1e-12)] = VariantReason.MAF_BELOW_LIMIT
    reason[n - observed > max_missing * n * (1.0 + 1e-12)] = VariantReason.TOO_MANY_MISSING
    reason[~varies] = VariantReason.CONSTANT
    reason[observed == 0] = VariantReason.ALL_MISSING
    return Centred(values, np.sqrt(np.einsum("ij,ij->i", values, values)).astype(np.float64), reason)


class Screen:
    """The phenotypes of a trans scan, ready to be multiplied with block after block.

    Parameters
    ----------
    y_unit : ndarray, shape (G, n)
        Residuals of the phenotypes beside the covariates, of norm 1.
    projection : Projection
        Of the genotypes.
    limit : float
        Least |r|.
    device : Device

    Notes
    -----
    The residuals of a phenotype are orthogonal to the covariates, so x'y of a centred variant x is that of
    its residuals: covariates need not be projected out of a genotype, only its norm be told,
    |x~|^2 = |x|^2 - |Q'x|^2. In float32, whatever the order of its sums, a product of n terms is off by at
    most n u |x||y| with u = 2^-24 (Higham 2002, equation 3.5), and so |x~|^2 by at most 3 n u |x|^2. The
    limits are lowered by what that can do, so that no pair is lost. Where the covariates leave little of a
    variant, its norm is found in float64.
    """

    def __init__(self, y_unit: Floats, projection: Projection, limit: float, device: Device) -> None:
        self._device = device
        self._projection = projection
        self._limit = limit
        self._parts = [
            (start, device.hold(np.ascontiguousarray(y_unit[start : start + COLUMNS], np.float32)))
            for start in range(0, len(y_unit), COLUMNS)
        ]
        self._basis = np.ascontiguousarray(projection.basis[:, 1:].T, np.float32)

    def norms(self, block: Centred, calls: Calls, reason: NDArray[np.int8]) -> Floats:
        """Norms of the residuals, shape (V,); `reason` is told which variants covariates explain."""
        squares = block.spread**2
        if len(self._basis):
            explained = block.values @ self._basis.T
            squares = squares - np.einsum("ij,ij->i", explained, explained)
        poor = np.flatnonzero((reason == 0) & (squares < _POORLY_KNOWN * block.spread**2))
        if len(poor):
            exact = variant_block(calls[poor], self._projection)
            squares[poor] = exact.norm**2
            reason[poor] = exact.reason
        norms: Floats = np.sqrt(np.maximum(squares, 0.0))
        return norms

    def candidates(self, calls: Calls, *, maf_min: float = 0.0, max_missing: float = 1.0) -> Screened:
        """All pairs of a block whose |r| may be the limit or more.

        Parameters
        ----------
        calls : ndarray, shape (V, n)
        maf_min, max_missing : float
            As :func:`centred`.
        """
        block = centred(calls, maf_min=maf_min, max_missing=max_missing)
        reason = block.reason.copy()
        norm = self.norms(block, calls, reason)
        kept = np.flatnonzero(reason == 0)
        values = block.values if len(kept) == len(calls) else block.values[kept]
        least = self._least(block.spread[kept], norm[kept])
        rows, columns = [], []
        for start, held in self._parts:
            at, column = self._device.beyond(values, held, least)
            rows.append(kept[at])
            columns.append(column + start)
        return Screened(np.concatenate(rows), np.concatenate(columns), reason)

    def _least(self, spread: Floats, norm: Floats) -> NDArray[np.float32]:
        """Limits of x'y, lowered by what rounding can do to product and norm."""
        n = self._projection.n_samples
        bound = (n + 4) * _ROUNDING
        ratio = spread / norm
        margin = bound * ratio * (1.0 + 2.0 * self._limit * ratio)
        least: NDArray[np.float32] = (np.maximum(self._limit - margin, 0.0) * norm).astype(np.float32)
        return least
