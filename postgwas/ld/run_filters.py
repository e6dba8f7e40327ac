"""Which samples and variants LD scores are of, and the annotations that weigh them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes import Genotypes, Moments
from postgwas.genotypes.genotypes import Rows
from postgwas.genotypes.samples import keep_samples
from postgwas.genotypes.variants import listed_variants
from postgwas.ld.frame_columns import float_column, rows_of
from postgwas.ld.scores import Floats

if TYPE_CHECKING:
    import polars as pl


def annotation_matrix(
    annot: NDArray[Any] | pl.DataFrame | None, data: Genotypes
) -> tuple[tuple[str, ...], Floats | None]:
    """Names and values of annotations, one row a variant of the file; None for a column of ones.

    Raises
    ------
    InputError
        If the rows are not as many as the variants, or a value is not finite.
    """
    if annot is None:
        return ("L2",), None
    if isinstance(annot, np.ndarray):
        values = np.asarray(annot, dtype=np.float64).reshape(len(annot), -1)
        names = tuple(f"ANNOT_{k}" for k in range(values.shape[1]))
    else:
        values, names = annot.to_numpy().astype(np.float64), tuple(annot.columns)
    if len(values) != data.n_variants:
        raise InputError(
            f"{len(values):,} rows of annotations for {data.n_variants:,} variants of {data.path}"
        )
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise InputError(f"annotation '{names[column]}' of variant {row + 1} is not a finite number")
    return names, values


def chosen_samples(
    keep: str | os.PathLike[str] | Sequence[str] | None, data: Genotypes, *, compat: bool
) -> Rows | None:
    """Rows of the samples to use; None for all."""
    if keep is None:
        return None
    return keep_samples(data.samples, keep, first_column=compat)


def chosen_variants(
    extract: str | os.PathLike[str] | Sequence[str] | None, data: Genotypes, *, compat: bool
) -> tuple[Rows, dict[str, int]]:
    """Rows of the variants to look at, and counts of the others."""
    wanted = np.ones(data.n_variants, np.bool_)
    dropped: dict[str, int] = {}
    if extract is not None:
        wanted = listed_variants(data.variants, extract)
        dropped["not_extracted"] = int((~wanted).sum())
    if not compat:
        unplaced = wanted & (data.variants["CHROM"] == "0").to_numpy()
        if unplaced.any():
            dropped["unplaced"] = int(unplaced.sum())
            wanted &= ~unplaced
    if not wanted.any():
        raise NoVariantsError(f"{data.path}: all {data.n_variants:,} variants are on chromosome 0 (unplaced)")
    return np.flatnonzero(wanted), dropped


def varying(moments: Moments) -> NDArray[np.bool_]:
    """Variants that are not all missing or all the same."""
    # Hard calls give 0 or about 1 at least; dosages give 0 but for rounding.
    varies: NDArray[np.bool_] = (moments.n_observed > 0) & (moments.deviation > 1e-6)
    return varies


def minor_frequencies(moments: Moments, *, compat: bool) -> NDArray[np.float64]:
    """Frequencies of the rarer alleles, which decide on --maf and M_5_50.

    ldsc.py takes the smaller of A2's and what that lacks to 1: of 19 copies in 20, 0.05 and a rounding
    error, which is above 0.05; of 1 in 20, 0.05, which is not.
    """
    if not compat:
        return moments.minor_frequency
    with np.errstate(invalid="ignore"):
        second = (2.0 * moments.n_observed - moments.total) / (2.0 * moments.n_observed)
    return np.minimum(second, 1.0 - second)


def polymorphic(
    rows: Rows, moments: Moments, maf: float, dropped: dict[str, int], path: str, *, compat: bool
) -> tuple[Rows, Moments]:
    """Drop what has no variance and what is too rare, and count it."""
    varies = varying(moments)
    frequent = minor_frequencies(moments, compat=compat) > maf
    dropped["monomorphic"] = int((~varies).sum())
    if maf:
        dropped["maf"] = int((varies & ~frequent).sum())
    kept = varies & (frequent if maf else True)
    if not kept.any():
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in dropped.items())
        raise NoVariantsError(f"{path}: no variants are left for LD scores ({reasons})")
    return rows[kept], moments.of(kept)


def scored_variants(data: Genotypes, rows: Rows, moments: Moments, *, compat: bool) -> pl.DataFrame:
    """The table of the variants that get a score, with FRQ (of A1) and MAF."""
    rarer = minor_frequencies(moments, compat=compat)
    return rows_of(data.variants, rows).with_columns(
        float_column("FRQ", moments.frequency), float_column("MAF", rarer)
    )


def exponent_of(pq_exp: float | None, per_allele: bool) -> float:
    """The power of p(1-p) that scales annotations."""
    if per_allele and pq_exp is not None and pq_exp != 1:
        raise UsageError(f"--per_allele is --pq_exp 1, and --pq_exp is {pq_exp:g}", hint="give one of them")
    return 1.0 if per_allele else pq_exp or 0.0
