"""SuSiE over several populations: one population is SuSiE, and naive densities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from finemap.simulated import genotypes, simulate
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from postgwas.errors import PostgwasError
from postgwas.finemap import susie, susie_multi, susie_multi_rss, susie_rss
from postgwas.finemap.shared_effect import (
    SharedEvidence,
    best_covariance,
    evidence_slope,
    log_evidence,
    posterior,
)

ONE = simulate(1, causal=(9, 40))


def populations(
    seed: int, *, causal: int = 12, sizes: tuple[int, ...] = (300, 200, 150)
) -> tuple[list, list]:
    """The same causal variant in each, with an effect of its own."""
    rng = np.random.default_rng(seed)
    x = [genotypes(rng, n, 40) for n in sizes]
    y = [one[:, causal] * b + rng.normal(size=len(one)) for one, b in zip(x, (0.5, 0.6, -0.3))]
    return x, y


@pytest.mark.parametrize("refit", [True, False])
def test_one_population_is_susie(refit: bool) -> None:
    one = simulate(3, causal=(9, 40))
    alone = susie(one.x, one.y, tol=1e-9, estimate_residual_variance=refit)
    multi = susie_multi([one.x], [one.y], tol=1e-9, estimate_residual_variance=refit)
    np.testing.assert_allclose(multi.pip, alone.pip, atol=1e-5)
    np.testing.assert_allclose(multi.covariance[:, 0, 0], alone.V, rtol=1e-3, atol=1e-5)
    assert multi.elbo[-1] == pytest.approx(alone.elbo[-1], abs=1e-6)
    found, expected = ([one.variants.tolist() for one in fit.credible_sets] for fit in (multi, alone))
    assert found == expected


def test_one_population_of_z_scores_is_susie_rss() -> None:
    alone = susie_rss(ONE.z, ONE.r, ONE.n, tol=1e-9, estimate_prior_variance=False)
    multi = susie_multi_rss([ONE.z], [ONE.r], [ONE.n], tol=1e-9, estimate_prior_covariance=False)
    np.testing.assert_allclose(multi.pip, alone.pip, atol=1e-8)
    np.testing.assert_allclose(multi.coefficients[0], alone.coefficients, atol=1e-8)


def test_bayes_factors_are_ratios_of_densities() -> None:
    """Also of a singular prior, and where a population says nothing of a variant."""
    rng = np.random.default_rng(2)
    information = rng.uniform(50, 200, (6, 2))
    information[3, 1] = 0.0
    effects = rng.normal(0, 0.2, (6, 2))
    score = effects * information
    for covariance in (np.array([[0.04, 0.02], [0.02, 0.09]]), np.array([[0.04, 0.06], [0.06, 0.09]])):
        alpha, mean, _, factors = posterior(SharedEvidence(score, information, -math.log(6)), covariance)
        for row in range(6):
            known = np.flatnonzero(information[row])
            noise = np.diag(1 / information[row, known])
            prior = covariance[np.ix_(known, known)]
            densities = [
                multivariate_normal.logpdf(effects[row, known], cov=noise + extra)
                for extra in (prior, np.zeros_like(prior))
            ]
            assert factors[row] == pytest.approx(densities[0] - densities[1], abs=1e-9)
            shrunk = covariance[:, known] @ np.linalg.solve(prior + noise, effects[row, known])
            np.testing.assert_allclose(mean[row], shrunk, atol=1e-10)
        np.testing.assert_allclose(alpha, np.exp(factors - logsumexp(factors)))


def test_no_covariance_nearby_is_better() -> None:
    rng = np.random.default_rng(5)
    information = np.full((1, 2), 150.0)
    score = rng.normal(size=(30, 2)) * np.sqrt(150)
    score[7] += np.array([0.5, 0.4]) * 150
    evidence = SharedEvidence(score, information, -math.log(30))

    def value(covariance: np.ndarray) -> float:
        return log_evidence(posterior(evidence, covariance)[3], -math.log(30))

    best = best_covariance(evidence, np.eye(2) * 0.2, threshold=0.0)
    for change in (np.diag([0.02, 0.0]), np.diag([0.0, 0.02]), np.eye(2) * 0.02):
        assert value(best + change) < value(best) + 1e-5
    assert not best_covariance(
        SharedEvidence(0.1 * rng.normal(size=(30, 2)), information, -math.log(30)), best, threshold=0.0
    ).any()


def test_populations_together_find_what_is_shared() -> None:
    x, y = populations(3)
    fit = susie_multi(x, y)
    assert [one.variants.tolist() for one in fit.credible_sets] == [[12]]
    assert np.sign(fit.coefficients[:, 12]).tolist() == [1, 1, -1]
    effect = fit.credible_sets[0].effect
    assert fit.correlation[effect, 0, 1] > 0 > fit.correlation[effect, 0, 2]


@pytest.mark.parametrize("seed", [1])
def test_order_of_populations_and_alleles_does_not_matter(seed: int) -> None:
    x, y = populations(seed, sizes=(150, 100, 80))
    fit = susie_multi(x, y, tol=1e-5)
    turned = susie_multi([2 - one for one in x[::-1]], y[::-1], tol=1e-5)
    np.testing.assert_allclose(turned.pip, fit.pip, atol=1e-3)
    np.testing.assert_allclose(turned.coefficients, -fit.coefficients[::-1], atol=1e-3)


def test_slope_of_the_evidence() -> None:
    rng = np.random.default_rng(3)
    information = rng.uniform(50, 200, (20, 2))
    for shared in (information[:1], information):
        score = rng.normal(size=(20, 2)) * 15
        evidence = SharedEvidence(score, shared, -math.log(20))
        covariance = np.array([[0.04, 0.02], [0.02, 0.09]])
        _, slope = evidence_slope(evidence, covariance)
        for at in ((0, 0), (1, 1), (0, 1)):
            change = np.zeros((2, 2))
            change[at] = change[at[::-1]] = 1e-6
            above, below = (evidence_slope(evidence, covariance + sign * change)[0] for sign in (1, -1))
            told = slope[at] * (1 if at[0] == at[1] else 2)
            assert (above - below) / 2e-6 == pytest.approx(told, rel=1e-5, abs=1e-6)


def test_a_population_without_the_variant() -> None:
    x, y = populations(4)
    x[1] = x[1].copy()
    x[1][:, 12] = 0.0
    fit = susie_multi(x, y)
    assert fit.pip[12] > 0.9
    assert np.isfinite(fit.coefficients).all() and np.isfinite(fit.elbo).all()


def z_of(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Z-scores and LD, with variants that do not vary at 0."""
    with np.errstate(invalid="ignore"):
        r = np.nan_to_num(np.corrcoef(x.T, y))
    z = r[-1, :-1] * np.sqrt((y.size - 2) / (1 - r[-1, :-1] ** 2))
    ld = r[:-1, :-1].copy()
    np.fill_diagonal(ld, 1.0)
    return z, ld


