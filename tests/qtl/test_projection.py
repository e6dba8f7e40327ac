"""Covariates projected out, and blocks of variants, beside naive ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.errors import InputError
from postgwas.qtl.projection import projection
from postgwas.qtl.variant_block import VariantReason, variant_block


@given(st.integers(0, 10_000), st.integers(0, 6))
def test_residuals_are_those_of_least_squares(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    covariates, values = rng.normal(3.0, 2.0, (k, 25)), rng.normal(size=(4, 25))
    design = np.column_stack([np.ones(25), covariates.T])
    expected = values - (design @ np.linalg.lstsq(design, values.T, rcond=None)[0]).T
    made = projection(covariates, 25)
    np.testing.assert_allclose(made.residuals(values), expected, atol=1e-12)
    assert made.df == 25 - k - 2


def test_dependent_covariates_take_no_degree_of_freedom() -> None:
    rng = np.random.default_rng(1)
    first = rng.normal(size=20)
    sex = (rng.random(20) < 0.5).astype(float)
    made = projection(np.stack([first, sex, 1.0 - sex, 2 * first + 3, np.full(20, 0.1)]), 20)
    assert made.dependent == (2, 3, 4)
    assert made.df == 20 - 3 - 1
    np.testing.assert_allclose(made.basis.T @ made.basis, np.eye(3), atol=1e-14)


def test_more_covariates_than_samples_are_refused() -> None:
    with pytest.raises(InputError, match=r"6 samples and 8 covariates leave -?[0-9]+ degrees of freedom"):
        projection(np.random.default_rng(1).normal(size=(8, 6)), 6)


def test_a_block_is_imputed_counted_and_scaled() -> None:
    calls = np.array([[0, 1, 2, 1, -9, 0], [2, 2, 1, 2, 2, -9], [0, 0, 0, 0, 1, 0]], np.int8)
    block = variant_block(calls, projection(None, 6))
    assert block.dosage[0].tolist() == [0, 1, 2, 1, 0.8, 0]
    np.testing.assert_allclose(block.af, [0.4, 0.9, 1 / 12])
    assert block.n_missing.tolist() == [1, 1, 0]
    # tensorQTL's rule: an imputed call of over half a copy is a carrier, copies are rounded down.
    assert block.ma_samples.tolist() == [4, 1, 1]
    assert block.ma_count.tolist() == [4, 1, 1]
    for row in range(3):
        centred = block.dosage[row] - block.dosage[row].mean()
        assert block.norm[row] == pytest.approx(np.linalg.norm(centred), rel=1e-14)
        np.testing.assert_allclose(block.unit[row], centred / np.linalg.norm(centred), atol=1e-15)


def test_why_variants_cannot_be_tested() -> None:
    covariate = np.array([0.0, 1, 2, 1, 0, 2])
    calls = np.array(
        [
            [-9] * 6,
            [1] * 6,
            [2, 2, 2, -9, 2, 2],
            [0, 1, 2, 1, 0, 2],
            [0, 0, 0, 0, 0, 1],
            [-9, -9, -9, 0, 1, 2],
        ],
        np.int8,
    )
    block = variant_block(calls, projection(covariate[None], 6), maf_min=0.1, max_missing=0.4)
    assert [VariantReason(code).name for code in block.reason] == [
        "ALL_MISSING", "CONSTANT", "CONSTANT", "EXPLAINED_BY_COVARIATES", "MAF_BELOW_LIMIT",
        "TOO_MANY_MISSING",
    ]  # fmt: skip
    assert not block.unit.any()


@pytest.mark.parametrize(("n_carriers", "kept"), [(5, False), (6, True)])
def test_the_limit_of_frequency_is_included(n_carriers: int, kept: bool) -> None:
    # 6 copies of 600: tensorQTL 1.0.10 drops it at 0.01, in single precision.
    calls = np.zeros((2, 300), np.int8)
    calls[0, :n_carriers] = 1
    calls[1] = 2 - calls[0]
    block = variant_block(calls, projection(None, 300), maf_min=0.01)
    assert block.usable.tolist() == [kept, kept]


@given(st.integers(0, 10_000))
def test_the_other_allele_flips_the_sign_and_nothing_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    calls = rng.choice(np.array([0, 1, 2, -9], np.int8), (8, 30))
    basis = projection(rng.normal(size=(2, 30)), 30)
    one = variant_block(calls, basis)
    other = variant_block(np.where(calls < 0, calls, 2 - calls).astype(np.int8), basis)
    assert one.reason.tolist() == other.reason.tolist()
    np.testing.assert_allclose(other.unit, -one.unit, atol=1e-13)
    np.testing.assert_allclose(other.norm, one.norm, rtol=1e-13)
    np.testing.assert_allclose(other.af, 1.0 - one.af, rtol=1e-13)


def test_dosages_are_taken_as_they_are() -> None:
    dosage = np.array([[0.1, 1.2, np.nan, 1.9, 0.0]], np.float32)
    block = variant_block(dosage, projection(None, 5))
    mean = np.nanmean(dosage.astype(float))
    np.testing.assert_allclose(block.dosage[0], [0.1, 1.2, mean, 1.9, 0.0], rtol=1e-7)
    assert block.af[0] == pytest.approx(mean / 2)


@given(st.integers(0, 10_000))
def test_products_with_residuals_need_no_projected_variants(seed: int) -> None:
    rng = np.random.default_rng(seed)
    calls = rng.choice(np.array([0, 1, 2, -9], np.int8), (8, 30))
    covariates = rng.normal(size=(3, 30))
    # Of the first variant the covariates leave next to nothing.
    calls[0] = np.where(calls[0] < 0, 1, calls[0])
    covariates[0] = calls[0] + 1e-4 * rng.normal(size=30)
    basis = projection(covariates, 30)
    residuals = basis.residuals(rng.normal(size=(4, 30)))
    one, other = variant_block(calls, basis), variant_block(calls, basis, project=False)
    assert one.reason.tolist() == other.reason.tolist()
    np.testing.assert_allclose(other.norm, one.norm, rtol=1e-12)
    np.testing.assert_allclose(other.unit[1:] @ residuals.T, one.unit[1:] @ residuals.T, atol=1e-12)
    # The first one's norm is 1e-4 of its own: four digits are gone.
    np.testing.assert_allclose(other.unit[:1] @ residuals.T, one.unit[:1] @ residuals.T, atol=1e-9)
