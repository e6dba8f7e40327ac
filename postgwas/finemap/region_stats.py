"""Summary statistics as fine-mapping needs them: with places, z-scores and n, each variant once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from postgwas.errors import ColumnError, NoVariantsError
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("finemap")

NO_PLACE, NO_Z, NO_N, TWICE = "no_position", "no_z_score", "no_sample_size", "occurs_twice"


@dataclass(frozen=True)
class StatsOptions:
    """How the file is read; see :func:`postgwas.sumstats.run.read_sumstats`.

    Attributes
    ----------
    columns : mapping of str to str
        Field -> column.
    header : sequence of str, optional
        Names of all columns of a file without a header.
    dialect : str, optional
    dialect_files : sequence of path
    n, n_cases, n_controls : float, optional
    sample : str, optional
    unsigned : bool
        Z-scores may lack their sign: P-values do.
    sized : bool
        Every variant needs a sample size.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    header: Sequence[str] | None = None
    dialect: str | None = None
    dialect_files: Sequence[str | os.PathLike[str]] = ()
    n: float | None = None
    n_cases: float | None = None
    n_controls: float | None = None
    sample: str | None = None
    unsigned: bool = False
    sized: bool = True


@dataclass(frozen=True, eq=False)
class RegionStats:
    """The usable rows.

    Attributes
    ----------
    frame : polars.DataFrame
        ROW, SNPID, CHR, POS, EA, NEA, EAF, BETA, SE, Z, MLOG10P, N, by place and alleles; EA, NEA, EAF,
        BETA and SE only where the file has them. MAF instead of EAF where the file has frequencies and does
        not say of which allele. N is null where it is not known and not needed.
    rejected : polars.DataFrame
        ROW, SNPID, REASON.
    path : str
    n_kind : str
        What N is, see :class:`postgwas.sumstats.table.Sumstats`.
    notes : tuple of str
        What was derived, and warnings.
    header : tuple of str
        Columns of the file.
    """

    frame: pl.DataFrame
    rejected: pl.DataFrame
    path: str
    n_kind: str
    notes: tuple[str, ...]
    header: tuple[str, ...] = ()


def load_stats(path: str | os.PathLike[str], options: StatsOptions | None = None) -> RegionStats:
    """Read a file of summary statistics and set aside the rows that cannot be used.

    Raises
    ------
    InputError, ColumnError
        As :func:`postgwas.sumstats.run.read_sumstats`; or if nothing gives z-scores, places or sample sizes.
    NoVariantsError
        If no row is left.
    """
    import polars as pl

    from postgwas.sumstats.dialects import frequency_of_either_allele
    from postgwas.sumstats.run import read_sumstats

    chosen = options or StatsOptions()
    names = ("SNPID", "CHR", "POS", "EA", "NEA", "EAF", "BETA", "OR", "SE", "Z", "P")
    flags = {"N": "--n", **{name: f"--{name.lower()}_name" for name in names}}
    how: dict[str, Any] = {
        "header": chosen.header, "dialect": chosen.dialect, "dialect_files": chosen.dialect_files,
        "n": chosen.n, "n_cases": chosen.n_cases, "n_controls": chosen.n_controls, "flags": flags,
        "sample": chosen.sample,
    }  # fmt: skip
    read = read_sumstats(path, columns=dict(chosen.columns) or None, **how)
    frame = read.frame
    if not {"CHR", "POS"} <= set(frame.columns):
        _refuse_placeless(path, frame.columns, read.header)
    _refuse_swapped(path, frame, read.columns)
    if "N" not in frame.columns:
        if chosen.sized:
            raise ColumnError(f"{path}: no sample sizes; columns are {', '.join(read.header)}", hint="--n N")
        frame = frame.with_columns(pl.lit(None, pl.Float64).alias("N"))
    if "Z" not in frame.columns:
        if not (chosen.unsigned and "MLOG10P" in frame.columns):
            raise ColumnError(
                f"{path}: no z-scores: expected Z, or BETA and SE, or P and the sign of an effect; columns "
                f"are {', '.join(read.header)}",
                hint="--z_name, --beta_name, --se_name",
            )
        from postgwas.sumstats.derive import abs_z_from_mlog10p

        size = abs_z_from_mlog10p(frame["MLOG10P"].cast(pl.Float64).fill_null(np.nan).to_numpy())
        frame = frame.with_columns(pl.Series("Z", size))
    if any("EAF" in told and told.startswith(("BETA", "SE")) for told in read.derived):
        frame = frame.drop("BETA", "SE", strict=False)  # of a standardised trait, not of this one
    either = None if "EAF" in frame.columns else frequency_of_either_allele(read.header)
    if either is not None:
        frame = frame.join(_minor(path, either, chosen, how), on="ROW", how="left", maintain_order="left")
    if "SNPID" not in frame.columns:
        frame = frame.with_columns(pl.format("{}:{}", "CHR", "POS").alias("SNPID"))
    bad = {
        NO_PLACE: frame["CHR"].is_null() | frame["POS"].is_null(),
        NO_Z: ~frame["Z"].fill_null(np.nan).is_finite(),
        NO_N: ~(frame["N"].fill_null(np.nan).is_finite() & (frame["N"].fill_null(0) > 2)),
    }
    if not chosen.sized:
        frame = frame.with_columns(pl.when(~bad.pop(NO_N)).then("N").alias("N"))
    reason = pl.Series("REASON", [None], dtype=pl.String).new_from_index(0, frame.height)
    for name, mask in reversed(bad.items()):
        reason = reason.set(mask, name)
    frame = frame.with_columns(reason.alias("REASON"))
    good = _once(frame.filter(pl.col("REASON").is_null()))
    rejected = pl.concat(
        [
            part.select("ROW", "SNPID", "REASON").cast({"ROW": pl.UInt32})
            for part in (
                read.rejected,
                frame.filter(pl.col("REASON").is_not_null()),
                good.filter(pl.col("REASON").is_not_null()),
            )
        ]
    )
    kept = good.filter(pl.col("REASON").is_null()).drop("REASON")
    if not kept.height:
        counts = rejected["REASON"].value_counts(sort=True)
        told = ", ".join(f"{number:,} {name}" for name, number in counts.iter_rows())
        raise NoVariantsError(f"{path}: no variant can be used ({told})")
    zero = frame.filter((pl.col("REASON") == NO_Z) & (pl.col("P") == 0)).height if "P" in frame.columns else 0
    if zero:
        log.warning(
            "%s: %s variants of P = 0 have no z-score and are left out, though they are the strongest: give "
            "effects and standard errors, z-scores, or P that did not underflow", path, f"{zero:,}",
        )  # fmt: skip
    notes = [*read.derived, *read.warnings]
    if either is not None:
        notes.append(f"{path}: {either} is used where the frequency of either allele will do")
    return RegionStats(kept, rejected, os.fspath(path), read.n_kind, tuple(notes), tuple(read.header))


