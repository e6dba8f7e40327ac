"""Popcorn's fit on arrays: against slow ways and simulated truth."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from postgwas.errors import MatrixError
from postgwas.meta.popcorn_fit import fit, number_of_blocks

H2, RHO = (0.4, 0.3), 0.6


def simulated(seed: int, n_variants: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Z of two populations by the model itself, scores correlated."""
    rng = np.random.default_rng(seed)
    own = rng.gamma(2.0, 30.0, (n_variants, 2)) + 1
    scores = np.column_stack([own, 0.8 * np.sqrt(own[:, 0] * own[:, 1])])
    n = rng.integers(50_000, 100_000, (n_variants, 2)).astype(float)
    m = 100_000
    variance = 1 + n / m * np.array(H2) * own
    covariance = np.sqrt(n.prod(axis=1)) / m * RHO * np.sqrt(H2[0] * H2[1]) * scores[:, 2]
    e = rng.normal(size=(n_variants, 2))
    first = np.sqrt(variance[:, 0]) * e[:, 0]
    slope = covariance / variance[:, 0]
    second = slope * first + np.sqrt(variance[:, 1] - slope * covariance) * e[:, 1]
    return np.column_stack([first, second]), n, scores, m


def test_regression_and_jackknife_by_the_slow_way() -> None:
    z, n, scores, m = simulated(1, 2000)
    found = fit(z, n, scores, m=m, n_blocks=11)
    edges = np.floor(np.linspace(0, 2000, 12)).astype(int)

    def slow(rows: np.ndarray) -> np.ndarray:
        values = []
        for i, y in enumerate((z[:, 0] ** 2, z[:, 1] ** 2, z[:, 0] * z[:, 1])):
            size = n[:, i] if i < 2 else np.sqrt(n[:, 0] * n[:, 1])
            x = np.column_stack([np.ones(2000), size / m * scores[:, i]])[rows]
            root = 1 / np.sqrt(np.maximum(scores[rows, i], 1))
            values.append(np.linalg.lstsq(x * root[:, None], y[rows] * root, rcond=None)[0][1])
        return np.array([*values, values[2] / np.sqrt(values[0] * values[1])])

    everything = np.arange(2000)
    estimate = slow(everything)
    np.testing.assert_allclose([*found.h2, found.covariance, found.correlation], estimate, rtol=1e-9)
    without = [slow(np.delete(everything, np.arange(a, b))) for a, b in pairwise(edges)]
    np.testing.assert_allclose(found.delete_values, without, rtol=1e-8)
    se = np.sqrt(10 / 11 * ((without - np.mean(without, axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose([*found.h2_se, found.covariance_se, found.correlation_se], se, rtol=1e-8)


@pytest.mark.parametrize("estimator", ["regression", "likelihood"])
def test_truth_is_found(estimator: str) -> None:
    """Within three standard errors, for estimates of many variants; intercepts near 1, 1, 0."""
    z, n, scores, m = simulated(2, 10_000)
    found = fit(z, n, scores, m=m, estimator=estimator, n_blocks=10)  # type: ignore[arg-type]
    assert np.all(np.abs(found.h2 - H2) < 3 * found.h2_se)
    assert abs(found.correlation - RHO) < 3 * found.correlation_se
    assert np.all(found.h2_se < 0.05)
    assert found.correlation_se < 0.1
    assert np.all(np.abs(found.intercept - [1, 1, 0]) < 0.5)


def test_standard_errors_are_honest() -> None:
    """The spread of estimates over simulations is what the jackknife says."""
    runs = [fit(*simulated(seed, 4000)[:3], m=100_000, n_blocks=40) for seed in range(60)]
    spread = np.std([run.correlation for run in runs], ddof=1)
    told = np.median([run.correlation_se for run in runs])
    assert 0.7 < told / spread < 1.4
    z = [(run.correlation - RHO) / run.correlation_se for run in runs]
    assert abs(np.mean(z)) < 0.5


def test_likelihood_is_at_its_maximum() -> None:
    """No step from the estimate makes the weighted likelihood larger."""
    z, n, scores, m = simulated(3, 3000)
    found = fit(z, n, scores, m=m, estimator="likelihood", jackknife=False)
    weight = 1 / np.maximum(scores[:, 0], 1)

    def loss(c: float, h2: float) -> float:
        s = c + n[:, 0] / m * h2 * scores[:, 0]
        return float(np.sum(weight * (np.log(s) + z[:, 0] ** 2 / s)))

    best = loss(found.intercept[0], found.h2[0])
    for dc in (-1e-3, 0, 1e-3):
        for dh in (-1e-4, 0, 1e-4):
            assert loss(found.intercept[0] + dc, found.h2[0] + dh) >= best - 1e-9


def test_intercepts_are_fixed() -> None:
    z, n, scores, m = simulated(4)
    found = fit(z, n, scores, m=m, intercept=False)
    np.testing.assert_array_equal(found.intercept, [1, 1, 0])
    assert np.all(np.abs(found.h2 - H2) < 3 * found.h2_se)


def test_order_of_populations() -> None:
    z, n, scores, m = simulated(5, 3000)
    one, two = fit(z, n, scores, m=m), fit(z[:, ::-1], n[:, ::-1], scores[:, [1, 0, 2]], m=m)
    np.testing.assert_allclose(one.h2, two.h2[::-1], rtol=1e-12)
    assert one.correlation == pytest.approx(two.correlation, rel=1e-12)
    assert one.correlation_se == pytest.approx(two.correlation_se, rel=1e-10)


def test_allele_swap_changes_nothing() -> None:
    z, n, scores, m = simulated(6, 3000)
    sign = np.where(np.random.default_rng(0).random(3000) < 0.5, -1.0, 1.0)
    one, two = fit(z, n, scores, m=m), fit(z * sign[:, None], n, scores, m=m)
    assert one.correlation == two.correlation
    assert one.correlation_se == two.correlation_se


def test_no_heritability_no_correlation() -> None:
    rng = np.random.default_rng(7)
    scores = rng.gamma(2.0, 30.0, (3000, 3)) + 1
    z = rng.normal(size=(3000, 2)) / np.sqrt(scores[:, :2])
    found = fit(z, np.full((3000, 2), 1e5), scores, m=100_000)
    assert found.h2[0] < 0
    assert np.isnan(found.correlation)
    assert found.n_blocks_without == found.n_blocks


def test_constant_scores_are_refused() -> None:
    z, n, scores, m = simulated(8, 3000)
    with pytest.raises(MatrixError, match="constant or collinear"):
        fit(z, np.full_like(n, 1e5), np.full_like(scores, 20.0), m=m)


@pytest.mark.parametrize(("n_variants", "blocks"), [(100, 10), (2596, 12), (40_000, 200), (10**6, 200)])
def test_number_of_blocks(n_variants: int, blocks: int) -> None:
    """As Popcorn 1.1 makes them: 12 of 2,596 variants in its log."""
    assert number_of_blocks(n_variants) == blocks
