"""The largest FDR by optimisation: gradients, bounds it must respect, independence of how it is run."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from postgwas.errors import MatrixError, UsageError
from postgwas.mtag.maxfdr import causal_states, fdr_at, fdr_model
from postgwas.mtag.maxfdr_grid import max_fdr_grid
from postgwas.mtag.maxfdr_objective import Objective
from postgwas.mtag.maxfdr_optimise import combine_starts, max_fdr_optimise, optimise_start, optimise_tasks
from postgwas.mtag.maxfdr_starts import admissible, diluted, pull_in, starting_points

DATA = Path(__file__).parents[1] / "validation/mtag/data/maxfdr"


def study(n_traits: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n_traits, 2)) * 0.6
    correlation = factor @ factor.T + np.eye(n_traits)
    sd = np.sqrt(rng.uniform(2e-6, 1e-5, n_traits) / np.diag(correlation))
    sigma = np.full((n_traits, n_traits), 0.15) + np.diag(rng.uniform(0.8, 0.95, n_traits))
    return correlation * np.outer(sd, sd), sigma, rng.uniform(4e4, 2e5, n_traits)


def expect_possible(omega, point, min_causal=0.1):
    """Naively: a probability vector, shares large enough, Omega* positive semi-definite."""
    assert point.min() >= 0
    assert point.sum() == pytest.approx(1, abs=1e-12)
    states = causal_states(len(omega)).astype(float)
    pi = states.T @ (states * point[:, None])
    assert np.diag(pi).min() >= min_causal - 2e-9
    star = omega / pi
    sd = np.sqrt(np.diag(star))
    assert np.linalg.eigvalsh(star / np.outer(sd, sd)).min() > -2e-9


@pytest.mark.parametrize("n_traits", [2, 3, 5])
def test_gradients(n_traits):
    omega, sigma, n = study(n_traits, seed=n_traits)
    model = fdr_model(omega, sigma, np.stack([n, 0.7 * n]), counts=[3, 1])
    objective = Objective(model, n_traits - 1, min_causal=0.05)
    states = np.arange(2**n_traits)
    p = 0.3 * np.random.default_rng(1).dirichlet(np.ones(len(states)))
    p[-1] += 0.7
    h = 1e-6

    def numeric(function):
        return np.stack(
            [(function(p + h * e) - function(p - h * e)) / (2 * h) for e in np.eye(len(p))], axis=-1
        )

    here = objective.log_fdr(p, states)
    assert np.exp(here.value) == pytest.approx(fdr_at(model, p[None])[0, n_traits - 1], rel=1e-12)
    np.testing.assert_allclose(
        here.gradient, numeric(lambda x: objective.log_fdr(x, states).value), atol=1e-7
    )
    limits = objective.constraints(p, states)
    expected = numeric(lambda x: objective.constraints(x, states).value)
    np.testing.assert_allclose(limits.gradient, expected, atol=1e-7)
    barrier = objective.barrier(p, states)
    np.testing.assert_allclose(
        barrier.gradient, numeric(lambda x: objective.barrier(x, states).value), atol=1e-6
    )
    # A subset of occupied states gives the same, also for the states outside it.
    sparse = np.where(p > np.median(p), p, 0)
    some = np.flatnonzero(sparse)
    subset = objective.log_fdr(sparse[some], some, at=states)
    np.testing.assert_allclose(subset.gradient, objective.log_fdr(sparse, states).gradient, rtol=1e-12)


@pytest.mark.parametrize("run", ["t2_fdr", "t3_fdr_intervals_5"])
def test_never_less_than_the_grid_of_mtag(run):
    omega, sigma = (np.loadtxt(DATA / run / f"run_{name}_hat.txt") for name in ("omega", "sigma"))
    n = [89190.0, 138740.0, 59500.0][: len(omega)]
    grid = max_fdr_grid(omega, sigma, n)
    optimum = max_fdr_optimise(omega, sigma, n, n_starts=9)
    assert (optimum.maximum > 1.005 * grid.maximum).all()
    np.testing.assert_array_equal(optimum.start_fdr[:, 0], grid.maximum)
    assert {kinds[0] for kinds in optimum.kinds} == {"grid"}
    model = fdr_model(omega, sigma, n)
    for t, point in enumerate(optimum.at):
        expect_possible(omega, point)
        assert fdr_at(model, point[None])[0, t] == optimum.maximum[t]


@pytest.mark.parametrize(("n_traits", "seed"), [(2, 1), (2, 2), (2, 3), (3, 4), (3, 5), (3, 6)])
def test_never_less_than_the_grid(n_traits, seed):
    omega, sigma, n = study(n_traits, seed)
    grid = max_fdr_grid(omega, sigma, n)
    optimum = max_fdr_optimise(omega, sigma, n, n_starts=4, seed=seed)
    assert (optimum.maximum >= grid.maximum).all()
    assert (optimum.fdr >= optimum.start_fdr).all()
    for point in optimum.at:
        expect_possible(omega, point)


def test_two_traits_against_a_fine_grid():
    omega, sigma, n = study(2, seed=8)
    fine = max_fdr_grid(omega, sigma, n, intervals=80, keep=True)
    allowed = (fine.probabilities @ fine.states >= 0.1 - 1e-12).all(axis=1)
    best = fine.fdr[allowed].max(axis=0)
    optimum = max_fdr_optimise(omega, sigma, n)
    assert (optimum.maximum >= best).all()
    np.testing.assert_allclose(optimum.maximum, best, rtol=0.1)


def test_four_traits_against_random_points():
    omega, sigma, n = study(4, seed=9)
    model = fdr_model(omega, sigma, n)
    rng = np.random.default_rng(0)
    points = rng.dirichlet(np.full(16, 0.3), size=40_000)
    points[:, 15] += 0.5
    points = diluted(model, points / points.sum(axis=1, keepdims=True), 0.1, 1.0)
    points = points[admissible(model, points, min_causal=0.1)]
    assert len(points) > 500
    optimum = max_fdr_optimise(omega, sigma, n, n_starts=6)
    assert (optimum.maximum > fdr_at(model, points).max(axis=0)).all()
    assert (optimum.maximum >= max_fdr_grid(omega, sigma, n, intervals=5).maximum).all()


@pytest.mark.slow
def test_seven_traits():
    """Many more states than a grid could hold: all starts come out close to each other."""
    omega, sigma, n = study(7, seed=10)
    tasks = [task for task in optimise_tasks(omega, sigma, n, n_starts=4) if task.trait == 0]
    results = [optimise_start(task) for task in tasks]
    fdr = np.array([result.fdr for result in results])
    assert fdr.min() > 0.9 * fdr.max()
    assert (fdr > 2 * np.array([result.start_fdr for result in results])).all()
    for result in results:
        expect_possible(omega, result.point)


def test_tasks_can_run_anywhere_in_any_order():
    omega, sigma, n = study(3, seed=12)
    whole = max_fdr_optimise(omega, sigma, n, n_starts=4, seed=5)
    tasks = optimise_tasks(omega, sigma, n, n_starts=4, seed=5)
    assert [task.trait for task in tasks] == [0] * 4 + [1] * 4 + [2] * 4
    results = [optimise_start(pickle.loads(pickle.dumps(task))) for task in reversed(tasks)]
    again = combine_starts(tasks, results[::-1])
    for name in ("maximum", "at", "fdr", "start_fdr", "price", "agree"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))


def test_permuting_traits_permutes_results():
    omega, sigma, n = study(3, seed=13)
    order = [2, 0, 1]
    # Starts are drawn in the order of the traits: with 8, one order may end in another local maximum.
    few = {"n_starts": 16}
    first = max_fdr_optimise(omega, sigma, n, **few)
    second = max_fdr_optimise(omega[np.ix_(order, order)], sigma[np.ix_(order, order)], n[order], **few)
    np.testing.assert_allclose(second.maximum, first.maximum[order], rtol=1e-3)


def test_progress():
    omega, sigma, n = study(2, seed=14)
    seen: list[int] = []
    max_fdr_optimise(omega, sigma, n, n_starts=3, advance=seen.append)
    assert seen == [1] * 6


def test_perfect_correlation():
    """Only states with both traits or neither are possible, so one number is left to search."""
    omega = np.outer([2e-3, 1.5e-3], [2e-3, 1.5e-3])
    sigma, n = np.array([[1.0, 0.1], [0.1, 1.0]]), [1e5, 6e4]
    optimum = max_fdr_optimise(omega, sigma, n, n_starts=4)
    grid = max_fdr_grid(omega, sigma, n)
    assert (optimum.maximum >= grid.maximum).all()
    share = np.linspace(0.1, 1, 20_001)
    points = np.stack([1 - share, 0 * share, 0 * share, share], axis=1)
    np.testing.assert_allclose(
        optimum.maximum, fdr_at(fdr_model(omega, sigma, n), points).max(axis=0), rtol=1e-5
    )
    assert optimum.on_boundary.all()


def test_without_a_smallest_share_everything_is_false():
    omega, sigma, n = study(2, seed=15)
    model = fdr_model(omega, sigma, n)
    share = np.array([1e-3, 1e-6, 1e-9, 1e-12])
    points = np.stack([1 - share, 0 * share, 0 * share, share], axis=1)
    fdr = fdr_at(model, points)
    assert (np.diff(fdr, axis=0) > 0).all()
    assert (fdr[-1] > 0.999).all()


def test_a_smaller_share_allows_no_less():
    omega, sigma, n = study(2, seed=16)
    found = [
        max_fdr_optimise(omega, sigma, n, min_causal=share, n_starts=6).maximum for share in (0.2, 0.1, 0.05)
    ]
    assert (found[1] >= found[0] * (1 - 1e-6)).all()
    assert (found[2] >= found[1] * (1 - 1e-6)).all()


@pytest.mark.parametrize("n_traits", [2, 3, 4, 6])
def test_starts(n_traits):
    omega, sigma, n = study(n_traits, seed=17)
    model = fdr_model(omega, sigma, n)
    starts = starting_points(model, 0, min_causal=0.1, n_starts=12, seed=3)
    points = np.stack([point for _, point in starts])
    assert len(points) == 12
    np.testing.assert_allclose(points.sum(axis=1), 1, atol=1e-12)
    assert admissible(model, points, min_causal=0.1).all()
    assert len(np.unique(points.round(6), axis=0)) == 12
    other = starting_points(model, 0, min_causal=0.1, n_starts=12, seed=4)
    assert starts[0][0] == ("grid" if n_traits < 6 else "pair")
    np.testing.assert_array_equal(starts[0][1], other[0][1])
    assert (starts[-1][1] != other[-1][1]).any()


def test_dilution_keeps_the_correlations():
    omega, sigma, n = study(3, seed=18)
    model = fdr_model(omega, sigma, n)
    points = np.random.default_rng(0).dirichlet(np.ones(8), size=5)
    thin = diluted(model, points, 0.1, 1.0)
    np.testing.assert_allclose((thin @ model.states).min(axis=1), 0.1)
    dense = diluted(model, points, 0.1, 0.0)
    np.testing.assert_allclose(dense[:, 0], 0, atol=1e-15)
    np.testing.assert_allclose(thin[:, 1:] / thin[:, 1:2], points[:, 1:] / points[:, 1:2])
    assert pull_in(model, points[0], min_causal=0.1).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"min_causal": 0.0}, UsageError, "smallest causal share"),
        ({"n_starts": 0}, UsageError, "number of starts"),
        ({"omega": np.array([[1e-6, 2e-6], [2e-6, 1e-6]])}, MatrixError, "not positive"),
        ({"omega": np.eye(11) * 1e-6, "sigma": np.eye(11), "n": np.full(11, 1e5)}, UsageError, "at most 10"),
    ],
)
def test_bad_input(arguments, error, text):
    omega, sigma, n = study(2, seed=19)
    with pytest.raises(error, match=text):
        max_fdr_optimise(**{"omega": omega, "sigma": sigma, "n": n, **arguments})
