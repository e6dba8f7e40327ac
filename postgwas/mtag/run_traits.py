"""First step of a run: each trait read, checked and reduced to the columns that MTAG needs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from postgwas.compute.engine import Engine
from postgwas.errors import ColumnError, InputError, NoVariantsError
from postgwas.mtag.align import ALLELES, NOT_A_BASE
from postgwas.mtag.checks_traits import (
    COMPAT_FREQUENCY_NAMES,
    differences_from_mtag_py,
    warn_z_against_p,
)
from postgwas.mtag.options import MtagOptions
from postgwas.mtag.run_refusals import NAME_FLAGS, nothing_left, require_columns
from postgwas.mtag.units import N_WORDS, effect_unit
from postgwas.progress import progress
from postgwas.runlog import get_logger, log_step
from postgwas.stopwatch import Stopwatch
from postgwas.sumstats.qc import QCRules, quality_control
from postgwas.sumstats.run import read_sumstats
from postgwas.sumstats.table import Sumstats

log = get_logger(__name__)

Floats = NDArray[np.float64]

#: mtag.py refuses traits whose mean chi2 is lower, unless --force.
MIN_MEAN_CHI2 = 1.02


@dataclass(frozen=True)
class Trait:
    """One trait after quality control.

    Attributes
    ----------
    name, source, dialect : str
    frame : polars.DataFrame
        SNPID, EA and NEA (uint8 codes of :data:`postgwas.mtag.align.ALLELES`), Z, N
        and, where known, EAF, SCALE (per-allele units per standardised unit),
        CHR and POS, ROW. Rows in the order of the file; SNPID unique.
    rows_read : int
    counts : mapping
        Reason -> rows dropped, in the order of the filters.
    rejected : polars.DataFrame
        ROW, SNPID, REASON of every dropped row.
    notes, warnings : tuple of str
    columns : mapping
        Canonical name -> name in the file.
    n_kind : str
    unit : str
        Of MTAG's effects.
    mean_chi2, lambda_gc : float
    """

    name: str
    source: str
    dialect: str
    frame: pl.DataFrame
    rows_read: int
    counts: Mapping[str, int]
    rejected: pl.DataFrame
    columns: Mapping[str, str]
    n_kind: str
    mean_chi2: float
    lambda_gc: float
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    n_kept: int = 0
    unit: str = ""

    def __len__(self) -> int:
        return self.frame.height

    def without_rows(self) -> Trait:
        """What is worth keeping once the rows are merged."""
        return replace(self, frame=self.frame.clear())


def read_traits(
    sources: Sequence[Any],
    names: Sequence[str],
    options: MtagOptions,
    eng: Engine,
    watch: Stopwatch,
    *,
    scratch: Path | None = None,
) -> Iterator[Trait]:
    """All traits, in order: one after the other here, or several at once by workers.

    Workers leave their tables in `scratch`, which they and this process must share.
    """
    files = all(isinstance(source, (str, os.PathLike)) for source in sources)
    if eng.cores > 1 and len(sources) > 1 and files:
        with tempfile.TemporaryDirectory(prefix=".postgwas-", dir=scratch) as folder:
            tasks = [(os.fspath(s), i, names[i], options, len(names), folder) for i, s in enumerate(sources)]
            with watch("reading and filtering"):
                kept = eng.map(_read_to_disk, tasks, label="Reading traits")
            for i, trait in enumerate(kept):
                _log_trait(trait, i)
                yield replace(trait, frame=pl.read_ipc_stream(_part(folder, i)))
        return
    with progress("Reading traits", total=len(sources)) as advance:
        for i, source in enumerate(sources):
            with watch("reading and filtering"):
                trait = read_trait(source, i, names[i], options, len(names))
            _log_trait(trait, i)
            advance(1)
            yield trait
            del trait  # while the next one is read, this one's rows must be gone


def _read_to_disk(task: tuple[str, int, str, MtagOptions, int, str]) -> Trait:
    source, index, name, options, n_traits, folder = task
    trait = read_trait(source, index, name, options, n_traits)
    # As a stream: polars reads the other kind lazily, where Ctrl-C ends in a panic of its own.
    trait.frame.write_ipc_stream(_part(folder, index))
    return trait.without_rows()


def _part(folder: str, index: int) -> Path:
    return Path(folder) / f"trait_{index}.arrow"


def _log_trait(trait: Trait, index: int) -> None:
    log.info(
        "Trait %d (%s): read %s; %s", index + 1, trait.source, trait.dialect,
        ", ".join(f"{canonical} = {column}" for canonical, column in trait.columns.items()),
    )  # fmt: skip
    for note in trait.notes:
        log.info("Trait %d: %s", index + 1, note)
    log.info(
        "Trait %d: N is %s; effects will be in %s",
        index + 1, N_WORDS.get(trait.n_kind, trait.n_kind), trait.unit,
    )  # fmt: skip
    for text in trait.warnings:
        log.warning("Trait %d: %s", index + 1, text)
    log_step(
        log, f"Trait {index + 1} quality control", rows_in=trait.rows_read, rows_out=trait.n_kept,
        dropped=trait.counts,
    )  # fmt: skip
    log.info("Trait %d: mean chi^2 = %.3f, lambda GC = %.3f", index + 1, trait.mean_chi2, trait.lambda_gc)


def read_trait(source: Any, index: int, name: str, options: MtagOptions, n_traits: int) -> Trait:
    """Read trait `index` (from 0) and apply the filters.

    Parameters
    ----------
    source : path or DataFrame
    options : MtagOptions

    Raises
    ------
    InputError, ColumnError, NoVariantsError
    """
    columns = options.columns
    if not isinstance(columns, Mapping):
        columns = columns[index] if len(columns) == n_traits else columns[0]
    n_value = options.per_trait("n_value", n_traits)[index]
    wanted = ["SNPID", "EA", "NEA", "P", "EAF", "N"]
    wanted += ["BETA", "SE"] if options.use_beta_se else ["Z"]
    if options.compat:
        wanted.append("SE")
    if not options.no_chr_data:
        wanted += ["CHR", "POS"]
    if options.per_trait("info_min", n_traits)[index] is not None:
        wanted.append("INFO")
    arguments: dict[str, Any] = {
        "columns": dict(columns),
        "header": options.header,
        "dialect_files": options.dialect_files,
        "n": n_value,
        "wanted": wanted,
        "flags": NAME_FLAGS,
    }
    if isinstance(source, (str, os.PathLike)):
        stats = _read_file(Path(source), arguments, options)
    else:
        from postgwas.sumstats.run import from_table

        del arguments["header"]
        stats = from_table(source, **arguments)
    return _checked(stats, index, name, options, n_traits)


def _read_file(path: Path, arguments: dict[str, Any], options: MtagOptions) -> Sumstats:
    """Read a file; --beta_name and --se_name may name what is not there while Z is (as in mtag.py)."""
    try:
        return read_sumstats(path, **arguments)
    except ColumnError:
        needless = {"BETA", "SE"} & set(arguments["columns"])
        if options.use_beta_se or not needless:
            raise
        columns = {k: v for k, v in arguments["columns"].items() if k not in needless}
        stats = read_sumstats(path, **{**arguments, "columns": columns})
        if "Z" not in stats.columns:
            raise
        return stats


def _checked(stats: Sumstats, index: int, name: str, options: MtagOptions, n_traits: int) -> Trait:
    rows_read = stats.frame.height + stats.rejected.height
    notes: list[str] = []
    if options.compat and "SE" not in stats.columns and "SE" in stats.frame.columns:
        # Only an SE that the file has takes part in the filters.
        stats = replace(stats, frame=stats.frame.drop("SE"), derived=())
    stats, beta_se_notes = _with_beta_se(stats, options)
    notes += beta_se_notes
    require_columns(stats, options, info=options.per_trait("info_min", n_traits)[index] is not None)
    rules = _rules(stats, index, options, n_traits)
    try:
        found = quality_control(stats, rules)
    except NoVariantsError as error:
        raise nothing_left(error, stats, rules, index + 1) from None
    kept = found.stats.frame
    warnings = list(stats.warnings)
    mean_chi2, lambda_gc = _chi2(kept)
    if mean_chi2 < MIN_MEAN_CHI2 and not options.force:
        raise InputError(
            f"{stats.source} (trait {index + 1}): the mean chi2 of {kept.height:,} variants kept of "
            f"{rows_read:,} rows is {mean_chi2:.4f}, less than {MIN_MEAN_CHI2}: too little signal for MTAG's "
            f"estimates to be stable (dropped: {_breakdown(found.counts)})",
            hint="--force runs all the same",
        )
    if options.compat:
        kept = _first_rows_of_kept_ids(stats.frame, kept)
    else:
        notes += differences_from_mtag_py(stats, found)
        warnings += warn_z_against_p(stats, kept)
    return Trait(
        name=name,
        source=stats.source,
        dialect=f"as {stats.dialect}" if options.header is None else "without a header",
        frame=_columns_for_mtag(kept),
        n_kept=kept.height,
        rows_read=rows_read,
        counts=found.counts,
        rejected=found.rejected,
        columns=stats.columns,
        n_kind=stats.n_kind,
        mean_chi2=mean_chi2,
        lambda_gc=lambda_gc,
        notes=(*stats.derived, *notes),
        warnings=tuple(warnings),
        unit=effect_unit(
            std_betas=options.std_betas,
            in_units_of_beta=options.use_beta_se,
            log_odds="OR" in stats.columns,
            n_kind=stats.n_kind,
        ),
    )


def _breakdown(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items() if count) or "none"


def _with_beta_se(stats: Sumstats, options: MtagOptions) -> tuple[Sumstats, list[str]]:
    """Z and N from BETA and SE, where --use_beta_se asks for it.

    Z = BETA/SE; with the frequency known N = 1/(2 f (1-f) SE^2), the sample size at
    which a standardised trait has this SE; without it N is the file's, and SE sqrt(N)
    carries the effects back to the units of BETA.
    """
    if not options.use_beta_se:
        return stats, []
    frame = stats.frame
    for column in ("BETA", "SE"):
        if column not in frame.columns:
            raise ColumnError(
                f"{stats.source}: --use_beta_se needs a {column} column",
                hint=f"{NAME_FLAGS[column]} names it",
            )
    frame = frame.with_columns(Z=pl.when(pl.col("SE") > 0).then(pl.col("BETA") / pl.col("SE")))
    if "EAF" in frame.columns:
        said = frame["N"].median() if "N" in frame.columns else None
        variance = 2 * pl.col("EAF") * (1 - pl.col("EAF"))
        frame = frame.with_columns(
            N=pl.when((variance > 0) & (pl.col("SE") > 0)).then(1 / (variance * pl.col("SE") ** 2))
        )
        note = "Z = BETA/SE and N = 1/(2 EAF (1-EAF) SE^2) (--use_beta_se)"
        stats = replace(
            stats,
            n_kind="from SE",
            derived=tuple(line for line in stats.derived if not line.startswith("N = ")),
            warnings=(*stats.warnings, *_n_disagrees(said, frame["N"].median(), stats.source)),
        )
    elif "N" in frame.columns:
        frame = frame.with_columns(SCALE=pl.col("SE") * pl.col("N").sqrt())
        note = "Z = BETA/SE; effects return to the units of BETA by SE sqrt(N) (--use_beta_se without EAF)"
    else:
        raise ColumnError(f"{stats.source}: --use_beta_se needs EAF or N", hint="--eaf_name or --n_name")
    return replace(stats, frame=frame), [note]


def _n_disagrees(said: Any, made: Any, source: str) -> list[str]:
    """A trait whose variance is not one has another N by its standard errors than by count."""
    if said is None or made is None or not said > 0 or 0.5 <= made / said <= 2:
        return []
    return [
        f"{source}: by EAF and SE the median N is {made:,.0f}, by the file {said:,.0f}: BETA is not in "
        "standard deviations of the trait (log odds, for instance); MTAG's Z and P hardly mind, but N and "
        "the GWAS-equivalent N are not people"
    ]


def _rules(stats: Sumstats, index: int, options: MtagOptions, n_traits: int) -> QCRules:
    def limit(name: str) -> float | None:
        value: float | None = options.per_trait(name, n_traits)[index]
        return value

    maf_min = limit("maf_min")
    required = ["SNPID", "EA", "NEA", "Z", "N"]
    if "P" in stats.frame.columns:
        required.append("P")
    filter_frequency = "EAF" in stats.frame.columns
    if options.compat:
        filter_frequency = stats.columns.get("EAF", "").upper() in COMPAT_FREQUENCY_NAMES
        required += [column for column in ("SE",) if column in stats.columns]
    if filter_frequency:
        required.append("EAF")
    elif "SCALE" in stats.frame.columns:
        required.append("SE")
    return QCRules(
        require=tuple(required),
        info_min=limit("info_min"),
        # Without a limit too: an allele that no one or everyone has gives no effect.
        maf_min=(maf_min if maf_min is not None or options.compat else 0.0) if filter_frequency else None,
        n_min=limit("n_min"),
        n_max=limit("n_max"),
        keep_ambiguous=True,
        drop_zero_p=options.compat,
        compact=not options.compat,
        median_z_max=options.median_z_cutoff,
    )


def _chi2(frame: pl.DataFrame) -> tuple[float, float]:
    chi2 = np.sort(frame["Z"].to_numpy() ** 2)
    return float(chi2.mean()), float(np.median(chi2) / 0.4549)


def _first_rows_of_kept_ids(frame: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    """mtag.py's rows: the first row of every id that passed, even where another row passed for it."""
    return frame.join(kept.select("SNPID"), on="SNPID", how="semi", maintain_order="left").unique(
        "SNPID", keep="first", maintain_order=True
    )


def _columns_for_mtag(frame: pl.DataFrame) -> pl.DataFrame:
    wanted = [c for c in ("ROW", "SNPID", "CHR", "POS", "Z", "N", "EAF", "SCALE") if c in frame.columns]
    if isinstance(frame.schema["EA"], pl.Enum):  # quality control's compact letters: A, C, G, T
        return frame.select(*wanted, *(pl.col(c).to_physical().cast(pl.UInt8) for c in ("EA", "NEA")))
    return frame.select(*wanted, allele_codes("EA"), allele_codes("NEA"))


def allele_codes(column: str) -> pl.Expr:
    """Codes 0..3 of a column of letters, in either case; anything else is ``NOT_A_BASE``."""
    expression = pl.lit(NOT_A_BASE, dtype=pl.UInt8)
    for code, letter in enumerate(ALLELES):
        is_letter = (pl.col(column) == letter) | (pl.col(column) == letter.lower())
        expression = pl.when(is_letter).then(pl.lit(code, dtype=pl.UInt8)).otherwise(expression)
    return expression.fill_null(NOT_A_BASE).alias(column)
