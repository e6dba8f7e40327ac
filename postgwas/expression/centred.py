"""Factors that multiply to one."""

from __future__ import annotations

import math

import numpy as np

from postgwas.expression.counts import Floats


def centred(factors: Floats) -> Floats:
    """Factors divided by their geometric mean; the order of samples changes no bit.

    Parameters
    ----------
    factors : ndarray, shape (samples,)
        Positive.

    Examples
    --------
    >>> centred(np.array([1.0, 4.0]))
    array([0.5, 2. ])
    """
    if not len(factors):
        return factors
    mean_log = math.fsum(np.log(factors).tolist()) / len(factors)
    scaled: Floats = factors / math.exp(mean_log)
    return scaled
