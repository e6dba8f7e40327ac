"""Interactions of one segment: each variant prepared once, then all phenotypes whose windows have it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.effective_tests import effective_tests
from postgwas.qtl.interaction import (
    InteractionBlock,
    InteractionEffects,
    InteractionModel,
    PhenotypePart,
    inner_products,
    interaction_block,
    interaction_effects,
    phenotype_parts,
)
from postgwas.qtl.interaction_permutation import permuted_shares
from postgwas.qtl.interaction_terms import TermGroups, least_group_frequency
from postgwas.qtl.projection import Floats, projection
from postgwas.qtl.segments import Rows, Segment
from postgwas.qtl.variant_block import VariantBlock, VariantReason, variant_block

_EXPLAINED = 1e-14
"""Share of a phenotype's variance, left by covariates and terms, that is rounding."""


@dataclass(frozen=True, eq=False)
class ScanSettings:
    """What is tested, and what is computed of each phenotype.

    Attributes
    ----------
    model : InteractionModel
    groups : tuple of TermGroups
    maf_min_groups : float
        Least minor allele frequency in each group.
    eigenmt_window : int
        Variants of a window of eigenMT; 0: it is not computed.
    eigenmt_variance : float
    orders : ndarray of int, shape (permutations, n)
        Orders of the samples; none: no permutations.
    """

    model: InteractionModel
    groups: tuple[TermGroups, ...]
    maf_min_groups: float
    eigenmt_window: int
    eigenmt_variance: float
    orders: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class SegmentScan:
    """Pairs of a segment, by phenotype and position, and what is known of each phenotype.

    Attributes
    ----------
    gene, variant : ndarray of int64, shape (P,)
        Places in the segment's `genes` and `variants`.
    effects : InteractionEffects
        P pairs.
    about : VariantBlock
        Of the segment's variants, without dosages and residuals.
    tests : ndarray of int64, shape (G,)
        Effective tests; -1 where not computed.
    shares : dict of int to ndarray
        Phenotype -> largest share in each permutation.
    explained : list of int
        Phenotypes that covariates and terms explain.
    """

    gene: Rows
    variant: Rows
    effects: InteractionEffects
    about: VariantBlock
    tests: Rows
    shares: dict[int, Floats]
    explained: list[int]


@dataclass(frozen=True, eq=False)
class _Tile:
    """Variants of a tile that are tested.

    Attributes
    ----------
    rows : ndarray of int64, shape (U,)
        In the segment's variants, ascending.
    inner : ndarray, shape (1 + k, U, genes)
        Of the segment's phenotypes `first` and following.
    """

    stop: int
    rows: Rows
    dosage: Floats
    block: InteractionBlock
    inner: Floats
    first: int


def scan(segment: Segment, values: Floats, settings: ScanSettings) -> SegmentScan:
    """Test all usable variants in the window of each phenotype for interaction.

    Parameters
    ----------
    segment : Segment
    values : ndarray, shape (G, n)
        The segment's phenotypes as measured.
    settings : ScanSettings
    """
    model = settings.model
    parts = phenotype_parts(model, values)
    spread = np.linalg.norm(values - values.mean(axis=1, keepdims=True), axis=1)
    explained = [at for at, part in enumerate(parts) if part.norm**2 <= _EXPLAINED * spread[at] ** 2]
    about: list[VariantBlock] = []
    genes, variants, found = [], [], [_no_effects(model)]
    tests = np.full(segment.n_genes, -1)
    shares: dict[int, Floats] = {}
    for gene, pieces in _windows(segment, parts, settings, about):
        if gene in explained or not pieces:
            continue
        for tile, inside in pieces:
            inner = np.ascontiguousarray(tile.inner[:, inside, gene - tile.first])
            found.append(interaction_effects(model, tile.block.of(inside), parts[gene], inner))
            variants.append(tile.rows[inside])
            genes.append(np.full(len(variants[-1]), gene))
        if settings.eigenmt_window:
            dosage = np.concatenate([tile.dosage[inside] for tile, inside in pieces])
            tests[gene] = effective_tests(
                dosage, window=settings.eigenmt_window, variance=settings.eigenmt_variance
            )
        if len(settings.orders):
            blocks = [tile.block.of(inside) for tile, inside in pieces]
            shares[gene] = permuted_shares(model, blocks, parts[gene], settings.orders)
    none = np.empty(0, np.int64)
    names = VariantBlock.__dataclass_fields__
    # A segment whose windows are all empty has no tile.
    seen = about or [variant_block(np.empty((0, model.n_samples), np.int8), segment.projection)]
    return SegmentScan(
        np.concatenate([none, *genes]),
        np.concatenate([none, *variants]),
        _joined(found),
        VariantBlock(*(np.concatenate([getattr(block, name) for block in seen]) for name in names)),
        tests,
        shares,
        explained,
    )


