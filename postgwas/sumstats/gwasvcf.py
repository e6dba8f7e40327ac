"""GWAS-VCF: the statistics of a study in the FORMAT fields of its sample column.

Reference: Lyon et al. (2021) Genome Biol 22:32, doi:10.1186/s13059-020-02248-0, and
https://github.com/MRCIEU/gwas-vcf-specification. ALT is the effect allele; LP is -log10 P.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import polars as pl

from postgwas.errors import ColumnError, UsageError
from postgwas.sumstats.dialects import ColumnPlan

KEYS = {
    "ES": "BETA",
    "SE": "SE",
    "LP": "MLOG10P",
    "AF": "EAF",
    "SS": "N",
    "NS": "N",
    "NC": "N_CAS",
    "EZ": "Z",
    "SI": "INFO",
    "ID": "SNPID",
}
"""FORMAT key -> field."""


def choose_sample(
    plan: ColumnPlan, names: Sequence[str], first_row: Sequence[str], *, source: str, sample: str | None
) -> tuple[ColumnPlan, frozenset[str]]:
    """Point the plan at one study's column and tell which fields it has.

    Parameters
    ----------
    plan : ColumnPlan
        Of dialect ``gwas-vcf``.
    names, first_row : sequence of str
        Header, and the fields of the first row.
    sample : str, optional
        Name of the study's column, needed where there are several.

    Raises
    ------
    UsageError
        Several studies and no choice, or a study that is not there.
    ColumnError
        No study column, or no ES and LP.
    """
    studies = list(names[names.index("FORMAT") + 1 :])
    if not studies:
        raise ColumnError(f"{source}: a VCF of sites only, without a study's column: no statistics to read")
    if sample is None and len(studies) > 1:
        raise UsageError(f"{source}: several studies: {', '.join(studies[:8])}", hint="--sample chooses one")
    if sample is not None and sample not in studies:
        raise UsageError(f"{source}: no study {sample!r}; found {', '.join(studies[:8])}")
    keys = first_row[names.index("FORMAT")].split(":")
    fields = frozenset(KEYS[k] for k in keys if k in KEYS)
    if "BETA" not in fields and "Z" not in fields:
        raise ColumnError(
            f"{source}: the FORMAT fields are {':'.join(keys)}; expected ES, SE and LP as in a GWAS-VCF"
        )
    columns = {**plan.columns, "FORMAT": "FORMAT", "SAMPLE": sample or studies[0]}
    return replace(plan, columns=columns), fields


def total_counts(preamble: Sequence[str], sample: str) -> tuple[float | None, float | None]:
    """Cases and controls (or all people, as controls) of the study's ``##SAMPLE`` line."""
    for line in preamble:
        if line.startswith("##SAMPLE") and re.search(rf"ID={re.escape(sample)}[,>]", line):
            found = {
                key: float(value) for key, value in re.findall(r"(TotalCases|TotalControls)=([\d.]+)", line)
            }
            return found.get("TotalCases"), found.get("TotalControls")
    return None, None


def expand_sample(frame: pl.DataFrame, wanted: Collection[str]) -> pl.DataFrame:
    """Split the study's column into fields.

    Parameters
    ----------
    frame : polars.DataFrame
        One chunk, with FORMAT and SAMPLE.
    wanted : collection of str
        Fields to make; N_CON is the rest of N where there are cases.
    """
    parts = [
        _expand(frame.filter(pl.col("FORMAT") == kind), str(kind), wanted)
        for kind in frame["FORMAT"].drop_nulls().unique(maintain_order=True)
    ]
    if not parts:
        return frame.drop("FORMAT", "SAMPLE")
    whole = pl.concat(parts, how="diagonal")
    return whole.sort("ROW") if len(parts) > 1 else whole


def _expand(frame: pl.DataFrame, kind: str, wanted: Collection[str]) -> pl.DataFrame:
    keys = kind.split(":")
    split = frame["SAMPLE"].str.split_exact(":", len(keys) - 1)
    new: dict[str, pl.Series] = {}
    for i, key in enumerate(keys):
        name = KEYS.get(key)
        if name is None or name not in wanted or name in new:
            continue
        value = split.struct.field(f"field_{i}")
        if name == "SNPID":
            absent = value.is_null() | (value == ".")
            new[name] = pl.select(pl.when(~absent).then(value).otherwise(frame["SNPID"])).to_series()
        else:
            number = value.cast(pl.Float64, strict=False)
            new[name] = pl.select(pl.when(number.is_finite()).then(number)).to_series()
    frame = frame.drop("FORMAT", "SAMPLE").with_columns(**new)
    if "N_CAS" in new and "N" in new:
        if not (frame["N_CAS"] > 0).any():
            # Studies of continuous traits say 0 cases.
            return frame.drop("N_CAS")
        frame = frame.with_columns(N_CON=pl.col("N") - pl.col("N_CAS"))
    return frame
