"""Allelic fold changes: against a naive fit, properties, calibration, what is refused."""

from __future__ import annotations

from dataclasses import replace

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from scipy.optimize import least_squares

from postgwas import qtl
from postgwas.errors import UsageError
from postgwas.qtl.afc_approximation import approximate_afc


def study(seed: int, *, n: int = 120, n_variants: int = 2, n_covariates: int = 2, noise: float = 0.3):
    """Haplotypes (2, J, n), covariates, effects and log2 expression."""
    rng = np.random.default_rng(seed)
    haplotypes = rng.binomial(1, rng.uniform(0.25, 0.6, (1, n_variants, 1)), (2, n_variants, n)).astype(float)
    covariates = rng.normal(size=(n_covariates, n))
    effects = rng.uniform(-1.5, 1.5, n_variants)
    fold = (2.0 ** (effects[:, None] * haplotypes)).prod(axis=1).mean(axis=0)
    y = 6 + np.log2(fold) + rng.normal(size=n_covariates) @ covariates + rng.normal(0, noise, n)
    return haplotypes, covariates, effects, y


def naive(y, haplotypes, covariates):
    """All parameters in one vector, nothing projected; errors from scipy's Jacobian."""
    design = np.vstack([np.ones_like(y), covariates])
    n_variants = haplotypes.shape[1]

    def left(values):
        effects, others = values[:n_variants], values[n_variants:]
        total = sum((2.0 ** (effects[:, None] * one)).prod(axis=0) for one in haplotypes)
        return y - np.log2(total / 2) - others @ design

    start = np.concatenate([np.zeros(n_variants), [y.mean()], np.zeros(len(covariates))])
    found = least_squares(left, start, xtol=1e-15, ftol=1e-15, gtol=1e-15, method="lm")
    variance = 2 * found.cost / (len(y) - len(start))
    errors = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)) * variance)
    return found.x[:n_variants], errors[:n_variants]


@pytest.mark.parametrize("seed", range(6))
def test_estimates_are_those_of_a_naive_fit(seed: int) -> None:
    haplotypes, covariates, _, y = study(seed, n_variants=1 + seed % 3)
    estimate, se = naive(y, haplotypes, covariates)
    found = qtl.afc_joint(y, haplotypes, covariates)
    np.testing.assert_allclose(found.estimate, estimate, atol=1e-6)
    np.testing.assert_allclose(found.se, se, rtol=1e-4)  # scipy's Jacobian is of finite differences


@hypothesis.given(st.integers(0, 10_000))
@hypothesis.settings(max_examples=25)
def test_another_counted_allele_turns_the_sign_and_nothing_else(seed: int) -> None:
    haplotypes, covariates, _, y = study(seed)
    there = qtl.afc_joint(y, haplotypes, covariates)
    back = qtl.afc_joint(y, 1 - haplotypes, covariates)
    np.testing.assert_allclose(back.estimate, -there.estimate, atol=1e-7)
    np.testing.assert_allclose(back.se, there.se, rtol=1e-6)
    assert back.rss == pytest.approx(there.rss, rel=1e-9)


@hypothesis.given(st.integers(0, 10_000))
@hypothesis.settings(max_examples=25)
def test_order_of_variants_and_samples_changes_nothing(seed: int) -> None:
    haplotypes, covariates, _, y = study(seed, n_variants=3)
    rng = np.random.default_rng(seed)
    variants, people = rng.permutation(3), rng.permutation(len(y))
    there = qtl.afc_joint(y, haplotypes, covariates)
    moved = qtl.afc_joint(y[people], haplotypes[:, variants][:, :, people], covariates[::-1, people])
    np.testing.assert_allclose(moved.estimate, there.estimate[variants], atol=1e-7)


