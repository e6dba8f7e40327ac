"""Tables of interactions: all pairs, and the best of each phenotype, with tensorQTL's names of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.f_tails import f_mlog10p
from postgwas.qtl.interaction_scan import SegmentScan
from postgwas.qtl.projection import Floats
from postgwas.qtl.segments import Segment
from postgwas.qtl.t_tails import TTable, p_of, t_mlog10p

if TYPE_CHECKING:
    import polars as pl


def numbered(name: str, number: int, n_terms: int) -> str:
    """Name of a term's column: b_gi, or of several terms b_gi1, b_gi2, as tensorQTL numbers them.

    Examples
    --------
    >>> numbered("b_gi_se", 2, 1), numbered("b_gi_se", 2, 3), numbered("pval_i", 1, 3)
    ('b_gi_se', 'b_gi2_se', 'pval_i1')
    """
    if n_terms == 1:
        return name
    stem, i, rest = name.rpartition("i")
    return f"{stem}{i}{number}{rest}"


def pair_columns(n_terms: int) -> list[str]:
    """Columns of PREFIX.cis_interaction.tsv.gz."""
    names = ["phenotype_id", "variant_id", "tss_distance", "start_distance", "af", "ma_samples", "ma_count",
             "pval_g", "b_g", "b_g_se"]  # fmt: skip
    for number in range(1, n_terms + 1):
        names += [
            numbered(name, number, n_terms)
            for name in ("pval_i", "b_i", "b_i_se", "pval_gi", "b_gi", "b_gi_se")
        ]
    joint = ["f_gi_joint", "pval_gi_joint"] if n_terms > 1 else []
    return [*names, *joint, "mlog10p_gi", "effect_allele", "other_allele"]


def pair_table(segment: Segment, found: SegmentScan, df: int) -> pl.DataFrame:
    """Pairs as a table, statistics as doubles, NaN as null."""
    import polars as pl

    gene, variant, effects = found.gene, found.variant, found.effects
    k = effects.b_gi.shape[1]
    table = TTable(df) if len(gene) > 4096 else None

    def mlog10p(value: Floats, error: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            t = value / error
        return t_mlog10p(t, df) if table is None else table.mlog10p(t)

    rows = pl.Series(variant)
    distance = segment.positions[variant] - segment.tss[gene]
    columns: dict[str, Any] = {
        "phenotype_id": pl.Series(segment.gene_ids, dtype=pl.String).gather(pl.Series(gene)),
        "variant_id": segment.variants["SNPID"].gather(rows),
        "tss_distance": distance,
        "start_distance": distance,
        "af": found.about.af[variant],
        "ma_samples": found.about.ma_samples[variant].astype(np.int32),
        "ma_count": found.about.ma_count[variant].astype(np.int32),
        "pval_g": p_of(mlog10p(effects.b_g, effects.b_g_se)),
        "b_g": effects.b_g,
        "b_g_se": effects.b_g_se,
    }
    last = np.empty(0)
    for term in range(k):
        for name, value, error in (
            ("i", effects.b_i[:, term], effects.b_i_se[:, term]),
            ("gi", effects.b_gi[:, term], effects.b_gi_se[:, term]),
        ):
            last = mlog10p(value, error)
            columns[numbered(f"pval_{name}", term + 1, k)] = p_of(last)
            columns[numbered(f"b_{name}", term + 1, k)] = value
            columns[numbered(f"b_{name}_se", term + 1, k)] = error
    if k > 1:
        share = effects.share
        last = f_mlog10p(share, k, df)
        with np.errstate(invalid="ignore", divide="ignore"):
            columns["f_gi_joint"] = share / k / ((1.0 - share) / df)
        columns["pval_gi_joint"] = p_of(last)
    columns["mlog10p_gi"] = last
    columns["effect_allele"] = segment.variants["A1"].gather(rows)
    columns["other_allele"] = segment.variants["A2"].gather(rows)
    return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


def in_single(frame: pl.DataFrame) -> pl.DataFrame:
    """As files hold it."""
    import polars as pl

    names = [
        name for name, kind in frame.schema.items()
        if kind == pl.Float64 and not name.startswith("pval")
    ]  # fmt: skip
    return frame.with_columns(pl.col(names).cast(pl.Float32))


def best_pairs(found: SegmentScan, n_genes: int) -> NDArray[np.int64]:
    """The pair of each phenotype with the smallest P of interaction, the first by position of several.

    Perfect fits have no P; a phenotype without any has no best pair.
    """
    best = []
    starts = np.searchsorted(found.gene, np.arange(n_genes + 1))
    for low, high in zip(starts[:-1].tolist(), starts[1:].tolist()):
        share = found.effects.share[low:high]
        if high > low and not np.isnan(share).all():
            best.append(low + int(np.nanargmax(share)))
    return np.array(best, np.int64)
