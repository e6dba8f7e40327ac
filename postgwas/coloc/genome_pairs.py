"""Rows of the pairwise table: one causal variant each, and all pairs of credible sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.causal_products import causal_probabilities
from postgwas.coloc.fitted_side import FittedSide
from postgwas.coloc.genome_settings import MODERATE, STRONG, GenomeSettings
from postgwas.coloc.hypotheses import log_sums, posterior
from postgwas.coloc.priors import region_priors
from postgwas.coloc.set_pairs import compare_signals
from postgwas.coloc.signal_factors import Signals
from postgwas.coloc.two_traits import shares

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


def abf_row(
    gwas: Floats, qtl: Floats, shared: tuple[Rows, Rows], ids: NDArray[Any], settings: GenomeSettings
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """One causal variant each at most; also notes on priors that were lowered.

    Parameters
    ----------
    gwas, qtl : ndarray
        Log Bayes factors of all variants of each trait.
    shared : (ndarray, ndarray) of int64
        Variants that both have, in step.
    ids : ndarray of str
        Names of these.
    settings : GenomeSettings
    """
    one, two = gwas[shared[0]], qtl[shared[1]]
    used = region_priors([one.size], settings.p1, settings.p2, settings.p12)
    sums = log_sums(one, two, np.zeros(1, np.int64))
    pp = posterior(sums, used.p1, used.p2, used.p12)[0]
    within = shares(one + two)
    top = int(within.argmax())
    causal = [
        causal_probabilities(factors, min(prior, 1 / (factors.size + 1)))[rows]
        for factors, prior, rows in ((gwas, settings.p1, shared[0]), (qtl, settings.p2, shared[1]))
    ]
    row = {
        "CS_GWAS": None, "CS_QTL": None, "HIT_GWAS": ids[int(one.argmax())],
        "HIT_QTL": ids[int(two.argmax())], "N_SHARED": one.size,
        "OVERLAP_GWAS": float(shares(gwas)[shared[0]].sum()),
        "OVERLAP_QTL": float(shares(qtl)[shared[1]].sum()), "SHARE_GWAS": one.size / gwas.size,
        "SHARE_QTL": two.size / qtl.size, **_posteriors(pp, used.prior[0]), "TOP_VARIANT": ids[top],
        "TOP_PP": float(within[top]), "CLPP": float((causal[0] * causal[1]).sum()),
        "MARK": mark(float(pp[4])),
    }  # fmt: skip
    return row, used.notes


def named_signals(side: FittedSide, names: list[str]) -> Signals:
    """A fit's signals under the names of its variants."""
    return Signals(tuple(names), np.arange(len(side.log_bf)), side.log_bf)


def pair_rows(
    gwas: FittedSide, one: Signals, qtl: FittedSide, two: Signals, ids: dict[str, str],
    settings: GenomeSettings,
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:  # fmt: skip
    """All pairs of signals; also notes on priors that were lowered.

    Parameters
    ----------
    gwas, qtl : FittedSide
    one, two : Signals
        The same, see :func:`named_signals`.
    ids : dict of str to str
        What variants are called in the table.
    settings : GenomeSettings

    Raises
    ------
    NoVariantsError
        If the fits share no variant.
    """
    found = compare_signals(one, two, (settings.p1, settings.p2, settings.p12_susie))
    there = set(found.snp)
    share1, share2 = (
        [float(np.mean([names[at] in there for at in signal.members])) for signal in side.signals]
        for side, names in ((gwas, one.snp), (qtl, two.snp))
    )
    rows = []
    for a, first in enumerate(gwas.signals):
        for b, second in enumerate(qtl.signals):
            within = found.snp_pp_h4(a, b)
            top = int(within.argmax())
            rows.append(
                {
                    "CS_GWAS": first.number, "CS_QTL": second.number, "HIT_GWAS": ids[found.hit1[a]],
                    "HIT_QTL": ids[found.hit2[b]], "N_SHARED": found.n_shared,
                    "OVERLAP_GWAS": float(found.overlap1[a]), "OVERLAP_QTL": float(found.overlap2[b]),
                    "SHARE_GWAS": share1[a], "SHARE_QTL": share2[b],
                    **_posteriors(found.pp[a, b], found.prior), "TOP_VARIANT": ids[found.snp[top]],
                    "TOP_PP": float(within[top]), "CLPP": float(found.clpp[a, b]),
                    "MARK": mark(float(found.pp[a, b, 4])),
                }
            )  # fmt: skip
    return rows, found.notes


def mark(pp_h4: float) -> str | None:
    """Strong from 0.8, moderate from 0.5.

    Examples
    --------
    >>> mark(0.8), mark(0.5), mark(0.49)
    ('strong', 'moderate', None)
    """
    return "strong" if pp_h4 >= STRONG else "moderate" if pp_h4 >= MODERATE else None


def _posteriors(pp: Floats, prior: Floats) -> dict[str, float]:
    after = {f"PP.H{number}": float(value) for number, value in enumerate(pp)}
    return {**after, **{f"PRIOR.H{number}": float(value) for number, value in enumerate(prior)}}
