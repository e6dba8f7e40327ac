"""Intervals for the variance between studies and for what follows from it: tau2, I2, H2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from postgwas.meta.tau2_iterative import generalised_q_root
from postgwas.meta.weighted_mean import Effects, sums

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeterogeneityIntervals:
    """Lower and upper ends, each of shape (V,); NaN with fewer than two studies. I2 in percent."""

    tau2_lower: Floats
    tau2_upper: Floats
    i2_lower: Floats
    i2_upper: Floats
    h2_lower: Floats
    h2_upper: Floats


def q_profile(beta: Floats, se: Floats, *, level: float = 0.95) -> HeterogeneityIntervals:
    """Intervals by the Q-profile method.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (K, V)
        NaN where a study lacks the variant.
    level : float
        Coverage.

    Returns
    -------
    HeterogeneityIntervals
        The upper end is 0 where even Q at tau2 = 0 is below the lower quantile: metafor's empty set.

    References
    ----------
    Viechtbauer 2007, Stat Med 26:37: the values of tau2 whose generalised Q lies between the quantiles of a
    chi-square with k - 1 degrees of freedom.

    Examples
    --------
    >>> found = q_profile(np.array([[0.10], [0.30], [0.20]]), np.full((3, 1), 0.05))
    >>> found.tau2_lower.round(6).tolist(), found.tau2_upper.round(3).tolist()
    ([0.000211], [0.392])
    """
    effects = Effects.of(beta, se)
    fixed = sums(effects)
    several = effects.k > 1
    freedom = np.where(several, effects.k - 1.0, 1.0)
    half = (1.0 - level) / 2.0
    lower = generalised_q_root(effects, np.where(several, chdtri(freedom, half), np.nan))
    upper = generalised_q_root(effects, np.where(several, chdtri(freedom, 1.0 - half), np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        typical = np.where(several, freedom / fixed.trace_p, np.nan)
        return HeterogeneityIntervals(
            tau2_lower=lower,
            tau2_upper=upper,
            i2_lower=100.0 * lower / (typical + lower),
            i2_upper=100.0 * upper / (typical + upper),
            h2_lower=lower / typical + 1.0,
            h2_upper=upper / typical + 1.0,
        )
