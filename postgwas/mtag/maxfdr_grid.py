"""Largest false discovery rate of MTAG over a grid of state probabilities.

The grid of mtag.py is the simplex lattice: all ways of sharing `intervals` units
among 2^T states, in lexicographic order. It is never held whole: blocks of
:data:`BLOCK` points are unranked from their position, filtered and evaluated, and
the running maximum is kept. Blocks always start at multiples of the block size, so
that the same bits come out however the work is split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import UsageError
from postgwas.mtag.maxfdr import (
    Bools,
    FDRModel,
    Floats,
    causal_states,
    fdr_at,
    fdr_model,
    feasible,
    pair_probabilities,
)
from postgwas.mtag.maxfdr_lattice import check_size, count_points, lattice_block

BLOCK = 4096
KEEP_POINTS = 250_000
"""Grids of at most so many points are returned whole unless asked otherwise."""


@dataclass(frozen=True)
class GridTask:
    """A run of blocks of one grid: small, picklable, independent of the others.

    Attributes
    ----------
    model : FDRModel
    intervals : int
        Units shared among the states; 0 where `points` is given.
    points : ndarray, shape (G, 2^T), or None
        The user's own grid, whole.
    causal : ndarray, shape (T,), or None
        Only points whose causal probability of every trait is nearer than
        1 / intervals to these.
    first, last : int
        Half-open range of block numbers.
    keep : bool
        Return the feasible points and their FDR, not only the maxima.
    rounding : bool
        Feasibility with mtag.py's rule; see :func:`~postgwas.mtag.maxfdr.feasible`.
    """

    model: FDRModel
    intervals: int
    points: Floats | None
    causal: Floats | None
    first: int
    last: int
    keep: bool
    rounding: bool


@dataclass(frozen=True)
class GridPart:
    """What one task found. `maximum` is -1 for a task without a feasible point."""

    n_points: int
    n_feasible: int
    maximum: Floats
    index: NDArray[np.int64]
    at: Floats
    probabilities: Floats | None
    fdr: Floats | None


@dataclass(frozen=True)
class MaxFDRGrid:
    """Result of the grid search.

    Attributes
    ----------
    states : ndarray of bool, shape (2^T, T)
        Which traits are causal in each column of the probabilities.
    maximum : ndarray, shape (T,)
        Largest FDR of each trait.
    at : ndarray, shape (T, 2^T)
        The point where each trait has it; the first one where several tie.
    index : ndarray of int, shape (T,)
        Position of that point among the feasible ones, from 0.
    n_points, n_feasible : int
        Points of the grid, and those among them that can give Omega.
    probabilities : ndarray, shape (n_feasible, 2^T), or None
        Feasible points, in order; None where they were not kept.
    fdr : ndarray, shape (n_feasible, T), or None
    """

    states: Bools
    maximum: Floats
    at: Floats
    index: NDArray[np.int64]
    n_points: int
    n_feasible: int
    probabilities: Floats | None
    fdr: Floats | None


def bad_rows(grid: ArrayLike, n_traits: int) -> Iterator[tuple[int, str]]:
    """Rows of a user's grid that are no probability vectors, counted from 1, and why."""
    points = np.asarray(grid, dtype=np.float64)
    total = points.sum(axis=1)
    for row in np.flatnonzero(~((points >= 0).all(axis=1) & (np.abs(total - 1) <= 1e-6))):
        if not np.isfinite(points[row]).all():
            yield int(row) + 1, "holds a value that is not a number"
        elif (points[row] < 0).any():
            yield int(row) + 1, "holds a negative probability"
        else:
            yield int(row) + 1, f"sums to {total[row]:.6g}, not 1"


