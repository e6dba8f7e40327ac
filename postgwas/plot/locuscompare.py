"""LocusCompare: the heights of two traits against each other, beside both traits over the region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .gene_track import GeneModel, draw_genes, gene_height
from .literal import literal
from .region_numbers import UNKNOWN, HeightPair, Track
from .regional import (
    LD_COLOURS,
    LEAD_COLOUR,
    draw_track,
    finish_panels,
    ld_colour,
    ld_handles,
    ld_size,
    region_span,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_RASTER = 1500


def locuscompare_figure(
    pair: HeightPair,
    labels: tuple[str, str],
    *,
    tracks: tuple[Track, Track] | None = None,
    chromosome: str = "",
    span: tuple[float, float] | None = None,
    genes: Sequence[GeneModel] | None = None,
    marked: Sequence[str] = (),
    note: str = "",
) -> Figure:
    """Scatter of two traits; and, where positions are known, both over the region with its genes.

    Parameters
    ----------
    pair : HeightPair
    labels : tuple of two str
    tracks : tuple of two Track, optional
        Without them the scatter stands alone.
    chromosome, span, genes, marked
        As :func:`postgwas.plot.regional.regional_figure`.
    note : str
        Above the scatter, such as posterior probabilities.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    if tracks is None:
        figure = Figure(figsize=(5.8, 4.8), layout="constrained")
        _draw_pair(figure.add_subplot(), pair, labels, note)
        _legend(figure, pair)
        return figure
    start, stop = span or region_span(tracks)
    below = 0.0 if genes is None else gene_height(genes, start=start, stop=stop)
    figure = Figure(figsize=(11.4, 4.6 + below), layout="constrained")
    sides: Any = figure.subfigures(1, 2, width_ratios=(4.3, 7.1))
    _draw_pair(sides[0].subplots(), pair, labels, note)
    ratios = [2.0, 2.0] + ([below] if genes is not None else [])
    panels = list(sides[1].subplots(len(ratios), 1, sharex=True, height_ratios=ratios))
    for axes, one in zip(panels, tracks):
        draw_track(axes, one, name_lead=True)
        axes.set_title(one.label, fontsize=9, loc="left")
    if genes is not None:
        draw_genes(panels[-1], genes, start=start, stop=stop, marked=marked)
    finish_panels(panels, chromosome=chromosome, start=start, stop=stop)
    _legend(sides[1], pair, tracks)
    return figure


def _draw_pair(axes: Axes, pair: HeightPair, labels: tuple[str, str], note: str) -> None:
    for code in range(UNKNOWN, len(LD_COLOURS)):
        here = pair.ld_class == code
        here[pair.lead] = False
        axes.plot(
            pair.one[here], pair.two[here], linestyle="none", marker="o", markersize=ld_size(code) + 0.6,
            markeredgewidth=0.25 if code > 0 else 0, markeredgecolor="white", color=ld_colour(code),
            rasterized=int(here.sum()) > _RASTER, zorder=2 + 0.1 * code,
        )  # fmt: skip
    x, y = pair.one[pair.lead], pair.two[pair.lead]
    axes.plot(
        x,
        y,
        marker="D",
        markersize=7,
        color=LEAD_COLOUR,
        markeredgecolor="white",
        markeredgewidth=0.6,
        zorder=4,
    )
    # Above the lead there are fewest points.
    axes.annotate(
        pair.names[pair.lead], (x, y), xytext=(0, 7), textcoords="offset points", ha="center", va="bottom",
        fontsize=8, zorder=5, bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8},
    )  # fmt: skip
    for set_limit, values in ((axes.set_xlim, pair.one), (axes.set_ylim, pair.two)):
        top = float(values.max(initial=1.0))
        set_limit(-0.03 * top, 1.14 * top)
    axes.set_xlabel(rf"{literal(labels[0])}: $-\log_{{10}}\,P$", fontsize=9)
    axes.set_ylabel(rf"{literal(labels[1])}: $-\log_{{10}}\,P$", fontsize=9)
    told = f"{len(pair.names):,} shared variants, r = {pair.correlation:.2f}"
    axes.set_title(f"{told}\n{note}" if note else told, fontsize=9, loc="left")
    axes.tick_params(labelsize=8, length=2)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(figure: Any, pair: HeightPair, tracks: Sequence[Track] = ()) -> None:
    """Beside the panels: no corner of them is free of points in every region."""
    shown = Track("", pair.names, np.zeros(pair.one.size), pair.one, pair.ld_class, pair.lead)
    handles, title = ld_handles([shown, *tracks])
    figure.legend(
        handles=handles, title=title, loc="outside right upper", frameon=False, fontsize=8, title_fontsize=8,
        handletextpad=0.2, labelspacing=0.35,
    )  # fmt: skip
