"""Wald ratios, SMR and HEIDI of a region's genes, as columns of their table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.allele_match import AlleleMatch
from postgwas.coloc.genome_settings import SmrSettings
from postgwas.coloc.qtl_regions import QtlBlock
from postgwas.coloc.region_ld import LdOfTrait
from postgwas.coloc.smr import heidi, wald_ratio

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

OK, WEAK, NO_EFFECTS, FEW = "ok", "weak_instrument", "no_gwas_effects", "too_few_heidi_variants"
NO_LD = "no_ld"
"""What became of a gene's SMR."""

COLUMNS = (
    "WALD_VARIANT", "WALD_RATIO", "WALD_SE", "WALD_P", "SMR_VARIANT", "SMR_B", "SMR_SE", "SMR_P",
    "SMR_P_QTL", "SMR_P_GWAS", "HEIDI_P", "HEIDI_N", "SMR_STATUS",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class SharedEffects:
    """Effects of the variants that a gene and the GWAS share, of the same alleles.

    Attributes
    ----------
    ids : ndarray of str, shape (V,)
    beta_x, se_x, beta_y, se_y : ndarray, shape (V,)
        On the gene and in the GWAS.
    place : ndarray of int64, shape (V,)
        Row of each variant in `ld`; -1 for none.
    sign : ndarray, shape (V,)
        -1 where LD counts the other allele.
    ld : ndarray, shape (p, p), or None
    """

    ids: NDArray[Any]
    beta_x: Floats
    se_x: Floats
    beta_y: Floats
    se_y: Floats
    place: Rows
    sign: Floats
    ld: Floats | None


def follow_up(effects: SharedEffects, settings: SmrSettings, wald_at: str | None) -> dict[str, Any]:
    """The columns of one gene.

    Parameters
    ----------
    effects : SharedEffects
    settings : SmrSettings
    wald_at : str, optional
        The variant of the plain Wald ratio: the likeliest shared one.
    """
    from scipy.stats import chi2

    row: dict[str, Any] = {}
    at = np.flatnonzero(effects.ids == wald_at) if wald_at is not None else np.zeros(0, np.int64)
    if at.size and effects.beta_x[at[0]] != 0:
        found = _ratio(effects, int(at[0]))
        row |= {"WALD_VARIANT": wald_at, "WALD_RATIO": found.estimate, "WALD_SE": found.se, "WALD_P": found.p}
    squares = (effects.beta_x / effects.se_x) ** 2
    top = int(squares.argmax())
    p_qtl = float(chi2.sf(squares[top], 1))
    if p_qtl > settings.p_qtl:
        return {**row, "SMR_STATUS": WEAK}
    tested = _ratio(effects, top)
    row |= {
        "SMR_VARIANT": effects.ids[top], "SMR_B": tested.estimate, "SMR_SE": tested.se, "SMR_P": tested.p,
        "SMR_P_QTL": p_qtl,
        "SMR_P_GWAS": float(chi2.sf((effects.beta_y[top] / effects.se_y[top]) ** 2, 1)), "HEIDI_N": 0,
    }  # fmt: skip
    if effects.ld is None or effects.place[top] < 0:
        return {**row, "SMR_STATUS": NO_LD}
    rows = np.flatnonzero(effects.place >= 0)
    sign = effects.sign[rows]
    # Only those that can take part: LD of a whole region is large.
    limit = float(chi2.isf(settings.p_heidi, 1))
    strong = (squares[rows] >= limit) | (rows == top)
    rows, sign = rows[strong], sign[strong]
    places = effects.place[rows]
    checked = heidi(
        effects.beta_x[rows] * sign, effects.se_x[rows], effects.beta_y[rows] * sign, effects.se_y[rows],
        effects.ld[np.ix_(places, places)], top=int(np.flatnonzero(rows == top)[0]), p_x=settings.p_heidi,
        r2_min=settings.r2_min, r2_max=settings.r2_max, n_min=settings.n_min, n_max=settings.n_max,
    )  # fmt: skip
    p = None if math.isnan(checked.p) else checked.p
    return {
        **row,
        "HEIDI_P": p,
        "HEIDI_N": int(checked.rows.size),
        "SMR_STATUS": FEW if p is None else OK,
    }


def follow_up_genes(
    gwas: pl.DataFrame,
    genes: Sequence[str],
    block: QtlBlock,
    match: AlleleMatch,
    ld: LdOfTrait | None,
    tops: Mapping[str, str],
    settings: SmrSettings,
) -> dict[str, dict[str, Any]]:
    """The columns of a region's genes.

    Parameters
    ----------
    gwas : polars.DataFrame
        The region's summary statistics.
    genes : sequence of str
        In the order of `block`.
    block : QtlBlock
    match : AlleleMatch
        Of the QTLs' variants with the GWAS.
    ld : LdOfTrait, optional
        Of the QTLs.
    tops : mapping of str to str
        The likeliest shared variant of each gene that was colocalised.
    settings : SmrSettings
    """
    if not {"BETA", "SE"} <= set(gwas.columns):
        return {name: {"SMR_STATUS": NO_EFFECTS} for name in genes}
    beta, se = (gwas[name].cast(float).fill_null(np.nan).to_numpy() for name in ("BETA", "SE"))
    by, sy = beta[match.other_rows] * match.sign, se[match.other_rows]
    ids = block.variants["SNPID"].to_numpy()[match.rows]
    place, sign = np.full(block.variants.height, -1), np.ones(block.variants.height)
    if ld is not None and ld.rows.size:
        place[ld.rows], sign[ld.rows] = np.arange(ld.rows.size), ld.sign
    found: dict[str, dict[str, Any]] = {}
    for row, name in enumerate(genes):
        bx, sx = block.beta[row, match.rows], block.se[row, match.rows]
        good = np.isfinite(bx) & np.isfinite(by) & (sx > 0) & (sy > 0)
        if name not in tops or not good.any():
            continue
        effects = SharedEffects(
            ids[good], bx[good], sx[good], by[good], sy[good], place[match.rows][good],
            sign[match.rows][good], None if ld is None else ld.matrix,
        )  # fmt: skip
        found[name] = follow_up(effects, settings, tops[name])
    return found


def _ratio(effects: SharedEffects, at: int) -> Any:
    return wald_ratio(
        float(effects.beta_x[at]), float(effects.se_x[at]), float(effects.beta_y[at]),
        float(effects.se_y[at]),
    )  # fmt: skip
