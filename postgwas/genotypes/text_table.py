"""Whitespace-separated text without quotes (.bim, .fam, lists) into columns of text."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from postgwas.errors import InputError

if TYPE_CHECKING:
    import polars as pl


def read_text(path: str | os.PathLike[str]) -> bytes:
    """Decompressed content of a file, with Unix line ends and no byte-order mark.

    Raises
    ------
    InputError
        If the file is missing, unreadable, truncated, empty, or what is no text: binary, UTF-16, a web page.
    """
    from postgwas.sumstats.compression import ByteStream
    from postgwas.sumstats.layout import refuse_other_kinds

    parts = []
    with ByteStream(path) as stream:
        while part := stream.read(1 << 24):
            parts.append(part)
    data = b"".join(parts)
    refuse_other_kinds(data[:4096], os.fspath(path))
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not data.strip():
        raise InputError(f"{path}: the file is empty")
    return data


def read_columns(path: str | os.PathLike[str], names: Sequence[str]) -> pl.DataFrame:
    """The columns of a file without header, all as text.

    Raises
    ------
    InputError
        If a line has another number of columns.
    """
    return split_columns(read_text(path), names, str(path))


def split_columns(data: bytes, names: Sequence[str], path: str, *, first_line: int = 1) -> pl.DataFrame:
    """Lines of `data` as columns of text; blanks or tabs part them."""
    import polars as pl

    width = len(names)
    if len(set(names)) < width:
        twice = next(name for name in names if list(names).count(name) > 1)
        raise InputError(f"{path}: column {twice} occurs twice")
    first = data[: data.index(b"\n")] if b"\n" in data else data
    regular = first.count(b"\t") == width - 1 and b" " not in data
    if not regular:
        data = b"\n".join(b"\t".join(line.split()) for line in data.split(b"\n"))
    try:
        frame = pl.read_csv(
            io.BytesIO(data), has_header=False, separator="\t", quote_char=None, infer_schema=False
        )
    except pl.exceptions.PolarsError:
        frame = pl.DataFrame()
    if frame.width != width or frame.null_count().sum_horizontal().item():
        _refuse_line(data, width, path, first_line)
    return frame.rename(dict(zip(frame.columns, names)))


def _refuse_line(data: bytes, width: int, path: str, first_line: int) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file in UTF-8") from error
    for number, line in enumerate(data.split(b"\n"), start=first_line):
        found = len(line.split())
        if found != width and found:
            raise InputError(f"{path}, line {number}: {found} columns found, expected {width}")
    raise InputError(f"{path}: expected {width} columns of text")
