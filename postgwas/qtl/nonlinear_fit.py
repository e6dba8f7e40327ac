"""Least squares, nonlinear in a few parameters and linear in covariates, for many weightings at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Model = Callable[[Floats], tuple[Floats, Floats]]

_STEPS = 100


@dataclass(frozen=True, eq=False)
class Design:
    """Covariates and weights of samples.

    Attributes
    ----------
    basis : ndarray, shape (n, rank)
        Orthonormal, of the covariates and the constant.
    weights : ndarray, shape (B, n), optional
        How often each sample counts, in each of B problems; once where None.
    inverse : ndarray, shape (B, rank, rank), optional
        Of the weighted products of the basis.
    rank : ndarray of int64, shape (B,) or (1,)
        Dimensions that the basis has under the weights.
    total : ndarray, shape (B,) or (1,)
        Sum of the weights.
    """

    basis: Floats
    weights: Floats | None
    inverse: Floats | None
    rank: NDArray[np.int64]
    total: Floats

    def products(self, rows: Floats) -> Floats:
        """Weighted inner products of rows from which the basis is projected out.

        Parameters
        ----------
        rows : ndarray, shape (B, m, n)

        Returns
        -------
        ndarray, shape (B, m, m)
        """
        if self.weights is None or self.inverse is None:
            left = rows - (rows @ self.basis) @ self.basis.T
            found: Floats = left @ left.transpose(0, 2, 1)
            return found
        weighted = rows * self.weights[:, None, :]
        along = weighted @ self.basis
        whole: Floats = weighted @ rows.transpose(0, 2, 1)
        return whole - along @ self.inverse @ along.transpose(0, 2, 1)

    def of(self, problems: NDArray[np.intp]) -> Design:
        """Some of the problems."""
        if self.weights is None or self.inverse is None:
            return self
        return replace(self, weights=self.weights[problems], inverse=self.inverse[problems])


def design(basis: Floats, weights: Floats | None = None) -> Design:
    """Prepare covariates, and weights if any.

    Parameters
    ----------
    basis : ndarray, shape (n, rank)
    weights : ndarray, shape (B, n), optional
        Not negative.
    """
    n, rank = basis.shape
    if weights is None:
        return Design(basis, None, None, np.array([rank]), np.array([float(n)]))
    grams = np.stack([basis.T @ (basis * row[:, None]) for row in weights])
    sizes, vectors = np.linalg.eigh(grams)
    used = sizes > 1e-10 * sizes[:, -1:]
    scaled = vectors * np.where(used, 1.0 / np.where(used, sizes, 1.0), 0.0)[:, None, :]
    return Design(basis, weights, scaled @ vectors.transpose(0, 2, 1), used.sum(axis=1), weights.sum(axis=1))


@dataclass(frozen=True, eq=False)
class Fit:
    """Where the sums of squares are least.

    Attributes
    ----------
    values : ndarray, shape (B, J)
    rss : ndarray, shape (B,)
        Sum of squared residuals.
    curvature : ndarray, shape (B, J, J)
        Products of the model's derivatives, covariates projected out.
    bound : ndarray of bool, shape (B, J)
        Held at a limit, beyond which the fit would be better.
    converged : ndarray of bool, shape (B,)
    steps : int
    """

    values: Floats
    rss: Floats
    curvature: Floats
    bound: Bools
    converged: Bools
    steps: int

    def of(self, problem: int) -> Fit:
        """One of the problems."""
        at = [problem]
        return Fit(
            self.values[at], self.rss[at], self.curvature[at], self.bound[at], self.converged[at], self.steps
        )


def fit(
    y: Floats,
    model: Model,
    start: Floats,
    limits: tuple[float, float],
    given: Design,
    *,
    offset: float = 1e-9,
) -> Fit:
    """Minimise the weighted sum of squares of y - model(values) - covariates.

    Parameters
    ----------
    y : ndarray, shape (n,)
    model : callable
        (B, J) values to (B, n) heights and (B, J, n) derivatives.
    start : ndarray, shape (B, J)
    limits : (float, float)
        Least and largest value of every parameter.
    given : Design
        Of B problems, or of one that all share.
    offset : float
        A problem has converged where the residuals' share along the model's tangent is below this.

    Notes
    -----
    Levenberg and Marquardt's method with the linear parameters eliminated (variable projection, Golub &
    Pereyra 1973; Kaufman's simplification: the derivatives' projection is left out). A parameter at a limit
    is held there while the slope points outwards. Each problem goes its own way: its steps do not depend on
    what is fitted beside it. The criterion is Bates and Watts' (1981) relative offset.
    """
    low, high = limits
    values = np.clip(start, low, high)
    products = given.products(_stacked(y, *model(values)))
    damping = np.full(len(values), 1e-4)
    done = np.zeros(len(values), np.bool_)
    rounding = 1e-26 * float(y @ y)
    steps = 0
    while steps < _STEPS:
        at = np.flatnonzero(~done)
        rss, gradient, curvature = products[at, 0, 0], products[at, 1:, 0], products[at, 1:, 1:]
        held = _held(values[at], gradient, low, high)
        near = _offset(gradient, curvature, held) <= offset**2 * rss + rounding
        done[at[near]] = True
        if near.all():
            break
        steps += 1
        at, far = at[~near], ~near
        step = _step(gradient[far], curvature[far], held[far], damping[at])
        trial = np.clip(values[at] + step, low, high)
        new = given.of(at).products(_stacked(y, *model(trial)))
        better = new[:, 0, 0] <= rss[far]
        # A step that is lost in rounding ends the search as well.
        done[at] = ~better & (np.abs(trial - values[at]).max(axis=1) <= 1e-9)
        values[at] = np.where(better[:, None], trial, values[at])
        products[at] = np.where(better[:, None, None], new, products[at])
        damping[at] = np.clip(np.where(better, damping[at] / 100.0, damping[at] * 10.0), 1e-12, 1e12)
    held = _held(values, products[:, 1:, 0], low, high)
    return Fit(values, products[:, 0, 0], products[:, 1:, 1:], held, done, steps)


def _stacked(y: Floats, heights: Floats, slopes: Floats) -> Floats:
    return np.concatenate([(y - heights)[:, None, :], slopes], axis=1)


def _held(values: Floats, gradient: Floats, low: float, high: float) -> Bools:
    """At a limit, with a better fit beyond it."""
    held: Bools = ((values <= low) & (gradient < 0)) | ((values >= high) & (gradient > 0))
    return held


def _offset(gradient: Floats, curvature: Floats, held: Bools) -> Floats:
    """Squared length of the residuals along the model's tangent (Bates & Watts 1981)."""
    free = np.where(held, 0.0, gradient)
    return np.einsum("bj,bj->b", free, _step(gradient, curvature, held, np.zeros(len(gradient))))


def _step(gradient: Floats, curvature: Floats, held: Bools, damping: Floats) -> Floats:
    free = np.where(held, 0.0, gradient)
    matrix = np.where(held[:, :, None] | held[:, None, :], 0.0, curvature)
    diagonal = np.einsum("bjj->bj", matrix).copy()
    least = 1e-12 * diagonal.max(axis=1, keepdims=True, initial=0.0)
    scale = np.where(diagonal > least, diagonal, 1.0)  # nothing to learn there: no step
    at = np.arange(matrix.shape[1])
    matrix[:, at, at] = np.maximum(diagonal, scale) + damping[:, None] * scale + 1e-12 * scale
    solved: Floats = np.linalg.solve(matrix, free[:, :, None])[:, :, 0]
    return solved
