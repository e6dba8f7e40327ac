"""What must hold whatever the data are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from postgwas.errors import InputError, MatrixError, NoVariantsError, UsageError
from postgwas.ldsc.regression import gencov, h2, median, rg

seeds = st.integers(0, 10_000)
some = settings(max_examples=15)


def fit_rg(t, swap=False, sign=1.0, **options):
    first, second = (t.z1, t.n1), (sign * t.z2, t.n2)
    if swap:
        first, second = second, first
    return rg(first[0], second[0], t.l2, t.w_l2, first[1], second[1], t.m, n_blocks=20, **options)


@some
@given(seed=seeds, two_step=st.sampled_from([None, 12.0]))
def test_order_of_traits_changes_nothing(simulated, seed, two_step):
    t = simulated(1200, seed)
    a, b = fit_rg(t, two_step=two_step), fit_rg(t, swap=True, two_step=two_step)
    assert a.hsq1.tot == b.hsq2.tot and a.hsq2.intercept_se == b.hsq1.intercept_se
    np.testing.assert_allclose(a.rg, b.rg, rtol=1e-11)
    np.testing.assert_allclose(a.se, b.se, rtol=1e-9)
    np.testing.assert_allclose(a.gencov.intercept, b.gencov.intercept, rtol=1e-10)


@some
@given(seed=seeds, two_step=st.sampled_from([None, 12.0]))
def test_other_effect_allele_for_one_trait_flips_the_sign(simulated, seed, two_step):
    t = simulated(1200, seed)
    a, b = fit_rg(t, two_step=two_step), fit_rg(t, sign=-1.0, two_step=two_step)
    assert (a.gencov.tot, a.gencov.intercept) == (-b.gencov.tot, -b.gencov.intercept)
    assert (a.rg, a.z, a.p) == (-b.rg, -b.z, b.p)
    assert a.se == b.se and a.gencov.intercept_se == b.gencov.intercept_se


@some
@given(seed=seeds, factor=st.floats(0.2, 5))
def test_scale_of_n_scales_the_total_and_not_the_intercept(simulated, seed, factor):
    # h2 is far enough from its bounds of 0 and 1, at which weights are clipped.
    t = simulated(3000, seed, h2=(0.15, 0.15), rho=0.05)
    a = h2(t.z1**2, t.l2, t.w_l2, t.n1, t.m, n_blocks=20)
    b = h2(t.z1**2, t.l2, t.w_l2, t.n1 * factor, t.m, n_blocks=20)
    assume(a.tot > 0 and max(a.tot, b.tot) < 0.5)
    np.testing.assert_allclose(b.tot * factor, a.tot, rtol=1e-8)
    np.testing.assert_allclose(b.intercept, a.intercept, rtol=1e-8)
    np.testing.assert_allclose(b.intercept_se, a.intercept_se, rtol=1e-7)


@some
@given(seed=seeds, factor=st.floats(0.5, 2))
def test_m_scales_the_total(simulated, seed, factor):
    t = simulated(1500, seed, h2=(0.2, 0.2), rho=0.05)
    a = h2(t.z1**2, t.l2, t.w_l2, t.n1, t.m, n_blocks=20)
    b = h2(t.z1**2, t.l2, t.w_l2, t.n1, t.m * factor, n_blocks=20)
    assume(a.tot > 0 and max(a.tot, b.tot) < 0.45)
    np.testing.assert_allclose(b.tot, a.tot * factor, rtol=1e-8)
    np.testing.assert_allclose(b.coef, a.coef, rtol=1e-8)


@some
@given(seed=seeds)
def test_constant_n_as_number_or_as_array(simulated, seed):
    t = simulated(1500, seed, constant_n=True)
    a = h2(t.z1**2, t.l2, t.w_l2, t.n1, t.m, n_blocks=20)
    b = h2(t.z1**2, t.l2[:, None], t.w_l2[:, None], float(t.n1[0]), [t.m], n_blocks=20)
    assert a.tot == b.tot and a.intercept_se == b.intercept_se
    # One variant with another N takes the general path; nothing jumps.
    t.n1[7] *= 1 + 1e-12
    c = h2(t.z1**2, t.l2, t.w_l2, t.n1, t.m, n_blocks=20)
    np.testing.assert_allclose([c.tot, c.intercept], [a.tot, a.intercept], rtol=1e-8)


def test_a_trait_with_itself(traits):
    t = traits
    fit = rg(t.z1, t.z1, t.l2, t.w_l2, t.n1, t.n1, t.m, n_blocks=20)
    # Not 1 exactly: the covariance's first weights suppose an intercept of 0.
    assert fit.rg == pytest.approx(1, abs=1e-3)
    assert fit.gencov.intercept == pytest.approx(fit.hsq1.intercept, rel=1e-3)


def test_given_fits_are_used(traits):
    t = traits
    fresh = fit_rg(t)
    again = fit_rg(t, fits=(fresh.hsq1, fresh.hsq2))
    assert again.hsq1 is fresh.hsq1 and again.rg == fresh.rg


def test_two_step_default_is_ldscs(traits):
    t = traits
    args = (t.z1**2, t.l2, t.w_l2, t.n1, t.m)
    assert h2(*args).two_step == 30 and h2(*args).tot == h2(*args, two_step=30).tot
    assert h2(*args, intercept=1.0).two_step is None
    assert h2(*args, two_step=None).tot != h2(*args).tot
    halves = np.column_stack([t.l2 * 0.3, t.l2**0.9])
    assert h2(t.z1**2, halves, t.w_l2, t.n1, [4e5, 8e5]).two_step is None


def test_h2_out_of_bounds(simulated):
    t = simulated(2000, 1, h2=(0.0, 0.3), rho=0.0)
    fit = rg(t.z1 * 0.5, t.z2, t.l2, t.w_l2, t.n1, t.n2, t.m, n_blocks=20, intercept_h2=(1.0, None))
    assert fit.hsq1.tot <= 0 and fit.status == "h2 out of bounds"
    assert all(math.isnan(x) for x in (fit.rg, fit.se, fit.z, fit.p, fit.mlog10p, fit.rg_jknife))


def test_rg_out_of_bounds(traits):
    t = traits
    fit = rg(
        t.z1, t.z1, t.l2, t.w_l2, t.n1, t.n1, t.m,
        n_blocks=20, intercept_h2=(1.25, 1.25), intercept_gencov=0.0,
    )  # fmt: skip
    assert fit.rg > 1.2 and fit.status == "rg out of bounds"
    # Where ldsc prints nan the estimate is kept.
    assert math.isfinite(fit.se)


def test_p_does_not_lose_its_size(simulated):
    t = simulated(3000, 4, h2=(0.5, 0.5), rho=0.499, overlap=0.0)
    huge = rg(t.z1 * 1e-3 + t.z2, t.z2, t.l2, t.w_l2, t.n2, t.n2, t.m, n_blocks=20)
    assert huge.p == 0.0 and huge.mlog10p > 320
    usual = fit_rg(t)
    assert 0 < usual.p < 0.1
    assert usual.mlog10p == pytest.approx(-math.log10(usual.p), rel=1e-9)


def test_mean_chisq_below_one_has_no_ratio(traits):
    t = traits
    fit = h2(np.full(t.l2.size, 0.5) + 1e-4 * t.l2, t.l2, t.w_l2, t.n1, t.m, n_blocks=20)
    assert fit.mean_chisq < 1 and math.isnan(fit.ratio) and math.isnan(fit.ratio_se)


def test_exact_line_is_recovered_exactly(traits):
    """Without noise every block gives the truth and the errors are zero."""
    t = traits
    chi2 = 1.07 + 0.3 * t.n1 * t.l2 / t.m
    fit = h2(chi2, t.l2, t.w_l2, t.n1, t.m, n_blocks=20, two_step=None)
    np.testing.assert_allclose([fit.tot, fit.intercept], [0.3, 1.07], rtol=1e-10)
    assert fit.tot_se < 1e-10


def test_fewer_variants_than_blocks_makes_each_its_own_block(simulated):
    t = simulated(150, 2)
    assert h2(t.z1**2, t.l2, t.w_l2, t.n1, t.m, two_step=None).n_blocks == 150


def test_same_bits_every_time(simulated):
    t = simulated(30_000, 5)
    a, b = fit_rg(t), fit_rg(t)
    assert a.rg == b.rg and np.array_equal(a.gencov.tot_delete_values, b.gencov.tot_delete_values)


@given(
    size=st.sampled_from([1, 2, 5, 19_999, 20_000, 20_001, 50_000]),
    seed=seeds,
    kind=st.sampled_from(["chi2", "ties", "sorted", "constant"]),
)
def test_median_is_numpys(size, seed, kind):
    rng = np.random.default_rng(seed)
    values = rng.chisquare(1, size)
    if kind == "ties":
        values = np.round(values, 1)
    elif kind == "sorted":
        values.sort()
    elif kind == "constant":
        values[:] = 3.0
    assert median(values) == np.median(values)


def test_median_where_the_sample_misleads():
    """Every 4096th value is from another distribution than the rest."""
    values = np.random.default_rng(0).random(40_960)
    values[:: values.size // 4096] += 5
    assert median(values) == np.median(values)


def test_inputs_are_not_changed(traits):
    before = [x.copy() for x in (traits.z1, traits.z2, traits.l2, traits.w_l2, traits.n1, traits.n2)]
    fit_rg(traits, two_step=9.0)
    after = (traits.z1, traits.z2, traits.l2, traits.w_l2, traits.n1, traits.n2)
    assert all(np.array_equal(x, y) for x, y in zip(before, after))


class TestBadInput:
    def test_two_step_with_constrained_intercept(self, traits):
        t = traits
        with pytest.raises(UsageError, match="free intercept"):
            h2(t.z1**2, t.l2, t.w_l2, t.n1, t.m, intercept=1.0, two_step=30)

    def test_two_step_with_two_annotations(self, traits):
        t = traits
        both = np.column_stack([t.l2, t.l2**0.5])
        with pytest.raises(UsageError, match="one annotation"):
            h2(t.z1**2, both, t.w_l2, t.n1, [1e6, 2e5], two_step=30)

    def test_too_few_below_the_cutoff(self, traits):
        t = traits
        with pytest.raises(NoVariantsError, match="fewer than the 200 jackknife blocks"):
            h2(t.z1**2, t.l2, t.w_l2, t.n1, t.m, two_step=1e-4)

    def test_unequal_lengths(self, traits):
        t = traits
        with pytest.raises(InputError, match="2499 LD scores"):
            h2(t.z1**2, t.l2[1:], t.w_l2, t.n1, t.m)
        with pytest.raises(InputError, match="z2 has 2499"):
            rg(t.z1, t.z2[1:], t.l2, t.w_l2, t.n1, t.n2, t.m)
        with pytest.raises(InputError, match="n has 3 values"):
            h2(t.z1**2, t.l2, t.w_l2, [1, 2, 3], t.m)

    def test_m_for_every_annotation(self, traits):
        t = traits
        with pytest.raises(InputError, match="1 LD score columns but 2 values of M"):
            h2(t.z1**2, t.l2, t.w_l2, t.n1, [1e6, 1e6])
        with pytest.raises(InputError, match="must be positive"):
            h2(t.z1**2, t.l2, t.w_l2, t.n1, 0)

    def test_constant_ld_scores(self, traits):
        t = traits
        with pytest.raises(MatrixError, match="constant or collinear"):
            h2(t.z1**2, np.ones_like(t.l2), t.w_l2, 1e5, t.m, two_step=None)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_not_finite(self, traits, value):
        t = traits
        chi2 = t.z1**2
        chi2[5] = value
        with pytest.raises(MatrixError, match="not finite"):
            h2(chi2, t.l2, t.w_l2, t.n1, t.m, two_step=None)

    def test_sample_size_zero(self, traits):
        t = traits
        n = t.n1.copy()
        n[3] = 0
        with pytest.raises(InputError, match="n has 0"):
            h2(t.z1**2, t.l2, t.w_l2, n, t.m)

    def test_no_variants(self):
        with pytest.raises(NoVariantsError, match="0 variants"):
            h2([], [], [], 1e5, 1e6)

    def test_gencov_needs_equal_lengths(self, traits):
        t = traits
        fit = h2(t.z1**2, t.l2, t.w_l2, t.n1, t.m)
        with pytest.raises(InputError):
            gencov(t.z1, t.z2, t.l2, t.w_l2, t.n1, t.n2[:-1], t.m, fit, fit)
