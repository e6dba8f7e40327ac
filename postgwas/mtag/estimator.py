"""The MTAG estimator: trait-specific effects from the summary statistics of many traits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Variants solved at once. Fixed, so that no caller's chunking changes a bit.
BLOCK = 16_384


@dataclass(frozen=True)
class MtagEstimates:
    """Estimates for every variant and trait.

    Attributes
    ----------
    beta : ndarray, shape (n_variants, n_traits)
        Effect of the first trait's effect allele, standardised (trait and
        genotype in standard deviations).
    se : ndarray, shape (n_variants, n_traits)
        Standard errors of `beta`, same scale.
    weight_sum : ndarray, shape (n_traits,)
        Mean over variants of the sum of the weights that a trait's estimate
        gives to the standardised effects of all traits (the "weight factors"
        of mtag.py's log).
    """

    beta: Floats
    se: Floats
    weight_sum: Floats

    @property
    def z(self) -> Floats:
        """Test statistics, shape (n_variants, n_traits)."""
        return self.beta / self.se


def estimate(z: Floats, n: Floats, omega: Floats, sigma: Floats) -> MtagEstimates:
    r"""MTAG estimates of every trait at every variant.

    With :math:`D_j = diag(1/\sqrt{N_{jt}})`, :math:`A_j = \Omega + D_j \Sigma
    D_j`, :math:`b_j = D_j Z_j` and, for trait *t*, :math:`\omega_t` the column
    of Omega, :math:`\tau = \Omega_{tt}`, :math:`v = A_j^{-1}\omega_t`,
    :math:`s = \omega_t' v`:

    .. math:: \hat\beta_t = \tau\, v'b_j / s, \qquad
              se_t = \sqrt{\tau (\tau - s) / s}

    which is Turley et al.'s GLS estimator with the inverse of
    :math:`\Omega - \omega_t\omega_t'/\tau + D_j\Sigma D_j` written by the
    Sherman-Morrison identity: one factorisation serves all traits. Where Omega
    has rank one that matrix is :math:`D_j\Sigma D_j` itself and is used as it
    is, which keeps the digits that :math:`\tau - s` would lose.

    Parameters
    ----------
    z : ndarray, shape (n_variants, n_traits)
        Z statistics, aligned to one effect allele per variant.
    n : ndarray, shape (n_variants, n_traits)
        Sample sizes.
    omega : ndarray, shape (n_traits, n_traits)
        Genetic covariance per variant, standardised scale.
    sigma : ndarray, shape (n_traits, n_traits)
        Covariance of the estimation errors of `z`.

    Returns
    -------
    MtagEstimates

    References
    ----------
    Turley et al. 2018, Nature Genetics 50:229-237, equation 1 and
    Supplementary Note 1.2.

    Examples
    --------
    >>> import numpy as np
    >>> one = estimate(np.array([[2.0]]), np.array([[100.0]]), np.array([[0.01]]), np.eye(1))
    >>> float(one.beta[0, 0]), float(one.se[0, 0])
    (0.2, 0.1)
    """
    n_variants, n_traits = z.shape
    if n_traits == 1:
        # The estimator is then the GWAS itself, its error scaled by Sigma.
        scale = 1 / np.sqrt(n)
        return MtagEstimates(z * scale, scale * np.sqrt(sigma[0, 0]), np.ones(1))
    beta = np.empty((n_variants, n_traits))
    se = np.empty((n_variants, n_traits))
    weight_sum = np.zeros(n_traits)
    solve = _rank_one if has_rank_one(omega) else _full_rank
    for start, stop in _blocks(n_variants):
        d = 1 / np.sqrt(n[start:stop])
        beta[start:stop], se[start:stop], weights = solve(z[start:stop], d, omega, sigma)
        weight_sum += weights
    return MtagEstimates(beta, se, weight_sum / max(n_variants, 1))


def has_rank_one(omega: Floats) -> bool:
    """True where Omega is an outer product to rounding (perfect genetic correlation)."""
    scale = np.sqrt(np.diag(omega))
    if not np.all(scale > 0):
        return False
    correlation = omega / np.outer(scale, scale)
    return bool(np.all(np.abs(np.abs(correlation) - 1) < 1e-12)) and bool(
        np.all(np.abs(correlation - np.outer(correlation[0], correlation[0])) < 1e-12)
    )


def _blocks(n_variants: int) -> Iterator[tuple[int, int]]:
    for start in range(0, n_variants, BLOCK):
        yield start, min(start + BLOCK, n_variants)


def _full_rank(z: Floats, d: Floats, omega: Floats, sigma: Floats) -> tuple[Floats, Floats, Floats]:
    v = _solve(d[:, :, None] * sigma * d[:, None, :] + omega, omega)
    tau = np.diag(omega)
    s = np.einsum("qt,mqt->mt", omega, v)
    ratio = tau / s
    beta = np.einsum("mq,mqt->mt", d * z, v) * ratio
    return beta, np.sqrt(ratio * (tau - s)), (v.sum(axis=1) * ratio).sum(axis=0)


def _rank_one(z: Floats, d: Floats, omega: Floats, sigma: Floats) -> tuple[Floats, Floats, Floats]:
    # Trait t's estimate is trait 0's on another scale, so one right-hand side does.
    tau = np.diag(omega)
    loading = omega[:, 0] / np.sqrt(tau[0])
    # (D Sigma D)^-1 loading = D^-1 Sigma^-1 (loading / d): Sigma is factorised once.
    u = np.linalg.solve(sigma, (loading / d).T).T / d
    precision = u @ loading
    effect = (d * z * u).sum(axis=1) / precision
    beta = effect[:, None] * loading
    se = np.abs(loading) / np.sqrt(precision)[:, None]
    weights = (u.sum(axis=1) / precision)[:, None] * loading
    return beta, se, weights.sum(axis=0)


def _solve(a: Floats, omega: Floats) -> Floats:
    """Solve A_j X = Omega for every variant; two traits by Cramer's rule, which is far cheaper."""
    if omega.shape[0] == 2:
        a00, a01, a11 = a[:, 0, 0], a[:, 0, 1], a[:, 1, 1]
        det = a00 * a11 - a01 * a01
        x = np.empty_like(a)
        for t in range(2):
            x[:, 0, t] = (a11 * omega[0, t] - a01 * omega[1, t]) / det
            x[:, 1, t] = (a00 * omega[1, t] - a01 * omega[0, t]) / det
        return x
    solved: Floats = np.linalg.solve(a, np.broadcast_to(omega, a.shape)).astype(np.float64, copy=False)
    return solved
