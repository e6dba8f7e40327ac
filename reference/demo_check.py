"""How well an MTAG run on the demo study finds the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.reference.demo import DemoStudy

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Effects:
    """True effects against estimates, standardised scale; arrays of shape (n_traits,).

    Attributes
    ----------
    n_variants : int
    correlation_gwas, correlation_mtag : ndarray
        Pearson correlation with the true effects.
    mse_gwas, mse_mtag : ndarray
        Mean squared error.
    """

    n_variants: int
    correlation_gwas: FloatArray
    correlation_mtag: FloatArray
    mse_gwas: FloatArray
    mse_mtag: FloatArray


@dataclass(frozen=True)
class Deviations:
    """How far estimates lie from the truth, in standard errors.

    Attributes
    ----------
    omega, rg, sigma : ndarray, shape (n_traits, n_traits)
        (estimate - truth) / SE; NaN where no standard error exists.
    """

    omega: FloatArray
    rg: FloatArray
    sigma: FloatArray

    def counts(self, limit: float = 2.0) -> tuple[int, int]:
        """How many distinct elements lie within `limit` standard errors, and how many there are."""
        lower = np.tril_indices_from(self.omega)
        below = np.tril_indices_from(self.rg, k=-1)
        values = np.concatenate([self.omega[lower], self.rg[below], self.sigma[lower]])
        values = values[np.isfinite(values)]
        return int(np.count_nonzero(np.abs(values) <= limit)), int(values.size)


def compare_effects(
    study: DemoStudy,
    snpid: ArrayLike,
    ea: ArrayLike,
    nea: ArrayLike,
    gwas: FloatArray,
    mtag: FloatArray,
) -> Effects:
    """Compare estimates with the effects that the data were simulated from.

    Parameters
    ----------
    study : DemoStudy
    snpid, ea, nea : array-like of str, shape (n_variants,)
        Variants of a run and the alleles that its estimates refer to.
    gwas, mtag : ndarray, shape (n_variants, n_traits)
        Standardised effects: Z / sqrt(N), and MTAG's.

    Returns
    -------
    Effects
        Over the run's variants that the study simulated.
    """
    ids = np.asarray(snpid, dtype=str)
    order = np.argsort(study.snpid, kind="stable")
    known = study.snpid[order]
    at = np.minimum(np.searchsorted(known, ids), known.size - 1)
    found = known[at] == ids
    index = order[at]
    same = np.asarray(ea, dtype=str) == study.ea[index]
    turned = np.asarray(nea, dtype=str) == study.ea[index]
    keep = found & (same | turned) & np.isfinite(gwas).all(axis=1) & np.isfinite(mtag).all(axis=1)
    truth = study.effects[index[keep]] * np.where(same[keep], 1.0, -1.0)[:, None]
    return Effects(
        n_variants=int(keep.sum()),
        correlation_gwas=_correlations(truth, gwas[keep]),
        correlation_mtag=_correlations(truth, mtag[keep]),
        mse_gwas=np.mean((gwas[keep] - truth) ** 2, axis=0),
        mse_mtag=np.mean((mtag[keep] - truth) ** 2, axis=0),
    )


def deviations(
    study: DemoStudy,
    *,
    omega: FloatArray,
    omega_se: FloatArray,
    rg: FloatArray,
    rg_se: FloatArray,
    sigma: FloatArray,
    sigma_se: FloatArray,
) -> Deviations:
    """(estimate - truth) / SE of every element; all matrices of shape (n_traits, n_traits)."""
    truth = study.truth

    def in_se(estimate: FloatArray, true: FloatArray, se: FloatArray) -> FloatArray:
        usable = np.isfinite(se) & (se > 0)
        result: FloatArray = np.full(np.shape(true), np.nan)
        result[usable] = (estimate - true)[usable] / se[usable]
        return result

    return Deviations(
        in_se(omega, truth.omega, omega_se), in_se(rg, truth.rg, rg_se), in_se(sigma, truth.sigma, sigma_se)
    )


def _correlations(a: FloatArray, b: FloatArray) -> FloatArray:
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    result: FloatArray = (a * b).sum(axis=0) / np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    return result
