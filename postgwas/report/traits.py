"""Sections of traits as wholes: heritability, genetic correlations, what MTAG gained, maxFDR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from postgwas.report.section import PageFigure, PageTable, Section

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.index import Entry
    from postgwas.store.study import Study

_GAIN = {
    "trait": "trait",
    "n_variants": "variants",
    "n_mean": "N (mean)",
    "gwas_mean_chi2": "mean chi2, GWAS",
    "mtag_mean_chi2": "mean chi2, MTAG",
    "gwas_equivalent_n": "N that a GWAS would need",
    "n_significant_gwas": "P < 5e-8, GWAS",
    "n_significant_mtag": "P < 5e-8, MTAG",
}


def trait_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """Sections of LD score regression and of MTAG's matrices, as far as the store holds them."""
    sections = [_heritability(study, entries), _correlations(study, entries)]
    sections += [_mtag(study, one) for one in entries if one.kind == "mtag-covariances"]
    sections.append(_gain(study, entries))
    return [one for one in sections if one is not None]


def _heritability(study: Study, entries: Sequence[Entry]) -> Section | None:
    import polars as pl

    found = [one for one in entries if one.kind == "ldsc-h2-summary"]
    if not found:
        return None
    rows = [
        study.read_polars(one.key).select(pl.lit(one.key.split("/")[2]).alias("result"), pl.all())
        for one in found
    ]
    warnings = [f"{one.key}: {text}" for one in found for text in study.attrs(one.key).get("warnings", ())]
    table = PageTable("Heritability of each trait", pl.concat(rows, how="diagonal_relaxed"))
    return Section("Heritability", tables=[table], methods=["ldsc_h2"], warnings=warnings)


def _correlations(study: Study, entries: Sequence[Entry]) -> Section | None:
    from postgwas.plot.rg_heatmap import rg_heatmap

    tables = [
        PageTable(f"Genetic correlations, {one.key.split('/', 1)[-1]}", study.read_polars(one.key))
        for one in entries
        if one.kind == "ldsc-rg"
    ]
    figures = []
    for one in entries:
        if one.kind != "ldsc-rg-matrix":
            continue
        arrays = study.read_arrays(one.key)
        names = [str(name) for name in arrays["traits"]]
        figure = rg_heatmap(arrays["rg"], arrays.get("se"), arrays.get("p"), names=names)
        figures.append(
            PageFigure(
                f"Genetic correlations, {one.key.split('/')[-1].removesuffix('_matrix')}",
                figure,
                table=square(arrays["rg"], names),
            )
        )
    if not tables and not figures:
        return None
    return Section("Genetic correlations", figures=figures, tables=tables, methods=["ldsc_rg"])


def _mtag(study: Study, entry: Entry) -> Section:
    from postgwas.plot.matrix import matrix_figure
    from postgwas.plot.rg_heatmap import rg_heatmap

    arrays = study.read_arrays(entry.key)
    names = [str(name) for name in arrays["traits"]]
    where = "" if entry.key == "mtag/covariances" else f", {entry.key.split('/')[-1]}"
    figures = [
        PageFigure(
            f"Omega{where}",
            matrix_figure(arrays["omega"], names=names, title="Omega: genetic covariance per variant"),
            "Covariance of the traits' standardised effects over variants.",
            table=square(arrays["omega"], names),
        ),
        PageFigure(
            f"Sigma{where}",
            matrix_figure(arrays["sigma"], names=names, title="Sigma: covariance of estimation errors"),
            "Off the diagonal: sample overlap times phenotypic correlation.",
            table=square(arrays["sigma"], names),
        ),
    ]
    if len(names) > 1:
        figures.append(
            PageFigure(
                f"Genetic correlations of Omega{where}",
                rg_heatmap(arrays["genetic_correlation"], arrays.get("genetic_correlation_se"), names=names),
                table=square(arrays["genetic_correlation"], names),
            )
        )
    return Section(f"MTAG matrices{where}", figures=figures, methods=["mtag"])


def _gain(study: Study, entries: Sequence[Entry]) -> Section | None:
    import polars as pl

    results = [one for one in entries if one.kind == "mtag-results"]
    rows = []
    for one in results:
        attrs = study.attrs(one.key)
        rows.append({told: attrs.get(name) for name, told in _GAIN.items()})
    tables = [PageTable("What MTAG gained", pl.DataFrame(rows))] if rows else []
    for one in (entry for entry in entries if entry.kind == "mtag-maxfdr"):
        arrays = study.read_arrays(one.key)
        table = pl.DataFrame({"trait": [str(t) for t in arrays["traits"]], "maxFDR": arrays["max_fdr"]})
        where = "" if one.key == "mtag/maxfdr" else f", {one.key.split('/')[-1]}"
        tables.append(
            PageTable(
                f"Highest false discovery rate{where}",
                table,
                "The most that the false discovery rate of MTAG's findings can be under any mixture of"
                " null and causal variants that fits Omega.",
            )
        )
    if not tables:
        return None
    warnings = [text for one in results for text in study.attrs(one.key).get("warnings", ())]
    return Section("Gain of MTAG", tables=tables, methods=["mtag"], warnings=list(dict.fromkeys(warnings)))


def square(matrix: np.ndarray, names: Sequence[str]) -> pl.DataFrame:
    """A matrix of traits as a table: a column of names, then one a trait."""
    import polars as pl

    columns = {name: np.asarray(matrix, np.float64)[:, at] for at, name in enumerate(names)}
    return pl.DataFrame({"trait": list(names)} | columns)
