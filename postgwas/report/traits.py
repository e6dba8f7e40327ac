"""Sections of traits as wholes: heritability, genetic correlations, what MTAG gained, maxFDR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from postgwas.report.section import PageFigure, PageTable, Section, told_warnings

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.index import Entry
    from postgwas.store.study import Study

#: Traits from which a matrix takes the page's whole width, and pairs of traits that its table shows.
_MANY = 4
_MOST_PAIRS = 2000
_GAIN = {
    "trait": "trait",
    "n_variants": "variants",
    "n_mean": "mean N",
    "gwas_mean_chi2": "mean \u03c7\u00b2, GWAS",
    "mtag_mean_chi2": "mean \u03c7\u00b2, MTAG",
    "gwas_equivalent_n": "GWAS-equivalent N",
    "n_significant_gwas": "P < 5e-8, GWAS",
    "n_significant_mtag": "P < 5e-8, MTAG",
}


def trait_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """Sections of LD score regression and of MTAG's matrices, as far as the store holds them."""
    sections = [
        _heritability(study, entries),
        _correlations(study, entries),
        _matrices(study, entries),
        _gain(study, entries),
    ]
    return [one for one in sections if one is not None]


def _heritability(study: Study, entries: Sequence[Entry]) -> Section | None:
    import polars as pl

    found = [one for one in entries if one.kind == "ldsc-h2-summary"]
    if not found:
        return None
    rows = [_of_result(study.read_polars(one.key), one.key.split("/")[2]) for one in found]
    table = pl.concat(rows, how="diagonal_relaxed")
    if {"RESULT", "TRAIT"} <= set(table.columns) and table["RESULT"].equals(table["TRAIT"]):
        table = table.drop("RESULT")
    warnings = told_warnings(
        [(one.key.split("/")[2], study.attrs(one.key).get("warnings", ())) for one in found]
    )
    shown = PageTable("Heritability of each trait", table)
    return Section("Heritability", tables=[shown], methods=["ldsc_h2"], warnings=warnings)


def _of_result(table: pl.DataFrame, name: str) -> pl.DataFrame:
    import polars as pl

    return table.select(pl.lit(name).alias("RESULT"), pl.all())


def _correlations(study: Study, entries: Sequence[Entry]) -> Section | None:
    import polars as pl

    from postgwas.plot.rg_heatmap import rg_heatmap

    found = [one for one in entries if one.kind == "ldsc-rg"]
    rows = [_of_result(study.read_polars(one.key), one.key.split("/")[-1]) for one in found]
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
                f"{len(names)} traits, by LD score regression.",
                table=square(arrays["rg"], names),
                wide=len(names) > _MANY,
            )
        )
    if not rows and not figures:
        return None
    tables = []
    if rows:
        every = pl.concat(rows, how="diagonal_relaxed")
        tables = [PageTable("Pairs of traits", every.head(_MOST_PAIRS), n_all=every.height)]
    return Section("Genetic correlations", figures=figures, tables=tables, methods=["ldsc_rg"])


def _matrices(study: Study, entries: Sequence[Entry]) -> Section | None:
    """Omega, Sigma and genetic correlations of each MTAG, one after another."""
    found = [one for one in entries if one.kind == "mtag-covariances"]
    figures = [figure for one in found for figure in _mtag(study, one)]
    given = [_sigma_was_given(study, one) for one in found]
    methods = ["mtag", *([] if all(given) else ["mtag_ldsc"])]
    return Section("MTAG matrices", figures=figures, methods=methods) if figures else None


def _sigma_was_given(study: Study, entry: Entry) -> bool:
    """Whether `mtag --residcov_path` was used instead of LD score regression."""
    return study.provenance(entry.key).parameters.get("residcov_path") is not None


def _mtag(study: Study, entry: Entry) -> list[PageFigure]:
    from postgwas.plot.matrix import matrix_figure
    from postgwas.plot.rg_heatmap import rg_heatmap

    arrays = study.read_arrays(entry.key)
    names = [str(name) for name in arrays["traits"]]
    where = "" if entry.key == "mtag/covariances" else f", {entry.key.split('/')[-1]}"
    wide = len(names) > _MANY
    source = "as given" if _sigma_was_given(study, entry) else "LD score intercepts"
    figures = [
        PageFigure(
            f"Omega{where}",
            matrix_figure(arrays["omega"], names=names, title="\u03a9: genetic covariance"),
            "Genetic covariance per variant, of effects in standard deviations of the traits.",
            table=square(arrays["omega"], names),
            wide=wide,
        ),
        PageFigure(
            f"Sigma{where}",
            matrix_figure(arrays["sigma"], names=names, title="\u03a3: estimation error"),
            f"Covariance of estimation errors of Z: {source}; off the diagonal, sample overlap times"
            " phenotypic correlation.",
            table=square(arrays["sigma"], names),
            wide=wide,
        ),
    ]
    if len(names) > 1:
        figures.append(
            PageFigure(
                f"Genetic correlations of Omega{where}",
                rg_heatmap(arrays["genetic_correlation"], arrays.get("genetic_correlation_se"), names=names),
                "Omega scaled to a diagonal of one.",
                table=square(arrays["genetic_correlation"], names),
                wide=wide,
            )
        )
    return figures


def _gain(study: Study, entries: Sequence[Entry]) -> Section | None:
    import polars as pl

    results = [one for one in entries if one.kind == "mtag-results"]
    rows, warnings = [], []
    for one in results:
        attrs = study.attrs(one.key)
        rows.append({told: attrs.get(name) for name, told in _GAIN.items()})
        warnings.append((str(attrs.get("trait") or one.key.split("/")[-1]), attrs.get("warnings", ())))
    tables, methods = [], ["mtag"]
    if rows:
        note = (
            "\u03c7\u00b2 of the variants that MTAG kept, over Sigma's diagonal. GWAS-equivalent N: how large"
            " a GWAS of the trait alone would have to be for MTAG's mean \u03c7\u00b2."
        )
        tables.append(PageTable("What MTAG gained", pl.DataFrame(rows), note))
    highest = [_highest_fdr(study, one) for one in entries if one.kind == "mtag-maxfdr"]
    if highest:
        methods.append("mtag_maxfdr")
        tables.append(
            PageTable(
                "maxFDR",
                pl.concat(highest),
                "The most that the false discovery rate of MTAG's findings can be under the mixtures of null"
                " and causal variants that fit Omega and were searched.",
            )
        )
    if not tables:
        return None
    title = "Gain of MTAG and maxFDR" if highest else "Gain of MTAG"
    return Section(title, tables=tables, methods=methods, warnings=told_warnings(warnings))


def _highest_fdr(study: Study, entry: Entry) -> pl.DataFrame:
    import polars as pl

    arrays, attrs = study.read_arrays(entry.key), study.attrs(entry.key)
    level = study.provenance(entry.key).parameters.get("p_sig")
    return pl.DataFrame(
        {
            "trait": [str(trait) for trait in arrays["traits"]],
            "maxFDR": arrays["max_fdr"],
            "of findings with P below": [level] * len(arrays["traits"]),
            "search": [attrs.get("method")] * len(arrays["traits"]),
        },
        schema_overrides={"of findings with P below": pl.Float64, "search": pl.String},
    )


def square(matrix: np.ndarray, names: Sequence[str]) -> pl.DataFrame:
    """A matrix of traits as a table: a column of names, then one a trait."""
    import polars as pl

    columns = {name: np.asarray(matrix, np.float64)[:, at] for at, name in enumerate(names)}
    return pl.DataFrame({"trait": list(names)} | columns)
