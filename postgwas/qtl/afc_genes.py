"""Fold changes of a run of genes, as a task of the engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl import fold_change
from postgwas.qtl.afc_result import AfcOptions
from postgwas.qtl.projection import projection

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GeneTask:
    """Genes and the calls of their variants.

    Attributes
    ----------
    genes : tuple of str
    pairs : tuple of tuple of int
        Of each gene, the places of its pairs in the table.
    expression : ndarray, shape (genes, n)
        log2.
    copies : tuple of ndarray, shape (J, n) or (2, J, n)
    covariates : ndarray, shape (k, n), optional
    options : AfcOptions
    """

    genes: tuple[str, ...]
    pairs: tuple[tuple[int, ...], ...]
    expression: Floats
    copies: tuple[Floats, ...]
    covariates: Floats | None
    options: AfcOptions


@dataclass(frozen=True)
class FittedPair:
    """One pair's numbers; `partner` is the place in the table of the variant it is collinear with, or -1."""

    pair: int
    estimate: float
    se: float
    lower: float
    upper: float
    baseline: float
    n_samples: int
    n_missing: int
    n_together: int
    reason: str
    partner: int


def fit_genes(task: GeneTask) -> list[FittedPair]:
    """Fit each gene's pairs."""
    rows = []
    beside = projection(task.covariates, task.expression.shape[1])
    for gene, pairs, y, copies in zip(task.genes, task.pairs, task.expression, task.copies):
        gaps = np.isnan(copies if copies.ndim == 2 else copies.sum(axis=0))
        if task.options.estimator == "approximation":
            found = fold_change.afc(y, copies[0], task.covariates, options=task.options, name=gene)
        else:
            found = fold_change.afc_joint(y, copies, beside, options=task.options, name=gene)
        drops = task.options.missing == "drop" or task.options.estimator == "approximation"
        n_samples = int((~gaps.any(axis=0)).sum()) if drops else len(y)
        together = sum(reason not in ("constant", "collinear") for reason in found.reason)
        for at, pair in enumerate(pairs):
            partner = int(found.partner[at])
            rows.append(
                FittedPair(
                    pair, float(found.estimate[at]), float(found.se[at]), float(found.lower[at]),
                    float(found.upper[at]), found.baseline, n_samples, int(gaps[at].sum()), together,
                    found.reason[at], pairs[partner] if partner >= 0 else -1,
                )
            )  # fmt: skip
    return rows
