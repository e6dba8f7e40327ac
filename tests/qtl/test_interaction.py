"""Interactions: the closed form against statsmodels' least squares, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from postgwas.errors import InputError
from postgwas.qtl.f_tails import f_mlog10p
from postgwas.qtl.interaction import (
    InteractionEffects,
    InteractionModel,
    inner_products,
    interaction_block,
    interaction_effects,
    interaction_model,
    phenotype_parts,
)

RNG = np.random.default_rng(1)


def made(seed: int, *, n: int = 60, variants: int = 4, k: int = 1, covariates: int = 3):
    rng = np.random.default_rng(seed)
    terms = np.vstack([rng.integers(0, 2, n), rng.normal(50, 10, n), rng.exponential(1, n)])[:k].astype(float)
    others = rng.normal(size=(covariates, n)) + 0.3 * terms[0]
    dosage = rng.binomial(2, rng.uniform(0.2, 0.5, (variants, 1)), (variants, n)).astype(float)
    y = rng.normal(size=n) + 0.5 * dosage[0] * terms[0] + others[0] + 3.0
    return terms, others, dosage, y


def effects(model: InteractionModel, dosage, y) -> InteractionEffects:
    block = interaction_block(model, dosage)
    part = phenotype_parts(model, y[None])[0]
    return interaction_effects(model, block, part, inner_products(block, part.residual[None])[:, :, 0])


def least_squares(terms, covariates, x, y):
    """The whole model, column by column: constant, variant, terms, products, covariates."""
    design = np.column_stack([np.ones(len(y)), x, *terms, *(x * terms), *covariates])
    return sm.OLS(y, design).fit()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_same_as_statsmodels(k: int) -> None:
    terms, covariates, dosage, y = made(k, k=k)
    found = effects(interaction_model(terms, covariates), dosage, y)
    products = slice(2 + k, 2 + 2 * k)
    for at, x in enumerate(dosage):
        fit = least_squares(terms, covariates, x, y)
        np.testing.assert_allclose(found.b_g[at], fit.params[1], rtol=1e-9)
        np.testing.assert_allclose(found.b_g_se[at], fit.bse[1], rtol=1e-9)
        np.testing.assert_allclose(found.b_i[at], fit.params[2 : 2 + k], rtol=1e-8)
        np.testing.assert_allclose(found.b_i_se[at], fit.bse[2 : 2 + k], rtol=1e-8)
        np.testing.assert_allclose(found.b_gi[at], fit.params[products], rtol=1e-8)
        np.testing.assert_allclose(found.b_gi_se[at], fit.bse[products], rtol=1e-8)
        joint = fit.f_test(np.eye(len(fit.params))[products])
        share = found.share[at]
        assert share / (1 - share) * fit.df_resid / k == pytest.approx(float(joint.fvalue), rel=1e-9)
        assert 10 ** -f_mlog10p(share, k, fit.df_resid) == pytest.approx(float(joint.pvalue), rel=1e-8)


@pytest.mark.parametrize("as_covariate", ["same", "coded otherwise", "follows from two"])
def test_a_term_that_is_a_covariate_too_changes_nothing(as_covariate: str) -> None:
    terms, covariates, dosage, y = made(5)
    extra = {"same": terms, "coded otherwise": 2.0 - terms, "follows from two": terms - 2 * covariates[:1]}
    without = interaction_model(terms, covariates)
    beside = interaction_model(terms, np.vstack([covariates, extra[as_covariate]]))
    assert (beside.df, beside.replaced) == (without.df, (3,))
    one, two = effects(without, dosage, y), effects(beside, dosage, y)
    for name in ("b_g", "b_g_se", "b_i", "b_i_se", "b_gi", "b_gi_se", "share"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-10)


def test_covariates_that_depend_on_each_other_take_no_degree_of_freedom() -> None:
    terms, covariates, dosage, y = made(6)
    doubled = np.vstack([covariates, covariates[:1] + covariates[1:2], np.ones((1, 60))])
    model = interaction_model(terms, doubled)
    assert model.replaced == (3, 4)
    np.testing.assert_allclose(
        effects(model, dosage, y).b_gi, effects(interaction_model(terms, covariates), dosage, y).b_gi
    )


@given(st.integers(0, 50), st.floats(-3, 3), st.sampled_from([0.01, 1.0, 250.0]))
def test_the_test_does_not_depend_on_how_terms_and_alleles_are_coded(
    seed: int, shift: float, scale: float
) -> None:
    terms, covariates, dosage, y = made(seed, k=2)
    one = effects(interaction_model(terms, covariates), dosage, y)
    two = effects(interaction_model(terms * scale + shift, covariates), 2.0 - dosage, y)
    np.testing.assert_allclose(two.share, one.share, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(two.b_gi * scale, -one.b_gi, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(two.b_gi_se * scale, one.b_gi_se, rtol=1e-6)


def test_swapping_alleles_flips_signs() -> None:
    terms, covariates, dosage, y = made(8)
    model = interaction_model(terms, covariates)
    one, two = effects(model, dosage, y), effects(model, 2.0 - dosage, y)
    np.testing.assert_allclose(two.b_g, -one.b_g, rtol=1e-9)
    np.testing.assert_allclose(two.b_gi, -one.b_gi, rtol=1e-9)
    np.testing.assert_allclose(two.b_i, one.b_i + 2 * one.b_gi, rtol=1e-8)


def test_variants_without_an_answer_are_named_and_the_others_go_on() -> None:
    terms, covariates, dosage, y = made(9, variants=5)
    dosage[0] = 1.0
    dosage[1] = covariates[0]
    dosage[2] *= terms[0]  # all carriers in one group: variant and product are one column
    dosage[3] = np.where(terms[0] == 1, 1.0, dosage[3])  # does not vary in one group, but between them
    block = interaction_block(interaction_model(terms, covariates), dosage)
    assert block.genotype_depends.tolist() == [True, True, False, False, False]
    assert block.product_depends[2:].tolist() == [True, True, False]
    found = effects(interaction_model(terms, covariates), dosage, y)
    assert np.isnan(found.b_gi[:4]).all() and np.isnan(found.share[:4]).all()
    fit = least_squares(terms, covariates, dosage[4], y)
    assert found.b_gi[4, 0] == pytest.approx(fit.params[3], rel=1e-9)


def test_a_perfect_fit_has_effects_but_no_standard_errors() -> None:
    terms, covariates, dosage, _ = made(10)
    y = 2.0 * dosage[0] - 3.0 * dosage[0] * terms[0] + covariates[1]
    found = effects(interaction_model(terms, covariates), dosage, y)
    assert found.perfect.tolist() == [True, False, False, False]
    assert found.b_gi[0, 0] == pytest.approx(-3.0)
    assert np.isnan(found.b_gi_se[0, 0]) and np.isnan(found.share[0])


@pytest.mark.parametrize(
    ("terms", "covariates", "message"),
    [
        (np.ones((1, 9)), None, "interaction term sex is the same for all 9 samples"),
        (np.vstack([np.arange(9.0), 3 - np.arange(9.0)]), None, "interaction term age depends on the terms"),
        (np.arange(9.0)[None] % 2, RNG.normal(size=(5, 9)), "leave 0 degrees of freedom"),
        (np.arange(9.0)[None] % 2, RNG.normal(size=(9, 9)), "degrees of freedom"),
    ],
)
def test_what_cannot_be_fitted_is_refused(terms, covariates, message: str) -> None:
    with pytest.raises(InputError, match=message):
        interaction_model(terms, covariates, names=("sex", "age"))


def test_tails_of_f_beyond_what_a_double_holds() -> None:
    # Two numerator degrees of freedom have a closed form: P = (1 - share)^(df2 / 2).
    share = np.array([0.2, 0.9, 1 - 1e-9])
    np.testing.assert_allclose(f_mlog10p(share, 2, 278), -139 * np.log10(1 - share), rtol=1e-7)
    assert f_mlog10p(1 - 1e-9, 2, 278) > 1000
    assert f_mlog10p(1.0, 3, 10) == np.inf and np.isnan(f_mlog10p(np.nan, 3, 10))
