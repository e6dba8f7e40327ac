"""Principal components of expression as hidden factors, and how many of them to use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import InputError, UsageError

Array = NDArray[np.float64]
Rule = Literal["elbow", "be"]


@dataclass(frozen=True, eq=False)
class ExpressionPCs:
    """Principal components of samples.

    Attributes
    ----------
    factors : ndarray, shape (samples, K)
        Each of mean 0 and sum of squares equal to its eigenvalue; the largest gene loading is
        positive.
    variance : ndarray, shape (min(samples - 1, genes),)
        Share of the variance of all components, in falling order.
    """

    factors: Array
    variance: Array


@dataclass(frozen=True, eq=False)
class NumberOfPCs:
    """How many components, and the evidence.

    Attributes
    ----------
    n : int
    rule : str
    variance : ndarray, shape (M,)
        Share of variance of each component.
    null : ndarray, shape (permutations, M)
        The same of permuted expression; empty for the elbow.
    p : ndarray, shape (M,)
        Permutation P of each component, never falling; for the elbow the height of the chord
        above the curve.
    seed : int or None
    """

    n: int
    rule: Rule
    variance: Array
    null: Array
    p: Array
    seed: int | None


def expression_pcs(y: ArrayLike, n_pcs: int, *, scale: bool = True) -> ExpressionPCs:
    """Principal components of the samples.

    Parameters
    ----------
    y : array-like, shape (genes, samples)
        Normalised expression, finite.
    n_pcs : int
        Components wanted, at most samples - 1.
    scale : bool
        Genes to unit variance first. They are centred in any case.

    Returns
    -------
    ExpressionPCs

    Raises
    ------
    InputError
        If values are missing, or genes constant (with ``scale``).
    UsageError
        If so many components do not exist.

    Examples
    --------
    >>> pcs = expression_pcs([[1.0, 2.0, 3.0, 5.0], [2.0, 4.0, 6.0, 10.0], [0.0, 1.0, 0.0, 1.0]], 1)
    >>> pcs.variance.round(3).tolist()
    [0.791, 0.209, 0.0]
    """
    data = standardised(y, scale=scale)
    n_genes, n_samples = data.shape
    most = min(n_genes, n_samples - 1)
    if not 1 <= n_pcs <= most:
        raise UsageError(
            f"{n_pcs} components: expected 1 to {most} with {n_samples} samples, {n_genes} genes"
        )
    values, vectors = np.linalg.eigh(data.T @ data)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1][:, :n_pcs]
    loadings = data @ vectors
    largest = np.abs(loadings).argmax(axis=0)
    signs = np.where(loadings[largest, np.arange(n_pcs)] < 0, -1.0, 1.0)
    factors = vectors * signs * np.sqrt(values[:n_pcs])
    return ExpressionPCs(factors, values[:most] / values.sum())


def choose_n_pcs(
    y: ArrayLike,
    *,
    rule: Rule = "elbow",
    scale: bool = True,
    n_permutations: int = 20,
    level: float = 0.05,
    seed: int = 1,
) -> NumberOfPCs:
    """How many principal components of expression to use.

    Parameters
    ----------
    y : array-like, shape (genes, samples)
    rule : {"elbow", "be"}
        ``elbow``: the component at which the curve of shares of variance is farthest below the
        line from its first point to its last. ``be``: Buja and Eyuboglu's permutations: every
        gene's values are permuted among samples, and a component counts if its share of the
        variance is above those of permuted expression, up to the first that is not.
    scale : bool
        Genes to unit variance first.
    n_permutations : int
        P cannot be below 1 / (n_permutations + 1).
    level : float
        P up to which a component counts.
    seed : int
        Of the permutations.

    Returns
    -------
    NumberOfPCs

    Raises
    ------
    InputError, UsageError
        As :func:`expression_pcs`; or no P can reach the level with so few permutations.

    References
    ----------
    Buja A, Eyuboglu N (1992) Multivariate Behav Res 27:509; Zhou HJ, Li L, Li Y, Li W, Li JJ (2022)
    Genome Biol 23:210 (both rules for expression).
    """
    if rule not in ("elbow", "be"):
        raise UsageError(f"rule '{rule}': expected elbow or be")
    data = standardised(y, scale=scale)
    share = _shares(data)
    if rule == "elbow":
        line = np.linspace(share[0], share[-1], len(share))
        return NumberOfPCs(
            int((line - share).argmax()) + 1, rule, share, np.empty((0, 0)), line - share, None
        )
    if not 0 < level < 1 or n_permutations < 1 or 1.0 / (n_permutations + 1) > level:
        raise UsageError(
            f"{n_permutations} permutations and level {level:g}: the least P is 1/(permutations + 1), which "
            "must be below the level"
        )
    rng = np.random.default_rng(seed)
    null = np.array([_shares(rng.permuted(data, axis=1)) for _ in range(n_permutations)])
    p = np.maximum.accumulate((1.0 + (null >= share).sum(axis=0)) / (n_permutations + 1.0))
    return NumberOfPCs(int((p <= level).sum()), rule, share, null, p, seed)


def standardised(y: ArrayLike, *, scale: bool) -> Array:
    """Genes centred, and to unit variance where `scale`.

    Raises
    ------
    InputError
        If values are missing, or a gene is constant.
    """
    data = np.array(y, dtype=np.float64)
    if data.ndim != 2 or min(data.shape) < 1 or data.shape[1] < 3:
        raise InputError(f"expression has shape {data.shape}, expected (genes, samples) of 3 samples or more")
    if not np.isfinite(data).all():
        row = int(np.flatnonzero(~np.isfinite(data).all(axis=1))[0])
        raise InputError(f"values of the expression are missing or infinite, in row {row} first")
    data -= data.mean(axis=1, keepdims=True)
    if scale:
        deviation = data.std(axis=1, keepdims=True)
        if not deviation.all():
            row = int(np.flatnonzero(deviation[:, 0] == 0)[0])
            raise InputError(f"genes have the same value in all samples, row {row} first")
        data /= deviation
    return data


def _shares(data: Array) -> Array:
    """Share of variance of each component, those that exist."""
    gram = data.T @ data if data.shape[1] <= data.shape[0] else data @ data.T
    values = np.maximum(np.linalg.eigvalsh(gram)[::-1], 0.0)[: min(data.shape[0], data.shape[1] - 1)]
    shares: Array = values / values.sum()
    return shares
