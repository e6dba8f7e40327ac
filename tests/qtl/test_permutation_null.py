"""Permutations and the null of a window's best correlation, beside regressions written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.qtl.permutation_null import largest_products, largest_r2, permuted_phenotype
from postgwas.qtl.permutations import permutations
from postgwas.qtl.projection import projection
from postgwas.qtl.variant_block import variant_block


@given(st.integers(0, 2**40), st.integers(0, 350), st.integers(0, 350))
def test_a_permutation_depends_on_its_number_alone(seed: int, one: int, other: int) -> None:
    start, stop = sorted((one, other))
    whole = permutations(seed, 7, start=0, stop=350)
    assert np.array_equal(permutations(seed, 7, start=start, stop=stop), whole[start:stop])
    assert (np.sort(whole, axis=1) == np.arange(7)).all()


def test_seeds_differ_and_all_orders_come_up_as_often() -> None:
    some = permutations(1, 3, start=0, stop=6000)
    assert not np.array_equal(some, permutations(2, 3, start=0, stop=6000))
    _, counts = np.unique(some, axis=0, return_counts=True)
    assert len(counts) == 6 and np.abs(counts - 1000).max() < 150


def test_null_is_regression_on_the_permuted_phenotype() -> None:
    """R^2 of the variant beside the covariates, in the model of the permuted phenotype, by least squares."""
    rng = np.random.default_rng(3)
    n, n_variants = 40, 9
    covariates = rng.normal(size=(3, n))
    calls = rng.integers(0, 3, (n_variants, n)).astype(np.int8)
    calls[2, 5] = -9
    phenotype = rng.normal(size=n) + covariates[0]
    index = permutations(5, n, start=0, stop=20)
    basis = projection(covariates, n)
    block = variant_block(calls, basis)
    r2 = largest_r2(block.unit.astype(np.float32), permuted_phenotype(phenotype, index.T, basis.basis))
    model = np.column_stack([np.ones(n), covariates.T])

    def residual_squares(design: np.ndarray, y: np.ndarray) -> float:
        return float(((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2).sum())

    for k, order in enumerate(index):
        y = phenotype[order]
        without = residual_squares(model, y)
        best = max(1 - residual_squares(np.column_stack([model, x]), y) / without for x in block.dosage)
        assert r2[k] == pytest.approx(best, rel=1e-5)


def test_residuals_of_a_phenotype_that_is_spent_are_missing() -> None:
    basis = projection(None, 6)
    permuted = permuted_phenotype(np.full(6, 2.0), permutations(1, 6, start=0, stop=4).T, basis.basis)
    assert np.isnan(largest_r2(np.zeros((1, 6), np.float32), permuted)).all()


@pytest.mark.parametrize(("rows", "columns"), [(0, 5), (1, 1), (513, 1025), (1024, 3)])
def test_largest_products_of_all_tiles(rows: int, columns: int) -> None:
    rng = np.random.default_rng(rows)
    unit = rng.normal(size=(rows, 8)).astype(np.float32)
    y = rng.normal(size=(8, columns)).astype(np.float32)
    expected = np.abs(unit @ y).max(axis=0, initial=0.0)
    np.testing.assert_allclose(largest_products(unit, y), expected, rtol=1e-5)
