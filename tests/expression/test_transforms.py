"""Inverse normal transform, quantile normalisation, batch effects: plain versions and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, rankdata

from postgwas.errors import InputError, UsageError
from postgwas.expression import inverse_normal, quantile_normalise, remove_batch_effect


def tied(seed: int, shape: tuple[int, int] = (7, 11)) -> np.ndarray:
    """Few distinct values, so many ties; a row without any; a constant row."""
    values = np.random.default_rng(seed).integers(0, 5, shape).astype(np.float64)
    values[0] = np.random.default_rng(seed + 1).permutation(shape[1])
    values[1] = 3.0
    return values


@given(
    seed=st.integers(0, 10_000),
    offset=st.sampled_from([0.0, 0.375, 0.5]),
    ties=st.sampled_from(["average", "min", "max", "first"]),
    holes=st.booleans(),
)
@settings(max_examples=60)
def test_ranks_are_scipys(seed: int, offset: float, ties: str, holes: bool) -> None:
    values = tied(seed)
    if holes:
        values[np.random.default_rng(seed).random(values.shape) < 0.3] = np.nan
    found = inverse_normal(values, offset=offset, ties=ties)  # type: ignore[arg-type]
    for row, out in zip(values, found):
        seen = ~np.isnan(row)
        n = seen.sum()
        method = "ordinal" if ties == "first" else ties
        ranks = rankdata(row[seen], method=method)  # type: ignore[call-overload]
        np.testing.assert_array_equal(out[seen], norm.ppf((ranks - offset) / (n + 1 - 2 * offset)))
        assert np.isnan(out[~seen]).all()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_only_ranks_matter(seed: int) -> None:
    values = tied(seed)
    found = inverse_normal(values)
    np.testing.assert_array_equal(inverse_normal(np.exp(values) * 3 + 1), found)
    np.testing.assert_allclose(inverse_normal(-values), -found, atol=1e-15)
    order = np.random.default_rng(seed).permutation(values.shape[1])
    np.testing.assert_array_equal(inverse_normal(values[:, order]), found[:, order])
    assert (found[1] == 0).all()


def test_blocks_and_shapes() -> None:
    """A long matrix goes in blocks; one row at a time gives the same bits."""
    values = np.random.default_rng(2).normal(size=(3000, 400))
    values[::7] = values[::7].round(1)
    whole = inverse_normal(values)
    for row in (0, 1, 7, 2621, 2999):
        np.testing.assert_array_equal(inverse_normal(values[row]), whole[row])
    assert np.isnan(inverse_normal(np.full((2, 3), np.nan))).all()
    assert inverse_normal([4.0]).tolist() == [0.0]


@pytest.mark.parametrize(
    ("options", "told"),
    [({"offset": 0.7}, "offset 0.7"), ({"offset": "bloom"}, "'bloom'"), ({"ties": "random"}, "'random'")],
)
def test_transform_options(options: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        inverse_normal([1.0, 2.0], **options)  # type: ignore[arg-type]


def naive_quantiles(values: np.ndarray, middle: object) -> np.ndarray:
    target = np.sort(values, axis=0).mean(axis=1)
    out = np.empty_like(values)
    for j, column in enumerate(values.T):
        ordered = np.sort(column)
        for i, value in enumerate(column):
            out[i, j] = middle(target[ordered == value])  # type: ignore[operator]
    return out


@given(seed=st.integers(0, 10_000), ties=st.sampled_from([("median", np.median), ("mean", np.mean)]))
@settings(max_examples=40)
def test_quantile_normalisation(seed: int, ties: tuple[str, object]) -> None:
    values = tied(seed, (12, 5))
    found = quantile_normalise(values, ties=ties[0])  # type: ignore[arg-type]
    np.testing.assert_allclose(found, naive_quantiles(values, ties[1]), rtol=1e-13)
    rng = np.random.default_rng(seed)
    genes, samples = rng.permutation(12), rng.permutation(5)
    moved = quantile_normalise(values[np.ix_(genes, samples)], ties=ties[0])  # type: ignore[arg-type]
    np.testing.assert_array_equal(moved, found[np.ix_(genes, samples)])


def test_quantile_normalisation_gives_one_distribution() -> None:
    values = np.random.default_rng(4).normal(size=(50, 6)) * np.arange(1, 7)
    found = np.sort(quantile_normalise(values), axis=0)
    np.testing.assert_array_equal(found, np.repeat(found[:, :1], 6, axis=1))
    with pytest.raises(InputError, match="row 2, column 3"):
        quantile_normalise(np.where(np.arange(300).reshape(50, 6) == 8, np.nan, values))


def test_batch_effects_are_gone_and_the_design_is_not() -> None:
    rng = np.random.default_rng(5)
    batch = np.array(["a", "b", "c"])[np.arange(24) % 3]
    group = (np.arange(24) >= 12).astype(float)
    age = rng.normal(size=24)
    noise = rng.normal(size=(4, 24))
    shift = np.array([0.0, 5.0, -2.0])[np.arange(24) % 3]
    design = np.column_stack([np.ones(24), group])
    clean = remove_batch_effect(noise + shift + 3 * age, batch=batch, covariates=age, design=design)
    again = remove_batch_effect(clean, batch=batch, covariates=age, design=design)
    np.testing.assert_allclose(again, clean, atol=1e-12)
    # What is left is what would be left of the noise, up to the levels' mean, which is kept.
    alone = remove_batch_effect(noise, batch=batch, covariates=age, design=design)
    np.testing.assert_allclose(clean - alone, 1.0, atol=1e-12)


def test_missing_values_are_left_out_of_their_gene() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(size=(3, 20))
    batch = np.arange(20) % 2
    holed = values.copy()
    holed[1, [0, 5]] = np.nan
    found = remove_batch_effect(holed, batch=batch)
    seen = ~np.isnan(holed[1])
    np.testing.assert_allclose(found[[0, 2]], remove_batch_effect(values, batch=batch)[[0, 2]], atol=1e-13)
    alone = remove_batch_effect(holed[1:2, seen], batch=batch[seen])
    np.testing.assert_allclose(found[1, seen], alone[0], atol=1e-13)
    assert np.isnan(found[1, ~seen]).all()


def test_nested_batches_are_fine_but_confounded_ones_are_not() -> None:
    """limma gives the coefficients it cannot estimate zero, and says so in a message; we refuse."""
    values = np.random.default_rng(7).normal(size=(2, 12))
    batch = np.arange(12) // 3
    coarse = np.arange(12) // 6
    np.testing.assert_allclose(
        remove_batch_effect(values, batch=batch, batch2=coarse),
        remove_batch_effect(values, batch=batch),
        atol=1e-12,
    )
    design = np.column_stack([np.ones(12), coarse])
    with pytest.raises(InputError, match="confounded with the design"):
        remove_batch_effect(values, batch=batch, design=design)
    with pytest.raises(InputError, match="confounded"):
        remove_batch_effect(values, covariates=np.ones(12))


def test_bad_batches() -> None:
    values = np.ones((2, 3))
    with pytest.raises(UsageError, match="batch: 2 labels for 3 samples"):
        remove_batch_effect(values, batch=["a", "b"])
    with pytest.raises(InputError, match="label of sample 2 is missing"):
        remove_batch_effect(values, batch=["a", None, "b"])
    with pytest.raises(InputError, match="covariates: the value of sample 3"):
        remove_batch_effect(values, covariates=[1.0, 2.0, np.nan])
