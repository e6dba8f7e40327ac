"""Results of permutation passes as tables: tensorQTL's columns, and what they lack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postgwas.qtl.association import associate
from postgwas.qtl.inputs import EMPTY_WINDOW, QtlInputs
from postgwas.qtl.permute_segment import PermuteTask, Tested, perfect, permute
from postgwas.qtl.projection import Floats
from postgwas.qtl.rejections import SegmentRejections, segment_rejections
from postgwas.qtl.run_cis import PERFECT_FIT
from postgwas.qtl.segment_scan import SegmentScan
from postgwas.qtl.segments import Rows, Segment

if TYPE_CHECKING:
    import polars as pl


#: The null maxima allow no beta approximation: pval_beta is pval_perm.
NO_BETA_FIT = "no_beta_fit"

_LN10 = np.log(10.0)


@dataclass(frozen=True, eq=False)
class PermutedSegment:
    """What one segment gives: a row of its lead variant and a null for each phenotype or group."""

    leads: pl.DataFrame
    tested: list[Tested]
    rejected: SegmentRejections


def permute_segment(task: PermuteTask) -> PermutedSegment:
    """The task of the engine."""
    found, results = permute(task)
    segment = task.segment
    genes = np.array([one.gene for one in results], dtype=np.int64)
    leads = lead_table(segment, found, genes, found.lead[genes], found.r[genes], segment.df)
    return PermutedSegment(leads, results, _left_out(segment, found))


def lead_table(
    segment: Segment, found: SegmentScan, genes: Rows, lead: Rows, r: Floats, df: int
) -> pl.DataFrame:
    """A row a phenotype with its variant: what follows from the correlation alone.

    Parameters
    ----------
    genes, lead : (K,) int64
        Of the segment's phenotypes and variants.
    r : (K,) float64
    df : int
        Degrees of freedom of the test.
    """
    import polars as pl

    tests = associate(r, found.norm[lead], segment.y_norm[genes], df)
    variants = segment.variants[lead]
    return pl.DataFrame(
        {
            "row": segment.genes[genes],
            "phenotype_id": pl.Series([segment.gene_ids[gene] for gene in genes.tolist()], dtype=pl.String),
            "num_var": found.n_variants[genes],
            "variant_id": variants["SNPID"],
            "POS": segment.positions[lead],
            "ma_samples": found.ma_samples[lead],
            "ma_count": found.ma_count[lead],
            "af": found.af[lead],
            "pval_nominal": tests.pval,
            "slope": tests.slope,
            "slope_se": tests.slope_se,
            "tss_distance": segment.positions[lead] - segment.tss[genes],
            "effect_allele": variants["A1"],
            "other_allele": variants["A2"],
            "mlog10p": tests.mlog10p,
        }
    )


def _left_out(segment: Segment, found: SegmentScan) -> SegmentRejections:
    ids = segment.gene_ids
    empty = np.flatnonzero(found.lead < 0).tolist()
    reasons = [(ids[gene], EMPTY_WINDOW) for gene in empty]
    reasons += [(ids[gene], PERFECT_FIT) for gene in np.flatnonzero(perfect(found)).tolist()]
    return segment_rejections(segment, found.reason, found.n_missing, phenotypes=reasons)


def joined(parts: Sequence[PermutedSegment]) -> tuple[pl.DataFrame, list[Tested]]:
    """Rows of all segments by place of the phenotype."""
    import polars as pl

    leads = pl.concat([part.leads for part in parts])
    results = [one for part in parts for one in part.tested]
    order = np.argsort(leads["row"].to_numpy(), kind="stable")
    return leads[order], [results[at] for at in order.tolist()]


def permutation_columns(leads: pl.DataFrame, results: Sequence[Tested], inputs: QtlInputs) -> pl.DataFrame:
    """tensorQTL's columns in its order, then ours; P of phenotypes without a beta fit are those counted."""
    import polars as pl

    genes = inputs.phenotypes.genes[leads["row"].to_list()]
    fits = [one.fit for one in results]
    p_perm = np.array([one.p_perm for one in results])
    log_true = np.array(
        [fit.log_p_true_df(one.r2) if fit.fitted else np.nan for fit, one in zip(fits, results)]
    )
    log_beta = np.array([fit.log_p_beta(one.r2) if fit.fitted else np.nan for fit, one in zip(fits, results)])
    log_beta = np.where(np.isnan(log_beta), np.log(p_perm), log_beta)
    frame = leads.with_columns(
        beta_shape1=pl.Series([fit.shape1 for fit in fits], dtype=pl.Float64),
        beta_shape2=pl.Series([fit.shape2 for fit in fits], dtype=pl.Float64),
        true_df=pl.Series([fit.df for fit in fits], dtype=pl.Float64),
        pval_true_df=np.exp(log_true),
        start_distance=leads["POS"] - genes["START"].fill_null(genes["TSS"]),
        end_distance=leads["POS"] - genes["END"].fill_null(genes["TSS"]),
        pval_perm=p_perm,
        pval_beta=np.exp(log_beta),
        mlog10p_beta=-log_beta / _LN10 + 0.0,
        n_permutations=pl.Series([one.n_permutations for one in results], dtype=pl.Int64),
    )  # fmt: skip
    columns = list(PERMUTATION)
    if "GROUP_ID" in genes.columns:
        sizes = dict(inputs.phenotypes.genes["GROUP_ID"].value_counts().iter_rows())
        groups = genes["GROUP_ID"]
        size = pl.Series("group_size", [sizes[group] for group in groups], dtype=pl.Int64)
        frame = frame.with_columns(groups.alias("group_id"), size)
        columns += ["group_id", "group_size"]
    return frame.select(*columns, *OURS).with_columns(pl.col(pl.Float64).fill_nan(None))


#: tensorQTL's columns
PERMUTATION = (
    "phenotype_id", "num_var", "beta_shape1", "beta_shape2", "true_df", "pval_true_df", "variant_id",
    "start_distance", "end_distance", "ma_samples", "ma_count", "af", "pval_nominal", "slope", "slope_se",
    "pval_perm", "pval_beta",
)  # fmt: skip
#: those that follow
OURS = ("tss_distance", "effect_allele", "other_allele", "mlog10p", "mlog10p_beta", "n_permutations")
