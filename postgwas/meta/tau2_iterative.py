"""Variance between studies by iteration, all variants at once: Paule-Mandel, REML, ML, empirical Bayes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.meta.tau2_closed import hedges
from postgwas.meta.weighted_mean import Effects, Sums, sums

Floats = NDArray[np.float64]

_MOST = 1000
"""Steps after which a variant is left as not converged."""
_CLOSE = 1e-13
"""Relative change of tau2 (against tau2 + mean variance) at which a variant is done."""


def paule_mandel(effects: Effects) -> tuple[Floats, Floats]:
    """tau2 at which the generalised Q equals its degrees of freedom, and its standard error; shape (V,).

    References
    ----------
    Paule and Mandel 1982; that Newton's steps from 0 rise to the root: DerSimonian and Kacker 2007.
    """
    tau2 = generalised_q_root(effects, effects.k - 1.0)
    return tau2, _moment_error(effects, tau2)


def generalised_q_root(effects: Effects, target: Floats) -> Floats:
    """tau2 >= 0 at which the generalised Q has the value `target` (V,); 0 where Q at 0 is below it.

    NaN with fewer than two studies or a target that is not above 0. The generalised Q falls and is
    convex in tau2, so that Newton's steps from the left never pass the root.
    """
    tau2 = np.where((effects.k > 1) & (target > 0), 0.0, np.nan)
    at = np.flatnonzero(sums(effects).q > np.where(np.isnan(tau2), np.inf, target))
    part = effects.at(at)
    scale = np.where(part.present, part.variance, 0.0).sum(axis=0) / part.k
    now, goal = np.zeros(at.size), target[at]
    for _ in range(_MOST):
        if not at.size:
            break
        here = sums(part, now)
        step = np.maximum(here.q - goal, 0.0) / here.q2
        # Far from the root log(Q) is nearer to a line in log(tau2) than Q is in tau2, and is convex too.
        now = now + step
        done = step <= _CLOSE * (now + scale * 1e-3)
        if done.any():
            tau2[at[done]] = now[done]
            keep = ~done
            at, part, now, goal, scale = at[keep], part.at(keep), now[keep], goal[keep], scale[keep]
    tau2[at] = now
    return tau2


def likelihood(effects: Effects, kind: Literal["REML", "ML", "EB"]) -> tuple[Floats, Floats]:
    """tau2 by Fisher scoring from Hedges' estimate, and its standard error; shape (V,).

    EB (Morris 1983) is the fixed point of a moment equation, whose root is Paule and Mandel's.
    With ML and REML, 0 is taken where the likelihood there is higher.

    References
    ----------
    Viechtbauer 2005, J Educ Behav Stat 30:261, equations 10 to 14.
    """
    if kind == "EB":
        tau2, _ = paule_mandel(effects)
        return tau2, _moment_error(effects, tau2)
    tau2, _ = hedges(effects)
    at = np.flatnonzero(~np.isnan(tau2))
    part, now = effects.at(at), tau2[at].copy()
    scale = np.where(part.present, part.variance, 0.0).sum(axis=0) / part.k
    for round_ in range(_MOST):
        if not at.size:
            break
        here = sums(part, now)
        # Full steps first; damped ones for the few that then still swing about the maximum.
        step = _fisher_step(here, kind) * (1.0 if round_ < 50 else 0.5)
        new = np.maximum(now + step, 0.0)
        done = np.abs(new - now) <= _CLOSE * (new + scale * 1e-3)
        now = new
        if done.any():
            tau2[at[done]] = now[done]
            keep = ~done
            at, part, now, scale = at[keep], part.at(keep), now[keep], scale[keep]
    tau2[at] = now
    tau2[_higher_at_zero(effects, tau2, kind)] = 0.0
    here = sums(effects, np.nan_to_num(tau2))
    information = here.w2 if kind == "ML" else here.trace_pp
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(np.isnan(tau2), np.nan, np.sqrt(2.0 / information))
    return tau2, error


def log_likelihood(effects: Effects, tau2: Floats, *, restricted: bool) -> Floats:
    """Profile log-likelihood of tau2 but for constants, shape (V,)."""
    here = sums(effects, tau2)
    logs = np.where(effects.present, np.log(effects.variance + tau2), 0.0).sum(axis=0)
    value = -0.5 * (logs + here.q)
    return value - 0.5 * np.log(here.w1) if restricted else value


def _fisher_step(here: Sums, kind: str) -> Floats:
    if kind == "ML":
        return np.asarray((here.q2 - here.w1) / here.w2)
    return np.asarray((here.q2 - here.trace_p) / here.trace_pp)


def _higher_at_zero(effects: Effects, tau2: Floats, kind: str) -> NDArray[np.bool_]:
    inner = np.flatnonzero(tau2 > 0)
    part = effects.at(inner)
    restricted = kind == "REML"
    found = np.zeros(tau2.shape, bool)
    zero = np.zeros(inner.size)
    found[inner] = log_likelihood(part, zero, restricted=restricted) > log_likelihood(
        part, tau2[inner], restricted=restricted
    )
    return found


def _moment_error(effects: Effects, tau2: Floats) -> Floats:
    """Standard error of Morris' (and Paule and Mandel's) estimate, Viechtbauer 2007."""
    known = ~np.isnan(tau2)
    here = sums(effects, np.where(known, tau2, 0.0))
    k, freedom = effects.k, effects.k - 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        error = (k / freedom) * np.sqrt(2.0 * freedom) / here.w1
    return np.where(known, error, np.nan)
