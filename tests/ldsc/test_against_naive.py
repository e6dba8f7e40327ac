"""Block sums against an obviously right LD score regression.

The slow one is written from Bulik-Sullivan et al. (2015a,b) with statsmodels' WLS:
fits one after the other, blocks left out one by one.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
import statsmodels.api as sm

from postgwas.ldsc.regression import gencov, h2

BLOCKS = 23


@dataclass
class NaiveFit:
    tot: float
    tot_se: float
    intercept: float
    intercept_se: float
    tot_delete: np.ndarray
    intercept_delete: np.ndarray


def wls(y, x, w, intercept):
    """Slope and intercept."""
    if intercept is None:
        slope, constant = sm.WLS(y, np.column_stack([x, np.ones_like(x)]), weights=w).fit().params
        return slope, constant
    return sm.WLS(y - intercept, x, weights=w).fit().params[0], intercept


def weights(ld, w_ld, m, sizes, totals, intercepts, rho, centre):
    """1 / (overcounting x variance) for one trait (sizes of length 1) or two."""
    ld = np.maximum(ld, 1)
    if len(sizes) == 1:
        variance = 2 * (centre + sizes[0] * np.clip(rho, 0, 1) * ld / m) ** 2
    else:
        own = [n * np.clip(h, 0, 1) * ld / m + i for n, h, i in zip(sizes, totals, intercepts)]
        cross = np.sqrt(sizes[0] * sizes[1]) * np.clip(rho, -1, 1) * ld / m + centre
        variance = own[0] * own[1] + cross**2
    return 1 / (np.maximum(w_ld, 1) * variance)


def regress(
    y, ld, w_ld, m, sizes, *, totals=(), intercepts=(), null, n_blocks, intercept=None, step_one=None
):
    """Heritability (one size) or covariance (two sizes), one step or two."""
    n = np.sqrt(np.prod(sizes, axis=0)) if len(sizes) == 2 else sizes[0]
    n_bar = n.mean()
    x = n * ld / n_bar
    start = null if intercept is None else intercept
    guess = m * (y.mean() - start) / (ld * n).mean()
    first = weights(ld, w_ld, m, sizes, totals, intercepts, guess, start)

    def reweight(rows, fixed, weight_ld):
        w = first[rows]
        for _ in range(2):
            slope, centre = wls(y[rows], x[rows], w, fixed)
            picked = [size[rows] for size in sizes]
            w = weights(weight_ld[rows], w_ld[rows], m, picked, totals, intercepts, m * slope / n_bar, centre)
        return w

    def jackknife(rows, w, fixed, blocks):
        every = wls(y[rows], x[rows], w, fixed)
        deleted = []
        for start, stop in itertools.pairwise(blocks):
            kept = (rows < start) | (rows >= stop)
            deleted.append(wls(y[rows][kept], x[rows][kept], w[kept], fixed))
        return np.array(every), np.array(deleted)

    everyone = np.arange(y.size)
    if step_one is None:
        blocks = np.floor(np.linspace(0, y.size, n_blocks + 1)).astype(int)
        est, deleted = jackknife(everyone, reweight(everyone, intercept, ld), intercept, blocks)
    else:
        rows = np.flatnonzero(step_one)
        blocks = np.floor(np.linspace(0, rows.size, n_blocks + 1)).astype(int)
        blocks = np.array([0, *rows[blocks[1:-1]], y.size])
        # ldsc takes the LD score that N has scaled for the weights of step 1.
        est1, deleted1 = jackknife(rows, reweight(rows, None, x), None, blocks)
        est2, deleted2 = jackknife(everyone, reweight(everyone, est1[1], ld), est1[1], blocks)
        c = (first * x).sum() / (first * x**2).sum()
        est = np.array([est2[0], est1[1]])
        deleted = np.column_stack([deleted2[:, 0] - c * (deleted1[:, 1] - est1[1]), deleted1[:, 1]])
    pseudo = n_blocks * est - (n_blocks - 1) * deleted
    se = np.sqrt(pseudo.var(axis=0, ddof=1) / n_blocks)
    scale = m / n_bar
    return NaiveFit(est[0] * scale, se[0] * scale, est[1], se[1], deleted[:, 0] * scale, deleted[:, 1])


def assert_same(fit, slow, *, free):
    np.testing.assert_allclose(fit.tot, slow.tot, rtol=1e-9)
    np.testing.assert_allclose(fit.tot_se, slow.tot_se, rtol=1e-8)
    np.testing.assert_allclose(fit.intercept, slow.intercept, rtol=1e-10)
    np.testing.assert_allclose(fit.tot_delete_values, slow.tot_delete, rtol=1e-9)
    if free:
        np.testing.assert_allclose(fit.intercept_se, slow.intercept_se, rtol=1e-8)
        np.testing.assert_allclose(fit.intercept_delete_values, slow.intercept_delete, rtol=1e-9)
    else:
        assert np.isnan(fit.intercept_se) and fit.intercept_delete_values is None


@pytest.mark.parametrize(("intercept", "two_step"), [(None, None), (1.03, None), (None, 9.0), (None, 2.5)])
def test_h2(traits, intercept, two_step):
    chi2 = traits.z1**2
    fit = h2(
        chi2, traits.l2, traits.w_l2, traits.n1, traits.m,
        n_blocks=BLOCKS, intercept=intercept, two_step=two_step,
    )  # fmt: skip
    slow = regress(
        chi2, traits.l2, traits.w_l2, traits.m, [traits.n1], null=1.0, n_blocks=BLOCKS,
        intercept=intercept, step_one=None if two_step is None else chi2 < two_step,
    )  # fmt: skip
    assert_same(fit, slow, free=intercept is None)
    assert fit.n_left_out == (0 if two_step is None else np.sum(chi2 >= two_step))


@pytest.mark.parametrize(("intercept", "two_step"), [(None, None), (0.1, None), (None, 9.0)])
def test_gencov(traits, intercept, two_step):
    fits = [
        h2(z * z, traits.l2, traits.w_l2, n, traits.m, n_blocks=BLOCKS, two_step=two_step)
        for z, n in ((traits.z1, traits.n1), (traits.z2, traits.n2))
    ]
    fit = gencov(
        traits.z1, traits.z2, traits.l2, traits.w_l2, traits.n1, traits.n2, traits.m, *fits,
        n_blocks=BLOCKS, intercept=intercept, two_step=two_step,
    )  # fmt: skip
    both = None if two_step is None else (traits.z1**2 < two_step) & (traits.z2**2 < two_step)
    slow = regress(
        traits.z1 * traits.z2, traits.l2, traits.w_l2, traits.m, [traits.n1, traits.n2],
        totals=[f.tot for f in fits], intercepts=[f.intercept for f in fits], null=0.0, n_blocks=BLOCKS,
        intercept=intercept, step_one=both,
    )  # fmt: skip
    assert_same(fit, slow, free=intercept is None)


def test_several_annotations_agree_with_one_fit_of_statsmodels(traits):
    """At fixed weights the coefficients are one WLS fit."""
    rng = np.random.default_rng(8)
    share = rng.dirichlet([2.0, 1.0, 1.0], traits.l2.size)
    l2, m = share * traits.l2[:, None], np.array([6e5, 3e5, 3e5])
    chi2 = traits.z1**2
    fit = h2(chi2, l2, traits.w_l2, traits.n1, m, n_blocks=BLOCKS, fixed_weights=True)
    assert fit.two_step is None
    guess = m.sum() * (chi2.mean() - 1) / (traits.l2 * traits.n1).mean()
    w = weights(traits.l2, traits.w_l2, m.sum(), [traits.n1], (), (), guess, 1.0)
    design = np.column_stack([traits.n1[:, None] * l2, np.ones_like(chi2)])
    params = sm.WLS(chi2, design, weights=w).fit().params
    np.testing.assert_allclose(fit.coef, params[:3], rtol=1e-8)
    np.testing.assert_allclose(fit.intercept, params[3], rtol=1e-9)
    np.testing.assert_allclose(fit.cat, m * fit.coef, rtol=1e-14)
    np.testing.assert_allclose(fit.prop.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(fit.enrichment, fit.prop / (m / m.sum()), rtol=1e-14)
    deleted = []
    edges = np.floor(np.linspace(0, chi2.size, BLOCKS + 1)).astype(int)
    for start, stop in itertools.pairwise(edges):
        kept = np.r_[0:start, stop : chi2.size]
        deleted.append(sm.WLS(chi2[kept], design[kept], weights=w[kept]).fit().params[:3])
    np.testing.assert_allclose(fit.part_delete_values, deleted, rtol=1e-6)


def test_as_many_annotations_as_the_baseline_model_has(simulated):
    """97 columns: coefficients, their delete values and errors, by least squares of NumPy."""
    traits, width, n_blocks = simulated(6000, 4), 97, 40
    rng = np.random.default_rng(9)
    inside = rng.random((6000, width)) < rng.uniform(0.05, 0.6, width)
    inside[:, 0] = True
    l2 = np.maximum(traits.l2, 1.0)[:, None] * (inside + 0.05 * rng.normal(size=inside.shape))
    m, chi2 = 1e6 * inside.mean(axis=0), traits.z1**2
    fit = h2(chi2, l2, traits.w_l2, traits.n1, m, n_blocks=n_blocks, fixed_weights=True)
    total = l2.sum(axis=1)
    guess = m.sum() * (chi2.mean() - 1) / (total * traits.n1).mean()
    root = np.sqrt(weights(total, traits.w_l2, m.sum(), [traits.n1], (), (), guess, 1.0))
    design = np.column_stack([traits.n1[:, None] * l2 / traits.n1.mean(), np.ones_like(chi2)]) * root[:, None]
    scale = np.r_[np.full(width, traits.n1.mean()), 1.0]

    def solve(rows):
        return np.linalg.lstsq(design[rows], (chi2 * root)[rows], rcond=None)[0] / scale

    edges = np.floor(np.linspace(0, chi2.size, n_blocks + 1)).astype(int)
    deleted = np.array([solve(np.r_[0:start, stop : chi2.size]) for start, stop in itertools.pairwise(edges)])
    whole = solve(slice(None))
    np.testing.assert_allclose(fit.coef, whole[:width], rtol=1e-8, atol=1e-8 * np.abs(whole[:width]).max())
    np.testing.assert_allclose(fit.intercept, whole[width], rtol=1e-10)
    largest = np.abs(deleted[:, :width]).max()
    np.testing.assert_allclose(fit.part_delete_values, deleted[:, :width], rtol=1e-7, atol=1e-8 * largest)
    pseudo = n_blocks * whole - (n_blocks - 1) * deleted
    se = np.sqrt(pseudo.var(axis=0, ddof=1) / n_blocks)
    np.testing.assert_allclose(fit.coef_se, se[:width], rtol=1e-7)
    np.testing.assert_allclose(fit.tot, (m * whole[:width]).sum(), rtol=1e-8)
