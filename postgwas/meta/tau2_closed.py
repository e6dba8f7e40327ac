"""Variance between studies by closed formulae: DerSimonian-Laird, Hedges, Hunter-Schmidt, Sidik-Jonkman."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from postgwas.meta.weighted_mean import Effects, Sums, sums

Floats = NDArray[np.float64]


def dersimonian_laird(effects: Effects, fixed: Sums) -> tuple[Floats, Floats]:
    """tau2 by the moments of Q, and its standard error; shape (V,) each.

    References
    ----------
    DerSimonian and Laird 1986; standard errors here and below: Viechtbauer 2007, Stat Med 26:37, Table I.
    """
    freedom = effects.k - 1.0
    trace, trace2 = fixed.trace_p, fixed.trace_pp
    tau2 = np.maximum(_over(fixed.q - freedom, trace), 0.0)
    spread = 2.0 * freedom + 4.0 * tau2 * trace + 2.0 * tau2**2 * trace2
    return tau2, _over(np.sqrt(spread), trace)


def hunter_schmidt(effects: Effects, fixed: Sums) -> tuple[Floats, Floats]:
    """tau2 = (Q - k) / sum w, and its standard error (Hunter and Schmidt 1990)."""
    freedom = effects.k - 1.0
    tau2 = np.maximum(_over(fixed.q - effects.k, fixed.w1), 0.0)
    spread = 2.0 * freedom + 4.0 * tau2 * fixed.trace_p + 2.0 * tau2**2 * fixed.trace_pp
    return tau2, _over(np.sqrt(spread), fixed.w1)


def hedges(effects: Effects) -> tuple[Floats, Floats]:
    """tau2 by the unweighted variance of effects, and its standard error (Hedges 1983)."""
    k, freedom = effects.k, effects.k - 1.0
    present = effects.present
    v = np.where(present, effects.variance, 0.0)
    v1, v2 = v.sum(axis=0), (v * v).sum(axis=0)
    squares = _unweighted_squares(effects)
    with np.errstate(divide="ignore", invalid="ignore"):
        trace_pv = v1 * (1.0 - 1.0 / k)
        trace_pvpv = v2 * (1.0 - 2.0 / k) + (v1 / k) ** 2
    tau2 = np.maximum(_over(squares - trace_pv, freedom), 0.0)
    # P is idempotent here, so tr(PVP) = tr(PV) and tr(PP) = k - 1.
    spread = 2.0 * trace_pvpv + 4.0 * tau2 * trace_pv + 2.0 * tau2**2 * freedom
    return tau2, _over(np.sqrt(np.maximum(spread, 0.0)), freedom)


def sidik_jonkman(effects: Effects) -> tuple[Floats, Floats]:
    """tau2 by one step from the crude variance of effects, and its standard error (Sidik, Jonkman 2005)."""
    freedom = effects.k - 1.0
    start = _over(_unweighted_squares(effects), effects.k)
    at = sums(effects, start)
    tau2 = start * np.maximum(_over(at.q, freedom), 0.0)
    w = effects.weights(start)
    v = effects.variance
    wv = w * v
    with np.errstate(divide="ignore", invalid="ignore"):
        w2v = (w * wv).sum(axis=0)
        w3v = (w * w * wv).sum(axis=0)
        trace_pvpv = (wv * wv).sum(axis=0) - 2.0 * (w * wv * wv).sum(axis=0) / at.w1 + (w2v / at.w1) ** 2
        trace_pvp = w2v - 2.0 * w3v / at.w1 + at.w2 * w2v / at.w1**2
    spread = 2.0 * trace_pvpv + 4.0 * tau2 * trace_pvp + 2.0 * tau2**2 * at.trace_pp
    return tau2, _over(start * np.sqrt(np.maximum(spread, 0.0)), freedom)


def _unweighted_squares(effects: Effects) -> Floats:
    mean = _over(effects.beta.sum(axis=0), effects.k)
    apart = np.where(effects.present, effects.beta - mean, 0.0)
    return np.asarray((apart * apart).sum(axis=0))


def _over(top: Floats, bottom: Floats) -> Floats:
    """Ratio; NaN where the denominator is not above 0: fewer than two studies."""
    found = np.full(np.shape(top), np.nan)
    np.divide(top, bottom, out=found, where=bottom > 0)
    return found
