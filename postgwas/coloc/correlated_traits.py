"""Evidence for shared causal variants of traits whose estimates are correlated: overlapping samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.independent_traits import alignment_odds
from postgwas.coloc.shared_clusters import ClusterSettings, Regional, prior_of

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_BLOCK = 250_000
"""Pairs of variants at once."""


@dataclass(frozen=True, eq=False)
class CorrelatedTraits:
    """z-scores with their correlations under no effect.

    Attributes
    ----------
    z : ndarray, shape (V, T)
    ratio : ndarray, shape (V, T)
        Prior standard deviation of an effect over its standard error.
    correlation : ndarray, shape (T, T)
        Of estimates: the traits' times the overlap of samples.
    ld : ndarray, shape (V, V)
    """

    z: Floats
    ratio: Floats
    correlation: Floats
    ld: Floats

    def regional(self, traits: Rows, settings: ClusterSettings) -> Regional:
        """As for independent traits, with joint Bayes factors; those without the variant stay correlated."""
        z, ratio = self.z[:, traits], self.ratio[:, traits]
        sigma = np.broadcast_to(self.correlation[np.ix_(traits, traits)], (len(z), traits.size, traits.size))
        together = joint_log_bf(z, ratio, sigma)
        top = float(together.max())
        scaled = np.exp(together - top)
        total = float(scaled.sum())
        without = np.empty(traits.size)
        for trait in range(traits.size):
            part = ratio.copy()
            part[:, trait] = 0.0
            without[trait] = np.exp(joint_log_bf(z, part, sigma) - top).sum()
        n_variants = len(z)
        if settings.uniform:
            every = fewer = settings.p1 / n_variants
        else:
            every, fewer = prior_of(traits.size, settings), prior_of(traits.size - 1, settings)
        null = np.exp(-top - np.log(every))
        probability = total / (null + total + fewer / every * float(without.sum()))
        return Regional(probability, int(without.argmax()), scaled / total, top + float(np.log(total)))

    def alignment(self, traits: Rows, settings: ClusterSettings) -> tuple[float, int]:
        """As for independent traits: the trait apart is looked at at every other variant, with LD."""
        total = self.regional(traits, settings).log_sum
        apart = np.array([np.exp(self._apart(traits, trait) - total) for trait in range(traits.size)])
        ratio = alignment_odds(traits.size, len(self.z), settings)
        return 1.0 / (1.0 + ratio * float(apart.sum())), int(apart.argmax())

    def _apart(self, traits: Rows, alone: int) -> float:
        """Log sum of Bayes factors over pairs of different variants, the second for one trait."""
        rest, other = np.delete(traits, alone), traits[alone]
        sigma, link = self.correlation[np.ix_(rest, rest)], self.correlation[rest, other]
        z, ratio = self.z[:, rest], self.ratio[:, rest]
        without = _PairSide.of(z, np.zeros_like(ratio), sigma, link)
        with_effects = _PairSide.of(z, ratio, sigma, link)
        z_alone, r_alone = self.z[:, other], self.ratio[:, other]
        tops, sums = [], []
        step = max(1, _BLOCK // len(z))
        for start in range(0, len(z), step):
            rows = slice(start, start + step)
            logs = without.terms(rows, self.ld[rows], z_alone, np.zeros_like(r_alone))
            logs -= with_effects.terms(rows, self.ld[rows], z_alone, r_alone)
            logs *= 0.5
            at = np.arange(logs.shape[0])
            logs[at, at + start] = -np.inf  # both causal variants are one
            tops.append(max(float(logs.max()), -1e300))
            sums.append(float(np.exp(logs - tops[-1]).sum()))
        top = max(tops)
        with np.errstate(divide="ignore"):
            return top + float(np.log(sum(value * np.exp(one - top) for value, one in zip(sums, tops))))


@dataclass(frozen=True, eq=False)
class _PairSide:
    """What a pair of variants needs of the first, at which all traits but one have their effects.

    The matrix of a pair is M of the first variant with a row r (s + e D s) for the trait apart, where r is
    the variants' LD, s its correlations with the others, and D and e are prior standard deviations over
    standard errors: a Schur complement gives determinant and quadratic form by products alone.
    """

    base: Floats
    a: Floats
    b: Floats
    c: Floats
    f: Floats
    g: Floats

    @classmethod
    def of(cls, z: Floats, ratio: Floats, sigma: Floats, link: Floats) -> _PairSide:
        matrix = sigma + ratio[:, :, None] * sigma * ratio[:, None, :]
        lower = np.linalg.cholesky(matrix)
        sides = np.stack([z, np.broadcast_to(link, z.shape), link * ratio], axis=2)
        score, one, two = np.moveaxis(np.linalg.solve(lower, sides), 2, 0)
        logs = 2.0 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
        return cls(
            logs + (score**2).sum(axis=1), (one**2).sum(axis=1), (one * two).sum(axis=1),
            (two**2).sum(axis=1), (one * score).sum(axis=1), (two * score).sum(axis=1),
        )  # fmt: skip

    def terms(self, rows: slice, ld: Floats, z: Floats, ratio: Floats) -> Floats:
        """Log determinant and quadratic form of pairs, shape (rows, V)."""
        a, b, c, f, g = (one[rows, None] for one in (self.a, self.b, self.c, self.f, self.g))
        variance = 1.0 + ratio**2 - ld**2 * (a + ratio * (2.0 * b + ratio * c))
        rest = z - ld * (f + ratio * g)
        terms: Floats = self.base[rows, None] + np.log(variance) + rest**2 / variance
        return terms


def joint_log_bf(z: Floats, ratio: Floats, sigma: Floats) -> Floats:
    r"""Log Bayes factors of effects in several traits at once against none, shape (N,).

    :math:`\log N(z; 0, \Sigma + D \Sigma D) - \log N(z; 0, \Sigma)` where D holds the prior standard
    deviations over standard errors; those of 0 have no effect.

    Parameters
    ----------
    z, ratio : ndarray, shape (N, T)
    sigma : ndarray, shape (N, T, T)

    Examples
    --------
    >>> one = np.array([[3.0, 0.0]])
    >>> joint_log_bf(one, np.array([[2.0, 0.0]]), np.eye(2)[None]).round(4)
    array([2.7953])
    """
    with_effects = sigma + ratio[:, :, None] * sigma * ratio[:, None, :]
    found: Floats = -0.5 * (_quadratic(with_effects, z) - _quadratic(sigma, z))
    return found


def _quadratic(matrix: Floats, z: Floats) -> Floats:
    lower = np.linalg.cholesky(matrix)
    solved = np.linalg.solve(lower, z[:, :, None])[:, :, 0]
    logs = 2.0 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    result: Floats = logs + (solved**2).sum(axis=1)
    return result
