"""D-statistic: how well a sample's expression agrees with that of the others."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.expression.counts import as_numbers

FloatArray = NDArray[np.float64]


def sample_correlations(
    values: FloatArray, method: Literal["pearson", "spearman"] = "spearman"
) -> FloatArray:
    """Correlations between samples over genes, shape (samples, samples); NaN for a constant sample.

    Parameters
    ----------
    values : ndarray, shape (genes, samples)
        Such as log2 CPM; for Spearman's any scale.
    method : {"pearson", "spearman"}
    """
    if method == "spearman":
        from scipy.stats import rankdata

        values = rankdata(values, axis=0)
    centred = values - values.mean(axis=0)
    size = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    unit = np.divide(centred, size, out=np.full_like(centred, np.nan), where=size > 0)
    return np.clip(unit.T @ unit, -1.0, 1.0)


def d_statistic(correlations: FloatArray) -> FloatArray:
    """Median correlation of each sample with all others, shape (samples,).

    Parameters
    ----------
    correlations : ndarray, shape (samples, samples)

    Raises
    ------
    InputError
        If it is not square.

    References
    ----------
    Wright et al. (2014), Nature Genetics 46:430; 't Hoen et al. (2013), Nature Biotechnology
    31:1015; GTEx Consortium (2015), Science 348:648.

    Examples
    --------
    >>> d_statistic(np.array([[1.0, 0.9, 0.5], [0.9, 1.0, 0.7], [0.5, 0.7, 1.0]]))
    array([0.7, 0.8, 0.6])
    """
    others = np.array(as_numbers(correlations, "correlations"))
    if others.ndim != 2 or others.shape[0] != others.shape[1]:
        raise InputError(
            f"correlations: shape {others.shape}, expected (samples, samples)",
            hint="sample_correlations makes them of genes x samples",
        )
    np.fill_diagonal(others, np.nan)
    good = ~np.isnan(others).all(axis=1)
    medians = np.full(len(others), np.nan)
    medians[good] = np.nanmedian(others[good], axis=1)
    return medians
