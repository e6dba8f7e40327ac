"""Runs of phenotypes along a chromosome with the variants around them: the tasks of cis mapping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.genotypes import BlockSource, Genotypes, SubsetSource
from postgwas.qtl.inputs import QtlInputs
from postgwas.qtl.projection import Floats, Projection
from postgwas.qtl.variant_block import VariantBlock, variant_block

if TYPE_CHECKING:
    import polars as pl

TILE = 1024
"""Variants that are read and projected at a time."""
_PAIRS = 1 << 20
"""Pairs of phenotype and variant of a segment, but for a last phenotype."""
_VARIANTS = 1 << 16
"""Variants of a segment, likewise."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Segment:
    """One task: some phenotypes of a chromosome, by place, and all variants of their windows.

    What a segment holds follows from the inputs alone, never from the number of workers, so that
    results are the same bits everywhere.

    Attributes
    ----------
    genes : ndarray of int64, shape (G,)
        Rows of the inputs' phenotypes.
    gene_ids : list of str, length G
    tss : ndarray of int64, shape (G,)
    first, last : ndarray of int64, shape (G,)
        Window of each phenotype: rows `first` to `last` (excluded) of `variants`.
    y_unit : ndarray of float64, shape (G, n)
    y_norm : ndarray of float64, shape (G,)
    rows : ndarray of int64, shape (V,)
        Rows of the inputs' variants.
    variants : polars.DataFrame
        CHR, CHROM, SNPID, POS, A1, A2 of the V variants.
    source : BlockSource
        Reads exactly these V variants.
    projection : Projection
        What is projected out of variants.
    df : int
    maf_min, max_missing : float
    group_ids : list of str or None, length G
    """

    genes: Rows
    gene_ids: list[str]
    tss: Rows
    first: Rows
    last: Rows
    y_unit: Floats
    y_norm: Floats
    rows: Rows
    variants: pl.DataFrame
    source: BlockSource
    projection: Projection
    df: int
    maf_min: float
    max_missing: float
    group_ids: list[str] | None = None

    @property
    def n_genes(self) -> int:
        return len(self.genes)

    @property
    def n_variants(self) -> int:
        return self.variants.height

    @property
    def positions(self) -> Rows:
        """POS of the variants, ascending."""
        return self.variants["POS"].to_numpy().astype(np.int64, copy=False)

    def tiles(self, *, project: bool = True) -> Iterator[tuple[int, VariantBlock]]:
        """First row and block of each tile: every variant is read, imputed and projected once.

        `project` as in :func:`postgwas.qtl.variant_block.variant_block`.
        """
        for start in range(0, self.n_variants, TILE):
            rows = np.arange(start, min(start + TILE, self.n_variants))
            block = variant_block(
                self.source.read(rows, None),
                self.projection,
                maf_min=self.maf_min,
                max_missing=self.max_missing,
                project=project,
            )
            yield start, block

    def gene_blocks(self) -> Iterator[tuple[int, Rows, VariantBlock]]:
        """Each phenotype in turn: its place in `genes`, rows of `variants`, and block of usable ones.

        Only the tiles of the present window are held. A phenotype whose window has no usable variant
        comes with an empty block.
        """
        tiles = self.tiles()
        held: list[tuple[int, VariantBlock]] = []
        reached = 0
        for gene in range(self.n_genes):
            first, last = int(self.first[gene]), int(self.last[gene])
            held = [(at, block) for at, block in held if at + block.n_variants > first]
            while reached < last:
                at, block = next(tiles)
                reached = at + block.n_variants
                if reached > first:
                    held.append((at, block))
            parts = []
            for at, block in held:
                inside = np.arange(max(first - at, 0), min(last - at, block.n_variants))
                if len(inside):
                    good = inside[block.usable[inside]]
                    parts.append((good + at, block.of(good)))
            if not parts:
                none = np.empty(0, np.int64)
                empty = np.empty((0, self.projection.n_samples), np.int8)
                yield gene, none, variant_block(empty, self.projection)
                continue
            yield gene, np.concatenate([rows for rows, _ in parts]), _joined([block for _, block in parts])


def _joined(blocks: list[VariantBlock]) -> VariantBlock:
    if len(blocks) == 1:
        return blocks[0]
    names = VariantBlock.__dataclass_fields__
    return VariantBlock(*(np.concatenate([getattr(block, name) for block in blocks]) for name in names))


