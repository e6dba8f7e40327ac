"""Section of what is asked of QTLs beside cis mapping: fold changes, interactions, trans pairs, sharing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from postgwas.report.gene_names import study_genes
from postgwas.report.section import MOST_ROWS, PageFigure, PageTable, Section, first_rows

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.index import Entry
    from postgwas.store.study import Study

_FOLD_CHANGES = (
    "gene", "phenotype_id", "rank", "SNPID", "CHR", "POS", "effect_allele", "other_allele", "log2_aFC",
    "log2_aFC_lower", "log2_aFC_upper", "reason",
)  # fmt: skip
_LEVEL = 0.05
#: What each of these columns of an interaction's table comes from.
_INTERACTION_METHODS = {"pval_emt": "qtl_interaction_emt", "pval_beta": "qtl_interaction_permuted"}


def more_qtl_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """What each of these analyses found; nothing where none was made."""
    figures: list[PageFigure] = []
    tables: list[PageTable] = []
    facts: list[tuple[str, str]] = []
    methods: list[str] = []
    genes = study_genes(study, entries)
    for one in entries:
        name = one.key.split("/")[-1]
        make = _TABLES.get(one.kind)
        if make is None or not one.rows:
            continue
        found, table = make(genes.placed(study.read_polars(one.key).fill_nan(None)), name)
        facts += found
        tables.append(table)
        methods.append(one.kind.replace("qtl-", "qtl_"))
        methods += [method for column, method in _INTERACTION_METHODS.items() if column in one.columns]
        if one.kind == "qtl-sharing":
            figures.append(_sharing_figure(study.read_polars(one.key), name))
    if not tables:
        return []
    return [Section("More of QTLs", facts=facts, figures=figures, tables=tables, methods=methods)]


_Found = tuple[list[tuple[str, str]], PageTable]


def _fold_changes(table: pl.DataFrame, name: str) -> _Found:
    import polars as pl

    known = table.filter(pl.col("log2_aFC").is_not_null())
    twice = known.filter(pl.col("log2_aFC").abs() >= 1).height
    facts = [
        (f"{known.height:,} of {table.height:,}", f"signals with a fold change, {name}"),
        (f"{twice:,}", f"of these twofold or more, {name}"),
    ]
    order = table.with_columns(pl.col("log2_aFC").abs().alias("_size"))
    order = order.sort("_size", descending=True, nulls_last=True, maintain_order=True)
    shown = order.select([one for one in _FOLD_CHANGES if one in table.columns])
    note = "log2 fold change of expression per copy of effect_allele, with its 95 % interval."
    title = f"Allelic fold changes, {name}"
    return facts, PageTable(title, shown.head(MOST_ROWS), note, n_all=table.height)


def _interactions(table: pl.DataFrame, name: str) -> _Found:
    import polars as pl

    levels = [one for one in ("qval", "pval_adj_bh", "pval_emt") if one in table.columns]
    facts = [(f"{table.height:,}", f"phenotypes tested for interactions, without an FDR, {name}")]
    if levels:
        count = table.filter(pl.col(levels[0]) <= _LEVEL).height
        told = f"phenotypes with an interaction, {name} (FDR {_LEVEL:g})"
        facts = [(f"{count:,} of {table.height:,}", told)]
    title = f"Interactions, best of each phenotype, {name}"
    by, falling = [*levels, "mlog10p_gi"], [*(False for _ in levels), True]
    order = table.sort(by, descending=falling, nulls_last=True, maintain_order=True)
    return facts, PageTable(title, order.head(MOST_ROWS), n_all=table.height)


def _trans(table: pl.DataFrame, name: str) -> _Found:
    import polars as pl

    count = table.filter(pl.col("pval_adj_bh") <= _LEVEL).height
    context = "mlog10p_gi" in table.columns
    pairs, title = ("interactions", "Interactions") if context else ("pairs", "Pairs")
    facts = [(f"{count:,} of {table.height:,}", f"{pairs} in trans, {name} (FDR {_LEVEL:g}, of those kept)")]
    by = "mlog10p_gi" if context else "mlog10p"
    return facts, first_rows(table, by, f"{title} across the genome, {name}")


def _group_effects(table: pl.DataFrame, name: str) -> _Found:
    by = next((one for one in table.columns if one.startswith("mlog10p")), "")
    facts = [(f"{table.height:,}", f"leads compared between groups of people, {name}")]
    return facts, first_rows(table, by, f"Effects that differ between groups, {name}")


def _sharing(table: pl.DataFrame, name: str) -> _Found:
    groups = table["discovery"].n_unique()
    return [(f"{groups:,}", "tissues held against each other")], PageTable("Signals shared by tissues", table)


def _sharing_figure(table: pl.DataFrame, name: str) -> PageFigure:
    from postgwas.plot.qtl_numbers import sharing_table
    from postgwas.plot.qtl_sharing import sharing_heatmap

    found, other = table["discovery"].to_list(), table["replication"].to_list()
    groups = list(dict.fromkeys(found))
    measures = {"pi1": r"replication, $\pi_1$", "same_sign": "same sign", "same_size": "same size"}
    numbers = {
        title: sharing_table(groups, found, other, table[column].cast(float).to_numpy())
        for column, title in measures.items()
    }
    return PageFigure("Signals shared by tissues", sharing_heatmap(numbers, groups), table=table, wide=True)


_TABLES = {
    "qtl-afc": _fold_changes,
    "qtl-interaction": _interactions,
    "qtl-trans": _trans,
    "qtl-trans_interaction": _trans,
    "qtl-group_effects": _group_effects,
    "qtl-sharing": _sharing,
}