def grid_tasks(
    omega: ArrayLike,
    sigma: ArrayLike,
    n: ArrayLike,
    *,
    counts: ArrayLike | None = None,
    intervals: int = 10,
    p_sig: float = 5e-8,
    grid: ArrayLike | None = None,
    causal: ArrayLike | None = None,
    keep: bool | None = None,
    rounding: bool = False,
    n_tasks: int = 1,
) -> list[GridTask]:
    """Split a grid search into tasks for :func:`scan`.

    Parameters
    ----------
    omega, sigma, n, counts, p_sig
        See :func:`~postgwas.mtag.maxfdr.fdr_model`.
    intervals : int
        Units of probability shared among the states.
    grid : array-like, shape (G, 2^T), optional
        Own points instead of the lattice; columns in the order of
        :func:`~postgwas.mtag.maxfdr.causal_states`.
    causal : array-like, shape (T,), optional
        Causal probabilities of the traits (:mod:`postgwas.mtag.spike_slab`); only
        points nearer to all of them than 1 / intervals are searched.
    keep : bool, optional
        Return all feasible points and their FDR. By default where the grid has at
        most :data:`KEEP_POINTS` points.
    rounding : bool
        Feasibility with mtag.py's rule, without a tolerance.
    n_tasks : int
        How many tasks, at most. The result does not depend on it, to the last bit.

    Raises
    ------
    UsageError
        Intervals not a positive integer; a bad row or the wrong width of `grid`.
    """
    model = fdr_model(omega, sigma, n, counts=counts, p_sig=p_sig)
    n_states = 2**model.n_traits
    if int(intervals) != intervals or intervals < 1:
        raise UsageError(
            f"the number of intervals is {intervals}; it must be a positive integer", hint="--intervals"
        )
    points = None if grid is None else np.array(grid, dtype=np.float64, ndmin=2)
    if points is not None:
        if points.ndim != 2 or points.shape[1] != n_states:
            raise UsageError(
                f"the grid has {points.shape[-1]} columns; {model.n_traits} traits have {n_states} states",
                hint="--grid_file",
            )
        for row, why in bad_rows(points, model.n_traits):
            raise UsageError(f"row {row} of the grid {why}", hint="--grid_file")
    size = check_size(model.n_traits, int(intervals)) if points is None else len(points)
    near = None if causal is None else np.asarray(causal, dtype=np.float64)
    if near is not None and near.shape != (model.n_traits,):
        raise UsageError(f"{near.size} causal probabilities for {model.n_traits} traits")
    blocks = -(-size // BLOCK)
    edges = [blocks * i // n_tasks for i in range(n_tasks + 1)]
    return [
        GridTask(
            model=model,
            intervals=int(intervals),
            points=points,
            causal=near,
            first=first,
            last=last,
            keep=size <= KEEP_POINTS if keep is None else keep,
            rounding=rounding,
        )
        for first, last in pairwise(edges)
        if last > first
    ]


def scan(task: GridTask, *, advance: Callable[[int], object] | None = None) -> GridPart:
    """Search the blocks of one task; `advance` is called with the points done after each block."""
    model, n_traits = task.model, task.model.n_traits
    size = count_points(n_traits, task.intervals) if task.points is None else len(task.points)
    maximum, index = np.full(n_traits, -1.0), np.zeros(n_traits, dtype=np.int64)
    at = np.zeros((n_traits, 2**n_traits))
    seen = done = 0
    kept_points: list[Floats] = []
    kept_fdr: list[Floats] = []
    for block in range(task.first, task.last):
        start, stop = block * BLOCK, min((block + 1) * BLOCK, size)
        points = (
            lattice_block(n_traits, task.intervals, start, stop)
            if task.points is None
            else task.points[start:stop]
        )
        pi = pair_probabilities(model, points)
        chosen = feasible(model, pi, rounding=task.rounding)
        if task.causal is not None:
            marginal = pi[:, model.pairs[:, 0] == model.pairs[:, 1]]
            chosen &= (np.abs(marginal - task.causal) < 1.0 / task.intervals).all(axis=1)
        if chosen.any():
            points = points[chosen]
            fdr = fdr_at(model, points, pi[chosen])
            best = fdr.argmax(axis=0)
            for t in np.flatnonzero(fdr.max(axis=0) > maximum):
                maximum[t], index[t], at[t] = fdr[best[t], t], seen + best[t], points[best[t]]
            seen += len(points)
            if task.keep:
                kept_points.append(points)
                kept_fdr.append(fdr)
        done += stop - start
        if advance is not None:
            advance(stop - start)
    return GridPart(
        n_points=done,
        n_feasible=seen,
        maximum=maximum,
        index=index,
        at=at,
        probabilities=np.concatenate([np.empty((0, 2**n_traits)), *kept_points]) if task.keep else None,
        fdr=np.concatenate([np.empty((0, n_traits)), *kept_fdr]) if task.keep else None,
    )


def combine(parts: Sequence[GridPart]) -> MaxFDRGrid:
    """Join the parts of one grid, given in task order.

    Raises
    ------
    UsageError
        No point of the grid can give Omega.
    """
    if not any(part.n_feasible for part in parts):
        raise UsageError(
            f"none of the {sum(part.n_points for part in parts)} grid points can give this Omega",
            hint="more --intervals, or --fdr_method optimise",
        )
    n_traits = len(parts[0].maximum)
    offset = np.cumsum([0, *(part.n_feasible for part in parts)])
    # argmax takes the first of equals, as one pass over the whole grid would.
    winner = np.array([part.maximum for part in parts]).argmax(axis=0)
    points = [part.probabilities for part in parts if part.probabilities is not None]
    values = [part.fdr for part in parts if part.fdr is not None]
    return MaxFDRGrid(
        states=causal_states(n_traits),
        maximum=np.array([parts[w].maximum[t] for t, w in enumerate(winner)]),
        at=np.array([parts[w].at[t] for t, w in enumerate(winner)]),
        index=np.array([offset[w] + parts[w].index[t] for t, w in enumerate(winner)]),
        n_points=sum(part.n_points for part in parts),
        n_feasible=int(offset[-1]),
        probabilities=np.concatenate(points) if len(points) == len(parts) else None,
        fdr=np.concatenate(values) if len(values) == len(parts) else None,
    )


def max_fdr_grid(
    omega: ArrayLike,
    sigma: ArrayLike,
    n: ArrayLike,
    *,
    counts: ArrayLike | None = None,
    intervals: int = 10,
    p_sig: float = 5e-8,
    grid: ArrayLike | None = None,
    causal: ArrayLike | None = None,
    keep: bool | None = None,
    rounding: bool = False,
    advance: Callable[[int], object] | None = None,
) -> MaxFDRGrid:
    """Search the grid in this process. Parameters and errors as in :func:`grid_tasks`.

    References
    ----------
    Turley P. et al. (2018) Multi-trait analysis of genome-wide association summary
    statistics using MTAG. Nature Genetics 50, 229-237; Supplementary Note, maxFDR.

    Examples
    --------
    >>> result = max_fdr_grid([[2e-6, 1e-6], [1e-6, 2e-6]], [[1, 0.1], [0.1, 1]], [1e5, 5e4])
    >>> result.n_points, result.at[1].tolist()
    (286, [0.0, 0.0, 0.4, 0.6])
    """
    tasks = grid_tasks(
        omega,
        sigma,
        n,
        counts=counts,
        intervals=intervals,
        p_sig=p_sig,
        grid=grid,
        causal=causal,
        keep=keep,
        rounding=rounding,
    )
    return combine([scan(task, advance=advance) for task in tasks])
