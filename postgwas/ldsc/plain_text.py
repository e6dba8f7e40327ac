"""Munged text as it usually is: fields separated by tabs, as many in every line.

A stretch of text is taken through all steps before the next one, in the processor's cache. Whatever
is odd about a file is left to the reader of summary statistics, which looks at it line by line.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import PAD, find_cells
from postgwas.columns.decimals import parse_decimals
from postgwas.columns.texts import Keeper, Texts, join_texts, texts_of_column
from postgwas.ld.variant_ids import VariantIds
from postgwas.ldsc.munged_rows import AlleleLetters, Rows

#: Bytes of text taken at once: in much shorter stretches calls cost more than what they do.
_STRETCH = 1 << 19
_MARGIN = b"." * PAD
#: Line of the first row: after that of the names.
_FIRST = 2
_NUMBERS = ("Z", "N")
_NA = int.from_bytes(b"NA", "little")


def read_plain(data: bytes, names: Sequence[str], wanted: Mapping[str, str]) -> Rows | None:
    """The rows of a munged file, or None where it is not plain.

    Parameters
    ----------
    data : bytes
        The whole file.
    names : sequence of str
        Columns of its first line.
    wanted : mapping of str to str
        Column's name to ours: SNPID, Z, N and, where alleles are asked for, EA and NEA.
    """
    if b"\r" in data or b'"' in data or b"\0" in data or not _is_text(data):
        return None
    keepers = {ours: Keeper() for ours in wanted.values()}
    texts: dict[str, list[Texts]] = {ours: [] for ours in wanted.values() if ours not in _NUMBERS}
    numbers: dict[str, list[npt.NDArray[np.float64]]] = {name: [np.empty(0)] for name in _NUMBERS}
    for stretch in _stretches(data):
        cells = find_cells(b"".join((_MARGIN, stretch, _MARGIN)), "\t", len(names))
        if cells is None:
            return None
        for theirs, ours in wanted.items():
            column = cells.column(names.index(theirs))
            if ours in _NUMBERS:
                found = parse_decimals(column)
                # Infinite ones are told of later, with their lines.
                if np.isnan(found.values[found.odd]).any():
                    return None
                numbers[ours].append(found.values)
            else:
                part = texts_of_column(column, keepers[ours])
                part.words[part.words[:, 0] == _NA] = 0
                texts[ours].append(part)
    whole = {ours: join_texts(parts, keepers[ours]) for ours, parts in texts.items()}
    return Rows(
        ids=VariantIds.of(whole.pop("SNPID")),
        z=np.concatenate(numbers["Z"]),
        n=np.concatenate(numbers["N"]),
        lines=_FIRST,
        **{name.lower(): AlleleLetters.of(alleles) for name, alleles in whole.items()},
    )


def first_line(data: bytes) -> tuple[list[str], bool]:
    """The names of the columns, and whether they are separated by tabs."""
    header = (data[: data.find(b"\n")] if b"\n" in data else data).decode("utf-8", "replace")
    names = header.split()
    return names, header.split("\t") == names


def without_mark(data: bytes) -> bytes:
    """Without the mark of UTF-8 that some programs put first."""
    return data.removeprefix(codecs.BOM_UTF8)


def _is_text(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _stretches(data: bytes) -> Iterator[bytes]:
    """Whole lines after the first."""
    at = data.find(b"\n") + 1 or len(data)
    while at < len(data):
        stop = min(at + _STRETCH, len(data))
        stop = data.rfind(b"\n", at, stop) + 1 or data.find(b"\n", stop) + 1 or len(data)
        stretch = data[at:stop]
        yield stretch if stretch.endswith(b"\n") else stretch + b"\n"
        at = stop
