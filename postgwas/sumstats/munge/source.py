"""Open a file, and give its rows in chunks with the fields that munging asks for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from types import TracebackType

import polars as pl

from postgwas.errors import InputError
from postgwas.sumstats.assemble import canonical_chunk
from postgwas.sumstats.chunks import Chunk, iter_chunks
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.dialects import ColumnPlan
from postgwas.sumstats.layout import ROW_NAMES, Layout, sniff_layout
from postgwas.sumstats.munge.columns import Columns
from postgwas.sumstats.munge.names import DESCRIPTIONS
from postgwas.sumstats.reader import ChunkParser

_HEAD = 1 << 20
#: Fields that are made into others before anything is judged.
_RAW = frozenset({"REF", "ALT", "VARIANT", "EAF_CAS", "EAF_CON"})
_FLAGS = {
    "SNPID": "--snp",
    "EA": "--a1",
    "NEA": "--a2",
    "P": "--p",
    "EAF": "--frq",
    "INFO": "--info",
    "N": "--N_col",
    "N_CAS": "--N_cas_col",
    "N_CON": "--N_con_col",
    "NSTUDY": "--nstudy",
    "SIGNED": "--signed_sumstats",
}


class Source:
    """A file of summary statistics; a context manager.

    Attributes
    ----------
    path : str
    layout : Layout
        Header and separator.
    vcf : bool
        A GWAS-VCF, whose columns are not to be looked for.
    whole_n : bool
        After the rows were read: every N is printed as a whole number.
    warnings : list of str
    rejected : list of polars.DataFrame
        Lines that are no rows, after the rows were read.
    """

    def __init__(self, path: str | os.PathLike[str], *, header: Sequence[str] | None = None) -> None:
        self.path = os.fspath(path)
        self.whole_n = True
        self.warnings: list[str] = []
        self.rejected: list[pl.DataFrame] = []
        self._stream = ByteStream(path)
        try:
            self._head = self._stream.read(_HEAD)
            self.vcf = self._head.startswith(b"##fileformat=VCF")
            self.layout = (
                Layout((), "\t", 1, 0)
                if self.vcf
                else sniff_layout(self._head, source=self.path, header=header)
            )
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def frames(self, columns: Columns, *, strict: bool) -> Iterator[pl.DataFrame]:
        """ROW and the fields of ``columns``, a chunk at a time.

        Parameters
        ----------
        columns : Columns
        strict : bool
            As munge_sumstats.py: a word in a column of numbers is an error, P below the least
            double is zero, and whether N is printed as whole numbers is found out.

        Raises
        ------
        InputError
            The file is damaged, has no rows, or words among numbers (`strict`).
        ColumnError
            A column of numbers holds nothing but words.
        """
        if self.layout.names[0] == ROW_NAMES:
            self.warnings.append(
                f"{self.path}: rows have one field more than the header; the first is taken as R's row names"
            )
        plan = ColumnPlan(
            columns.dialect,
            dict(columns.fields),
            text_na=columns.text_na,
            additive_rows=columns.additive_rows,
        )
        parser = ChunkParser(self.layout, plan, list(columns.fields), self.path, keep_tiny=not strict)
        wanted = set(columns.fields) | {"MLOG10P_TEXT", "EA", "NEA", "EAF"}
        raw = bool(_RAW & columns.fields.keys())
        n_rows = 0
        for chunk in iter_chunks(self._stream, self._head, self.layout):
            frame = parser.parse(chunk)
            if strict:
                self._refuse_words(parser)
                self.whole_n = self.whole_n and self._whole(chunk, columns)
            if raw:
                frame = _made(frame, wanted)
            n_rows += frame.height
            yield frame
        self.rejected = parser.rejected
        self.warnings.extend(parser.check(_FLAGS))
        if n_rows == 0 and not parser.rejected:
            raise InputError(
                f"{self.path}: a header but no rows; columns found: {', '.join(self.layout.names)}"
            )

    def _refuse_words(self, parser: ChunkParser) -> None:
        for name, entry in parser.unparsed.items():
            raise InputError(
                f"{self.path}: column {parser.plan.columns[name]} is expected to be numeric; "
                f"line {entry.line} has {entry.value!r}",
                hint="without --ldsc_compat it is read as missing",
            )

    def _whole(self, chunk: Chunk, columns: Columns) -> bool:
        column = columns.fields.get("N")
        if column is None or not chunk.data:
            return True
        at = self.layout.names.index(column)
        schema: dict[str, pl.DataType] = {f"{i}": pl.String() for i in range(len(self.layout.names))}
        schema[f"{at}"] = pl.Int64()
        try:
            values = pl.read_csv(
                chunk.data, has_header=False, separator=chunk.separator, quote_char=None, columns=[at],
                schema=schema, null_values=["NA", "."],
            )  # fmt: skip
        except pl.exceptions.ComputeError:
            return False
        return values.to_series().null_count() == 0


def _made(frame: pl.DataFrame, wanted: set[str]) -> pl.DataFrame:
    """The other allele and the frequency where they stand in other columns."""
    made = canonical_chunk(frame, wanted | {"N_CAS", "N_CON"})
    drop = [name for name in ("N", *_RAW) if name in made.columns and name not in wanted - _RAW]
    return made.drop(drop)


def vcf_frames(
    path: str | os.PathLike[str], *, n: float | None
) -> tuple[Columns, Iterator[pl.DataFrame], list[str]]:
    """Columns, rows and warnings of a GWAS-VCF of one study; the warnings are complete after the rows."""
    from postgwas.sumstats.stream import iter_sumstats

    needed = ["SNPID", "EA", "NEA", "Z", "MLOG10P"] + (["N"] if n is None else [])
    stream = iter_sumstats(path, wanted=[*needed, "EAF", "INFO"], require=needed)
    frames = (frame.rename({"Z": "SIGNED"}) for frame in stream)
    warnings: list[str] = []
    try:
        first = next(frames)
    except BaseException:
        stream.__exit__(None, None, None)
        raise
    # A field that no row of the study has is no column.
    absent = [name for name in ("EAF", "INFO") if name in first.columns and first[name].is_null().all()]
    fields = {name: name for name in first.columns if name not in {"ROW", *absent}}
    text = {"SNPID": "ID", "EA": "ALT", "NEA": "REF"}
    described = tuple(
        (text.get(name, name), DESCRIPTIONS["Z" if name == "SIGNED" else name]) for name in fields
    )

    def rows() -> Iterator[pl.DataFrame]:
        with stream:
            for frame in itertools.chain([first], frames):
                yield frame.drop(absent)
            warnings.extend(stream.job.warnings)

    columns = Columns(fields, "Z", "Z", 0.0, "MLOG10P", n, described=described, dialect="gwas-vcf")
    return columns, rows(), warnings
