"""What follows a finished meta-analysis: lead loci, checks of studies, their figures."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from postgwas.meta.run_meta import AllBlocks, MetaResult
    from postgwas.meta.settings import MetaSettings
    from postgwas.meta.studies import StudyList
    from postgwas.plot.forest import Forest

DIAGNOSTICS = ".diagnostics.tsv"
FORMATS = ("png", "svg")
PAGES = ".forest.pdf"
"""All lead loci, a page each: SVG has no pages."""
ON_ONE_FIGURE = 4
MOST_PAGES = 300


@dataclass(frozen=True, eq=False)
class Extras:
    """Tables by the endings of their files, and what is to be drawn.

    Attributes
    ----------
    tables : dict of str to DataFrame
    forests : list of Forest
        By the order of the genome.
    order : list of int
        The forests, the smallest P first.
    checks : tuple or None
        Points and checks of :func:`postgwas.meta.run_diagnostics.diagnose`.
    """

    tables: dict[str, Any] = field(default_factory=dict)
    forests: list[Forest] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    checks: Any = None


def endings_of(chosen: MetaSettings) -> tuple[str, ...]:
    """Of the files that these settings add."""
    found: tuple[str, ...] = ()
    if chosen.loci is not None:
        from postgwas.meta.run_loci import ENDINGS

        found += ENDINGS
        if chosen.figures:
            found += (PAGES, *_drawn("forest"))
    if chosen.diagnostics:
        found += (DIAGNOSTICS, *(_drawn("diagnostics") if chosen.figures else ()))
    return found


def _drawn(name: str) -> tuple[str, ...]:
    return tuple(f".{name}.{form}" for form in FORMATS)


def extras_of(result: MetaResult, studies: StudyList, chosen: MetaSettings, every: AllBlocks) -> Extras:
    """Everything but the drawing."""
    import numpy as np

    tables: dict[str, Any] = {}
    forests: list[Forest] = []
    order: list[int] = []
    checks = None
    if chosen.loci is not None:
        from postgwas.meta.run_loci import joined, loci_tables

        hits = joined(block.hits for block in result.blocks)
        found, forests = loci_tables(
            hits, every.context, method=chosen.method, limit=-float(np.log10(chosen.loci)),
            window=chosen.locus_window, order=list(studies.display),
        )  # fmt: skip
        tables |= found
        if forests:
            lead = found[".loci.tsv"].filter(found[".loci.tsv"]["STATUS"] != "lost")["MLOG10P"].to_numpy()
            order = np.argsort(-lead, kind="stable").tolist()
    if chosen.diagnostics:
        from postgwas.meta.run_diagnostics import diagnose

        table, points, compared = diagnose(every, every.context, studies.canonical, result.studies)
        tables[DIAGNOSTICS] = table
        checks = (points, compared)
    return Extras(tables, forests, order, checks)


def draw(extras: Extras, chosen: MetaSettings, prefix: str | os.PathLike[str]) -> None:
    """Write the figures beside `prefix`."""
    if not chosen.figures:
        return
    from postgwas.plot.saving import save_figure

    if chosen.loci is not None:
        _pages(extras, Path(f"{prefix}{PAGES}"))
        strongest = _strongest(extras)
        for ending in _drawn("forest"):
            save_figure(strongest, f"{prefix}{ending}")
    if extras.checks is not None:
        from postgwas.plot.study_checks import checks_figure

        checks = checks_figure(*extras.checks)
        for ending in _drawn("diagnostics"):
            save_figure(checks, f"{prefix}{ending}", dpi=120)


def _pages(extras: Extras, path: Path) -> None:
    from matplotlib.backends.backend_pdf import PdfPages

    from postgwas.plot.forest import forest_figure

    with PdfPages(path, metadata={"CreationDate": None}) as pages:
        for forest in extras.forests[:MOST_PAGES]:
            pages.savefig(forest_figure(forest))
        if not extras.forests:
            pages.savefig(_empty())


def _strongest(extras: Extras) -> Figure:
    from matplotlib.figure import Figure

    from postgwas.plot.forest import draw_forest

    some = [extras.forests[at] for at in extras.order[:ON_ONE_FIGURE]]
    if not some:
        return _empty()
    heights = [1.3 + 0.27 * len(one.rows) for one in some]
    figure = Figure(figsize=(8.0, sum(heights)), layout="constrained")
    grid = figure.subplots(len(some), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    for axes, forest in zip(grid[:, 0], some):
        draw_forest(axes, forest)
    return figure


def _empty() -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 1.5))
    figure.text(0.5, 0.5, "no locus reaches the limit", ha="center", va="center")
    return figure
