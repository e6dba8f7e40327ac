"""Transcripts' counts, abundances and lengths to genes', by the rules of tximport."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Scaling = Literal["no", "scaled_tpm", "length_scaled_tpm", "dtu_scaled_tpm"]


@dataclass(frozen=True, eq=False)
class Quantities:
    """What quantifiers estimate, each of shape (features, samples).

    Attributes
    ----------
    counts : ndarray
        Estimated counts of reads.
    tpm : ndarray
        Transcripts per million.
    lengths : ndarray
        Effective length in bases.
    """

    counts: FloatArray
    tpm: FloatArray
    lengths: FloatArray


def summarise_to_genes(transcripts: Quantities, genes: NDArray[np.intp], n_genes: int) -> Quantities:
    """Sum transcripts over genes.

    Counts and TPM are summed. A gene's length in a sample is the mean of its transcripts'
    lengths weighted by their TPM. Where a gene has no TPM in a sample its length there is the
    geometric mean of its lengths in the other samples; where it has none in any sample, the
    plain mean over transcripts of their mean length over samples.

    Parameters
    ----------
    transcripts : Quantities
        Each of shape (transcripts, samples).
    genes : ndarray of int, shape (transcripts,)
        Gene of each transcript, 0 to `n_genes` - 1; each gene has at least one.
    n_genes : int

    Returns
    -------
    Quantities
        Each of shape (n_genes, samples).

    References
    ----------
    Soneson, Love, Robinson (2015), F1000Research 4:1521; tximport's manual.

    Examples
    --------
    >>> q = Quantities(np.array([[4.0], [6.0]]), np.array([[1.0], [3.0]]), np.array([[100.0], [200.0]]))
    >>> summarise_to_genes(q, np.array([0, 0]), 1).lengths
    array([[175.]])
    """
    order = np.argsort(genes, kind="stable")
    starts = np.searchsorted(genes[order], np.arange(n_genes))

    def total(values: FloatArray) -> FloatArray:
        sums: FloatArray = np.add.reduceat(values[order], starts, axis=0)
        return sums

    counts, tpm = total(transcripts.counts), total(transcripts.tpm)
    weighted = total(transcripts.tpm * transcripts.lengths)
    with np.errstate(invalid="ignore", divide="ignore"):
        lengths = weighted / tpm
    plain = total(transcripts.lengths.mean(axis=1, keepdims=True))[:, 0] / np.bincount(
        genes, minlength=n_genes
    )
    return Quantities(counts, tpm, _fill_lengths(lengths, plain))


def counts_from_abundance(
    quantities: Quantities, scaling: Scaling, *, genes: NDArray[np.intp] | None = None
) -> FloatArray:
    """Counts made from TPM, so that lengths need no offset.

    Parameters
    ----------
    quantities : Quantities
    scaling : {"no", "scaled_tpm", "length_scaled_tpm", "dtu_scaled_tpm"}
        ``no``: the counts as they are. ``scaled_tpm``: TPM scaled up to each sample's total
        count. ``length_scaled_tpm``: TPM times the feature's mean length over samples, then
        scaled up. ``dtu_scaled_tpm``, for transcripts: as that, with the median over the gene's
        transcripts of their mean lengths, so that shares within a gene are those of TPM.
    genes : ndarray of int, shape (transcripts,), optional
        Gene of each transcript, for ``dtu_scaled_tpm``.

    Returns
    -------
    ndarray, shape (features, samples)
        Each sample's total is its count's.

    References
    ----------
    Soneson, Love, Robinson (2015), F1000Research 4:1521; Love, Soneson, Patro (2018),
    F1000Research 7:952.
    """
    if scaling == "no":
        return quantities.counts
    made = quantities.tpm
    if scaling == "length_scaled_tpm":
        made = made * quantities.lengths.mean(axis=1, keepdims=True)
    elif scaling == "dtu_scaled_tpm":
        if genes is None:
            raise ValueError("dtu_scaled_tpm needs the gene of each transcript")
        made = made * _median_within(quantities.lengths.mean(axis=1), genes)[:, None]
    sums = made.sum(axis=0)
    totals = quantities.counts.sum(axis=0)
    factors: FloatArray = np.divide(totals, sums, out=np.zeros_like(sums), where=sums > 0)
    return made * factors


def length_offsets(lengths: FloatArray) -> FloatArray:
    """Lengths relative to the gene's geometric mean over samples: what counts are divided by.

    Parameters
    ----------
    lengths : ndarray, shape (genes, samples)
        Positive.

    Returns
    -------
    ndarray, shape (genes, samples)
        Their logarithms, added to those of the library sizes, are the offsets of edgeR and DESeq2.

    Examples
    --------
    >>> length_offsets(np.array([[100.0, 400.0]]))
    array([[0.5, 2. ]])
    """
    logs = np.log(lengths)
    offsets: FloatArray = np.exp(logs - logs.mean(axis=1, keepdims=True))
    return offsets


def usage_ratios(counts: FloatArray, genes: NDArray[np.intp], n_genes: int) -> FloatArray:
    """Each transcript's share of its gene's count; NaN where the gene has none.

    Parameters
    ----------
    counts : ndarray, shape (transcripts, samples)
    genes : ndarray of int, shape (transcripts,)
    n_genes : int

    Examples
    --------
    >>> usage_ratios(np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([0, 0]), 1)
    array([[0.25,  nan],
           [0.75,  nan]])
    """
    order = np.argsort(genes, kind="stable")
    totals = np.add.reduceat(counts[order], np.searchsorted(genes[order], np.arange(n_genes)), axis=0)[genes]
    shares: FloatArray = np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)
    return shares


def _fill_lengths(lengths: FloatArray, plain: FloatArray) -> FloatArray:
    missing = np.isnan(lengths)
    rows = np.flatnonzero(missing.any(axis=1))
    if not len(rows):
        return lengths
    some = lengths[rows]
    known = ~missing[rows]
    n_known = known.sum(axis=1)
    logs = np.log(some, out=np.zeros_like(some), where=known).sum(axis=1)
    usual = np.where(n_known > 0, np.exp(logs / np.maximum(n_known, 1)), plain[rows])
    filled = lengths.copy()
    filled[rows] = np.where(known, some, usual[:, None])
    return filled


def _median_within(values: FloatArray, genes: NDArray[np.intp]) -> FloatArray:
    """Median over each gene's transcripts, shape (transcripts,)."""
    order = np.lexsort((values, genes))
    first = np.searchsorted(genes[order], genes, side="left")
    last = np.searchsorted(genes[order], genes, side="right") - 1
    ranked = values[order]
    medians: FloatArray = (ranked[(first + last) // 2] + ranked[(first + last + 1) // 2]) / 2.0
    return medians
