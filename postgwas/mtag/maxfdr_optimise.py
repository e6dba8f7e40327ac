"""Largest false discovery rate of MTAG over all state probabilities, by constrained optimisation.

A lattice over 2^T states cannot be searched beyond four traits. At a maximum, though, few
states are occupied: with the pair probabilities pi given, the FDR is a ratio of linear
functions of p, so T (T + 1) / 2 + 1 states are enough. Each start is followed inside a
logarithmic barrier (:mod:`postgwas.mtag.maxfdr_barrier`) and, where few states stay occupied,
on to the boundary (:mod:`postgwas.mtag.maxfdr_climb`).

Without a lower limit on the causal shares the supremum is 1, whatever the data: SNPs that
are causal for nothing then make all discoveries. mtag.py's grid implies a limit of
1 / intervals for every trait; `min_causal` states it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import MatrixError, UsageError
from postgwas.mtag.maxfdr import Bools, Floats, causal_states, fdr_at, fdr_model
from postgwas.mtag.maxfdr_barrier import follow_path
from postgwas.mtag.maxfdr_climb import (
    better,
    climb,
    inner_point,
    linear_step,
    polish,
    restore,
    sparsified,
)
from postgwas.mtag.maxfdr_objective import Indices, Objective
from postgwas.mtag.maxfdr_starts import admissible, starting_points

_OCCUPIED = 1e-6
_FEW = 40
AGREEMENT = 0.01
"""Starts whose FDR is within this share of the best are said to agree with it."""
BOUNDARY = 1e-4
"""The point is on the boundary where the smallest eigenvalue of Omega*'s correlation is below this."""


@dataclass(frozen=True)
class OptimiseTask:
    """One start for one trait: independent of all others, small, picklable.

    Attributes
    ----------
    omega, sigma : ndarray, shape (T, T)
    n : ndarray, shape (J, T)
    counts : ndarray, shape (J,)
    p_sig, min_causal : float
    trait : int
    kind : str
        Where the start comes from: grid, pair, symmetric or random.
    states : ndarray of int
        Occupied states of the start.
    start : ndarray
        Their probabilities.
    """

    omega: Floats
    sigma: Floats
    n: Floats
    counts: Floats
    p_sig: float
    min_causal: float
    trait: int
    kind: str
    states: Indices
    start: Floats


@dataclass(frozen=True)
class OptimiseResult:
    """Where one start led. `fdr` is never below `start_fdr`, and `point` is admissible.

    Attributes
    ----------
    trait : int
    kind : str
    point : ndarray, shape (2^T,)
    fdr, start_fdr : float
    price : float
        Gain in log FDR per unit of probability moved that is still promised to first
        order; near 0 at a local maximum.
    """

    trait: int
    kind: str
    point: Floats
    fdr: float
    start_fdr: float
    price: float


@dataclass(frozen=True)
class MaxFDROptimum:
    """Result of the optimisation.

    Attributes
    ----------
    states : ndarray of bool, shape (2^T, T)
    maximum : ndarray, shape (T,)
        Largest FDR found for each trait.
    at : ndarray, shape (T, 2^T)
        The point where each trait has it.
    on_boundary : ndarray of bool, shape (T,)
        Whether Omega* is singular there.
    at_min_causal : ndarray of bool, shape (T,)
        Whether some trait has the smallest causal share allowed there.
    price : ndarray, shape (T,)
        See :class:`OptimiseResult`, at the best point.
    fdr, start_fdr : ndarray, shape (T, starts)
        What every start reached, and where it set out.
    kinds : tuple of tuple of str
        Kind of every start, one row a trait.
    agree : ndarray of int, shape (T,)
        Number of starts that ended within :data:`AGREEMENT` of the best.
    min_causal : float
    """

    states: Bools
    maximum: Floats
    at: Floats
    on_boundary: Bools
    at_min_causal: Bools
    price: Floats
    fdr: Floats
    start_fdr: Floats
    kinds: tuple[tuple[str, ...], ...]
    agree: NDArray[np.int64]
    min_causal: float


def optimise_tasks(
    omega: ArrayLike,
    sigma: ArrayLike,
    n: ArrayLike,
    *,
    counts: ArrayLike | None = None,
    p_sig: float = 5e-8,
    min_causal: float = 0.1,
    n_starts: int | None = None,
    seed: int = 0,
) -> list[OptimiseTask]:
    """List the starts of all traits, trait by trait, for :func:`optimise_start`.

    Parameters
    ----------
    omega, sigma, n, counts, p_sig
        See :func:`~postgwas.mtag.maxfdr.fdr_model`.
    min_causal : float
        Smallest share of SNPs causal for each trait; 1 / intervals to compare with a grid.
    n_starts : int, optional
        Starts for each trait; by default 24, or 12 for more than 5 traits.
    seed : int
        Of the random starts.

    Raises
    ------
    UsageError
        More than 10 traits, or a number out of range.
    MatrixError
        Omega is not positive semi-definite.
    """
    model = fdr_model(omega, sigma, n, counts=counts, p_sig=p_sig)
    if model.n_traits > 10:
        raise UsageError(
            f"{model.n_traits} traits have 2^{model.n_traits} causal states; at most 10 traits can be done"
        )
    if not 0 < min_causal < 1:
        raise UsageError(
            f"the smallest causal share is {min_causal:g}; it must lie between 0 and 1",
            hint="--intervals above 1",
        )
    if n_starts is None:
        n_starts = 24 if model.n_traits <= 5 else 12
    if n_starts < 1:
        raise UsageError(f"the number of starts is {n_starts}; it must be positive")
    tasks = []
    for trait in range(model.n_traits):
        points = starting_points(model, trait, min_causal=min_causal, n_starts=n_starts, seed=seed)
        for kind, point in points:
            states = np.flatnonzero(point)
            tasks.append(
                OptimiseTask(
                    omega=model.omega,
                    sigma=np.asarray(sigma, dtype=np.float64),
                    n=model.n,
                    counts=model.weights,
                    p_sig=model.p_sig,
                    min_causal=min_causal,
                    trait=trait,
                    kind=kind,
                    states=states,
                    start=point[states],
                )
            )
    return tasks


