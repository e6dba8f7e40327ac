"""-log10 P to and from Z in log space, so that nothing underflows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, ndtri_exp

FloatArray = NDArray[np.float64]

#: -log10 of the genome-wide significance level 5e-8.
GENOME_WIDE = 7.301029995663981

_LN2 = float(np.log(2.0))
_LN10 = float(np.log(10.0))


def mlog10p_from_z(z: ArrayLike) -> FloatArray:
    """Two-sided -log10 P of standard normal Z scores.

    Parameters
    ----------
    z : array-like, any shape
        Z scores; NaN gives NaN.

    Returns
    -------
    ndarray of float64, same shape

    Examples
    --------
    >>> mlog10p_from_z([0.0, 5.451310437, 60.0]).round(4)
    array([  0.    ,   7.301 , 783.6072])
    """
    z = np.asarray(z, dtype=np.float64)
    # -0.0 would be printed for z = 0.
    return np.maximum(-(log_ndtr(-np.abs(z)) + _LN2) / _LN10, 0.0)


def abs_z_from_mlog10p(mlog10p: ArrayLike) -> FloatArray:
    """|Z| that has this two-sided -log10 P; the inverse of :func:`mlog10p_from_z`.

    Parameters
    ----------
    mlog10p : array-like, any shape
        -log10 P, 0 or more.

    Returns
    -------
    ndarray of float64, same shape

    Examples
    --------
    >>> abs_z_from_mlog10p([0.0, 783.6072]).round(3)
    array([ 0., 60.])
    """
    y = np.asarray(mlog10p, dtype=np.float64)
    return np.maximum(-ndtri_exp(-y * _LN10 - _LN2), 0.0)
