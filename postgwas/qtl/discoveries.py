"""q-values and thresholds of a table of permutation results: eGenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postgwas.qtl.permutation_options import DiscoveryOptions
from postgwas.qtl.qvalues import qvalue
from postgwas.qtl.thresholds import thresholds
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

ADDED = ("qval", "pval_nominal_threshold", "pval_nominal_threshold_exact")


@dataclass(frozen=True)
class Discoveries:
    """What is significant.

    Attributes
    ----------
    n_significant, n_tested : int
        Phenotypes, or groups.
    fdr : float
    pi0 : float
        Share of true nulls.
    method : str
        How pi0 was found.
    pval_beta_threshold : float
        NaN if nothing is significant.
    note : str or None
        Why q-values are Benjamini and Hochberg's, where they should not be.
    """

    n_significant: int
    n_tested: int
    fdr: float
    pi0: float
    method: str
    pval_beta_threshold: float
    note: str | None


def discover(
    table: pl.DataFrame, *, df: float, options: DiscoveryOptions
) -> tuple[pl.DataFrame, Discoveries]:
    """Add q-values and thresholds.

    Parameters
    ----------
    table : polars.DataFrame
        beta_shape1, beta_shape2, true_df, pval_beta; older q-values and thresholds are replaced.
    df : float
        Degrees of freedom of a nominal test.
    options : DiscoveryOptions
    """
    import polars as pl

    def numbers(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        values: np.ndarray[tuple[int], np.dtype[np.float64]] = table[name].cast(pl.Float64).to_numpy()
        return values

    p = numbers("pval_beta")
    found = qvalue(p, lambda_=options.qvalue_lambda, method=options.qvalue_method)
    if found.note:
        log.warning("q-values: %s", found.note)
    fits = np.column_stack([numbers(name) for name in ("beta_shape1", "beta_shape2", "true_df")])
    limits = thresholds(p, found.q, fits, df=df, fdr=options.fdr)
    n_significant = int(np.count_nonzero(found.q <= options.fdr))
    log.info(
        "%d of %d phenotypes are significant at a false discovery rate of %g (pi0 %.3f, %s)",
        n_significant, table.height, options.fdr, found.pi0, found.method,
    )  # fmt: skip
    added = {"qval": found.q, ADDED[1]: limits.nominal, ADDED[2]: limits.exact}
    others = table.drop(*ADDED, strict=False)
    at = others.columns.index("pval_beta") + 1
    at += sum(name in others.columns for name in ("group_id", "group_size"))
    new = [pl.Series(name, values).fill_nan(None) for name, values in added.items()]
    wider = others.select(*others.columns[:at], *new, *others.columns[at:])
    return wider, Discoveries(
        n_significant, table.height, options.fdr, found.pi0, found.method, limits.pval_beta, found.note
    )
