"""The false discovery rate of MTAG at given mixtures of causal states.

Model (Turley et al. 2018, Supplementary Note, "maxFDR"): a SNP is in one of 2^T
states, each saying for which traits it is causal; state k has probability p_k.
Effects in a state are normal, with a covariance that makes the average over
states equal Omega: for traits q and r it is Omega_qr / pi_qr where both are
causal, and 0 elsewhere; pi_qr is the probability that both are. What is null for
a trait and yet passes the significance threshold in MTAG is a false discovery.

Everything that does not depend on p is worked out once, in :func:`fdr_model`;
a block of points then costs two matrix products and the normal tails.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, ndtri

from postgwas.errors import MatrixError, UsageError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FEASIBILITY_TOLERANCE = 1e-9
"""How far below 0 the smallest eigenvalue of the correlation matrix of Omega* may lie."""


@dataclass(frozen=True)
class FDRModel:
    """What the false discovery rate needs besides the state probabilities.

    Attributes
    ----------
    omega : ndarray, shape (T, T)
        Genetic covariance per SNP, on the scale of standardised effects.
    n : ndarray, shape (J, T)
        Sample sizes; one row where one N stands for each trait.
    weights : ndarray, shape (J,)
        Share of the SNPs with each row of `n`; sums to 1.
    p_sig : float
        Two-sided significance threshold.
    z_sig : float
        The same as a positive Z score.
    states : ndarray of bool, shape (2^T, T)
        Which traits are causal in each state. The first trait is the most
        significant digit: 00, 01, 10, 11.
    pairs : ndarray of int, shape (T (T + 1) / 2, 2)
        Pairs q <= r.
    both : ndarray, shape (2^T, pairs)
        1 where both traits of the pair are causal in the state.
    gain : ndarray, shape (J, T, pairs)
        Variance that a pair adds to MTAG's Z of a trait, to be divided by pi.
    noise : ndarray, shape (J, T)
        Variance of MTAG's Z of a trait at a SNP that is null for all traits.
    """

    omega: Floats
    n: Floats
    weights: Floats
    p_sig: float
    z_sig: float
    states: Bools
    pairs: NDArray[np.intp]
    both: Floats
    gain: Floats
    noise: Floats

    @property
    def n_traits(self) -> int:
        """Number of traits, T."""
        return int(self.omega.shape[0])


def causal_states(n_traits: int) -> Bools:
    """All combinations of causal traits, in the order of mtag.py's grid.

    Examples
    --------
    >>> causal_states(2).astype(int).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    digits = np.arange(n_traits - 1, -1, -1)
    return (np.arange(2**n_traits)[:, None] >> digits & 1).astype(bool)


def fdr_model(
    omega: ArrayLike, sigma: ArrayLike, n: ArrayLike, *, counts: ArrayLike | None = None, p_sig: float = 5e-8
) -> FDRModel:
    """Prepare the false discovery rate of every trait as a function of the state probabilities.

    Parameters
    ----------
    omega, sigma : array-like, shape (T, T)
        Genetic covariance per SNP and the covariance of estimation error, as
        MTAG uses them.
    n : array-like, shape (T,) or (J, T)
        Sample sizes. mtag.py takes the mean over the SNPs; the exact form has one
        row for every distinct combination.
    counts : array-like, shape (J,), optional
        Number of SNPs with each row of `n`. By default all rows count the same.
    p_sig : float
        Two-sided significance threshold.

    Raises
    ------
    MatrixError
        Wrong size, not symmetric, NaN or Inf, or a variance that is not positive.
    UsageError
        Sample sizes or threshold out of range.
    """
    om, si = _covariance(omega, "Omega"), _covariance(sigma, "Sigma")
    if om.shape != si.shape:
        raise MatrixError(
            f"Omega is {om.shape[0]} x {om.shape[0]}, but Sigma is {si.shape[0]} x {si.shape[0]}"
        )
    n_traits = om.shape[0]
    if not 0 < p_sig < 1:
        raise UsageError(
            f"the significance threshold is {p_sig:g}; it must lie between 0 and 1", hint="--p_sig"
        )
    sizes = np.atleast_2d(np.asarray(n, dtype=np.float64))
    if sizes.ndim != 2 or sizes.shape[1] != n_traits:
        raise UsageError(f"{sizes.shape[-1]} sample sizes for {n_traits} traits")
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        raise UsageError("sample sizes must be positive")
    weights = np.ones(len(sizes)) if counts is None else np.asarray(counts, dtype=np.float64)
    if weights.shape != (len(sizes),) or not (weights >= 0).all() or not weights.sum() > 0:
        raise UsageError("counts must be non-negative, one for every row of sample sizes")

    states = causal_states(n_traits)
    pairs = np.stack(np.triu_indices(n_traits), axis=1)
    q, r = pairs.T
    gain = np.empty((len(sizes), n_traits, len(pairs)))
    noise = np.empty((len(sizes), n_traits))
    multiplicity = np.where(q == r, 1.0, 2.0)
    for j, row in enumerate(sizes):
        error = si / np.sqrt(np.outer(row, row))
        for t in range(n_traits):
            column = om[:, t]
            try:
                a = np.linalg.solve(om - np.outer(column, column) / om[t, t] + error, column / om[t, t])
            except np.linalg.LinAlgError:
                raise MatrixError("Omega and Sigma together are singular") from None
            precision = column @ a / om[t, t]
            if not precision > 0:
                raise MatrixError("Omega and Sigma give MTAG a variance that is not positive")
            gain[j, t] = multiplicity * om[q, r] * a[q] * a[r] / precision
            noise[j, t] = a @ error @ a / precision
    return FDRModel(
        omega=om,
        n=sizes,
        weights=weights / weights.sum(),
        p_sig=float(p_sig),
        z_sig=float(-ndtri(p_sig / 2)),
        states=states,
        pairs=pairs,
        both=(states[:, q] & states[:, r]).astype(np.float64),
        gain=gain,
        noise=noise,
    )


