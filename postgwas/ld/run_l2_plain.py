"""LD scores of PLINK 1 files without annotations or lists, from arrays to text; no tables are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import engine
from postgwas.genotypes.plain_plink1 import PlainPlink1, PlainVariants
from postgwas.ld.run_filters import minor_frequencies, varying
from postgwas.ld.run_sums import Population, count, sum_over_windows
from postgwas.ld.run_windows import Unit
from postgwas.ld.scores import Floats, unbiased
from postgwas.ld.windows import Left, left_edges
from postgwas.sumstats.munge.write_text import write_table
from postgwas.sumstats.write import ROWS

_COMMON = 0.05


@dataclass(frozen=True, eq=False)
class PlainScores:
    """LD scores of the variants that have one.

    Attributes
    ----------
    variants : PlainVariants
    maf : ndarray of float64, shape (V,)
    l2 : ndarray of float64, shape (V, 1)
    m, m_5_50 : ndarray of float64, shape (1,)
    dropped : dict of str to int
    """

    variants: PlainVariants
    maf: NDArray[np.float64]
    l2: Floats
    m: Floats
    m_5_50: Floats
    dropped: dict[str, int]


def windows_of_plain(
    variants: PlainVariants, window: float, unit: Unit, *, whole_chromosome: bool
) -> Left | None:
    """Left ends of the windows; None where :mod:`.run_windows` would refuse."""
    starts = variants.starts
    stops = np.append(starts[1:], len(variants))
    if unit == "cm":
        coordinates: NDArray[Any] = variants.cm
        if any(b - a > 1 and not coordinates[a:b].any() for a, b in zip(starts, stops)):
            return None
    else:
        coordinates = variants.position.astype(np.float64) if unit == "kb" else np.arange(len(variants))
    left = left_edges(coordinates, window * 1000.0 if unit == "kb" else window, starts)
    spanned = bool(np.all(left[stops - 1] == starts))
    return left if whole_chromosome or not spanned else None


def plain_scores(
    panel: PlainPlink1, window: float, unit: Unit, maf: float, *, whole_chromosome: bool, **where: Any
) -> PlainScores | None:
    """As :func:`postgwas.ld.run.ld_scores`, to the same bits; None where that would refuse."""
    rows = np.arange(panel.n_variants)
    with engine(where.pop("cores", 1), **where) as eng:
        moments = count(eng, panel.source, None, rows)
        varies = varying(moments)
        frequent = minor_frequencies(moments, compat=False) > maf
        dropped = {"monomorphic": int((~varies).sum())}
        if maf:
            dropped["maf"] = int((varies & ~frequent).sum())
        rows = np.flatnonzero(varies & (frequent if maf else True))
        variants, moments = panel.variants.take(rows), moments.of(rows)
        left = None
        if rows.size:
            left = windows_of_plain(variants, window, unit, whole_chromosome=whole_chromosome)
        if left is None:
            return None
        squares = sum_over_windows(eng, (Population(panel.source, None, rows, moments),), left, None)
    ones = np.ones((len(rows), 1))
    rarer = minor_frequencies(moments, compat=False)
    return PlainScores(
        variants, rarer, unbiased(squares, ones, left, panel.n_samples), ones.sum(axis=0),
        ones[rarer > _COMMON].sum(axis=0), dropped,
    )  # fmt: skip


def write_plain(scores: PlainScores, path: Path) -> None:
    """``.l2.ldscore.gz``, as :func:`postgwas.ld.write_scores.write_scores` writes it."""
    variants = scores.variants
    columns: Mapping[str, Any] = {
        "CHR": variants.chromosome, "SNP": variants.snpid, "BP": variants.position, "L2": scores.l2[:, 0],
    }  # fmt: skip
    write_table(columns, path, overwrite=True, piece=ROWS)
