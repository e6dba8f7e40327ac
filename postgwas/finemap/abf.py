"""Wakefield's approximate Bayes factors, for any number of regions at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import InputError, UsageError
from postgwas.finemap.matrix_checks import finite_vector, positive_vector

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Kind = Literal["quant", "cc"]

PRIOR_SD_QUANT = 0.15
"""Prior standard deviation of an effect, in standard deviations of a quantitative trait."""
PRIOR_SD_CC = 0.2
"""Prior standard deviation of a log odds ratio."""
BLOCK = 16384
"""Variants at once: a few arrays of as many numbers stay in the cache."""


def log_abf(
    beta: ArrayLike,
    se: ArrayLike,
    *,
    kind: Kind = "quant",
    sd_y: ArrayLike = 1.0,
    prior_sd: float | None = None,
) -> Floats:
    r"""Log Bayes factors for an effect against none, from effects and standard errors.

    .. math:: \log ABF = \tfrac12 \log(1-r) + \tfrac12 r z^2, \qquad r = W / (W + se^2)

    Parameters
    ----------
    beta, se : array-like, shape (V,)
        Effects and standard errors (never variances): per allele, or log odds ratios.
    kind : {"quant", "cc"}
        Quantitative or case-control; it decides the prior variance W.
    sd_y : float or array-like, shape (V,)
        Standard deviation of a quantitative trait; see :func:`estimate_sd_y`.
    prior_sd : float, optional
        Square root of W: 0.15 `sd_y` for "quant" and 0.2 for "cc" if None. It multiplies `sd_y` too.

    Returns
    -------
    ndarray, shape (V,)

    Raises
    ------
    InputError
        If an effect is missing, a standard error is not above 0, or a standard deviation is not.
    UsageError
        If lengths differ or `kind` is none.

    References
    ----------
    Wakefield 2009, Genetic Epidemiology 33:79-86, equation 2; priors as in Giambartolomei et al. 2014,
    PLoS Genetics 10:e1004383.

    Examples
    --------
    >>> log_abf([0.1, 0.0], [0.02, 0.02]).round(4)
    array([10.2579, -2.0237])
    """
    effects = finite_vector(beta, "beta")
    errors = positive_vector(se, "se", size=effects.size)
    return _blocks(effects, errors, _prior_sd(kind, sd_y, prior_sd))


def log_abf_from_z(
    z: ArrayLike,
    maf: ArrayLike,
    n: ArrayLike,
    *,
    kind: Kind = "quant",
    case_fraction: ArrayLike | None = None,
    prior_sd: float | None = None,
) -> Floats:
    r"""Log Bayes factors where only z-scores, allele frequencies and sample sizes are known.

    The variance of an effect is :math:`1 / (2 N f (1-f))` in units of the trait's variance, and
    :math:`1 / (2 N f (1-f) s (1-s))` of a log odds ratio with a share s of cases.

    Parameters
    ----------
    z : array-like, shape (V,)
    maf : array-like, shape (V,)
        Frequency of either allele, between 0 and 1.
    n : float or array-like, shape (V,)
        Samples; of case-control data cases and controls together.
    kind : {"quant", "cc"}
    case_fraction : float or array-like, shape (V,)
        Share of cases, for "cc".
    prior_sd : float, optional
        As for :func:`log_abf`, in standard deviations of a quantitative trait.

    Returns
    -------
    ndarray, shape (V,)

    Raises
    ------
    InputError
        If a z-score is missing, a frequency or share is not between 0 and 1, or n is not above 0.
    UsageError
        If lengths differ, or the share of cases is missing.

    References
    ----------
    Giambartolomei et al. 2014, PLoS Genetics 10:e1004383, methods.
    """
    scores = finite_vector(z, "z")
    frequency = _share(maf, "maf", scores.size)
    samples = positive_vector(np.broadcast_to(np.asarray(n, np.float64), scores.shape), "n")
    error = 1.0 / np.sqrt(2.0 * samples * frequency * (1.0 - frequency))
    if kind == "cc":
        if case_fraction is None:
            raise UsageError("the share of cases is needed for case-control data", hint="case_fraction=")
        cases = _share(np.broadcast_to(np.asarray(case_fraction, np.float64), scores.shape), "case_fraction")
        error /= np.sqrt(cases * (1.0 - cases))
    return _blocks(scores, error, _prior_sd(kind, 1.0, prior_sd), scored=True)


def log_abf_from_p(
    p: ArrayLike,
    maf: ArrayLike,
    n: ArrayLike,
    *,
    kind: Kind = "quant",
    case_fraction: ArrayLike | None = None,
    prior_sd: float | None = None,
) -> Floats:
    """Log Bayes factors from P-values; otherwise as :func:`log_abf_from_z`.

    Raises
    ------
    InputError
        If a P-value is not in (0, 1]; also as :func:`log_abf_from_z`.

    Examples
    --------
    >>> log_abf_from_p([1e-8, 0.5], [0.3, 0.3], 10_000).round(3)
    array([13.969, -2.054])
    """
    from postgwas.sumstats.munge.quantile import abs_z

    values = finite_vector(p, "p")
    bad = ~((values > 0) & (values <= 1))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"p: {values[row]:g} at variant {row}, expected P-values above 0 and up to 1; {int(bad.sum())} "
            f"of {values.size} are not",
            hint="where they underflow to 0, give z-scores",
        )
    return log_abf_from_z(abs_z(values), maf, n, kind=kind, case_fraction=case_fraction, prior_sd=prior_sd)


def estimate_sd_y(se: ArrayLike, maf: ArrayLike, n: ArrayLike, *, starts: ArrayLike | None = None) -> Floats:
    r"""Standard deviation of a quantitative trait, from standard errors of per-allele effects.

    Where effects are small, :math:`2 N f (1-f) \approx sd_Y^2 / se^2`: the slope of a regression
    through the origin of the left side on :math:`1/se^2`, over the variants of each region.

    Parameters
    ----------
    se, maf : array-like, shape (V,)
    n : float or array-like, shape (V,)
    starts : array-like of int, shape (R,), optional
        First row of each region, ascending from 0; all rows are one region if None.

    Returns
    -------
    ndarray, shape (R,)

    Raises
    ------
    InputError, UsageError
        As :func:`log_abf_from_z`.

    References
    ----------
    As coloc does: Wallace 2020, PLoS Genetics 16:e1008720.

    Examples
    --------
    >>> estimate_sd_y([0.5, 0.6], [0.2, 0.125], 100)
    array([2.82122865])
    """
    errors = positive_vector(se, "se")
    frequency = _share(maf, "maf", errors.size)
    samples = positive_vector(n, "n", size=None if np.ndim(n) == 0 else errors.size)
    first = check_starts(starts, errors.size)
    spread = np.empty(first.size)
    for regions, rows in region_blocks(first, errors.size):
        precision = errors[rows]
        precision = 1.0 / (precision * precision)
        expected = frequency[rows]
        expected = expected - expected * expected
        expected *= 2.0 * (samples if samples.size == 1 else samples[rows])
        expected *= precision
        precision *= precision
        at = first[regions] - rows.start
        np.divide(np.add.reduceat(expected, at), np.add.reduceat(precision, at), out=spread[regions])
    return np.sqrt(spread)


def check_starts(starts: ArrayLike | None, n_variants: int) -> Rows:
    """First rows of regions, as given or one region.

    Raises
    ------
    UsageError
        If they do not ascend from 0, or a region is empty.
    """
    if starts is None:
        return np.zeros(1, np.int64)
    first = np.asarray(starts, np.int64)
    if (
        first.ndim != 1
        or not first.size
        or first[0] != 0
        or np.any(np.diff(first) < 1)
        or first[-1] >= n_variants
    ):
        raise UsageError(
            f"starts: expected first rows of regions, ascending from 0 and below {n_variants}, none empty"
        )
    return first


def region_blocks(first: Rows, n_variants: int) -> Iterator[tuple[slice, slice]]:
    """Regions, and the rows that they are, in blocks that stay in the processor's cache.

    Examples
    --------
    >>> [(rows.start, rows.stop) for _, rows in region_blocks(np.array([0, 3000, 6000, 50000]), 51000)]
    [(0, 6000), (6000, 50000), (50000, 51000)]
    """
    stops = np.append(first[1:], n_variants)
    begin = 0
    while begin < first.size:
        end = max(begin + 1, int(np.searchsorted(stops, first[begin] + BLOCK, side="right")))
        yield slice(begin, end), slice(int(first[begin]), int(stops[end - 1]))
        begin = end


def _blocks(effects: Floats, errors: Floats, prior_sd: Floats, *, scored: bool = False) -> Floats:
    """Log Bayes factors block by block; `effects` are z-scores where they are `scored`."""
    found = np.empty(effects.size)
    for start in range(0, effects.size, BLOCK):
        rows = slice(start, start + BLOCK)
        error = errors[rows]
        score = effects[rows] if scored else effects[rows] / error
        prior = prior_sd if prior_sd.ndim == 0 else prior_sd[rows]
        # 1 - r = V / (W + V): a logarithm is several times faster than log1p, and as exact where it matters.
        left = error * error
        left /= prior * prior + left
        result = np.log(left, out=found[rows])
        np.subtract(1.0, left, out=left)
        left *= score
        left *= score
        result += left
        result *= 0.5
    return found


def _prior_sd(kind: str, sd_y: ArrayLike, prior_sd: float | None) -> Floats:
    if kind not in ("quant", "cc"):
        raise UsageError(f"kind = {kind!r}: expected quant or cc")
    if prior_sd is not None and not prior_sd > 0:
        raise UsageError(f"prior_sd = {prior_sd:g}: expected a number above 0")
    if kind == "cc":
        return np.array(prior_sd or PRIOR_SD_CC)
    spread = np.asarray(sd_y, np.float64)
    if not (spread.min() > 0 and np.isfinite(spread.max())):
        bad = spread[~(np.isfinite(spread) & (spread > 0))].flat[0] if spread.ndim else spread
        raise InputError(f"sd_y = {float(bad):g}: expected a standard deviation above 0")
    scaled: Floats = np.asarray((prior_sd or PRIOR_SD_QUANT) * spread)
    return scaled


def _share(values: ArrayLike, what: str, size: int | None = None) -> Floats:
    shares = finite_vector(values, what, size=size)
    if not (shares.min() > 0 and shares.max() < 1):
        bad = ~((shares > 0) & (shares < 1))
        row = int(bad.argmax())
        raise InputError(
            f"{what}: {shares[row]:g} at variant {row}, expected values between 0 and 1; {int(bad.sum())} "
            f"of {shares.size} are not",
            hint="leave variants that do not vary out" if what == "maf" else None,
        )
    return shares
