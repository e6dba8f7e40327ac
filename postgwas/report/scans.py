"""Sections of genome-wide scans: harmonised GWAS, MTAG's traits, meta-analyses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.plot.genome import GENOME_WIDE, layout_genome, lead_variants, peaks, thin
from postgwas.plot.manhattan import height_scale
from postgwas.plot.qq import QQ, qq_points
from postgwas.plot.scan import Scan, manhattan_figure, qq_figure
from postgwas.report.section import PageFigure, PageTable, Section, told_warnings
from postgwas.sumstats.derive import abs_z_from_mlog10p

if TYPE_CHECKING:
    import polars as pl

    from postgwas.store.index import Entry
    from postgwas.store.study import Study

FloatArray = NDArray[np.float64]

#: Columns that a scan's table of loci shows, as far as it has them.
SHOWN = ("CHR", "POS", "SNPID", "EA", "NEA", "EAF", "BETA", "SE", "Z", "MLOG10P", "N", "N_EFF")
MOST_LOCI = 500
#: Scans of a section up to which each has its number of loci shown large; the table has them all.
MOST_FACTS = 8
_FAMILIES = (
    ("harmonised-sumstats", "GWAS", "harmonise"),
    ("mtag-results", "MTAG", "mtag"),
    ("meta-", "Meta-analysis", ""),
    ("mama-results", "MAMA", "meta_mama"),
)


def scan_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """A section for each family of scans that the store holds.

    Parameters
    ----------
    study : Study
    entries : sequence of Entry
        All of the store's.
    """
    sections = []
    for kind, title, method in _FAMILIES:
        found = [one for one in entries if one.kind.startswith(kind) and is_scan(one)]
        if found:
            sections.append(_family(study, found, title, method))
    return sections


def is_scan(entry: Entry) -> bool:
    """Whether a result is a genome-wide scan: positions and a strength for each variant."""
    return {"CHR", "POS", "MLOG10P"} <= set(entry.columns)


def loci(table: pl.DataFrame, more: Sequence[str] = ()) -> pl.DataFrame:
    """Lead variants at P < 5e-8, at least 1 Mb apart, strongest first.

    Parameters
    ----------
    table : polars.DataFrame
        Columns CHR, POS, MLOG10P and more of :data:`SHOWN`.
    more : sequence of str
        Other columns that are wanted.
    """
    leads = lead_variants(
        table["CHR"].to_numpy(), table["POS"].to_numpy(), _heights(table), threshold=GENOME_WIDE
    )
    return table.select([name for name in (*SHOWN, *more) if name in table.columns])[leads.tolist()]


def _family(study: Study, found: Sequence[Entry], title: str, method: str) -> Section:
    import polars as pl

    facts: list[tuple[str, str]] = []
    figures: list[PageFigure] = []
    tables: list[PageTable] = []
    leads: list[pl.DataFrame] = []
    rows: list[dict[str, object]] = []
    names = [
        str(study.attrs(one.key).get("trait") or one.key.split("/", 1)[-1].removeprefix("mama/"))
        for one in found
    ]
    for entry, name in zip(found, names):
        columns = [one for one in (*SHOWN, "GWAS_Z") if one in entry.columns]
        table = study.read_polars(entry.key, columns)
        top = loci(table)
        facts.append((f"{top.height:,}", f"loci of {name}"))
        numbers = qq_of(table)
        rows.append(_summary(name, table, numbers, top.height))
        figures += pictures(table, f"{title} of {name}", entry.key, top, numbers)
        leads.append(top.select(pl.lit(name).alias("TRAIT"), pl.all()))
    every = pl.concat(leads, how="diagonal_relaxed").sort("MLOG10P", descending=True, maintain_order=True)
    note = "\u03bb GC: median \u03c7\u00b2 over its median under the null. Loci: see the table of loci."
    if any("N_EFF" in one.columns for one in found):
        note += " N of cases and controls is the effective one."
    tables.append(PageTable(f"Scans, {title}", pl.DataFrame(rows, infer_schema_length=None), note))
    if every.height:
        per = " or ".join(dict.fromkeys(_per(study, one) for one in found))
        note = (
            f"Lead variants with P < 5e-8, at least 1 Mb apart within a scan; effects are of {per}, MLOG10P"
            " is -log10 P."
        )
        tables.append(PageTable(f"Loci, {title}", every.head(MOST_LOCI), note, n_all=every.height))
    methods = [method] if method else sorted({meta_method(one) for one in found})
    facts = facts if len(facts) <= MOST_FACTS else []
    # Those of MTAG stand with what it gained.
    warned = [] if method == "mtag" else found
    warnings = told_warnings(
        (name, study.attrs(one.key).get("warnings", ())) for name, one in zip(names, warned)
    )
    return Section(title, facts=facts, figures=figures, tables=tables, methods=methods, warnings=warnings)


def _per(study: Study, entry: Entry) -> str:
    """What a step of the effects is: ``mtag --std_betas`` has its own."""
    unit = str(study.attrs(entry.key).get("unit"))
    return "a standard deviation of the genotype" if "deviation of the genotype" in unit else "a copy of EA"


def _summary(name: str, table: pl.DataFrame, numbers: QQ, n_loci: int) -> dict[str, object]:
    size = next((table[one].cast(float).median() for one in ("N", "N_EFF") if one in table.columns), None)
    return {
        "TRAIT": name,
        "variants": table.height,
        "median N": None if size is None else float(size),  # type: ignore[arg-type]
        "\u03bb GC": numbers.lambda_gc,
        "mean \u03c7\u00b2": numbers.mean_chi2,
        "loci": n_loci,
    }


def meta_method(entry: Entry) -> str:
    """The key of the methods text for a meta-analysis, by the second part of its key."""
    name = entry.key.split("/")[1] if entry.key.count("/") else ""
    known = ("random", "re2", "mrmega", "mama", "popcorn")
    return "meta_" + next((one for one in known if name.startswith(one)), "fixed")


def pictures(table: pl.DataFrame, title: str, key: str, top: pl.DataFrame, numbers: QQ) -> list[PageFigure]:
    """Manhattan and QQ plot of a scan with its loci; none where no variant has a P."""
    heights = _heights(table)
    if not np.isfinite(heights).any():
        return []
    chrom, pos = table["CHR"].fill_null(0).to_numpy(), table["POS"].fill_null(0).to_numpy()
    layout = layout_genome(chrom, pos)
    rows = thin(layout.x(chrom, pos), heights)
    tall = np.flatnonzero(heights[rows] >= GENOME_WIDE)
    ids = table["SNPID"].gather(rows[tall]).to_list() if "SNPID" in table.columns else []
    names = {int(i): str(name) for i, name in zip(tall, ids) if name is not None}
    scan = Scan(chrom[rows].astype(np.int64), pos[rows].astype(np.int64), heights[rows], names)
    heights_axis = height_scale(peaks(layout, scan.chrom, scan.mlog10p))
    above = f"; above {heights_axis.break_at:g} the axis is logarithmic" if heights_axis.broken else ""
    pictures = [
        PageFigure(
            f"Manhattan plot, {title}",
            manhattan_figure(scan),
            f"{len(heights):,} variants of {key}; dashed: P = 5\u00d710\u207b\u2078{above}.",
            table=top,
            wide=True,
        )
    ]
    if numbers.n_variants:
        caption = (
            f"{numbers.n_variants:,} variants, \u03bb GC {numbers.lambda_gc:.3f}; grey: 95 % band of"
            " independent variants."
        )
        pictures.append(
            PageFigure(f"QQ plot, {title}", qq_figure(numbers), caption, table=_qq_table(numbers))
        )
    return pictures


def _heights(table: pl.DataFrame) -> FloatArray:
    return table["MLOG10P"].cast(float).fill_null(np.nan).to_numpy().astype(np.float64)


def qq_of(table: pl.DataFrame) -> QQ:
    """Quantiles of a scan's Z, or of its -log10 P where it has none."""
    if "Z" in table.columns:
        return qq_points(table["Z"].cast(float).fill_null(np.nan).to_numpy().astype(np.float64))
    return qq_points(abs_z_from_mlog10p(_heights(table)))


def _qq_table(numbers: QQ) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame({"expected_mlog10p": numbers.expected, "observed_mlog10p": numbers.observed})
