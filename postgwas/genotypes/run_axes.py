"""Axes of a set of samples through the engine: which way is taken, and the sweeps over the genotypes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.compute.engine import Engine
from postgwas.compute.threads import one_blas_thread
from postgwas.genotypes.exact_axes import axes_of_gram, signs
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.krylov import LeadingAxes, leading_axes
from postgwas.genotypes.relationship import relationship
from postgwas.genotypes.standardise import Floats, Scale
from postgwas.genotypes.sweeps import Piece, gram, gram_times, missing_pairs, pieces_of, times, whole

FEW_SAMPLES = 1000
"""Up to here the n x n matrix is formed and decomposed: as fast as multiplying, and exact."""
FEW_VARIANTS = 1500
"""Up to here the V x V matrix is, where the genotypes are also few."""
_FEW_GENOTYPES = 50_000_000


@dataclass(frozen=True)
class AxesSettings:
    """How axes are computed.

    Attributes
    ----------
    n_axes : int
    method : {"auto", "exact", "randomised"}
        "auto": exact up to 1,000 samples, or 1,500 variants and 50 M genotypes.
    missing : {"mean", "pairwise"}
        A missing call becomes the variant's mean; or, as plink2 --pca does of itself, each pair of
        samples is compared at the variants that both have (exact only).
    seed, tolerance, max_passes
        See :func:`postgwas.genotypes.krylov.leading_axes`.
    block : int
        Variants to read at once; no bit of the result depends on it.
    """

    n_axes: int = 10
    method: str = "auto"
    missing: str = "mean"
    seed: int = 1
    tolerance: float = 1e-3
    max_passes: int = 60
    block: int = 4096

    def exact(self, n_samples: int, n_variants: int) -> bool:
        """Whether a matrix is decomposed exactly."""
        if self.method != "auto":
            return self.method == "exact"
        return n_samples <= FEW_SAMPLES or self.missing == "pairwise" or _few(n_samples, n_variants)


@dataclass(frozen=True, eq=False)
class Axes:
    """Axes of the samples, and the loadings of the variants.

    Attributes
    ----------
    found : LeadingAxes
        Values on plink2's scale: of the relationship matrix Z'Z / V.
    scores : ndarray of float64, shape (n, k)
        Columns of length 1, as in plink2's .eigenvec.
    loadings : ndarray of float64, shape (V, k)
        Columns of length 1; ``scores = Z' loadings / sqrt(V values)``.
    exact : bool
    """

    found: LeadingAxes
    scores: Floats
    loadings: Floats
    exact: bool


def compute_axes(
    eng: Engine,
    genotypes: Genotypes,
    scale: Scale,
    settings: AxesSettings,
    *,
    scratch: str | os.PathLike[str] | None = None,
) -> Axes:
    """Axes of all samples of a view from all its variants, each of which varies."""
    n_variants = genotypes.n_variants
    pieces = pieces_of(genotypes.source, scale, block=settings.block)
    exact = settings.exact(genotypes.n_samples, n_variants)
    with one_blas_thread(), tempfile.TemporaryDirectory(prefix="postgwas-axes-", dir=scratch) as folder:
        passing = _Sweeps(eng, pieces, Path(folder))
        if not exact:
            found = leading_axes(
                lambda x: passing.gram_times(x) / n_variants, genotypes.n_samples, settings.n_axes,
                seed=settings.seed, tolerance=settings.tolerance, max_passes=settings.max_passes,
            )  # fmt: skip
        elif settings.missing == "pairwise":
            both = np.diagonal(missing := summed(eng, missing_pairs, pieces))
            related = relationship(summed(eng, gram, pieces), n_variants, missing, both)
            found = axes_of_gram(related.values, settings.n_axes)
        elif genotypes.n_samples > FEW_SAMPLES and _few(genotypes.n_samples, n_variants):
            return _from_variants(eng, pieces, settings.n_axes)
        else:
            found = axes_of_gram(summed(eng, gram, pieces) / n_variants, settings.n_axes)
        images = passing.times(found.vectors, np.float64 if exact else np.float32)
        length = np.sqrt(n_variants * found.values)
        scores = found.vectors
        if not exact:
            # One product more, which is half done already: scores are then what a projection gives.
            scores = passing.gram_times(found.vectors.astype(np.float32)) / length**2
            scores = scores / np.linalg.norm(scores, axis=0)
        side = signs(scores)
        return Axes(found, scores * side, images / length * side, exact)


def summed(eng: Engine, function: Callable[[Piece], Any], pieces: Sequence[Piece]) -> Any:
    """Sum of a function over pieces, in their order; few parts are in memory at a time."""
    total = None
    batch = 2 * eng.cores if eng.cores > 1 else 1
    for start in range(0, len(pieces), batch):
        for part in eng.map(function, pieces[start : start + batch], label="Genotypes"):
            total = part if total is None else np.add(total, part, out=total)
    return total


def _few(n_samples: int, n_variants: int) -> bool:
    return n_variants <= FEW_VARIANTS and n_samples * n_variants <= _FEW_GENOTYPES


def _from_variants(eng: Engine, pieces: Sequence[Piece], n_axes: int) -> Axes:
    """Axes through the V x V matrix, where variants are fewer than samples."""
    z = np.concatenate(eng.map(whole, pieces, label="Genotypes"))
    found = axes_of_gram(z @ z.T / len(z), n_axes)
    scores = z.T @ found.vectors / np.sqrt(len(z) * found.values)
    side = signs(scores)
    axes = LeadingAxes(found.values, scores * side, found.residuals, 1)
    return Axes(axes, scores * side, found.vectors * side, True)


@dataclass(frozen=True)
class _Task:
    piece: Piece
    vectors: str
    dtype: type


@dataclass(frozen=True)
class _Sweeps:
    """Products of all genotypes with vectors, which workers read from a file."""

    eng: Engine
    pieces: Sequence[Piece]
    folder: Path

    def gram_times(self, vectors: NDArray[np.float32]) -> Floats:
        tasks = self._tasks(vectors, np.float32)
        total: Floats = summed(self.eng, _gram_times, tasks)  # type: ignore[arg-type]
        return total

    def times(self, vectors: Floats, dtype: type) -> Floats:
        return np.concatenate(self.eng.map(_times, self._tasks(vectors, dtype), label="Loadings"))

    def _tasks(self, vectors: NDArray[Any], dtype: type) -> list[_Task]:
        path = self.folder / "vectors.npy"
        np.save(path, vectors)
        return [_Task(piece, str(path), dtype) for piece in self.pieces]


def _gram_times(task: _Task) -> Floats:
    return gram_times(task.piece, np.load(task.vectors))


def _times(task: _Task) -> Floats:
    return times(task.piece, np.load(task.vectors), task.dtype)
