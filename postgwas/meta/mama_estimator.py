"""MAMA's estimator: effects in one population with the help of the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.meta.mama_regression import Coefficients
from postgwas.meta.small_matrices import factorise, solve, surely_definite

Floats = NDArray[np.float64]

#: SNPs worked on at once. Fixed, so that no bit depends on it.
BLOCK = 16_384

#: Factor of MAMA's for off-diagonal elements of an Omega that is not positive semi-definite.
SHRINK = 0.99

#: What became of a SNP: used, used after Omega was mended, left out.
KEPT, MENDED, OMEGA_INDEFINITE, SIGMA_INDEFINITE, NOT_ESTIMABLE = range(5)


@dataclass(frozen=True)
class MamaEstimates:
    """Estimates of every population at every SNP.

    Attributes
    ----------
    beta, se : ndarray of float64, shape (V, K)
        Units of the input. NaN where `status` says that the SNP is left out.
    sigma_own : ndarray of float64, shape (V, K)
        Variance of the input's error in each population by the regression: Sigma's diagonal.
    status : ndarray of int8, shape (V,)
        :data:`KEPT`, :data:`MENDED`, :data:`OMEGA_INDEFINITE`, :data:`SIGMA_INDEFINITE` or
        :data:`NOT_ESTIMABLE`.
    sigma_bad : ndarray of bool, shape (V,)
        Sigma is not positive definite (Omega may be indefinite too).
    mean_omega, mean_sigma : ndarray of float64, shape (K, K)
        Over all SNPs, those left out too; what was mended as mended.
    """

    beta: Floats
    se: Floats
    sigma_own: Floats
    status: NDArray[np.int8]
    sigma_bad: NDArray[np.bool_]
    mean_omega: Floats
    mean_sigma: Floats

    @property
    def kept(self) -> NDArray[np.bool_]:
        """SNPs that have estimates, shape (V,)."""
        return self.status <= MENDED


def estimate(beta: Floats, se: Floats, ld: Floats, coefficients: Coefficients) -> MamaEstimates:
    r"""MAMA's estimates of every population at every SNP.

    At SNP j, :math:`\Omega_{pq} = c_{pq}\ell_{pqj}` and
    :math:`\Sigma_{pq} = i_{pq} + s_{pq} se_{pj} se_{qj}`. With :math:`w = \Omega_p / \Omega_{pp}` (row p)
    and :math:`C = \Omega - \Omega_{pp} w w' + \Sigma`:

    .. math:: \hat\beta_p = \frac{w' C^{-1} b}{w' C^{-1} w}, \qquad se_p^2 = \frac{1}{w' C^{-1} w}

    SNPs whose Sigma is not positive definite are left out, and so are those whose Omega is not
    positive semi-definite, unless its diagonal is positive: then it is mended, see :func:`mend`.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (V, K)
        Effects of one allele and their standard errors.
    ld : ndarray of float64, shape (V, K, K)
        LD scores in and across populations.
    coefficients : Coefficients
        Of :func:`postgwas.meta.mama_regression.regress`.

    Returns
    -------
    MamaEstimates

    References
    ----------
    Turley et al. 2021, bioRxiv 2021.04.23.441003, Methods; Turley et al. 2018, Nature Genetics
    50:229, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> one = Coefficients(np.ones((2, 2)), np.zeros((2, 2)), np.eye(2))
    >>> got = estimate(np.array([[0.2, 0.4]]), np.full((1, 2), 0.1), np.ones((1, 2, 2)), one)
    >>> got.beta.round(6).tolist(), got.se.round(6).tolist()
    ([[0.3, 0.3]], [[0.070711, 0.070711]])
    """
    v, k = beta.shape
    out_beta, out_se = np.full((v, k), np.nan), np.full((v, k), np.nan)
    sigma_own = np.diag(coefficients.intercept) + se**2 * np.diag(coefficients.se2)
    status = np.zeros(v, dtype=np.int8)
    sigma_bad = np.zeros(v, dtype=np.bool_)
    omega_sum, sigma_sum = np.zeros((k, k)), np.zeros((k, k))
    for start in range(0, v, BLOCK):
        rows = slice(start, start + BLOCK)
        omega = np.ascontiguousarray(np.moveaxis(ld[rows], 0, -1)) * coefficients.ld[:, :, None]
        sigma = _sigma(coefficients, se[rows].T)
        omega, state = mend(omega)
        omega_sum += omega.sum(axis=2)
        sigma_sum += sigma.sum(axis=2)
        sigma_bad[rows] = ~_definite(sigma)
        state[(state <= MENDED) & sigma_bad[rows]] = SIGMA_INDEFINITE
        good = np.flatnonzero(state <= MENDED)
        b, e = _one_block(omega[:, :, good], sigma[:, :, good], beta[rows][good].T)
        fine = np.isfinite(b).all(axis=0) & np.isfinite(e).all(axis=0)
        state[good[~fine]] = NOT_ESTIMABLE
        out_beta[start + good[fine]], out_se[start + good[fine]] = b[:, fine].T, e[:, fine].T
        status[rows] = state
    mean_omega, mean_sigma = omega_sum / max(v, 1), sigma_sum / max(v, 1)
    return MamaEstimates(out_beta, out_se, sigma_own, status, sigma_bad, mean_omega, mean_sigma)


def mend(omega: Floats) -> tuple[Floats, NDArray[np.int8]]:
    """Make Omega positive semi-definite where shrinking its covariances can.

    MAMA's way: covariances above the geometric mean of the two variances are set to it; then,
    while an eigenvalue is negative, every covariance is multiplied by 0.99. Variances stay. A
    matrix with a variance that is not positive cannot be mended.

    Parameters
    ----------
    omega : ndarray of float64, shape (K, K, V)

    Returns
    -------
    omega : ndarray of float64, shape (K, K, V)
    status : ndarray of int8, shape (V,)
        :data:`KEPT`, :data:`MENDED` or :data:`OMEGA_INDEFINITE`.
    """
    k, _, v = omega.shape
    status = np.zeros(v, dtype=np.int8)
    if k == 1:
        return omega, status
    doubtful = np.flatnonzero(~surely_definite(omega))
    some = np.ascontiguousarray(np.moveaxis(omega[:, :, doubtful], -1, 0))
    negative = ~(np.linalg.eigvalsh(np.nan_to_num(some)) >= 0).all(axis=1) | ~np.isfinite(some).all(
        axis=(1, 2)
    )
    doubtful, some = doubtful[negative], some[negative]
    variance = np.einsum("vii->vi", some)
    hopeless = ~((variance > 0).all(axis=1) & np.isfinite(some).all(axis=(1, 2)))
    status[doubtful[hopeless]] = OMEGA_INDEFINITE
    rows = doubtful[~hopeless]
    status[rows] = MENDED
    if rows.size:
        omega = omega.copy()
        omega[:, :, rows] = np.moveaxis(_shrunk(some[~hopeless]), 0, -1)
    return omega, status


def _shrunk(omega: Floats) -> Floats:
    """The rule of :func:`mend` for matrices of shape (V, K, K) with positive variances."""
    variance = np.einsum("vii->vi", omega).copy()
    root = np.sqrt(variance)
    omega = np.minimum(root[:, :, None] * root[:, None, :], omega)
    diagonal = np.arange(omega.shape[1])
    left = np.arange(len(omega))
    while left.size:
        left = left[(np.linalg.eigvalsh(omega[left]) < 0).any(axis=1)]
        omega[left] *= SHRINK
        omega[left[:, None], diagonal, diagonal] = variance[left]
    return omega


def _sigma(coefficients: Coefficients, se: Floats) -> Floats:
    """Sigma of every SNP, shape (K, K, V), from standard errors of shape (K, V)."""
    return coefficients.intercept[:, :, None] + coefficients.se2[:, :, None] * (se[:, None] * se[None, :])


def _definite(sigma: Floats) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.asarray((factorise(sigma)[1] > 0).all(axis=0))


def _one_block(omega: Floats, sigma: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Estimates and standard errors, both (K, V), from (K, K, V), (K, K, V) and (K, V)."""
    k = len(beta)
    found, error = np.empty_like(beta), np.empty_like(beta)
    with np.errstate(divide="ignore", invalid="ignore"):
        for p in range(k):
            w = omega[p] / omega[p, p]
            x = solve(*factorise(omega - omega[p, p] * w[:, None] * w[None, :] + sigma), w)
            precision = (w * x).sum(axis=0)
            found[p] = (x * beta).sum(axis=0) / precision
            error[p] = np.sqrt(1 / precision)
    return found, error
