"""``--method re2``: a block of studies to RE2, RE2C, m-values and binary effects."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from postgwas.meta.aligned import MetaBlock
from postgwas.meta.chi2_tails import chi2_mlog10p
from postgwas.meta.methods import Columns, Context
from postgwas.meta.random_effects import random_effects
from postgwas.meta.re2_likelihood import Re2Statistic, re2_statistic
from postgwas.meta.re2_null import re2_null

Floats = NDArray[np.float64]


def re2_columns(block: MetaBlock, context: Context) -> Columns:
    """RE2 of a block: a function of :data:`postgwas.meta.methods.METHODS`.

    MLOG10P is RE2's, MLOG10P_RE2C that of the conditional test (0 where the fixed effect does better); BETA
    and SE are of the fixed effect, MLOG10P_FIXED its P; STAT_FIXED, STAT_HET both parts of the statistic.
    """
    options = context.options
    correlation = options.get("correlation")
    matrix = None if correlation is None else np.asarray(correlation, np.float64)
    statistic = re2_statistic(block.beta, block.se, correlation=matrix)
    whole, conditional = p_values(block, statistic, matrix, str(options.get("re2_p", "exact")))
    fixed = random_effects(block.beta, block.se, method="FE")
    columns: Columns = {
        "BETA": statistic.fixed_mean,
        "SE": statistic.fixed_se,
        "MLOG10P": whole,
        "Q": fixed.q,
        "Q_DF": fixed.q_df.astype(int),
        "I2": fixed.i2,
        "MLOG10P_HET": fixed.q_mlog10p,
        "STAT_FIXED": statistic.fixed,
        "STAT_HET": statistic.added,
        "TAU2": statistic.tau2,
        "MLOG10P_FIXED": chi2_mlog10p(statistic.fixed, 1),
        "MLOG10P_RE2C": conditional,
    }
    if options.get("m_values"):
        columns |= _m_values(block, context)
    if options.get("binary_effects") is not None:
        columns["MLOG10P_BE"] = _binary_effects(block, context, whole)
    return columns


def p_values(
    block: MetaBlock, statistic: Re2Statistic, correlation: Floats | None, kind: str
) -> tuple[Floats, Floats]:
    """-log10 P of RE2 and of RE2C: every set of studies has its own distribution."""
    whole, conditional = np.full(len(block), np.nan), np.full(len(block), np.nan)
    for rows, n, rho in _sets(block, correlation):
        null = re2_null(n, rho)
        fixed, added = statistic.fixed[rows], statistic.added[rows]
        conditional[rows] = null.conditional_mlog10p(fixed, added)
        if kind == "exact":
            whole[rows] = null.mlog10p(fixed + added)
        else:
            zero = null.zero_probability if kind == "corrected" else (0.5 if n > 1 else 1.0)
            whole[rows] = mixture_mlog10p(fixed + added, zero)
    return whole, conditional


def mixture_mlog10p(statistic: Floats, zero: float) -> Floats:
    """-log10 P of a mixture of chi-squares with 1 (weight `zero`) and 2 degrees of freedom.

    Examples
    --------
    >>> mixture_mlog10p(np.array([20.0]), 0.5).round(3).tolist()
    [4.576]
    """
    one, two = (-np.log(10.0) * chi2_mlog10p(statistic, df) for df in (1, 2))
    with np.errstate(divide="ignore"):
        return np.asarray(-np.logaddexp(np.log(zero) + one, np.log1p(-zero) + two) / np.log(10.0))


def _sets(block: MetaBlock, correlation: Floats | None) -> Iterator[tuple[NDArray[np.int64], int, float]]:
    """Variants of the same set of studies (of the same number, where studies are independent)."""
    present = np.isfinite(block.beta) & np.isfinite(block.se)
    if correlation is None:
        k = present.sum(axis=0)
        for n in np.unique(k[k > 0]).tolist():
            yield np.flatnonzero(k == n), n, 0.0
        return
    patterns, which = np.unique(present, axis=1, return_inverse=True)
    for at in range(patterns.shape[1]):
        there = np.flatnonzero(patterns[:, at])
        if not there.size:
            continue
        part = correlation[np.ix_(there, there)]
        rho = float(part[np.tril_indices(there.size, -1)].mean()) if there.size > 1 else 0.0
        yield np.flatnonzero(which.ravel() == at), int(there.size), round(min(max(rho, 0.0), 0.99), 4)


def _m_values(block: MetaBlock, context: Context) -> Columns:
    from postgwas.meta.m_values import m_values

    options = context.options
    found = m_values(block.beta, block.se, sigma=options["m_sigma"], prior=tuple(options["m_prior"]))
    return {f"M_{name}": found[at] for at, name in enumerate(context.names)}


def _binary_effects(block: MetaBlock, context: Context, whole: Floats) -> Floats:
    from postgwas.meta.binary_effects import binary_effects_mlog10p

    options = context.options
    limit = float(options["binary_effects"])
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(whole >= -np.log10(limit))
    found = np.full(len(block), np.nan)
    if rows.size:
        found[rows] = binary_effects_mlog10p(
            block.beta[:, rows], block.se[:, rows], keys=block.pos[rows].astype(np.int64),
            sigma=options["m_sigma"], prior=tuple(options["m_prior"]), seed=int(options["seed"]),
        )  # fmt: skip
    return found
