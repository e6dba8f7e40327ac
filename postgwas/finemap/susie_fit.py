"""Iterative Bayesian stepwise selection: the fit of SuSiE."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.finemap.products import NEGLIGIBLE
from postgwas.finemap.single_effect import SingleEffect, single_effect
from postgwas.finemap.susie_problem import SusieProblem, SusieSettings

Floats = NDArray[np.float64]

UNREASONABLE = 100.0
"""A prior variance beyond this times the largest squared z-score shows that z and LD contradict."""


@dataclass(eq=False)
class Effects:
    """State of L effects; changed in place while they are fitted.

    Attributes
    ----------
    alpha, mu, mu2, lbf_variable : ndarray, shape (L, p)
        See :class:`postgwas.finemap.single_effect.SingleEffect`.
    alpha_null, lbf, divergence, variance : ndarray, shape (L,)
        Probability of no effect, log Bayes factor, Kullback-Leibler divergence from the prior,
        prior variance.
    products : ndarray, shape (L, p)
        X'X times each effect's posterior mean.
    sigma2 : float
        Residual variance.
    elbo : list of float
        The bound after each iteration.
    converged : bool
    """

    alpha: Floats
    mu: Floats
    mu2: Floats
    lbf_variable: Floats
    alpha_null: Floats
    lbf: Floats
    divergence: Floats
    variance: Floats
    products: Floats
    sigma2: float
    elbo: list[float] = field(default_factory=list)
    converged: bool = False


@dataclass(frozen=True, eq=False)
class Start:
    """Posterior of effects from which a fit begins: `alpha`, `mu`, `mu2`, each of shape (K, p)."""

    alpha: Floats
    mu: Floats
    mu2: Floats


def fit_effects(problem: SusieProblem, settings: SusieSettings, start: Start | None = None) -> Effects:
    """Update one effect after the other given all others, until the bound rises by less than `tol`.

    Raises
    ------
    InputError
        If z-scores and LD contradict each other so much that effects grow without bound.
    """
    state = _begin(problem, settings, start)
    sweep = _Sweep(problem, settings)
    lowest = problem.variance / 1e4
    for _ in range(settings.max_iter):
        sweep.run(state)
        _refuse_unreasonable(problem, state)
        expected = _expected_squares(problem, state)
        bound = _bound(problem, state, expected)
        rise = bound - state.elbo[-1] if state.elbo else math.inf
        state.elbo.append(bound)
        if rise < settings.tol:
            state.converged = True
            break
        if settings.estimate_residual_variance:
            if expected <= 0:
                raise InputError(
                    "the residual variance comes out negative: z-scores and LD contradict each other",
                    hint="estimate_residual_variance=False",
                )
            state.sigma2 = max(expected / problem.n, lowest)
    return state


def _begin(problem: SusieProblem, settings: SusieSettings, start: Start | None) -> Effects:
    p, effects = problem.n_variants, min(settings.n_effects, problem.n_variants)
    if start is not None:
        effects = max(effects, start.alpha.shape[0])
    state = Effects(
        alpha=np.full((effects, p), 1.0 / p), mu=np.zeros((effects, p)), mu2=np.zeros((effects, p)),
        lbf_variable=np.zeros((effects, p)), alpha_null=np.zeros(effects), lbf=np.zeros(effects),
        divergence=np.zeros(effects),
        variance=np.full(effects, settings.scaled_prior_variance * problem.variance),
        products=np.zeros((effects, p)), sigma2=settings.residual_variance or problem.variance,
    )  # fmt: skip
    if start is not None:
        for row in range(start.alpha.shape[0]):
            state.alpha[row], state.mu[row], state.mu2[row] = start.alpha[row], start.mu[row], start.mu2[row]
            mean = state.alpha[row] * state.mu[row]
            if mean.any():
                state.products[row] = problem.products.times(mean, 0.0)
    return state


class _Sweep:
    """One pass over all effects."""

    def __init__(self, problem: SusieProblem, settings: SusieSettings) -> None:
        self.problem = problem
        self.rule = settings.rule
        self.log_weights = settings.log_weights(problem.n_variants)
        self.log_null = settings.log_null
        self.reach = np.sqrt(problem.diagonal) * problem.n_variants

    def run(self, state: Effects) -> None:
        """Update the state."""
        total = state.products.sum(axis=0)
        absent: SingleEffect | None = None
        for row in range(state.variance.size):
            nothing = not state.products[row].any()
            if absent is not None and nothing and absent.variance == 0:
                # The residual is the one that had no effect just now: it has none either.
                self._put(state, row, absent, None)
                continue
            others = total if nothing else total - state.products[row]
            residual = self.problem.xty - others
            found = single_effect(
                residual, self.problem.diagonal, state.sigma2, float(state.variance[row]),
                rule=self.rule, log_weights=self.log_weights, log_null=self.log_null,
            )  # fmt: skip
            self._put(state, row, found, residual)
            total = others if not state.products[row].any() else others + state.products[row]
            absent = found if found.variance == 0 and not found.mu.any() and self.rule.method else None

    def _put(self, state: Effects, row: int, found: SingleEffect, residual: Floats | None) -> None:
        state.alpha[row], state.mu[row], state.mu2[row] = found.alpha, found.mu, found.mu2
        state.lbf_variable[row], state.lbf[row] = found.lbf_variable, found.lbf
        state.alpha_null[row], state.variance[row] = found.alpha_null, found.variance
        mean = found.alpha * found.mu
        if residual is None or not mean.any():
            state.products[row], state.divergence[row] = 0.0, -found.lbf
            return
        least = NEGLIGIBLE * math.sqrt(state.sigma2) / np.where(self.reach > 0, self.reach, np.inf)
        state.products[row] = self.problem.products.times(mean, least)
        squares = float(np.sum(self.problem.diagonal * found.alpha * found.mu2))
        state.divergence[row] = -found.lbf + 0.5 / state.sigma2 * (2.0 * float(mean @ residual) - squares)


def _expected_squares(problem: SusieProblem, state: Effects) -> float:
    """Expected squared length of the residuals, over the posterior of all effects."""
    means = state.alpha * state.mu
    whole = means.sum(axis=0)
    own = float(np.einsum("lp,lp->", means, state.products))
    squares = float(np.sum(problem.diagonal * (state.alpha * state.mu2).sum(axis=0)))
    crossed = float(whole @ state.products.sum(axis=0))
    return problem.yty - 2.0 * float(whole @ problem.xty) + crossed - own + squares


def _bound(problem: SusieProblem, state: Effects, expected: float) -> float:
    """The evidence lower bound."""
    fit = -0.5 * problem.n * math.log(2.0 * math.pi * state.sigma2) - 0.5 * expected / state.sigma2
    return fit - float(state.divergence.sum())


def _refuse_unreasonable(problem: SusieProblem, state: Effects) -> None:
    diagonal = np.where(np.asarray(problem.diagonal) > 0, problem.diagonal, np.inf)
    highest = float(np.max(problem.xty**2 / (diagonal * state.sigma2)))
    worst = int(state.variance.argmax())
    if state.variance[worst] > UNREASONABLE * max(highest, 1.0) * problem.variance:
        row = int(state.alpha[worst].argmax())
        raise InputError(
            f"effect {worst + 1} at variant {row} grew to a prior variance of {state.variance[worst]:.3g}: "
            "z-scores and LD contradict each other",
            hint="estimate_s_rss and kriging_rss find the variants",
        )
