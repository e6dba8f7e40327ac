"""Allele frequencies over studies: weighted mean, spread, extremes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Frequencies:
    """Of V variants; NaN where no study has a frequency.

    Attributes
    ----------
    mean : ndarray of float64, shape (V,)
    sd : ndarray of float64, shape (V,)
        Weighted standard deviation over studies (METAL's ``FreqSE``).
    low, high : ndarray of float64, shape (V,)
    """

    mean: Floats
    sd: Floats
    low: Floats
    high: Floats


def combine_frequencies(eaf: Floats, weight: Floats) -> Frequencies:
    """Frequencies of the effect allele over studies.

    Parameters
    ----------
    eaf, weight : ndarray of float64, shape (K, V)
        Studies without either do not count.

    Examples
    --------
    >>> found = combine_frequencies(np.array([[0.2], [0.4]]), np.array([[1.0], [3.0]]))
    >>> found.mean.round(4).tolist(), found.sd.round(4).tolist(), found.high.tolist()
    ([0.35], [0.0866], [0.4])
    """
    used = np.isfinite(eaf) & np.isfinite(weight) & (weight > 0)
    w, f = np.where(used, weight, 0.0), np.where(used, eaf, 0.0)
    total = w.sum(axis=0)
    none = total == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (w * f).sum(axis=0) / total
        spread = (w * f * f).sum(axis=0) / total - mean * mean
    low = np.where(used, eaf, np.inf).min(axis=0)
    high = np.where(used, eaf, -np.inf).max(axis=0)
    nothing = np.nan
    return Frequencies(
        mean,
        np.where(none, nothing, np.sqrt(np.maximum(spread, 0.0))),
        np.where(none, nothing, low),
        np.where(none, nothing, high),
    )
