"""Sums for projections through the engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from postgwas.compute.engine import Engine
from postgwas.genotypes.genotypes import Genotypes
from postgwas.genotypes.projection import ProjectionSums, projection_sums
from postgwas.genotypes.standardise import Floats, Scale
from postgwas.genotypes.sweeps import PIECE, Piece, pieces_of


@dataclass(frozen=True, eq=False)
class _Task:
    piece: Piece
    loadings: Floats


def project_sums(
    eng: Engine, genotypes: Genotypes, scale: Scale, loadings: Floats, *, block: int = 4096
) -> ProjectionSums:
    """Sums over all variants of a view; scale and loadings are theirs, row by row."""
    tasks = [
        _Task(piece, np.ascontiguousarray(loadings[i * PIECE : (i + 1) * PIECE]))
        for i, piece in enumerate(pieces_of(genotypes.source, scale, block=block))
    ]
    return reduce(add, eng.map(_sums, tasks, label="Projection"))


def _sums(task: _Task) -> ProjectionSums:
    return projection_sums(task.piece, task.loadings)
