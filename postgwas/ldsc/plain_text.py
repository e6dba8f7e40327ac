"""Munged text as it usually is: fields separated by tabs, as many in every line.

A stretch of text is taken through all steps before the next one, in the processor's cache. Whatever
is odd about a file is left to the reader of summary statistics, which looks at it line by line.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from postgwas.ld.texts import MISSING, PADDING, Texts
from postgwas.ld.variant_ids import VariantIds
from postgwas.ldsc.decimals import parse_decimals
from postgwas.ldsc.munged_rows import AlleleLetters, Rows

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

#: Bytes of text taken at once: in much shorter stretches calls cost more than what they do.
_STRETCH = 1 << 19
_TAB, _END = ord("\t"), ord("\n")
#: Line of the first row: after that of the names.
_FIRST = 2


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
    if b"\r" in data or b'"' in data:
        return None
    text = data if data.endswith(b"\n") else data + b"\n"
    content = np.frombuffer(text + bytes(PADDING), np.uint8)
    places = {ours: names.index(theirs) for theirs, ours in wanted.items()}
    parts = []
    at = text.find(b"\n") + 1
    while at < len(text):
        stop = min(at + _STRETCH, len(text))
        stop = text.rfind(b"\n", at, stop) + 1 or text.find(b"\n", stop) + 1
        ends = _ends(content[at:stop], len(names))
        part = None if ends is None else _columns(content, at, ends + at, places)
        if part is None:
            return None
        parts.append(part)
        at = stop
    if not parts:
        none = np.empty(0)
        return Rows(VariantIds.of(Texts.from_strings([])), none, none)
    return _joined(content, parts)


def first_line(data: bytes) -> tuple[list[str], bool]:
    """The names of the columns, and whether they are separated by tabs."""
    header = (data[: data.find(b"\n")] if b"\n" in data else data).decode("utf-8", "replace")
    names = header.split()
    return names, header.split("\t") == names


def without_mark(data: bytes) -> bytes:
    """Without the mark of UTF-8 that some programs put first."""
    return data.removeprefix(codecs.BOM_UTF8)


def _ends(text: Bytes, width: int) -> Places | None:
    """Where each field of each line ends, shape (lines, width); None if lines differ in width."""
    found = np.flatnonzero(text <= _END)
    n_lines = int(np.count_nonzero(text == _END))
    if found.size != n_lines * width or np.count_nonzero(text == _TAB) != n_lines * (width - 1):
        return None
    ends = found.reshape(n_lines, width)
    return ends if bool((text.take(ends[:, -1]) == _END).all()) else None


def _columns(content: Bytes, at: int, ends: Places, places: Mapping[str, int]) -> dict[str, Any] | None:
    """Hashes, numbers and letters of a stretch of lines; None where a number is none."""
    lines = np.empty(len(ends), np.int64)
    lines[0], lines[1:] = at, ends[:-1, -1] + 1
    found: dict[str, Any] = {}
    for name, place in places.items():
        starts = lines if place == 0 else ends[:, place - 1] + 1
        lengths = ends[:, place] - starts
        _empty_where_na(content, starts, lengths)
        if name in ("Z", "N"):
            found[name] = parse_decimals(content, starts, lengths)
            if found[name] is None:
                return None
            continue
        texts = Texts(content, starts, np.where(lengths == 0, MISSING, lengths))
        if name == "SNPID":
            found["starts"], found["lengths"] = starts, texts.lengths
            found["first"], found["second"] = texts.hashes()
        else:
            found[name] = AlleleLetters.of(texts).letters
            found[f"starts of {name}"], found[f"lengths of {name}"] = starts, texts.lengths
    return found


def _empty_where_na(content: Bytes, starts: Places, lengths: Places) -> None:
    """Length 0 for fields of NA."""
    two = np.flatnonzero(lengths == 2)
    if two.size:
        first, second = content.take(starts[two]), content.take(starts[two] + 1)
        lengths[two[(first == ord("N")) & (second == ord("A"))]] = 0


def _joined(content: Bytes, parts: Sequence[Mapping[str, Any]]) -> Rows:
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    texts = Texts(content, whole["starts"], whole["lengths"])
    missing = texts.lengths == MISSING
    alleles = {}
    for name in ("EA", "NEA"):
        if name in whole:
            spelled = Texts(content, whole[f"starts of {name}"], whole[f"lengths of {name}"])
            alleles[name.lower()] = AlleleLetters(whole[name], spelled.text)
    return Rows(
        ids=VariantIds(
            whole["first"], whole["second"], texts.series, missing=missing if missing.any() else None
        ),
        z=whole["Z"],
        n=whole["N"],
        lines=_FIRST,
        **alleles,
    )
