"""The page of a study: what its store holds, on one HTML page that needs nothing else."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import postgwas
from postgwas.errors import OutputError
from postgwas.report.account import account_section, made_with, provenance_section
from postgwas.report.meta_loci import meta_sections
from postgwas.report.methods_text import methods_paragraph
from postgwas.report.more_qtl import more_qtl_sections
from postgwas.report.page import data_uri, render
from postgwas.report.page_rows import page_rows
from postgwas.report.people import people_sections
from postgwas.report.people_groups import group_sections
from postgwas.report.regions import coloc_sections, qtl_sections
from postgwas.report.scans import scan_sections
from postgwas.report.section import PageFigure, PageTable, Section
from postgwas.report.traits import trait_sections
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from postgwas.store.index import Entry
    from postgwas.store.study import Study

log = get_logger("report")

#: Of PNG files, and of the points within SVG files.
_DPI = 130

#: In the order of the page; each takes the study and its entries.
BUILDERS = (
    scan_sections, meta_sections, trait_sections, people_sections, group_sections, qtl_sections,
    more_qtl_sections, coloc_sections,
)  # fmt: skip


def study_page(
    store: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    title: str | None = None,
    remarks: Sequence[str] = (),
    overwrite: bool = False,
    **where: Any,
) -> Path:
    """Write the page of a study's store, and its figures and tables as files beside it.

    Parameters
    ----------
    store : path
        The study's HDF5 store.
    out : path
        The page, such as ``report.html``. Figures (PNG, SVG) and the tables behind them (TSV) go to
        ``report_files/``.
    title : str, optional
        The store's name, unless given.
    remarks : sequence of str
        What a reader must know before the results, such as that some are out of date; shown at the top.
    overwrite : bool
        Replace a page that is there, and its files.
    **where
        Where figures are drawn, as :func:`postgwas.compute.engine.engine`.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    StoreError
        If there is no store, or it cannot be read.
    OutputError
        If the page is there already and `overwrite` is false, or cannot be written.

    Examples
    --------
    >>> from postgwas.report.study_page import study_page
    >>> study_page("study.h5", "report.html")  # doctest: +SKIP
    """
    from postgwas.store.study import Study
    from postgwas.sumstats.write import atomic_file

    page = Path(out)
    if page.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{page}: expected a name that ends in .html", hint="--out report.html")
    if page.exists() and not overwrite:
        raise OutputError(f"{page}: the file exists already", hint="--overwrite replaces it")
    study = Study.open(store)
    entries = study.ls()
    sections = study_sections(study, entries)
    text, citations = methods_paragraph(name for one in sections for name in one.methods)
    made = made_with(study, entries).get("postgwas", postgwas.__version__)
    text += f" Analyses were done with postgwas {made}." if text else ""
    files = page.with_name(f"{page.stem}_files")
    before = _linked_files(page, files)
    names = _file_names(sections)
    _write_files(files, sections, names, where)
    html = render(
        "study.html",
        {
            "title": title or Path(store).stem,
            "version": postgwas.__version__,
            "date": datetime.date.today().isoformat(),
            "remarks": list(remarks),
            "sections": [_shown(one, files, names) for one in sections],
            "files": files.name,
            "methods": text,
            "citations": citations,
            "n_results": len(entries),
        },
    )
    with atomic_file(page, overwrite=overwrite) as stream:
        stream.write(html.encode("utf-8"))
    for old in before - _linked_files(page, files):
        old.unlink(missing_ok=True)
    log.info("Wrote %s: %d sections, %d results", page, len(sections), len(entries))
    return page


def _linked_files(page: Path, files: Path) -> set[Path]:
    """Figures and tables that a page links, if there is one."""
    if not page.is_file():
        return set()
    address = re.escape(_link(files, ""))
    names = re.findall(rf'href="{address}(\w+\.(?:png|svg|tsv))"', page.read_text("utf-8", "replace"))
    return {files / name for name in names}


def study_sections(study: Study, entries: Sequence[Entry]) -> list[Section]:
    """All sections of the page, in order; provenance last."""
    sections = [account_section(study, entries)]
    for build in BUILDERS:
        sections += build(study, entries)
    return [*sections, provenance_section(study, entries)]


def _file_names(sections: Sequence[Section]) -> dict[int, str]:
    """Names of files for each figure and table, by ``id``; titles may differ in signs alone."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for section in sections:
        parts: list[PageFigure | PageTable] = [*section.figures, *section.tables]
        for one in parts:
            name, number = one.slug, 1
            while name in taken:
                number += 1
                name = f"{one.slug}_{number}"
            taken.add(name)
            names[id(one)] = name
    return names


def _shown(section: Section, files: Path, names: Mapping[int, str]) -> dict[str, Any]:
    """What the template shows; wide figures first. Pictures are those that were written beside the page."""
    figures = sorted(section.figures, key=lambda one: not one.wide)
    return {
        "title": section.title,
        "slug": section.slug,
        "facts": section.facts,
        "text": section.text,
        "warnings": section.warnings,
        "figures": [
            {
                "title": one.title,
                "caption": one.caption,
                "wide": one.wide,
                "place": one.place,
                "image": data_uri((files / f"{names[id(one)]}.png").read_bytes()),
                "file": _link(files, names[id(one)]),
                "endings": ("png", "svg", *(() if one.table is None else ("tsv",))),
            }
            for one in figures
        ],
        "tables": [
            {
                "title": one.title,
                "note": one.note,
                "rows": page_rows(one),
                "file": _link(files, names[id(one)]),
            }
            for one in section.tables
        ],
    }


def _link(files: Path, name: str) -> str:
    """Address of a file beside the page, but for its ending."""
    from urllib.parse import quote

    return f"./{quote(files.name)}/{name}"


@dataclass(frozen=True)
class DrawTask:
    """A figure and the names of its files but for their endings."""

    figure: Figure
    stem: str


def draw(task: DrawTask) -> None:
    """Write a figure as PNG and SVG."""
    from postgwas.plot.saving import lay_out, save_figure

    lay_out(task.figure, dpi=_DPI)
    for suffix in (".png", ".svg"):
        save_figure(task.figure, f"{task.stem}{suffix}", dpi=_DPI)


def _write_files(
    folder: Path, sections: Sequence[Section], names: Mapping[int, str], where: dict[str, Any]
) -> None:
    """Figures as PNG and SVG, and every table as TSV, under the names on the page."""
    from postgwas.compute.engine import engine
    from postgwas.sumstats.write import write_delimited

    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror or error}") from None
    folder = folder.absolute()
    figures = [figure for section in sections for figure in section.figures]
    with engine(**where) as running:
        tasks = [DrawTask(one.figure, str(folder / names[id(one)])) for one in figures]
        running.map(draw, tasks, label="Drawing")
    for section in sections:
        for figure in section.figures:
            if figure.table is not None:
                write_delimited(figure.table, folder / f"{names[id(figure)]}.tsv")
        for table in section.tables:
            write_delimited(table.table, folder / f"{names[id(table)]}.tsv")
