"""Rows of one study as arrays: plain text by the block, anything else through the reader of all dialects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from postgwas.columns.cells import Cells, Column
from postgwas.columns.decimals import parse_decimals
from postgwas.columns.texts import Keeper, Texts, texts_of_column, texts_of_series
from postgwas.meta.allele_pairs import Pairs, add_texts, letter_pairs
from postgwas.sumstats.munge.batch import MISSING
from postgwas.sumstats.munge.filters import NO_LETTER, allele_codes, codes_of_column
from postgwas.sumstats.stream import SumstatsStream

Floats = npt.NDArray[np.float64]

NUMBERS = ("EAF", "BETA", "SE", "Z", "N", "INFO")
_PLAIN = frozenset({"SNPID", "CHR", "POS", "EA", "NEA", *NUMBERS})
_DIGITS = {b"1": b"A", b"2": b"C", b"3": b"G", b"4": b"T"}


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as they were read, M of them.

    Attributes
    ----------
    line : ndarray of uint32, shape (M,)
    snpid : Texts
    chr : ndarray of int8, shape (M,)
        0 where unknown.
    pos : ndarray of int32, shape (M,)
        0 where unknown.
    pairs : Pairs
    numbers : mapping
        Of :data:`NUMBERS`, those the file has or allows to derive; NaN where missing.
    """

    line: npt.NDArray[np.uint32]
    snpid: Texts
    chr: npt.NDArray[np.int8]
    pos: npt.NDArray[np.int32]
    pairs: Pairs
    numbers: Mapping[str, Floats]

    def __len__(self) -> int:
        return self.line.size


class RowReader:
    """Reads an open stream of summary statistics into :class:`Rows`.

    Parameters
    ----------
    stream : SumstatsStream
        Opened with ``wanted`` of SNPID, CHR, POS, EA, NEA and :data:`NUMBERS`.
    given_n : float, optional
        N of all rows.
    """

    def __init__(self, stream: SumstatsStream, *, given_n: float | None = None) -> None:
        self._stream = stream
        self._given_n = given_n
        self.keeper = Keeper(2)
        self._numbered: bool | None = None
        self._seen: set[str] = set()
        job = stream.job
        names = list(stream.layout.names)
        plan = job.plan
        plain = not (plan.constants or plan.additive_rows or plan.text_na or job.extra)
        plain = plain and set(job.fields) <= _PLAIN and {"BETA", "SE"} <= set(job.fields)
        plain = plain and {"EA", "NEA"} <= set(job.fields)
        self._places = {f: names.index(plan.columns[f]) for f in job.fields} if plain else {}
        if {"BETA", "SE"} <= self._places.keys():
            # Z is BETA / SE then.
            self._places.pop("Z", None)

    def __iter__(self) -> Iterator[Rows]:
        n_read = 0
        for block in self._stream.blocks():
            rows = None
            if self._places and block.cells is not None:
                rows = self._of_cells(block.cells, block.first_line)
            if rows is not None:
                n_read += len(rows)
            else:
                rows = self._of_frame(self._stream.frame_of(block))
            if len(rows):
                yield rows
        self._stream.end(n_read=n_read, seen=self._seen)

    def _of_cells(self, cells: Cells, first_line: int) -> Rows | None:
        numbers: dict[str, Floats] = {}
        for name in (*NUMBERS, "POS"):
            if name not in self._places:
                continue
            found = parse_decimals(cells.column(self._places[name]))
            if found.odd.size or (name == "POS" and not found.whole):
                return None
            numbers[name] = found.values
            self._seen.add(name)
        size = len(cells)
        chromosomes = np.zeros(size, np.int8)
        if "CHR" in self._places:
            codes = _chromosomes(cells.column(self._places["CHR"]))
            if codes is None:
                return None
            chromosomes = codes
            self._seen.add("CHR")
        position = numbers.pop("POS", None)
        pos = np.zeros(size, np.int32) if position is None else _positions(position)
        first, second = (cells.column(self._places[name]) for name in ("EA", "NEA"))
        pairs = self._pairs(first, second)
        snpid = (
            texts_of_column(cells.column(self._places["SNPID"]), self.keeper)
            if "SNPID" in self._places
            else Texts(np.zeros((size, 2), np.uint64), self.keeper)
        )
        if "SNPID" in self._places:
            blank = cells.column(self._places["SNPID"]).is_one_of(MISSING)
            if blank.any():
                snpid.words[blank] = 0
        if self._given_n is not None:
            numbers["N"] = np.full(size, self._given_n)
        line = np.arange(first_line, first_line + size, dtype=np.uint32)
        return Rows(line, snpid, chromosomes, pos, pairs, _with_z(numbers))

    def _pairs(self, first: Column, second: Column) -> Pairs:
        ea, nea = codes_of_column(first), codes_of_column(second)
        pairs = letter_pairs(ea, nea)
        rows = np.flatnonzero((ea == NO_LETTER) | (nea == NO_LETTER))
        if rows.size:
            texts = [[column.get(row) for row in rows.tolist()] for column in (first, second)]
            self._add_texts(pairs, rows, texts[0], texts[1], whole=rows.size == ea.size)
        else:
            self._numbered = False
        return pairs

    def _add_texts(
        self, pairs: Pairs, rows: npt.NDArray[np.intp], ea: list[bytes], nea: list[bytes], *, whole: bool
    ) -> None:
        if self._numbered is None:
            # 1, 2, 3, 4 as PLINK's --allele1234 writes A, C, G, T; 1 and 2 alone could be anything.
            found = {*ea, *nea} - {b"0", b"", b"NA"}
            self._numbered = whole and found <= _DIGITS.keys() and bool(found & {b"3", b"4"})
        if self._numbered:
            letters = [
                np.array([b"ACGT".find(_DIGITS.get(text, b"N")) for text in texts], np.int8)
                for texts in (ea, nea)
            ]
            codes = [np.where(one < 0, NO_LETTER, one).astype(np.uint8) for one in letters]
            made = letter_pairs(codes[0], codes[1])
            pairs.key[rows], pairs.sign[rows] = made.key, made.sign
            pairs.other_strand[rows] = made.other_strand
            return
        blank = {text.encode() for text in MISSING}
        add_texts(
            pairs, rows, [b"" if one in blank else one for one in ea],
            [b"" if one in blank else one for one in nea],
        )  # fmt: skip

    def _of_frame(self, frame: object) -> Rows:
        import polars as pl

        assert isinstance(frame, pl.DataFrame)
        ea, nea = allele_codes(frame["EA"]), allele_codes(frame["NEA"])
        pairs = letter_pairs(ea, nea)
        rows = np.flatnonzero((ea == NO_LETTER) | (nea == NO_LETTER))
        if rows.size:
            texts = [
                [(one or "").encode() for one in frame[name].gather(rows).to_list()] for name in ("EA", "NEA")
            ]
            self._add_texts(pairs, rows, texts[0], texts[1], whole=rows.size == ea.size)
        numbers = {
            name: frame[name].fill_null(np.nan).to_numpy()
            for name in NUMBERS
            if name in frame.columns and frame[name].null_count() < frame.height
        }
        return Rows(
            frame["ROW"].to_numpy(),
            texts_of_series(frame["SNPID"], self.keeper),
            frame["CHR"].fill_null(0).to_numpy(),
            frame["POS"].fill_null(0).to_numpy(),
            pairs,
            _with_z(numbers),
        )


