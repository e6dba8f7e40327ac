"""Parse the rows of a file in bulk: only the fields asked for, a chunk at a time.

Polars parses each chunk with fixed types. Where that fails (``1e6`` as a position, ``chrX``,
a word in a column of numbers) the chunk is parsed again as text and converted column by
column, so that one odd value costs a chunk's time and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from postgwas.errors import ColumnError
from postgwas.sumstats.chunks import Chunk, select_lines
from postgwas.sumstats.dialects import ColumnPlan
from postgwas.sumstats.layout import Layout
from postgwas.sumstats.table import REJECTED_SCHEMA
from postgwas.sumstats.tiny import TINY, mlog10p_from_text
from postgwas.sumstats.values import (
    MISSING,
    TEXT_FIELDS,
    chromosomes_from_text,
    field_type,
    finite,
    identifiers,
    numbers_from_text,
    tidy_chromosomes,
)


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
    keep_tiny : bool
        Read -log10 P from the text of P-values below :data:`~postgwas.sumstats.tiny.TINY`,
        into a column MLOG10P_TEXT.
    """

    layout: Layout
    plan: ColumnPlan
    fields: Sequence[str]
    source: str
    keep_tiny: bool = True
    unparsed: dict[str, Unparsed] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    rejected: list[pl.DataFrame] = field(default_factory=list)
    _as_text: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._column = {f: self.plan.columns[f] for f in self.fields}
        if self.plan.additive_rows:
            self._column["TEST"] = self.plan.additive_rows[0]
        # One column may serve two fields: Neale's variant is both identifier and position.
        self._first: dict[str, str] = {}
        for name, column in self._column.items():
            self._first.setdefault(column, name)
        # Polars compares every value with every spelling: give it the two that are common,
        # the rest is found among what is no number.
        self._common = list(dict.fromkeys(("NA", ".", *self.plan.text_na)))

    def parse(self, chunk: Chunk) -> pl.DataFrame:
        """ROW and the fields of one chunk."""
        if chunk.bad_lines.size:
            self._reject(chunk.bad_lines, chunk.bad_text, "wrong number of fields")
        if not chunk.data:
            return pl.DataFrame(schema={"ROW": pl.UInt32(), **{f: field_type(f) for f in self.fields}})
        text = self._as_text & set(self._first.values())
        try:
            frame = self._read(chunk, text)
        except pl.exceptions.ComputeError:
            text = {f for f in self._first.values() if f not in TEXT_FIELDS}
            frame = self._read(chunk, text, lossy=True)
        columns = [self._typed(values, chunk, as_text=values.name in text) for values in frame]
        frame = pl.DataFrame([pl.Series("ROW", chunk.lines), *columns])
        twins = [frame[self._first[c]].alias(f) for f, c in self._column.items() if self._first[c] != f]
        frame = frame.with_columns(twins) if twins else frame
        if self.keep_tiny and "P" in frame.columns:
            frame = self._with_tiny(frame, chunk)
        return self._additive(frame) if self.plan.additive_rows else frame

    def parse_table(self, table: pl.DataFrame) -> pl.DataFrame:
        """ROW and the fields of a table whose columns are text or numbers already."""
        lines = np.arange(1, table.height + 1, dtype=np.uint32)
        none = np.empty(0, dtype=np.uint32)
        chunk = Chunk(b"", "\t", lines, none, [], table.height + 1)
        columns = [pl.Series("ROW", lines)]
        for name, column in self._column.items():
            values = table[column].alias(name)
            text = values.dtype == pl.String
            if name in TEXT_FIELDS and not text:
                values = values.cast(pl.String)
            elif name not in TEXT_FIELDS and not text:
                values = values.cast(pl.Float64).cast(field_type(name), strict=False)
            columns.append(self._typed(values, chunk, as_text=text))
        frame = pl.DataFrame(columns)
        if "P" in frame.columns and table[self._column["P"]].dtype == pl.String:
            tiny = (frame["P"].abs() < TINY).fill_null(False)
            printed = table.select(pl.when(tiny).then(pl.col(self._column["P"]))).to_series()
            frame = frame.with_columns(mlog10p_from_text(printed).alias("MLOG10P_TEXT"))
        return self._additive(frame) if self.plan.additive_rows else frame

    def _read(
        self, chunk: Chunk, text: set[str], *, only: str | None = None, lossy: bool = False
    ) -> pl.DataFrame:
        schema: dict[str, pl.DataType] = {}
        take: list[int] = []
        for i, column in enumerate(self.layout.names):
            name = self._first.get(column)
            if name is None or (only is not None and name != only):
                schema[f"\x00{i}"] = pl.String()
                continue
            take.append(i)
            schema[name] = pl.String() if name in text else field_type(name)
        return pl.read_csv(
            chunk.data,
            has_header=False,
            separator=chunk.separator,
            quote_char=None,
            columns=take,
            schema=schema,
            null_values=self._common,
            encoding="utf8-lossy" if lossy else "utf8",
        )

    def _typed(self, values: pl.Series, chunk: Chunk, *, as_text: bool) -> pl.Series:
        name = values.name
        if name in TEXT_FIELDS:
            return identifiers(values) if name == "SNPID" else values
        if as_text:
            values = self._from_text(values, chunk)
        values = (
            tidy_chromosomes(values, plink=self.plan.chr_codes == "plink")
            if name == "CHR"
            else finite(values)
        )
        self.seen[name] = self.seen.get(name, 0) + len(values) - values.null_count()
        return values

    def _from_text(self, text: pl.Series, chunk: Chunk) -> pl.Series:
        name = text.name
        plain = text.cast(field_type(name), strict=False)
        if plain.null_count() == text.null_count():
            return plain
        # Parse this column as text from now on: its odd values will come again.
        self._as_text.add(name)
        if name == "CHR":
            number = chromosomes_from_text(text)
            # Codes such as 0 pass without a word, as they do where all codes are whole numbers.
            bad = number.is_null() & plain.is_null() & ~text.is_in([*MISSING, "-", ""]).fill_null(True)
        else:
            number, bad = numbers_from_text(text, name, text_na=self.plan.text_na)
        n_bad = int(bad.sum())
        if n_bad:
            entry = self.unparsed.setdefault(name, Unparsed())
            if not entry.count:
                at = int(bad.arg_max() or 0)
                entry.line, entry.value = int(chunk.lines[at]), str(text[at])[:40]
            entry.count += n_bad
        return number

    def _with_tiny(self, frame: pl.DataFrame, chunk: Chunk) -> pl.DataFrame:
        tiny = (frame["P"].abs() < TINY).fill_null(False)
        if not tiny.any():
            return frame
        name = self._first[self._column["P"]]
        lines = replace(chunk, data=select_lines(chunk.data, tiny.to_numpy()))
        size = mlog10p_from_text(self._read(lines, {name}, only=name, lossy=True)[name])
        full = pl.Series("MLOG10P_TEXT", [None], dtype=pl.Float64).new_from_index(0, frame.height)
        return frame.with_columns(full.scatter(tiny.arg_true(), size).alias("MLOG10P_TEXT"))

    def _additive(self, frame: pl.DataFrame) -> pl.DataFrame:
        assert self.plan.additive_rows is not None
        keep = frame["TEST"].is_in(list(self.plan.additive_rows[1])).fill_null(False)
        if not keep.all():
            other = frame.filter(~keep)
            ids = other["SNPID"] if "SNPID" in other.columns else [None] * other.height
            self._reject(other["ROW"].to_numpy(), ids, "not the additive test")
            frame = frame.filter(keep)
        return frame.drop("TEST")

    def _reject(self, lines: np.ndarray, ids: pl.Series | list[str] | list[None], reason: str) -> None:
        columns = {"ROW": lines, "SNPID": ids, "REASON": [reason] * len(lines)}
        self.rejected.append(pl.DataFrame(columns, schema=REJECTED_SCHEMA))

    def check(self, flags: Mapping[str, str]) -> list[str]:
        """Warnings about words among numbers, once all chunks are parsed.

        Raises
        ------
        ColumnError
            A column of numbers holds nothing but words.
        """
        warnings = []
        for name, entry in self.unparsed.items():
            column = self.plan.columns.get(name, name)
            if not self.seen.get(name):
                hint = f"{flags[name]} names another column" if name in flags else None
                if re.fullmatch(r"[-+]?\d+,\d+(e[-+]?\d+)?", entry.value, re.IGNORECASE):
                    hint = "decimal commas are not read: write numbers with points"
                elif entry.line == 1:  # names were given, so that no line is a header
                    hint = (
                        "is line 1 a header? --columns is of files without one; a - alone leaves a file out"
                    )
                what = "chromosomes" if name == "CHR" else "numbers"
                raise ColumnError(
                    f"{self.source}: column {column} ({name}) should hold {what}, but none of its values "
                    f"is one; line {entry.line} has {entry.value!r}",
                    hint=hint,
                )
            s = "s" if entry.count > 1 else ""
            what = "chromosome" if name == "CHR" else "number"
            warnings.append(
                f"{self.source}: {entry.count:,} value{s} of column {column} ({name}) not a {what}, read as "
                f"missing; the first is {entry.value!r} in line {entry.line}"
            )
        return warnings
