"""Standard errors and intervals of fold changes: from the curvature, or from samples drawn again."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from postgwas.qtl.afc_result import Afc, AfcOptions
from postgwas.qtl.nonlinear_fit import Design, Fit, Model, design, fit

Floats = NDArray[np.float64]

_REPLICATES = 50
"""Replicates fitted at once."""


def with_delta(y: Floats, model: Model, found: Fit, given: Design, options: AfcOptions) -> Afc:
    """The estimate with errors and intervals from the curvature there.

    Parameters
    ----------
    y : ndarray, shape (n,)
    model : callable
        As :func:`postgwas.qtl.nonlinear_fit.fit` takes it.
    found : Fit
        Of one problem.
    given : Design
    options : AfcOptions
    """
    values, bound = found.values[0], found.bound[0]
    df = int(given.total[0]) - int(given.rank[0]) - len(values)
    rss = max(float(found.rss[0]), 0.0)
    se = np.full(len(values), np.nan)
    free = np.flatnonzero(~bound)
    if free.size and found.converged[0]:
        inverse = np.linalg.pinv(found.curvature[0][np.ix_(free, free)], hermitian=True)
        se[free] = np.sqrt(np.maximum(np.diag(inverse), 0.0) * rss / df)
    half = stdtrit(df, 0.5 + options.level / 2) * se
    heights, _ = model(found.values)
    converged = bool(found.converged[0])
    reason = tuple("at_limit" if at else "" if converged else "not_converged" for at in bound)
    nowhere = np.full(len(values), -1, np.int64)
    baseline = float((y - heights[0]).mean())
    return Afc(values, se, values - half, values + half, reason, nowhere, baseline, df, rss, converged)


def with_bootstrap(
    result: Afc, y: Floats, model: Model, basis: Floats, options: AfcOptions, name: str
) -> Afc:
    """Percentiles over samples drawn again, each fit starting at the estimate.

    Parameters
    ----------
    result : Afc
    y : ndarray, shape (n,)
    model : callable
    basis : ndarray, shape (n, rank)
    options : AfcOptions
    name : str
        The gene's: it and the seed decide the draws.
    """
    estimates = []
    for weights in draws(len(y), options, name):
        times = len(weights)
        found = fit(
            y, model, np.repeat(result.estimate[None], times, axis=0), (-options.limit, options.limit),
            design(basis, weights), offset=1e-5,
        )  # fmt: skip
        # A replicate in which a variant does not vary says nothing of it.
        diagonal = np.einsum("bjj->bj", found.curvature)
        told = found.converged & (diagonal > 1e-9).all(axis=1)
        estimates.append(found.values[told])
    return with_percentiles(result, np.concatenate(estimates), options)


def draws(n: int, options: AfcOptions, name: str) -> Iterator[Floats]:
    """How often each of n samples is drawn in each replicate, (replicates, n), some replicates at a time."""
    rng = np.random.default_rng([options.seed or 0, zlib.crc32(name.encode())])
    for at in range(0, options.n_boot, _REPLICATES):
        times = min(_REPLICATES, options.n_boot - at)
        yield rng.multinomial(n, np.full(n, 1.0 / n), size=times).astype(np.float64)


def with_percentiles(result: Afc, values: Floats, options: AfcOptions) -> Afc:
    """The estimate with spread and percentiles of replicates, shape (replicates that could be fitted, J).

    With less than half of the replicates there is no interval.
    """
    if len(values) < 0.5 * options.n_boot:
        empty = np.full(len(result.estimate), np.nan)
        return replace(result, se=empty, lower=empty, upper=empty, n_boot=len(values))
    tail = (1 - options.level) / 2
    lower, upper = np.quantile(values, [tail, 1 - tail], axis=0)
    return replace(result, se=values.std(axis=0, ddof=1), lower=lower, upper=upper, n_boot=len(values))
