"""Lift the spilled rows of one chromosome; rows that change chromosome are spilled anew."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from postgwas.sumstats.harmonise.chain import (
    LIFT_AMBIGUOUS,
    LIFT_BROKEN_SPAN,
    LIFT_MITOCHONDRION,
    LIFT_OK,
    LIFT_OTHER_CONTIG,
    LIFT_UNMAPPED,
    Chain,
    Lifted,
)
from postgwas.sumstats.harmonise.outcomes import Outcome
from postgwas.sumstats.harmonise.spill import SpillWriter, read_spilled

LIFT_SCHEMA: dict[str, pl.DataType] = {
    "CHR": pl.Int8(),
    "POS": pl.Int32(),
    "REVERSE": pl.Boolean(),
    "OUTCOME": pl.UInt8(),
}

_OUTCOME = {
    LIFT_UNMAPPED: Outcome.LIFT_UNMAPPED,
    LIFT_OTHER_CONTIG: Outcome.LIFT_OTHER_CONTIG,
    LIFT_AMBIGUOUS: Outcome.LIFT_AMBIGUOUS,
    LIFT_BROKEN_SPAN: Outcome.LIFT_BROKEN_SPAN,
    LIFT_MITOCHONDRION: Outcome.LIFT_MITOCHONDRION,
}


@dataclass(frozen=True)
class LiftTask:
    """One source chromosome's rows."""

    chromosome: int
    files: tuple[str, ...]
    schema: Mapping[str, pl.DataType]
    chain: str
    folder: Path


@dataclass(frozen=True)
class LiftedChromosome:
    """Where the rows of a source chromosome went.

    Attributes
    ----------
    chromosome : int
    lift : str
        File with CHR, POS, REVERSE and OUTCOME of each spilled row, in their order.
    moved : mapping of int to tuple of str
        Chromosome -> files of the rows that went there from this one.
    """

    chromosome: int
    lift: str
    moved: Mapping[int, tuple[str, ...]]


def lift_chromosome(task: LiftTask) -> LiftedChromosome:
    """Lift one chromosome's rows (a task of the engine)."""
    frame = read_spilled(task.files, task.schema)
    chain = _chain(task.chain)
    lifted = lift_rows(chain, frame)
    outcome = np.zeros(frame.height, dtype=np.uint8)
    for status, what in _OUTCOME.items():
        outcome[lifted.status == status] = what
    result = pl.DataFrame(
        {"CHR": lifted.chr, "POS": lifted.pos, "REVERSE": lifted.reverse, "OUTCOME": outcome}
    ).cast(LIFT_SCHEMA)  # type: ignore[arg-type]
    path = task.folder / f"lift{task.chromosome}.arrow"
    result.write_ipc(path)
    away = (lifted.status == LIFT_OK) & (lifted.chr != task.chromosome)
    writer = SpillWriter(task.folder, prefix=f"moved{task.chromosome}to")
    if away.any():
        moving = frame.with_columns(result["CHR"], result["POS"], result["REVERSE"]).filter(pl.Series(away))
        writer.add(moving)
    return LiftedChromosome(task.chromosome, str(path), writer.close())


def lift_rows(chain: Chain, frame: pl.DataFrame) -> Lifted:
    """Lift rows with CHR, POS, EA and NEA, indels by all the bases that they may span.

    Which allele stands in the source sequence is not known, so the longer one decides the span.
    Indels whose block is reversed get the place of their *first* base, as ``place_reversed`` wants.
    """
    chromosome = frame["CHR"].fill_null(0).to_numpy()
    position = frame["POS"].fill_null(0).cast(pl.Int64).to_numpy()
    lengths = [frame[name].str.len_bytes().fill_null(1) for name in ("EA", "NEA")]
    length = np.maximum(lengths[0].to_numpy(), lengths[1].to_numpy()).astype(np.int64)
    lifted = chain.lift(chromosome, position)
    long = np.flatnonzero(length > 1)
    if not long.size:
        return lifted
    spans = chain.lift_spans(chromosome[long], position[long], length[long])
    columns = (lifted.chr.copy(), lifted.pos.copy(), lifted.reverse.copy(), lifted.status.copy())
    columns[0][long] = spans.chr
    columns[1][long] = np.where(
        spans.reverse, np.where(spans.status == LIFT_OK, lifted.pos[long], 0), spans.pos
    )
    columns[2][long] = spans.reverse
    columns[3][long] = spans.status
    return Lifted(*columns)


def save_chain(chain: Chain, folder: Path) -> str:
    """Put a parsed chain where tasks find it."""
    path = folder / "chain.pickle"
    path.write_bytes(pickle.dumps(chain, protocol=5))
    return str(path)


@functools.lru_cache(maxsize=2)
def _chain(path: str) -> Chain:
    found = pickle.loads(Path(path).read_bytes())
    assert isinstance(found, Chain)
    return found
