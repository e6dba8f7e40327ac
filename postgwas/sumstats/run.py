"""Read summary statistics: a file or a table in, one :class:`Sumstats` out."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from postgwas.errors import ColumnError, InputError, UsageError
from postgwas.sumstats.assemble import canonical_chunk
from postgwas.sumstats.chunks import CHUNK_BYTES, iter_chunks
from postgwas.sumstats.complete import derive_columns
from postgwas.sumstats.compression import ByteStream
from postgwas.sumstats.dialects import ColumnPlan, plan_columns
from postgwas.sumstats.fields import DEFAULT_WANTED, fields_to_read, resolve
from postgwas.sumstats.gwasvcf import choose_sample, expand_sample, total_counts
from postgwas.sumstats.layout import ROW_NAMES, Layout, sniff_layout, split
from postgwas.sumstats.reader import ChunkParser
from postgwas.sumstats.table import CANONICAL, Sumstats, empty_rejected, in_order

if TYPE_CHECKING:
    import pandas as pd

_HEAD = 1 << 20
_CASE_CONTROL = frozenset({"NEFF", "NEFF_HALF", "N_CAS", "N_CON"})


def read_sumstats(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    header: Sequence[str] | None = None,
    dialect: str | None = None,
    dialect_files: Sequence[str | os.PathLike[str]] = (),
    n: float | None = None,
    n_cases: float | None = None,
    n_controls: float | None = None,
    wanted: Collection[str] | None = None,
    require: Collection[str] = (),
    derive: bool = True,
    flags: Mapping[str, str] | None = None,
    sample: str | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> Sumstats:
    """Read the summary statistics of one trait, whatever program wrote them.

    Parameters
    ----------
    path : path-like
        Text, plain or compressed (gzip, bgzip, bz2, xz, zstd, zip of one file).
    columns : mapping, optional
        Field -> column of the file, e.g. ``{"EA": "A1", "NEA": "A2"}``; overrides the dialect.
    header : sequence of str, optional
        Names for all columns of a file that has no header line; ``"-"`` for one to ignore.
    dialect : str, optional
        Take this dialect instead of recognising it from the header.
    dialect_files : sequence of path-like
        YAML files that describe more dialects (see ``reference/dialects.yaml``).
    n, n_cases, n_controls : float, optional
        Sample size for all rows; cases and controls give 4 / (1/cases + 1/controls).
        They replace what the file says.
    wanted : collection of str, optional
        Canonical columns to return; only what they need is parsed. Default: all.
    require : collection of str
        Columns whose absence is an error.
    derive : bool
        Compute wanted columns that are not in the file from those that are.
    flags : mapping, optional
        Field -> command-line flag that names its column, for error messages.
    sample : str, optional
        Study to take from a GWAS-VCF of several.
    chunk_bytes : int
        Text parsed at a time; does not change the result.

    Returns
    -------
    Sumstats

    Raises
    ------
    InputError
        Missing, empty, truncated or damaged file; no header; no rows.
    ColumnError
        A needed column is missing, named twice, or holds no numbers; the effect allele is
        ambiguous.
    """
    source = os.fspath(path)
    with ByteStream(path) as stream:
        head = _read_head(stream)
        layout = sniff_layout(head, source=source, header=header)
        plan = plan_columns(
            layout.names,
            source=source,
            columns=columns,
            dialect=dialect,
            dialect_files=dialect_files,
            flags=flags,
        )
        given = _given_n(n, n_cases, n_controls)
        extra: frozenset[str] = frozenset()
        if plan.dialect == "gwas-vcf":
            plan, extra, given = _open_vcf(plan, layout, head, given, source=source, sample=sample)
        job = _Job(
            source, plan, set(columns or ()), wanted, require, given, derive, flags or {}, layout.names, extra
        )
        if layout.names[0] == ROW_NAMES:
            job.warnings.append(
                f"{source}: rows have one field more than the header; the first is taken as R's row names"
            )
        parser = ChunkParser(layout, plan, job.fields, source, keep_tiny=job.needs_tiny_p)
        frames = [
            job.chunk(parser.parse(chunk))
            for chunk in iter_chunks(stream, head, layout, chunk_bytes=chunk_bytes)
        ]
    job.warnings.extend(parser.check(job.flags))
    frame = _stack(frames)
    if frame.height == 0 and not parser.rejected:
        raise InputError(f"{source}: a header but no rows; columns found: {', '.join(layout.names)}")
    return job.finish(frame, parser.rejected)


def _stack(frames: list[pl.DataFrame]) -> pl.DataFrame:
    # Chunks may lack a column (tiny P-values are rare); polars' diagonal concat would copy it all.
    types: dict[str, pl.DataType] = {}
    for frame in frames:
        types.update({name: kind for name, kind in frame.schema.items() if name not in types})
    whole = [
        frame.with_columns(pl.lit(None, kind).alias(n) for n, kind in types.items() if n not in frame.columns)
        for frame in frames
    ]
    return pl.concat([frame.select(list(types)) for frame in whole])


def from_table(
    table: pd.DataFrame | pl.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    dialect: str | None = None,
    dialect_files: Sequence[str | os.PathLike[str]] = (),
    n: float | None = None,
    n_cases: float | None = None,
    n_controls: float | None = None,
    wanted: Collection[str] | None = None,
    require: Collection[str] = (),
    derive: bool = True,
    flags: Mapping[str, str] | None = None,
    name: str = "<table>",
) -> Sumstats:
    """Summary statistics from a pandas or polars DataFrame, as :func:`read_sumstats` from a file.

    ROW is the 1-based number of the row. Other parameters and errors as for
    :func:`read_sumstats`.

    Parameters
    ----------
    table : pandas.DataFrame or polars.DataFrame
    name : str
        What messages call the table.
    """
    frame = _as_polars(table, name)
    plan = plan_columns(
        frame.columns, source=name, columns=columns, dialect=dialect, dialect_files=dialect_files, flags=flags
    )
    if frame.height == 0:
        raise InputError(f"{name}: a table without rows; columns found: {', '.join(frame.columns)}")
    given = _given_n(n, n_cases, n_controls)
    job = _Job(name, plan, set(columns or ()), wanted, require, given, derive, flags or {}, frame.columns)
    # The table passes through the same parser as a file: one set of rules for both.
    read = [plan.columns[f] for f in job.fields]
    if plan.additive_rows:
        read.append(plan.additive_rows[0])
    text = frame.select(
        pl.col(c).cast(pl.String, strict=False).alias(c) if not frame[c].dtype.is_numeric() else pl.col(c)
        for c in dict.fromkeys(read)
    )
    parser = ChunkParser(Layout(tuple(frame.columns), "\t", 1, 0), plan, job.fields, name, keep_tiny=False)
    parsed = parser.parse_table(text)
    job.warnings.extend(parser.check(job.flags))
    return job.finish(job.chunk(parsed), parser.rejected)


def _as_polars(table: pd.DataFrame | pl.DataFrame, name: str) -> pl.DataFrame:
    if isinstance(table, pl.DataFrame):
        return table
    names = [str(c) for c in table.columns]
    twice = sorted({c for c in names if names.count(c) > 1})
    if twice:
        raise ColumnError(f"{name}: duplicated column name: {', '.join(twice)}")
    return pl.from_pandas(table.reset_index(drop=True), nan_to_null=True)


@dataclass
class _Job:
    """What one reading is to bring, worked out once from the header and the wishes."""

    source: str
    plan: ColumnPlan
    named: Collection[str]
    asked: Collection[str] | None
    require: Collection[str]
    given: tuple[float, str] | None
    derive: bool
    flags: Mapping[str, str]
    names: Sequence[str]
    extra: frozenset[str] = frozenset()
    warnings: list[str] = field(default_factory=list)
    _effective: bool = False

    def __post_init__(self) -> None:
        self.warnings = [f"{self.source}: {warning}" for warning in self.plan.warnings]
        self.wanted = tuple(self.asked) if self.asked is not None else DEFAULT_WANTED
        unknown = sorted(set(self.wanted) - set(CANONICAL))
        if unknown:
            raise UsageError(f"unknown column {', '.join(unknown)}; columns are {', '.join(CANONICAL)}")
        self._available = set(self.plan.columns) | set(self.plan.constants) | self.extra
        if self.given is not None:
            self._available.add("N")
        if self.given is not None or "N" in self.named:
            # A number given, or a column named by the user, is stronger than cases and controls.
            self._available -= _CASE_CONTROL
        self._check_required()
        needed = fields_to_read(self.wanted, self._available, derive=self.derive)
        self.fields = [f for f in needed if f in self.plan.columns and not (self.given and f == "N")]
        if self.extra:
            self.fields = sorted({*self.fields, "SNPID", "FORMAT", "SAMPLE"})
        self._keep = set(self.wanted) | self._ingredients(needed)
        self._raw = set(needed)

    @property
    def needs_tiny_p(self) -> bool:
        """Whether the size of P-values that underflow is needed for something."""
        if not self.derive:
            return False
        z = {"Z"} <= self._available or ({"SE"} <= self._available and bool({"BETA", "OR"} & self._available))
        return "MLOG10P" in self.wanted or not z

    def _ingredients(self, needed: Collection[str]) -> set[str]:
        made = {
            "OR": "BETA",
            "LOG10P": "MLOG10P",
            "NEFF": "N",
            "NEFF_HALF": "N",
            "N_CAS": "N",
            "AC": "N",
        }
        found = set(needed) | {made[f] for f in needed if f in made}
        return found & set(CANONICAL)

    def _check_required(self) -> None:
        for column in self.require:
            found = resolve(column, self._available) if self.derive else {column} & self._available
            if not found:
                flag = self.flags.get(column)
                raise ColumnError(
                    f"{self.source}: no column for {column}; columns found: {', '.join(self.names)}",
                    hint=f"{flag} names it" if flag else f"name the column that holds {column}",
                )

    def chunk(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Canonical columns of one chunk."""
        if self.extra:
            frame = expand_sample(frame, self._raw | {"SNPID"})
        constants = [
            pl.lit(value).alias(name)
            for name, value in self.plan.constants.items()
            if name in self._raw and name not in frame.columns
        ]
        if constants:
            frame = frame.with_columns(constants)
        if self.given is not None:
            frame = frame.drop("N", strict=False).with_columns(pl.lit(self.given[0]).alias("N"))
        have = set(frame.columns)
        self._effective |= bool({"NEFF", "NEFF_HALF"} & have) or {"N_CAS", "N_CON"} <= have
        return canonical_chunk(frame, self._keep)

    def finish(self, frame: pl.DataFrame, rejected: Sequence[pl.DataFrame]) -> Sumstats:
        """The table, with everything derived that is wanted."""
        frame = self._settle_log10p(frame)
        derived: list[str] = []
        columns = {f: self.plan.columns[f] for f in self.fields if f not in {"FORMAT", "SAMPLE"}}
        n_kind = "unknown"
        if self.given is not None:
            n_kind = self.given[1]
        elif "N" in frame.columns:
            n_kind = "effective" if self._effective else "total"
        if n_kind == "effective" and not {"NEFF", "N"} & set(columns):
            derived.append("N = 4 / (1/cases + 1/controls)")
        if self.derive:
            frame, more = derive_columns(frame, self.wanted, columns)
            derived.extend(more)
        return Sumstats(
            frame=in_order(frame, self.wanted),
            source=self.source,
            dialect=self.plan.dialect,
            columns=columns,
            n_kind=n_kind,
            derived=tuple(derived),
            warnings=tuple(self.warnings),
            rejected=pl.concat(rejected) if rejected else empty_rejected(),
            header=tuple(self.names),
        )

    def _settle_log10p(self, frame: pl.DataFrame) -> pl.DataFrame:
        # Programs call both log10 P and its negative LOG10P; the values tell, as P <= 1.
        column = self.plan.columns.get("MLOG10P")
        if column is None or "MLOG10P" not in frame.columns:
            return frame
        values = frame["MLOG10P"]
        if not (values < 0).any():
            return frame
        if (values > 0).any():
            raise ColumnError(
                f"{self.source}: column {column} has values of both signs: neither log10 P nor -log10 P",
                hint=f"{self.flags['MLOG10P']} names another" if "MLOG10P" in self.flags else None,
            )
        self.warnings.append(f"{self.source}: {column} is log10 P, as its values are negative")
        return frame.with_columns(MLOG10P=-pl.col("MLOG10P"))


