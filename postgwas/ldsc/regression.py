"""LD score regression of one trait (heritability) and of two (covariance, correlation).

References
----------
.. [1] Bulik-Sullivan et al. (2015) LD Score regression distinguishes confounding
   from polygenicity in genome-wide association studies. Nat Genet 47:291-295.
.. [2] Bulik-Sullivan et al. (2015) An atlas of genetic correlations across human
   diseases and traits. Nat Genet 47:1236-1241.
.. [3] Finucane et al. (2015) Partitioning heritability by functional annotation
   using genome-wide association summary statistics. Nat Genet 47:1228-1235.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.ldsc import irwls, jackknife
from postgwas.ldsc.arguments import checked, pair, sample_size
from postgwas.ldsc.block_sums import CHUNK, Shared
from postgwas.ldsc.fits import GencovFit, H2Fit, RgFit
from postgwas.ldsc.jackknife import Array

MEDIAN_CHISQ = 0.4549
DEFAULT_TWO_STEP = 30.0
LARGEST_RG = 1.2


def h2(
    chi2: npt.ArrayLike,
    l2: npt.ArrayLike,
    w_l2: npt.ArrayLike,
    n: npt.ArrayLike,
    m: npt.ArrayLike,
    *,
    n_blocks: int = 200,
    intercept: float | None = None,
    two_step: float | Literal["auto"] | None = "auto",
    chisq_max: float | Literal["auto"] | None = None,
    fixed_weights: bool = False,
    shared: Shared | None = None,
) -> H2Fit:
    """Regress chi-square statistics on LD scores ([1]_, eq. 1; [3]_ for several annotations).

    Parameters
    ----------
    chi2 : array, shape (M,)
        Chi-square statistics (Z squared), in genome order: jackknife blocks are
        stretches of neighbouring variants.
    l2 : array, shape (M,) or (M, A)
        LD scores, one column an annotation.
    w_l2 : array, shape (M,)
        LD scores over the variants of the regression, for the weights.
    n : array, shape (M,), or number
        Sample size.
    m : array, shape (A,), or number
        Number of variants behind the LD scores (M_5_50 in ldsc).
    n_blocks : int
        Jackknife blocks; never more than variants.
    intercept : float, optional
        Constrain the intercept to this.
    two_step : float, "auto" or None
        Estimate the intercept from variants with chi-square below this, then the
        slope from all. "auto" is ldsc's rule: 30 with one annotation and a free
        intercept, else one step.
    chisq_max : float, "auto" or None
        Leave out variants whose chi-square is not below this. "auto" is ldsc's rule:
        the larger of 80 and 0.001 of the largest N with several annotations, no
        limit with one.
    fixed_weights : bool
        Keep the initial weights, as ldsc does for partitioned heritability.
    shared : Shared, optional
        Of `w_l2`, for many regressions on the same variants; not with `chisq_max`.

    Returns
    -------
    H2Fit
        Observed scale.

    Raises
    ------
    UsageError
        Two steps with a constrained intercept or several annotations.
    NoVariantsError
        Fewer variants than the regression needs.
    InputError, MatrixError
        Unequal lengths; NaN; collinear LD scores.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> l2 = rng.lognormal(3, 0.8, 20_000)
    >>> variance = 1.0 + 50_000 * 0.4 * l2 / 1e6
    >>> fit = h2(variance * rng.chisquare(1, l2.size), l2, l2, 50_000, 1e6)
    >>> bool(abs(fit.tot - 0.4) < 4 * fit.tot_se)
    True
    """
    y, ld, w_ld, m_annot = checked(chi2, l2, w_l2, m)
    size = sample_size(n, y.size, "n")
    if not y.any():
        raise InputError(f"the chi-square statistics of all {y.size:,} variants are 0: every Z is 0")
    if chisq_max == "auto":
        chisq_max = max(0.001 * float(np.max(size)), 80.0) if m_annot.size > 1 else None
    if chisq_max is not None:
        shared = None
        y, ld, w_ld, size = _kept(y < chisq_max, y, ld, w_ld, size)
        y, ld, w_ld, m_annot = checked(y, ld, w_ld, m)
    if two_step == "auto":
        two_step = DEFAULT_TWO_STEP if intercept is None and m_annot.size == 1 else None
    problem = irwls.Problem(y, irwls.variants_of(ld, w_ld, size, shared=shared), m_annot, 1.0, (0.0, 1.0))
    mask = None if two_step is None else y < two_step
    parts = irwls.fit(problem, n_blocks, intercept, mask, two_step, fixed_weights)
    mean = float(np.mean(y))
    ratio = ratio_se = math.nan
    if intercept is None and mean > 1:
        ratio = (parts["intercept"] - 1) / (mean - 1)
        ratio_se = parts["intercept_se"] / (mean - 1)
    return H2Fit(
        **parts,
        mean_chisq=mean,
        lambda_gc=median(y) / MEDIAN_CHISQ,
        ratio=ratio,
        ratio_se=ratio_se,
    )


def gencov(
    z1: npt.ArrayLike,
    z2: npt.ArrayLike,
    l2: npt.ArrayLike,
    w_l2: npt.ArrayLike,
    n1: npt.ArrayLike,
    n2: npt.ArrayLike,
    m: npt.ArrayLike,
    fit1: H2Fit,
    fit2: H2Fit,
    *,
    n_blocks: int = 200,
    intercept: float | None = None,
    two_step: float | None = None,
    shared: Shared | None = None,
) -> GencovFit:
    """Regress products of Z on LD scores ([2]_, eq. 1 and supplementary note).

    Parameters
    ----------
    z1, z2 : array, shape (M,)
        Z of both traits for the same effect allele, in genome order.
    l2, w_l2, m, n_blocks, intercept
        As in :func:`h2`; the free intercept estimates the residual covariance
        (sample overlap times phenotypic correlation).
    n1, n2 : array, shape (M,), or number
        Sample sizes.
    fit1, fit2 : H2Fit
        Fits of the two traits on the same variants; only their `tot` and
        `intercept` enter, through the weights.
    two_step : float, optional
        Cutoff that both squared Z must be under in step 1. ldsc makes one step
        unless told otherwise; mtag.py gives 30.
    shared : Shared, optional
        As in :func:`h2`.

    Returns
    -------
    GencovFit

    Raises
    ------
    UsageError, NoVariantsError, InputError, MatrixError
        As in :func:`h2`.
    """
    first, second = pair(z1, z2)
    room = None if shared is None else shared.room
    products = np.multiply(first, second, out=None if room is None else room.array("y", first.size))
    y, ld, w_ld, m_annot = checked(products, l2, w_l2, m)
    traits = tuple(
        (sample_size(n, y.size, name), min(max(fit.tot, 0.0), 1.0) / float(m_annot.sum()), fit.intercept)
        for n, name, fit in ((n1, "n1", fit1), (n2, "n2", fit2))
    )
    one, other = traits[0][0], traits[1][0]
    size = np.multiply(one, other, out=None if room is None else room.array("n", max(one.size, other.size)))
    np.sqrt(size, out=size)
    problem = irwls.Problem(y, irwls.variants_of(ld, w_ld, size, traits, shared), m_annot, 0.0, (-1.0, 1.0))
    mask = None if two_step is None else (first * first < two_step) & (second * second < two_step)
    parts = irwls.fit(problem, n_blocks, intercept, mask, two_step, False)
    z, p, mlog10p = _test(parts["tot"], parts["tot_se"])
    return GencovFit(**parts, mean_z1z2=float(np.mean(y)), z=z, p=p, mlog10p=mlog10p)


def rg(
    z1: npt.ArrayLike,
    z2: npt.ArrayLike,
    l2: npt.ArrayLike,
    w_l2: npt.ArrayLike,
    n1: npt.ArrayLike,
    n2: npt.ArrayLike,
    m: npt.ArrayLike,
    *,
    n_blocks: int = 200,
    intercept_h2: tuple[float | None, float | None] = (None, None),
    intercept_gencov: float | None = None,
    two_step: float | None = None,
    chisq_max: float | None = None,
    fits: tuple[H2Fit | None, H2Fit | None] = (None, None),
) -> RgFit:
    """Genetic correlation with a ratio block jackknife ([2]_).

    Parameters
    ----------
    z1, z2, l2, w_l2, n1, n2, m, n_blocks, two_step
        As in :func:`gencov`.
    intercept_h2 : pair of float or None
        Constrained intercepts of the two heritability regressions.
    intercept_gencov : float, optional
        Constrained intercept of the covariance regression.
    chisq_max : float, optional
        Leave out variants at which the product of the two chi-squares is not below the
        square of this, as ldsc does, from all three regressions.
    fits : pair of H2Fit or None
        Heritability fits made before **on these same variants and blocks**; not with `chisq_max`.

    Returns
    -------
    RgFit

    Raises
    ------
    UsageError, NoVariantsError, InputError, MatrixError
        As in :func:`h2`.
    """
    first, second = pair(z1, z2)
    if chisq_max is not None:
        if any(fit is not None for fit in fits):
            raise UsageError("fits made before do not know which variants chisq_max leaves out")
        n1, n2 = sample_size(n1, first.size, "n1"), sample_size(n2, first.size, "n2")
        rows = first**2 * second**2 < chisq_max**2
        first, second, l2, w_l2, n1, n2 = _kept(rows, first, second, l2, w_l2, n1, n2)
    given = [
        fit or h2(z * z, l2, w_l2, n, m, n_blocks=n_blocks, intercept=constraint, two_step=two_step)
        for fit, z, n, constraint in zip(fits, (first, second), (n1, n2), intercept_h2)
    ]
    both = gencov(
        first, second, l2, w_l2, n1, n2, m, *given,
        n_blocks=n_blocks, intercept=intercept_gencov, two_step=two_step,
    )  # fmt: skip
    return correlation(given[0], given[1], both)


def _kept(rows: npt.NDArray[np.bool_], *arrays: npt.ArrayLike) -> list[Array]:
    """The rows of every array; what has one value for all variants stays as it is."""
    if not rows.any():
        raise NoVariantsError(f"chisq_max leaves none of {rows.size:,} variants", hint="--chisq_max")
    found = [np.asarray(array, dtype=np.float64) for array in arrays]
    return [array[rows] if array.ndim and len(array) == rows.size else array for array in found]


def correlation(hsq1: H2Fit, hsq2: H2Fit, both: GencovFit) -> RgFit:
    """Genetic correlation from three fits on the same variants and blocks."""
    if hsq1.tot <= 0 or hsq2.tot <= 0:
        nan = math.nan
        return RgFit(
            hsq1=hsq1, hsq2=hsq2, gencov=both, rg=nan, rg_jknife=nan, se=nan, z=nan, p=nan,
            mlog10p=nan, status="h2 out of bounds",
        )  # fmt: skip
    est = both.tot / math.sqrt(hsq1.tot * hsq2.tot)
    with np.errstate(invalid="ignore"):
        denominator = np.sqrt(hsq1.tot_delete_values * hsq2.tot_delete_values)
    jk = jackknife.ratio(np.array([est]), both.tot_delete_values[:, None], denominator[:, None])
    se = float(jk.se[0])
    z, p, mlog10p = _test(est, se)
    return RgFit(
        hsq1=hsq1,
        hsq2=hsq2,
        gencov=both,
        rg=est,
        rg_jknife=float(jk.mean[0]),
        se=se,
        z=z,
        p=p,
        mlog10p=mlog10p,
        status="ok" if abs(est) <= LARGEST_RG else "rg out of bounds",
    )


def median(values: npt.NDArray[np.float64]) -> float:
    """Median of a vector: numpy's number, three times as fast for a million values.

    A sample brackets the median; only values inside the bracket are partitioned.
    """
    size = values.size
    if size < 20_000:
        return float(np.median(values))
    sample = np.sort(values[:: size // 4096])
    low, high = sample[int(0.46 * sample.size)], sample[int(0.54 * sample.size)]
    below, near = 0, []
    for start in range(0, size, CHUNK):
        part = values[start : start + CHUNK]
        below += int(np.count_nonzero(part < low))
        near.append(part[(part >= low) & (part <= high)])
    inside = np.concatenate(near)
    first, second = (size - 1) // 2 - below, size // 2 - below
    if first < 0 or second >= inside.size:
        return float(np.median(values))
    inside.partition((first, second))
    return float((inside[first] + inside[second]) / 2)


def _test(est: float, se: float) -> tuple[float, float, float]:
    """Z, two-sided P and -log10 P; all NaN where the SE is 0 or NaN."""
    if not se > 0:
        return math.nan, math.nan, math.nan
    z = est / se
    x = abs(z) / math.sqrt(2.0)
    return z, math.erfc(x), max(-_log_erfc(x) / math.log(10.0), 0.0)


def _log_erfc(x: float) -> float:
    """Logarithm of erfc, also where erfc underflows; scipy's takes a quarter second to import."""
    if x < 25.0:
        return math.log(math.erfc(x))
    # Its asymptotic series (Abramowitz & Stegun 7.1.23): the next term is below 1e-14 here.
    u = 0.5 / (x * x)
    series = -u * (1 - 3 * u * (1 - 5 * u * (1 - 7 * u)))
    return math.log1p(series) - x * x - math.log(x) - 0.5 * math.log(math.pi)
