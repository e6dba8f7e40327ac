"""Mediation of trios, variant -> cis phenotype -> trans phenotype: paths, Sobel's test, the bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.projection import Floats, Projection

Places = NDArray[np.int64]

_COLLINEAR = 1e-10
"""Share of the mediator's variance, left by variant and covariates, below which paths cannot be told."""
_LOST = 1e-8
"""Eigenvalue of the resampled covariates, whose mean is 1, below which a direction of theirs is gone."""
RESAMPLES = 250
"""Resamples that are drawn and held together."""


@dataclass(frozen=True, eq=False)
class Paths:
    """Ordinary least squares of trios, covariates in every model; all of shape (T,), NaN where collinear.

    Attributes
    ----------
    a, a_se : ndarray
        Variant on the mediator.
    b, b_se : ndarray
        Mediator on the target, beside the variant.
    total, total_se : ndarray
        Variant on the target.
    direct, direct_se : ndarray
        Variant on the target, beside the mediator.
    indirect, indirect_se : ndarray
        a b, which is total - direct, and Sobel's standard error.
    """

    a: Floats
    a_se: Floats
    b: Floats
    b_se: Floats
    total: Floats
    total_se: Floats
    direct: Floats
    direct_se: Floats
    indirect: Floats
    indirect_se: Floats

    @property
    def proportion(self) -> Floats:
        """Share of the total effect that is mediated; outside 0 to 1 where the two have other signs."""
        with np.errstate(divide="ignore", invalid="ignore"):
            share: Floats = self.indirect / self.total
        return share


def mediation_paths(variant: Floats, mediator: Floats, target: Floats, df: int) -> Paths:
    """Paths of trios from residuals.

    Parameters
    ----------
    variant, mediator, target : ndarray, shape (T, n)
        What the covariates leave of dosages (copies of A1) and of the two phenotypes.
    df : int
        n - rank of covariates and constant - 1; models with two regressors have one less.

    Notes
    -----
    Sobel's standard error is sqrt(a^2 se_b^2 + b^2 se_a^2).

    References
    ----------
    Baron and Kenny 1986, J Pers Soc Psychol 51:1173; Sobel 1982, Sociol Methodol 13:290.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(1, 500))
    >>> m = x + rng.normal(size=(1, 500))
    >>> paths = mediation_paths(x, m, 2 * m + rng.normal(size=(1, 500)), 498)
    >>> paths.proportion.round(2), bool(np.allclose(paths.indirect, paths.total - paths.direct))
    (array([1.02]), True)
    """
    vv, mm, tt, vm, vt, mt = (
        np.einsum("ij,ij->i", one, two)
        for one, two in (
            (variant, variant), (mediator, mediator), (target, target),
            (variant, mediator), (variant, target), (mediator, target),
        )
    )  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        a, total = vm / vv, vt / vv
        left = mm - vm * a
        left = np.where(left > _COLLINEAR * mm, left, np.nan)
        b = (mt - a * vt) / left
        direct = total - a * b
        a_se = np.sqrt(left / (vv * df))
        total_se = np.sqrt(np.maximum(tt - vt * total, 0.0) / (vv * df))
        rest = np.maximum(tt - vt * total - left * b**2, 0.0) / (df - 1)
        b_se = np.sqrt(rest / left)
        direct_se = np.sqrt(rest * (1.0 / vv + a**2 / left))
        sobel = np.sqrt((a * b_se) ** 2 + (b * a_se) ** 2)
    return Paths(a, a_se, b, b_se, total, total_se, direct, direct_se, a * b, sobel)


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """The indirect effect over resamples of people; all of shape (T,).

    Attributes
    ----------
    se : ndarray
    low, high : ndarray
        Ends of the percentile interval.
    pval : ndarray
        Two-sided: twice the share of resamples on the other side of 0, these and the data counted.
    n_resamples : ndarray of int64
        Those in which the paths can be told.
    """

    se: Floats
    low: Floats
    high: Floats
    pval: Floats
    n_resamples: Places


