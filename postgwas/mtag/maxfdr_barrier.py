"""Uphill on the FDR of one trait from within: a logarithmic barrier keeps off what cannot give Omega.

The barrier is mu times log det of Omega*'s correlation matrix plus the logs of the causal
shares above their minimum. It is smooth also where several eigenvalues go to 0 together,
which is where maxima of many traits tend to lie. p = u^2 / sum u^2 keeps the simplex, so
that what is left is an unconstrained problem for limited-memory BFGS.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from postgwas.mtag.maxfdr import Floats, fdr_at
from postgwas.mtag.maxfdr_objective import Objective

_PATH = (1e-2, 2e-3, 3e-4, 4e-5, 5e-6)
_ITERATIONS = 1000
_MEMORY = 30

Function = Callable[[Floats], tuple[float, Floats]]


def follow_path(objective: Objective, point: Floats, anchor: Floats) -> Floats:
    """Maximise with an ever weaker barrier.

    Parameters
    ----------
    objective : Objective
    point : ndarray, shape (2^T,)
        Admissible; may lie on the boundary.
    anchor : ndarray, shape (2^T,)
        Well inside; as much of it is mixed into `point` as gets this off the boundary.

    Returns
    -------
    ndarray, shape (2^T,)
        Inside, with all states occupied, most of them hardly.
    """
    states = objective.allowed
    anchor = 0.98 * anchor
    anchor[states] += 0.02 / len(states)
    inside = anchor
    for share in (0.02, 0.05, 0.1, 0.2, 0.4, 0.7):
        trial = (1 - share) * point + share * anchor
        if objective.barrier(trial[states], states, least=1e-4) is not None:
            inside = trial
            break
    u = np.sqrt(np.maximum(inside[states], 1e-12))
    for mu in _PATH:

        def fall(u: Floats, mu: float = mu) -> tuple[float, Floats]:
            norm = u @ u
            p = u * u / norm
            barrier = objective.barrier(p, states)
            if barrier is None:
                return np.inf, u
            here = objective.log_fdr(p, states)
            slope = here.gradient + mu * barrier.gradient
            value = float(here.value) + mu * float(barrier.value)
            return -value, -2 * u / norm * (slope - p @ slope)

        u = _minimise(fall, u)
        u /= np.sqrt(u @ u)
    result = np.zeros(len(point))
    result[states] = u * u
    better = fdr_at(objective.model, np.stack([result, point]), trait=objective.trait)[:, 0]
    return result if better[0] > better[1] else point


def _minimise(function: Function, x: Floats) -> Floats:
    """Limited-memory BFGS with backtracking; the function may be infinite outside its domain."""
    value, gradient = function(x)
    steps: list[Floats] = []
    changes: list[Floats] = []
    for _ in range(_ITERATIONS):
        direction = -_inverse_hessian(gradient, steps, changes)
        slope = float(gradient @ direction)
        if slope >= 0:
            steps, changes = [], []
            direction = -gradient
            slope = float(gradient @ direction)
        if -slope < 1e-12:
            break
        length = 1.0 if steps else min(1.0, 0.05 / np.sqrt(-slope))
        for _ in range(30):
            trial = x + length * direction
            reached, new = function(trial)
            if reached <= value + 1e-4 * length * slope:
                break
            length *= 0.4
        else:
            if not steps:
                break
            steps, changes = [], []
            continue
        step, change = trial - x, new - gradient
        if step @ change > 1e-12 * np.sqrt((step @ step) * (change @ change)):
            steps, changes = [*steps, step][-_MEMORY:], [*changes, change][-_MEMORY:]
        done = value - reached < 1e-9
        x, value, gradient = trial, reached, new
        if done:
            break
    return x


def _inverse_hessian(gradient: Floats, steps: list[Floats], changes: list[Floats]) -> Floats:
    """The two-loop recursion (Nocedal 1980)."""
    product = gradient.copy()
    weights = []
    for step, change in zip(reversed(steps), reversed(changes)):
        weight = (step @ product) / (step @ change)
        product -= weight * change
        weights.append(weight)
    if steps:
        product *= (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for step, change, weight in zip(steps, changes, reversed(weights)):
        product += (weight - (change @ product) / (step @ change)) * step
    return product
