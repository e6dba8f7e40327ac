"""Whether standard errors are on the scale that sample sizes and allele frequencies let expect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FOLD = 10.0
"""How many times too small or large a variance may be before it is named."""
MOST = 0.9
"""Share of a trait's variance that one variant explains, above which it is named."""
FEWEST = 10
"""Variants from which the slope against allele frequency is looked at."""
STEEP = -0.8
"""Slope of log errors on log heterozygosity below which they look like variances: errors have -1/2,
variances -1."""


def error_notes(
    se: Floats,
    maf: Floats | None,
    n: Floats | None,
    *,
    case_control: bool,
    sd_y: float | None = None,
    case_fraction: float | None = None,
) -> tuple[str, ...]:
    r"""Warnings about standard errors.

    Where effects are small, :math:`se^2 \approx \sigma_Y^2 / (2 N f (1-f))`, and
    :math:`1 / (2 N f (1-f) s (1-s))` of log odds ratios. The median ratio of both sides is looked at. Where
    sdY is not known, the slope of log errors on log heterozygosity is.

    Parameters
    ----------
    se, maf, n : ndarray, shape (V,)
    case_control : bool
    sd_y : float, optional
    case_fraction : float, optional
        One half if None.

    Examples
    --------
    >>> f, n = np.array([0.1, 0.2, 0.4]), np.full(3, 1000.0)
    >>> se = 1 / np.sqrt(2 * n * f * (1 - f))
    >>> error_notes(se, f, n, case_control=False, sd_y=1.0)
    ()
    >>> error_notes(se**2, f, n, case_control=False, sd_y=1.0)[0].split(":")[0]
    'standard errors look like variances'
    """
    if maf is None:
        return ()
    spread = 2.0 * maf * (1.0 - maf)
    if n is not None and (case_control or sd_y is not None):
        share = 0.5 if case_fraction is None else case_fraction
        scale = 1.0 / (share * (1.0 - share)) if case_control else float(sd_y or 1.0) ** 2
        told = _by_scale(se, scale / (spread * n))
        if told:
            return told
    return _by_slope(se, spread if n is None else spread * n)


def strength_notes(z: Floats, n: Floats, ids: Sequence[str] | None = None) -> tuple[str, ...]:
    """Warn where one variant would explain more than `MOST` of the trait: z^2 / (z^2 + n).

    Parameters
    ----------
    z, n : ndarray, shape (V,)
    ids : sequence of str, optional
        Names of the variants.

    Examples
    --------
    >>> strength_notes(np.array([5.0, 600.0]), np.full(2, 8000.0), ["rs1", "rs2"])[0].split(":")[0]
    'rs2 alone would explain 98 % of the trait (z = 600, n = 8,000)'
    >>> strength_notes(np.array([5.0, 40.0]), np.full(2, 8000.0), ["rs1", "rs2"])
    ()
    """
    explained = np.nan_to_num(z**2 / (z**2 + n))
    if not explained.size or explained.max() <= MOST:
        return ()
    at = int(np.argmax(explained))
    name = "one variant" if ids is None else ids[at]
    return (
        f"{name} alone would explain {100 * explained[at]:.0f} % of the trait (z = {z[at]:.4g}, "
        f"n = {n[at]:,.0f}): are standard errors variances, or is --n too small?",
    )


def _by_scale(se: Floats, expected: Floats) -> tuple[str, ...]:
    ratio = float(np.median(se**2 / expected))
    if 1.0 / FOLD <= ratio <= FOLD:
        return ()
    as_variance = float(np.median(se / expected))
    typical, given = float(np.median(np.sqrt(expected))), float(np.median(se))
    if 1.0 / FOLD < as_variance < FOLD:
        return (
            f"standard errors look like variances: their median is {given:.3g}, {typical:.3g} expected of n "
            "and maf, and their square roots fit: give standard errors",
        )
    return (
        f"standard errors do not fit n, maf and the trait's scale: their median is {given:.3g}, "
        f"{typical:.3g} expected",
    )


def _by_slope(se: Floats, spread: Floats) -> tuple[str, ...]:
    if se.size < FEWEST:
        return ()
    x, y = np.log(spread), np.log(se)
    x, y = x - x.mean(), y - y.mean()
    if x.std() < 0.2:
        return ()
    slope = float(x @ y / (x @ x))
    if slope > STEEP or float((x @ y) ** 2 / ((x @ x) * (y @ y))) < 0.5:
        return ()
    return (
        f"standard errors look like variances: they fall with 2 maf (1 - maf) to the power {-slope:.2f}, "
        "expected 0.5: give standard errors",
    )
