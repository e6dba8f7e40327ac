"""Cut a stream of text into chunks of whole, equally wide rows.

Bytes in, bytes out: carriage returns, quotes and runs of white space are normalised, lines
with a wrong number of fields are taken out, and every line keeps its number in the file.
A :class:`Block` is a piece before that last step, for who can do without it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import PAD, Cells, find_cells
from postgwas.errors import InputError
from postgwas.sumstats.half_line import refuse_half_a_line
from postgwas.sumstats.layout import WHITESPACE, Layout

CHUNK_BYTES = 4 << 20
"""Small enough for the cache (measured fastest from 2 to 8 MB), large enough for bulk parsing."""

_LONGEST = 64 << 20
"""Bytes of a line; what is longer is no line of summary statistics."""

_MARGIN = b"." * PAD


class Readable(Protocol):
    """What a stream must offer."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes."""
        ...


@dataclass(frozen=True)
class Chunk:
    """Whole lines of one width.

    Attributes
    ----------
    data : bytes
        Lines, each ended by a newline, fields parted by ``separator``.
    separator : str
        One character.
    lines : ndarray of uint32, shape (n_rows,)
        Line numbers in the file, 1-based.
    bad_lines : ndarray of uint32
        Numbers of the lines that were taken out for their number of fields.
    bad_text : list of str
        The beginnings of those lines.
    next_line : int
        Number of the line after the chunk.
    """

    data: bytes
    separator: str
    lines: npt.NDArray[np.uint32]
    bad_lines: npt.NDArray[np.uint32]
    bad_text: list[str]
    next_line: int


@dataclass(frozen=True)
class Block:
    """Whole lines of a file, normalised, whatever their number of fields.

    Attributes
    ----------
    data : bytes
        :data:`~postgwas.columns.cells.PAD` other bytes, the lines, and as many other bytes.
    separator : str
        One character.
    width : int
        Number of fields that a line should have.
    first_line : int
        Number of the first line, 1-based.
    """

    data: bytes
    separator: str
    width: int
    first_line: int

    @functools.cached_property
    def chunk(self) -> Chunk:
        """Its lines of the right width."""
        return _even(self.data[PAD:-PAD], self.separator, self.width, self.first_line)

    @functools.cached_property
    def cells(self) -> Cells | None:
        """Where its fields are; None unless all lines are of the right width and all bytes are ASCII."""
        if not self.data.isascii() or (self.separator != "\t" and b"\0" in self.data):
            return None
        return find_cells(self.data, self.separator, self.width)

    @property
    def next_line(self) -> int:
        """Number of the line after the block."""
        known = self.__dict__.get("cells")
        return self.chunk.next_line if known is None else self.first_line + len(known)


