"""Each z-score beside what the others and LD foretell: outliers and swapped alleles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import UsageError
from postgwas.finemap.ld_spectrum import LdSpectrum, conditional, estimate_s_rss, shrunken_z
from postgwas.finemap.matrix_checks import CheckedLd
from postgwas.finemap.mixture import mixture_weights

Floats = NDArray[np.float64]

LOG_RATIO = 2.0
"""Log likelihood ratio of swapped against given alleles, from which a variant is suspect."""
LEAST_Z = 2.0
"""Variants of a smaller absolute z-score are not: with either sign they look alike."""
_GRID_RATIO, _GRID_LEAST = 1.05, 0.8
_LEAST_WEIGHT = 1e-15
"""Of a component of the mixture: what lies outside all others is improbable, not impossible."""


@dataclass(frozen=True, eq=False)
class Kriging:
    """Z-scores given the others.

    Attributes
    ----------
    z : ndarray, shape (p,)
        As tested: shrunken where n was given.
    mean, variance : ndarray, shape (p,)
        Expected from all others.
    difference : ndarray, shape (p,)
        (z - mean) / sqrt(variance); beyond 4 or so it is an outlier.
    log_ratio : ndarray, shape (p,)
        Log likelihood ratio of z with the other sign against z as it is.
    swapped : ndarray of bool, shape (p,)
        Alleles that are likely swapped: `log_ratio` above 2 and an absolute z above 2.
    s : float
        The inconsistency with LD that was allowed for.
    """

    z: Floats
    mean: Floats
    variance: Floats
    difference: Floats
    log_ratio: Floats
    swapped: NDArray[np.bool_]
    s: float


def kriging_rss(
    z: ArrayLike,
    R: ArrayLike | CheckedLd | LdSpectrum,
    n: float | None = None,
    *,
    s: float | None = None,
) -> Kriging:
    r"""Expected z-scores given all others, and which alleles are likely swapped.

    Under :math:`z \sim N(0, \Omega^{-1})`, :math:`\Omega = ((1-s) R + s I)^{-1}`, z-score j given the
    others has mean :math:`-\sum_{i \ne j} \Omega_{ji} z_i / \Omega_{jj}` and variance
    :math:`1/\Omega_{jj}`. As effects make tails heavier, standardised differences are taken to come
    from a mixture of normals with a grid of spreads, fitted to all of them.

    Parameters
    ----------
    z : array-like, shape (p,)
    R : array-like, shape (p, p), CheckedLd or LdSpectrum
    n : float, optional
        Sample size, as for :func:`postgwas.finemap.susie_rss`.
    s : float, optional
        :func:`postgwas.finemap.estimate_s_rss` if None.

    Returns
    -------
    Kriging

    Raises
    ------
    InputError, MatrixError, UsageError
        As :func:`postgwas.finemap.susie_rss`.

    References
    ----------
    Zou et al. 2022, PLoS Genetics 18:e1010299, section "Diagnostics".

    Examples
    --------
    >>> import numpy as np
    >>> place = np.arange(40)
    >>> r = 0.98 ** np.abs(place[:, None] - place)
    >>> z = 6 * 0.97 ** np.abs(place - 20)
    >>> z[18] *= -1
    >>> np.flatnonzero(kriging_rss(z, r, 5000).swapped)
    array([18])
    """
    scores = shrunken_z(z, n)
    spectrum = R if isinstance(R, LdSpectrum) else LdSpectrum.of(R, scores.size)
    if s is None:
        s = estimate_s_rss(scores, spectrum)
    if not 0 <= s <= 1:
        raise UsageError(f"s = {s:g}: expected 0 to 1")
    mean, variance = conditional(scores, spectrum, s)
    difference = (scores - mean) / np.sqrt(variance)
    ratio = _log_ratio(scores, mean, variance, difference)
    swapped = (ratio > LOG_RATIO) & (np.abs(scores) > LEAST_Z)
    return Kriging(scores, mean, variance, difference, ratio, swapped, s)


def _log_ratio(z: Floats, mean: Floats, variance: Floats, difference: Floats) -> Floats:
    largest = float(np.max(difference**2))
    widest = 2.0 * math.sqrt(largest) if largest > 1 else 2.0
    steps = math.ceil(math.log(widest / _GRID_LEAST) / math.log(_GRID_RATIO))
    spreads = np.sqrt(variance)[:, None] * (widest * _GRID_RATIO ** np.arange(-steps, 1.0))
    given, turned = (_log_density(value - mean, spreads) for value in (z, -z))
    top = given.max(axis=1, keepdims=True)
    weights = mixture_weights(np.exp(given - top))
    log_weights = np.log(weights + _LEAST_WEIGHT)
    ratio: Floats = np.logaddexp.reduce(turned + log_weights, axis=1) - np.logaddexp.reduce(
        given + log_weights, axis=1
    )
    return ratio


def _log_density(distance: Floats, spreads: Floats) -> Floats:
    result: Floats = -0.5 * (distance[:, None] / spreads) ** 2 - np.log(spreads)
    return result
