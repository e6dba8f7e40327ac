"""A task of the engine: read one study, check its rows, spool them by place, say what it is like."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from postgwas.errors import ColumnError
from postgwas.meta.allele_pairs import NO_PAIR, PALINDROMIC
from postgwas.meta.genomic_control import lambda_gc
from postgwas.meta.known_places import BuildCounter
from postgwas.meta.spool import Floats, Part, SpoolWriter, account_of, partition_of
from postgwas.meta.studies import StudySpec
from postgwas.meta.study_rows import NUMBERS, RowReader, Rows, reject_texts
from postgwas.sumstats.harmonise.build import BuildCall
from postgwas.sumstats.stream import iter_sumstats

CHUNK_BYTES = 2 << 20
_SCALE_ROWS = 20_000
"""Rows that tell whether standard errors are variances."""

MISSING_PLACE = "missing chromosome or position"
MISSING_ID = "missing identifier"
MISSING_ALLELE = "allele missing, or both the same"
BAD_SE = "SE zero or negative"
BAD_N = "N zero or negative"
NO_FIGURE = "missing {}"
LOW_MAF = "MAF below limit"
LOW_INFO = "INFO below limit"
LOW_N = "N below limit"
AMBIGUOUS = "A/T or C/G"
NOT_LIFTED = "not lifted to the target build"


@dataclass(frozen=True)
class RowRules:
    """Which rows of a study are used.

    Attributes
    ----------
    needs : tuple of str
        Figures that a row must have: of "beta", "se", "z", "n", "eaf".
    by_id : bool
        Variants are joined by identifier rather than by place.
    maf_min, info_min, n_min : float, optional
    drop_palindromic : bool
        A/T and C/G are set aside.
    """

    needs: tuple[str, ...] = ("z",)
    by_id: bool = False
    maf_min: float | None = None
    info_min: float | None = None
    n_min: float | None = None
    drop_palindromic: bool = False


@dataclass(frozen=True)
class ReadTask:
    """One study to read.

    Attributes
    ----------
    study : StudySpec
    index : int
        Its place among the studies in the order of their names.
    rules : RowRules
    folder : Path
    chain : str, optional
        A liftover chain, pickled, where the study is to be lifted.
    """

    study: StudySpec
    index: int
    rules: RowRules
    folder: Path
    chain: str | None = None


@dataclass(frozen=True, eq=False)
class ReadStudy:
    """A study that was read.

    Attributes
    ----------
    name : str
    n_rows : int
        Rows of the file, lines that are no rows included.
    n_used : int
    dropped : mapping
        Reason -> count.
    partitions : tuple of int
    rejected : tuple of (line, id, reason)
    lambda_gc : float
        Of the rows used.
    n_median, n_max : float
        NaN without N.
    sd_median : float
        Median of SE sqrt(2 N f (1 - f)), the trait's standard deviation if SE is of a regression on it;
        NaN without SE, N or EAF.
    has : frozenset of str
        Figures that the study has: of "beta", "se", "z", "n", "eaf".
    n_bad_eaf : int
        Frequencies outside 0 to 1, taken as missing.
    build : BuildCall
    warnings : tuple of str
    """

    name: str
    n_rows: int
    n_used: int
    dropped: Mapping[str, int]
    partitions: tuple[int, ...]
    rejected: tuple[tuple[int, str, str], ...]
    lambda_gc: float
    n_median: float
    n_max: float
    sd_median: float
    has: frozenset[str]
    n_bad_eaf: int
    build: BuildCall
    warnings: tuple[str, ...] = ()


@dataclass
class _Collected:
    """What is gathered over the rows of a study."""

    chi2: list[Floats] = field(default_factory=list)
    n: list[Floats] = field(default_factory=list)
    sd: list[Floats] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    has: set[str] = field(default_factory=set)
    n_rows: int = 0
    n_used: int = 0
    n_bad_eaf: int = 0
    scale: list[tuple[Floats, Floats, Floats]] = field(default_factory=list)
    n_scale: int = 0


def read_study(task: ReadTask) -> ReadStudy:
    """Read, check and spool one study (a task of the engine)."""
    study, rules = task.study, task.rules
    got, writer = _Collected(), SpoolWriter(task.folder, task.index)
    big = os.path.isfile(study.path) and os.path.getsize(study.path) > 32 << 20
    votes = BuildCounter(sample=big)
    lift = _lifter(task.chain)
    wanted = ["SNPID", "CHR", "POS", "EA", "NEA", *(NUMBERS if rules.info_min is not None else NUMBERS[:-1])]
    with iter_sumstats(
        study.path,
        columns=study.columns or None,
        header=study.header,
        n=study.n,
        n_cases=study.n_cases,
        n_controls=study.n_controls,
        wanted=wanted,
        require=("EA", "NEA", *(("SNPID",) if rules.by_id else ("CHR", "POS"))),
        flags=FLAGS,
        chunk_bytes=CHUNK_BYTES,
    ) as stream:
        given = stream.job.given
        for rows in RowReader(stream, given_n=given[0] if given else None):
            votes.add(rows.snpid, rows.chr, rows.pos)
            if lift is not None:
                rows = lift(rows)
            _take_rows(rows, rules, got, writer)
        lines = stream.take_rejected()
        for line, text, why in lines.iter_rows():
            got.rejected.append((int(line), text or "", why))
            got.dropped[why] = got.dropped.get(why, 0) + 1
        got.n_rows += lines.height
        warnings = (
            *stream.job.warnings, *_not_applied(study.path, rules, got.has),
            *(f"{study.name}: {note}" for note in _scale_notes(got)),
        )  # fmt: skip
        header = stream.layout.names
    lacking = [name for name in rules.needs if name not in got.has]
    if not got.n_used and lacking:
        raise ColumnError(
            f"{study.path}: no column gives {', '.join(name.upper() for name in lacking)}, which the method "
            f"needs; columns found: {', '.join(header)}",
            hint=" ".join(FLAGS[name.upper()] for name in lacking if name.upper() in FLAGS) or None,
        )
    chi2, n, sd = (np.concatenate(found or [np.zeros(0)]) for found in (got.chi2, got.n, got.sd))
    return ReadStudy(
        name=study.name,
        n_rows=got.n_rows,
        n_used=got.n_used,
        dropped=account_of(got.dropped),
        partitions=writer.close(),
        rejected=tuple(got.rejected),
        lambda_gc=lambda_gc(chi2),
        n_median=float(np.nanmedian(n)) if np.isfinite(n).any() else float("nan"),
        n_max=float(np.nanmax(n)) if np.isfinite(n).any() else float("nan"),
        sd_median=float(np.median(sd)) if sd.size else float("nan"),
        has=frozenset(got.has),
        n_bad_eaf=got.n_bad_eaf,
        build=votes.call(),
        warnings=warnings,
    )


def _scale_notes(got: _Collected) -> tuple[str, ...]:
    """Whether standard errors fall with frequency as variances do."""
    if not got.scale:
        return ()
    from postgwas.coloc.error_scale import error_notes

    se, eaf, n = (np.concatenate(columns) for columns in zip(*got.scale))
    known = np.isfinite(n) & (n > 0)
    sizes = n if known.all() else None
    return error_notes(se, np.minimum(eaf, 1.0 - eaf), sizes, case_control=False)


def _not_applied(path: str, rules: RowRules, has: set[str]) -> list[str]:
    """Limits on figures that the study does not have."""
    limits = (
        ("maf_min", "EAF", rules.maf_min),
        ("info_min", "INFO", rules.info_min),
        ("n_min", "N", rules.n_min),
    )
    return [
        f"{path}: no column gives {name}: --{flag} leaves all its rows in"
        for flag, name, limit in limits
        if limit is not None and name.lower() not in has
    ]


FLAGS = {
    "SNPID": "--snpid_name", "CHR": "--chr_name", "POS": "--pos_name", "EA": "--ea_name",
    "NEA": "--nea_name", "EAF": "--eaf_name", "BETA": "--beta_name", "SE": "--se_name", "Z": "--z_name",
    "P": "--p_name", "N": "--n_name", "INFO": "--info_name", "OR": "--or_name",
}  # fmt: skip


def _take_rows(rows: Rows, rules: RowRules, got: _Collected, writer: SpoolWriter) -> None:
    numbers = {name.lower(): values for name, values in rows.numbers.items()}
    size = len(rows)
    got.n_rows += size
    if "eaf" in numbers:
        eaf = numbers["eaf"]
        with np.errstate(invalid="ignore"):
            bad = (eaf < 0) | (eaf > 1)
        if bad.any():
            got.n_bad_eaf += int(bad.sum())
            numbers["eaf"] = np.where(bad, np.nan, eaf)
    got.has |= {name for name, values in numbers.items() if np.isfinite(values).any()}
    good = np.ones(size, np.bool_)

    def drop(broken: npt.NDArray[np.bool_], why: str) -> None:
        at = np.flatnonzero(broken & good)
        if not at.size:
            return
        got.dropped[why] = got.dropped.get(why, 0) + at.size
        lines = rows.line[at].tolist()
        got.rejected.extend(zip(lines, reject_texts(rows, at.tolist()), [why] * at.size))
        good[at] = False

    with np.errstate(invalid="ignore"):
        if rules.by_id:
            drop(rows.snpid.missing(), MISSING_ID)
        else:
            drop((rows.chr == -1), NOT_LIFTED)
            drop((rows.chr == 0) | (rows.pos == 0), MISSING_PLACE)
        drop(rows.pairs.key == NO_PAIR, MISSING_ALLELE)
        if rules.drop_palindromic:
            drop(np.isin(rows.pairs.key, np.array(PALINDROMIC, np.uint64)), AMBIGUOUS)
        if "se" in numbers:
            drop(numbers["se"] <= 0, BAD_SE)
        if "n" in numbers:
            if "n" in rules.needs:
                drop(numbers["n"] <= 0, BAD_N)
            numbers["n"] = np.where(numbers["n"] > 0, numbers["n"], np.nan)
        for name in dict.fromkeys(("z", *rules.needs)):
            values = numbers.get(name)
            drop(
                np.ones(size, np.bool_) if values is None else ~np.isfinite(values),
                NO_FIGURE.format({"z": "effect, SE or Z"}.get(name, name.upper())),
            )
        for name, limit, why in (("info", rules.info_min, LOW_INFO), ("n", rules.n_min, LOW_N)):
            if limit is not None and name in numbers:
                drop(numbers[name] < limit, why)
        if rules.maf_min is not None and "eaf" in numbers:
            drop(np.minimum(numbers["eaf"], 1 - numbers["eaf"]) < rules.maf_min, LOW_MAF)
    keep = slice(None) if good.all() else np.flatnonzero(good)
    _spool(rows, numbers, keep, rules, got, writer)


def _spool(
    rows: Rows,
    numbers: Mapping[str, Floats],
    keep: Any,
    rules: RowRules,
    got: _Collected,
    writer: SpoolWriter,
) -> None:
    arrays: dict[str, npt.NDArray[Any]] = {
        "line": rows.line[keep],
        "chr": rows.chr[keep],
        "pos": rows.pos[keep],
        "key": rows.pairs.key[keep],
        "sign": rows.pairs.sign[keep],
        "strand": rows.pairs.other_strand[keep],
    }
    for name in ("beta", "se", "z", "n", "eaf"):
        if name in numbers:
            arrays[name] = numbers[name][keep]
    snpid = rows.snpid[keep]
    got.n_used += len(arrays["line"])
    with np.errstate(over="ignore"):
        got.chi2.append(np.square(arrays["z"]) if "z" in arrays else np.zeros(0))
    if got.n_scale < _SCALE_ROWS and {"se", "eaf"} <= arrays.keys():
        se, eaf = arrays["se"], arrays["eaf"]
        with np.errstate(invalid="ignore"):
            told = np.flatnonzero((se > 0) & np.isfinite(se) & (eaf > 0) & (eaf < 1))
        n = arrays["n"][told] if "n" in arrays else np.full(told.size, np.nan)
        got.scale.append((se[told], eaf[told], n))
        got.n_scale += told.size
    if "n" in arrays:
        got.n.append(arrays["n"])
        if "eaf" in arrays and "se" in arrays:
            with np.errstate(invalid="ignore"):
                sd = arrays["se"] * np.sqrt(2 * arrays["n"] * arrays["eaf"] * (1 - arrays["eaf"]))
            got.sd.append(sd[np.isfinite(sd) & (sd > 0)])
    hashed = None
    if rules.by_id:
        hashed, second = snpid.hashes()
        arrays["id"], arrays["id2"] = hashed, second
    writer.add(partition_of(arrays["chr"], arrays["pos"], hashed), Part(arrays, snpid, rows.pairs.texts))


def _lifter(chain: str | None) -> Any:
    if chain is None:
        return None
    from postgwas.meta.lift_rows import row_lifter

    return row_lifter(chain)
