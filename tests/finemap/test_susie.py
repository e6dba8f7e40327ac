"""SuSiE: against a naive implementation, its own three forms, and what must not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from finemap.naive_susie import naive_susie
from finemap.simulated import simulate
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from postgwas.errors import MatrixError
from postgwas.finemap import CheckedLd, SusieFit, susie, susie_rss, susie_suff_stat
from postgwas.finemap.products import GenotypeProducts, MatrixProducts

TWO = simulate(1, causal=(9, 40))


def sets_of(fit: SusieFit) -> list[list[int]]:
    return sorted(one.variants.tolist() for one in fit.credible_sets)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_naive(seed: int) -> None:
    """Residual variance fixed, so that the two differ in nothing but code."""
    one = simulate(seed, n=150, p=20, causal=(4, 15), share=0.3)
    fit = susie(
        one.x, one.y, L=3, residual_variance=0.8, estimate_residual_variance=False, tol=1e-12, max_iter=20
    )
    pip, variance = naive_susie(one.x, one.y, n_effects=3, sigma2=0.8, sweeps=fit.n_iter)
    np.testing.assert_allclose(fit.pip, pip, atol=1e-6)
    np.testing.assert_allclose(fit.V, variance, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("samples", [400, 50])
def test_individual_data_and_sufficient_statistics_agree(samples: int, standardize: bool) -> None:
    """With fewer samples than variants X'X is never formed by the first."""
    x, y = TWO.x[:samples], TWO.y[:samples]
    centred, outcome = x - x.mean(axis=0), y - y.mean()
    whole = susie(x, y, standardize=standardize)
    sums = susie_suff_stat(
        centred.T @ centred, centred.T @ outcome, float(outcome @ outcome), samples,
        standardize=standardize, x_means=x.mean(axis=0), y_mean=float(y.mean()),
    )  # fmt: skip
    np.testing.assert_allclose(sums.pip, whole.pip, atol=1e-9)
    np.testing.assert_allclose(sums.elbo, whole.elbo, rtol=1e-9)
    np.testing.assert_allclose(sums.coefficients, whole.coefficients, atol=1e-9)
    assert sums.intercept == pytest.approx(whole.intercept, abs=1e-9)
    assert sets_of(sums) == sets_of(whole)
    predicted = x @ whole.coefficients + whole.intercept
    np.testing.assert_allclose(whole.fitted, predicted, atol=1e-9)


def test_summary_statistics_give_what_the_people_give() -> None:
    """In-sample z-scores and LD lose nothing but the residual variance that is fixed."""
    whole = susie(TWO.x, TWO.y, estimate_residual_variance=False)
    summary = susie_rss(TWO.z, TWO.r, TWO.n)
    np.testing.assert_allclose(summary.pip, whole.pip, atol=1e-9)
    assert sets_of(summary) == sets_of(whole)
    assert len(summary.credible_sets) == 2


def test_ld_that_was_checked_before() -> None:
    checked = CheckedLd.of(TWO.r)
    np.testing.assert_array_equal(susie_rss(TWO.z, checked, TWO.n).pip, susie_rss(TWO.z, TWO.r, TWO.n).pip)
    with pytest.raises(MatrixError, match="60 variants, but 59 z-scores"):
        susie_rss(TWO.z[1:], checked, TWO.n)
    with pytest.raises(MatrixError, match="not symmetric"):
        CheckedLd.of(np.triu(TWO.r))


def test_effects_come_back_per_allele() -> None:
    x, y = TWO.x - TWO.x.mean(axis=0), 3.0 * (TWO.y - TWO.y.mean())
    squares = (x**2).sum(axis=0)
    beta = x.T @ y / squares
    residual = (y**2).sum() - beta**2 * squares
    se = np.sqrt(residual / (TWO.n - 2) / squares)
    fit = susie_rss(None, TWO.r, TWO.n, beta=beta, se=se, var_y=float(y.var(ddof=1)))
    whole = susie(x, y, estimate_residual_variance=False)
    np.testing.assert_allclose(fit.coefficients, whole.coefficients, atol=1e-8)
    np.testing.assert_allclose(fit.pip, whole.pip, atol=1e-8)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_alleles_and_order_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = simulate(seed, n=200, p=30, causal=(3, 20))
    assume(np.isfinite(one.z).all())  # in a few draws a variant does not vary
    fit = susie_rss(one.z, one.r, one.n)
    flip, order = rng.choice([-1.0, 1.0], 30), rng.permutation(30)
    turned = susie_rss((flip * one.z)[order], (np.outer(flip, flip) * one.r)[np.ix_(order, order)], one.n)
    np.testing.assert_allclose(turned.pip, fit.pip[order], atol=1e-7)
    np.testing.assert_allclose(turned.coefficients, (flip * fit.coefficients)[order], atol=1e-7)