def _windows(
    segment: Segment, parts: list[PhenotypePart], settings: ScanSettings, about: list[VariantBlock]
) -> Iterator[tuple[int, list[tuple[_Tile, slice]]]]:
    """Each phenotype in turn with the tested variants of its window; blocks seen go to `about`."""
    residuals = np.array([part.residual for part in parts])
    # Covariates are projected out by the interaction's model: here only counts are wanted.
    alone = projection(None, segment.projection.n_samples)
    tiles = replace(segment, projection=alone).tiles(project=False)
    held: list[_Tile] = []
    reached = 0
    for gene in range(segment.n_genes):
        first, last = int(segment.first[gene]), int(segment.last[gene])
        held = [tile for tile in held if tile.stop > first]
        while reached < last:
            start, block = next(tiles)
            reached = start + block.n_variants
            made = _tile(segment, start, block, residuals, settings, about)
            if reached > first:
                held.append(made)
        pieces = []
        for tile in held:
            low, high = np.searchsorted(tile.rows, [first, last]).tolist()
            if high > low:
                pieces.append((tile, slice(low, high)))
        yield gene, pieces


def _tile(
    segment: Segment,
    start: int,
    block: VariantBlock,
    residuals: Floats,
    settings: ScanSettings,
    about: list[VariantBlock],
) -> _Tile:
    stop = start + block.n_variants
    reason = block.reason.copy()
    good = np.flatnonzero(block.usable)
    least = least_group_frequency(block.dosage[good], settings.groups)
    # The product of a frequency and a count may fall a rounding short of the limit.
    low = least < settings.maf_min_groups * (1.0 - 1e-12)
    reason[good[low]] = VariantReason.MAF_BELOW_LIMIT_IN_GROUP
    good = good[~low]
    fitted = interaction_block(settings.model, block.dosage[good])
    reason[good[fitted.product_depends]] = VariantReason.INTERACTION_EXPLAINED
    reason[good[fitted.genotype_depends]] = VariantReason.EXPLAINED_BY_COVARIATES
    if not fitted.usable.all():
        good, fitted = good[fitted.usable], fitted.of(fitted.usable)
    near = np.flatnonzero((segment.first < stop) & (segment.last > start))
    first, last = (int(near[0]), int(near[-1]) + 1) if len(near) else (0, 0)
    about.append(replace(block, reason=reason, dosage=block.dosage[:0], unit=block.unit[:0]))
    return _Tile(
        stop, good + start, block.dosage[good], fitted, inner_products(fitted, residuals[first:last]), first
    )


def _no_effects(model: InteractionModel) -> InteractionEffects:
    one, some = np.empty(0), np.empty((0, model.n_terms))
    return InteractionEffects(one, one, some, some, some, some, one, np.empty(0, np.bool_))


def _joined(parts: list[InteractionEffects]) -> InteractionEffects:
    names = InteractionEffects.__dataclass_fields__
    return InteractionEffects(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
