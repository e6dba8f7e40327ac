"""From a problem to its result: fit, refine, credible sets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from postgwas.finemap.credible_sets import credible_sets
from postgwas.finemap.susie_fit import Effects, Start, fit_effects
from postgwas.finemap.susie_problem import SusieProblem, SusieSettings
from postgwas.finemap.susie_result import CredibleSet, SusieFit, inclusion_probabilities

Floats = NDArray[np.float64]


def solve(
    problem: SusieProblem, settings: SusieSettings, start: SusieFit | None = None
) -> tuple[Effects, tuple[CredibleSet, ...]]:
    """Fit the effects and find their credible sets.

    Parameters
    ----------
    problem : SusieProblem
    settings : SusieSettings
        Checked.
    start : SusieFit, optional
        A fit to begin with; its effects that are not there are left out.
    """
    begin = None
    if start is not None:
        there = start.V > 0
        begin = Start(start.alpha[there], start.mu[there], start.mu2[there])
    state = fit_effects(problem, settings, begin)
    sets = _sets(problem, settings, state)
    if settings.refine:
        state, sets = _refined(problem, settings, state, sets)
    return state, sets


def result(
    problem: SusieProblem,
    settings: SusieSettings,
    state: Effects,
    sets: tuple[CredibleSet, ...],
    *,
    intercept: float,
    fitted: Floats,
) -> SusieFit:
    """The state of a fit as a result."""
    return SusieFit(
        pip=inclusion_probabilities(state.alpha, state.variance),
        alpha=state.alpha, mu=state.mu, mu2=state.mu2, alpha_null=state.alpha_null,
        lbf_variable=state.lbf_variable, lbf=state.lbf, divergence=state.divergence, V=state.variance,
        sigma2=state.sigma2, elbo=np.array(state.elbo), converged=state.converged, n_iter=len(state.elbo),
        intercept=intercept, fitted=fitted, coefficients=coefficients(problem, state),
        credible_sets=sets, coverage=settings.coverage, min_abs_corr=settings.min_abs_corr,
    )  # fmt: skip


def coefficients(problem: SusieProblem, state: Effects) -> Floats:
    """Posterior means of the joint effects per unit of each variant, shape (p,)."""
    means: Floats = (state.alpha * state.mu).sum(axis=0) / problem.scale
    return means


def _sets(problem: SusieProblem, settings: SusieSettings, state: Effects) -> tuple[CredibleSet, ...]:
    return credible_sets(
        state.alpha, state.variance, problem.products.correlation, lbf=state.lbf,
        alpha_null=state.alpha_null, coverage=settings.coverage, min_abs_corr=settings.min_abs_corr,
    )  # fmt: skip


def _refined(
    problem: SusieProblem, settings: SusieSettings, state: Effects, sets: tuple[CredibleSet, ...]
) -> tuple[Effects, tuple[CredibleSet, ...]]:
    """Leave a better optimum than the one reached, if there is one behind a credible set.

    For each set: fit without its variants, then go on from there with all of them. The best of
    these fits replaces the current one while it has a larger bound (Zou et al. 2022).
    """
    weights = settings.prior_weights
    if weights is None:
        weights = np.full(problem.n_variants, 1.0 / problem.n_variants)
    while sets:
        best: Effects | None = None
        for one in sets:
            without = weights.copy()
            without[one.variants] = 0.0
            if not without.any():
                continue
            other = fit_effects(problem, replace(settings, prior_weights=without))
            again = fit_effects(problem, settings, Start(other.alpha, other.mu, other.mu2))
            if best is None or again.elbo[-1] > best.elbo[-1]:
                best = again
        if best is None or best.elbo[-1] <= state.elbo[-1]:
            break
        state, sets = best, _sets(problem, settings, best)
    return state, sets
