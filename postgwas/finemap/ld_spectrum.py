"""Eigenvalues of an LD matrix, and how far z-scores depart from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import UsageError
from postgwas.finemap.matrix_checks import CheckedLd, correlation_matrix, finite_vector

Floats = NDArray[np.float64]
Method = Literal["null-mle", "null-partialmle", "null-pseudomle"]

SMALLEST = 1e-8
"""Eigenvalues below it count as 0."""
_TINY = math.sqrt(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class LdSpectrum:
    """Eigenvalues and eigenvectors of an LD matrix; computed once, they serve several tests.

    Attributes
    ----------
    values : ndarray, shape (p,)
        None below 0.
    vectors : ndarray, shape (p, p)
        In columns.
    """

    values: Floats
    vectors: Floats

    @classmethod
    def of(cls, R: ArrayLike | CheckedLd, n_variants: int) -> LdSpectrum:
        """From the matrix.

        Raises
        ------
        MatrixError
            As :func:`postgwas.finemap.susie_rss`.
        """
        from scipy.linalg import eigh

        values, vectors = eigh(correlation_matrix(R, n_variants), check_finite=False)
        return cls(np.where(values < SMALLEST, 0.0, values), vectors)

    def regularised(self, s: float) -> Floats:
        """Eigenvalues of (1-s) R + s I."""
        result: Floats = (1.0 - s) * self.values + s
        return result


def shrunken_z(z: ArrayLike, n: float | None) -> Floats:
    """Z-scores as shares of explained variance, on their scale; as they are where n is None or infinite."""
    scores = finite_vector(z, "z")
    if n is None or math.isinf(n):
        return scores
    if not n > 2:
        raise UsageError(f"n = {n:g}: expected more than 2 samples")
    shrunk: Floats = scores * np.sqrt((n - 1.0) / (scores**2 + n - 2.0))
    return shrunk


def estimate_s_rss(
    z: ArrayLike,
    R: ArrayLike | CheckedLd | LdSpectrum,
    n: float | None = None,
    *,
    method: Method = "null-mle",
) -> float:
    r"""How inconsistent z-scores are with LD: 0 where they fit, 1 where LD tells nothing of them.

    The s that makes :math:`z \sim N(0, (1-s) R + s I)` most likely. It looks at z-scores in the
    directions in which LD allows none. Values near 0 are right; from 0.1 or so something is wrong:
    another population's LD, alleles not aligned, sample sizes that differ between variants.

    Parameters
    ----------
    z : array-like, shape (p,)
    R : array-like, shape (p, p), CheckedLd or LdSpectrum
    n : float, optional
        Sample size; z-scores are shrunken as by :func:`postgwas.finemap.susie_rss`.
    method : {"null-mle", "null-partialmle", "null-pseudomle"}
        Maximum likelihood; only from the null space of R, which may exceed 1; from each z-score
        given the others.

    Returns
    -------
    float

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
    >>> r = np.array([[1.0, 0.95, 0.9], [0.95, 1.0, 0.95], [0.9, 0.95, 1.0]])
    >>> round(estimate_s_rss([4.0, 4.1, 4.0], r), 3), round(estimate_s_rss([4.0, -4.1, 4.0], r), 3)
    (0.0, 1.0)
    """
    from scipy.optimize import minimize_scalar

    scores = shrunken_z(z, n)
    spectrum = R if isinstance(R, LdSpectrum) else LdSpectrum.of(R, scores.size)
    if spectrum.values.size != scores.size:
        raise UsageError(f"LD of {spectrum.values.size} variants, but {scores.size} z-scores")
    along = spectrum.vectors.T @ scores
    if method == "null-partialmle":
        empty = spectrum.values == 0
        return float(np.mean(along[empty] ** 2)) if empty.any() else 0.0
    if method not in ("null-mle", "null-pseudomle"):
        raise UsageError(f"method = {method!r}: expected null-mle, null-partialmle or null-pseudomle")

    def unlikely(s: float) -> float:
        values = spectrum.regularised(s)
        if method == "null-mle":
            return float(0.5 * np.sum(np.log(values) + along**2 / values))
        mean, variance = conditional(scores, spectrum, s)
        return float(0.5 * np.sum(np.log(variance) + (scores - mean) ** 2 / variance))

    lowest = 0.0 if spectrum.values.min() > 0 else 1e-12
    found = minimize_scalar(unlikely, bounds=(lowest, 1.0), method="bounded", options={"xatol": _TINY})
    return float(found.x)


def conditional(z: Floats, spectrum: LdSpectrum, s: float) -> tuple[Floats, Floats]:
    """Mean and variance of each z-score given all others, under N(0, (1-s) R + s I), each (p,)."""
    values = spectrum.regularised(s)
    inverse = 1.0 / np.where(values > 0, values, np.inf)
    precision = (spectrum.vectors**2) @ inverse
    weighted = spectrum.vectors @ (inverse * (spectrum.vectors.T @ z))
    return z - weighted / precision, 1.0 / precision
