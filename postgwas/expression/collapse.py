"""Collapsed gene models: all isoforms of a gene as one, without what other genes share.

The rules of GTEx's documentation of its gene model (broadinstitute/gtex-pipeline, gene_model):
transcripts of retained introns and read-through are left out; the exons of each gene are merged;
bases in exons of more than one gene are taken from all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

IntArray = NDArray[np.int64]


def collapse_genes(
    features: pl.DataFrame, *, collapse_only: bool = False, stranded: bool = False
) -> pl.DataFrame:
    """Exons of collapsed gene models.

    Parameters
    ----------
    features : polars.DataFrame
        Of :func:`postgwas.expression.gtf.read_gtf`.
    collapse_only : bool
        Leave bases that genes share where they are (for stranded libraries; GTEx's flag of that name).
    stranded : bool
        Take away only what genes of the same strand share.

    Returns
    -------
    polars.DataFrame
        GENE_ID, CHROM, STRAND, START, END of each exon, sorted by CHROM, START. A gene all of whose
        bases are shared, or all of whose transcripts are left out, has no row.

    Notes
    -----
    Transcripts count as read-through where they carry GENCODE's tag ``readthrough_transcript``, or
    their type is ``read_through`` or ``readthrough``.
    """
    import polars as pl

    from postgwas.expression.gtf import merge_intervals

    kind = pl.col("TRANSCRIPT_TYPE").fill_null("")
    kept = features.filter(
        (pl.col("FEATURE") == "exon")
        & ~kind.is_in(["retained_intron", "read_through", "readthrough"])
        & ~pl.col("READTHROUGH").fill_null(False)
    )
    place = kept.unique("GENE_ID", keep="first", maintain_order=True).select("GENE_ID", "CHROM", "STRAND")
    merged = merge_intervals(kept.join(place, on=["GENE_ID", "CHROM"]), "GENE_ID").join(
        place, on="GENE_ID", maintain_order="left"
    )
    if not collapse_only:
        by = ["CHROM", "STRAND"] if stranded else ["CHROM"]
        parts = [_without_shared(part) for part in merged.partition_by(by, maintain_order=True)]
        merged = pl.concat(parts) if parts else merged
    return merged.select("GENE_ID", "CHROM", "STRAND", "START", "END").sort("CHROM", "START", "GENE_ID")


def _without_shared(exons: pl.DataFrame) -> pl.DataFrame:
    """The exons of one chromosome less what more than one gene covers."""
    starts, ends = exons["START"].to_numpy(), exons["END"].to_numpy()
    rows, first, last = subtract_shared(starts, ends)
    return exons[rows].with_columns(START=first, END=last)


def subtract_shared(starts: IntArray, ends: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """What is left of intervals when bases that two or more cover are taken from all.

    Parameters
    ----------
    starts, ends : ndarray of int64, shape (intervals,)
        Both included.

    Returns
    -------
    rows, starts, ends : ndarray of int64, shape (pieces,)
        Pieces and the interval that each is of.

    Examples
    --------
    >>> [a.tolist() for a in subtract_shared(np.array([1, 5]), np.array([10, 7]))]
    [[0, 0], [1, 8], [4, 10]]
    """
    edges = np.unique(np.concatenate([starts, ends + 1]))
    depth = np.zeros(len(edges) + 1, np.int64)
    first = np.searchsorted(edges, starts)
    last = np.searchsorted(edges, ends + 1)
    np.add.at(depth, first, 1)
    np.add.at(depth, last, -1)
    single = np.cumsum(depth)[:-1] == 1
    # Pieces between edges that exactly one interval covers, joined where they touch.
    pieces = last - first
    rows = np.repeat(np.arange(len(starts)), pieces)
    at = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces) + np.repeat(first, pieces)
    good = single[at]
    rows, at = rows[good], at[good]
    begins = np.ones(len(rows), np.bool_)
    begins[1:] = (rows[1:] != rows[:-1]) | (at[1:] != at[:-1] + 1)
    stops = np.append(begins[1:], True) if len(begins) else begins
    return rows[begins], edges[at[begins]], edges[at[stops] + 1] - 1
