"""Section of groups of people: F_ST between them, and what they explain of expression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from postgwas.report.gene_names import study_genes
from postgwas.report.section import PageFigure, PageTable, Section, first_rows

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.index import Entry
    from postgwas.store.study import Study

_SHARES = "SHARE: of a gene's whole variance; SHARE_LEFT: of what adjusting leaves of it."
_ESTIMATORS = {"hudson": "Hudson's", "wc": "Weir and Cockerham's"}


def group_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """F_ST and variance; nothing where neither was computed."""
    figures: list[PageFigure] = []
    tables: list[PageTable] = []
    facts: list[tuple[str, str]] = []
    methods: list[str] = []
    genes = study_genes(study, entries)
    for one in entries:
        name = one.key.split("/")[-1]
        if one.kind == "fst":
            table, attrs = study.read_polars(one.key), study.attrs(one.key)
            figure = _fst_figure(table, attrs["groups"], name)
            figures += [] if figure is None else [figure]
            tables.append(
                PageTable(
                    f"F_ST, {name}", table, f"{_ESTIMATORS[attrs['method']]} estimator, SE by jackknife."
                )
            )
            methods.append(f"fst_{attrs['method']}")
        elif one.kind == "expression-variance":
            table = study.read_polars(one.key)
            figures.append(_variance_figure(table, name))
            facts += [
                (
                    f"{_mean(table, term):.1%}",
                    f"of the variance that adjusting leaves is between groups of {term} (mean), {name}",
                )
                for term in _terms(table)
            ]
            by = f"MLOG10P_{_terms(table)[0]}"
            tables.append(
                first_rows(genes.named(table, "GENE_ID"), by, f"Variance between groups, {name}", _SHARES)
            )
            methods.append("expression_variance")
    if not tables:
        return []
    return [Section("Groups of people", facts=facts, figures=figures, tables=tables, methods=methods)]


def _fst_figure(table: pl.DataFrame, groups: Sequence[str], name: str) -> PageFigure | None:
    from postgwas.genotypes.write_fst import pair_matrix
    from postgwas.plot.fst import fst_heatmap

    matrix = pair_matrix(table, groups)
    if not (matrix == matrix).any():  # pairs were not asked for
        return None
    return PageFigure(f"F_ST of pairs of groups, {name}", fst_heatmap(matrix, names=groups), table=table)


def _terms(table: pl.DataFrame) -> list[str]:
    start = "SHARE_LEFT_"
    return [column.removeprefix(start) for column in table.columns if column.startswith(start)]


def _mean(table: pl.DataFrame, term: str) -> float:
    return float(table[f"SHARE_LEFT_{term}"].drop_nulls().to_numpy().mean())


def _variance_figure(table: pl.DataFrame, name: str) -> PageFigure:
    from postgwas.plot.expression_variance import variance_figure

    shares = {term: table[f"SHARE_LEFT_{term}"].drop_nulls().to_numpy() for term in _terms(table)}
    return PageFigure(
        f"Variance between groups, {name}",
        variance_figure(shares),
        f"{table.height:,} genes; shares are of the variance that adjusting leaves.",
        table=table.select("GENE_ID", *(f"SHARE_LEFT_{term}" for term in shares)),
    )
