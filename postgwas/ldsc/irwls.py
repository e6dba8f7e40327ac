"""Iteratively reweighted least squares on LD scores, in one step or two.

The weights are those of Bulik-Sullivan et al. (2015a, supplementary note; 2015b
for two traits): one over the conditional variance of the response
(heteroskedasticity) and over the LD score to other variants of the regression
(overcounting).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from postgwas.errors import NoVariantsError, UsageError
from postgwas.ldsc import jackknife
from postgwas.ldsc.block_sums import Mask, Room, Shared, Trait, Variants, block_sums
from postgwas.ldsc.jackknife import Array, Indices, Jackknife


@dataclass(frozen=True, eq=False)
class Problem:
    """One regression of y on LD scores.

    Attributes
    ----------
    y : ndarray, shape (M,)
    variants : Variants
    m : ndarray, shape (A,)
    null_intercept : float
        Where the weights begin: 1 for a heritability, 0 for a covariance.
    slope_range : pair of float
        What the total is clipped to in the weights.
    """

    y: Array
    variants: Variants
    m: Array
    null_intercept: float
    slope_range: tuple[float, float]

    @property
    def whole(self) -> Indices:
        """Borders of one block of all variants."""
        return np.array([0, self.y.size], dtype=np.int64)

    def slope(self, total: float) -> float:
        """Clip heritability or covariance to its range; per variant."""
        low, high = self.slope_range
        return float(min(max(total, low), high) / self.m.sum())

    def aggregate(self, intercept: float) -> float:
        """First guess at the total: (mean y - intercept) M / mean(N l)."""
        ld, n = self.variants.ld, self.variants.n
        # A plain einsum neither makes the product nor asks BLAS.
        load = float(np.mean(ld)) * float(n[0]) if n.size == 1 else float(np.einsum("i,i->", ld, n)) / ld.size
        return float(self.m.sum()) * (float(np.mean(self.y)) - intercept) / load


def variants_of(
    l2: Array, w_ld: Array, n: Array, traits: tuple[Trait, ...] = (), shared: Shared | None = None
) -> Variants:
    """LD scores (M,) or (M, A), those for the weights, and sample sizes, as one."""
    ld = l2 if l2.ndim == 1 else l2.sum(axis=1)
    return Variants(l2, ld, n, float(np.mean(n)), shared or Shared.of(w_ld, Room()), traits)


def fit(
    problem: Problem,
    n_blocks: int,
    intercept: float | None,
    mask: Mask | None,
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
        same = problem.variants, problem.variants
        jk = _reweighted(problem, same, first, borders, intercept, fixed_weights)
    return _summary(problem, jk, n_blocks, intercept) | {"two_step": two_step, "n_left_out": n_left_out}


def _reweighted(
    problem: Problem,
    versions: tuple[Variants, Variants],
    first: tuple[float, float],
    borders: Indices,
    intercept: float | None,
    fixed_weights: bool = False,
    begun: tuple[Array, Array] | None = None,
) -> Jackknife:
    """Iteratively reweighted least squares: two reweightings, then the jackknife.

    `versions` are the variants as they enter the initial weights and those after; `begun` are the
    sums with the initial weights, where they are known.
    """

    def equations(variants: Variants, slope: float, centre: float, borders: Indices) -> tuple[Array, Array]:
        return constrained(*block_sums(variants, problem.y, slope, centre, borders))

    def constrained(xtx: Array, xty: Array) -> tuple[Array, Array]:
        if intercept is None:
            return xtx, xty
        # y - intercept on x alone, from the same sums.
        return xtx[:, :-1, :-1], xty[:, :-1] - intercept * xtx[:, :-1, -1]

    variants, later = versions
    slope, centre = first
    for step in range(0 if fixed_weights else 2):
        if begun is not None and step == 0:
            xtx, xty = constrained(*begun)
        else:
            xtx, xty = equations(variants, slope, centre, problem.whole)
        coef = jackknife.solve(xtx[0], xty[0])
        # With several annotations ldsc reads the slope from the first and the
        # intercept from the second coefficient; kept, for its numbers' sake.
        slope = problem.slope(float(problem.m.sum()) * float(coef[0]) / problem.variants.n_bar)
        centre = float(coef[1]) if intercept is None else intercept
        variants = later
    return jackknife.from_block_sums(*equations(variants, slope, centre, borders))


def _two_step(problem: Problem, mask: Mask, first: tuple[float, float], n_blocks: int) -> Jackknife:
    """Intercept from the variants in `mask`, slope from all, one jackknife for both."""
    borders = jackknife.masked_separators(mask, n_blocks)
    variants = problem.variants
    # After the first weights ldsc takes the LD score scaled by N / mean N in the
    # variance; in all other weights it does not.
    inside = variants.within(mask)
    one = _reweighted(problem, (inside, inside.with_scaled_variance()), first, borders, None)
    intercept = float(one.est[1])
    begun = block_sums(variants, problem.y, *first, problem.whole)
    two = _reweighted(problem, (variants, variants), first, borders, intercept, begun=begun)
    # How far the slope moves when the intercept does: sum(w x) / sum(w x^2) at
    # the initial weights.
    xtx = begun[0][0]
    c = xtx[0, 1] / xtx[0, 0]
    delete_values = np.column_stack(
        (
            two.delete_values[:, 0] - c * (one.delete_values[:, 1] - intercept),
            one.delete_values[:, 1],
        )
    )
    return jackknife.from_delete_values(np.array([two.est[0], intercept]), delete_values)


def _summary(problem: Problem, jk: Jackknife, n_blocks: int, intercept: float | None) -> dict[str, Any]:
    m, n_bar = problem.m, problem.variants.n_bar
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
