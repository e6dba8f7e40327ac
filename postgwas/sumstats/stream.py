"""Summary statistics a chunk at a time, for files that need not fit in memory."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TypeVar

import polars as pl

from postgwas.errors import InputError, UsageError
from postgwas.sumstats.chunks import CHUNK_BYTES, Block, iter_blocks, iter_chunks
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.dialects import SIGNLESS, ColumnPlan, plan_columns
from postgwas.sumstats.gwasvcf import choose_sample, total_counts
from postgwas.sumstats.job import ReadJob, given_n
from postgwas.sumstats.layout import ROW_NAMES, Layout, sniff_layout, split
from postgwas.sumstats.reader import ChunkParser
from postgwas.sumstats.table import REJECTED_SCHEMA, Sumstats

_HEAD = 1 << 20
Item = TypeVar("Item")


def iter_sumstats(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    header: Sequence[str] | None = None,
    dialect: str | None = None,
    dialect_files: Sequence[str | os.PathLike[str]] = (),
    n: float | None = None,
    n_cases: float | None = None,
    n_controls: float | None = None,
    wanted: Collection[str] | None = None,
    require: Collection[str] = (),
    derive: bool = True,
    flags: Mapping[str, str] | None = None,
    sample: str | None = None,
    chunk_bytes: int = CHUNK_BYTES,
    read_ahead: bool = False,
) -> SumstatsStream:
    """Open a file of summary statistics to be read in chunks of rows.

    Parameters are those of :func:`~postgwas.sumstats.run.read_sumstats`; with `read_ahead`
    a second thread decompresses while the caller works on a chunk. Neither that nor
    `chunk_bytes` changes a row.

    Returns
    -------
    SumstatsStream
        A context manager to iterate over.

    Raises
    ------
    InputError, ColumnError
        As :func:`~postgwas.sumstats.run.read_sumstats`; what only the rows can show is raised
        while they are read, or after the last one.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "trait.txt"
    >>> _ = path.write_text("SNP A1 A2 BETA SE P N\\nrs1 A G 0.1 0.05 0.0455 1000\\n")
    >>> with iter_sumstats(path) as stream:
    ...     rows = sum(frame.height for frame in stream)
    >>> rows, stream.summary().dialect
    (1, 'generic')
    """
    return SumstatsStream(
        path,
        columns=columns,
        header=header,
        dialect=dialect,
        dialect_files=dialect_files,
        given=given_n(n, n_cases, n_controls),
        wanted=wanted,
        require=require,
        derive=derive,
        flags=flags,
        sample=sample,
        chunk_bytes=chunk_bytes,
        read_ahead=read_ahead,
    )


class SumstatsStream:
    """Rows of one file; made by :func:`iter_sumstats`.

    Attributes
    ----------
    n_rejected : int
        Lines set aside so far that could not be read as rows.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        columns: Mapping[str, str] | None,
        header: Sequence[str] | None,
        dialect: str | None,
        dialect_files: Sequence[str | os.PathLike[str]],
        given: tuple[float, str] | None,
        wanted: Collection[str] | None,
        require: Collection[str],
        derive: bool,
        flags: Mapping[str, str] | None,
        sample: str | None,
        chunk_bytes: int,
        read_ahead: bool,
    ) -> None:
        self._source = os.fspath(path)
        self._chunk_bytes = chunk_bytes
        self._read_ahead = read_ahead
        self._n_rows = 0
        self.n_rejected = 0
        self._stream = ByteStream(path)
        try:
            self._head = _read_head(self._stream)
            layout = sniff_layout(self._head, source=self._source, header=header)
            plan = plan_columns(
                layout.names,
                source=self._source,
                columns=columns,
                dialect=dialect,
                dialect_files=dialect_files,
                flags=flags,
                alleles=wanted is None or not SIGNLESS.issuperset([*wanted, *require]),
            )
            extra: frozenset[str] = frozenset()
            if sample is not None and plan.dialect != "gwas-vcf":
                raise UsageError(
                    f"{self._source}: no GWAS-VCF (its header is read as {plan.dialect}), so it has no study "
                    f"{sample!r} to choose",
                    hint="without --sample",
                )
            if plan.dialect == "gwas-vcf":
                plan, extra, given = _open_vcf(
                    plan, layout, self._head, given, source=self._source, sample=sample
                )
            self.job = ReadJob(
                self._source,
                plan,
                set(columns or ()),
                wanted,
                require,
                given,
                derive,
                flags or {},
                layout.names,
                extra,
            )
        except BaseException:
            self._stream.close()
            raise
        if layout.names[0] == ROW_NAMES:
            self.job.warnings.append(
                f"{self._source}: rows have one field more than the header; the first is taken as "
                "R's row names"
            )
        self._layout = layout
        self._parser = ChunkParser(
            layout, plan, self.job.fields, self._source, keep_tiny=self.job.needs_tiny_p
        )

    def __enter__(self) -> SumstatsStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()

    @property
    def layout(self) -> Layout:
        """Header, separator and comment lines."""
        return self._layout

    @property
    def bytes_read(self) -> int:
        """Bytes of text read so far."""
        return self._stream.bytes_read

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Frames of the wanted canonical columns, all of the same schema, in the order of the file."""
        for frame in self.raw():
            yield self.job.complete(frame)

    def raw(self) -> Iterator[pl.DataFrame]:
        """Frames before anything is derived, for :meth:`ReadJob.finish`; their columns may differ."""
        chunks = iter_chunks(self._stream, self._head, self._layout, chunk_bytes=self._chunk_bytes)
        for chunk in _ahead(chunks) if self._read_ahead else chunks:
            frame = self.job.chunk(self._parser.parse(chunk))
            self._n_rows += frame.height
            yield frame
        self.end()

    def blocks(self) -> Iterator[Block]:
        """Blocks of its text, for who reads plain columns faster; the rest goes through :meth:`frame_of`.

        :meth:`end` is for the caller to call after the last one.
        """
        return iter_blocks(self._stream, self._head, self._layout, chunk_bytes=self._chunk_bytes)

    def frame_of(self, block: Block) -> pl.DataFrame:
        """The frame that iteration would have given for the rows of a block."""
        frame = self.job.complete(self.job.chunk(self._parser.parse(block.chunk)))
        self._n_rows += frame.height
        return frame

    def end(self, *, n_read: int = 0, seen: Collection[str] = ()) -> None:
        """Warn of words among numbers, refuse a file without rows.

        Parameters
        ----------
        n_read : int
            Rows that the caller read by itself.
        seen : collection of str
            Fields in which it found numbers.
        """
        self._n_rows += n_read
        for name in seen:
            self._parser.seen[name] = self._parser.seen.get(name, 0) + 1
        self.job.warnings.extend(self._parser.check(self.job.flags))
        if self._n_rows == 0 and not self.n_rejected and not self._parser.rejected:
            raise InputError(
                f"{self._source}: a header but no rows; columns found: {', '.join(self._layout.names)}"
            )

    def take_rejected(self) -> pl.DataFrame:
        """Lines set aside since the last call: ROW, SNPID, REASON."""
        taken, self._parser.rejected = self._parser.rejected, []
        found = pl.concat(taken) if taken else pl.DataFrame(schema=REJECTED_SCHEMA)
        self.n_rejected += found.height
        return found

    def summary(self) -> Sumstats:
        """What :func:`~postgwas.sumstats.run.read_sumstats` says of a file, without its rows.

        Complete once the last chunk was read; `rejected` holds what :meth:`take_rejected` left.
        """
        return self.job.summary(self._parser.rejected)


def _ahead(items: Iterator[Item], *, depth: int = 2) -> Iterator[Item]:
    """The same items, made by a thread that is at most `depth` ahead."""
    shelf: queue.Queue[tuple[str, object]] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def put(kind: str, value: object) -> bool:
        while not stop.is_set():
            try:
                shelf.put((kind, value), timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not put("item", item):
                    return
            put("end", None)
        except BaseException as error:
            put("error", error)

    thread = threading.Thread(target=work, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = shelf.get()
            if kind == "end":
                return
            if kind == "error":
                assert isinstance(value, BaseException)
                raise value
            yield value  # type: ignore[misc]
    finally:
        stop.set()
        thread.join()


def _read_head(stream: ByteStream) -> bytes:
    head = stream.read(_HEAD)
    # A VCF may have megabytes of "##contig" lines before its header.
    while head[head.rfind(b"\n") + 1 :].startswith(b"##") and len(head) < 64 * _HEAD:
        more = stream.read(_HEAD)
        if not more:
            break
        head += more
    return head


def _open_vcf(
    plan: ColumnPlan,
    layout: Layout,
    head: bytes,
    given: tuple[float, str] | None,
    *,
    source: str,
    sample: str | None,
) -> tuple[ColumnPlan, frozenset[str], tuple[float, str] | None]:
    first = head[layout.offset :].split(b"\n", 1)[0].decode("utf-8", "replace")
    plan, fields = choose_sample(
        plan, layout.names, split(first, layout.separator), source=source, sample=sample
    )
    if given is None and "N" not in fields:
        cases, controls = total_counts(layout.preamble, plan.columns["SAMPLE"])
        if cases and controls:
            given = given_n(None, cases, controls)
        elif cases or controls:
            given = cases or controls or 0.0, "total"
    if "N_CAS" in fields:
        fields |= {"N_CON"}
    return plan, fields, given
