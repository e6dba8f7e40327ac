"""Sections of genes and regions: QTLs, fine-mapping, colocalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.report.locus_pairs import locus_pairs
from postgwas.report.section import PageFigure, PageTable, Section

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.index import Entry
    from postgwas.store.study import Study

MOST_ROWS = 2000
FDR = 0.05
_LEAD = (
    "phenotype_id", "variant_id", "tss_distance", "effect_allele", "other_allele", "af", "slope", "slope_se",
    "mlog10p", "pval_beta", "qval",
)  # fmt: skip


def qtl_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """eGenes with their leads, where they lie, their effects; independent signals; credible sets."""
    import polars as pl

    figures: list[PageFigure] = []
    tables: list[PageTable] = []
    facts: list[tuple[str, str]] = []
    methods = ["qtl_cis"] if any(one.kind.startswith("qtl-cis_nominal") for one in entries) else []
    for one in entries:
        name = one.key.split("/")[-1]
        if one.kind == "qtl-cis_permutation" and one.rows:
            table = study.read_polars(one.key)
            level = float(study.attrs(one.key).get("fdr", FDR))
            figures += _lead_figures(table, name, level)
            found = table.filter(_significant(table, level))
            facts.append((f"{found.height:,} of {table.height:,}", f"eGenes, {name} (FDR {level:g})"))
            tables.append(_first(found.select(_have(found, _LEAD)), "mlog10p", f"eGenes, {name}"))
            methods.append("qtl_permutation")
        elif one.kind == "qtl-cis_independent":
            table = study.read_polars(one.key)
            facts.append((f"{table.height:,}", f"independent signals, {name}"))
            shown = _have(table, ("phenotype_id", "rank", *_LEAD[1:]))
            tables.append(_first(table.select(shown), "mlog10p", f"Independent signals, {name}"))
    for kind, whose in (("finemap-sets", "GWAS"), ("qtl-finemap_sets", "QTLs")):
        several = [
            study.read_polars(one.key).select(pl.lit(one.key.split("/")[-1]).alias("RESULT"), pl.all())
            for one in entries
            if one.kind == kind and one.rows
        ]
        if not several:
            continue
        sets = pl.concat(several, how="diagonal_relaxed")
        facts.append((f"{sets.height:,}", f"credible sets of {whose}"))
        figures.append(_set_sizes(sets, whose))
        tables.append(PageTable(f"Credible sets, {whose}", sets.head(MOST_ROWS), n_all=sets.height))
        methods.append("susie")
    if not tables:
        return []
    return [Section("QTLs and fine-mapping", facts=facts, figures=figures, tables=tables, methods=methods)]


def coloc_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """Genes, then pairs of signals, by the posterior of a shared causal variant; what SMR says of them."""
    facts, tables, methods = [], [], []
    order = {"coloc-genes": "Genes", "coloc-pairs": "Pairs of signals"}
    found = [one for one in entries if one.kind in order and one.rows]
    for one in sorted(found, key=lambda entry: list(order).index(entry.kind)):
        name, table = one.key.split("/")[-1], study.read_polars(one.key).fill_nan(None)
        if one.kind == "coloc-genes":
            for mark, least in (("strong", 0.8), ("moderate or strong", 0.5)):
                count = table.filter(table["PP.H4"] >= least)["phenotype_id"].n_unique()
                facts.append((f"{count:,}", f"genes, {mark} (PP.H4 of {least:g} and more), {name}"))
            methods += ["smr"] if "SMR_P" in table.columns else []
        else:
            methods += ["coloc", *(["coloc_susie"] if (table["METHOD"] == "susie").any() else [])]
        tables.append(_first(table, "PP.H4", f"{order[one.kind]}, {name}"))
    if not tables:
        return []
    figures = locus_pairs(study, entries)
    return [
        Section("Colocalisation", facts=facts, figures=figures, tables=tables, methods=methods or ["coloc"])
    ]


def _lead_figures(table: pl.DataFrame, name: str, level: float) -> list[PageFigure]:
    from postgwas.plot.qtl import lead_distance_figure, volcano_figure
    from postgwas.plot.qtl_numbers import lead_distances

    height = _numbers(table, "mlog10p")
    yes = table.select(_significant(table, level)).to_series().to_numpy()
    shown = table.select(_have(table, _LEAD))
    near = lead_distances(_numbers(table, "tss_distance"), height, yes)
    return [
        PageFigure(f"Leads around the TSS, {name}", lead_distance_figure(near, fdr=level), table=shown),
        PageFigure(
            f"Effects of leads, {name}",
            volcano_figure(
                _numbers(table, "slope"), height, yes, label="slope per copy of the effect allele", fdr=level
            ),
            table=shown,
        ),
    ]


def _set_sizes(table: pl.DataFrame, name: str) -> PageFigure:
    from postgwas.plot.set_sizes import set_sizes, set_sizes_figure

    column = next(c for c in ("size", "n_variants", "SIZE") if c in table.columns)
    numbers = set_sizes(table[column].to_numpy())
    return PageFigure(
        f"Sizes of credible sets, {name}",
        set_sizes_figure(numbers),
        f"{table.height:,} sets; half hold at most {int(np.median(table[column].to_numpy()))} variants.",
        table=numbers,
    )


def _significant(table: pl.DataFrame, level: float) -> pl.Expr:
    import polars as pl

    return (pl.col("qval") <= level).fill_null(False) if "qval" in table.columns else pl.lit(True)


def _first(table: pl.DataFrame, by: str, title: str) -> PageTable:
    """The rows with the largest of a column."""
    if by in table.columns:
        table = table.sort(by, descending=True, nulls_last=True, maintain_order=True)
    return PageTable(title, table.head(MOST_ROWS), n_all=table.height)


def _have(table: pl.DataFrame, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in table.columns]


def _numbers(table: pl.DataFrame, name: str) -> NDArray[np.float64]:
    return table[name].cast(float).fill_null(np.nan).to_numpy().astype(np.float64)