def regions(effects: tuple[float, ...], seeds: range, **options: object) -> list[tuple[object, np.ndarray]]:
    """Fits of simulated regions, with an effect at variant 30 in each population, and what no set holds."""
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        sizes = (400, 300, 250)[: len(effects)]
        x = [genotypes(rng, n, 80) for n in sizes]
        made = [z_of(one, b * one[:, 30] + rng.normal(size=len(one))) for one, b in zip(x, effects)]
        fit = susie_multi_rss([z for z, _ in made], [ld for _, ld in made], sizes, **options)
        outside = np.ones(80, np.bool_)
        for one in fit.credible_sets:
            outside[one.variants] = False
        found.append((fit, fit.pip[outside]))
    return found


@pytest.mark.parametrize("method", ["optim", "EM"])
@pytest.mark.parametrize("k", [2, 3])
def test_where_there_is_nothing_nothing_is_found(k: int, method: str) -> None:
    """Effects that gain no more than chance count in no PIP: L = 10 of them would give each variant 0.12.

    Of 100 such regions none (two populations) and three (three) have a set; one of these ten.
    """
    found = regions((0.0,) * k, range(20, 30), estimate_prior_method=method)
    assert sum(len(fit.credible_sets) for fit, _ in found) <= 1
    assert sum(outside.max() < 1e-9 for _, outside in found) >= 9
    assert all(np.median(outside) < 0.01 for _, outside in found)
    kept = regions((0.0,) * k, range(20, 23), estimate_prior_method=method, check_null_threshold=-math.inf)
    assert max(np.median(outside) for _, outside in kept) > 0.05


@pytest.mark.parametrize("effects", [(0.4, 0.4), (0.35, 0.5, -0.3), (0.6, 0.0, 0.0)])
def test_only_what_is_there_counts(effects: tuple[float, ...]) -> None:
    """A planted effect is found, of one population alone too; variants outside of sets have PIPs near 0."""
    found = regions(effects, range(6))
    for fit, outside in found:
        assert [30 in one.variants for one in fit.credible_sets] == [True]
        assert outside.max() < 0.05


def test_em_drops_what_is_absent_and_comes_to_rest_without_it() -> None:
    (fit, outside), *_ = regions((0.35, 0.5, -0.3), range(1), estimate_prior_method="EM")
    there = fit.covariance.any(axis=(1, 2))
    assert there.sum() == 1 and fit.converged and outside.max() < 0.01
    assert not fit.mu[~there].any() and not fit.lbf[~there].any() and not fit.divergence[~there].any()
    again = regions((0.35, 0.5, -0.3), range(1), estimate_prior_method="EM", L=1)[0][0]
    np.testing.assert_allclose(fit.pip, again.pip, atol=1e-3)
    assert fit.elbo[-1] == pytest.approx(again.elbo[-1], abs=0.05)


def twice(**options: object) -> object:
    return susie_multi([ONE.x] * 3, [ONE.y] * 3, **options)  # type: ignore[arg-type]


REFUSED = {
    "2 matrices X, but 1 phenotypes": lambda: susie_multi([ONE.x, ONE.x], [ONE.y]),
    "populations have 60, 59 variants": lambda: susie_multi([ONE.x, ONE.x[:, 1:]], [ONE.y] * 2),
    "1 vectors z, 1 matrices R, 2 sample": lambda: susie_multi_rss([ONE.z], [ONE.r], [400, 300]),
    "n is infinite": lambda: susie_multi_rss([ONE.z], [ONE.r], [math.inf]),
    "prior_correlation = -0.9": lambda: twice(prior_correlation=-0.9),
    "'simple': expected optim or EM": lambda: twice(estimate_prior_method="simple"),
    "residual_variances: expected 3 numbers above 0": lambda: twice(residual_variances=[1.0, 0.0, 1.0]),
    "z: nan at variant 0": lambda: susie_multi_rss([[np.nan, 1.0]], [np.eye(2)], [100]),
    "LD: not square": lambda: susie_multi_rss([ONE.z], [ONE.r[:5]], [100]),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refused(message: str) -> None:
    with pytest.raises(PostgwasError, match=message):
        REFUSED[message]()