def _with_z(numbers: dict[str, Floats]) -> dict[str, Floats]:
    """Z is BETA / SE where both are known and SE is above zero."""
    if "BETA" not in numbers or "SE" not in numbers:
        return numbers
    beta, se = numbers["BETA"], numbers["SE"]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(se > 0, beta / se, np.nan)
    known = numbers.get("Z")
    numbers["Z"] = ratio if known is None else np.where(np.isnan(ratio), known, ratio)
    return numbers


def _positions(values: Floats) -> npt.NDArray[np.int32]:
    good = (values > 0) & (values < 2**31)
    return np.where(good, values, 0).astype(np.int32)


def _chromosomes(column: Column) -> npt.NDArray[np.int8] | None:
    """Codes of a column of names; None where one is not plain, for the slower reader to judge."""
    from postgwas.columns.cells import FIRST
    from postgwas.sumstats.values import chromosome_code

    length = column.length
    if length.size and int(length.max()) > 7:
        return None
    words = column.window[column.start] & FIRST[length]
    change = np.flatnonzero(words[1:] != words[:-1]) + 1
    starts = np.concatenate(([0], change))
    codes: dict[int, int] = {}
    for word in np.unique(words[starts]).tolist():
        code = chromosome_code(int(word).to_bytes(8, "little").rstrip(b"\0").decode("ascii"))
        if code is None or code > 24:
            return None
        codes[word] = code
    runs = np.array([codes[word] for word in words[starts].tolist()], np.int8)
    return np.repeat(runs, np.diff(np.concatenate((starts, [words.size]))))


def reject_texts(rows: Rows, at: Sequence[int]) -> list[str]:
    """Identifiers of some rows, or their places where they have none."""
    return [
        rows.snpid.text(row) or (f"{rows.chr[row]}:{rows.pos[row]}" if rows.pos[row] else "") for row in at
    ]