def iter_chunks(
    stream: Readable, head: bytes, layout: Layout, *, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[Chunk]:
    """Chunks of the rows of a file.

    Parameters
    ----------
    stream : object with ``read``
        The rest of the file after ``head``.
    head : bytes
        What was already read of the file.
    layout : Layout
        Its layout; rows begin ``layout.offset`` bytes into ``head``.
    chunk_bytes : int
        About how much text to take at a time. Never changes the rows.

    Raises
    ------
    InputError
        A line is longer than any line of summary statistics.
    """
    for block in iter_blocks(stream, head, layout, chunk_bytes=chunk_bytes):
        yield block.chunk


def iter_blocks(
    stream: Readable, head: bytes, layout: Layout, *, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[Block]:
    """Blocks of the lines of a file; parameters as of :func:`iter_chunks`."""
    rest = head[layout.offset :]
    line = layout.first_line
    more = b"any"
    while more:
        more = stream.read(max(1, chunk_bytes))
        end = more.rfind(b"\n") + 1
        if more and not end:
            if len(rest) > _LONGEST:
                name = getattr(stream, "path", "the file")
                raise InputError(
                    f"{name}: line {line:,} or one soon after has no end within {_LONGEST:,} bytes"
                )
            rest += more
            continue
        # At the end of the file what is left is a line, whether or not it is ended.
        last = b"\n" if not more and rest and not rest.endswith(b"\n") else b""
        block = _tidy((rest, more[:end] if more else last), layout, line)
        if last:
            text, name = block.data[PAD : -PAD - 1], getattr(stream, "path", "the file")
            refuse_half_a_line(name, text, block.separator.encode(), block.width, line=block.first_line)
        rest = more[end:]
        if len(block.data) > 2 * PAD:
            yield block
            line = block.next_line


def _tidy(parts: tuple[bytes, bytes], layout: Layout, first_line: int) -> Block:
    separator = " " if layout.separator == WHITESPACE else layout.separator
    first, second = parts
    if not _untidy(first, layout) and not _untidy(second, layout):
        return Block(b"".join((_MARGIN, first, second, _MARGIN)), separator, len(layout.names), first_line)
    data = first + second
    unwanted = (b"\r" if b"\r" in data else b"") + (b'"' if layout.quoted else b"")
    if unwanted:
        data = data.translate(None, unwanted)
    if layout.separator == WHITESPACE:
        data = squeeze(data)
    elif b" " in data:
        data = _unpad(data, separator.encode())
    return Block(b"".join((_MARGIN, data, _MARGIN)), separator, len(layout.names), first_line)


def _untidy(data: bytes, layout: Layout) -> bool:
    return layout.quoted or layout.separator == WHITESPACE or b"\r" in data or b" " in data


def _unpad(data: bytes, separator: bytes) -> bytes:
    for padded, bare in (
        (b" " + separator, separator),
        (separator + b" ", separator),
        (b" \n", b"\n"),
        (b"\n ", b"\n"),
    ):
        while padded in data:
            data = data.replace(padded, bare)
    return data.lstrip(b" ")


def squeeze(data: bytes) -> bytes:
    """Runs of blanks and tabs as one blank, none at the ends of lines."""
    if b"\t" in data:
        data = data.replace(b"\t", b" ")
    if b"  " in data or b"\n " in data or data.startswith(b" "):
        # A blank goes where the byte before it is a blank or ends a line; one pass over arrays.
        text = np.frombuffer(data, dtype=np.uint8)
        blank = text == 32
        before = np.empty_like(blank)
        before[:1] = True
        np.logical_or(blank[:-1], text[:-1] == 10, out=before[1:])
        data = text[~(blank & before)].tobytes()
    return data.replace(b" \n", b"\n") if b" \n" in data else data


def _even(data: bytes, separator: str, width: int, first_line: int) -> Chunk:
    text = np.frombuffer(data, dtype=np.uint8)
    line_ends = np.flatnonzero(text == 10)
    fields = 1 + np.diff(_count_before(text == ord(separator), line_ends), prepend=0)
    numbers = np.arange(first_line, first_line + line_ends.size, dtype=np.uint32)
    good = fields == width
    none = np.empty(0, dtype=np.uint32)
    if bool(good.all()):
        return Chunk(data, separator, numbers, none, [], first_line + line_ends.size)

    starts = np.concatenate(([0], line_ends[:-1] + 1))
    blank = line_ends == starts
    comment = text[starts] == ord("#")
    bad = ~good & ~blank & ~comment
    next_line = first_line + line_ends.size
    bad_text = [data[starts[i] : line_ends[i]][:40].decode("utf-8", "replace") for i in np.flatnonzero(bad)]
    return Chunk(select_lines(data, good), separator, numbers[good], numbers[bad], bad_text, next_line)


def _count_before(marks: npt.NDArray[np.bool_], at: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """How many marks lie before each position: bits counted 64 at a time."""
    packed = np.packbits(marks, bitorder="little")
    words = np.concatenate((packed, np.zeros(8 - packed.size % 8, dtype=np.uint8))).view(np.uint64)
    counts = np.bitwise_count(words)
    before = np.cumsum(counts, dtype=np.int64) - counts
    word = at >> 6
    below = (np.uint64(1) << (at & 63).astype(np.uint64)) - np.uint64(1)
    result: npt.NDArray[np.int64] = before[word] + np.bitwise_count(words[word] & below)
    return result


def select_lines(data: bytes, keep: npt.NDArray[np.bool_]) -> bytes:
    """The lines of a chunk for which ``keep`` is true."""
    text = np.frombuffer(data, dtype=np.uint8)
    lengths = np.diff(np.flatnonzero(text == 10), prepend=-1)
    return text[np.repeat(keep, lengths)].tobytes()