def _minor(
    path: str | os.PathLike[str], column: str, chosen: StatsOptions, how: Mapping[str, Any]
) -> pl.DataFrame:
    """ROW and MAF of a file whose frequencies do not say of which allele they are."""
    import polars as pl

    from postgwas.sumstats.run import read_sumstats

    read = read_sumstats(path, columns={**chosen.columns, "EAF": column}, wanted=("EAF",), **how)
    return read.frame.select("ROW", pl.min_horizontal("EAF", 1.0 - pl.col("EAF")).alias("MAF"))


def _refuse_swapped(path: str | os.PathLike[str], frame: pl.DataFrame, columns: Mapping[str, str]) -> None:
    """Refuse effects that are all positive beside standard errors that are not."""
    if not {"BETA", "SE"} <= set(columns):
        return
    below = [int((frame[name] < 0).sum()) for name in ("BETA", "SE")]
    if below[1] and not below[0]:
        raise ColumnError(
            f"{path}: columns {columns['BETA']} and {columns['SE']} look swapped: {below[1]:,} of "
            f"{frame.height:,} standard errors are negative, and no effect is",
            hint=f"--beta_name {columns['SE']} --se_name {columns['BETA']}",
        )


def _refuse_placeless(
    path: str | os.PathLike[str], columns: Sequence[str], header: Sequence[str]
) -> NoReturn:
    """Say all that a file lacks at once, and what can be done with it as it is."""
    have = set(columns)
    lacking = ["chromosome and position (CHR, POS)"]
    if not {"BETA", "SE"} <= have and "Z" not in have:
        lacking.append("effects with standard errors (BETA, SE), or allele frequencies (EAF) beside P")
    if "N" not in have:
        lacking.append("sample sizes (--n)")
    drawn = "; ids and P-values can be drawn: postgwas coloc plot" if {"SNPID", "P"} <= have else ""
    raise ColumnError(
        f"{path}: lacks {', '.join(lacking)}; columns are {', '.join(header[:20])}"
        f"{', ...' if len(header) > 20 else ''}",
        hint=f"--chr_name and --pos_name name columns{drawn}",
    )


def _once(frame: pl.DataFrame) -> pl.DataFrame:
    """By place and alleles; of a variant that occurs twice all but one line get a reason.

    The line of the largest N, then of the smallest SE, is used, whatever the order of lines.
    """
    import polars as pl

    if {"EA", "NEA"} <= set(frame.columns):
        pair = (pl.min_horizontal("EA", "NEA"), pl.max_horizontal("EA", "NEA"))
        same: list[pl.Expr] = [pl.col("CHR"), pl.col("POS"), *(one.fill_null("") for one in pair)]
    else:
        same = [pl.col("CHR"), pl.col("POS"), pl.col("SNPID")]
    keys = [one.alias(f"_{i}") for i, one in enumerate(same)]
    names = [f"_{i}" for i in range(len(same))]
    best = {
        one: one == "N"  # the largest N, of all else the smallest
        for one in ("N", "SE", "Z", "BETA", "P", "EAF", "MAF", "SNPID", "EA", "ROW")
        if one in frame.columns
    }
    ordered = frame.with_columns(keys).sort(
        *names, *best, descending=[False] * len(names) + list(best.values()), nulls_last=True
    )
    later = ~ordered.select(pl.struct(names).is_first_distinct()).to_series()
    return ordered.with_columns(
        pl.when(pl.lit(later)).then(pl.lit(TWICE)).otherwise(pl.col("REASON")).alias("REASON")
    ).drop(names)
