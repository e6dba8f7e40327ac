"""The grid search: order of the lattice, splitting, users' grids."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest

from postgwas.errors import UsageError
from postgwas.mtag.maxfdr import fdr_at, fdr_model, feasible
from postgwas.mtag.maxfdr_grid import BLOCK, bad_rows, combine, grid_tasks, max_fdr_grid, scan
from postgwas.mtag.maxfdr_lattice import count_points, lattice_block

OMEGA3 = np.array([[6e-6, 3e-6, 2e-6], [3e-6, 5e-6, 1e-6], [2e-6, 1e-6, 4e-6]])
SIGMA3 = np.array([[1.0, 0.2, 0.1], [0.2, 1.02, 0.15], [0.1, 0.15, 0.98]])
N3 = np.array([1.5e5, 9e4, 6e4])


def walk(n_states: int, units: int):
    """All count vectors in lexicographic order, one by one."""
    if n_states == 1:
        yield (units,)
        return
    for here in range(units + 1):
        for rest in walk(n_states - 1, units - here):
            yield (here, *rest)


@pytest.mark.parametrize(("n_traits", "intervals"), [(1, 7), (2, 1), (2, 10), (3, 4), (4, 2)])
def test_lattice_order(n_traits, intervals):
    expected = np.array(list(walk(2**n_traits, intervals))) / intervals
    assert len(expected) == count_points(n_traits, intervals)
    np.testing.assert_array_equal(lattice_block(n_traits, intervals, 0, len(expected)), expected)
    np.testing.assert_array_equal(lattice_block(n_traits, intervals, 1, 4), expected[1:4])


def test_lattice_far_out():
    """The last points of a lattice of 6e11 points, and one too large to number."""
    last = count_points(6, 10)
    tail = lattice_block(6, 10, last - 2, last)
    assert tail[-1, 0] == 1.0
    assert tail[0, 0] == 0.9
    assert tail[0, 1] == 0.1
    with pytest.raises(UsageError, match="--fdr_method optimise"):
        lattice_block(10, 10, 0, 1)


def test_equals_evaluating_every_point():
    result = max_fdr_grid(OMEGA3, SIGMA3, N3, intervals=4)
    model = fdr_model(OMEGA3, SIGMA3, N3)
    points = np.array(list(walk(8, 4))) / 4
    points = points[feasible(model, points @ model.both)]
    fdr = fdr_at(model, points)
    np.testing.assert_array_equal(result.probabilities, points)
    np.testing.assert_allclose(result.fdr, fdr, rtol=1e-13)
    np.testing.assert_array_equal(result.index, result.fdr.argmax(axis=0))
    np.testing.assert_array_equal(result.maximum, result.fdr.max(axis=0))
    np.testing.assert_array_equal(result.at, points[result.index])
    assert (result.n_points, result.n_feasible) == (count_points(3, 4), len(points))


@pytest.mark.parametrize("n_tasks", [2, 3, 5, 100])
def test_splitting_changes_no_bit(n_tasks):
    whole = max_fdr_grid(OMEGA3, SIGMA3, N3, intervals=10)
    tasks = grid_tasks(OMEGA3, SIGMA3, N3, intervals=10, n_tasks=n_tasks)
    assert len(tasks) == min(n_tasks, -(-count_points(3, 10) // BLOCK))
    split = combine([scan(pickle.loads(pickle.dumps(task))) for task in tasks])
    for name in ("maximum", "at", "index", "probabilities", "fdr"):
        np.testing.assert_array_equal(getattr(split, name), getattr(whole, name))
    assert split.n_points == whole.n_points == 19448


def test_maxima_only():
    kept = max_fdr_grid(OMEGA3, SIGMA3, N3)
    lean = max_fdr_grid(OMEGA3, SIGMA3, N3, keep=False)
    assert lean.probabilities is None
    assert lean.fdr is None
    np.testing.assert_array_equal(lean.maximum, kept.maximum)
    np.testing.assert_array_equal(lean.index, kept.index)


def test_ties_go_to_the_first_point():
    point = [0.1, 0.2, 0.3, 0.4]
    grid = np.array([[0.0, 0.0, 0.0, 1.0], *[point] * (2 * BLOCK)])
    omega, sigma = OMEGA3[:2, :2], SIGMA3[:2, :2]
    tasks = grid_tasks(omega, sigma, N3[:2], grid=grid, n_tasks=3)
    assert len(tasks) == 3
    assert combine([scan(task) for task in tasks]).index.tolist() == [1, 1]


def test_progress_counts_every_point():
    seen: list[int] = []
    max_fdr_grid(OMEGA3, SIGMA3, N3, intervals=10, advance=seen.append)
    assert sum(seen) == 19448
    assert len(seen) == 5


def test_near_the_spike_slab_probabilities():
    causal = np.array([0.5, 0.4, 0.45])
    everything = max_fdr_grid(OMEGA3, SIGMA3, N3, intervals=5)
    near = max_fdr_grid(OMEGA3, SIGMA3, N3, intervals=5, causal=causal)
    marginal = everything.probabilities @ everything.states
    wanted = (np.abs(marginal - causal) < 0.2).all(axis=1)
    assert 0 < wanted.sum() < len(wanted)
    np.testing.assert_array_equal(near.probabilities, everything.probabilities[wanted])


def test_own_grid():
    grid = np.array(
        [[0.25, 0.15, 0.15, 0.45], [0.4, 0.1, 0.1, 0.4], [0.5, 0.5, 0.0, 0.0], [0.7, 0.05, 0.05, 0.2]]
    )
    result = max_fdr_grid(OMEGA3[:2, :2], SIGMA3[:2, :2], N3[:2], grid=grid)
    # In the third row trait 1 is never causal.
    np.testing.assert_array_equal(result.probabilities, grid[[0, 1, 3]])
    assert (result.n_points, result.n_feasible) == (4, 3)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ([0.5, 0.5, 0.5, 0.5], "row 2 of the grid sums to 2, not 1"),
        ([0.5, 0.5, 0.1, -0.1], "row 2 of the grid holds a negative probability"),
        ([0.5, np.nan, 0.1, 0.4], "row 2 of the grid holds a value that is not a number"),
    ],
)
def test_bad_row_of_own_grid(row, why):
    grid = [[0.25] * 4, row]
    with pytest.raises(UsageError, match=why):
        max_fdr_grid(OMEGA3[:2, :2], SIGMA3[:2, :2], N3[:2], grid=grid)
    assert [number for number, _ in bad_rows(grid, 2)] == [2]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"grid": [[0.5, 0.5]]}, "2 columns; 3 traits have 8 states"),
        ({"intervals": 0}, "positive integer"),
        ({"intervals": 2.5}, "positive integer"),
        ({"causal": [0.1]}, "1 causal probabilities for 3 traits"),
        ({"causal": [1.0, 0.01, 1.0]}, "none of the 19448 grid points"),
    ],
)
def test_bad_arguments(arguments, text):
    with pytest.raises(UsageError, match=text):
        max_fdr_grid(OMEGA3, SIGMA3, N3, **arguments)


def test_one_trait():
    result = max_fdr_grid([[1e-6]], [[1.0]], [1e5], intervals=3)
    model = fdr_model([[1e-6]], [[1.0]], [1e5])
    np.testing.assert_array_equal(result.probabilities, [[0, 1], [1 / 3, 2 / 3], [2 / 3, 1 / 3]])
    np.testing.assert_array_equal(result.fdr, fdr_at(model, result.probabilities))
    assert result.fdr[0, 0] == 0


def test_many_points_of_few_traits():
    """Blocks of a two-trait grid agree with single points, at the seams too."""
    intervals = 40
    result = max_fdr_grid(OMEGA3[:2, :2], SIGMA3[:2, :2], N3[:2], intervals=intervals)
    assert result.n_points == count_points(2, intervals) > 2 * BLOCK
    expected = [
        np.array(point) / intervals for point in itertools.islice(walk(4, intervals), BLOCK - 2, BLOCK + 2)
    ]
    np.testing.assert_array_equal(lattice_block(2, intervals, BLOCK - 2, BLOCK + 2), expected)
