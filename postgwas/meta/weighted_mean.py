"""Weighted means over studies with a variance between them: the sums that all estimators share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects of V variants in K studies, without NaN: absent ones have effect 0 and `present` False.

    Attributes
    ----------
    beta, variance : ndarray of float64, shape (K, V)
        Effects of one allele and squared standard errors (1 where absent).
    present : ndarray of bool, shape (K, V)
    k : ndarray of float64, shape (V,)
        Number of studies of each variant.
    """

    beta: Floats
    variance: Floats
    present: Mask
    k: Floats

    @classmethod
    def of(cls, beta: Floats, se: Floats) -> Effects:
        """From arrays in which NaN marks absence; so does a standard error that is not above 0 and finite."""
        beta = np.asarray(beta, np.float64)
        se = np.asarray(se, np.float64)
        if beta.ndim != 2 or beta.shape != se.shape:
            raise ValueError(f"beta {beta.shape} and se {se.shape} must be (studies, variants), alike")
        present = np.isfinite(beta) & np.isfinite(se) & (se > 0)
        variance = np.where(present, se * se, 1.0)
        return cls(np.where(present, beta, 0.0), variance, present, present.sum(axis=0).astype(np.float64))

    def at(self, rows: Mask | NDArray[np.int64]) -> Effects:
        """Of some variants only."""
        return Effects(self.beta[:, rows], self.variance[:, rows], self.present[:, rows], self.k[rows])

    def weights(self, tau2: Floats | float = 0.0) -> Floats:
        """One over (variance + tau2), 0 where absent; shape (K, V)."""
        return np.divide(1.0, self.variance + tau2, out=np.zeros_like(self.variance), where=self.present)


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over studies at one tau2 a variant; each of shape (V,).

    Attributes
    ----------
    w1, w2, w3 : ndarray
        Sums of the weights' first to third powers.
    mean : ndarray
        Weighted mean effect; NaN where no study is.
    q : ndarray
        Weighted squares around the mean.
    q2 : ndarray
        The same with squared weights: y'PPy, with P the projection of Viechtbauer 2005.
    """

    w1: Floats
    w2: Floats
    w3: Floats
    mean: Floats
    q: Floats
    q2: Floats

    @property
    def trace_p(self) -> Floats:
        """Trace of P."""
        with np.errstate(invalid="ignore"):
            return self.w1 - self.w2 / self.w1

    @property
    def trace_pp(self) -> Floats:
        """Trace of PP."""
        with np.errstate(invalid="ignore"):
            return self.w2 - 2.0 * self.w3 / self.w1 + (self.w2 / self.w1) ** 2


def sums(effects: Effects, tau2: Floats | float = 0.0) -> Sums:
    """All sums at `tau2`, a number or one a variant."""
    w = effects.weights(tau2)
    w1 = w.sum(axis=0)
    squared = w * w
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (w * effects.beta).sum(axis=0) / w1
    apart = (effects.beta - np.where(np.isnan(mean), 0.0, mean)) ** 2
    weighted = w * apart
    return Sums(
        w1=w1,
        w2=squared.sum(axis=0),
        w3=(squared * w).sum(axis=0),
        mean=mean,
        q=weighted.sum(axis=0),
        q2=(w * weighted).sum(axis=0),
    )
