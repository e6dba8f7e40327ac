"""What meta-analysis gained: loci that no study had alone, and forest plots of the strongest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.report.page_rows import chromosome
from postgwas.report.scans import SHOWN, loci
from postgwas.report.section import PageFigure, PageTable, Place, Section

if TYPE_CHECKING:
    import polars as pl

    from postgwas.plot.forest import ForestRow
    from postgwas.store.index import Entry
    from postgwas.store.study import Study

NEAR = 1_000_000
MOST_FORESTS = 4
_NONE = "none"
_OF_STUDIES = ["CHR", "POS", "EA", "NEA", "BETA", "SE", "MLOG10P"]
_HETEROGENEITY = ("I2", "MLOG10P_HET")
#: Inches: two of them side by side fill the page.
_WIDTH = 6.2


def meta_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """Of each fixed-effects meta-analysis whose studies are in the store as ``sumstats/STUDY`` too.

    Parameters
    ----------
    study : Study
    entries : sequence of Entry
        All of the store's.
    """
    import polars as pl

    scans = {
        one.key for one in entries if one.key.startswith("sumstats/") and set(_OF_STUDIES) <= set(one.columns)
    }
    figures: list[PageFigure] = []
    facts: list[tuple[str, str]] = []
    rows: list[pl.DataFrame] = []
    for one in entries:
        names = study.attrs(one.key).get("studies", []) if one.kind == "meta-fixed" else []
        known = len(names) > 1 and all(f"sumstats/{name}" in scans for name in names)
        if not known or "BETA" not in one.columns:
            continue
        trait = one.key.split("/")[-1]
        parts = {name: study.read_polars(f"sumstats/{name}", _OF_STUDIES) for name in names}
        columns = [name for name in (*SHOWN, *_HETEROGENEITY) if name in one.columns]
        whole = _gained(study.read_polars(one.key, columns), parts, trait)
        rows.append(whole)
        new = int((whole["STUDIES WITH IT"] == _NONE).sum())
        facts.append((f"{new} of {whole.height}", f"loci of {trait} that no study had alone"))
        figures += [_forest(lead, parts, trait) for lead in whole.head(MOST_FORESTS).iter_rows(named=True)]
    if not rows:
        return []
    note = f"P < 5e-8; a study has a locus if it has a lead within {NEAR // 1_000_000} Mb. I2 is in per cent."
    every = pl.concat(rows, how="diagonal_relaxed")
    table = PageTable("Loci of the meta-analysis and the studies that have them", every, note)
    return [Section("Gain of meta-analysis", facts=facts, figures=figures, tables=[table])]


def _gained(whole: pl.DataFrame, parts: dict[str, pl.DataFrame], trait: str) -> pl.DataFrame:
    import polars as pl

    leads = loci(whole, _HETEROGENEITY)
    theirs = {name: loci(part) for name, part in parts.items()}
    having = [
        ", ".join(
            name
            for name, one in theirs.items()
            if one.filter(
                (pl.col("CHR") == chrom) & ((pl.col("POS").cast(pl.Int64) - pos).abs() <= NEAR)
            ).height
        )
        or _NONE
        for chrom, pos in leads.select("CHR", "POS").iter_rows()
    ]
    studies = pl.Series("STUDIES WITH IT", having, dtype=pl.String)
    place = ("CHR", "POS", "SNPID")
    first = [name for name in place if name in leads.columns]
    return leads.select(pl.lit(trait).alias("TRAIT"), *first, studies, pl.exclude(place))


def _forest(lead: dict[str, Any], parts: dict[str, pl.DataFrame], trait: str) -> PageFigure:
    import polars as pl

    from postgwas.plot.forest import NORMAL_95, Forest, ForestRow, forest_figure

    rows: list[ForestRow] = []
    for name, part in parts.items():
        rows.append(ForestRow(name, *_effect(part, lead), name, "study"))
    rows.append(ForestRow("Fixed effect", lead["BETA"], lead["SE"], None, "total"))
    chrom = chromosome(lead["CHR"])
    told = lead.get("SNPID") or f"{chrom}:{lead['POS']}"
    title = f"{trait}: {told}  {chrom}:{lead['POS']:,}  {lead['EA']}/{lead['NEA']}"
    beta, se = (np.array([getattr(row, name) for row in rows], np.float64) for name in ("beta", "se"))
    numbers = pl.DataFrame(
        {
            "study": [row.label for row in rows], "beta": beta, "se": se,
            "lower_95": beta - NORMAL_95 * se, "upper_95": beta + NORMAL_95 * se,
        }
    )  # fmt: skip
    axis = f"effect of a copy of {lead['EA']} (95 % interval)"
    figure = forest_figure(Forest(title, tuple(rows), axis, _told(lead)), width=_WIDTH)
    place = Place(chrom, int(lead["POS"]), int(lead["POS"]))
    caption = "Squares: studies, as large as their weight; diamond: fixed-effects meta-analysis."
    return PageFigure(f"Forest plot of {trait} at {told}", figure, caption, table=numbers, place=place)


def _told(lead: dict[str, Any]) -> str:
    """Heterogeneity of a lead, where the meta-analysis has it."""
    parts = []
    if lead.get("I2") is not None and np.isfinite(lead["I2"]):
        parts.append(f"I\u00b2 = {lead['I2']:.0f} %")
    if lead.get("MLOG10P_HET") is not None and np.isfinite(lead["MLOG10P_HET"]):
        parts.append(f"P of heterogeneity = {10 ** -lead['MLOG10P_HET']:.2g}")
    return ", ".join(parts)


def _effect(part: pl.DataFrame, lead: dict[str, Any]) -> tuple[float, float]:
    """A study's effect of the lead's effect allele; NaN where it does not have the variant."""
    import polars as pl

    here = part.filter((pl.col("CHR") == lead["CHR"]) & (pl.col("POS") == lead["POS"]))
    for row in here.select("EA", "NEA", "BETA", "SE").iter_rows(named=True):
        if (row["EA"], row["NEA"]) == (lead["EA"], lead["NEA"]):
            return float(row["BETA"]), float(row["SE"])
        if (row["NEA"], row["EA"]) == (lead["EA"], lead["NEA"]):
            return -float(row["BETA"]), float(row["SE"])
    return np.nan, np.nan
