"""The best interaction of each phenotype, and its significance: eigenMT, permutations, FDR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from postgwas.qtl.f_tails import f_mlog10p
from postgwas.qtl.interaction import InteractionModel
from postgwas.qtl.interaction_scan import SegmentScan
from postgwas.qtl.interaction_tables import best_pairs
from postgwas.qtl.projection import Floats
from postgwas.qtl.qvalues import qvalue
from postgwas.qtl.segments import Segment

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class TopOf:
    """Best pairs of a segment's phenotypes.

    Attributes
    ----------
    pairs : polars.DataFrame
        Of :func:`postgwas.qtl.interaction_tables.pair_table`.
    num_var, tests : ndarray of int64
        Variants tested, and how many tests they amount to (-1: not computed).
    pval_perm, pval_beta, beta_shape1, beta_shape2, true_df : ndarray or None
        Of permutations.
    """

    pairs: pl.DataFrame
    num_var: NDArray[np.int64]
    tests: NDArray[np.int64]
    permuted: Floats | None


PERMUTED = ("beta_shape1", "beta_shape2", "true_df", "pval_perm", "pval_beta")
"""Columns of permutations, in order."""


def top_of(segment: Segment, found: SegmentScan, model: InteractionModel, pairs: pl.DataFrame) -> TopOf:
    """Best pairs with what their segment knows of them.

    Parameters
    ----------
    segment : Segment
    found : SegmentScan
    model : InteractionModel
    pairs : polars.DataFrame
        All pairs: :func:`postgwas.qtl.interaction_tables.pair_table`.
    """
    best = best_pairs(found, segment.n_genes)
    genes = found.gene[best]
    counts = np.bincount(found.gene, minlength=segment.n_genes)
    permuted = None
    if found.shares or len(best) == 0:
        rows = [
            permutation_columns(found.effects.share[pair], found.shares[gene], model.n_terms, model.df)
            for pair, gene in zip(best.tolist(), genes.tolist())
        ]
        permuted = np.array(rows).reshape(len(rows), len(PERMUTED))
    return TopOf(pairs[best], counts[genes], found.tests[genes], permuted)


def permutation_columns(share: float, shares: Floats, n_terms: int, df: int) -> list[float]:
    """Shapes, degrees of freedom and P of the best interaction among permuted ones.

    Parameters
    ----------
    share : float
        Partial R squared of the best.
    shares : ndarray, shape (permutations,)
        The largest of each permutation.
    n_terms, df : int
        Degrees of freedom of the test.

    Notes
    -----
    The beta approximation fits degrees of freedom to squared correlations; of several terms, each
    share is replaced by the squared correlation that has the same P.
    """
    from postgwas.qtl.beta_fit import fit_beta  # loads scipy's optimisers, which few runs need

    more = int((shares >= share).sum())
    pval_perm = (1 + more) / (len(shares) + 1)
    both = np.append(shares, share)
    if n_terms > 1:
        p = np.maximum(10.0 ** -f_mlog10p(both, n_terms, df), 1e-300)
        both = 1.0 - betaincinv(df / 2.0, 0.5, p)
    fit = fit_beta(both[:-1], df=float(df))
    pval_beta = float(np.exp(fit.log_p_beta(float(both[-1])))) if fit.fitted else np.nan
    return [fit.shape1, fit.shape2, fit.df, pval_perm, pval_beta]


def top_table(parts: Sequence[TopOf], n_terms: int) -> pl.DataFrame:
    """Best pairs of all phenotypes, with adjusted P.

    Parameters
    ----------
    parts : sequence of TopOf
        Of the segments, in order.
    n_terms : int
        P of a phenotype is that of its term, or of several the joint one.

    Notes
    -----
    pval_emt = min(1, tests_emt P); pval_adj_bh is Benjamini and Hochberg's of these over phenotypes;
    qval is Storey's of pval_beta.
    """
    import polars as pl

    frame = pl.concat([part.pairs for part in parts])
    frame = frame.with_columns(pl.Series("num_var", np.concatenate([part.num_var for part in parts])))
    name = "pval_gi" if n_terms == 1 else "pval_gi_joint"
    p = frame[name].to_numpy()
    tests = np.concatenate([part.tests for part in parts])
    if len(tests) and tests.min() >= 0:
        pval_emt = np.minimum(tests * p, 1.0)
        frame = frame.with_columns(
            pl.Series("tests_emt", tests),
            pl.Series("pval_emt", pval_emt),
            pl.Series("pval_adj_bh", qvalue(pval_emt, method="bh").q),
        )
    permuted = [part.permuted for part in parts if part.pairs.height]
    if permuted and all(one is not None for one in permuted):
        columns = np.concatenate([one for one in permuted if one is not None]).T
        frame = frame.with_columns(pl.Series(name, column) for name, column in zip(PERMUTED, columns))
        frame = frame.with_columns(pl.Series("qval", qvalue(frame["pval_beta"].to_numpy()).q))
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))
