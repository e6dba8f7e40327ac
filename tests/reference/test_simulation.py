"""Simulated haplotypes, GWAS statistics and counts have the properties that they are said to have."""

from __future__ import annotations

import numpy as np
import pytest

from postgwas.reference.population_history import (
    RECOMBINATION_RATE,
    recombination_map,
    simulate_population_haplotypes,
)
from postgwas.reference.simulate_expression import ExpressionDesign, allelic_rate, simulate_counts
from postgwas.reference.simulate_gwas import simulate_gwas, standardised


@pytest.fixture(scope="module")
def people():
    return simulate_population_haplotypes({"AFR": 150, "EUR": 150, "EAS": 150}, length=400_000, seed=4)


def hudson(p, q, n):
    """F_ST as the ratio of means, from haplotypes (Bhatia et al. 2013, equation 10)."""
    within = p * (1 - p) / (n - 1) + q * (1 - q) / (n - 1)
    return ((p - q) ** 2 - within).mean() / (p * (1 - q) + q * (1 - p)).mean()


def test_populations_are_as_far_apart_as_humans(people):
    share = {name: alleles.mean(axis=1) for name, alleles in people.alleles.items()}
    distance = {
        pair: hudson(share[pair[:3]], share[pair[3:]], 300) for pair in ("AFREUR", "AFREAS", "EUREAS")
    }
    # 1000 Genomes: YRI-CEU 0.14, YRI-CHB 0.16, CEU-CHB 0.11 (Bhatia et al. 2013); one short stretch here.
    assert all(0.05 < value < 0.3 for value in distance.values())
    assert distance["EUREAS"] < min(distance["AFREUR"], distance["AFREAS"])
    varying = {name: int(((f > 0) & (f < 1)).sum()) for name, f in share.items()}
    assert varying["AFR"] > 1.2 * max(varying["EUR"], varying["EAS"])


def test_ld_falls_with_distance_and_is_longer_out_of_africa(people):
    def r2_at(name, low, high):
        x, eaf, _ = standardised(people.dosages(name))
        common = np.minimum(eaf, 1 - eaf) > 0.05
        r2 = (x[common] @ x[common].T / x.shape[1]) ** 2
        distance = np.abs(np.subtract.outer(people.position[common], people.position[common]))
        return r2[(distance > low) & (distance <= high)].mean()

    for name in people.alleles:
        assert r2_at(name, 0, 10_000) > 2 * r2_at(name, 50_000, 150_000)
    assert r2_at("EUR", 10_000, 50_000) > r2_at("AFR", 10_000, 50_000)


def test_positions_are_distinct_and_sorted_and_rare_variants_left_out(people):
    assert (np.diff(people.position) > 0).all()
    best = np.max([np.minimum(a.mean(axis=1), 1 - a.mean(axis=1)) for a in people.alleles.values()], axis=0)
    assert best.min() >= 0.01


def test_same_seed_same_haplotypes_whatever_is_thinned(people):
    sizes = {"AFR": 150, "EUR": 150, "EAS": 150}
    thinned = simulate_population_haplotypes(sizes, length=400_000, seed=4, n_variants=50)
    at = np.searchsorted(people.position, thinned.position)
    assert np.array_equal(people.position[at], thinned.position)
    assert np.array_equal(people.alleles["EAS"][at], thinned.alleles["EAS"])
    other = simulate_population_haplotypes(sizes, length=400_000, seed=5)
    assert not np.array_equal(other.position, people.position)


def test_recombination_map_keeps_its_mean_and_has_hotspots():
    found = recombination_map(1_000_000, seed=2)
    assert found.mean_rate == pytest.approx(RECOMBINATION_RATE)
    hottest = np.argsort(found.rate)[::-1][:22]
    crossovers = found.rate * found.span
    assert crossovers[hottest].sum() > 0.7 * crossovers.sum() and found.span[hottest].sum() < 50_000


@pytest.mark.parametrize("wrong", [{"n_people": {"XYZ": 3}, "length": 400_000}])
def test_an_unknown_population_is_refused(wrong):
    with pytest.raises(ValueError, match="XYZ"):
        simulate_population_haplotypes(seed=1, **wrong)


def test_errors_of_z_have_the_covariance_of_ld_and_of_shared_people(people):
    dosages = people.dosages("EUR")[:40]
    sigma = np.array([[1.0, 0.4], [0.4, 1.0]])
    rng = np.random.default_rng(7)
    none = np.zeros((40, 2))
    draws = np.array([simulate_gwas(dosages, none, [1e4, 1e4], rng=rng, sigma=sigma).z for _ in range(3000)])
    x, _, sd = standardised(dosages)
    ld = (x @ x.T / x.shape[1])[sd > 0][:, sd > 0]
    z = draws[:, sd > 0]
    # 3,000 draws: standard errors of covariances are up to sqrt(2 / 3000) = 0.026; five of them.
    for a in (0, 1):
        for b in (0, 1):
            assert np.abs(z[:, :, a].T @ z[:, :, b] / 3000 - sigma[a, b] * ld).max() < 0.13
    assert np.isnan(draws[:, sd == 0]).all()


def test_effects_are_unbiased_where_variants_are_uncorrelated():
    rng = np.random.default_rng(2)
    dosages = rng.binomial(2, 0.3, (5, 4000))
    effects = np.array([[0.1], [0.0], [-0.05], [0.0], [0.0]])
    found = [simulate_gwas(dosages, effects, [20_000], rng=rng) for _ in range(200)]
    beta = np.array([one.beta[:, 0] for one in found])
    x, _, sd = standardised(dosages)
    marginal = (x @ (x.T @ (effects[:, 0] * sd)) / 4000) / sd
    assert np.abs(beta.mean(axis=0) - marginal).max() < 5 * found[0].se.max() / np.sqrt(200)
    # var(beta) is what se says.
    assert beta.std(axis=0) == pytest.approx(found[0].se[:, 0], rel=0.25)


def test_a_haplotype_with_the_allele_makes_two_to_the_fold_as_much():
    haplotypes = np.array([0, 0, 0, 1, 1, 1], dtype=np.int8)
    assert np.exp(allelic_rate(haplotypes, 1.0)) == pytest.approx([1.0, 1.5, 2.0])


def test_counts_follow_genetics_depth_and_factors():
    rng = np.random.default_rng(8)
    genetic = np.zeros((400, 300))
    genetic[:, 150:] = np.log(2.0)
    quiet = ExpressionDesign(noise_sd=0.1, factor_sd=0.0, depth_sd=0.0, base_mean=6.0, base_sd=0.3)
    counts = simulate_counts(genetic, rng=rng, design=quiet).counts
    ratio = counts[:, 150:].mean() / counts[:, :150].mean()
    assert ratio == pytest.approx(2.0, rel=0.02)
    noisy = simulate_counts(np.zeros((400, 300)), rng=rng)
    logs = np.log(noisy.counts + 0.5)
    logs -= logs.mean(axis=0)
    # A hidden factor explains of a gene's variance what its design says, within a factor of two.
    r2 = np.corrcoef(np.vstack([noisy.factors, logs]))[:3, 3:] ** 2
    expected = 0.2**2 / (3 * 0.2**2 + 0.35**2)
    assert expected / 2 < r2.mean() < expected * 2
