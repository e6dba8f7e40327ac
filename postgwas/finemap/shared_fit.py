"""Iterative Bayesian stepwise selection over K populations: shared variants, effects that covary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.finemap.shared_effect import SharedEffect, SharedEvidence, shared_effect
from postgwas.finemap.susie_problem import SusieProblem, SusieSettings

Floats = NDArray[np.float64]


@dataclass(eq=False)
class SharedState:
    """State of L effects in K populations; changed in place while they are fitted.

    Attributes
    ----------
    alpha, lbf_variable : ndarray, shape (L, p)
    mean, square : ndarray, shape (L, p, K)
    covariance : ndarray, shape (L, K, K)
    lbf, divergence : ndarray, shape (L,)
    products : ndarray, shape (L, K, p)
        X'X times each effect's posterior mean, by population.
    sigma2 : ndarray, shape (K,)
    elbo : list of float
    converged : bool
    """

    alpha: Floats
    mean: Floats
    square: Floats
    covariance: Floats
    lbf: Floats
    divergence: Floats
    lbf_variable: Floats
    products: Floats
    sigma2: Floats
    elbo: list[float] = field(default_factory=list)
    converged: bool = False


def fit_shared(
    problems: Sequence[SusieProblem],
    settings: SusieSettings,
    *,
    covariance: Floats,
    sigma2: Floats | None = None,
) -> SharedState:
    """Update one effect after the other until the bound rises by less than `tol`.

    Parameters
    ----------
    problems : sequence of K SusieProblem
        With the same variants.
    settings : SusieSettings
    covariance : ndarray, shape (K, K)
        Prior covariance of an effect to begin with.
    sigma2 : ndarray, shape (K,), optional
        Residual variances to begin with; y's variances if None.

    Raises
    ------
    InputError
        If a residual variance comes out negative.
    """
    state = _begin(problems, settings, covariance, sigma2)
    log_weights = settings.log_weights(problems[0].n_variants)
    for _ in range(settings.max_iter):
        _sweep(problems, settings, state, log_weights)
        expected = np.array([_expected(one, state, k) for k, one in enumerate(problems)])
        bound = _bound(problems, state, expected)
        rise = bound - state.elbo[-1] if state.elbo else math.inf
        state.elbo.append(bound)
        if abs(rise) < settings.tol and not _drop_absent(settings, state):
            state.converged = True
            break
        if settings.estimate_residual_variance:
            if expected.min() <= 0:
                raise InputError(
                    f"the residual variance of population {int(expected.argmin())} comes out negative: "
                    "z-scores and LD contradict each other",
                    hint="estimate_residual_variance=False",
                )
            least = [one.variance / 1e4 for one in problems]
            state.sigma2 = np.maximum(expected / [one.n for one in problems], least)
    if not state.converged:
        _drop_absent(settings, state)
    return state


def _drop_absent(settings: SusieSettings, state: SharedState) -> bool:
    """Effects that EM left no more likely than none, by the threshold, become 0; whether there were any.

    Asked when the rounds have come to rest: EM begins with a wide prior, from which even an effect that is
    there is unlikely at first.
    """
    rule = settings.rule
    if rule.method != "EM" or rule.threshold == -math.inf:
        return False
    there = state.covariance.any(axis=(1, 2))
    absent = there & (state.lbf <= rule.threshold)
    for part in (state.covariance, state.mean, state.square, state.products, state.lbf_variable):
        part[absent] = 0.0
    state.lbf[absent] = state.divergence[absent] = 0.0
    state.alpha[absent] = np.exp(settings.log_weights(state.alpha.shape[1]))
    return bool(absent.any())


def _begin(
    problems: Sequence[SusieProblem], settings: SusieSettings, covariance: Floats, sigma2: Floats | None
) -> SharedState:
    p, k = problems[0].n_variants, len(problems)
    effects = min(settings.n_effects, p)
    return SharedState(
        alpha=np.full((effects, p), 1.0 / p), mean=np.zeros((effects, p, k)),
        square=np.zeros((effects, p, k)), covariance=np.tile(covariance, (effects, 1, 1)),
        lbf=np.zeros(effects), divergence=np.zeros(effects), lbf_variable=np.zeros((effects, p)),
        products=np.zeros((effects, k, p)),
        sigma2=np.array([one.variance for one in problems]) if sigma2 is None else sigma2.copy(),
    )  # fmt: skip


def _sweep(
    problems: Sequence[SusieProblem], settings: SusieSettings, state: SharedState, log_weights: float | Floats
) -> None:
    information = _information(problems, state.sigma2)
    total = state.products.sum(axis=0)
    xty = np.stack([one.xty for one in problems])
    absent: SharedEffect | None = None
    for row in range(len(state.lbf)):
        nothing = not state.products[row].any()
        if absent is not None and nothing:
            # The residual is the one that had no effect just now: it has none either.
            _put(problems, state, row, absent, xty)
            continue
        others = total - state.products[row]
        residual = xty - others
        evidence = SharedEvidence((residual / state.sigma2[:, None]).T.copy(), information, log_weights)
        found = shared_effect(
            evidence, state.covariance[row], method=settings.rule.method, threshold=settings.rule.threshold
        )
        _put(problems, state, row, found, residual)
        total = others + state.products[row]
        gone = settings.rule.method == "optim" and not found.covariance.any()
        absent = found if gone else None


def _put(
    problems: Sequence[SusieProblem], state: SharedState, row: int, found: SharedEffect, residual: Floats
) -> None:
    state.alpha[row], state.mean[row], state.square[row] = found.alpha, found.mean, found.square
    state.lbf_variable[row], state.lbf[row] = found.lbf_variable, found.lbf
    state.covariance[row] = found.covariance
    gained = 0.0
    for k, one in enumerate(problems):
        mean = found.alpha * found.mean[:, k]
        state.products[row, k] = one.products.times(mean, 0.0) if mean.any() else 0.0
        squares = float(np.sum(one.diagonal * found.alpha * found.square[:, k]))
        gained += 0.5 / float(state.sigma2[k]) * (2.0 * float(mean @ residual[k]) - squares)
    state.divergence[row] = gained - found.lbf


def _information(problems: Sequence[SusieProblem], sigma2: Floats) -> Floats:
    """Diagonals over residual variances, shape (1, K) where all are one number, else (p, K)."""
    if all(isinstance(one.diagonal, float) for one in problems):
        return np.array([[float(np.max(one.diagonal)) / s for one, s in zip(problems, sigma2)]])
    whole = [np.broadcast_to(one.diagonal, (one.n_variants,)) / s for one, s in zip(problems, sigma2)]
    return np.stack(whole, axis=1)


def _expected(one: SusieProblem, state: SharedState, k: int) -> float:
    """Expected squared length of the residuals of a population."""
    means = state.alpha * state.mean[:, :, k]
    whole, products = means.sum(axis=0), state.products[:, k]
    own = float(np.einsum("lp,lp->", means, products))
    squares = float(np.sum(one.diagonal * (state.alpha * state.square[:, :, k]).sum(axis=0)))
    return one.yty - 2.0 * float(whole @ one.xty) + float(whole @ products.sum(axis=0)) - own + squares


def _bound(problems: Sequence[SusieProblem], state: SharedState, expected: Floats) -> float:
    fit = sum(
        -0.5 * one.n * math.log(2.0 * math.pi * s) - 0.5 * e / s
        for one, s, e in zip(problems, state.sigma2.tolist(), expected.tolist())
    )
    return fit - float(state.divergence.sum())
