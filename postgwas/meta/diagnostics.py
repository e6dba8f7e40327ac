"""Checks of each study as consortia make them: SE against N, frequencies against the others, P against Z."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FAR_FREQUENCY = 0.2
"""Difference of frequencies that is looked into."""
SCALE_RATIO = 1.5
"""How far the points of the SE-N plot may be from their common line."""


@dataclass(frozen=True, eq=False)
class StudyChecks:
    """Of K studies, each array of shape (K,); NaN where a study lacks the figures.

    Attributes
    ----------
    root_n : ndarray
        Root of the largest N.
    inverse_se : ndarray
        Median of 1 / sqrt(2 f (1 - f)) over the median SE: proportional to the root of N.
    scale : ndarray
        Their ratio over the median of all studies' ratios: 1 if traits are on one scale.
    eaf_correlation : ndarray
        With the mean frequency of the other studies.
    eaf_far : ndarray
        Share of variants whose frequency is more than 0.2 from it.
    eaf_opposite : ndarray
        Share whose frequency is nearer to one minus it, where both are away from a half by 0.1 or more.
    """

    root_n: Floats
    inverse_se: Floats
    scale: Floats
    eaf_correlation: Floats
    eaf_far: Floats
    eaf_opposite: Floats


def study_checks(se: Floats, n: Floats, eaf: Floats) -> StudyChecks:
    """Compare studies with each other.

    Parameters
    ----------
    se, n, eaf : ndarray of float64, shape (K, V)
        Of the same allele; NaN where absent.

    References
    ----------
    Winkler et al. 2014, Nat Protoc 9:1192 (EasyQC): the SE-N and EAF plots.

    Examples
    --------
    >>> f = np.full((2, 5), 0.5)
    >>> n = np.array([[100.0] * 5, [400.0] * 5])
    >>> study_checks(1 / np.sqrt(n / 2), n, f).scale.round(6).tolist()
    [1.0, 1.0]
    """
    k = se.shape[0]
    root_n, inverse = np.full(k, np.nan), np.full(k, np.nan)
    for at in range(k):
        with np.errstate(invalid="ignore"):
            known = np.isfinite(se[at]) & (eaf[at] > 0) & (eaf[at] < 1) & np.isfinite(n[at])
        if known.any():
            f = eaf[at, known]
            root_n[at] = np.sqrt(n[at, known].max())
            inverse[at] = np.median(1.0 / np.sqrt(2.0 * f * (1.0 - f))) / np.median(se[at, known])
    ratio = inverse / root_n
    middle = np.median(ratio[np.isfinite(ratio)]) if np.isfinite(ratio).any() else np.nan
    others = mean_of_others(eaf, n)
    correlation, far, opposite = (np.full(k, np.nan) for _ in range(3))
    for at in range(k):
        both = np.isfinite(eaf[at]) & np.isfinite(others[at])
        mine, rest = eaf[at, both], others[at, both]
        if mine.size < 10:
            continue
        if mine.std() > 0 and rest.std() > 0:
            correlation[at] = np.corrcoef(mine, rest)[0, 1]
        far[at] = np.mean(np.abs(mine - rest) > FAR_FREQUENCY)
        clear = (np.abs(mine - 0.5) > 0.1) & (np.abs(rest - 0.5) > 0.1)
        if clear.any():
            opposite[at] = np.mean(np.abs(mine - rest)[clear] > np.abs(1.0 - mine - rest)[clear])
    return StudyChecks(root_n, inverse, ratio / middle, correlation, far, opposite)


def mean_of_others(eaf: Floats, n: Floats) -> Floats:
    """Mean frequency, by N, of all studies but one; shape (K, V)."""
    there = np.isfinite(eaf)
    weight = np.where(there, np.nan_to_num(n, nan=1.0), 0.0)
    product = weight * np.where(there, eaf, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((product.sum(axis=0) - product) / (weight.sum(axis=0) - weight))


def remarks(names: tuple[str, ...], checks: StudyChecks) -> list[str]:
    """What should be looked into before the result is believed."""
    found = []
    for at, name in enumerate(names):
        scale = checks.scale[at]
        if np.isfinite(scale) and max(scale, 1.0 / scale) > SCALE_RATIO:
            found.append(
                f"{name}: SE, N and frequencies put its trait on another scale than most: {1 / scale:.3g} "
                "times their standard deviation (SE-N plot)"
            )
        if checks.eaf_opposite[at] > 0.1:
            found.append(
                f"{name}: {100 * checks.eaf_opposite[at]:.0f} % of frequencies look like those of the other "
                "allele: effect allele and its frequency do not fit"
            )
    return found
