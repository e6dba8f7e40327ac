"""Parse LD score files (``.l2.ldscore``, ``.l2.M_5_50``, ``.l2.M``)."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from postgwas.errors import InputError, PanelError
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger(__name__)

NOT_SCORES = ("CHR", "SNP", "BP", "CM", "MAF")


def read_counts(paths: Sequence[Path], n_annot: int) -> npt.NDArray[np.float64]:
    """Numbers of variants behind the LD scores, summed over files, shape (A,).

    Raises
    ------
    PanelError
        If a file is missing, or does not have one number an annotation.
    """
    total = np.zeros(n_annot)
    for path in paths:
        try:
            text = path.read_text()
            fields = text.split()
        except OSError as error:
            raise PanelError(
                f"{path}: cannot be read ({error.strerror}); it should hold the number of variants "
                "behind the LD scores",
                hint="give the whole panel: each N.l2.ldscore.gz needs its N.l2.M_5_50 (or N.l2.M)",
            ) from error
        except UnicodeDecodeError as error:
            raise PanelError(f"{path}: not a text file") from error
        try:
            values = np.array([float(field) for field in fields])
        except ValueError as error:
            raise PanelError(f"{path}: expected numbers, found '{' '.join(fields)[:40]}'") from error
        # Sums of a continuous annotation may be negative, the number of all variants may not.
        impossible = n_annot == 1 and bool(np.any(values < 0))
        if values.size != n_annot or not np.all(np.isfinite(values)) or impossible:
            raise PanelError(
                f"{path}: expected {n_annot} number{'s' * (n_annot > 1)} of variants (one for each LD score "
                f"column), found '{' '.join(fields)[:40]}'"
            )
        if not text[-1].isspace():
            log.warning("%s: the end of its line is missing; is the number whole?", path)
        total += values
    return total


def read_scores(path: Path) -> tuple[pl.DataFrame, str]:
    """One LD score file as SNPID, CHR, POS and its score columns, and its SHA-256.

    Raises
    ------
    PanelError
        If the file is missing, empty, truncated, lacks a column or has text among numbers.
    """
    import polars as pl

    try:
        data = path.read_bytes()
    except OSError as error:
        raise PanelError(f"{path}: cannot be read ({error.strerror})") from error
    digest = hashlib.sha256(data).hexdigest()
    if not data:
        raise PanelError(f"{path}: the file is empty")
    if path.suffix == ".parquet":
        from postgwas.sumstats.parquet_table import read_table

        try:
            frame = read_table(path, content=io.BytesIO(data))
        except InputError as error:
            raise PanelError(error.message) from error
        _check_header(path, frame.columns)
        return _typed(path, frame.select(pl.all().cast(pl.String)), frame.columns), digest
    text = _decompressed(path, data)
    header = text[: text.find(b"\n")] if b"\n" in text else text
    if not header.strip():
        raise PanelError(f"{path}: the file is empty")
    names = header.decode("utf-8", "replace").split()
    _check_header(path, names)
    if b"\t" not in header.strip() or b" " in header:
        # Runs of white space, as ldsc accepts them.
        text = re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t\r]+$", b"", text))
    return _parsed(path, text, names), digest


def _decompressed(path: Path, data: bytes) -> bytes:
    import bz2
    import lzma
    import zlib

    def zst(raw: bytes) -> bytes:
        import zstandard

        out = []
        while raw:
            # A stream reader takes a truncated frame for a whole one; this object tells.
            frame = zstandard.ZstdDecompressor().decompressobj()
            out.append(frame.decompress(raw))
            if not frame.eof:
                raise EOFError("the last frame is not complete")
            raw = frame.unused_data
        return b"".join(out)

    def gz(raw: bytes) -> bytes:
        from isal import igzip

        decompress: Any = igzip.decompress  # isal has no types
        return bytes(decompress(raw))

    openers: dict[str, Callable[[bytes], bytes]] = {
        ".gz": gz,
        ".bz2": bz2.decompress,
        ".xz": lzma.decompress,
        ".zst": zst,
    }
    opener = openers.get(path.suffix)
    if opener is None:
        return data
    try:
        return opener(data)
    except (OSError, EOFError, ValueError, RuntimeError, lzma.LZMAError, zlib.error) as error:
        raise PanelError(f"{path}: truncated or not a {path.suffix} file ({error})") from error
    except Exception as error:
        # isal and zstandard raise classes of their own.
        if type(error).__module__.split(".")[0] in ("isal", "igzip_lib", "zstandard"):
            raise PanelError(f"{path}: truncated or not a {path.suffix} file ({error})") from error
        raise


def _check_header(path: Path, names: Sequence[str]) -> None:
    missing = [name for name in ("CHR", "SNP", "BP") if name not in names]
    if missing:
        found = ", ".join(names[:8])[:80]
        raise PanelError(f"{path}: line 1 lacks {', '.join(missing)}; it has {found}")
    if len(set(names)) < len(names):
        raise PanelError(f"{path}: line 1 has a column name twice: {', '.join(names)}")
    if all(name in NOT_SCORES for name in names):
        raise PanelError(f"{path}: line 1 has no LD score column besides {', '.join(names)}")


def _parsed(path: Path, text: bytes, names: list[str]) -> pl.DataFrame:
    import polars as pl

    scores = [name for name in names if name not in NOT_SCORES]
    kept = ["SNP", "CHR", "BP", *scores]
    types: dict[str, Any] = {"SNP": pl.String, "CHR": pl.Int8, "BP": pl.Int32}
    options: dict[str, Any] = {
        "separator": "\t",
        "columns": kept,
        "quote_char": None,
        "null_values": ["NA", "", "nan", "NaN"],
    }
    try:
        types |= dict.fromkeys(scores, pl.Float64)
        frame = pl.read_csv(io.BytesIO(text), schema_overrides=types, **options)
    except pl.exceptions.PolarsError:
        # Something is not a plain number: read it as text and say what and where.
        try:
            frame = pl.read_csv(io.BytesIO(text), infer_schema=False, **options)
        except pl.exceptions.PolarsError as error:
            first = str(error).splitlines()[0]
            raise PanelError(f"{path}: not a table of {len(names)} columns: {first}") from error
    return _typed(path, frame, names)


def _typed(path: Path, frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Columns SNPID, CHR, POS and scores with their types, complaining about the first bad cell."""
    import polars as pl

    if frame.height == 0:
        raise PanelError(f"{path}: there is a header but no variants")
    columns = [frame["SNP"].cast(pl.String).alias("SNPID")]
    wanted: dict[str, tuple[str, Any]] = {"CHR": ("CHR", pl.Int8), "BP": ("POS", pl.Int32)}
    wanted |= {name: (name, pl.Float64) for name in names if name not in NOT_SCORES}
    for name, (new, dtype) in wanted.items():
        column = frame[name]
        if column.dtype != dtype:
            # Text; positions may be written as 1e6 or 1000.0.
            column = column.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
            column = column.cast(dtype, strict=False)
        if column.null_count() or (dtype == pl.Float64 and not column.is_finite().all()):
            bad = column.is_null() if column.null_count() else ~column.is_finite()
            row = bad.arg_true()[0]
            found = frame[name][row]
            shown = "nothing" if found is None else f"'{found}'"
            raise PanelError(f"{path}: line {row + 2}, column {name}: expected a number, found {shown}")
        columns.append(column.alias(new))
    if columns[0].null_count():
        row = columns[0].is_null().arg_true()[0]
        raise PanelError(f"{path}: line {row + 2}, column SNP: the variant has no id")
    return pl.DataFrame(columns)
