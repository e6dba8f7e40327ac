"""Give rows without positions those that the reference has for their ids."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from postgwas.sumstats.harmonise.lifting import LIFT_SCHEMA
from postgwas.sumstats.harmonise.outcomes import Outcome
from postgwas.sumstats.harmonise.reading import Spilled
from postgwas.sumstats.harmonise.reference import ID_AMBIGUOUS, ID_UNKNOWN, Reference
from postgwas.sumstats.harmonise.spill import NOWHERE, SpillWriter, read_spilled


def place_by_id(
    spilled: Spilled, reference: Reference, folder: Path
) -> tuple[Mapping[int, tuple[str, ...]], dict[int, str]]:
    """Spill the rows of a file without positions anew, by the chromosome of their ids.

    Parameters
    ----------
    spilled : Spilled
    reference : Reference
    folder : Path
        Exists and is empty.

    Returns
    -------
    files : mapping of int to tuple of str
        Chromosome -> files of its rows, now with CHR and POS; 0 = not found.
    lost : dict of int to str
        For rows not found (key 0), a file that says why, as a liftover's does.
    """
    files = [name for _, names in sorted(spilled.files.items()) for name in names]
    ids = pl.concat(
        [pl.Series("SNPID", [], dtype=pl.String)]
        + [read_spilled([name], {"SNPID": pl.String()})["SNPID"] for name in files]
    )
    located = reference.locate(ids)
    writer = SpillWriter(folder)
    reasons: list[np.ndarray[tuple[int], np.dtype[np.uint8]]] = []
    at = 0
    for name in files:
        frame = read_spilled([name], spilled.schema)
        rows = slice(at, at + frame.height)
        at += frame.height
        code = pl.Series("CHR", located.chr[rows])
        status = located.status[rows]
        placed = frame.with_columns(
            pl.select(pl.when(code > 0).then(code).alias("CHR")).to_series().cast(pl.Int8),
            pl.select(pl.when(code > 0).then(pl.Series(located.pos[rows])).alias("POS"))
            .to_series()
            .cast(pl.Int32),
        )
        writer.add(placed)
        why = np.zeros(frame.height, dtype=np.uint8)
        why[status == ID_UNKNOWN] = Outcome.ID_UNKNOWN
        why[status == ID_AMBIGUOUS] = Outcome.ID_AMBIGUOUS
        reasons.append(why[(located.chr[rows] == 0)])
    found = writer.close()
    if NOWHERE not in found:
        return found, {}
    why = np.concatenate(reasons)
    lost = pl.DataFrame(
        {"CHR": [None] * why.size, "POS": [None] * why.size, "REVERSE": [False] * why.size, "OUTCOME": why},
        schema=LIFT_SCHEMA,
    )
    path = folder / "lost.arrow"
    lost.write_ipc(path)
    return found, {NOWHERE: str(path)}
