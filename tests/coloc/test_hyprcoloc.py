"""Many traits: evidence by enumeration, invariances, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from postgwas import coloc
from postgwas.coloc.correlated_traits import CorrelatedTraits
from postgwas.coloc.independent_traits import IndependentTraits
from postgwas.coloc.shared_clusters import ClusterSettings
from postgwas.errors import PostgwasError

RNG = np.random.default_rng(11)
V, T = 6, 3
Z, RATIO = RNG.normal(0, 2, (V, T)), RNG.uniform(1, 5, (V, T))
LEFT = 1 / (1 + RATIO**2)
FACTORS = np.exp(0.5 * (np.log(LEFT) + Z**2 * (1 - LEFT)))
SETTINGS = ClusterSettings(p1=1e-3, p_shared=0.1)


def ar1(size: int, r: float) -> np.ndarray:
    return r ** np.abs(np.subtract.outer(np.arange(size), np.arange(size)))


def written_out(traits: list[int]) -> tuple[float, float]:
    """Regional and alignment probability from Bayes factors; priors as in the paper."""
    m = len(traits)
    part = FACTORS[:, traits]
    prior = {1: 1e-3, 2: 1e-3 * 0.1, 3: 1e-3 * 0.1 * (1 - 0.9**2)}
    every = prior[m] * part.prod(axis=1).sum()
    fewer = prior[m - 1] * sum(np.delete(part, one, 1).prod(axis=1).sum() for one in range(m))
    apart = sum(
        np.delete(part, one, 1)[i].prod() * part[j, one]
        for one in range(m)
        for i in range(V)
        for j in range(V)
        if i != j
    )
    apart *= 1e-3 * prior[m - 1] * (0.25 if m == 2 else 1)
    return every / (1 + every + fewer), every / (every + apart)


@pytest.mark.parametrize("traits", [[0, 1, 2], [0, 2]])
def test_evidence_by_enumeration(traits: list[int]) -> None:
    rows = np.array(traits)
    expected = written_out(traits)
    alike = CorrelatedTraits(Z, RATIO, np.eye(T), ar1(V, 0.7))
    for evidence in (IndependentTraits(np.log(FACTORS)), alike):
        assert evidence.regional(rows, SETTINGS).probability == pytest.approx(expected[0], rel=1e-9)
        assert evidence.alignment(rows, SETTINGS)[0] == pytest.approx(expected[1], rel=1e-9)


def test_correlated_pairs_are_normal_densities() -> None:
    correlation, ld = ar1(T, 0.5), ar1(V, -0.6)
    evidence = CorrelatedTraits(Z, RATIO, correlation, ld)
    rows = np.arange(T)
    order = [0, 2, 1]  # trait 1 apart
    total = 0.0
    for i in range(V):
        for j in range(V):
            if i == j:
                continue
            sigma = correlation[np.ix_(order, order)].copy()
            sigma[2, :2] *= ld[i, j]
            sigma[:2, 2] *= ld[i, j]
            z, d = np.append(Z[i, [0, 2]], Z[j, 1]), np.diag(np.append(RATIO[i, [0, 2]], RATIO[j, 1]))
            total += np.exp(
                multivariate_normal.logpdf(z, cov=sigma + d @ sigma @ d)
                - multivariate_normal.logpdf(z, cov=sigma)
            )
    assert evidence._apart(rows, 1) == pytest.approx(np.log(total), rel=1e-9)
    together = sum(
        np.exp(
            multivariate_normal.logpdf(
                Z[i], cov=correlation + np.diag(RATIO[i]) @ correlation @ np.diag(RATIO[i])
            )
            - multivariate_normal.logpdf(Z[i], cov=correlation)
        )
        for i in range(V)
    )
    assert evidence.regional(rows, SETTINGS).log_sum == pytest.approx(np.log(together), rel=1e-9)


def two_clusters() -> tuple[np.ndarray, np.ndarray]:
    beta = np.zeros((40, 5))
    beta[7, :2] = 0.4
    beta[30, 2:4] = -0.5
    beta += np.random.default_rng(3).normal(0, 0.03, beta.shape)
    return beta, np.full(beta.shape, 0.03)


def test_order_of_traits_and_variants_does_not_matter() -> None:
    beta, se = two_clusters()
    trait, snp = list("ABCDE"), [f"v{row}" for row in range(40)]
    found = coloc.hyprcoloc(beta, se, snp=snp, trait=trait)
    assert {frozenset(one.traits.tolist()) for one in found.clusters if one.traits.size} == {
        frozenset({0, 1}), frozenset({2, 3}),
    }  # fmt: skip
    columns, rows = [4, 2, 0, 3, 1], np.random.default_rng(1).permutation(40)
    other = coloc.hyprcoloc(
        beta[rows][:, columns], se, snp=[snp[row] for row in rows], trait=[trait[one] for one in columns]
    )
    for one in found.clusters:
        if not one.traits.size:
            continue
        names = {trait[row] for row in one.traits}
        same = next(two for two in other.clusters if {other.trait[row] for row in two.traits} == names)
        assert same.posterior == pytest.approx(one.posterior, rel=1e-9)
        assert other.snp[same.candidate] == found.snp[one.candidate]


def test_a_scaled_trait_with_its_standard_deviation_changes_nothing() -> None:
    beta, se = two_clusters()
    scale = np.array([1, 20, 1, 0.1, 1])
    one = coloc.hyprcoloc(beta, se)
    two = coloc.hyprcoloc(beta * scale, se * scale, sd_y=scale)
    np.testing.assert_allclose(
        [cluster.regional for cluster in one.clusters],
        [cluster.regional for cluster in two.clusters],
        rtol=1e-9,
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"beta": np.zeros((40, 1)), "se": np.ones((40, 1))}, "two traits or more"),
        ({"se": np.ones((40, 4))}, r"found \(40, 5\) and \(40, 4\)"),
        ({"se": np.zeros((40, 5))}, "se: 0 at variant '1' of trait '1'; 200 of 200"),
        ({"beta": np.full((40, 5), np.nan)}, "beta: nan at variant '1'"),
        ({"trait": list("ABCD")}, "trait: 4 names, expected 5"),
        ({"trait": list("ABCDA")}, "'A' occurs twice"),
        ({"binary": [True]}, "binary: 1 values for 5 traits"),
        ({"sd_y": [1, 1, 0, 1, 1]}, "sd_y: expected standard deviations above 0"),
        ({"trait_cor": np.eye(5)}, "trait_cor needs LD"),
        ({"ld": np.eye(40)}, "no meaning without trait_cor"),
        ({"trait_cor": np.eye(4), "ld": np.eye(40)}, "trait_cor: 4 variants|trait_cor"),
        ({"trait_cor": np.ones((5, 5)), "ld": np.eye(40)}, "not positive definite"),
        ({"regional_threshold": 0.3}, "regional_threshold = 0.3: expected 0.5 or more"),
        (
            {"alignment_threshold": 0.5, "uniform_priors": True},
            "expected 0.6 or more and below 1 with uniform",
        ),
        ({"p1": 0.0}, "p1 = 0"),
        ({"p_shared": 1.0}, "p_shared = 1"),
        ({"p12": 0.0}, "p12 = 0"),
        ({"selection": "any"}, "selection = 'any'"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    beta, se = two_clusters()
    given: dict[str, Any] = {"beta": beta, "se": se} | changes
    with pytest.raises(PostgwasError, match=message):
        coloc.hyprcoloc(given.pop("beta"), given.pop("se"), **given)
