"""Variants whose z-score LD does not explain: imputed from the others (DENTIST), or from the lead alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import UsageError
from postgwas.finemap.matrix_checks import CheckedLd, correlation_matrix, finite_vector

Floats = NDArray[np.float64]

MLOG10P = 7.30103
"""-log10 P from which DENTIST takes a variant out (5e-8)."""
LEAD_MLOG10P, LEAD_R2 = 4.0, 0.6
"""-log10 P from which a variant in this LD with the lead is an outlier."""
_LEAST_VARIANCE = 1e-6
_REMOVED = 0.01
"""Share of the variants that a round may take out."""


@dataclass(frozen=True, eq=False)
class Dentist:
    """Differences between z-scores and what other variants foretell.

    Attributes
    ----------
    statistic : ndarray, shape (p,)
        Chi-squared of one degree of freedom; NaN where nothing can be foretold.
    mlog10p : ndarray, shape (p,)
        Its -log10 P.
    outlier : ndarray of bool, shape (p,)
    """

    statistic: Floats
    mlog10p: Floats
    outlier: NDArray[np.bool_]


def dentist(
    z: ArrayLike,
    R: ArrayLike | CheckedLd,
    *,
    rounds: int = 10,
    share: float = 0.5,
    mlog10p: float = MLOG10P,
    seed: int = 0,
) -> Dentist:
    r"""Test each z-score against the one that half of the other variants foretell.

    In each round variants are parted at random into two halves, and either is imputed from the other
    through the leading eigenvectors of its LD: with s the variants that foretell t,
    :math:`T_t = (z_t - R_{ts} R_{ss}^{+} z_s)^2 / (1 - R_{ts} R_{ss}^{+} R_{st})`. The worst
    outliers of a round (1 % of all variants, at least one) foretell nothing from then on; the last
    round's statistics count.

    An outlier need not be an error: a strong effect of a variant that no other tags is one too.

    Parameters
    ----------
    z : array-like, shape (p,)
    R : array-like, shape (p, p), or CheckedLd
    rounds : int
    share : float
        Of a half's eigenvectors that are used, the largest first; the rest is noise of the panel.
    mlog10p : float
        From which a variant is an outlier.
    seed : int
        Of the partitions.

    Returns
    -------
    Dentist

    Raises
    ------
    InputError, MatrixError, UsageError
        As :func:`postgwas.finemap.susie_rss`; also if there are fewer than four variants.

    References
    ----------
    Chen et al. 2021, Nature Communications 12:7117, equations 1 to 3.

    Examples
    --------
    >>> import numpy as np
    >>> place = np.arange(40)
    >>> r = 0.98 ** np.abs(place[:, None] - place)
    >>> z = 6 * 0.97 ** np.abs(place - 20)
    >>> z[18] *= -1
    >>> np.flatnonzero(dentist(z, r).outlier)
    array([18])
    """
    scores = finite_vector(z, "z")
    matrix = correlation_matrix(R, scores.size)
    if scores.size < 4:
        raise UsageError(f"{scores.size} variants: DENTIST needs at least four")
    if rounds < 1 or not 0 < share <= 1:
        raise UsageError(f"rounds = {rounds}, share = {share:g}: expected at least 1, and a share up to 1")
    rng = np.random.default_rng(seed)
    trusted = np.ones(scores.size, np.bool_)
    worst = max(1, int(_REMOVED * scores.size))
    statistic = np.full(scores.size, np.nan)
    evidence = np.zeros(scores.size)
    for _ in range(rounds):
        first = np.zeros(scores.size, np.bool_)
        first[rng.permutation(scores.size)[: scores.size // 2]] = True
        for half in (first, ~first):
            using, target = np.flatnonzero(half & trusted), np.flatnonzero(~half)
            if using.size:
                statistic[target] = _differences(scores, matrix, using, target, share)
        evidence = _mlog10p(statistic)
        # A bad variant makes its neighbours look bad: only the worst foretell nothing from now on.
        suspects = np.argsort(-np.where(trusted, evidence, -1.0), kind="stable")[:worst]
        trusted[suspects[evidence[suspects] > mlog10p]] = False
    return Dentist(statistic, evidence, evidence > mlog10p)


def dentist_lead(
    z: ArrayLike,
    R: ArrayLike | CheckedLd,
    *,
    lead: int | None = None,
    r2_min: float = LEAD_R2,
    mlog10p: float = LEAD_MLOG10P,
) -> Dentist:
    r"""Test each z-score against the lead variant's: :math:`T_t = (z_t - r z_{lead})^2 / (1 - r^2)`.

    Right where a region has one effect, at the lead. It needs no decomposition of R.

    Parameters
    ----------
    z : array-like, shape (p,)
    R : array-like, shape (p, p), or CheckedLd
    lead : int, optional
        The variant of the largest absolute z-score if None.
    r2_min : float
        Only variants of this LD with the lead can be outliers.
    mlog10p : float
        From which they are.

    Returns
    -------
    Dentist

    Raises
    ------
    InputError, MatrixError, UsageError
        As :func:`postgwas.finemap.susie_rss`.

    References
    ----------
    Kanai et al. 2022, Cell Genomics 2:100210 (DENTIST-S).
    """
    scores = finite_vector(z, "z")
    matrix = correlation_matrix(R, scores.size)
    if lead is None:
        lead = int(np.argmax(np.abs(scores)))
    if not 0 <= lead < scores.size:
        raise UsageError(f"lead = {lead}: there are {scores.size} variants")
    with_lead = matrix[lead]
    left = 1.0 - with_lead**2
    usable = left > _LEAST_VARIANCE
    statistic = np.full(scores.size, np.nan)
    statistic[usable] = (scores - with_lead * scores[lead])[usable] ** 2 / left[usable]
    evidence = _mlog10p(statistic)
    return Dentist(statistic, evidence, (evidence > mlog10p) & (with_lead**2 > r2_min))


def _differences(
    z: Floats, matrix: Floats, using: NDArray[np.intp], target: NDArray[np.intp], share: float
) -> Floats:
    from scipy.linalg import eigh

    values, vectors = eigh(matrix[np.ix_(using, using)], check_finite=False)
    rank = int((values > 1e-6 * values[-1]).sum())
    kept = max(1, int(np.ceil(share * rank)))
    values, vectors = values[-kept:], vectors[:, -kept:]
    across = matrix[np.ix_(target, using)] @ vectors
    foretold = across @ ((vectors.T @ z[using]) / values)
    left = 1.0 - (across**2) @ (1.0 / values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(left > _LEAST_VARIANCE, (z[target] - foretold) ** 2 / left, np.nan)


def _mlog10p(statistic: Floats) -> Floats:
    from postgwas.sumstats.derive import mlog10p_from_z

    return mlog10p_from_z(np.sqrt(np.where(np.isnan(statistic), 0.0, statistic)))
