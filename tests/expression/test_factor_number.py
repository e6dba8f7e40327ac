"""How many hidden factors: rules on simulated truth, a naive count, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from postgwas.errors import InputError, UsageError
from postgwas.expression import choose_by_discovery, choose_n_pcs, expression_pcs, n_factors_gtex
from postgwas.expression.factor_number import cis_best, count_egenes


def simulate(seed: int, factors: int, genes: int = 400, samples: int = 70, size: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(genes, factors)) * size
    return w @ rng.normal(size=(factors, samples)) + rng.normal(size=(genes, samples))


def test_components_are_those_of_a_decomposition() -> None:
    y = simulate(1, 3)
    pcs = expression_pcs(y, 5)
    z = (y - y.mean(axis=1, keepdims=True)) / y.std(axis=1, keepdims=True)
    _, s, vt = np.linalg.svd(z, full_matrices=False)
    assert np.allclose(np.abs(pcs.factors), np.abs(vt[:5].T * s[:5]), atol=1e-8)
    assert np.allclose(pcs.variance, s[:69] ** 2 / (s**2).sum(), atol=1e-12)
    order = np.random.default_rng(2).permutation(70)
    assert np.allclose(expression_pcs(y[:, order], 5).factors, pcs.factors[order], atol=1e-8)


@pytest.mark.parametrize("factors", [1, 3, 6])
def test_permutations_find_the_number_that_was_simulated(factors: int) -> None:
    for seed in range(3):
        assert choose_n_pcs(simulate(seed, factors), rule="be").n == factors


def test_permutations_find_nothing_in_noise() -> None:
    found = [choose_n_pcs(simulate(seed, 0, genes=200), rule="be").n for seed in range(12)]
    assert sum(n > 0 for n in found) <= 3  # each at a level of 5 %


def test_the_elbow_is_where_the_curve_bends() -> None:
    assert choose_n_pcs(simulate(1, 4)).n in (5, 6)  # the first components of the plain below


def test_permutations_repeat_and_differ_by_seed() -> None:
    y = simulate(3, 2)
    a, b, c = (choose_n_pcs(y, rule="be", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(a.null, b.null) and not np.array_equal(a.null, c.null)
    assert a.seed == 1 and (np.diff(a.p) >= 0).all()


def test_too_few_permutations_for_the_level() -> None:
    with pytest.raises(UsageError, match="least P"):
        choose_n_pcs(simulate(1, 2), rule="be", n_permutations=10)
    with pytest.raises(UsageError, match="expected 1 to 69"):
        expression_pcs(simulate(1, 2), 70)
    with pytest.raises(InputError, match="row 3"):
        bad = simulate(1, 2)
        bad[3] = 2.0
        choose_n_pcs(bad)


def test_gtex_rule() -> None:
    assert [n_factors_gtex(n) for n in (70, 149, 150, 249, 250, 349, 350)] == [15, 15, 30, 30, 45, 45, 60]
    with pytest.raises(UsageError, match="20 samples"):
        n_factors_gtex(12)


def test_discovery_takes_the_fewest_that_do_nearly_as_well() -> None:
    found = choose_by_discovery([30, 0, 10, 20], [996, 100, 700, 1000])
    assert found.n == 20 and found.n_factors.tolist() == [0, 10, 20, 30]
    assert choose_by_discovery([0, 10, 20], [100, 991, 1000]).n == 10
    assert choose_by_discovery([0, 10, 20], [100, 991, 1000], share=1.0).n == 20
    for numbers, counts in (([1, 1], [2, 3]), ([1, 2], [0, 0]), ([1, 2], [-1, 3]), ([1], [1, 2])):
        with pytest.raises(InputError):
            choose_by_discovery(numbers, counts)


def test_egenes_against_one_regression_at_a_time() -> None:
    rng = np.random.default_rng(5)
    n, genes, variants = 80, 30, 60
    g = rng.integers(0, 3, size=(variants, n)).astype(float)
    covariates = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    y = rng.normal(size=(genes, n))
    y[:8] += 0.9 * g[:8]
    first = np.arange(genes)
    last = first + 20
    basis = np.linalg.qr(covariates)[0]

    def unit(rows: np.ndarray) -> np.ndarray:
        rest = rows - (rows @ basis) @ basis.T
        return rest / np.linalg.norm(rest, axis=1, keepdims=True)

    best, counted = cis_best(unit(y), unit(g), first, last)
    df = n - 3 - 1
    p = []
    for gene in range(genes):
        least = 1.0
        for variant in range(first[gene], last[gene]):
            design = np.column_stack([covariates, g[variant]])
            beta, rss = np.linalg.lstsq(design, y[gene], rcond=None)[:2]
            se = np.sqrt(rss[0] / df * np.linalg.inv(design.T @ design)[-1, -1])
            least = min(least, 2 * stats.t.sf(abs(beta[-1] / se), df))
        p.append(min(1.0, least * 20))
    by_hand = int((stats.false_discovery_control(p) <= 0.05).sum())
    assert counted.tolist() == [20] * genes
    assert count_egenes(best, counted, df) == by_hand >= 6
