"""Files of QTL summary statistics, read in pieces: text, tabix, Parquet, tables of a store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from postgwas.coloc.qtl_summary import FASTQTL, QtlFormat, canonical, recognise
from postgwas.errors import InputError, UsageError
from postgwas.store.position import Region, chromosome_names

if TYPE_CHECKING:
    import polars as pl

Header = tuple[list[str], str, Any, int]
H = TypeVar("H", bound=Header)

_PIECE = 1 << 25
"""Bytes of text at once."""
_ROWS = 1 << 20
_FILES = (".parquet", ".pq")


@dataclass(frozen=True, eq=False)
class QtlSource:
    """Where QTL summary statistics are.

    Attributes
    ----------
    parts : tuple of str
        Files; or ``STUDY.h5::KEY`` of one table each. One after the other.
    n : float, optional
        Sample size; goes before what files say.
    gene : str, optional
        The one gene of files without a column of genes.
    variants : polars.DataFrame, optional
        SNPID, CHR, POS, A1, A2 of ids that do not tell places.
    """

    parts: tuple[str, ...]
    n: float | None = None
    gene: str | None = None
    variants: pl.DataFrame | None = None

    @property
    def path(self) -> str:
        """For messages."""
        return self.parts[0] if len(self.parts) == 1 else f"{self.parts[0]} and {len(self.parts) - 1} more"

    def pieces(
        self, regions: Sequence[Region] | None = None, *, heights: bool = False
    ) -> Iterator[pl.DataFrame]:
        """Rows under the names of :data:`postgwas.coloc.qtl_summary.SCHEMA`.

        Parameters
        ----------
        regions : sequence of Region, optional
            Rows elsewhere need not come: tables of a store and files with an index are read there only.
        heights : bool
            Also MLOG10P: of the file's P, or else of BETA / SE as if it were normal.

        Raises
        ------
        InputError, ColumnError, StoreError
            If a part cannot be read or lacks a column.
        """
        for part in self.parts:
            for frame, format in _frames(part, regions, self.gene):
                made = canonical(frame, format, self.variants, n=self.n)
                yield _with_heights(made, frame, format) if heights else made


def _with_heights(made: pl.DataFrame, frame: pl.DataFrame, format: QtlFormat) -> pl.DataFrame:
    import polars as pl

    from postgwas.sumstats.derive import mlog10p_from_z

    z = (made["BETA"] / made["SE"]).cast(pl.Float64).fill_null(float("nan")).to_numpy()
    height = pl.Series("MLOG10P", mlog10p_from_z(z))
    if "P" in format.columns:
        p = frame[format.columns["P"]].cast(pl.Float64, strict=False)
        told = pl.select(pl.when((p > 0) & (p <= 1)).then(-p.log10())).to_series()
        height = told.zip_with(told.is_not_null(), height) if p.null_count() < p.len() else height
    return made.with_columns(height.alias("MLOG10P"))


def qtl_source(
    given: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    n: float | None = None,
    gene: str | None = None,
    variants: pl.DataFrame | None = None,
) -> QtlSource:
    """Find the parts that are meant.

    Parameters
    ----------
    given : path or sequence of path
        Files; ``@`` stands for chromosomes 1 to 22 and X; ``STUDY.h5::KEY`` for a store's tables, where ``*``
        stands for anything, as in ``study.h5::qtl/cis_nominal_chr*/lcl``.
    n, gene, variants
        See :class:`QtlSource`.

    Raises
    ------
    InputError
        If a file is missing.
    StoreError, UsageError
        If a store has no such table, or a sample size is none.
    """
    if n is not None and not n > 3:
        raise UsageError(f"--qtl_n {n:g}: expected more than 3 samples")
    several = [given] if isinstance(given, str | os.PathLike) else list(given)
    parts: list[str] = []
    for one in several:
        parts += _parts(os.fspath(one))
    if not parts:
        raise UsageError("no QTL summary statistics are given", hint="--qtl FILE")
    if n is None and "::" in parts[0]:
        from postgwas.store import Study

        path, _, key = parts[0].partition("::")
        stored = Study.open(path).attrs(key).get("n_samples")
        n = None if stored is None else float(stored)
    return QtlSource(tuple(parts), n, gene, variants)


def _parts(path: str) -> list[str]:
    if "::" in path:
        return _tables(path)
    if "@" in Path(path).name:
        names = [*map(str, range(1, 23)), "X"]
        found = [path.replace("@", name) for name in names if Path(path.replace("@", name)).is_file()]
        if not found:
            raise InputError(f"{path}: no file for any chromosome in place of @")
        return found
    if not Path(path).is_file():
        what = "is a folder; expected a file" if Path(path).is_dir() else "no such file"
        raise InputError(f"{path}: {what}")
    return [path]


def _tables(source: str) -> list[str]:
    from postgwas.store import Study
    from postgwas.store.query import keys_like

    path, _, key = source.partition("::")
    if not path or not key:
        raise UsageError(f"{source}: expected STUDY.h5::KEY, such as study.h5::qtl/cis_nominal_chr*/lcl")
    return [f"{path}::{one}" for one in keys_like(Study.open(path), key)]


def _frames(
    part: str, regions: Sequence[Region] | None, gene: str | None
) -> Iterator[tuple[pl.DataFrame, QtlFormat]]:
    if "::" in part:
        yield from _stored(part, regions, gene)
    elif part.endswith(_FILES):
        yield from _parquet(part, gene)
    elif regions is not None and Path(f"{part}.tbi").is_file():
        yield from _indexed(part, regions, gene)
    else:
        yield from _text(part, gene)


def _stored(
    part: str, regions: Sequence[Region] | None, gene: str | None
) -> Iterator[tuple[pl.DataFrame, QtlFormat]]:
    import polars as pl

    from postgwas.store import Study
    from postgwas.store.query import rows_of
    from postgwas.store.values import to_polars

    path, _, key = part.partition("::")
    study = Study.open(path)
    columns = study.columns(key)
    format = recognise(columns, part, gene=gene)
    wanted = list(dict.fromkeys(format.columns.values()))
    chromosome = study.attrs(key).get("chromosome")
    for region in _merged(regions) if regions is not None else [None]:
        if region is not None and chromosome is not None and region.chromosome != int(chromosome):
            continue
        found = rows_of(study, key, region, {}, wanted)
        frame = pl.DataFrame([to_polars(column, name) for name, column in found.items()])
        if "CHR" in frame.columns and frame["CHR"].dtype.is_integer():
            names = chromosome_names(frame["CHR"].to_numpy())
            frame = frame.with_columns(pl.Series("CHR", names, dtype=pl.String))
        if frame.height:
            yield frame, format


def _parquet(path: str, gene: str | None) -> Iterator[tuple[pl.DataFrame, QtlFormat]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from postgwas.sumstats.parquet_table import sound_frame

    try:
        file = pq.ParquetFile(path)
        format = recognise(file.schema_arrow.names, path, gene=gene)
        wanted = list(dict.fromkeys(format.columns.values()))
        for batch in file.iter_batches(batch_size=_ROWS, columns=wanted):
            yield sound_frame(pa.Table.from_batches([batch])), format
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path}: not a readable Parquet file ({str(error).splitlines()[0]})") from None


def _text(path: str, gene: str | None) -> Iterator[tuple[pl.DataFrame, QtlFormat]]:
    for frame, header in text_pieces(path, lambda data: _header(data, path, gene)):
        yield frame, header[2]


def text_pieces(path: str, header: Callable[[bytes], H]) -> Iterator[tuple[pl.DataFrame, H]]:
    """A delimited file's rows, a piece at a time, cells as text.

    Parameters
    ----------
    path : str
    header : callable
        Of the first bytes; gives names of columns, the separator, anything, and where rows begin.
    """
    from postgwas.sumstats.compression import ByteStream
    from postgwas.sumstats.half_line import refuse_half_a_line

    with ByteStream(path) as stream:
        data = stream.read(_PIECE)
        found = header(data)
        columns, separator, skip = found[0], found[1], found[3]
        data = data[skip:]
        while data:
            more = stream.read(_PIECE)
            cut = data.rfind(b"\n") + 1 if more else len(data)
            if not more:
                refuse_half_a_line(path, data, separator.encode(), len(columns))
            if cut:
                yield _split(data[:cut], columns, separator, path), found
            data = data[cut:] + more


def _header(data: bytes, path: str, gene: str | None) -> Header:
    """Names of columns, what is between cells, what the columns are, and where rows begin."""
    line, _, _ = data.partition(b"\n")
    if path.endswith((".h5", ".hdf5")):
        raise InputError(f"{path}: which of its tables?", hint=f"{path}::qtl/cis_nominal_chr*/NAME")
    text = header_line(line, path)
    separator = "\t" if "\t" in text else "," if "," in text else " "
    cells = text.split(separator)
    if len(cells) in FASTQTL and _is_number(cells[2]) and _is_number(cells[-1]):
        return list(FASTQTL[len(cells)]), separator, recognise(FASTQTL[len(cells)], path, gene=gene), 0
    return cells, separator, recognise(cells, path, gene=gene), len(line) + 1


def header_line(line: bytes, path: str) -> str:
    """The first line as text.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        text = line.decode().rstrip("\r")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not text, nor Parquet; expected a table with a header") from None
    if "\0" in text:
        raise InputError(f"{path}: binary data; expected a table of text")
    return text


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _split(data: bytes, columns: Sequence[str], separator: str, path: str) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_csv(
            data, separator=separator, has_header=False, new_columns=list(columns), infer_schema=False,
            quote_char=None, null_values=["NA", "nan", "NaN", ""], schema=dict.fromkeys(columns, pl.String),
        )  # fmt: skip
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: a line has not the header's {len(columns)} cells ({error})") from None


def _indexed(
    path: str, regions: Sequence[Region], gene: str | None
) -> Iterator[tuple[pl.DataFrame, QtlFormat]]:
    from postgwas.genotypes.vcf_index import refuse_truncated, stretches, tabix_file
    from postgwas.sumstats.compression import ByteStream

    refuse_truncated(path)
    with ByteStream(path) as stream:
        columns, separator, format, _ = _header(stream.read(1 << 16), path, gene)
    file: Any = tabix_file(path)
    try:
        for one in stretches(path, regions, file.contigs):
            lines = list(file.fetch(one.contig, one.start - 1, one.stop))
            if lines:
                yield _split("\n".join(lines).encode(), columns, separator, path), format
    finally:
        file.close()


def _merged(regions: Sequence[Region]) -> list[Region]:
    """Regions that overlap as one, in order."""
    merged: list[Region] = []
    for one in sorted(regions, key=lambda region: (region.chromosome, region.start, region.stop or 2**31)):
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.chromosome == one.chromosome
            and last.stop is not None
            and one.start <= last.stop + 1
        ):
            stop = None if one.stop is None else max(last.stop, one.stop)
            merged[-1] = Region(last.chromosome, last.start, stop)
        else:
            merged.append(one)
    return merged
