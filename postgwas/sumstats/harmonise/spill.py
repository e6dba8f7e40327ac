"""Rows parted by chromosome on disk, so that memory holds a chunk and never a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

PIECE_ROWS = 40_000
"""Rows of one chromosome that are gathered before they are written."""

NOWHERE = 0
"""Key of rows whose chromosome is not known."""


@dataclass
class SpillWriter:
    """Writes the rows of each chromosome to files of their own, in the order they come.

    Parameters
    ----------
    folder : Path
        Exists; holds ``<prefix><chromosome>.<number>.arrow`` afterwards.
    prefix : str
    """

    folder: Path
    prefix: str = "rows"
    n_rows: dict[int, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    _files: dict[int, list[Path]] = field(default_factory=dict)
    _waiting: dict[int, list[pl.DataFrame]] = field(default_factory=dict)
    _n_waiting: dict[int, int] = field(default_factory=dict)

    def add(self, frame: pl.DataFrame) -> None:
        """Take a chunk's rows; CHR is null where it is not known."""
        if not frame.height:
            return None
        self.names.extend(name for name in frame.columns if name not in self.names)
        if "CHR" not in frame.columns:
            return self.put(NOWHERE, frame)
        first = frame["CHR"][0]
        if bool((frame["CHR"].eq_missing(first)).all()):
            return self.put(NOWHERE if first is None else int(first), frame)
        for (code,), part in frame.partition_by("CHR", as_dict=True, maintain_order=True).items():
            self.put(NOWHERE if code is None else int(str(code)), part)
        return None

    def put(self, chromosome: int, frame: pl.DataFrame) -> None:
        """Take rows of one chromosome."""
        if not frame.height:
            return
        self._waiting.setdefault(chromosome, []).append(frame)
        self.n_rows[chromosome] = self.n_rows.get(chromosome, 0) + frame.height
        waiting = self._n_waiting.get(chromosome, 0) + frame.height
        self._n_waiting[chromosome] = waiting
        if waiting >= PIECE_ROWS:
            self._write(chromosome)

    def close(self) -> dict[int, tuple[str, ...]]:
        """Write what waits; the files of each chromosome, in the order of their rows."""
        for chromosome in list(self._waiting):
            self._write(chromosome)
        return {code: tuple(map(str, files)) for code, files in sorted(self._files.items())}

    def _write(self, chromosome: int) -> None:
        frames = self._waiting.pop(chromosome, [])
        self._n_waiting[chromosome] = 0
        if not frames:
            return
        files = self._files.setdefault(chromosome, [])
        path = self.folder / f"{self.prefix}{chromosome}.{len(files)}.arrow"
        pl.concat(frames, how="diagonal").write_ipc(path)
        files.append(path)


def read_spilled(files: Sequence[str], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The rows of spilled files, one after the other, with these columns (null where a file has none)."""
    frames = [pl.DataFrame(schema=schema)]
    for path in files:
        # Read rather than mapped: the pages of a mapped file would count as this process's memory.
        with open(path, "rb") as stream:
            frame = pl.read_ipc(stream)
        frames.append(
            frame.select(
                pl.col(name) if name in frame.columns else pl.lit(None, kind).alias(name)
                for name, kind in schema.items()
            )
        )
    return pl.concat(frames, rechunk=True)
