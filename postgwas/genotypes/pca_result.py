"""What a principal component analysis gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.loadings import Loadings
from postgwas.genotypes.standardise import Floats

if TYPE_CHECKING:
    import polars as pl

FIT, PROJECTED, OUTLIER = "fit", "projected", "outlier"


@dataclass(frozen=True, eq=False)
class PCAResult:
    """Axes of genetic variation.

    Attributes
    ----------
    samples : polars.DataFrame
        FID, IID, SEX; n rows, in the order of the genotypes.
    scores : ndarray of float64, shape (n, k)
        On plink2's scale: columns have length 1 over the samples that the axes were fitted to.
        NaN where a sample has too few calls to be projected.
    role : ndarray of str, shape (n,)
        "fit", "projected" (left out by request), or "outlier" (left out by distance).
    distance : ndarray of float64, shape (n,)
        Largest distance from an axis's mean in its standard deviations, when the sample was last
        among those fitted to; NaN for those that never were.
    eigenvalues : ndarray of float64, shape (k,)
        Of the relationship matrix, plink2's scale.
    total_variance : float
        Sum of all its eigenvalues.
    residuals : ndarray of float64, shape (k,)
        How far each axis is from an eigenvector, as a share of its eigenvalue; 0 if exact.
    loadings : Loadings
    exact : bool
        Whether the matrix was decomposed exactly.
    n_passes : int
        Sweeps over the genotypes.
    neighbour_r2 : float
        Mean r^2 of adjacent variants.
    dropped, samples_dropped : dict of str to int
        Variants and samples that were not used, by reason.
    """

    samples: pl.DataFrame
    scores: Floats
    role: NDArray[np.str_]
    distance: Floats
    eigenvalues: Floats
    total_variance: float
    residuals: Floats
    loadings: Loadings
    exact: bool
    n_passes: int
    neighbour_r2: float
    dropped: dict[str, int] = field(default_factory=dict)
    samples_dropped: dict[str, int] = field(default_factory=dict)

    @property
    def explained(self) -> Floats:
        """Share of the total variance on each axis, shape (k,)."""
        return self.eigenvalues / self.total_variance

    def table(self) -> pl.DataFrame:
        """FID (where there is one), IID and the scores PC1, PC2, ..."""
        return score_table(self.samples, self.scores)


def score_table(samples: pl.DataFrame, scores: Floats) -> pl.DataFrame:
    """Samples and their scores side by side."""
    import polars as pl

    ids = ["IID"] if samples["FID"].null_count() == samples.height else ["FID", "IID"]
    return samples.select(ids).with_columns(
        pl.Series(f"PC{i + 1}", np.ascontiguousarray(column)) for i, column in enumerate(scores.T)
    )
