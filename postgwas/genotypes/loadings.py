"""Axes as they are handed on: loadings with their alleles, and how genotypes are to be scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postgwas.genotypes.standardise import Floats, Scale

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class Loadings:
    """Axes on which new samples can be projected.

    Attributes
    ----------
    variants : polars.DataFrame
        CHR, CHROM, SNPID, POS, A1 (whose copies are counted), A2; V rows.
    scale : Scale
        Mean and sd of the copies in the reference.
    weights : ndarray of float64, shape (V, k)
        Columns of length 1.
    eigenvalues : ndarray of float64, shape (k,)
        Of the relationship matrix Z'Z / V.
    n_samples : int
        Samples of the reference; 0 where the file does not say.
    """

    variants: pl.DataFrame
    scale: Scale
    weights: Floats
    eigenvalues: Floats
    n_samples: int

    @property
    def n_axes(self) -> int:
        return self.weights.shape[1]

    @property
    def singular(self) -> Floats:
        """Singular values of the standardised genotypes: coordinates over these are scores."""
        return np.asarray(np.sqrt(self.variants.height * self.eigenvalues))

    def first(self, n_axes: int) -> Loadings:
        """The first axes alone."""
        return Loadings(
            self.variants, self.scale, self.weights[:, :n_axes], self.eigenvalues[:n_axes], self.n_samples
        )