def test_unknown_phases_are_the_mean_over_phases() -> None:
    """A heterozygote at one variant has one phase: both ways agree; at two, the mean of two."""
    copies = np.array([[0.0, 1.0, 2.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    effects = np.array([[0.8, -0.5]])
    from postgwas.qtl.afc_model import log2_expression, on_haplotypes

    values, _ = log2_expression(effects, on_haplotypes(copies))
    k, m = 2 ** effects[0]
    both = (((1 + k * m) / 2) + ((k + m) / 2)) / 2
    expected = [1, (1 + k) / 2, k * (1 + m) / 2, both]
    np.testing.assert_allclose(2 ** values[0], expected)


def test_intervals_cover() -> None:
    inside, boot = [], []
    options = qtl.AfcOptions(interval="bootstrap", n_boot=100, seed=3)
    for seed in range(120):
        haplotypes, covariates, effects, y = study(seed, n=100, n_variants=1)
        found = qtl.afc_joint(y, haplotypes, covariates)
        inside.append((found.lower <= effects) & (effects <= found.upper))
        if seed < 40:
            again = qtl.afc_joint(y, haplotypes, covariates, options=options)
            assert again.estimate == found.estimate
            boot.append((again.lower <= effects) & (effects <= again.upper))
    assert 0.90 <= np.mean(inside) <= 0.99
    assert 0.85 <= np.mean(boot) <= 1.0


def test_bootstrap_draws_depend_on_seed_and_gene_alone() -> None:
    haplotypes, covariates, _, y = study(1)
    options = qtl.AfcOptions(interval="bootstrap", n_boot=60, seed=3)
    first = qtl.afc_joint(y, haplotypes, covariates, options=options, name="g1")
    again = qtl.afc_joint(y, haplotypes, covariates, options=options, name="g1")
    other = qtl.afc_joint(y, haplotypes, covariates, options=options, name="g2")
    seed = qtl.afc_joint(y, haplotypes, covariates, options=replace(options, seed=4), name="g1")
    assert np.array_equal(first.lower, again.lower) and first.n_boot == 60
    assert not np.array_equal(first.lower, other.lower)
    assert not np.array_equal(first.lower, seed.lower)


def test_a_bootstrap_replicate_is_the_fit_of_the_drawn_samples() -> None:
    from postgwas.qtl.afc_intervals import draws

    haplotypes, covariates, _, y = study(5, n=60)
    options = qtl.AfcOptions(interval="bootstrap", n_boot=20, seed=8)
    weights = next(draws(len(y), options, "g"))
    fits = []
    for row in weights:
        people = np.repeat(np.arange(len(y)), row.astype(int))
        fits.append(qtl.afc_joint(y[people], haplotypes[:, :, people], covariates[:, people]).estimate)
    found = qtl.afc_joint(y, haplotypes, covariates, options=options, name="g")
    np.testing.assert_allclose(found.se, np.std(fits, axis=0, ddof=1), rtol=1e-4)
    np.testing.assert_allclose(found.lower, np.quantile(fits, 0.025, axis=0), atol=1e-4)


def test_missing_calls() -> None:
    haplotypes, covariates, _, y = study(4)
    calls = haplotypes.sum(axis=0)
    calls[0, :7] = np.nan
    whole = slice(7, None)
    dropped = qtl.afc_joint(y, calls, covariates, options=qtl.AfcOptions(missing="drop"))
    left = qtl.afc_joint(y[whole], calls[:, whole], covariates[:, whole])
    assert np.array_equal(dropped.estimate, left.estimate) and dropped.df == left.df
    filled = calls.copy()
    filled[0, :7] = calls[0, whole].mean()
    mean = qtl.afc_joint(y, calls, covariates)
    assert np.array_equal(mean.estimate, qtl.afc_joint(y, filled, covariates).estimate)
    assert mean.df == len(y) - 3 - 2
    y[3] = np.nan
    assert qtl.afc_joint(y, calls, covariates).df == mean.df - 1


def test_a_projection_stands_for_its_covariates() -> None:
    from postgwas.qtl.projection import projection

    haplotypes, covariates, _, y = study(4)
    beside = projection(covariates, len(y))
    assert np.array_equal(
        qtl.afc_joint(y, haplotypes, beside).estimate, qtl.afc_joint(y, haplotypes, covariates).estimate
    )
    y[5] = np.nan
    np.testing.assert_allclose(
        qtl.afc_joint(y, haplotypes, beside).estimate, qtl.afc_joint(y, haplotypes, covariates).estimate,
        atol=1e-7,
    )  # fmt: skip


def test_what_cannot_be_fitted_is_named() -> None:
    haplotypes, covariates, _, y = study(6, n_variants=1)
    x = haplotypes.sum(axis=0)[0]
    calls = np.stack([x, np.ones_like(x), 2 - x, np.full_like(x, np.nan)])
    found = qtl.afc_joint(y, calls, covariates)
    assert found.reason == ("", "constant", "collinear", "constant")
    assert found.partner.tolist() == [-1, -1, 0, -1]
    assert np.isfinite(found.estimate).tolist() == [True, False, False, False]
    alone = qtl.afc(y, x, covariates)
    assert np.array_equal(found.estimate[:1], alone.estimate)
    few = qtl.afc_joint(y[:4], calls[:1, :4], covariates[:, :4])
    assert few.reason == ("too_few_samples",)
    by_covariate = qtl.afc(y, x, np.vstack([covariates, x]))
    assert by_covariate.reason == ("constant",)


def test_silenced_alleles_end_at_the_limit_without_an_interval() -> None:
    rng = np.random.default_rng(1)
    x = np.repeat([0.0, 1.0, 2.0], 30)
    y = np.choose(x.astype(int), [10.0, 9.0, -5.0]) + rng.normal(0, 0.1, 90)
    found = qtl.afc(y, x)
    assert found.estimate[0] == pytest.approx(-np.log2(100)) and found.reason == ("at_limit",)
    assert np.isnan(found.se[0]) and np.isnan(found.lower[0])
    approximate = qtl.afc(y, x, options=qtl.AfcOptions(estimator="approximation"))
    assert approximate.estimate[0] == pytest.approx(-np.log2(100)) and approximate.reason == ("at_limit",)


def test_a_perfect_fit_is_found() -> None:
    x = np.repeat([0.0, 1.0, 2.0], 10)
    found = qtl.afc(np.log2(8 * (1 + x * (2**1.2 - 1) / 2)), x)
    assert found.estimate[0] == pytest.approx(1.2, abs=1e-6)
    assert found.converged and found.se[0] < 1e-6


def test_the_approximation_has_no_interval_but_by_bootstrap() -> None:
    haplotypes, covariates, effects, y = study(9, n_variants=1, noise=0.2)
    x = haplotypes.sum(axis=0)[0]
    plain = approximate_afc(y, x, covariates)
    assert np.isnan(plain.lower[0]) and plain.estimate[0] == pytest.approx(effects[0], abs=0.4)
    options = qtl.AfcOptions(estimator="approximation", interval="bootstrap", n_boot=100, seed=1)
    found = approximate_afc(y, x, covariates, options=options)
    assert found.estimate == plain.estimate and found.n_boot == 100
    assert found.lower[0] < found.estimate[0] < found.upper[0]
    assert approximate_afc(y, np.ones_like(x)).reason == ("constant",)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"estimator": "median"}, "--estimator median"),
        ({"limit": 0.0}, "--limit 0"),
        ({"missing": "skip"}, "--missing skip"),
        ({"max_r2": 1.0}, "--max_r2 1"),
        ({"level": 95.0}, "--level 95"),
        ({"interval": "profile"}, "--interval profile"),
        ({"interval": "bootstrap", "n_boot": 5, "seed": 1}, "--n_boot 5"),
        ({"interval": "bootstrap"}, "need a seed"),
        ({"estimator": "approximation"}, "one variant alone"),
    ],
)
def test_options_out_of_range_are_refused(change, told) -> None:
    haplotypes, _, _, y = study(1)
    with pytest.raises(UsageError, match=told):
        qtl.afc_joint(y, haplotypes, options=qtl.AfcOptions(**change))


def test_shapes_and_calls_are_checked() -> None:
    y = np.zeros(5)
    with pytest.raises(UsageError, match="copies have shape"):
        qtl.afc_joint(y, np.zeros((1, 4)))
    with pytest.raises(UsageError, match="covariates have shape"):
        qtl.afc_joint(y, np.zeros((1, 5)), np.zeros((1, 4)))
    with pytest.raises(UsageError, match="found 3, expected 0 to 2"):
        qtl.afc_joint(y, np.full((1, 5), 3.0))
    with pytest.raises(UsageError, match="0, 1 or 2"):
        approximate_afc(y, np.full(5, 0.5))
