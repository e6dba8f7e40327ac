"""The result without each study, and as studies are added one after another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from postgwas.meta.random_effects import RandomEffects, Tau2Method, Test, random_effects

Floats = NDArray[np.float64]


def leave_one_out(
    beta: Floats, se: Floats, *, method: Tau2Method = "FE", test: Test = "z"
) -> list[RandomEffects]:
    """Meta-analysis without each study in turn.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (K, V)
        NaN where a study lacks the variant: leaving it out then changes nothing.
    method, test
        As of :func:`~postgwas.meta.random_effects.random_effects`.

    Returns
    -------
    list of RandomEffects
        K results of V variants.

    Examples
    --------
    >>> effects = np.array([[0.1], [0.1], [0.9]])
    >>> [float(one.beta[0].round(3)) for one in leave_one_out(effects, np.full((3, 1), 0.1))]
    [0.5, 0.5, 0.1]
    """
    k = beta.shape[0]
    return [
        random_effects(beta[np.arange(k) != out], se[np.arange(k) != out], method=method, test=test)
        for out in range(k)
    ]


def cumulative(
    beta: Floats, se: Floats, order: NDArray[np.int64], *, method: Tau2Method = "FE", test: Test = "z"
) -> list[RandomEffects]:
    """Meta-analysis of the first, the first two, ... studies in `order`.

    Examples
    --------
    >>> effects = np.array([[0.1], [0.3]])
    >>> [float(one.beta[0].round(3)) for one in cumulative(effects, np.full((2, 1), 0.1), np.array([1, 0]))]
    [0.3, 0.2]
    """
    return [
        random_effects(beta[order[: n + 1]], se[order[: n + 1]], method=method, test=test)
        for n in range(order.size)
    ]
