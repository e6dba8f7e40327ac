"""Sections of genes and regions: QTLs, fine-mapping, colocalisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.report.gene_names import study_genes
from postgwas.report.locus_pairs import locus_pairs
from postgwas.report.section import MOST_ROWS, PageFigure, PageTable, Section, first_rows, told_warnings

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.index import Entry
    from postgwas.store.study import Study

FDR = 0.05
#: Doubtful posteriors that are named.
_MOST_NOTES = 12
#: Keys of the methods text about expression, in the order of the work.
_EXPRESSION = ("expression", "expression_tmm", "expression_int", "peer", "expression_pca")
_COLOC_NOTE = "PP.H4: probability that trait and gene share a causal variant; PP.H3: that theirs differ."
_LEAD = (
    "gene", "phenotype_id", "variant_id", "CHR", "POS", "tss_distance", "effect_allele", "other_allele",
    "af", "slope", "slope_se",
    "mlog10p", "pval_beta", "qval",
)  # fmt: skip


def qtl_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """eGenes with their leads, where they lie, their effects; independent signals; credible sets."""
    import polars as pl

    genes = study_genes(study, entries)
    figures: list[PageFigure] = []
    tables: list[PageTable] = []
    facts: list[tuple[str, str]] = []
    methods = _expression_methods(study, entries)
    methods += ["qtl_cis"] if any(one.kind.startswith("qtl-cis_nominal") for one in entries) else []
    for one in entries:
        name = one.key.split("/")[-1]
        if one.kind == "qtl-cis_permutation" and one.rows:
            table, attrs = study.read_polars(one.key), study.attrs(one.key)
            level = float(attrs.get("fdr", FDR))
            figures += _lead_figures(table, name, level)
            found = genes.placed(table.filter(_significant(table, level)))
            facts.append((f"{found.height:,} of {table.height:,}", f"eGenes, {name} (FDR {level:g})"))
            note = "Effects (slope) are of a copy of effect_allele; mlog10p is -log10 of the nominal P."
            tables.append(first_rows(found.select(_have(found, _LEAD)), "mlog10p", f"eGenes, {name}", note))
            methods += ["qtl_permutation", "qvalue_bh" if attrs.get("qvalue_method") == "bh" else "qvalue"]
    for one in entries:
        if one.kind == "qtl-cis_independent":
            name, table = one.key.split("/")[-1], genes.placed(study.read_polars(one.key))
            facts.append((f"{table.height:,}", f"independent signals, {name}"))
            shown = _have(table, (*_LEAD[:2], "rank", *_LEAD[2:]))
            tables.append(first_rows(table.select(shown), "mlog10p", f"Independent signals, {name}"))
            methods.append("qtl_independent")
    for kind, whose in (("finemap-sets", "GWAS"), ("qtl-finemap_sets", "QTLs")):
        several = [
            study.read_polars(one.key).select(pl.lit(one.key.split("/")[-1]).alias("RESULT"), pl.all())
            for one in entries
            if one.kind == kind and one.rows
        ]
        if any(one.kind == kind for one in entries):
            methods.append("susie")
            facts.append((f"{sum(one.height for one in several):,}", f"credible sets of {whose}"))
        if several:
            sets = genes.placed(pl.concat(several, how="diagonal_relaxed"))
            figures.append(_set_sizes(sets, whose))
            tables.append(PageTable(f"Credible sets, {whose}", sets.head(MOST_ROWS), n_all=sets.height))
    if not tables and not facts:
        return []
    warnings = _region_warnings(study, entries)
    return [
        Section(
            "QTLs and fine-mapping", facts=facts, figures=figures, tables=tables, methods=methods,
            warnings=warnings,
        )
    ]  # fmt: skip


def _region_warnings(study: Study, entries: Sequence[Entry]) -> list[str]:
    """What speaks against the credible sets of each GWAS: small panels, regions without a fit."""
    of: list[tuple[str, list[str]]] = []
    for one in entries:
        if one.kind != "finemap-regions":
            continue
        texts = [*study.attrs(one.key).get("warnings", ())]
        states = study.read_polars(one.key, ["STATUS"])["STATUS"]
        for state, what in (
            ("too_few_variants", "not mapped: too few variants"),
            ("not_converged", "not converged"),
        ):
            if count := int((states == state).sum()):
                texts.append(f"{count:,} of {states.len():,} regions {what}")
        of.append((one.key.split("/")[-1], texts))
    return told_warnings(of)


def _expression_methods(study: Study, entries: Sequence[Entry]) -> list[str]:
    """How expression was prepared, as provenance has it."""
    methods: list[str] = []
    for one in entries:
        if one.kind == "expression-genes":
            how = study.provenance(one.key).parameters
            methods.append("expression")
            methods += ["expression_tmm"] if how.get("norm") in ("tmm", "tmmwsp") else []
            methods += ["expression_int"] if how.get("transform") == "int" else []
        elif one.kind == "expression-factors":
            methods.append({"peer": "peer"}.get(str(study.attrs(one.key).get("method")), "expression_pca"))
    return sorted(dict.fromkeys(methods), key=_EXPRESSION.index)


def coloc_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """Genes, then pairs of signals, by the posterior of a shared causal variant; what SMR says of them."""
    import polars as pl

    genes = study_genes(study, entries)
    facts, tables, methods, warnings = [], [], [], []
    for kind, title in (("coloc-genes", "Genes"), ("coloc-pairs", "Pairs of signals")):
        several = {
            one.key.split("/")[-1]: study.read_polars(one.key).fill_nan(None)
            for one in entries
            if one.kind == kind and one.rows
        }
        if not several:
            continue
        every = genes.named(
            pl.concat(
                [table.select(pl.lit(name).alias("RESULT"), pl.all()) for name, table in several.items()],
                how="diagonal_relaxed",
            )
        )
        if kind == "coloc-genes":
            methods += ["smr"] if "SMR_P" in every.columns else []
            for mark, least in (("strong", 0.8), ("moderate or strong", 0.5)):
                count = every.filter(every["PP.H4"] >= least)["phenotype_id"].n_unique()
                facts.append((f"{count:,}", f"genes, {mark}: PP.H4 of {least:g} and more with any trait"))
            tables.append(PageTable("Colocalised genes of each result", _counts(several)))
        else:
            warnings = _thin(every)
            methods += ["coloc", *(["coloc_susie"] if (every["METHOD"] == "susie").any() else [])]
        tables.append(first_rows(every, "PP.H4", title, _COLOC_NOTE))
    if not tables:
        return []
    figures = locus_pairs(study, entries, genes)
    return [
        Section(
            "Colocalisation", facts=facts, figures=figures, tables=tables, methods=methods or ["coloc"],
            warnings=warnings,
        )
    ]  # fmt: skip


def _thin(pairs: pl.DataFrame) -> list[str]:
    """What is to be doubted of posteriors, as the run that made them said; the highest first."""
    from postgwas.coloc.thin_overlap import overlap_notes

    needed = ("RESULT", "phenotype_id", "PP.H4", "N_SHARED", "OVERLAP_GWAS", "OVERLAP_QTL")
    if not set(needed) <= set(pairs.columns):
        return []
    order = pairs.sort("PP.H4", descending=True, nulls_last=True, maintain_order=True).drop_nulls(needed)
    notes = [
        f"{row.get('gene') or row['phenotype_id']}, {row['RESULT']}: {note}"
        for row in order.iter_rows(named=True)
        for note in overlap_notes(
            row["PP.H4"], row["N_SHARED"],
            {"the GWAS": row["OVERLAP_GWAS"], "the gene": row["OVERLAP_QTL"]},
        )
    ]  # fmt: skip
    notes = list(dict.fromkeys(notes))
    more = [f"and {len(notes) - _MOST_NOTES:,} more"] if len(notes) > _MOST_NOTES else []
    return notes[:_MOST_NOTES] + more


def _counts(several: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Genes of each result by their posterior."""
    import polars as pl

    rows = []
    for name, table in several.items():
        posterior = table.group_by("phenotype_id").agg(pl.col("PP.H4").max())["PP.H4"]
        rows.append(
            {
                "RESULT": name,
                "genes": len(posterior),
                "PP.H4 \u2265 0.8": int((posterior >= 0.8).sum()),
                "PP.H4 0.5 to 0.8": int(((posterior >= 0.5) & (posterior < 0.8)).sum()),
            }
        )
    return pl.DataFrame(rows)


