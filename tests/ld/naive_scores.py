"""LD scores the slow way: all correlations, then the sums, as the definition says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def naive_standardise(calls: NDArray[np.int8]) -> Floats:
    """Rows of mean 0 and variance 1, missing calls at the mean."""
    rows = []
    for row in calls:
        known = row[row >= 0]
        filled = np.where(row >= 0, row, known.mean())
        rows.append((filled - filled.mean()) / filled.std())
    return np.array(rows)


def naive_in_window(
    chromosomes: Sequence[str], coordinates: Sequence[float], reach: float
) -> NDArray[np.bool_]:
    """Pairs on one chromosome at most `reach` apart."""
    names, places = np.array(chromosomes), np.array(coordinates)
    near: NDArray[np.bool_] = np.abs(places[:, None] - places[None, :]) <= reach
    return near & (names[:, None] == names[None, :])


def naive_ld_scores(
    calls: NDArray[np.int8], in_window: NDArray[np.bool_], annot: Floats | None = None
) -> Floats:
    """Sums of annot * (r^2 - (1 - r^2) / (n - 2)), shape (V, A)."""
    scaled = naive_standardise(calls)
    n = calls.shape[1]
    squares = (scaled @ scaled.T / n) ** 2
    unbiased = squares - (1 - squares) / (n - 2)
    weights = np.ones((len(calls), 1)) if annot is None else annot
    return (unbiased * in_window) @ weights


def varies(calls: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Variants with two different observed calls at least."""
    return np.array([len(set(row[row >= 0].tolist())) > 1 for row in calls])
