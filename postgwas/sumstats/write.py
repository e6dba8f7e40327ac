"""Write tables as text: whole or not at all, and fast."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from postgwas.errors import OutputError

if TYPE_CHECKING:
    import polars as pl

ROWS = 1 << 17
"""Rows that are made into text and compressed at once."""


def write_delimited(
    frame: pl.DataFrame,
    path: str | os.PathLike[str],
    *,
    separator: str = "\t",
    overwrite: bool = True,
    null: str = "NA",
    header: bool = True,
    decimals: int | None = None,
    preamble: str = "",
) -> Path:
    """Write a table as delimited text.

    The text goes to a temporary file in the same folder, which is flushed to the disk and
    renamed: the final name never holds half a table.

    Parameters
    ----------
    frame : polars.DataFrame
    path : path-like
        ``.gz``, ``.bgz`` (both gzip) and ``.zst`` compress.
    separator : str
        One character.
    overwrite : bool
        Replace a file that exists.
    null : str
        How missing values (nulls and NaN) are written.
    header : bool
        Write the names of the columns first.
    decimals : int, optional
        Round floats to so many; by default they have the fewest digits that read back the same.
    preamble : str
        Lines to write before everything else.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The folder is missing or not writable, the disk is full, or the file exists and
        ``overwrite`` is false. Nothing is left behind.
    """
    with atomic_file(path, overwrite=overwrite) as raw, compressor(raw, Path(path).suffix) as stream:
        stream.write(preamble.encode())
        if header:
            stream.write(_csv(frame.head(0), separator=separator, null=null, header=True))
        for at in range(0, frame.height, ROWS):
            rows = _nan_to_null(frame.slice(at, ROWS))
            stream.write(_csv(rows, separator=separator, null=null, header=False, decimals=decimals))
    return Path(path)


def write_rejected(
    path: str | os.PathLike[str], tables: Sequence[tuple[str, pl.DataFrame]], *, overwrite: bool = True
) -> Path:
    """Write all rejected rows of a run: FILE, LINE, SNPID, REASON.

    Parameters
    ----------
    path : path-like
        Usually ``<out>.rejected.tsv.gz``.
    tables : sequence of (source, frame)
        Frames with ROW, SNPID, REASON.
    """
    import polars as pl

    # The text of an uneven line stands in for its id, separators and all.
    one_field = pl.col("SNPID").cast(pl.String).str.replace_all(r"[\t\r\n]", " ")
    parts = [
        frame.select(
            pl.lit(source).alias("FILE"), pl.col("ROW").cast(pl.Int64).alias("LINE"), one_field, "REASON"
        )
        for source, frame in tables
    ]
    schema = {"FILE": pl.String(), "LINE": pl.Int64(), "SNPID": pl.String(), "REASON": pl.String()}
    return write_delimited(pl.concat([pl.DataFrame(schema=schema), *parts]), path, overwrite=overwrite)


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[IO[bytes]]:
    """A binary file that gets its name only once it is complete and on the disk.

    Raises
    ------
    OutputError
        As :func:`write_delimited`.
    """
    target = Path(path)
    if not overwrite and target.exists():
        raise OutputError(f"{target}: the file exists already", hint="--overwrite replaces it")
    if not target.parent.is_dir():
        raise OutputError(f"{target}: the folder {target.parent} does not exist", hint="create it first")
    temporary: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:80]}.", suffix=".part", dir=target.parent)
        temporary = Path(name)
        # Buffered: on a disk that is full, or beyond 2 GB, a raw file may take a part and say so only.
        with os.fdopen(descriptor, "wb") as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        # mkstemp makes private files; results get the permissions that any new file would.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
        temporary = None
        _sync_folder(target.parent)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    # Not every file system lets a folder be synced; the file itself is safe already.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def compressor(raw: IO[bytes], suffix: str) -> Iterator[IO[bytes]]:
    """A stream that compresses into a file as its suffix says: .gz, .bgz, .zst, or not at all."""
    if suffix in {".gz", ".bgz"}:
        from isal import igzip

        # No time and name in the header, so that equal tables give equal files.
        packed: Any = igzip.IGzipFile  # isal's own class has no annotations
        with packed(filename="", mode="wb", compresslevel=1, fileobj=raw, mtime=0) as stream:
            yield stream
    elif suffix == ".zst":
        import zstandard

        with zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False) as stream:
            yield stream
    else:
        yield raw


def _csv(
    frame: pl.DataFrame, *, separator: str, null: str, header: bool, decimals: int | None = None
) -> bytes:
    buffer = io.BytesIO()
    frame.write_csv(
        buffer,
        include_header=header,
        separator=separator,
        null_value=null,
        quote_style="never",
        float_precision=decimals,
    )
    return buffer.getvalue()


def _nan_to_null(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    floats = [name for name, kind in frame.schema.items() if kind in (pl.Float64, pl.Float32)]
    return frame.with_columns(pl.col(floats).fill_nan(None)) if floats else frame