def test_units_of_the_phenotype_do_not_matter() -> None:
    fit, scaled = susie(TWO.x, TWO.y), susie(TWO.x, 1000.0 * TWO.y + 5.0)
    np.testing.assert_allclose(scaled.pip, fit.pip, atol=1e-9)
    np.testing.assert_allclose(scaled.coefficients, 1000.0 * fit.coefficients, rtol=1e-6, atol=1e-6)
    assert scaled.intercept == pytest.approx(1000.0 * fit.intercept + 5.0)


def test_posterior_probabilities_are_probabilities() -> None:
    fit = susie_rss(TWO.z, TWO.r, TWO.n, null_weight=0.3)
    np.testing.assert_allclose(fit.alpha.sum(axis=1) + fit.alpha_null, 1.0)
    assert np.all((fit.pip >= 0) & (fit.pip <= 1))
    assert np.all(np.diff(fit.elbo) > -1e-6)


def test_no_effect_gives_no_set() -> None:
    fit = susie_rss(np.zeros(60), TWO.r, TWO.n)
    assert fit.converged and fit.credible_sets == () and not fit.pip.any() and not fit.V.any()


def test_a_weight_of_zero_leaves_a_variant_out() -> None:
    lead = int(np.argmax(np.abs(TWO.z)))
    weights = np.ones(60)
    weights[lead] = 0.0
    fit = susie_rss(TWO.z, TWO.r, TWO.n, prior_weights=weights)
    assert fit.pip[lead] == 0.0
    assert all(lead not in one.variants for one in fit.credible_sets)


def test_a_constant_variant_has_no_evidence() -> None:
    x = TWO.x.copy()
    x[:, 30] = 1.0
    fit = susie(x, TWO.y)
    assert fit.lbf_variable[:, 30].tolist() == [0.0] * fit.n_effects
    assert fit.coefficients[30] == 0.0 and math.isfinite(fit.intercept)


def test_going_on_from_a_fit_ends_there() -> None:
    fit = susie_rss(TWO.z, TWO.r, TWO.n, tol=1e-10)
    again = susie_rss(TWO.z, TWO.r, TWO.n, tol=1e-10, start=fit)
    assert again.n_iter <= 2
    np.testing.assert_allclose(again.pip, fit.pip, atol=1e-6)


def test_refinement_never_lowers_the_bound() -> None:
    for seed in range(5):
        one = simulate(seed, causal=(10, 14, 19), share=0.25)
        plain, refined = (susie_rss(one.z, one.r, one.n, refine=refine) for refine in (False, True))
        assert refined.elbo[-1] >= plain.elbo[-1]


def test_few_effects_or_many_multiply_to_the_same() -> None:
    """Whatever is negligible is left out of the products, from both forms of X'X."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(30, 200))
    matrix = MatrixProducts(x.T @ x, 1.0, 1.0)
    people = GenotypeProducts(np.ascontiguousarray(x.T))
    for kept in (3, 200):
        effects = np.where(np.arange(200) < kept, rng.normal(size=200), 1e-14)
        for products in (matrix, people):
            np.testing.assert_allclose(products.times(effects, 1e-12), x.T @ (x @ effects), atol=1e-9)


@pytest.mark.slow
def test_credible_sets_cover() -> None:
    """Of 95 % sets over 150 regions, at least 93 % hold a causal variant."""
    held = []
    for seed in range(150):
        causal = tuple(np.random.default_rng(seed).choice(60, 2, replace=False).tolist())
        one = simulate(1000 + seed, causal=causal, share=0.15)
        held += [bool(set(causal) & set(found)) for found in sets_of(susie_rss(one.z, one.r, one.n))]
    assert len(held) > 150
    assert np.mean(held) > 0.93
