"""A delimited table whose first line names its columns, numbers checked cell by cell."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from postgwas.errors import InputError
from postgwas.expression.matrix import check_unique
from postgwas.genotypes.text_table import read_text

if TYPE_CHECKING:
    import polars as pl

_MISSING = ["NA", "NaN", "nan", "N/A", "NULL", "."]


@dataclass(frozen=True)
class Lines:
    """A table's text: the names of its columns and the lines below.

    Attributes
    ----------
    header : list of str
    body : bytes
        Lines below the header.
    separator : str
    line : int
        Line of the header, counted from 1.
    path : str
    """

    header: list[str]
    body: bytes
    separator: str
    line: int
    path: str

    def frame(self, *, text: Sequence[str]) -> pl.DataFrame:
        """Columns `text` as text, all others as float64; NA, NaN and empty cells become NaN.

        Raises
        ------
        InputError
            If a line has too many or too few columns, or a cell is no number: with its line.
        """
        import polars as pl

        check_unique(self.header, "column", self.path)
        numbers = [name for name in self.header if name not in text]
        schema = {name: pl.String() if name in text else pl.Float64() for name in self.header}
        try:
            frame = pl.read_csv(
                io.BytesIO(self.body), has_header=False, separator=self.separator, schema=schema,
                null_values=_MISSING, quote_char=self._quote,
            )  # fmt: skip
        except pl.exceptions.PolarsError as error:
            self._refuse(set(text))
            said = str(error).partition("\n")[0]
            raise InputError(f"{self.path}: its cells cannot be read: {said}") from None
        # A line that is cut short reads as empty cells at its end.
        if frame[self.header[-1]].null_count():
            self._refuse(set(text), widths_only=True)
        return frame.with_columns(pl.col(numbers).fill_null(float("nan")))

    def below(self, n: int) -> Lines:
        """The same header with the first `n` lines of the body left out."""
        body = self.body
        for _ in range(n):
            body = body.partition(b"\n")[2]
        return replace(self, body=body, line=self.line + n)

    @property
    def _quote(self) -> str | None:
        return '"' if b'"' in self.body[:4096] else None

    def _refuse(self, text: set[str], *, widths_only: bool = False) -> None:
        """Find the line that is wrong."""
        import csv

        width = len(self.header)
        lines = io.StringIO(self.body.decode(errors="replace"))
        quoting: Any = csv.QUOTE_MINIMAL if self._quote else csv.QUOTE_NONE
        rows = csv.reader(lines, delimiter=self.separator, quoting=quoting)
        for number in count(self.line + 1):
            try:
                cells = next(rows, None)
            except csv.Error as error:
                raise InputError(f"{self.path}, line {number}: {error}") from None
            if cells is None:
                return
            if len(cells) != width:
                raise InputError(f"{self.path}, line {number}: {len(cells)} columns found, expected {width}")
            if widths_only:
                continue
            for name, cell in zip(self.header, cells):
                if name not in text and not _is_number(cell):
                    raise InputError(f"{self.path}, line {number}, column {name}: {cell!r} is not a number")


def read_lines(path: str | os.PathLike[str]) -> Lines:
    """A table's header and body; tabs, commas, semicolons or blanks part the columns.

    Raises
    ------
    InputError
        If the file is missing, empty, truncated, or not text.
    """
    return lines_of(read_text(path), str(path))


def lines_of(data: bytes, path: str, *, skipped: int = 0) -> Lines:
    """As :func:`read_lines`, of text that was read; `skipped` lines stood above it."""
    first, _, body = data.partition(b"\n")
    try:
        head = first.decode()
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8") from None
    if not body.strip():
        raise InputError(f"{path}: no lines below the header")
    body = _without_blank_end(body)
    separator = next((mark for mark in ("\t", ",", ";") if mark in head), " ")
    if separator == " ":
        separator = "\t"
        head = "\t".join(head.split())
        body = b"\n".join(b"\t".join(line.split()) for line in body.split(b"\n"))
    header = [name.strip().strip('"') for name in head.split(separator)]
    # Files that R's write.table made have no name over the row names.
    width = body[: body.find(b"\n") if b"\n" in body else None].count(separator.encode()) + 1
    if width == len(header) + 1:
        header = ["", *header]
    return Lines(header, body, separator, skipped + 1, path)


def _without_blank_end(body: bytes) -> bytes:
    """Without empty lines below the last row, which editors leave."""
    if not body.endswith((b"\n\n", b"\n\r\n")):
        return body
    return body.rstrip(b"\r\n") + b"\n"


def _is_number(cell: str) -> bool:
    if not cell or cell in _MISSING:
        return True
    # Python reads 1_000 and blanks around a number, the reader of columns does not.
    if "_" in cell or cell != cell.strip():
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True
