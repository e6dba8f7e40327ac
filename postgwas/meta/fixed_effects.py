"""Fixed-effects meta-analysis: inverse variance, sample-size weighted z-scores, Stouffer; Q and I2.

Arrays of K studies x V variants in, NaN where a study lacks a variant; arrays of V out.

References
----------
Willer, Li and Abecasis (2010), Bioinformatics 26:2190 (METAL), table 1.
Higgins and Thompson (2002), Statistics in Medicine 21:1539 (I2).
Stouffer et al. (1949), The American Soldier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SCHEMES = ("stderr", "samplesize", "stouffer")


@dataclass(frozen=True, eq=False)
class FixedEffects:
    """Combined figures of V variants; NaN where no study has one.

    Attributes
    ----------
    beta, se : ndarray of float64, shape (V,)
        Effect of the effect allele and its standard error; NaN with weights other than inverse variances.
    z : ndarray of float64, shape (V,)
    weight : ndarray of float64, shape (V,)
        Sum of the weights: of 1/SE^2, of N, or the number of studies.
    n_studies : ndarray of int64, shape (V,)
        Studies that were used.
    q : ndarray of float64, shape (V,)
        Cochran's Q, chi-squared on ``n_studies - 1`` degrees of freedom without heterogeneity.
    i2 : ndarray of float64, shape (V,)
        Share of variation due to heterogeneity, per cent; 0 of one study.
    """

    beta: Floats
    se: Floats
    z: Floats
    weight: Floats
    n_studies: Ints
    q: Floats
    i2: Floats


def combine_fixed(
    beta: Floats | None = None,
    se: Floats | None = None,
    *,
    z: Floats | None = None,
    n: Floats | None = None,
    scheme: str = "stderr",
) -> FixedEffects:
    """Combine studies that are taken to have one common effect.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (K, V)
        For ``"stderr"``: weights 1/SE^2.
    z : ndarray of float64, shape (K, V)
        For ``"samplesize"`` (weights sqrt(N)) and ``"stouffer"`` (equal weights).
    n : ndarray of float64, shape (K, V)
        For ``"samplesize"``.
    scheme : {"stderr", "samplesize", "stouffer"}

    Raises
    ------
    ValueError
        If what the scheme needs is not given.

    Examples
    --------
    >>> found = combine_fixed(np.array([[0.1], [0.3]]), np.array([[0.1], [0.1]]))
    >>> found.beta.round(6).tolist(), found.se.round(6).tolist(), found.q.round(6).tolist()
    ([0.2], [0.070711], [2.0])
    """
    if scheme == "stderr":
        if beta is None or se is None:
            raise ValueError("inverse variance weights need beta and se")
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = 1.0 / (se * se)
        return _inverse_variance(beta, weight)
    if z is None or (scheme == "samplesize" and n is None):
        raise ValueError(f"{scheme} needs z{' and n' if scheme == 'samplesize' else ''}")
    return _weighted_z(z, np.ones_like(z) if n is None or scheme == "stouffer" else n)


def _inverse_variance(beta: Floats, weight: Floats) -> FixedEffects:
    used = np.isfinite(beta) & np.isfinite(weight) & (weight > 0)
    w = np.where(used, weight, 0.0)
    b = np.where(used, beta, 0.0)
    total = w.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (w * b).sum(axis=0) / total
        q = (w * np.square(b - mean)).sum(axis=0)
        se = np.sqrt(1.0 / total)
    return _made(used, total, q, mean, se, mean * np.sqrt(total))


def _weighted_z(z: Floats, weight: Floats) -> FixedEffects:
    used = np.isfinite(z) & np.isfinite(weight) & (weight > 0)
    w = np.where(used, weight, 0.0)
    root = np.sqrt(w)
    known = np.where(used, z, 0.0)
    total = w.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (root * known).sum(axis=0) / total
        # Each z is expected to be sqrt(weight) times what one unit of weight would show.
        q = np.where(used, np.square(known - root * mean), 0.0).sum(axis=0)
    nothing = np.full(total.size, np.nan)
    return _made(used, total, q, nothing, nothing, mean * np.sqrt(total))


def _made(
    used: npt.NDArray[np.bool_], total: Floats, q: Floats, beta: Floats, se: Floats, z: Floats
) -> FixedEffects:
    count = used.sum(axis=0)
    none = count == 0
    q = np.where(none, np.nan, q)
    se = np.where(none, np.nan, se)
    return FixedEffects(beta, se, z, total, count, q, i_squared(q, count - 1))


def i_squared(q: Floats, df: Ints) -> Floats:
    """I2 = (Q - df) / Q in per cent, 0 where Q is not above df.

    Examples
    --------
    >>> i_squared(np.array([4.0, 1.0, 0.0]), np.array([2, 2, 0])).tolist()
    [50.0, 0.0, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 100.0 * (q - df) / q
    return np.where(np.isnan(q), np.nan, np.where((q > df) & (df > 0), share, 0.0))
