"""One pass over a file: its rows spilled by chromosome, its build voted on, its odd lines set aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from postgwas.errors import ColumnError, UsageError
from postgwas.sumstats.chunks import CHUNK_BYTES
from postgwas.sumstats.harmonise.build import BuildCall, BuildVotes
from postgwas.sumstats.harmonise.frequency import EafRange
from postgwas.sumstats.harmonise.spill import SpillWriter
from postgwas.sumstats.stream import iter_sumstats
from postgwas.sumstats.table import CANONICAL, REJECTED_SCHEMA, Sumstats

RAW_SCHEMA: dict[str, pl.DataType] = {
    **CANONICAL,
    "OR_LOW": pl.Float64(),
    "OR_HIGH": pl.Float64(),
    "MLOG10P_TEXT": pl.Float64(),
}
"""Columns of spilled rows: canonical ones as read, and what more is needed to derive the rest."""


@dataclass(frozen=True)
class ReadOptions:
    """How a file is read; fields as the parameters of ``read_sumstats``.

    `needs_ref` refuses a file that does not tell REF.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    header: Sequence[str] | None = None
    dialect: str | None = None
    dialect_files: Sequence[str] = ()
    n: float | None = None
    n_cases: float | None = None
    n_controls: float | None = None
    sample: str | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    chunk_bytes: int = CHUNK_BYTES
    read_ahead: bool = False
    needs_ref: bool = False


@dataclass(frozen=True, eq=False)
class Spilled:
    """A file that was read once.

    Attributes
    ----------
    summary : Sumstats
        What the reader says of the file; its frame is empty.
    schema : mapping
        Columns of the spilled rows and their types.
    files : mapping of int to tuple of str
        Chromosome -> files of its rows; 0 = chromosome unknown.
    n_rows : int
        Rows spilled.
    n_by_chromosome : mapping of int to int
    call : BuildCall
    eaf : EafRange
    rejected : Path
        Lines that are no rows (Arrow): ROW, SNPID, REASON.
    n_rejected : mapping of str to int
        Reason -> number of those lines.
    numbered : bool
        All alleles are 1, 2, 3, 4, as PLINK's --allele1234 writes A, C, G, T.
    """

    summary: Sumstats
    schema: Mapping[str, pl.DataType]
    files: Mapping[int, tuple[str, ...]]
    n_rows: int
    n_by_chromosome: Mapping[int, int]
    call: BuildCall
    eaf: EafRange
    rejected: Path
    n_rejected: Mapping[str, int]
    numbered: bool = False

    @property
    def has_positions(self) -> bool:
        """Whether the file tells where its variants are."""
        return {"CHR", "POS"} <= set(self.schema)

    @property
    def tells_ref(self) -> bool:
        """Whether the file itself says that effects are of ALT."""
        return _tells_ref(self.summary.dialect, self.summary.columns)


def _tells_ref(dialect: str, columns: Mapping[str, str]) -> bool:
    return dialect == "gwas-vcf" and columns.get("EA") == "ALT"


def spill_file(
    path: str, options: ReadOptions, folder: Path, *, advance: Callable[[int], None] = lambda n: None
) -> Spilled:
    """Read a file and spill its rows.

    Parameters
    ----------
    path : str
    options : ReadOptions
    folder : Path
        Exists and is empty.
    advance : callable
        Called with the number of rows of each chunk.
    """
    writer, votes, eaf = SpillWriter(folder), BuildVotes(), EafRange()
    rejected: dict[str, int] = {}
    numbered = _Numbered()
    with (
        iter_sumstats(
            path,
            columns=options.columns or None,
            header=options.header,
            dialect=options.dialect,
            dialect_files=options.dialect_files,
            n=options.n,
            n_cases=options.n_cases,
            n_controls=options.n_controls,
            require=("EA", "NEA"),
            flags=options.flags,
            sample=options.sample,
            chunk_bytes=options.chunk_bytes,
            read_ahead=options.read_ahead,
        ) as stream,
        _RejectedWriter(folder / "rejected.arrow") as lines,
    ):
        if options.needs_ref and not _tells_ref(stream.job.plan.dialect, stream.job.plan.columns):
            raise UsageError(
                f"{path}: GWAS-VCF needs the reference allele of each variant, which this file does not tell",
                hint="--reference or --fasta tells it",
            )
        for raw in stream.raw():
            frame = stream.job.settled(raw)
            if {"CHR", "POS"} <= set(frame.columns):
                votes.add(frame.get_column("SNPID", default=None), frame["CHR"], frame["POS"])
            elif "CHR" in frame.columns:
                frame = frame.drop("CHR")  # alone it places no row
            if "EAF" in frame.columns:
                eaf = eaf.add(frame["EAF"].fill_null(np.nan).to_numpy())
            numbered.add(frame)
            writer.add(frame)
            advance(frame.height)
            lines.add(stream.take_rejected(), rejected)
        lines.add(stream.take_rejected(), rejected)
        summary = stream.summary()
    files = writer.close()
    schema = {name: kind for name, kind in RAW_SCHEMA.items() if name in writer.names}
    if not {"BETA", "Z"} & set(schema):
        raise ColumnError(
            f"{path}: no column for an effect; expected BETA, OR or Z; "
            f"columns found: {', '.join(summary.header)}",
            hint="--beta_name, --or_name or --z_name names it",
        )
    return Spilled(
        summary=summary,
        schema=schema,
        files=files,
        n_rows=sum(writer.n_rows.values()),
        n_by_chromosome=dict(writer.n_rows),
        call=votes.call(),
        eaf=eaf,
        rejected=folder / "rejected.arrow",
        n_rejected=rejected,
        numbered=numbered.sure,
    )


class _Numbered:
    """Are alleles PLINK's 1, 2, 3, 4? Only 1 and 2 could as well stand for minor and major."""

    def __init__(self) -> None:
        self._seen: set[str] | None = set()

    def add(self, frame: pl.DataFrame) -> None:
        if self._seen is None or not frame.height:
            return
        for name in ("EA", "NEA"):
            if not frame[name].head(1).is_in(list(_NUMBERS)).any():
                self._seen = None
                return
            self._seen |= set(frame[name].drop_nulls().unique().to_list())

    @property
    def sure(self) -> bool:
        return self._seen is not None and self._seen <= _NUMBERS and bool(self._seen & {"3", "4"})


_NUMBERS = {"0", "1", "2", "3", "4"}


class _RejectedWriter:
    """Appends lines that are no rows to a file, so that a file of nothing else needs no memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[pl.DataFrame] = []

    def __enter__(self) -> _RejectedWriter:
        import pyarrow as pa

        names = pa.schema([("ROW", pa.uint32()), ("SNPID", pa.large_string()), ("REASON", pa.large_string())])
        self._schema = names
        self._sink = pa.ipc.new_file(str(self._path), names)
        return self

    def add(self, lines: pl.DataFrame, counts: dict[str, int]) -> None:
        """Count by reason, and write."""
        if not lines.height:
            return
        for reason, number in lines.group_by("REASON").len().iter_rows():
            counts[reason] = counts.get(reason, 0) + int(number)
        self._sink.write_table(lines.select(list(REJECTED_SCHEMA)).to_arrow().cast(self._schema))

    def __exit__(self, *_: object) -> None:
        self._sink.close()
