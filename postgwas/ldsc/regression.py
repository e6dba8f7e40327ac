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
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.ldsc import jackknife
from postgwas.ldsc.block_sums import Weighting, block_sums
from postgwas.ldsc.fits import GencovFit, H2Fit, RgFit
from postgwas.ldsc.jackknife import Array, Indices, Jackknife

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
    fixed_weights: bool = False,
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
    fixed_weights : bool
        Keep the initial weights, as ldsc does for partitioned heritability.

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
    y, ld, w_ld, m_annot = _checked(chi2, l2, w_l2, m)
    size = _sample_size(n, y.size, "n")
    if two_step == "auto":
        two_step = DEFAULT_TWO_STEP if intercept is None and m_annot.size == 1 else None
    problem = _Problem.of(y, ld, w_ld, size, m_annot, null_intercept=1.0, slope_range=(0.0, 1.0))
    mask = None if two_step is None else y < two_step
    parts = _fit(problem, n_blocks, intercept, mask, two_step, fixed_weights)
    mean = float(np.mean(y))
    ratio = ratio_se = math.nan
    if intercept is None and mean > 1:
        ratio = (parts["intercept"] - 1) / (mean - 1)
        ratio_se = parts["intercept_se"] / (mean - 1)
    return H2Fit(
        **parts,
        mean_chisq=mean,
        lambda_gc=float(np.median(y)) / MEDIAN_CHISQ,
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

    Returns
    -------
    GencovFit

    Raises
    ------
    UsageError, NoVariantsError, InputError, MatrixError
        As in :func:`h2`.
    """
    first, second = _pair(z1, z2)
    y, ld, w_ld, m_annot = _checked(first * second, l2, w_l2, m)
    sizes = _sample_size(n1, y.size, "n1"), _sample_size(n2, y.size, "n2")
    own = tuple((min(max(fit.tot, 0.0), 1.0) / float(m_annot.sum()), fit.intercept) for fit in (fit1, fit2))
    problem = _Problem.of(
        y,
        ld,
        w_ld,
        np.sqrt(sizes[0] * sizes[1]),
        m_annot,
        null_intercept=0.0,
        slope_range=(-1.0, 1.0),
        traits=((sizes[0], *own[0]), (sizes[1], *own[1])),
    )
    mask = None if two_step is None else (first * first < two_step) & (second * second < two_step)
    parts = _fit(problem, n_blocks, intercept, mask, two_step, False)
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
    fits : pair of H2Fit or None
        Heritability fits made before **on these same variants and blocks**.

    Returns
    -------
    RgFit

    Raises
    ------
    UsageError, NoVariantsError, InputError, MatrixError
        As in :func:`h2`.
    """
    first, second = _pair(z1, z2)
    given = [
        fit or h2(z * z, l2, w_l2, n, m, n_blocks=n_blocks, intercept=constraint, two_step=two_step)
        for fit, z, n, constraint in zip(fits, (first, second), (n1, n2), intercept_h2)
    ]
    both = gencov(
        first, second, l2, w_l2, n1, n2, m, *given,
        n_blocks=n_blocks, intercept=intercept_gencov, two_step=two_step,
    )  # fmt: skip
    return correlation(given[0], given[1], both)


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


@dataclass(frozen=True)
class _Problem:
    """One regression of y on LD scores, with what its weights are made of.

    `x` is (M,) for one annotation, (M, A) for several; `ld` the total LD score.
    """

    x: Array
    y: Array
    ld: Array
    m: Array
    n: Array
    n_bar: float
    weighting: Weighting
    null_intercept: float
    slope_range: tuple[float, float]
    traits: tuple[tuple[Array, float, float], ...]

    @classmethod
    def of(
        cls,
        y: Array,
        l2: Array,
        w_ld: Array,
        n: Array,
        m: Array,
        *,
        null_intercept: float,
        slope_range: tuple[float, float],
        traits: tuple[tuple[Array, float, float], ...] = (),
    ) -> _Problem:
        ld = l2 if l2.ndim == 1 else l2.sum(axis=1)
        n_bar = float(np.mean(n))
        # A constant N (size 1) leaves LD scores as they are.
        x = l2 if n.size == 1 else l2 * (n / n_bar if l2.ndim == 1 else (n / n_bar)[:, None])
        overcounting = 1.0 / np.maximum(w_ld, 1.0)
        weighting = Weighting(overcounting, *_variance_parts(ld, n, traits))
        return cls(x, y, ld, m, n, n_bar, weighting, null_intercept, slope_range, traits)

    def step_one(self, mask: npt.NDArray[np.bool_]) -> tuple[Weighting, Weighting]:
        """Weights of step 1, initial and after.

        For those after, ldsc takes the LD score scaled by N / mean N, which in
        all other weights it does not.
        """
        initial = self.weighting.within(mask)
        if self.n.size == 1:
            return initial, initial
        load, ab = _variance_parts(self.x, self.n, self.traits)
        return initial, Weighting(initial.overcounting, load, ab)

    def slope(self, total: float) -> float:
        """Clip heritability or covariance to its range; per variant."""
        low, high = self.slope_range
        return float(min(max(total, low), high) / self.m.sum())

    def aggregate(self, intercept: float) -> float:
        """First guess at the total: (mean y - intercept) M / mean(N l)."""
        load = float(np.mean(self.ld)) * self.n_bar if self.n.size == 1 else float(np.mean(self.ld * self.n))
        return float(self.m.sum()) * (float(np.mean(self.y)) - intercept) / load


def _variance_parts(
    ld: Array, n: Array, traits: tuple[tuple[Array, float, float], ...]
) -> tuple[Array, Array | None]:
    """N max(l, 1), and the product of the traits' own variances N h2 l / M + intercept."""
    floored = np.maximum(ld, 1.0)
    if not traits:
        floored *= n
        return floored, None
    own = []
    for size, slope, intercept in traits:
        variance = floored * (size * slope)
        variance += intercept
        own.append(variance)
    own[0] *= own[1]
    floored *= n
    return floored, own[0]


def _fit(
    problem: _Problem,
    n_blocks: int,
    intercept: float | None,
    mask: npt.NDArray[np.bool_] | None,
    two_step: float | None,
    fixed_weights: bool,
) -> dict[str, Any]:
    """All fields that both regressions share."""
    n_variants, n_annot = problem.y.size, problem.m.size
    n_blocks = min(n_blocks, n_variants)
    start = problem.null_intercept if intercept is None else intercept
    first = problem.slope(problem.aggregate(start)), start
    n_left_out = 0
    if mask is not None:
        if intercept is not None:
            raise UsageError("the two-step estimator needs a free intercept", hint="drop two_step")
        if n_annot > 1:
            raise UsageError("the two-step estimator takes one annotation", hint="drop two_step")
        n_left_out = n_variants - int(np.count_nonzero(mask))
        if n_variants - n_left_out < n_blocks:
            raise NoVariantsError(
                f"{n_variants - n_left_out} of {n_variants} variants have chi-square below the two-step "
                f"cutoff {two_step:g}, fewer than the {n_blocks} jackknife blocks",
                hint="raise --two_step or lower --n_blocks",
            )
        jk = _two_step(problem, mask, first, n_blocks)
    else:
        borders = jackknife.separators(n_variants, n_blocks)
        same = problem.weighting, problem.weighting
        jk = _reweighted(problem, same, first, borders, intercept, fixed_weights)
    return _summary(problem, jk, n_blocks, intercept) | {"two_step": two_step, "n_left_out": n_left_out}


def _reweighted(
    problem: _Problem,
    weightings: tuple[Weighting, Weighting],
    first: tuple[float, float],
    borders: Indices,
    intercept: float | None,
    fixed_weights: bool = False,
) -> Jackknife:
    """Iteratively reweighted least squares: two reweightings, then the jackknife."""

    def equations(weighting: Weighting, slope: float, centre: float) -> tuple[Array, Array]:
        xtx, xty = block_sums(problem.x, problem.y, weighting, slope, centre, borders)
        if intercept is None:
            return xtx, xty
        # y - intercept on x alone, from the same sums.
        return xtx[:, :-1, :-1], xty[:, :-1] - intercept * xtx[:, :-1, -1]

    weighting, later = weightings
    slope, centre = first
    for _ in range(0 if fixed_weights else 2):
        xtx, xty = equations(weighting, slope, centre)
        coef = jackknife.solve(xtx.sum(axis=0), xty.sum(axis=0))
        # With several annotations ldsc reads the slope from the first and the
        # intercept from the second coefficient; kept, for its numbers' sake.
        slope = problem.slope(float(problem.m.sum()) * float(coef[0]) / problem.n_bar)
        centre = float(coef[1]) if intercept is None else intercept
        weighting = later
    return jackknife.from_block_sums(*equations(weighting, slope, centre))


def _two_step(
    problem: _Problem, mask: npt.NDArray[np.bool_], first: tuple[float, float], n_blocks: int
) -> Jackknife:
    """Intercept from the variants in `mask`, slope from all, one jackknife for both."""
    borders = jackknife.masked_separators(mask, n_blocks)
    one = _reweighted(problem, problem.step_one(mask), first, borders, None)
    intercept = float(one.est[1])
    two = _reweighted(problem, (problem.weighting, problem.weighting), first, borders, intercept)
    # How far the slope moves when the intercept does: sum(w x) / sum(w x^2) at
    # the initial weights.
    xtx = block_sums(problem.x, problem.y, problem.weighting, *first, borders)[0].sum(axis=0)
    c = xtx[0, 1] / xtx[0, 0]
    delete_values = np.column_stack(
        (
            two.delete_values[:, 0] - c * (one.delete_values[:, 1] - intercept),
            one.delete_values[:, 1],
        )
    )
    return jackknife.from_delete_values(np.array([two.est[0], intercept]), delete_values)


def _summary(problem: _Problem, jk: Jackknife, n_blocks: int, intercept: float | None) -> dict[str, Any]:
    m, n_bar = problem.m, problem.n_bar
    n_annot = m.size
    coef = jk.est[:n_annot] / n_bar
    coef_cov = jk.cov[:n_annot, :n_annot] / n_bar**2
    cat = m * coef
    cat_cov = np.outer(m, m) * coef_cov
    tot, tot_cov = float(cat.sum()), float(cat_cov.sum())
    part_delete = jk.delete_values[:, :n_annot] / n_bar
    tot_delete = np.einsum("ba,a->b", part_delete, m)
    with np.errstate(divide="ignore", invalid="ignore"):
        prop = jackknife.ratio(cat / tot, part_delete * m, tot_delete[:, None])
    m_prop = m / m.sum()
    free = intercept is None
    return {
        "n_variants": problem.y.size,
        "n_blocks": n_blocks,
        "coef": coef,
        "coef_se": jk.se[:n_annot] / n_bar,
        "coef_cov": coef_cov,
        "cat": cat,
        "cat_se": np.abs(m) * jk.se[:n_annot] / n_bar,
        "cat_cov": cat_cov,
        "tot": tot,
        "tot_se": math.sqrt(max(tot_cov, 0.0)),
        "tot_cov": tot_cov,
        "prop": prop.est,
        "prop_se": prop.se,
        "prop_cov": prop.cov,
        "m_prop": m_prop,
        "enrichment": prop.est / m_prop,
        "intercept": float(jk.est[n_annot]) if intercept is None else float(intercept),
        "intercept_se": float(jk.se[n_annot]) if free else math.nan,
        "constrained": not free,
        "tot_delete_values": tot_delete,
        "part_delete_values": part_delete,
        "intercept_delete_values": jk.delete_values[:, n_annot].copy() if free else None,
    }


def _test(est: float, se: float) -> tuple[float, float, float]:
    """Z, two-sided P and -log10 P; all NaN where the SE is 0 or NaN."""
    if not se > 0:
        return math.nan, math.nan, math.nan
    z = est / se
    mlog10p = -(float(log_ndtr(-abs(z))) + math.log(2.0)) / math.log(10.0)
    return z, math.erfc(abs(z) / math.sqrt(2.0)), max(mlog10p, 0.0)


def _vector(values: npt.ArrayLike, name: str) -> Array:
    out = np.ascontiguousarray(values, dtype=np.float64)
    if out.ndim == 2 and out.shape[1] == 1:
        out = out[:, 0]
    if out.ndim != 1:
        raise InputError(f"{name} must have one dimension, it has shape {out.shape}")
    return out


def _pair(z1: npt.ArrayLike, z2: npt.ArrayLike) -> tuple[Array, Array]:
    first, second = _vector(z1, "z1"), _vector(z2, "z2")
    if first.size != second.size:
        raise InputError(f"z1 has {first.size} variants, z2 has {second.size}")
    return first, second


def _checked(
    y: npt.ArrayLike, l2: npt.ArrayLike, w_l2: npt.ArrayLike, m: npt.ArrayLike
) -> tuple[Array, Array, Array, Array]:
    """Arrays of the right shapes; LD scores of one annotation as a vector."""
    response, weights = _vector(y, "y"), _vector(w_l2, "w_l2")
    scores = np.ascontiguousarray(l2, dtype=np.float64)
    m_annot = np.atleast_1d(np.asarray(m, dtype=np.float64)).ravel()
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = np.ascontiguousarray(scores[:, 0])
    n_annot = 1 if scores.ndim == 1 else scores.shape[1]
    if scores.shape[0] != response.size or weights.size != response.size:
        raise InputError(
            f"unequal numbers of variants: {response.size} statistics, {scores.shape[0]} LD scores, "
            f"{weights.size} weights"
        )
    if m_annot.size != n_annot:
        raise InputError(f"{n_annot} LD score columns but {m_annot.size} values of M")
    if not np.all(m_annot > 0):
        raise InputError("every M (number of variants behind the LD scores) must be positive")
    if response.size < n_annot + 2:
        raise NoVariantsError(f"{response.size} variants are too few for LD score regression")
    return response, scores, weights, m_annot


def _sample_size(n: npt.ArrayLike, n_variants: int, name: str) -> Array:
    """Sample size, shape (M,), or (1,) where it is the same for all variants."""
    size = np.asarray(n, dtype=np.float64).ravel()
    if size.size not in (1, n_variants):
        raise InputError(f"{name} has {size.size} values for {n_variants} variants")
    low = float(size.min())
    if not low > 0:
        raise InputError(f"sample sizes must be positive, {name} has {low:g}")
    return size[:1] if low == float(size.max()) else np.ascontiguousarray(size)
