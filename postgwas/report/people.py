"""Sections of samples: axes of genotypes, ancestry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from postgwas.report.section import PageFigure, PageTable, Section

if TYPE_CHECKING:
    from postgwas.store.index import Entry
    from postgwas.store.study import Study


def people_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """Axes of genetic variation, with groups where they are known."""
    from postgwas.plot.pca import pca_figure

    figures, tables, facts = [], [], []
    for one in entries:
        if one.kind != "pca-scores":
            continue
        name, attrs = one.key.split("/")[-1], study.attrs(one.key)
        scores = study.read_polars(one.key)
        axes = [column for column in scores.columns if column.startswith("PC")]
        values = scores.select(axes).to_numpy()
        total = float(attrs.get("total_variance") or np.nan)
        explained = np.asarray(attrs.get("eigenvalues", [np.nan] * len(axes)), np.float64) / total
        group = next((c for c in ("GROUP", "ANCESTRY", "POPULATION") if c in scores.columns), None)
        figures.append(
            PageFigure(
                f"Axes of genetic variation, {name}",
                pca_figure(values, explained, groups=None if group is None else scores[group].to_list()),
                f"{len(values):,} samples, {attrs.get('n_variants', 0):,} variants.",
                table=scores,
                wide=True,
            )
        )
        facts.append((f"{len(values):,}", f"samples on axes, {name}"))
    for one in entries:
        if one.kind == "ancestry":
            table = study.read_polars(one.key)
            group = next((c for c in ("GROUP", "ANCESTRY") if c in table.columns), None)
            if group is not None:
                counts = table[group].value_counts(sort=True)
                tables.append(PageTable(f"Groups of ancestry, {one.key.split('/')[-1]}", counts))
    if not figures and not tables:
        return []
    return [Section("Ancestry", facts=facts, figures=figures, tables=tables, methods=["pca"])]
