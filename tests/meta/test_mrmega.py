"""MR-MEGA: loops over variants, and what must not change the result."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from postgwas.meta.ancestry_axes import axis_markers, classical_scaling, frequency_distances
from postgwas.meta.mrmega import mrmega


def _draw(seed: int, k: int = 8, v: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.01, 0.2, (k, v))
    beta = rng.normal(0.05, 0.2, (k, v))
    beta[rng.random((k, v)) < 0.3] = np.nan
    return beta, se, rng.normal(0, 0.05, (k, 2))


def test_naive_regression() -> None:
    beta, se, axes = _draw(1)
    extra = np.random.default_rng(2).normal(25, 3, (8, 1))
    found = mrmega(beta, se, axes, covariates=extra)
    assert found.environment is not None
    for j in range(beta.shape[1]):
        there = ~np.isnan(beta[:, j])
        if there.sum() - 2 <= 3:
            assert found.small_cohort_count[j] and np.isnan(found.association.chisq[j])
            continue
        y, root = beta[there, j], 1 / se[there, j]

        def squares(*columns: np.ndarray, y: np.ndarray = y, root: np.ndarray = root) -> float:
            x = np.column_stack(columns) * root[:, None]
            return float(np.sum((y * root - x @ np.linalg.lstsq(x, y * root, rcond=None)[0]) ** 2))

        one = np.ones(y.size)
        whole = squares(one, axes[there], extra[there])
        assert found.residual.chisq[j] == pytest.approx(whole, rel=1e-7, abs=1e-9)
        assert found.association.chisq[j] == pytest.approx(np.sum((y * root) ** 2) - whole, rel=1e-9)
        assert found.ancestry.chisq[j] == pytest.approx(squares(one) - whole, rel=1e-7, abs=1e-8)
        assert found.environment.chisq[j] == pytest.approx(
            squares(one, axes[there]) - whole, rel=1e-6, abs=1e-7
        )
        assert found.residual.df[j] == there.sum() - 4


def test_order_of_cohorts_sign_of_alleles_and_of_axes() -> None:
    beta, se, axes = _draw(5)
    plain = mrmega(beta, se, axes)
    order = np.random.default_rng(1).permutation(8)
    for other in (
        mrmega(beta[order], se[order], axes[order]),
        mrmega(-beta, se, axes),
        mrmega(beta, se, -axes * 7),
    ):
        for name in ("association", "ancestry", "residual"):
            np.testing.assert_allclose(
                getattr(other, name).chisq, getattr(plain, name).chisq, rtol=1e-8, atol=1e-9
            )


def test_cohorts_that_axes_do_not_tell_apart() -> None:
    axes = np.array([[0.1], [0.1], [0.1], [0.1], [-0.3]])
    beta = np.full((5, 2), 0.1)
    beta[4, 1] = np.nan
    found = mrmega(beta, np.full((5, 2), 0.02), axes)
    assert found.collinear.tolist() == [False, True]
    assert np.isnan(found.association.mlog10p[1]) and found.association.mlog10p[0] > 10


def test_distances_and_coordinates() -> None:
    rng = np.random.default_rng(3)
    eaf = rng.uniform(0.05, 0.95, (6, 300))
    found = frequency_distances(eaf)
    naive = np.array([[np.mean((a - b) ** 2) for b in eaf] for a in eaf])
    np.testing.assert_allclose(found, naive, atol=1e-14)
    # All K - 1 axes give the distances back.
    axes = classical_scaling(found, 5)
    np.testing.assert_allclose(pdist(axes) ** 2, naive[np.triu_indices(6, 1)], atol=1e-12)
    order = rng.permutation(6)
    np.testing.assert_allclose(classical_scaling(found[np.ix_(order, order)], 3), axes[order, :3], atol=1e-9)
    # Which allele is counted is of no matter.
    flip = rng.random(300) < 0.5
    np.testing.assert_allclose(frequency_distances(np.where(flip, 1 - eaf, eaf)), naive, atol=1e-14)


def test_markers_of_bins() -> None:
    chrom = np.array([2, 1, 1, 1, 1, 24, 2])
    pos = np.array([5, 999_999, 10, 1_000_000, 1_500_000, 3, 7])
    eaf = np.array([[0.3, 0.3, 0.3, 0.3, 0.004, 0.3, 0.3], [0.3, 0.2, 0.3, 0.3, 0.3, 0.3, np.nan]])
    assert axis_markers(chrom, pos, eaf).tolist() == [1, 3, 0]
    assert axis_markers(chrom, pos, eaf, min_maf=0.25).tolist() == [2, 3, 0]
    assert axis_markers(chrom, pos, eaf * 0.0).size == 0


def test_too_many_axes() -> None:
    with pytest.raises(ValueError, match="expected 1 to 2"):
        classical_scaling(np.zeros((3, 3)), 3)
