"""The false discovery rate at given state probabilities."""

from __future__ import annotations

import itertools
from math import erfc, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_ndtr, logsumexp

from postgwas.errors import MatrixError, UsageError
from postgwas.mtag.maxfdr import causal_states, fdr_at, fdr_model, feasible, pair_probabilities


def study(n_traits: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Omega, Sigma and N of a made-up study with moderate correlations."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n_traits, 2)) * 0.5
    correlation = factor @ factor.T + np.eye(n_traits)
    sd = np.sqrt(rng.uniform(2e-6, 1e-5, n_traits) / np.diag(correlation))
    overlap = np.full((n_traits, n_traits), 0.15) + np.diag(rng.uniform(0.8, 0.95, n_traits))
    return correlation * np.outer(sd, sd), overlap, rng.uniform(4e4, 2e5, n_traits)


def naive_fdr(omega, sigma, n_rows, counts, p, z_sig):
    """Straight from the definition: a loop over traits, rows of N and states."""
    n_traits = len(omega)
    states = list(itertools.product([False, True], repeat=n_traits))
    result = []
    for t in range(n_traits):
        false = total = 0.0
        for n, count in zip(n_rows, counts):
            error = np.diag(n**-0.5) @ sigma @ np.diag(n**-0.5)
            inner = np.linalg.inv(omega - np.outer(omega[t], omega[t]) / omega[t, t] + error)
            weights = omega[t] / omega[t, t] @ inner
            se = (weights @ omega[t] / omega[t, t]) ** -0.5
            for k, state in enumerate(states):
                star = np.zeros((n_traits, n_traits))
                for q, r in itertools.product(range(n_traits), repeat=2):
                    if state[q] and state[r]:
                        star[q, r] = omega[q, r] / sum(p[m] for m, s in enumerate(states) if s[q] and s[r])
                sd = sqrt(weights @ (star + error) @ weights) * se
                power = count * p[k] * erfc(z_sig / sd / sqrt(2))
                total += power
                false += 0 if state[t] else power
        result.append(false / total)
    return result


@pytest.mark.parametrize("n_traits", [1, 2, 3, 4])
def test_agrees_with_the_definition(n_traits):
    omega, sigma, n = study(n_traits, seed=n_traits)
    rows = np.stack([n, n * 0.8, n * 1.1])
    counts = [5, 2, 3]
    one = fdr_model(omega, sigma, n)
    points = np.random.default_rng(0).dirichlet(np.full(2**n_traits, 0.5), size=40)
    points = points[feasible(one, points @ one.both)][:6]
    assert len(points) > 1
    exact = fdr_model(omega, sigma, rows, counts=counts, p_sig=1e-4)
    for p, got, got_exact in zip(points, fdr_at(one, points), fdr_at(exact, points)):
        np.testing.assert_allclose(got, naive_fdr(omega, sigma, [n], [1], p, one.z_sig), rtol=1e-10)
        np.testing.assert_allclose(
            got_exact, naive_fdr(omega, sigma, rows, counts, p, exact.z_sig), rtol=1e-10
        )


def test_equal_rows_of_n_are_one_row():
    omega, sigma, n = study(3, seed=5)
    points = np.random.default_rng(1).dirichlet(np.ones(8), size=20)
    once = fdr_at(fdr_model(omega, sigma, n), points)
    often = fdr_at(fdr_model(omega, sigma, np.stack([n] * 4), counts=[1, 2, 3, 4]), points)
    np.testing.assert_allclose(often, once, rtol=1e-13)


@given(seed=st.integers(0, 10**6), order=st.permutations(range(3)))
def test_permuting_traits_permutes_results(seed, order):
    omega, sigma, n = study(3, seed)
    model = fdr_model(omega, sigma, n)
    points = np.random.default_rng(seed).dirichlet(np.full(8, 0.4), size=30)
    points[0] = np.eye(8)[7]  # always feasible
    points = points[feasible(model, points @ model.both)]
    states = causal_states(3)
    moved = [int(np.flatnonzero((states == state[order]).all(axis=1))[0]) for state in states]
    relabelled = np.empty_like(points)
    relabelled[:, moved] = points
    first = fdr_at(model, points)
    second = fdr_at(fdr_model(omega[np.ix_(order, order)], sigma[np.ix_(order, order)], n[order]), relabelled)
    np.testing.assert_allclose(second, first[:, order], rtol=1e-9)


def test_tails_below_the_smallest_float():
    """At p = 1e-300 and a null variance below 1, Phi(-z / sd) itself is 0."""
    omega, sigma, n = study(2, seed=3)
    model = fdr_model(omega, sigma, n, p_sig=1e-300)
    p = np.array([[0.9999, 1e-5, 1e-5, 8e-5]])
    expected = []
    for t in range(2):
        variance = (model.both * model.gain[0, t]) @ (1 / (p @ model.both))[0] + model.noise[0, t]
        power = np.log(p[0]) + log_ndtr(-model.z_sig / np.sqrt(variance))
        expected.append(np.exp(logsumexp(power[~model.states[:, t]]) - logsumexp(power)))
    np.testing.assert_allclose(fdr_at(model, p)[0], expected, rtol=1e-9)
    # States that are never occupied take no part, not even in the scaling.
    only = fdr_at(model, np.array([[0.0, 0.0, 0.0, 1.0], [1 - 1e-300, 0.0, 0.0, 1e-300]]))
    assert np.isfinite(only).all()
    assert (only[0] == 0).all()


@pytest.mark.parametrize("n_traits", [2, 3, 4])
def test_a_point_has_the_same_bits_in_any_company(n_traits):
    """Splitting a grid, or looking again at its best point, must not change the last digit."""
    omega, sigma, n = study(n_traits, seed=n_traits)
    model = fdr_model(omega, sigma, n)
    points = np.random.default_rng(4).dirichlet(np.full(2**n_traits, 0.5), size=1500)
    points = points[feasible(model, pair_probabilities(model, points))]
    fdr = fdr_at(model, points)
    for size in (1, 2, 7, 64):
        parts = [fdr_at(model, points[i : i + size]) for i in range(0, len(points), size)]
        np.testing.assert_array_equal(np.concatenate(parts), fdr)


@pytest.mark.slow
def test_share_of_false_discoveries_in_simulated_snps():
    omega, sigma, n = study(2, seed=11)
    p = np.array([0.5, 0.15, 0.1, 0.25])
    model = fdr_model(omega, sigma, n, p_sig=0.01)
    rng = np.random.default_rng(2)
    n_snps = 2_000_000
    state = model.states[rng.choice(4, n_snps, p=p)]
    star = omega / np.array([[p[2] + p[3], p[3]], [p[3], p[1] + p[3]]])
    error = sigma / np.sqrt(np.outer(n, n))
    estimates = (
        rng.multivariate_normal([0, 0], error, n_snps) + rng.multivariate_normal([0, 0], star, n_snps) * state
    )
    for t, expected in enumerate(fdr_at(model, p[None])[0]):
        ratio = omega[t] / omega[t, t]
        weights = np.linalg.solve(omega - np.outer(omega[t], omega[t]) / omega[t, t] + error, ratio)
        hits = np.abs(estimates @ weights / np.sqrt(ratio @ weights)) > model.z_sig
        found = (~state[hits, t]).mean()
        assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / hits.sum())


