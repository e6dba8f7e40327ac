"""Mix-ups between genotypes and expression: reads genotypes once, chromosome by chromosome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.matrix import ExpressionMatrix, some_names
from postgwas.expression.mixups import Assessment, assess, fit_effects, independent_pairs, mismatch
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from postgwas.genotypes import Genotypes

log = get_logger(__name__)
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_BLOCK = 2048


@dataclass(frozen=True)
class MixupOptions:
    """How mix-ups are looked for.

    Attributes
    ----------
    window : int
        Bases on each side of the TSS.
    n_pairs : int
        Most cis effects that are used.
    n_folds : int
        Parts of the samples; effects are learnt from the others.
    n_pcs : int or None
        Principal components of expression to take out first; by default a twentieth of the
        samples, at most 10.
    min_r2 : float or None
        Least share of a gene's expression that a cis effect explains; by default 20 over the
        number of samples that effects are learnt from (P about 1e-5), at least 0.05.
    """

    window: int = 500_000
    n_pairs: int = 200
    n_folds: int = 5
    n_pcs: int | None = None
    min_r2: float | None = None


@dataclass(frozen=True, eq=False)
class Mixups:
    """Who fits whom.

    Attributes
    ----------
    samples, people : tuple of str
    own : ndarray of int, shape (samples,)
        Row of the labelled person, -1 for none.
    mismatches : ndarray, shape (samples, people)
    assessment : Assessment
    n_pairs : tuple of int
        Cis effects that were used, a number a fold.
    """

    samples: tuple[str, ...]
    people: tuple[str, ...]
    own: IntArray
    mismatches: FloatArray
    assessment: Assessment
    n_pairs: tuple[int, ...]


def find_mixups(
    matrix: ExpressionMatrix,
    expression: FloatArray,
    genotypes: Genotypes,
    people_of: Sequence[str],
    options: MixupOptions | None = None,
) -> Mixups:
    """Hold each sample's expression against everyone's genotypes.

    Parameters
    ----------
    matrix : ExpressionMatrix
        For the genes' places and the samples' names.
    expression : ndarray, shape (genes, samples)
        Continuous, such as log2 CPM.
    genotypes : Genotypes
    people_of : sequence of str, shape (samples,)
        IID of each sample's person by its label.
    options : MixupOptions, optional

    Raises
    ------
    InputError
        If places are not known, fewer than 20 samples have genotypes, or fewer than 5 cis
        effects are strong enough.
    """
    chosen = options or MixupOptions()
    if chosen.n_folds < 2:
        raise UsageError(f"{chosen.n_folds} folds: expected 2 or more")
    people = tuple(genotypes.samples["IID"].to_list())
    own = _own(people_of, people, matrix, genotypes.path)
    placed = np.flatnonzero(
        (matrix.genes["CHR"].is_not_null() & matrix.genes["TSS"].is_not_null()).to_numpy()
        & (expression.std(axis=1) > 0)
    )
    if not len(placed):
        raise InputError(
            f"{matrix.path}: no gene's place is known",
            hint="--gtf FILE, or the .parquet of import, which keeps places",
        )
    normal = _normal_residuals(expression[placed], chosen.n_pcs)
    folds = _folds(matrix.samples, own, chosen.n_folds)
    best = _strongest(matrix, placed, normal, genotypes, own, folds, chosen)
    mismatches = np.empty((matrix.n_samples, len(people)))
    used = []
    for fold in range(chosen.n_folds):
        train = np.flatnonzero((folds != fold) & (own >= 0))
        least = max(0.05, 20.0 / len(train)) if chosen.min_r2 is None else chosen.min_r2
        strong = np.flatnonzero((best.variant[fold] >= 0) & (best.r2[fold] >= least))
        pairs, copies = _pairs(
            strong, best.r2[fold], best.variant[fold], genotypes, own[train], chosen.n_pairs
        )
        if len(pairs) < 5:
            raise InputError(
                f"{genotypes.path}: only {len(pairs)} cis effects explain {least:.0%} of a gene's "
                "expression: too few to tell mix-ups",
                hint="more genes, variants or samples are needed, or the labels are all wrong",
            )
        effects = fit_effects(normal[pairs][:, train], copies[:, own[train]])
        test = np.flatnonzero(folds == fold)
        mismatches[test] = mismatch(normal[pairs][:, test], copies, effects)
        used.append(len(pairs))
    least, most = min(used), max(used)
    log.info("%s cis effects tell samples apart", least if least == most else f"{least} to {most}")
    return Mixups(matrix.samples, people, own, mismatches, assess(mismatches, own), tuple(used))


@dataclass(eq=False)
class _Best:
    """Strongest variant of each gene in each fold: its r^2 and row; -1 for none."""

    r2: FloatArray
    variant: NDArray[np.int64]


def _own(people_of: Sequence[str], people: Sequence[str], matrix: ExpressionMatrix, path: str) -> IntArray:
    at = {name: row for row, name in enumerate(people)}
    own = np.array([at.get(name, -1) for name in people_of], np.intp)
    lost = [sample for sample, row in zip(matrix.samples, own) if row < 0]
    if len(own) - len(lost) < 20:
        raise InputError(
            f"{path}: only {len(own) - len(lost)} of {len(own)} samples of {matrix.path} have genotypes; "
            f"without are {some_names(lost)}",
            hint="--match FILE has two columns, a sample and its IID",
        )
    if lost:
        log.warning("%d samples have no genotypes: %s", len(lost), some_names(lost))
    return own


def _normal_residuals(expression: FloatArray, n_pcs: int | None) -> FloatArray:
    """Rank-normal expression without its first principal components."""
    from postgwas.expression.rank_normal import inverse_normal

    normal = np.asarray(inverse_normal(expression))
    n_samples = normal.shape[1]
    k = min(10, n_samples // 20) if n_pcs is None else n_pcs
    if k == 0:
        return normal
    _, vectors = np.linalg.eigh(normal.T @ normal)
    first = vectors[:, ::-1][:, : min(k, n_samples - 2)]
    return np.asarray(inverse_normal(normal - (normal @ first) @ first.T))


def _folds(samples: Sequence[str], own: IntArray, n_folds: int) -> IntArray:
    """Fold of each sample by the order of names, so that the order of columns changes nothing.

    Samples of one person stay together.
    """
    person = np.where(own >= 0, own, -1)
    names = [samples[at] for at in range(len(samples))]
    first: dict[int, str] = {}
    for name, row in sorted(zip(names, person.tolist())):
        first.setdefault(row, name)
    keys = [name if row < 0 else first[row] for name, row in zip(names, person.tolist())]
    rank = {name: at for at, name in enumerate(sorted(set(keys)))}
    return np.array([rank[key] % n_folds for key in keys], np.intp)


def _strongest(
    matrix: ExpressionMatrix,
    placed: IntArray,
    normal: FloatArray,
    genotypes: Genotypes,
    own: IntArray,
    folds: IntArray,
    options: MixupOptions,
) -> _Best:
    """One pass over the genotypes."""
    n_folds = options.n_folds
    best = _Best(np.zeros((n_folds, len(placed))), np.full((n_folds, len(placed)), -1, np.int64))
    chromosome = matrix.genes["CHR"].to_numpy()[placed].astype(np.int64)
    tss = matrix.genes["TSS"].to_numpy()[placed].astype(np.int64)
    trains = [np.flatnonzero((folds != fold) & (own >= 0)) for fold in range(n_folds)]
    units = [_unit(normal[:, train]) for train in trains]
    for rows, code, positions in _blocks(genotypes):
        near = np.flatnonzero(
            (chromosome == code)
            & (tss >= positions.min() - options.window)
            & (tss <= positions.max() + options.window)
        )
        if not len(near):
            continue
        copies, good = _copies(genotypes, rows)
        inside = np.abs(positions[None, :] - tss[near][:, None]) <= options.window
        for fold, train in enumerate(trains):
            r2 = (units[fold][near] @ _unit(copies[:, own[train]]).T) ** 2
            r2[~inside | ~good[None, :]] = 0.0
            at = np.argmax(r2, axis=1)
            value = r2[np.arange(len(near)), at]
            better = value > best.r2[fold, near]
            best.r2[fold, near[better]] = value[better]
            best.variant[fold, near[better]] = rows[at[better]]
    return best


def _blocks(genotypes: Genotypes) -> Iterator[tuple[NDArray[np.int64], int, NDArray[np.int64]]]:
    """Rows, chromosome code and positions of blocks of one autosome each, in order of position."""
    codes = genotypes.variants["CHR"].fill_null(0).to_numpy().astype(np.int64)
    positions = genotypes.variants["POS"].fill_null(0).to_numpy().astype(np.int64)
    for code in np.unique(codes[(codes >= 1) & (codes <= 22)]):
        rows = np.flatnonzero(codes == code)
        for start in range(0, len(rows), _BLOCK):
            part = rows[start : start + _BLOCK]
            yield part, int(code), positions[part]


def _copies(genotypes: Genotypes, rows: NDArray[np.int64]) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Copies with missing ones at the mean, and which variants are common and called well."""
    ordered = np.sort(rows)
    calls = genotypes.select(variants=ordered).block(0, len(ordered)).astype(np.float64)
    back = np.searchsorted(ordered, rows)
    calls = calls[back]
    known = calls >= 0
    n_known = known.sum(axis=1)
    mean = np.where(known, calls, 0.0).sum(axis=1) / np.maximum(n_known, 1)
    filled = np.where(known, calls, mean[:, None])
    frequency = mean / 2.0
    good = (np.minimum(frequency, 1 - frequency) >= 0.05) & (n_known >= 0.95 * calls.shape[1])
    return filled, good


def _pairs(
    strong: IntArray,
    r2: FloatArray,
    variant: NDArray[np.int64],
    genotypes: Genotypes,
    people: IntArray,
    n_pairs: int,
) -> tuple[IntArray, FloatArray]:
    """Genes with independent strong effects, and copies of their variants in everyone."""
    strong = strong[np.argsort(-r2[strong], kind="stable")][: 4 * n_pairs]
    if not len(strong):
        return strong, np.empty((0, genotypes.n_samples))
    distinct, places = np.unique(variant[strong], return_inverse=True)
    copies = _copies(genotypes, distinct)[0][places]
    varies = copies[:, people].std(axis=1) > 0
    strong, copies = strong[varies], copies[varies]
    chromosome = genotypes.variants["CHR"].to_numpy()[variant[strong]].astype(np.intp)
    kept = independent_pairs(np.arange(len(strong)), copies, chromosome, n_pairs)
    return strong[kept], copies[kept]


def _unit(values: FloatArray) -> FloatArray:
    centred = values - values.mean(axis=1, keepdims=True)
    size = np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    unit: FloatArray = np.divide(centred, size, out=np.zeros_like(centred), where=size > 0)
    return unit
