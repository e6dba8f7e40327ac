"""Share of one group's signals that are no nulls in another (Storey's pi1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from postgwas.errors import UsageError
from postgwas.qtl.qvalues import qvalue

_FEW = 20
"""Below so many P the share is not estimated."""
_HALF = 0.5


@dataclass(frozen=True)
class Pi1:
    """A replication share.

    Attributes
    ----------
    pi1 : float
        1 - pi0, 0 to 1; NaN where there are too few P.
    method : str
        "smoother"; "half" where the smoother cannot be used: twice the share of P above 0.5; "" with too few.
    n : int
        P that were used.
    se : float
        Binomial standard error of the estimate at 0.5, a guide to the smoother's, which has no formula.
    """

    pi1: float
    method: str
    n: int
    se: float


def pi1(p: ArrayLike) -> Pi1:
    """Estimate the share of P that are not from the null.

    Parameters
    ----------
    p : array-like, shape (m,)
        P in the group where signals are looked up, one for each signal of the other group; NaN is left out.

    Returns
    -------
    Pi1

    Raises
    ------
    UsageError
        If a P is outside 0 to 1.

    Notes
    -----
    pi0 by the smoother of Storey and Tibshirani (2003), as R's qvalue. Where next to no P is above the
    largest lambda (signals that nearly all replicate), its spline fails or falls below 0; q-values are then
    computed with pi0 = 1, which here would say that nothing replicates. Instead pi0 is taken at lambda = 0.5,
    which needs no spline. P should be of the variant that was found in the other group, not the least of the
    gene.

    References
    ----------
    Storey & Tibshirani (2003) PNAS 100, 9440-9445; Nica et al. (2011) PLoS Genetics 7, e1002003.

    Examples
    --------
    >>> pi1(np.full(100, 1e-5)).pi1
    1.0
    >>> pi1([0.5, 0.2]).method
    ''
    """
    values = np.asarray(p, np.float64)
    values = values[~np.isnan(values)]
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise UsageError("a P value lies outside 0 to 1")
    n = len(values)
    if n < _FEW:
        return Pi1(float("nan"), "", n, float("nan"))
    above = float((values > _HALF).mean())
    se = float(np.sqrt(above * (1 - above) / n) / (1 - _HALF))
    found = qvalue(values)
    if found.note is None and found.method == "smoother":
        return Pi1(1.0 - min(found.pi0, 1.0), "smoother", n, se)
    return Pi1(1.0 - min(above / (1 - _HALF), 1.0), "half", n, se)
