"""From the observed 0/1 scale of a case-control study to the liability scale.

References
----------
.. [1] Lee et al. (2011) Estimating missing heritability for disease from genome-wide
   association studies. Am J Hum Genet 88:294-305, eq. 23.
"""

from __future__ import annotations

import math

from postgwas.errors import UsageError


def liability_factor(samp_prev: float | None, pop_prev: float | None) -> float:
    """What an observed-scale heritability is multiplied with ([1]_, eq. 23).

    ``K^2 (1 - K)^2 / (P (1 - P) phi(t)^2)`` with P the share of cases in the sample, K the
    prevalence in the population and t the threshold of a standard normal liability that K exceed.

    Parameters
    ----------
    samp_prev, pop_prev : float or None
        P and K, both strictly between 0 and 1. Both None or NaN for a quantitative trait.

    Returns
    -------
    float
        1 for a quantitative trait.

    Raises
    ------
    UsageError
        One of the two is missing, or not between 0 and 1.

    Examples
    --------
    >>> round(liability_factor(0.5, 0.01), 4)
    0.5519
    >>> liability_factor(float("nan"), float("nan"))
    1.0
    """
    missing = [value is None or math.isnan(value) for value in (samp_prev, pop_prev)]
    if all(missing):
        return 1.0
    if any(missing):
        lacking, given = ("samp_prev", "pop_prev") if missing[0] else ("pop_prev", "samp_prev")
        raise UsageError(
            f"a trait with a {given} has no {lacking}",
            hint=f"--{lacking}; nan in both lists for a quantitative trait",
        )
    assert samp_prev is not None and pop_prev is not None
    for name, value in (("samp_prev", samp_prev), ("pop_prev", pop_prev)):
        if not 0 < value < 1:
            raise UsageError(f"--{name} {value:g}: expected a share between 0 and 1")
    # Not scipy's: its import takes longer than a regression.
    from statistics import NormalDist

    liability = NormalDist()
    density = liability.pdf(liability.inv_cdf(pop_prev))
    return pop_prev**2 * (1 - pop_prev) ** 2 / (samp_prev * (1 - samp_prev) * density**2)


def covariance_factor(first: float, second: float) -> float:
    """What an observed-scale genetic covariance is multiplied with.

    Parameters
    ----------
    first, second : float
        :func:`liability_factor` of the two traits.

    Examples
    --------
    >>> covariance_factor(4.0, 1.0)
    2.0
    """
    return math.sqrt(first) * math.sqrt(second)
