"""Diagnostics of LD: simulated truth, invariance, naive formulae."""

from __future__ import annotations

import numpy as np
import pytest
from finemap.simulated import simulate

from postgwas.errors import UsageError
from postgwas.finemap import check_alignment, dentist, dentist_lead, estimate_s_rss, kriging_rss
from postgwas.finemap.mixture import mixture_weights

ONE = simulate(3, n=800, p=80, causal=(30,), share=0.2)


def test_conditional_moments_are_those_of_the_normal_distribution() -> None:
    s = 0.05
    covariance = (1 - s) * ONE.r + s * np.eye(80)
    found = kriging_rss(ONE.z, ONE.r, s=s)
    for row in (0, 30, 79):
        others = np.delete(np.arange(80), row)
        weights = np.linalg.solve(covariance[np.ix_(others, others)], covariance[others, row])
        assert found.mean[row] == pytest.approx(weights @ ONE.z[others], abs=1e-8)
        assert found.variance[row] == pytest.approx(1 - weights @ covariance[others, row], abs=1e-10)


def test_consistency_is_of_the_pair() -> None:
    """In-sample LD fits; that of unrelated variants does not; turning both alike changes nothing."""
    flip = np.where(np.arange(80) % 3 == 0, -1.0, 1.0)
    fits = estimate_s_rss(ONE.z, ONE.r, ONE.n)
    assert fits < 0.01
    assert estimate_s_rss(flip * ONE.z, np.outer(flip, flip) * ONE.r, ONE.n) == pytest.approx(fits, abs=1e-6)
    assert estimate_s_rss(flip * ONE.z, ONE.r, ONE.n) > 0.3


@pytest.mark.parametrize("row", [36, 41, 46])
def test_one_swapped_variant_is_found(row: int) -> None:
    """Dense LD: each variant is tagged by its neighbours."""
    place = np.arange(80)
    r = 0.98 ** np.abs(place[:, None] - place)
    z = 9 * r[40] + np.linalg.cholesky(r) @ np.random.default_rng(5).normal(size=80)
    turned = z.copy()
    turned[row] *= -1
    assert not dentist(z, r).outlier.any() and not kriging_rss(z, r).swapped.any()
    assert np.flatnonzero(dentist(turned, r).outlier).tolist() == [row]
    assert np.flatnonzero(kriging_rss(turned, r).swapped).tolist() == [row]


def test_lead_formula() -> None:
    r = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.1], [0.1, 0.1, 1.0]])
    found = dentist_lead([10.0, 1.0, 9.0], r)
    assert found.statistic[1] == pytest.approx((1 - 9) ** 2 / (1 - 0.81))
    assert np.isnan(found.statistic[0])
    assert found.outlier.tolist() == [False, True, False]  # the third is in low LD with the lead


def test_random_alleles_are_doubtful() -> None:
    flip = np.random.default_rng(1).choice([-1.0, 1.0], 80)
    assert not check_alignment(ONE.z, ONE.r).doubtful
    assert check_alignment(flip * ONE.z, ONE.r).doubtful


def test_partitions_are_seeded() -> None:
    one, same, other = (dentist(ONE.z, ONE.r, seed=seed).statistic for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.any(one != other)


def test_mixture_weights_beat_expectation_maximisation() -> None:
    rng = np.random.default_rng(2)
    spreads = 1.3 ** np.arange(12.0)
    x = rng.normal(0, np.where(rng.random(300) < 0.8, 1.0, 6.0))
    likelihood = np.exp(-0.5 * (x[:, None] / spreads) ** 2) / spreads
    weights = np.full(12, 1 / 12)
    for _ in range(3000):
        part = likelihood * weights
        weights = (part / part.sum(axis=1, keepdims=True)).mean(axis=0)
    found = mixture_weights(likelihood)
    assert found.sum() == pytest.approx(1) and found.min() >= 0
    best, slow = (np.log(likelihood @ one).sum() for one in (found, weights))
    assert slow - 1e-8 <= best <= slow + 0.01


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kriging_rss(ONE.z, ONE.r, s=2.0), "s = 2: expected 0 to 1"),
        (lambda: estimate_s_rss(ONE.z, ONE.r, method="mle"), "method = 'mle'"),  # type: ignore[arg-type]
        (lambda: dentist(ONE.z[:3], ONE.r[:3, :3]), "3 variants: DENTIST needs"),
        (lambda: dentist_lead(ONE.z, ONE.r, lead=80), "lead = 80: there are 80 variants"),
        (lambda: check_alignment(ONE.z, ONE.r, r_min=1.0), "r_min = 1"),
        (lambda: estimate_s_rss(ONE.z, ONE.r, 1), "n = 1: expected more than 2"),
    ],
)
def test_refused(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(UsageError, match=message):
        call()
