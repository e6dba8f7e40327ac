"""Open a file, and give its rows in chunks with the fields that munging asks for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from postgwas.columns.texts import Keeper
from postgwas.errors import InputError
from postgwas.sumstats.chunks import Block, Chunk, iter_blocks
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.dialects import ColumnPlan
from postgwas.sumstats.layout import ROW_NAMES, Layout, sniff_layout
from postgwas.sumstats.munge.batch import Batch, CellReader, batch_of_frame
from postgwas.sumstats.munge.columns import Columns
from postgwas.sumstats.munge.names import DESCRIPTIONS

if TYPE_CHECKING:
    import polars as pl

    from postgwas.sumstats.reader import ChunkParser

_HEAD = 1 << 20
_CHUNK_BYTES = 2 << 20
"""Text at a time: the arrays that are made of it should fit the cache."""
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

    def batches(
        self, columns: Columns, keeper: Keeper, *, strict: bool, check_alleles: bool
    ) -> Iterator[Batch]:
        """The fields of ``columns``, a chunk at a time.

        Chunks of plain fields are read without a frame; any that holds something unusual (other spellings
        of a missing value, text that is not ASCII, uneven lines) goes through the reader of all formats.

        Parameters
        ----------
        columns : Columns
        keeper : Keeper
            Of the identifiers.
        strict : bool
            As munge_sumstats.py: a word in a column of numbers is an error, P below the least
            double is zero, and whether N is printed as whole numbers is found out.
        check_alleles : bool
            Alleles as codes, otherwise as written.

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
        plain = self._cell_reader(columns, keeper, keep_tiny=not strict, check_alleles=check_alleles)
        parser: ChunkParser | None = None
        n_rows = 0
        for block in iter_blocks(self._stream, self._head, self.layout, chunk_bytes=_CHUNK_BYTES):
            found = None
            if plain is not None and block.cells is not None:
                found = plain.read(block.cells, block.first_line)
            if found is not None:
                batch, whole = found
                self.whole_n = self.whole_n and whole
            else:
                parser = parser or self._parser(columns, keep_tiny=not strict)
                frame = self._frame(block, columns, parser, strict=strict)
                batch = batch_of_frame(frame, keeper, check_alleles=check_alleles)
            n_rows += len(batch)
            yield batch
        if parser is not None:
            self.rejected = parser.rejected
            for name in plain.seen if plain is not None else ():
                parser.seen[name] = parser.seen.get(name, 0) + 1
            self.warnings.extend(parser.check(_FLAGS))
        if n_rows == 0 and not self.rejected:
            raise InputError(
                f"{self.path}: a header but no rows; columns found: {', '.join(self.layout.names)}"
            )

    def _cell_reader(
        self, columns: Columns, keeper: Keeper, *, keep_tiny: bool, check_alleles: bool
    ) -> CellReader | None:
        if _RAW & columns.fields.keys() or columns.text_na or columns.additive_rows:
            return None
        places = {field: self.layout.names.index(column) for field, column in columns.fields.items()}
        return CellReader(places, keeper, check_alleles, keep_tiny)

    def _parser(self, columns: Columns, *, keep_tiny: bool) -> ChunkParser:
        from postgwas.sumstats.reader import ChunkParser

        plan = ColumnPlan(
            columns.dialect,
            dict(columns.fields),
            text_na=columns.text_na,
            additive_rows=columns.additive_rows,
        )
        return ChunkParser(self.layout, plan, list(columns.fields), self.path, keep_tiny=keep_tiny)

    def _frame(self, block: Block, columns: Columns, parser: ChunkParser, *, strict: bool) -> pl.DataFrame:
        frame = parser.parse(block.chunk)
        if strict:
            self._refuse_words(parser)
            self.whole_n = self.whole_n and self._whole(block.chunk, columns)
        if _RAW & columns.fields.keys():
            frame = _made(frame, set(columns.fields) | {"MLOG10P_TEXT", "EA", "NEA", "EAF"})
        return frame

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
        import polars as pl

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
    from postgwas.sumstats.assemble import canonical_chunk

    made = canonical_chunk(frame, wanted | {"N_CAS", "N_CON"})
    drop = [name for name in ("N", *_RAW) if name in made.columns and name not in wanted - _RAW]
    return made.drop(drop)


def vcf_batches(
    path: str | os.PathLike[str], keeper: Keeper, *, n: float | None, check_alleles: bool
) -> tuple[Columns, Iterator[Batch], list[str]]:
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

    def rows() -> Iterator[Batch]:
        with stream:
            for frame in itertools.chain([first], frames):
                yield batch_of_frame(frame.drop(absent), keeper, check_alleles=check_alleles)
            warnings.extend(stream.job.warnings)

    columns = Columns(fields, "Z", "Z", 0.0, "MLOG10P", n, described=described, dialect="gwas-vcf")
    return columns, rows(), warnings
