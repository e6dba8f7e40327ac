"""What one reading is to bring, worked out once from the header and the caller's wishes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from postgwas.errors import ColumnError, UsageError
from postgwas.sumstats.assemble import canonical_chunk
from postgwas.sumstats.complete import derive_columns
from postgwas.sumstats.dialects import ColumnPlan
from postgwas.sumstats.fields import DEFAULT_WANTED, fields_to_read, resolve
from postgwas.sumstats.gwasvcf import expand_sample
from postgwas.sumstats.table import CANONICAL, Sumstats, empty_rejected, in_order

_NEGATIVE, _POSITIVE = 1, 2
_CASE_CONTROL = frozenset({"NEFF", "NEFF_HALF", "N_CAS", "N_CON"})


@dataclass
class ReadJob:
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
    _has_n: bool = False
    _sign_of_log10p: int = 0
    _derived: list[str] = field(default_factory=list)

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
        frame = canonical_chunk(frame, self._keep)
        self._has_n |= "N" in frame.columns
        return frame

    def finish(self, frame: pl.DataFrame, rejected: pl.DataFrame) -> Sumstats:
        """The whole table, with everything derived that is wanted."""
        frame = self._settle_log10p(frame)
        if self.derive:
            frame, self._derived = derive_columns(frame, self.wanted, self._columns())
        return self._described(in_order(frame, self.wanted), rejected)

    def settled(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One chunk with its -log10 P positive, to be completed elsewhere by ``derive_columns``."""
        return self._settle_log10p(frame)

    def complete(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One chunk with everything derived that is wanted: every wanted column, null where unknown."""
        frame = self._settle_log10p(frame)
        if self.derive:
            frame, derived = derive_columns(frame, self.wanted, self._columns())
            self._derived.extend(line for line in derived if line not in self._derived)
        frame = in_order(frame, self.wanted)
        return frame.select(
            pl.col(name) if name in frame.columns else pl.lit(None, kind).alias(name)
            for name, kind in CANONICAL.items()
            if name == "ROW" or name in self.wanted
        )

    def summary(self, rejected: Sequence[pl.DataFrame]) -> Sumstats:
        """What is known of the file apart from its rows."""
        schema = {name: kind for name, kind in CANONICAL.items() if name == "ROW" or name in self.wanted}
        return self._described(
            pl.DataFrame(schema=schema), pl.concat(rejected) if rejected else empty_rejected()
        )

    def _columns(self) -> dict[str, str]:
        return {f: self.plan.columns[f] for f in self.fields if f not in {"FORMAT", "SAMPLE"}}

    def _described(self, frame: pl.DataFrame, rejected: pl.DataFrame) -> Sumstats:
        columns = self._columns()
        n_kind = "unknown"
        if self.given is not None:
            n_kind = self.given[1]
        elif self._has_n:
            n_kind = "effective" if self._effective else "total"
        derived = list(self._derived)
        if n_kind == "effective" and not {"NEFF", "N"} & set(columns):
            derived.insert(0, "N = 4 / (1/cases + 1/controls)")
        if "EAF" in self.wanted and "AC" in columns and not {"EAF", "EAF_CAS", "EAF_CON"} & set(columns):
            derived.insert(0, "EAF = AC / 2N")
        if "VARIANT" in columns:
            parts = [name for name in ("CHR", "POS", "NEA", "EA") if name not in columns]
            derived.insert(0, f"{', '.join(parts)} from VARIANT")
        return Sumstats(
            frame=frame,
            source=self.source,
            dialect=self.plan.dialect,
            columns=columns,
            n_kind=n_kind,
            derived=tuple(derived),
            warnings=tuple(self.warnings),
            rejected=rejected,
            header=tuple(self.names),
        )

    def _settle_log10p(self, frame: pl.DataFrame) -> pl.DataFrame:
        # Programs call both log10 P and its negative LOG10P; the values tell, as P <= 1.
        column = self.plan.columns.get("MLOG10P")
        if column is None or "MLOG10P" not in frame.columns:
            return frame
        values = frame["MLOG10P"]
        negative, positive = bool((values < 0).any()), bool((values > 0).any())
        self._sign_of_log10p |= (_NEGATIVE if negative else 0) | (_POSITIVE if positive else 0)
        if self._sign_of_log10p == _NEGATIVE | _POSITIVE:
            raise ColumnError(
                f"{self.source}: column {column} has values of both signs: neither log10 P nor -log10 P",
                hint=f"{self.flags['MLOG10P']} names another" if "MLOG10P" in self.flags else None,
            )
        if not negative:
            return frame
        warning = f"{self.source}: {column} is log10 P, as its values are negative"
        if warning not in self.warnings:
            self.warnings.append(warning)
        return frame.with_columns(MLOG10P=0.0 - pl.col("MLOG10P"))


def given_n(n: float | None, n_cases: float | None, n_controls: float | None) -> tuple[float, str] | None:
    if (n_cases is None) != (n_controls is None):
        raise UsageError("the numbers of cases and of controls must be given together")
    for name, value in (("n", n), ("n_cases", n_cases), ("n_controls", n_controls)):
        if value is not None and not value > 0:
            raise UsageError(f"{name} must be above zero, not {value}")
    if n_cases is not None and n_controls is not None:
        return 4.0 / (1.0 / n_cases + 1.0 / n_controls), "effective"
    return (float(n), "given") if n is not None else None
