"""``ld_scores``: from genotype files to LD scores."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import engine
from postgwas.errors import InputError, UsageError
from postgwas.genotypes import Genotypes, open_genotypes
from postgwas.genotypes.alleles import Multiallelic
from postgwas.ld.run_filters import (
    annotation_matrix,
    chosen_samples,
    chosen_variants,
    exponent_of,
    polymorphic,
    scored_variants,
)
from postgwas.ld.run_sums import Population, count, sum_over_windows
from postgwas.ld.run_windows import Unit, refuse_whole, windows_of
from postgwas.ld.scores import Floats, unbiased
from postgwas.ld.windows import chunked_edges

if TYPE_CHECKING:
    import polars as pl

__all__ = ["LDScores", "Unit", "ld_scores"]

_COMMON = 0.05
#: The correction of r^2 divides by two less than their number.
FEWEST_SAMPLES = 3


@dataclass(frozen=True, eq=False)
class LDScores:
    """LD scores of the variants of one genotype file.

    Attributes
    ----------
    variants : polars.DataFrame
        CHR, CHROM, SNPID, CM, POS, A1, A2 and FRQ (of A1), MAF; in file order.
    l2 : ndarray of float64, shape (V, A)
        Sums of annot * (r^2 - (1 - r^2)/(n - 2)) over the window, the variant included.
    m, m_5_50 : ndarray of float64, shape (A,)
        Sums of the annotation over all variants, and over those of MAF > 0.05.
    annotations : tuple of str
        Names of the columns.
    annot : ndarray of float64, shape (V, A)
        The annotation values that were summed, scaled by (p(1-p))^pq_exp if asked for.
    n_samples : int
        People behind the scores.
    dropped : dict of str to int
        Variants of the file that have no score, by reason.
    """

    variants: pl.DataFrame
    l2: Floats
    m: Floats
    m_5_50: Floats
    annotations: tuple[str, ...]
    annot: Floats
    n_samples: int
    dropped: dict[str, int]


def ld_scores(
    genotypes: str | os.PathLike[str] | Genotypes,
    *,
    window: float,
    unit: Unit = "cm",
    annot: NDArray[Any] | pl.DataFrame | None = None,
    keep: str | os.PathLike[str] | Sequence[str] | None = None,
    extract: str | os.PathLike[str] | Sequence[str] | None = None,
    maf: float | None = None,
    pq_exp: float | None = None,
    per_allele: bool = False,
    cm_map: str | os.PathLike[str] | None = None,
    whole_chromosome: bool = False,
    double: bool = False,
    compat: bool = False,
    chunk_size: int = 50,
    cores: int = 1,
    scheduler: str | os.PathLike[str] | None = None,
    jobqueue: str | None = None,
    jobqueue_options: Mapping[str, Any] | None = None,
) -> LDScores:
    """LD scores of every polymorphic variant, within exact windows.

    Parameters
    ----------
    genotypes : path or Genotypes
        PLINK 1 prefix (or .bed), .pgen, VCF or BCF.
    window : float
        Half-width: a variant's window holds the variants of its chromosome at most this far.
    unit : {"cm", "kb", "snps"}
        Of `window`; "snps" counts variants that have a score.
    annot : array or DataFrame, shape (variants of the file, A), optional
        Weights in the order of the file, before any filter. A DataFrame's column names
        become names of annotations. None: one column of ones.
    keep : path or sequence of str, optional
        Samples: a file (see :func:`postgwas.genotypes.samples.keep_samples`) or IIDs.
    extract : path or sequence of str, optional
        Variant ids: a file with ids in its first column, or the ids.
    maf : float, optional
        Only variants of MAF > maf count; monomorphic ones never do.
    pq_exp : float, optional
        Scale annotations by (p(1-p))^pq_exp.
    per_allele : bool
        The same with exponent 1.
    cm_map : path, optional
        Genetic map for ``unit="cm"``, in place of the file's own cM; see
        :func:`postgwas.genotypes.genetic_map.read_genetic_map`.
    whole_chromosome : bool
        Let windows span whole chromosomes; refused otherwise, because it is mostly a
        window in the wrong unit.
    double : bool
        Products in float64 rather than float32: twice the time, for an error of 1e-12
        rather than about 1e-6 of a score.
    compat : bool
        As ldsc.py 1.0.1: windows rounded to chunks of `chunk_size` variants and going on
        across chromosome borders; the first column of a keep file is IID; float64.
    chunk_size : int
        Only with `compat`.
    cores, scheduler, jobqueue, jobqueue_options
        Where the work runs, see :func:`postgwas.compute.engine.engine`. The scores are
        the same bits everywhere.

    Returns
    -------
    LDScores
        ``variants`` and ``l2`` row by row, and ``m``, ``m_5_50``; ``postgwas ldsc --l2`` writes
        the same to files.

    Raises
    ------
    UsageError
        If arguments contradict each other.
    InputError
        If files are damaged or do not belong together, positions are not ascending, or
        there is no genetic map for ``unit="cm"``.
    NoVariantsError
        If no variant is left.

    References
    ----------
    Bulik-Sullivan et al. 2015, Nature Genetics 47:291.
    """
    exponent = exponent_of(pq_exp, per_allele)
    if cm_map is not None and unit != "cm":
        raise UsageError("a genetic map serves windows in cM only", hint="--ld_wind_cm with --cm_map")
    if not window > 0:
        raise UsageError(f"the LD window is {window}: expected more than 0", hint="--ld_wind_cm")
    several: Multiallelic = "skip" if compat else "split"
    data = genotypes if isinstance(genotypes, Genotypes) else open_genotypes(genotypes, multiallelic=several)
    names, values = annotation_matrix(annot, data)
    samples = chosen_samples(keep, data, compat=compat)
    n_samples = data.n_samples if samples is None else len(samples)
    if n_samples < FEWEST_SAMPLES:
        raise InputError(f"{data.path}: {n_samples} samples; LD scores need at least {FEWEST_SAMPLES}")
    with engine(cores, scheduler=scheduler, jobqueue=jobqueue, jobqueue_options=jobqueue_options) as eng:
        rows, dropped = chosen_variants(extract, data, compat=compat)
        moments = count(eng, data.source, samples, rows)
        rows, moments = polymorphic(rows, moments, maf or 0.0, dropped, data.path, compat=compat)
        variants = scored_variants(data, rows, moments, compat=compat)
        if cm_map is not None:
            from postgwas.genotypes.genetic_map import with_genetic_positions

            variants = with_genetic_positions(variants, cm_map)
        left = windows_of(variants, window, unit, data.path, compat=compat)
        if not whole_chromosome:
            refuse_whole(left, variants, compat=compat)
        if compat:
            left = chunked_edges(left, chunk_size)
        weights = None if values is None else values[rows]
        if exponent:
            pq = moments.frequency * (1.0 - moments.frequency)
            weights = (1.0 if weights is None else weights) * (pq**exponent)[:, None]
        population = Population(data.source, samples, rows, moments)
        squares = sum_over_windows(
            eng, (population,), left, weights, np.float64 if double or compat else np.float32
        )
    ones = np.ones((len(rows), 1)) if weights is None else weights
    common = variants["MAF"].to_numpy() > _COMMON
    return LDScores(
        variants, unbiased(squares, ones, left, n_samples), ones.sum(axis=0), ones[common].sum(axis=0),
        names, ones, n_samples, dropped,
    )  # fmt: skip
