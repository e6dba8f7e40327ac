"""Parse the rows of a file in bulk: only the fields asked for, a chunk at a time.

Polars parses each chunk with fixed types. Where that fails (``1e6`` as a position, ``chrX``,
a word in a column of numbers) the chunk is parsed again as text and converted column by
column, so that one odd value costs a chunk's time and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from postgwas.errors import ColumnError
from postgwas.sumstats.chunks import Chunk
from postgwas.sumstats.dialects import ColumnPlan
from postgwas.sumstats.layout import Layout
from postgwas.sumstats.table import REJECTED_SCHEMA
from postgwas.sumstats.tiny import TINY, mlog10p_from_text

MISSING = ("NA", "N/A", "#N/A", "NaN", "nan", "NAN", "-nan", "NULL", "null", "None", ".")
"""Spellings of a missing value, in every column; a lone "-" is one in columns of numbers only."""
TEXT_FIELDS = frozenset({"SNPID", "EA", "NEA", "REF", "ALT", "VARIANT", "TEST", "FORMAT", "SAMPLE"})
_CHROMOSOMES = {
    **{str(c): c for c in range(1, 26)},
    **{f"0{c}": c for c in range(1, 10)},
    "X": 23, "Y": 24, "XY": 23, "PAR1": 23, "PAR2": 23, "PAR": 23, "M": 25, "MT": 25, "26": 25,
}  # fmt: skip


@dataclass
class Unparsed:
    """Values of one column that are no numbers."""

    count: int = 0
    line: int = 0
    value: str = ""


@dataclass
class ChunkParser:
    """Turns chunks of text into frames of fields.

    Parameters
    ----------
    layout : Layout
    plan : ColumnPlan
    fields : sequence of str
        Fields to parse; each must be in ``plan.columns``.
    source : str
        File name, for messages.
    """

    layout: Layout
    plan: ColumnPlan
    fields: Sequence[str]
    source: str
    unparsed: dict[str, Unparsed] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    rejected: list[pl.DataFrame] = field(default_factory=list)
    _as_text: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._column = {f: self.plan.columns[f] for f in self.fields}
        if self.plan.additive_rows:
            self._column["TEST"] = self.plan.additive_rows[0]
        # One column may serve two fields: Neale's variant is both identifier and position.
        self._first = {}
        for name, column in self._column.items():
            self._first.setdefault(column, name)
        self._missing = list(dict.fromkeys((*MISSING, *self.plan.text_na)))

    def parse(self, chunk: Chunk) -> pl.DataFrame:
        """ROW and the fields of one chunk."""
        if chunk.bad_lines.size:
            self._reject(chunk.bad_lines, chunk.bad_text, "wrong number of fields")
        if not chunk.data:
            return pl.DataFrame(schema={"ROW": pl.UInt32(), **{f: _type(f) for f in self._column}})
        text = self._as_text & set(self._first.values())
        try:
            frame = self._read(chunk, text)
        except pl.exceptions.ComputeError:
            text = {f for f in self._first.values() if f not in TEXT_FIELDS}
            frame = self._read(chunk, text)
        converted = {f: self._convert(frame[f], chunk, f) for f in frame.columns if f in text}
        frame = frame.with_columns(**converted) if converted else frame
        frame = self._tidy(frame)
        for name, column in self._column.items():
            if self._first[column] != name:
                frame = frame.with_columns(frame[self._first[column]].alias(name))
        if "P" in frame.columns:
            frame = self._keep_tiny(frame, chunk)
        frame = frame.select(pl.Series("ROW", chunk.lines), pl.all())
        return self._additive(frame) if self.plan.additive_rows else frame

    def _read(self, chunk: Chunk, text: set[str], only: str | None = None) -> pl.DataFrame:
        schema: dict[str, pl.DataType] = {}
        take: list[int] = []
        for i, column in enumerate(self.layout.names):
            name = self._first.get(column)
            if name is None or (only is not None and name != only):
                schema[f"\x00{i}"] = pl.String()
                continue
            take.append(i)
            schema[name] = pl.String() if name in text else _type(name)
        return pl.read_csv(
            chunk.data,
            has_header=False,
            separator=chunk.separator,
            quote_char=None,
            columns=take,
            schema=schema,
            null_values=self._missing,
            encoding="utf8-lossy",
        )

    def _convert(self, text: pl.Series, chunk: Chunk, name: str) -> pl.Series:
        plain = text.cast(_type(name), strict=False)
        if plain.null_count() == text.null_count():
            return plain
        # Parse this column as text from now on: its odd values will come again.
        self._as_text.add(name)
        stripped = text.str.strip_chars()
        if name == "CHR":
            return self._chromosomes(stripped)
        missing = stripped.is_in([*self._missing, "-", ""]) | stripped.is_null()
        number = stripped.cast(pl.Float64, strict=False)
        if name == "POS":
            number = pl.select(
                pl.when((number == number.round()) & (number >= 0) & (number < 2**31)).then(number)
            ).to_series()
        bad = number.is_null() & ~missing
        n_bad = int(bad.sum())
        if n_bad:
            entry = self.unparsed.setdefault(name, Unparsed())
            if not entry.count:
                at = int(bad.arg_max() or 0)
                entry.line, entry.value = int(chunk.lines[at]), str(text[at])[:40]
            entry.count += n_bad
        return number.cast(_type(name)).alias(name)

    def _chromosomes(self, text: pl.Series) -> pl.Series:
        names = text.unique().drop_nulls().to_list()
        codes = [chromosome_code(name) for name in names]
        return text.replace_strict(names, codes, default=None, return_dtype=pl.Int8).alias("CHR")

    def _tidy(self, frame: pl.DataFrame) -> pl.DataFrame:
        changes: list[pl.Expr] = []
        for name in frame.columns:
            if name in TEXT_FIELDS:
                continue
            values = frame[name]
            self.seen[name] = self.seen.get(name, 0) + len(values) - values.null_count()
            if name == "CHR":
                code = pl.when(pl.col("CHR") == 26).then(pl.lit(25, pl.Int8)).otherwise(pl.col("CHR"))
                if self.plan.chr_codes == "plink":
                    code = pl.when(pl.col("CHR") == 25).then(pl.lit(23, pl.Int8)).otherwise(code)
                outside = bool(((values > 24) | (values < 1)).any())
                if outside:
                    code = pl.when(pl.col("CHR").is_between(1, 26)).then(code)
                    changes.append(code.alias("CHR"))
            elif values.dtype == pl.Float64 and bool((~values.is_finite()).any()):
                changes.append(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name))
        return frame.with_columns(changes) if changes else frame

    def _keep_tiny(self, frame: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
        tiny = frame["P"].abs() < TINY
        if not tiny.any():
            return frame
        name = self._first[self._column["P"]]
        text = self._read(chunk, {name}, only=name)[name]
        at = tiny.fill_null(False).arg_true()
        size = mlog10p_from_text(text.gather(at))
        full = pl.Series("MLOG10P_TEXT", [None], dtype=pl.Float64).new_from_index(0, frame.height)
        return frame.with_columns(full.scatter(at, size).alias("MLOG10P_TEXT"))

    def _additive(self, frame: pl.DataFrame) -> pl.DataFrame:
        assert self.plan.additive_rows is not None
        keep = frame["TEST"].is_in(list(self.plan.additive_rows[1]))
        if not keep.all():
            other = frame.filter(~keep)
            ids = (
                other["SNPID"]
                if "SNPID" in other.columns
                else pl.Series([None] * other.height, dtype=pl.String)
            )
            self._reject(other["ROW"].to_numpy(), ids, "not the additive test")
            frame = frame.filter(keep)
        return frame.drop("TEST")

    def _reject(self, lines: np.ndarray, ids: pl.Series | list[str], reason: str) -> None:
        columns = {"ROW": lines, "SNPID": ids, "REASON": [reason] * len(lines)}
        self.rejected.append(pl.DataFrame(columns, schema=REJECTED_SCHEMA))

    def check(self, flags: Mapping[str, str]) -> list[str]:
        """Warnings about words among numbers.

        Raises
        ------
        ColumnError
            A column of numbers holds nothing but words.
        """
        warnings = []
        for name, entry in self.unparsed.items():
            column = self.plan.columns.get(name, name)
            if not self.seen.get(name):
                raise ColumnError(
                    f"{self.source}: column {column} ({name}) should hold numbers, but none of its values is one; "
                    f"line {entry.line} has {entry.value!r}",
                    hint=f"{flags[name]} names another column" if name in flags else None,
                )
            warnings.append(
                f"{self.source}: {entry.count:,} value{'s' if entry.count > 1 else ''} of column {column} ({name}) "
                f"are not numbers and count as missing; the first is {entry.value!r} in line {entry.line}"
            )
        return warnings


def chromosome_code(name: str) -> int | None:
    """1..22, X = 23, Y = 24, MT = 25 from any usual spelling; None if it is none.

    Examples
    --------
    >>> [chromosome_code(c) for c in ("chr7", "X", "23.0", "MT", "chrUn")]
    [7, 23, 23, 25, None]
    """
    short = name.strip().upper().removeprefix("CHR").removesuffix(".0")
    if short.startswith("NC_0000"):
        short = short[7:9].lstrip("0")
    return _CHROMOSOMES.get(short)


def _type(name: str) -> pl.DataType:
    if name in TEXT_FIELDS:
        return pl.String()
    return {"CHR": pl.Int8(), "POS": pl.Int32()}.get(name, pl.Float64())