def optimise_start(task: OptimiseTask) -> OptimiseResult:
    """Follow one start to a local maximum."""
    model = fdr_model(task.omega, task.sigma, task.n, counts=task.counts, p_sig=task.p_sig)
    objective = Objective(model, task.trait, min_causal=task.min_causal)
    start = np.zeros(len(model.states))
    start[task.states] = task.start
    start_fdr = float(fdr_at(model, start[None], trait=task.trait)[0, 0])
    anchor = inner_point(objective, nothing=min(0.3, 0.5 * (1 - task.min_causal)))
    point = follow_path(objective, start, anchor)
    occupied = int((point > _OCCUPIED).sum())
    if occupied <= _FEW:
        sparse = restore(objective, np.where(point > _OCCUPIED, point, 0.0))
        point = better(objective, point, polish(objective, sparse))
    if len(objective.allowed) <= 64:
        point = polish(objective, climb(objective, point))
    point = sparsified(objective, point)
    step, promised = linear_step(objective, point, 1e-4)
    price = max(promised, 0.0) / max(float(np.abs(step).sum()) / 2, 1e-6) if step is not None else np.inf
    fdr = float(fdr_at(model, point[None], trait=task.trait)[0, 0])
    if fdr <= start_fdr:
        point, fdr = start, start_fdr
    return OptimiseResult(
        trait=task.trait,
        kind=task.kind,
        point=point,
        fdr=fdr,
        start_fdr=start_fdr,
        price=price,
    )


def combine_starts(tasks: Sequence[OptimiseTask], results: Sequence[OptimiseResult]) -> MaxFDROptimum:
    """Join the results of all tasks, in the order of :func:`optimise_tasks`."""
    model = fdr_model(
        tasks[0].omega, tasks[0].sigma, tasks[0].n, counts=tasks[0].counts, p_sig=tasks[0].p_sig
    )
    min_causal = tasks[0].min_causal
    by_trait = [list(group) for _, group in groupby(results, key=lambda result: result.trait)]
    best = [max(group, key=lambda result: result.fdr) for group in by_trait]
    at = np.stack([result.point for result in best])
    if not admissible(model, at, min_causal=min_causal).all():
        raise MatrixError("the optimiser ended at probabilities that cannot give Omega")
    maximum = np.array([result.fdr for result in best])
    fdr = np.array([[result.fdr for result in group] for group in by_trait])
    objective = Objective(model, 0, min_causal=min_causal)
    states = np.arange(len(model.states))
    slack = np.stack([objective.constraints(point, states).value for point in at])
    n_free = len(objective.representatives)
    return MaxFDROptimum(
        states=causal_states(model.n_traits),
        maximum=maximum,
        at=at,
        on_boundary=np.any(slack[:, n_free:] < BOUNDARY, axis=1) | (n_free < model.n_traits),
        at_min_causal=np.any(slack[:, :n_free] < BOUNDARY, axis=1),
        price=np.array([result.price for result in best]),
        fdr=fdr,
        start_fdr=np.array([[result.start_fdr for result in group] for group in by_trait]),
        kinds=tuple(tuple(result.kind for result in group) for group in by_trait),
        agree=(fdr >= maximum[:, None] * (1 - AGREEMENT)).sum(axis=1),
        min_causal=min_causal,
    )


def max_fdr_optimise(
    omega: ArrayLike,
    sigma: ArrayLike,
    n: ArrayLike,
    *,
    counts: ArrayLike | None = None,
    p_sig: float = 5e-8,
    min_causal: float = 0.1,
    n_starts: int | None = None,
    seed: int = 0,
    advance: Callable[[int], object] | None = None,
) -> MaxFDROptimum:
    """Optimise all traits in this process; `advance` is called after each start.

    Parameters and errors as in :func:`optimise_tasks`. To spread or resume the work, map
    :func:`optimise_start` over the tasks and join with :func:`combine_starts`.

    References
    ----------
    Turley P. et al. (2018) Nature Genetics 50, 229-237; Supplementary Note, maxFDR.

    Examples
    --------
    >>> from postgwas.mtag.maxfdr_grid import max_fdr_grid
    >>> omega, sigma = [[2e-6, 1e-6], [1e-6, 2e-6]], [[1, 0.1], [0.1, 1]]
    >>> optimum = max_fdr_optimise(omega, sigma, [1e5, 5e4], n_starts=4)
    >>> grid = max_fdr_grid(omega, sigma, [1e5, 5e4])
    >>> bool((optimum.maximum >= grid.maximum).all())
    True
    """
    tasks = optimise_tasks(
        omega, sigma, n, counts=counts, p_sig=p_sig, min_causal=min_causal, n_starts=n_starts, seed=seed
    )
    results = []
    for task in tasks:
        results.append(optimise_start(task))
        if advance is not None:
            advance(1)
    return combine_starts(tasks, results)
