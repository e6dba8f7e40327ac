"""Uphill on the FDR of one trait, staying where the state probabilities can give Omega."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog, minimize

from postgwas.mtag.maxfdr import Floats, fdr_at
from postgwas.mtag.maxfdr_objective import Objective
from postgwas.mtag.maxfdr_starts import admissible, pull_in

_EMPTY = 1e-10
_STEPS = 40
_RADIUS, _LARGEST, _SMALLEST = 0.05, 0.2, 2e-5
_GAIN = 1e-8
_JOIN = 40
_PRICE = 1e-6
_CORRECTIONS = 3
_TOLERATED = 1e-10


def climb(objective: Objective, point: Floats) -> Floats:
    """Sequential linear programming over all states, in a box that follows how well the last step did.

    Each program maximises the linearised log FDR under the linearised constraints; the
    step is pulled back inside before it is judged, and only taken if the FDR rises.

    Returns
    -------
    ndarray, shape (2^T,)
        Admissible, and no lower than where it began.
    """
    radius = _RADIUS
    value = _log_fdr(objective, point)
    for _ in range(_STEPS):
        step, promised = linear_step(objective, point, radius)
        if step is None or promised < _GAIN:
            break
        trial = point + step
        # Where the boundary curves a linear step leaves it; more of them, linear at the trial, return.
        for _ in range(_CORRECTIONS):
            trial = np.maximum(trial, 0.0)
            occupied = np.flatnonzero(trial > 0)
            if objective.constraints(trial[occupied], occupied).value.min() > -_TOLERATED:
                break
            correction, _ = linear_step(objective, trial, radius)
            if correction is None:
                break
            trial = trial + correction
        trial = restore(objective, trial)
        reached = _log_fdr(objective, trial)
        if reached > value:
            point = trial
        if reached - value < 0.2 * promised:
            radius /= 3
        elif reached - value > 0.6 * promised:
            radius = min(2 * radius, _LARGEST)
        value = max(value, reached)
        if radius < _SMALLEST:
            break
    return point


def linear_step(objective: Objective, point: Floats, radius: float) -> tuple[Floats | None, float]:
    """Step in a box and its promised gain: a linear program on the columns that duals find worth having."""
    states = objective.allowed
    occupied = np.flatnonzero(point > 0)
    gradient = objective.log_fdr(point[occupied], occupied, at=states).gradient
    limits = objective.constraints(point[occupied], occupied, at=states, near=0.01)
    # One slack for all constraints, dear: there is always a solution, of least violation if need be.
    penalty = 100 * float(np.abs(gradient).max())
    chosen = point[states] > 0
    chosen[np.argsort(-gradient, kind="stable")[:_JOIN]] = True
    chosen[[0, -1]] = True
    for _ in range(20):
        columns = np.flatnonzero(chosen)
        found = linprog(
            np.append(-gradient[columns], penalty),
            A_ub=np.hstack([-limits.gradient[:, columns], -np.ones((len(limits.value), 1))]),
            b_ub=limits.value,
            A_eq=np.append(np.ones(len(columns)), 0.0)[None],
            b_eq=[0.0],
            bounds=np.stack(
                [
                    np.append(-np.minimum(point[states[columns]], radius), 0.0),
                    np.append(np.full(len(columns), radius), np.inf),
                ],
                axis=1,
            ),
            method="highs",
        )
        if found.x is None:
            return None, 0.0
        cost = -gradient + found.ineqlin.marginals @ limits.gradient - found.eqlin.marginals[0]
        cost[chosen] = 0
        best = np.argsort(cost, kind="stable")[:_JOIN]
        best = best[cost[best] < -_PRICE]
        if not len(best):
            break
        chosen[best] = True
    step = np.zeros(len(point))
    step[states[columns]] = found.x[:-1]
    return step, float(gradient @ step[states])


def polish(objective: Objective, point: Floats) -> Floats:
    """Maximise log FDR over the occupied states by sequential quadratic programming; keep it if better."""
    working = np.flatnonzero(point > _EMPTY)
    ones = np.ones(len(working))

    def fall(p: Floats) -> tuple[float, Floats]:
        here = objective.log_fdr(p, working)
        return -float(here.value), -here.gradient

    found = minimize(
        fall,
        point[working] / point[working].sum(),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * len(working),
        constraints=[
            {"type": "eq", "fun": lambda p: p.sum() - 1, "jac": lambda _: ones},
            {
                "type": "ineq",
                "fun": lambda p: objective.constraints(p, working).value,
                "jac": lambda p: objective.constraints(p, working).gradient,
            },
        ],
        options={"maxiter": 60, "ftol": 1e-11},
    )
    solution = np.asarray(found.x)
    if not np.isfinite(solution).all() or solution.sum() <= 0:
        return point
    trial = np.zeros(len(point))
    trial[working] = solution
    trial = restore(objective, trial)
    return better(objective, point, trial)


def better(objective: Objective, point: Floats, trial: Floats) -> Floats:
    """The one with the higher FDR."""
    return trial if _log_fdr(objective, trial) > _log_fdr(objective, point) else point


def restore(objective: Objective, point: Floats) -> Floats:
    """Pull a point inside, towards one with as many SNPs that are causal for nothing."""
    point = np.maximum(point, 0.0)
    point[point < _EMPTY] = 0.0
    point /= point.sum()
    anchor = inner_point(objective, nothing=min(float(point[0]), 0.99 * (1 - objective.min_causal)))
    return pull_in(objective.model, point, min_causal=objective.min_causal, anchor=anchor)


def sparsified(objective: Objective, point: Floats) -> Floats:
    """Without the states that are hardly occupied, as far as this costs nothing."""
    value = _log_fdr(objective, point)
    for least in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11):
        trial = np.where(point > least, point, 0.0)
        trial /= trial.sum()
        good = admissible(objective.model, trial[None], min_causal=objective.min_causal)[0]
        if good and _log_fdr(objective, trial) > value - 1e-6:
            return trial
    return point


def inner_point(objective: Objective, *, nothing: float = 0.005) -> Floats:
    """A point well inside with few states: all causal, none, and a little of all but the trait's own."""
    states, allowed = objective.model.states, objective.allowed
    others = np.where(states[allowed, objective.trait], -1, states[allowed].sum(axis=1))
    point = np.zeros(len(states))
    point[allowed[int(others.argmax())]] = 0.002 * (1 - nothing)
    point[0] += nothing
    point[-1] += 1 - point.sum()
    # The rarest trait may just miss the smallest causal share.
    full = np.zeros(len(states))
    full[-1] = 1.0
    return pull_in(objective.model, point, min_causal=objective.min_causal, anchor=full)


def _log_fdr(objective: Objective, point: Floats) -> float:
    fdr = fdr_at(objective.model, point[None], trait=objective.trait)[0, 0]
    return float(np.log(fdr)) if fdr > 0 else -np.inf
