"""Fine-mapping of one trait's dataset with one causal variant at most: finemap.abf and its credible sets."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.coloc.priors import P1
from postgwas.coloc.trait_data import Dataset
from postgwas.errors import PostgwasWarning
from postgwas.finemap.one_causal import SingleCausal, single_causal

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FinemapAbf:
    """What :func:`finemap_abf` found.

    Attributes
    ----------
    snp : tuple of str, shape (V,)
    log_bf : ndarray, shape (V,)
    posterior : SingleCausal
        PIPs, and the probability of no causal variant.
    """

    snp: tuple[str, ...]
    log_bf: Floats
    posterior: SingleCausal

    @property
    def pip(self) -> Floats:
        """Probability of each variant to be the causal one, shape (V,)."""
        return self.posterior.pip

    @property
    def pip_null(self) -> float:
        """Probability that there is none."""
        return float(self.posterior.pip_null[0])

    def credible_set(self, *, coverage: float = 0.95) -> tuple[tuple[str, ...], bool]:
        """Names of the fewest variants that hold the cause with this probability, the likeliest first, and
        whether none at all is among the likely.

        Raises
        ------
        UsageError
            If `coverage` is no share between 0 and 1.
        """
        found = self.posterior.credible_set(coverage=coverage)
        return tuple(self.snp[row] for row in found.variants), found.with_null

    def table(self) -> pl.DataFrame:
        """snp, lABF, SNP.PP; the last row is "null", as in coloc."""
        import polars as pl

        return pl.DataFrame(
            {
                "snp": [*self.snp, "null"], "lABF": [*self.log_bf, 0.0],
                "SNP.PP": [*self.pip, self.pip_null],
            }
        )  # fmt: skip


def finemap_abf(data: Dataset, p1: float = P1, *, prior_weights: ArrayLike | None = None) -> FinemapAbf:
    """PIPs of a trait's variants if one of them, at most, is causal.

    Parameters
    ----------
    data : Dataset
    p1 : float
        Prior of a variant; lowered to 1 / (m + 1), with a warning, where it sums to 1 or more over all m.
    prior_weights : array-like, shape (V,), optional
        How much more likely some variants are causal than others.

    Returns
    -------
    FinemapAbf

    Raises
    ------
    InputError, UsageError
        As :func:`postgwas.finemap.single_causal`.

    Warns
    -----
    PostgwasWarning
        If the prior is lowered, or standard errors look like variances.

    References
    ----------
    As coloc's finemap.abf: Maller et al. 2012, Nature Genetics 44:1294-1301.

    Examples
    --------
    >>> d = Dataset(snp=["a", "b"], beta=[0.2, 0.0], se=[0.02, 0.02], type="quant", sd_y=1)
    >>> finemap_abf(d).credible_set(coverage=0.99)
    (('a',), False)
    """
    for note in data.notes:
        warnings.warn(note, PostgwasWarning, stacklevel=2)
    found = single_causal(data.log_bf, p1=p1, prior_weights=prior_weights)
    return FinemapAbf(tuple(data.snp), data.log_bf, found)