def _read_head(stream: ByteStream) -> bytes:
    head = stream.read(_HEAD)
    # A VCF may have megabytes of "##contig" lines before its header.
    while head[head.rfind(b"\n") + 1 :].startswith(b"##") and len(head) < 64 * _HEAD:
        more = stream.read(_HEAD)
        if not more:
            break
        head += more
    return head


def _given_n(n: float | None, n_cases: float | None, n_controls: float | None) -> tuple[float, str] | None:
    if (n_cases is None) != (n_controls is None):
        raise UsageError("the numbers of cases and of controls must be given together")
    for name, value in (("n", n), ("n_cases", n_cases), ("n_controls", n_controls)):
        if value is not None and not value > 0:
            raise UsageError(f"{name} must be above zero, not {value}")
    if n_cases is not None and n_controls is not None:
        return 4.0 / (1.0 / n_cases + 1.0 / n_controls), "effective"
    return (float(n), "given") if n is not None else None


def _open_vcf(
    plan: ColumnPlan,
    layout: Layout,
    head: bytes,
    given: tuple[float, str] | None,
    *,
    source: str,
    sample: str | None,
) -> tuple[ColumnPlan, frozenset[str], tuple[float, str] | None]:
    first = head[layout.offset :].split(b"\n", 1)[0].decode("utf-8", "replace")
    plan, fields = choose_sample(
        plan, layout.names, split(first, layout.separator), source=source, sample=sample
    )
    if given is None and "N" not in fields:
        cases, controls = total_counts(layout.preamble, plan.columns["SAMPLE"])
        if cases and controls:
            given = _given_n(None, cases, controls)
        elif cases or controls:
            given = cases or controls or 0.0, "total"
    if "N_CAS" in fields:
        fields |= {"N_CON"}
    return plan, fields, given
