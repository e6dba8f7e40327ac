"""Numerics of sample QC against plain implementations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from postgwas.errors import UsageError
from postgwas.expression.dstatistic import d_statistic, sample_correlations
from postgwas.expression.limits import find_metric, metric_numbers, parse_limit
from postgwas.expression.mixups import MATCH, MIXED_UP, NO_GENOTYPE, UNCLEAR, assess, fit_effects, mismatch
from postgwas.expression.outliers import classical_scaling, deviations, principal_axes


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_d_statistic_is_the_median_of_plain_correlations(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(30, 6)).round(1)
    for method in ("pearson", "spearman"):
        got = sample_correlations(values, method)  # type: ignore[arg-type]
        plain = np.array(
            [
                [
                    np.corrcoef(a, b)[0, 1] if method == "pearson" else spearmanr(a, b).statistic
                    for a in values.T
                ]
                for b in values.T
            ]
        )
        np.testing.assert_allclose(got, plain, atol=1e-12)
        want = [np.median(np.delete(row, at)) for at, row in enumerate(plain)]
        np.testing.assert_allclose(d_statistic(got), want, atol=1e-12)


def test_principal_axes_are_those_of_a_singular_value_decomposition() -> None:
    values = np.random.default_rng(2).normal(size=(50, 12)) + np.linspace(0, 3, 12)
    scaled = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)
    _, sizes, vectors = np.linalg.svd(scaled, full_matrices=False)
    got = principal_axes(values, 4)
    np.testing.assert_allclose(np.abs(got.scores), np.abs(vectors[:4].T * sizes[:4]), rtol=1e-8)
    np.testing.assert_allclose(got.share, sizes[:4] ** 2 / (sizes**2).sum(), rtol=1e-10)


def test_scaling_gives_back_distances() -> None:
    points = np.random.default_rng(1).normal(size=(9, 3))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    got = classical_scaling(distances, 3).scores
    np.testing.assert_allclose(np.linalg.norm(got[:, None] - got[None], axis=2), distances, atol=1e-8)


def test_robust_deviations_are_not_inflated_by_an_outlier() -> None:
    scores = np.append(np.random.default_rng(1).normal(size=25), 1000.0)[:, None]
    assert deviations(scores)[-1, 0] < 6 < deviations(scores, "mad")[-1, 0]


def test_mismatch_is_the_mean_of_squared_standardised_differences() -> None:
    rng = np.random.default_rng(4)
    copies = rng.integers(0, 3, (7, 20)).astype(float)
    expression = 0.8 * copies + rng.normal(size=(7, 20))
    effects = fit_effects(expression, copies)
    for pair in range(7):
        slope, intercept = np.polyfit(copies[pair], expression[pair], 1)
        np.testing.assert_allclose(
            [effects.slope[pair], effects.intercept[pair]], [slope, intercept], rtol=1e-9
        )
    got = mismatch(expression[:, :3], copies, effects)
    for i in range(3):
        for j in range(20):
            away = (expression[:, i] - effects.intercept - effects.slope * copies[:, j]) / effects.sd
            np.testing.assert_allclose(got[i, j], np.mean(away**2), rtol=1e-9)


def test_verdicts() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(3.0, 0.2, (4, 50))
    table[0, 0] = table[1, 9] = table[3, 30] = 1.0
    got = assess(table, np.array([0, 1, 2, -1]))
    assert got.verdict.tolist() == [MATCH, MIXED_UP, UNCLEAR, NO_GENOTYPE]
    assert got.best[[0, 1, 3]].tolist() == [0, 9, 30]


def test_null_labels_rarely_look_mixed_up() -> None:
    table = np.random.default_rng(3).normal(size=(3000, 200))
    verdict = assess(table, np.arange(3000) % 200).verdict
    assert (verdict != UNCLEAR).mean() < 0.03  # about 1 % by construction


@pytest.mark.parametrize("text", ["RIN", "RIN>", ">6", "RIN=6", "RIN>six", "RIN>6X"])
def test_limits_that_cannot_be_read(text: str) -> None:
    with pytest.raises(UsageError, match="expected such as"):
        parse_limit(text)


def test_missing_metrics_and_names() -> None:
    assert find_metric("age", ["sample", "RIN"]) is None
    assert find_metric("Mapped Reads", ["mapped_reads"]) == "mapped_reads"
    numbers, bad = metric_numbers(["1,000", "x", ".", None], share=False)
    assert numbers[0] == 1000 and np.isnan(numbers[1:]).all() and bad == ["x"]
