"""The number of factors by discovery: a quick count of eGenes in cis at several numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.factor_number import Discovery, choose_by_discovery, cis_best, count_egenes
from postgwas.expression.matrix import ExpressionMatrix, some_names
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from postgwas.genotypes.genotypes import Genotypes

log = get_logger(__name__)

Array = NDArray[np.float64]

_BLOCK = 20_000
"""Variants held at a time, if the windows of the genes allow it."""


def discover(
    matrix: ExpressionMatrix,
    genotypes: Genotypes,
    n_factors: Sequence[int],
    factors: Callable[[int], Array],
    *,
    known: Array | None = None,
    window: int = 1_000_000,
    fdr: float = 0.05,
    share: float = 0.99,
) -> Discovery:
    """Count eGenes with each number of factors, and choose one.

    The strongest correlation in each gene's window (Bonferroni there, Benjamini-Hochberg over genes)
    is enough to compare numbers of factors; permutations come with QTL mapping itself.

    Parameters
    ----------
    matrix : ExpressionMatrix
        With places (CHR and TSS) of some genes; the others do not count.
    genotypes : Genotypes
        Of the samples of `matrix`, by IID.
    n_factors : sequence of int
    factors : callable
        Gives the factors, shape (samples, K), for a number K > 0.
    known : ndarray, shape (samples, C), optional
    window : int
        Bases to each side of the TSS.
    fdr, share : float
        See :func:`count_egenes`, :func:`choose_by_discovery`.

    Raises
    ------
    InputError
        If samples have no genotypes, or no gene has variants nearby.
    UsageError
        If fewer than two numbers are given.
    """
    if len(set(n_factors)) < 2:
        raise UsageError(
            "expected two or more numbers of factors to choose from", hint="--n_factors 0,5,10,15"
        )
    people = _people(matrix, genotypes)
    genes = _placed(matrix)
    base = (
        np.ones((matrix.n_samples, 1))
        if known is None
        else np.column_stack([np.ones(matrix.n_samples), known])
    )
    designs = [np.column_stack([base, factors(k)]) if k else base for k in n_factors]
    bases = [np.linalg.qr(design)[0] for design in designs]
    best = np.full((len(n_factors), matrix.n_genes), np.nan)
    counts = np.zeros(matrix.n_genes)
    phenotypes = [_unit(matrix.values, basis) for basis in bases]
    for rows, (first, last), (start, stop) in _batches(genotypes, matrix, genes, window):
        calls = _imputed(genotypes, start, stop, people)
        for at, basis in enumerate(bases):
            found, counted = cis_best(phenotypes[at][rows], _unit(calls, basis), first - start, last - start)
            best[at, rows] = found
            counts[rows] = counted
    if not counts.any():
        raise InputError(
            f"{genotypes.path}: no variant lies within {window:,} bases of the TSS of a gene",
            hint="--window, or genotypes of the same build and chromosomes",
        )
    found_by = []
    for at, k in enumerate(n_factors):
        df = matrix.n_samples - 1 - designs[at].shape[1]
        found_by.append(count_egenes(best[at], counts, df, fdr=fdr))
        log.info("%d factors: %s eGenes", k, f"{found_by[-1]:,}")
    return choose_by_discovery(list(n_factors), found_by, share=share)


def read_discoveries(path: str | os.PathLike[str]) -> tuple[list[int], list[int]]:
    """Two columns, n_factors and n_discoveries, with a header.

    Raises
    ------
    InputError
        If the columns are not there, or hold anything but whole numbers.
    """
    from postgwas.expression.text_matrix import read_lines

    lines = read_lines(path)
    header = [name.lower() for name in lines.header]
    if header[:2] != ["n_factors", "n_discoveries"]:
        raise InputError(
            f"{path}, line 1: expected columns n_factors and n_discoveries, found {some_names(lines.header)}"
        )
    frame = lines.frame(text=lines.header[2:])
    columns = [frame[name].to_numpy() for name in lines.header[:2]]
    for name, column in zip(header, columns):
        if not np.isfinite(column).all() or (column != np.round(column)).any():
            raise InputError(f"{path}: column {name} holds values that are no whole numbers")
    return [int(v) for v in columns[0]], [int(v) for v in columns[1]]


def _people(matrix: ExpressionMatrix, genotypes: Genotypes) -> NDArray[np.int64]:
    at = {name: row for row, name in enumerate(genotypes.samples["IID"].to_list())}
    lost = [name for name in matrix.samples if name not in at]
    if lost:
        raise InputError(
            f"{genotypes.path}: {len(lost)} of {matrix.n_samples} samples of {matrix.path} have no "
            f"genotypes: {some_names(lost)}"
        )
    return np.array([at[name] for name in matrix.samples], np.int64)


def _placed(matrix: ExpressionMatrix) -> NDArray[np.int64]:
    """Rows of genes with a place, in its order."""
    import polars as pl

    table = matrix.genes.with_row_index("ROW").filter(
        pl.col("CHR").is_not_null() & pl.col("TSS").is_not_null()
    )
    if not table.height:
        raise InputError(
            f"{matrix.path}: no gene has a place", hint="give a BED, or --gtf to expression import"
        )
    return table.sort("CHR", "TSS")["ROW"].to_numpy().astype(np.int64)


def _batches(  # type: ignore[no-untyped-def]
    genotypes: Genotypes, matrix: ExpressionMatrix, genes: NDArray[np.int64], window: int
):
    """Genes whose windows share a block of variants: (rows, (first, last), block)."""
    chromosomes = matrix.genes["CHR"].to_numpy()
    tss = matrix.genes["TSS"].to_numpy()
    of_variants = genotypes.variants["CHR"].fill_null(-1).to_numpy()
    positions = genotypes.variants["POS"].to_numpy()
    for code in np.unique(chromosomes[genes]):
        here = np.flatnonzero(of_variants == code)
        rows = genes[chromosomes[genes] == code]
        if not len(here):
            continue
        place = positions[here]
        if here[-1] - here[0] + 1 != len(here) or (np.diff(place) < 0).any():
            raise InputError(
                f"{genotypes.path}: variants are not sorted by chromosome and position",
                hint="sort them with postgwas genotypes convert or plink2 --sort-vars",
            )
        first = here[0] + np.searchsorted(place, tss[rows] - window, "left")
        last = here[0] + np.searchsorted(place, tss[rows] + window, "right")
        at = 0
        while at < len(rows):
            end = at + 1
            while end < len(rows) and last[end] - first[at] <= max(_BLOCK, last[at] - first[at]):
                end += 1
            if last[end - 1] > first[at]:
                yield rows[at:end], (first[at:end], last[at:end]), (int(first[at]), int(last[end - 1]))
            at = end


def _imputed(genotypes: Genotypes, start: int, stop: int, people: NDArray[np.int64]) -> Array:
    """Copies of A1, missing ones at the variant's mean."""
    from postgwas.genotypes.genotypes import MISSING

    order = np.argsort(people)
    raw = genotypes.block(start, stop, people[order])
    calls = np.empty(raw.shape)
    calls[:, order] = raw
    calls[calls == MISSING] = np.nan
    gone = np.isnan(calls)
    if gone.any():
        seen = (~gone).sum(axis=1)
        means = np.where(gone, 0.0, calls).sum(axis=1) / np.maximum(seen, 1)
        calls[gone] = np.broadcast_to(means[:, None], calls.shape)[gone]
    return calls


def _unit(rows: Array, basis: Array) -> Array:
    """Residuals of rows after the columns of an orthonormal basis, at unit norm; zero if none is left."""
    rest = rows - (rows @ basis) @ basis.T
    size = np.linalg.norm(rest, axis=1, keepdims=True)
    whole = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Array = np.where(size > 1e-6 * whole, rest / np.where(size == 0, 1.0, size), 0.0)
    return unit
