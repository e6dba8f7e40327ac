"""Why a trait cannot be used, said so that its owner knows what to change."""

from __future__ import annotations

import numpy as np
import polars as pl

from postgwas.errors import ColumnError, NoVariantsError
from postgwas.mtag.options import MtagOptions
from postgwas.sumstats.qc import REASONS, QCRules
from postgwas.sumstats.table import Sumstats

#: Canonical column -> the flag that names it on the command line.
NAME_FLAGS = {
    "SNPID": "--snp_name",
    "CHR": "--chr_name",
    "POS": "--bpos_name",
    "EA": "--a1_name",
    "NEA": "--a2_name",
    "EAF": "--eaf_name",
    "Z": "--z_name",
    "BETA": "--beta_name",
    "SE": "--se_name",
    "P": "--p_name",
    "N": "--n_name",
}

_WORDS = {
    "SNPID": "variant ids (SNPID)",
    "EA": "effect alleles (EA)",
    "NEA": "other alleles (NEA)",
    "Z": "Z statistics (Z, or BETA with SE or P)",
    "N": "sample sizes (N)",
    "EAF": "effect allele frequencies (EAF)",
}

_VCF_FIELDS = {"Z": "ES and SE", "N": "SS, and TotalCases and TotalControls", "EAF": "AF"}

_HINTS = {
    "N": "or --n_value gives one number for all rows",
    "EAF": "or --std_betas gives standardised effects, which need no frequency",
}


def require_columns(stats: Sumstats, options: MtagOptions, *, info: bool) -> None:
    """Refuse a trait without a column that MTAG needs; names all that are missing and all that are there.

    Raises
    ------
    ColumnError
    """
    have = set(stats.frame.columns)
    needed = ["SNPID", "EA", "NEA", "Z", "N"]
    if not options.std_betas and "SCALE" not in have:
        needed.append("EAF")
    missing = [column for column in needed if column not in have]
    if missing:
        what = ", ".join(_WORDS[column] for column in missing)
        flags = ", ".join(NAME_FLAGS[column] for column in missing)
        hints = [f"{flags} name them" if len(missing) > 1 else f"{flags} names it"]
        if stats.dialect == "gwas-vcf":
            fields = [_VCF_FIELDS[column] for column in missing if column in _VCF_FIELDS]
            hints = [f"a GWAS-VCF has them in {'; '.join(fields)}"]
        hints += [_HINTS[column] for column in missing if column in _HINTS]
        raise ColumnError(
            f"{stats.source}: no column of {what} found; the columns are {_columns_found(stats)}",
            hint="; ".join(hints),
        )
    if info and "INFO" not in have:
        raise ColumnError(
            f"{stats.source}: --info_min is given, but there is no INFO column; the columns are "
            f"{_columns_found(stats)}",
            hint="drop --info_min, or call the column INFO",
        )


def _columns_found(stats: Sumstats) -> str:
    field = {column: canonical for canonical, column in stats.columns.items()}
    names = stats.header or tuple(stats.columns.values())
    return ", ".join(f"{name} ({field[name]})" if name in field else name for name in names)


def nothing_left(error: NoVariantsError, stats: Sumstats, rules: QCRules, number: int) -> NoVariantsError:
    """The error of quality control, with what the values look like and the flag that would help.

    Parameters
    ----------
    error : NoVariantsError
        Its message counts the rows by reason.
    number : int
        The trait's, from 1.
    """
    said, hints = [error.message.replace(f"{stats.source}: ", f"{stats.source} (trait {number}): ", 1)], []
    for reason in (reason for reason in REASONS if f"{reason}:" in error.message):
        detail, hint = _detail(reason, stats, rules)
        said += [detail] * bool(detail)
        hints += [hint] * bool(hint)
    return NoVariantsError("; ".join(said), hint="; ".join(hints) or error.hint)


def _detail(reason: str, stats: Sumstats, rules: QCRules) -> tuple[str, str]:
    frame = stats.frame
    if reason == "missing value":
        counts = {c: _n_missing(frame[c]) for c in rules.require if c in frame.columns}
        worst = [c for c, n in counts.items() if n == max(counts.values())]
        flags = ", ".join(NAME_FLAGS[c] for c in worst if c in stats.columns)
        listed = ", ".join(f"{c}{_made_from(c, stats)}" for c in worst)
        return (
            f"missing or unreadable in {max(counts.values()):,} rows: {listed}",
            f"{flags} names another column" if flags else "",
        )
    if reason.startswith("INFO"):
        return _span(stats, "INFO"), "--info_min sets the limit"
    if reason.startswith("frequency"):
        return _span(stats, "EAF"), "--maf_min sets the limit; --eaf_name names another column"
    if reason.startswith("P out"):
        return _span(stats, "P"), "is it -log10 P? --p_name names another column"
    if reason == "not a SNP":
        row = frame.select("ROW", "EA", "NEA").row(0)
        return f"line {row[0]} has alleles {row[1]!r} and {row[2]!r}; expected letters A, C, G, T", (
            "--a1_name and --a2_name name other columns"
        )
    if reason.startswith("N "):
        flag = "--n_max" if "above" in reason else "--n_min"
        if not (stats.frame["N"] > 0).any():
            return f"{_span(stats, 'N')}; expected numbers above 0", "--n_name names another column"
        return _span(stats, "N"), f"{flag} sets the limit; --n_name names another column"
    return "", ""


def _made_from(column: str, stats: Sumstats) -> str:
    if column in stats.columns:
        return "" if stats.columns[column] == column else f" (column {stats.columns[column]})"
    how = next((line for line in stats.derived if line.startswith(f"{column} from ")), "")
    return how.removeprefix(column)


def _n_missing(column: pl.Series) -> int:
    nan = int(column.is_nan().sum()) if column.dtype == pl.Float64 else 0
    return column.null_count() + nan


def _span(stats: Sumstats, name: str) -> str:
    values = stats.frame[name].cast(pl.Float64).to_numpy()
    values = values[np.isfinite(values)]
    if not values.size:
        return ""
    called = stats.columns.get(name, name)
    title = name if called == name else f"{name} (column {called})"
    return f"{title} goes from {values.min():.6g} to {values.max():.6g}"