def pair_probabilities(model: FDRModel, probabilities: Floats) -> Floats:
    """Probability that both traits of each pair are causal, shape (G, pairs).

    Unlike a matrix product of the library's, einsum gives a point the same bits whatever
    points it is computed with: the FDR of a point does not depend on its block.
    """
    product: Floats = np.einsum("gk,kq->gq", probabilities, model.both)
    return product


def feasible(model: FDRModel, pi: Floats, *, rounding: bool = False) -> Bools:
    """Whether the state probabilities can give Omega.

    Every pair of traits must be causal together with positive probability, and
    Omega* = Omega / pi must be positive semi-definite.

    Parameters
    ----------
    model : FDRModel
    pi : ndarray, shape (G, pairs)
        Probabilities that both traits of a pair are causal: ``p @ model.both``.
    rounding : bool
        Also apply mtag.py's own rule, \\|correlation\\| <= 1 without any tolerance:
        where Omega is singular, rounding then decides which points stay.

    Returns
    -------
    ndarray of bool, shape (G,)
    """
    n_traits = model.n_traits
    q, r = model.pairs.T
    diagonal = np.flatnonzero(q == r)
    with np.errstate(divide="ignore", invalid="ignore"):
        star = model.omega[q, r] / pi
        variance = star[:, diagonal]
        correlation = star / np.sqrt(variance[:, q] * variance[:, r])
        limit = 1.0 if rounding else 1.0 + FEASIBILITY_TOLERANCE
        keep = (pi > 0).all(axis=1) & (np.abs(correlation) <= limit).all(axis=1)
    index = np.zeros((n_traits, n_traits), dtype=np.intp)
    index[q, r] = index[r, q] = np.arange(len(q))
    if n_traits > 2:
        keep[keep] = _positive_semidefinite(correlation[keep], index)
    return np.asarray(keep)


def _positive_semidefinite(correlation: Floats, index: NDArray[np.intp]) -> Bools:
    """Cholesky's pivots for all matrices at once, with the tolerance added to the diagonal."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _pivots_positive(correlation, index)


def _pivots_positive(correlation: Floats, index: NDArray[np.intp]) -> Bools:
    n_traits = len(index)
    good = np.ones(len(correlation), dtype=bool)
    lower: dict[tuple[int, int], Floats] = {}
    for j in range(n_traits):
        pivot = np.full(len(correlation), 1.0 + FEASIBILITY_TOLERANCE)
        for i in range(j):
            pivot = pivot - lower[j, i] ** 2
        good &= pivot > 0
        root = np.sqrt(np.where(good, pivot, 1.0))
        for k in range(j + 1, n_traits):
            value = correlation[:, index[j, k]]
            for i in range(j):
                value = value - lower[k, i] * lower[j, i]
            lower[k, j] = value / root
    return good


def fdr_at(
    model: FDRModel, probabilities: Floats, pi: Floats | None = None, *, trait: int | None = None
) -> Floats:
    """False discovery rate of every trait at feasible points.

    FDR_t is the power summed over the states in which trait t is not causal, over
    the power summed over all states; the power in state k is
    p_k 2 Phi(-z / sd_k), averaged over the rows of N. Tails are taken relative to
    the largest one at the point, so they may be smaller than a float can hold.

    Parameters
    ----------
    model : FDRModel
    probabilities : ndarray, shape (G, 2^T)
    pi : ndarray, shape (G, pairs), optional
        :func:`pair_probabilities`, where the caller has them.
    trait : int, optional
        Only this trait.

    Returns
    -------
    ndarray, shape (G, T), or (G, 1) for one trait
    """
    inverse = 1.0 / (pair_probabilities(model, probabilities) if pi is None else pi)
    occupied = probabilities > 0
    traits = range(model.n_traits) if trait is None else (trait,)
    fdr = np.empty((len(probabilities), len(traits)))
    for column, t in enumerate(traits):
        null = ~model.states[:, t]
        shift = np.full((len(probabilities), 1), np.inf)
        false, total = np.zeros(len(probabilities)), np.zeros(len(probabilities))
        for j, weight in enumerate(model.weights):
            gain = model.both * model.gain[j, t]
            variance = np.einsum("gq,kq->gk", inverse, gain) + model.noise[j, t]
            half = np.where(occupied, 0.5 * model.z_sig**2 / variance, np.inf)
            smaller = np.minimum(shift, half.min(axis=1, keepdims=True))
            if j:
                rescale = np.exp(smaller - shift)[:, 0]
                false *= rescale
                total *= rescale
            shift = smaller
            root = np.sqrt(0.5 * model.z_sig**2 / variance)
            power = weight * probabilities * np.exp(shift - half) * erfcx(root)
            false += (power * null).sum(axis=1)
            total += power.sum(axis=1)
        fdr[:, column] = false / total
    return fdr


def _covariance(matrix: ArrayLike, name: str) -> Floats:
    array = np.asarray(matrix, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not array.size:
        raise MatrixError(f"{name} has shape {array.shape}; expected a square matrix")
    if not np.isfinite(array).all():
        raise MatrixError(f"{name} holds NaN or Inf")
    if not np.allclose(array, array.T, rtol=1e-8, atol=0):
        raise MatrixError(f"{name} is not symmetric")
    if not (np.diagonal(array) > 0).all():
        raise MatrixError(f"{name} has a variance that is not positive")
    return array