def bootstrap_indirect(
    vectors: Floats,
    trios: Places,
    projection: Projection,
    *,
    n_resamples: int,
    seed: int,
    level: float = 0.95,
) -> Bootstrap:
    """Resample people with replacement and fit all models again, covariates too.

    Parameters
    ----------
    vectors : ndarray, shape (U, n)
        Residuals of variants and phenotypes, each once.
    trios : ndarray of int64, shape (T, 3)
        Rows of variant, mediator and target.
    projection : Projection
        Of the covariates.
    n_resamples : int
    seed : int
        The same resamples for all trios and tasks.
    level : float
        Of the interval.

    Notes
    -----
    A resample is a weight a person. With S the weighted products of the three vectors, W those with an
    orthonormal basis of the covariates and G those of the basis itself, S - W' G^-1 W holds what the refitted
    covariates leave; a and b follow from it as from the data.

    References
    ----------
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, 9.2 (pairs), 13.3 (percentiles).
    """
    used, trios = np.unique(trios, return_inverse=True)
    vectors, trios = vectors[used], trios.reshape(-1, 3)
    products, which = _products(trios, len(used))
    found = np.empty((n_resamples, len(trios)))
    for block, start in enumerate(range(0, n_resamples, RESAMPLES)):
        size = min(RESAMPLES, n_resamples - start)
        weights = _weights(projection.n_samples, size, seed, block)
        found[start : start + size] = _indirect(vectors, products, which, projection.basis, weights)
    return _summary(found, level)


def _weights(n: int, size: int, seed: int, block: int) -> Floats:
    """How often each person is drawn; a block is drawn whole, so that more resamples change none before."""
    rng = np.random.default_rng([seed, block])
    draws = rng.integers(0, n, (RESAMPLES, n))[:size]
    flat = (draws + n * np.arange(size)[:, None]).ravel()
    return np.bincount(flat, minlength=size * n).reshape(size, n).astype(np.float64)


def _products(trios: Places, n_vectors: int) -> tuple[Places, Places]:
    """Pairs of vectors whose products are needed, each once, and which of them are each trio's six."""
    v, m, t = trios.T
    pairs = np.stack([(v, v), (m, m), (t, t), (v, m), (v, t), (m, t)])  # (6, 2, T)
    ordered = np.sort(pairs, axis=1)
    keys, which = np.unique(ordered[:, 0] * n_vectors + ordered[:, 1], return_inverse=True)
    return np.column_stack(np.divmod(keys, n_vectors)), which.reshape(6, -1)


def _indirect(vectors: Floats, products: Places, which: Places, basis: Floats, weights: Floats) -> Floats:
    """a b of each resample and trio, shape (resamples, T)."""
    size, k = len(weights), basis.shape[1]
    root = _inverse_root(weights, basis)
    gram = weights @ (vectors[products[:, 0]] * vectors[products[:, 1]]).T
    with_basis = np.empty((size, k, len(vectors)))
    for row, vector in enumerate(vectors):
        with_basis[:, :, row] = weights @ (basis * vector[:, None])
    with_basis = np.ascontiguousarray(np.matmul(root, with_basis).transpose(2, 0, 1))
    for at, (one, two) in enumerate(products.tolist()):
        gram[:, at] -= np.einsum("ij,ij->i", with_basis[one], with_basis[two])
    vv, mm, _, vm, vt, mt = gram[:, which].transpose(1, 0, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        a = vm / vv
        left = mm - vm * a
        b = (mt - a * vt) / left
        told = (vv > _COLLINEAR * size) & (left > _COLLINEAR * mm)
    return np.where(told, a * b, np.nan)


def _inverse_root(weights: Floats, basis: Floats) -> Floats:
    """R with R' R the (pseudo-)inverse of each resample's products of the basis, shape (resamples, k, k)."""
    k = basis.shape[1]
    upper = np.triu_indices(k)
    flat = weights @ (basis[:, upper[0]] * basis[:, upper[1]])
    gram = np.empty((len(weights), k, k))
    gram[:, upper[0], upper[1]] = flat
    gram[:, upper[1], upper[0]] = flat
    values, vectors = np.linalg.eigh(gram)
    # A category that nobody of a resample is in takes no direction there.
    scale = np.where(values > _LOST, 1.0 / np.sqrt(np.maximum(values, _LOST)), 0.0)
    root: Floats = scale[:, :, None] * vectors.transpose(0, 2, 1)
    return root


def _summary(found: Floats, level: float) -> Bootstrap:
    told = np.isfinite(found)
    n = told.sum(axis=0)
    tail = 0.5 * (1.0 - level)
    low, high, se, pval = (np.full(found.shape[1], np.nan) for _ in range(4))
    for trio in np.flatnonzero(n > 1):
        values = found[told[:, trio], trio]
        low[trio], high[trio] = np.quantile(values, [tail, 1.0 - tail])
        se[trio] = values.std(ddof=1)
        fewer = min(int((values <= 0).sum()), int((values >= 0).sum()))
        pval[trio] = min(1.0, 2.0 * (fewer + 1) / (len(values) + 1))
    return Bootstrap(se, low, high, pval, n)
