"""eCAVIAR's colocalisation posterior (CLPP): a variant is causal for both traits, by two fine-mappings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def causal_probabilities(log_bf: Floats, p1: float, log_weight: Floats | None = None) -> Floats:
    """Probability of each variant to be a region's one causal variant, or none to be, shape (V,).

    Parameters
    ----------
    log_bf : ndarray, shape (V,)
        Log Bayes factors of all variants of a trait.
    p1 : float
        Prior of a variant; V times it is below 1.
    log_weight : ndarray, shape (V,), optional
        See :func:`postgwas.coloc.priors.log_weights`.

    Examples
    --------
    >>> causal_probabilities(np.array([12.0, 3.0, 0.0]), 1e-4).round(4)
    array([9.42e-01, 1.00e-04, 0.00e+00])
    """
    weighted = log_bf + np.log(p1) + (0.0 if log_weight is None else log_weight)
    null = np.log1p(-p1 * log_bf.size)
    top = max(float(weighted.max()), float(null))
    shares: Floats = np.exp(weighted - top)
    shares /= shares.sum() + np.exp(null - top)
    return shares
