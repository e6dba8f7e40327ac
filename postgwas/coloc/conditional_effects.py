"""Effects of variants given others, from summary statistics and LD (conditional and joint analysis)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.trait_data import Dataset
from postgwas.errors import UsageError

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

NEAR = 0.8
"""Squared correlation with a conditioned variant above which a variant is left at no effect."""


@dataclass(frozen=True, eq=False)
class LinearTrait:
    """Marginal effects of a linear regression, and what conditioning on variants needs.

    Attributes
    ----------
    beta, se : ndarray, shape (V,)
    heterozygosity : ndarray, shape (V,)
        Variance of each variant's genotype.
    ld : ndarray, shape (V, V)
    n : float
    total : float
        Sum of squares of the trait.
    """

    beta: Floats
    se: Floats
    heterozygosity: Floats
    ld: Floats
    n: float
    total: float

    @classmethod
    def of(cls, data: Dataset) -> LinearTrait:
        """From a dataset; case-control effects become those of a linear regression on disease.

        Raises
        ------
        UsageError
            If effects, frequencies, sample sizes, LD, or the share of cases are missing.
        """
        lacking = [name for name in ("beta", "se", "maf", "n", "ld") if getattr(data, name) is None]
        if data.type == "cc" and data.case_fraction is None:
            lacking.append("case_fraction")
        if lacking:
            raise UsageError(f"conditioning needs {' and '.join(lacking)}", hint="or method='mask'")
        beta, se, maf, n = (np.asarray(getattr(data, name)) for name in ("beta", "se", "maf", "n"))
        size = float(np.median(n))
        ld = np.asarray(data.ld, np.float64)
        if data.type == "quant":
            assert data.trait_sd is not None
            return cls(beta, se, 2.0 * maf * (1.0 - maf), ld, size, size * data.trait_sd**2)
        share = float(data.case_fraction or 0.5)
        linear, error, variance = linear_effects(beta, maf, n, share)
        return cls(linear, error, variance, ld, size, size * share * (1.0 - share))

    @property
    def z(self) -> Floats:
        """z-scores of marginal effects."""
        ratio: Floats = self.beta / self.se
        return ratio

    def given(self, variants: Rows) -> tuple[Floats, Floats]:
        """Effects and standard errors of all variants given some, shape (V,) each.

        Effects are of the residual trait on the genotype as it is: z-scores are those of a regression on all.
        Variants given and those in strong LD with one of them have no effect, and their marginal error.

        References
        ----------
        Yang et al. 2012, Nature Genetics 44:369-375.
        """
        near = (self.ld[variants] ** 2).max(axis=0) > NEAR
        near[variants] = True
        square = self.n * self.heterozygosity
        root = np.sqrt(square)
        among = self.ld[np.ix_(variants, variants)] * np.outer(root[variants], root[variants])
        across = self.ld[variants] * np.outer(root[variants], root)
        marginal = square[variants] * self.beta[variants]
        joint = np.linalg.solve(among, marginal)
        beta = self.beta - across.T @ joint / square
        left = self.total - joint @ marginal - beta * square * self.beta
        left /= self.n - variants.size - 1
        explained = (across * np.linalg.solve(among, across)).sum(axis=0)
        se = np.sqrt(np.abs(left * (square - explained))) / square
        return np.where(near, 0.0, beta), np.where(near, self.se, se)


def linear_effects(
    log_odds: Floats, maf: Floats, n: Floats, case_fraction: float
) -> tuple[Floats, Floats, Floats]:
    """What a linear regression of disease on genotypes would have given.

    Parameters
    ----------
    log_odds : ndarray, shape (V,)
        Of the allele whose frequency is `maf`.
    maf : ndarray, shape (V,)
        In controls.
    n : ndarray, shape (V,)
    case_fraction : float

    Returns
    -------
    tuple of ndarray, shape (V,)
        Effects, standard errors, and the variances of genotypes in cases and controls together.

    References
    ----------
    As coloc's bin2lin (Wallace 2021): genotypes of cases from those of controls and odds ratios.
    """
    copies = np.arange(3.0)
    controls = np.stack([(1.0 - maf) ** 2, 2.0 * maf * (1.0 - maf), maf**2])
    cases = controls * np.exp(copies[:, None] * log_odds)
    cases /= cases.sum(axis=0)
    mean0, mean1 = copies @ controls, copies @ cases
    mean = (1.0 - case_fraction) * mean0 + case_fraction * mean1
    square = (1.0 - case_fraction) * (copies**2 @ controls) + case_fraction * (copies**2 @ cases)
    variance = square - mean**2
    disease = case_fraction * (1.0 - case_fraction)
    beta = disease * (mean1 - mean0) / variance
    se: Floats = np.sqrt((disease / variance - beta**2) / (n - 1.0))
    return beta, se, variance