def _lead_figures(table: pl.DataFrame, name: str, level: float) -> list[PageFigure]:
    from postgwas.plot.qtl import lead_distance_figure, volcano_figure
    from postgwas.plot.qtl_numbers import lead_distances

    height = _numbers(table, "mlog10p")
    yes = table.select(_significant(table, level)).to_series().to_numpy()
    shown = table.select(_have(table, _LEAD))
    near = lead_distances(_numbers(table, "tss_distance"), height, yes)
    return [
        PageFigure(
            f"Leads around the TSS, {name}",
            lead_distance_figure(near, fdr=level),
            "The lead variant of each gene tested by its distance from the gene's transcription start site"
            " (negative: at smaller positions); above, how many significant leads lie where.",
            table=shown,
        ),
        PageFigure(
            f"Volcano plot of leads, {name}",
            volcano_figure(
                _numbers(table, "slope"), height, yes, label="slope per copy of the effect allele", fdr=level
            ),
            "The lead variant of each gene tested: its nominal P by its effect on expression, in the units"
            " that were analysed.",
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


def _have(table: pl.DataFrame, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in table.columns]


def _numbers(table: pl.DataFrame, name: str) -> NDArray[np.float64]:
    return table[name].cast(float).fill_null(np.nan).to_numpy().astype(np.float64)