def segments_of(inputs: QtlInputs, *, window: int | None = None, scale: int = 1) -> list[Segment]:
    """Cut the phenotypes, in order of place, into segments.

    Parameters
    ----------
    inputs : QtlInputs
    window : int, optional
        Bases to each side of the TSS; that of the inputs' options if None.
    scale : int
        Segments so many times as large, of which fewer variants are in two; for work that holds no pairs.

    Raises
    ------
    InputError
        If the variants of a chromosome are not sorted by position.

    Notes
    -----
    Phenotypes of a group, as far as they are on one chromosome, stay in one segment.
    """
    reach = inputs.options.window if window is None else window
    made = []
    chromosome = inputs.phenotypes.genes["CHR"].to_numpy()
    tss = inputs.phenotypes.genes["TSS"].to_numpy().astype(np.int64)
    table = inputs.phenotypes.genes
    groups = table["GROUP_ID"].to_list() if "GROUP_ID" in table.columns else None
    for code in np.unique(chromosome):
        rows, positions = chromosome_variants(inputs.genotypes, int(code))
        genes = np.flatnonzero(chromosome == code)
        first = np.searchsorted(positions, tss[genes] - reach, side="left")
        last = np.searchsorted(positions, tss[genes] + reach, side="right")
        whole = None if groups is None else _inside_group([groups[gene] for gene in genes.tolist()])
        for start, stop in _cuts(first, last, scale, whole):
            made.append(_segment(inputs, genes[start:stop], rows, first[start:stop], last[start:stop]))
    return made


def chromosome_variants(genotypes: Genotypes, code: int) -> tuple[Rows, Rows]:
    """Rows and positions of one chromosome's variants.

    Raises
    ------
    InputError
        If the positions do not ascend.
    """
    rows = np.flatnonzero((genotypes.variants["CHR"] == code).fill_null(False).to_numpy())
    positions = genotypes.variants["POS"].to_numpy()[rows].astype(np.int64)
    back = np.flatnonzero(np.diff(positions) < 0)
    if len(back):
        at = genotypes.variants.row(int(rows[back[0] + 1]), named=True)
        raise InputError(
            f"{genotypes.path}: variant {at['SNPID']} at {at['CHROM']}:{at['POS']} comes after one at "
            f"{positions[back[0]]}: variants must be sorted by position",
            hint="postgwas genotypes convert to a VCF sorts them",
        )
    return rows, positions


def refuse_scattered_groups(inputs: QtlInputs) -> None:
    """Refuse a group of phenotypes on two chromosomes, for analyses that take groups as one.

    Raises
    ------
    InputError
    """
    table = inputs.phenotypes.genes
    if "GROUP_ID" not in table.columns:
        return
    home: dict[str, str] = {}
    for group, chromosome in table.select("GROUP_ID", "CHROM").iter_rows():
        if home.setdefault(group, chromosome) != chromosome:
            raise InputError(
                f"{inputs.phenotypes.path}: phenotypes of group {group} are on {home[group]} and "
                f"{chromosome}, expected one chromosome"
            )


def _inside_group(groups: list[str]) -> NDArray[np.bool_]:
    """Whether a cut before each phenotype would part a group."""
    ends = {group: place for place, group in enumerate(groups)}
    inside = np.zeros(len(groups), np.bool_)
    reached = -1
    for place, group in enumerate(groups):
        inside[place] = place <= reached
        reached = max(reached, ends[group])
    return inside


def _cuts(first: Rows, last: Rows, scale: int, whole: NDArray[np.bool_] | None) -> Iterator[tuple[int, int]]:
    start, pairs = 0, 0
    for gene in range(len(first)):
        pairs += int(last[gene] - first[gene])
        if whole is not None and whole[gene]:
            continue
        reach = int(last[gene] - first[start])
        if gene > start and (pairs > scale * _PAIRS or reach > scale * _VARIANTS):
            yield start, gene
            start, pairs = gene, int(last[gene] - first[gene])
    yield start, len(first)


def _segment(inputs: QtlInputs, genes: Rows, rows: Rows, first: Rows, last: Rows) -> Segment:
    base, end = int(first.min()), int(max(last.max(), first.min()))
    chosen = rows[base:end]
    table = inputs.phenotypes.genes[genes]
    return Segment(
        genes,
        table["GENE_ID"].to_list(),
        table["TSS"].to_numpy().astype(np.int64),
        first - base,
        last - base,
        inputs.y_unit[genes],
        inputs.y_norm[genes],
        chosen,
        inputs.genotypes.variants[chosen].select("CHR", "CHROM", "SNPID", "POS", "A1", "A2"),
        narrowed(inputs.genotypes.source, chosen),
        inputs.variant_projection,
        inputs.df,
        inputs.options.maf_min,
        inputs.options.max_missing,
        table["GROUP_ID"].to_list() if "GROUP_ID" in table.columns else None,
    )


def narrowed(source: BlockSource, rows: Rows) -> BlockSource:
    """A source of these rows alone, which is small on its way to a worker.

    The rows of the whole file, which a selection holds, do not go with it.
    """
    people = None
    while isinstance(source, SubsetSource):
        if source.people is not None:
            people = source.people if people is None else source.people[people]
        rows, source = source.variants[rows], source.source
    return SubsetSource(source, rows, people)
