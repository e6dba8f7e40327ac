"""Samples far from the others along principal components, or in multidimensional scaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Rule = Literal["sd", "mad"]

#: SD of a normal distribution over its median absolute deviation.
_MAD_TO_SD = 1.4826022185056018


@dataclass(frozen=True, eq=False)
class Axes:
    """Samples along axes.

    Attributes
    ----------
    scores : ndarray, shape (samples, axes)
        Centred.
    share : ndarray, shape (axes,)
        Of the variance (or squared distances) that each axis has.
    """

    scores: FloatArray
    share: FloatArray


def principal_axes(values: FloatArray, n_axes: int, *, scale: bool = True) -> Axes:
    """Principal components of samples.

    Parameters
    ----------
    values : ndarray, shape (genes, samples)
        Such as log2 CPM of expressed genes.
    n_axes : int
        At most samples - 1.
    scale : bool
        Give each gene the same variance; genes that do not vary count nothing.

    Returns
    -------
    Axes
        Signs are such that each axis' farthest sample is positive.
    """
    centred = values - values.mean(axis=1, keepdims=True)
    if scale:
        sd = centred.std(axis=1, keepdims=True)
        centred = np.divide(centred, sd, out=np.zeros_like(centred), where=sd > 0)
    return _axes(centred.T @ centred, n_axes)


def classical_scaling(distances: FloatArray, n_axes: int) -> Axes:
    """Classical multidimensional scaling (Torgerson) of distances, shape (samples, samples)."""
    squared = distances**2
    rows = squared.mean(axis=1, keepdims=True)
    gram = -0.5 * (squared - rows - rows.T + squared.mean())
    return _axes(gram, n_axes)


def deviations(scores: FloatArray, rule: Rule = "sd") -> FloatArray:
    """How far each sample is from the centre of each axis, in SDs, shape (samples, axes).

    Parameters
    ----------
    scores : ndarray, shape (samples, axes)
    rule : {"sd", "mad"}
        From the mean in standard deviations (divisor n - 1), or from the median in SDs that
        follow from the median absolute deviation, which an outlier cannot inflate.

    Examples
    --------
    >>> deviations(np.array([[-1.0], [0.0], [1.0]]))[:, 0]
    array([-1.,  0.,  1.])
    """
    if rule == "mad":
        centre = np.median(scores, axis=0)
        spread = _MAD_TO_SD * np.median(np.abs(scores - centre), axis=0)
    else:
        centre, spread = scores.mean(axis=0), scores.std(axis=0, ddof=1)
    away: FloatArray = np.divide(scores - centre, spread, out=np.zeros_like(scores), where=spread > 0)
    return away


def farthest_possible(n_samples: int) -> float:
    """Most SDs that one sample of `n_samples` can be from their mean: (n - 1) / sqrt(n).

    With fewer than 38 samples none can be 6 SDs away.

    Examples
    --------
    >>> farthest_possible(37) < 6 < farthest_possible(38)
    True
    """
    return float((n_samples - 1) / np.sqrt(n_samples))


def _axes(gram: FloatArray, n_axes: int) -> Axes:
    sizes, vectors = np.linalg.eigh(gram)
    order = np.argsort(sizes)[::-1]
    sizes = np.maximum(sizes[order], 0.0)
    n = min(n_axes, len(sizes) - 1)
    chosen = vectors[:, order[:n]]
    far = np.argmax(np.abs(chosen), axis=0)
    chosen = chosen * np.where(chosen[far, np.arange(n)] < 0, -1.0, 1.0)
    total = sizes.sum()
    return Axes(chosen * np.sqrt(sizes[:n]), sizes[:n] / total if total > 0 else np.zeros(n))
