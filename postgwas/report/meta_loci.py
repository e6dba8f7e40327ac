"""What meta-analysis gained: loci that no study had alone, and forest plots of the strongest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from postgwas.report.section import PageFigure, PageTable, Section

if TYPE_CHECKING:
    import polars as pl

    from postgwas.plot.forest import ForestRow
    from postgwas.store.index import Entry
    from postgwas.store.study import Study

NEAR = 1_000_000
MOST_FORESTS = 4


def meta_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """Of each fixed-effects meta-analysis whose studies are in the store as ``sumstats/STUDY`` too.

    Parameters
    ----------
    study : Study
    entries : sequence of Entry
        All of the store's.
    """
    import polars as pl

    scans = {one.key for one in entries if one.key.startswith("sumstats/") and "BETA" in one.columns}
    figures: list[PageFigure] = []
    facts: list[tuple[str, str]] = []
    rows: list[pl.DataFrame] = []
    for one in entries:
        names = study.attrs(one.key).get("studies", []) if one.kind == "meta-fixed" else []
        if len(names) < 2 or not all(f"sumstats/{name}" in scans for name in names):
            continue
        trait = one.key.split("/")[-1]
        parts = {name: study.read_polars(f"sumstats/{name}") for name in names}
        whole = _gained(study.read_polars(one.key), parts, trait)
        rows.append(whole)
        new = int((whole["STUDIES WITH IT"] == "").sum())
        facts.append((f"{new} of {whole.height}", f"loci of {trait} that no study had alone"))
        figures += [_forest(lead, parts, trait) for lead in whole.head(MOST_FORESTS).iter_rows(named=True)]
    if not rows:
        return []
    note = f"P < 5e-8; a study has a locus if it has a lead within {NEAR // 1_000_000} Mb."
    table = PageTable("Loci of the meta-analysis and the studies that have them", pl.concat(rows), note)
    return [Section("Gain of meta-analysis", facts=facts, figures=figures, tables=[table])]


def _gained(whole: pl.DataFrame, parts: dict[str, pl.DataFrame], trait: str) -> pl.DataFrame:
    import polars as pl

    from postgwas.report.scans import loci

    leads = loci(whole)
    theirs = {name: loci(part) for name, part in parts.items()}
    having = [
        ", ".join(
            name
            for name, one in theirs.items()
            if one.filter(
                (pl.col("CHR") == chrom) & ((pl.col("POS").cast(pl.Int64) - pos).abs() <= NEAR)
            ).height
        )
        for chrom, pos in leads.select("CHR", "POS").iter_rows()
    ]
    return leads.select(
        pl.lit(trait).alias("TRAIT"), pl.all(), pl.Series("STUDIES WITH IT", having, dtype=pl.String)
    )


def _forest(lead: dict[str, Any], parts: dict[str, pl.DataFrame], trait: str) -> PageFigure:
    import polars as pl

    from postgwas.plot.forest import Forest, ForestRow, forest_figure

    rows: list[ForestRow] = []
    for name, part in parts.items():
        beta, se = _effect(part, lead)
        rows.append(ForestRow(name, beta, se, name, "study"))
    rows.append(ForestRow("Fixed effect", lead["BETA"], lead["SE"], None, "total"))
    told = lead["SNPID"] or f"{lead['CHR']}:{lead['POS']}"
    title = f"{trait}: {told}  {lead['CHR']}:{lead['POS']:,}  {lead['EA']}/{lead['NEA']}"
    numbers = pl.DataFrame(
        {"study": [r.label for r in rows], "beta": [r.beta for r in rows], "se": [r.se for r in rows]}
    )
    figure = forest_figure(Forest(title, tuple(rows), f"effect of {lead['EA']} (95 % interval)"))
    return PageFigure(f"Forest plot of {trait} at {told}", figure, table=numbers)


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
