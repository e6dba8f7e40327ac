"""Partitioned heritability: enrichment of overlapping annotations, standardised coefficients.

References
----------
.. [1] Finucane et al. (2015) Partitioning heritability by functional annotation using
   genome-wide association summary statistics. Nat Genet 47:1228-1235.
.. [2] Gazal et al. (2017) Linkage disequilibrium-dependent architecture of human complex
   traits shows action of negative selection. Nat Genet 49:1421-1427.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from postgwas.errors import InputError
from postgwas.ldsc import jackknife
from postgwas.ldsc.fits import H2Fit
from postgwas.ldsc.jackknife import Array


@dataclass(frozen=True, kw_only=True)
class Enrichment:
    """Heritability in annotations, each with everything that lies in it; A annotations.

    Attributes
    ----------
    prop_snps : ndarray, shape (A,)
        Share of each annotation in the variants.
    prop_h2, prop_h2_se : ndarray, shape (A,)
        Share in the heritability, with what overlapping annotations add inside it.
    enrichment, enrichment_se : ndarray, shape (A,)
        `prop_h2` over `prop_snps`.
    enrichment_p : ndarray, shape (A,)
        Test that the heritability per variant inside differs from that outside (two-sided,
        Student's t); NaN for an annotation that holds all variants.
    """

    prop_snps: Array
    prop_h2: Array
    prop_h2_se: Array
    enrichment: Array
    enrichment_se: Array
    enrichment_p: Array


@dataclass(frozen=True, kw_only=True)
class TauStar:
    """Standardised coefficients ([2]_): change of the heritability per variant, relative to its
    mean, for one standard deviation more of the annotation.

    Attributes
    ----------
    sd : ndarray, shape (A,)
        Standard deviation of each annotation over the variants.
    tau_star, se, z, p : ndarray, shape (A,)
        M sd tau / h2, its jackknife standard error as a ratio, and the two-sided test;
        NaN for an annotation that does not vary.
    """

    sd: Array
    tau_star: Array
    se: Array
    z: Array
    p: Array


def enrichment(fit: H2Fit, overlap: Array, m: Array, m_tot: float) -> Enrichment:
    """Enrichment of annotations that may overlap ([1]_, online methods).

    Parameters
    ----------
    fit : H2Fit
        Of A annotations.
    overlap : ndarray, shape (A, A)
        Sum over variants of the product of two annotations: for 0/1 annotations, how many
        variants two have in common.
    m : ndarray, shape (A,)
        Number of variants behind the LD scores of each annotation.
    m_tot : float
        Number of all variants.

    Raises
    ------
    InputError
        Shapes do not fit.
    """
    n_annot = fit.coef.size
    if overlap.shape != (n_annot, n_annot) or m.shape != (n_annot,):
        raise InputError(
            f"{n_annot} LD score columns, but annotations of {overlap.shape[0]} columns and {m.size} M"
        )
    inside = overlap / m
    prop = inside @ fit.prop
    prop_se = _standard_errors(inside, fit.prop_cov)
    prop_snps = m / m_tot
    # Mean of every annotation inside an annotation less its mean outside.
    contrast = np.zeros_like(overlap)
    some = m != m_tot
    contrast[some] = overlap[some] / m[some, None] - (m - overlap[some]) / (m_tot - m[some, None])
    difference = contrast @ fit.coef
    difference_se = _standard_errors(contrast, fit.coef_cov)
    return Enrichment(
        prop_snps=prop_snps,
        prop_h2=prop,
        prop_h2_se=prop_se,
        enrichment=prop / prop_snps,
        enrichment_se=prop_se / prop_snps,
        enrichment_p=_student(difference, difference_se, fit.n_blocks),
    )


def tau_star(fit: H2Fit, sd: Array, m_tot: float) -> TauStar:
    """Standardised coefficients M sd(a) tau / h2 ([2]_, eq. 3) with a ratio block jackknife.

    Parameters
    ----------
    fit : H2Fit
    sd : ndarray, shape (A,)
        Standard deviation of each annotation over all variants.
    m_tot : float
        Number of all variants.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(sd > 0, m_tot * sd, np.nan)
        jk = jackknife.ratio(
            scale * fit.coef / fit.tot, scale * fit.part_delete_values, fit.tot_delete_values[:, None]
        )
        z = jk.est / jk.se
    p = np.array([math.erfc(abs(value) / math.sqrt(2.0)) for value in z])
    return TauStar(sd=sd, tau_star=jk.est, se=jk.se, z=z, p=p)


def annotation_sd(overlap: Array, sums: Array, m_tot: float) -> Array:
    """Standard deviations of annotations from their sums and sums of squares over `m_tot` variants."""
    mean = sums / m_tot
    variance = np.diagonal(overlap) / m_tot - mean**2
    # What is left of a constant annotation is rounding error.
    return np.sqrt(np.where(variance > 1e-12 * mean**2, variance, 0.0))


def condition_number(l2: Array) -> float:
    """Ratio of the largest to the smallest singular value of LD scores (K, A); 1 for one column.

    From the eigenvalues of the cross products, so that a million variants cost one product.
    """
    if l2.ndim == 1 or l2.shape[1] == 1:
        return 1.0
    values = np.linalg.eigvalsh(l2.T @ l2)
    return float(np.sqrt(values[-1] / values[0])) if values[0] > 0 else math.inf


def _standard_errors(rows: Array, cov: Array) -> Array:
    """Standard errors of linear combinations; 0 where all that is left is rounding error.

    That of an annotation of all variants is 0: its share in the heritability is always 1.
    """
    variance = np.einsum("ij,jk,ik->i", rows, cov, rows)
    size = np.einsum("ij,jk,ik->i", np.abs(rows), np.abs(cov), np.abs(rows))
    return np.sqrt(np.where(variance > 1e-13 * size, variance, 0.0))


def _student(estimate: Array, se: Array, df: int) -> Array:
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2.0 * stdtr(float(df), -np.abs(estimate / se))
    return np.where(se > 0, p, np.nan)