@pytest.mark.parametrize("n_traits", [2, 3, 4])
def test_feasible_is_positive_semidefinite(n_traits):
    omega, sigma, n = study(n_traits, seed=20 + n_traits)
    model = fdr_model(omega, sigma, n)
    points = np.random.default_rng(3).dirichlet(np.full(2**n_traits, 0.3), size=500)
    pi = points @ model.both
    q, r = model.pairs.T
    star = np.empty((len(points), n_traits, n_traits))
    star[:, q, r] = star[:, r, q] = omega[q, r] / pi
    expected = np.linalg.eigvalsh(star).min(axis=1) >= 0
    assert 0 < expected.sum() < len(points)
    np.testing.assert_array_equal(feasible(model, pi), expected)


def test_a_pair_never_causal_together_is_infeasible():
    omega, sigma, n = study(2, seed=1)
    model = fdr_model(omega, sigma, n)
    points = np.array([[0.2, 0.4, 0.4, 0.0], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]])
    assert feasible(model, points @ model.both).tolist() == [False, True, False]


@pytest.mark.parametrize("scale", [1.0, 7.31637e-6, 1 / 3])
def test_singular_omega_does_not_depend_on_rounding(scale):
    root = np.sqrt([1.0, 0.6787351, 0.2])
    omega = np.outer(root, root) * scale
    model = fdr_model(omega, np.eye(3), [1e5, 9e4, 8e4])
    always = np.zeros((50, 8))
    always[:, 7] = np.arange(1, 51) / 50
    always[:, 0] = 1 - always[:, 7]
    assert feasible(model, always @ model.both).all()
    sometimes = always.copy()
    sometimes[:, 6] += 1e-6
    assert not feasible(model, sometimes @ model.both).any()


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"omega": np.ones((2, 3))}, MatrixError, "Omega has shape"),
        ({"omega": np.eye(3)}, MatrixError, "Omega is 3 x 3, but Sigma is 2 x 2"),
        ({"omega": np.diag([1.0, np.nan])}, MatrixError, "NaN"),
        ({"omega": np.diag([1.0, 0.0])}, MatrixError, "not positive"),
        ({"omega": np.array([[1.0, 0.5], [0.4, 1.0]])}, MatrixError, "not symmetric"),
        ({"sigma": np.diag([1.0, -1.0])}, MatrixError, "Sigma"),
        ({"n": [1e5]}, UsageError, "1 sample sizes for 2 traits"),
        ({"n": [1e5, 0]}, UsageError, "positive"),
        ({"p_sig": 0.0}, UsageError, "between 0 and 1"),
        ({"p_sig": 2.0}, UsageError, "between 0 and 1"),
        ({"counts": [1, 2]}, UsageError, "counts"),
    ],
)
def test_bad_input(change, error, text):
    good = {"omega": np.eye(2) * 1e-6, "sigma": np.eye(2), "n": [1e5, 1e5]}
    with pytest.raises(error, match=text):
        fdr_model(**{**good, **change})
