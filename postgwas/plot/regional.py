"""Regional association: one or more traits over each other, coloured by LD with a lead, genes below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .gene_track import GeneModel, draw_genes, gene_height
from .genome import GENOME_WIDE
from .palette import NO_GROUP
from .region_numbers import UNKNOWN, Track, thinned

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

#: LocusZoom's classes of r^2, from below 0.2 to 0.8 and more, in colours that people with any kind of colour
#: vision tell apart; the size of the points rises with the class too.
LD_COLOURS = ("#44569B", "#56B4E9", "#009E73", "#E69F00", "#D55E00")
LD_LABELS = ("< 0.2", "0.2 to 0.4", "0.4 to 0.6", "0.6 to 0.8", "≥ 0.8")
LEAD_COLOUR = "#8A2BE2"
_SIZES = (2.6, 3.0, 3.6, 4.2, 4.8)
_RASTER = 1500
_WIDTH, _TRACK = 7.6, 2.1
_NAME_HEIGHT = 16.0
"""Points from a lead to the top of its name."""


def regional_figure(
    tracks: Sequence[Track],
    *,
    chromosome: str,
    span: tuple[float, float] | None = None,
    genes: Sequence[GeneModel] | None = None,
    marked: Sequence[str] = (),
    reference: str | None = None,
) -> Figure:
    """Traits over the same region, one panel each.

    Parameters
    ----------
    tracks : sequence of Track
    chromosome : str
        For the axis.
    span : tuple of two float, optional
        Ends of the region in base pairs; those of the points if None.
    genes : sequence of GeneModel, optional
        A panel with them, if any are given (an empty sequence says that there are none).
    marked : sequence of str
        Genes in another colour.
    reference : str, optional
        Name of the variant that LD is with, for the legend; each track's lead if None.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    start, stop = span or region_span(tracks)
    below = 0.0 if genes is None else gene_height(genes, start=start, stop=stop)
    each = _TRACK if len(tracks) > 1 else 2.8
    figure = Figure(figsize=(_WIDTH, each * len(tracks) + below + 0.55), layout="constrained")
    ratios = [each] * len(tracks) + ([below] if genes is not None else [])
    panels = list(figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios, squeeze=False)[:, 0])
    for axes, one in zip(panels, tracks):
        draw_track(axes, one, name_lead=True)
        axes.set_title(one.label, fontsize=9, loc="left")
    if genes is not None:
        draw_genes(panels[-1], genes, start=start, stop=stop, marked=marked)
    finish_panels(panels, chromosome=chromosome, start=start, stop=stop)
    _legend(figure, tracks, reference)
    return figure


def region_span(tracks: Sequence[Track]) -> tuple[float, float]:
    """Ends of all points in base pairs, with a margin of a fiftieth."""
    places = np.concatenate([one.megabases for one in tracks]) * 1e6
    low, high = float(places.min()), float(places.max())
    margin = max(0.02 * (high - low), 500.0)
    return low - margin, high + margin


def finish_panels(panels: Sequence[Axes], *, chromosome: str, start: float, stop: float) -> None:
    """One x axis for all: positions in megabases below the last panel."""
    for axes in panels:
        axes.tick_params(labelsize=8, length=2)
        axes.set_xlim(start / 1e6, stop / 1e6)
    panels[0].figure.align_ylabels([one for one in panels if len(one.get_yticks())])
    for axes in panels[:-1]:
        axes.tick_params(axis="x", length=0, labelbottom=False)
    last = panels[-1]
    last.ticklabel_format(axis="x", useOffset=False, style="plain")
    last.set_xlabel(f"position on chromosome {chromosome} (Mb)", fontsize=9)


def draw_track(
    axes: Axes, one: Track, *, name_lead: bool, ylabel: str = r"$-\log_{10}\,P$", line: bool = True
) -> None:
    """Points by LD class, strongest LD on top; the lead as a diamond with its name.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    one : Track
    name_lead : bool
    ylabel : str
    line : bool
        Draw genome-wide significance, where the points come near it.
    """
    rows = thinned(one)
    rows = rows[rows != one.lead]
    for code in range(UNKNOWN, len(LD_COLOURS)):
        here = rows[one.ld_class[rows] == code]
        axes.plot(
            one.megabases[here], one.height[here], linestyle="none", marker="o", markersize=ld_size(code),
            markeredgewidth=0.25 if code > 0 else 0, markeredgecolor="white", color=ld_colour(code),
            rasterized=here.size > _RASTER, zorder=2 + 0.1 * code,
        )  # fmt: skip
    top = float(one.height.max(initial=1.0))
    axes.set_ylim(-0.03 * top, 1.2 * top)
    if line and top > 0.75 * GENOME_WIDE:
        axes.axhline(GENOME_WIDE, color="0.45", linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        axes.set_ylim(-0.03 * top, 1.2 * max(top, GENOME_WIDE))
    axes.set_ylabel(ylabel, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    if one.lead >= 0:
        _draw_lead(axes, one, name=name_lead, line=GENOME_WIDE if line else -1.0)


def _draw_lead(axes: Axes, one: Track, *, name: bool, line: float) -> None:
    x, y = one.megabases[one.lead], one.height[one.lead]
    axes.plot(
        x, y, marker="D", markersize=6.5, color=LEAD_COLOUR, markeredgecolor="white", markeredgewidth=0.6,
        zorder=4,
    )  # fmt: skip
    if not name:
        return
    low, high = one.megabases.min(), one.megabases.max()
    left = x > (low + high) / 2
    bottom, top = axes.get_ylim()
    points = axes.get_window_extent().height * 72.0 / axes.figure.dpi
    reach = _NAME_HEIGHT * (top - bottom) / points
    # Above the line of significance where the name would lie on it.
    above = line if y < line < y + reach else y
    axes.annotate(
        one.names[one.lead], (x, above), xytext=(-7 if left else 7, 3), textcoords="offset points",
        ha="right" if left else "left", va="bottom", fontsize=8, zorder=5,
        bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8},
    )  # fmt: skip


def ld_colour(code: int) -> str:
    """Colour of an LD class; grey where it is not known."""
    return NO_GROUP if code == UNKNOWN else LD_COLOURS[code]


def ld_size(code: int) -> float:
    """Size of the points of an LD class."""
    return _SIZES[1] if code == UNKNOWN else _SIZES[code]


def ld_handles(tracks: Sequence[Track], reference: str | None = None) -> tuple[list[Line2D], str]:
    """What a legend of LD shows (highest first), and its title; only what the tracks have."""
    from matplotlib.lines import Line2D

    held = {code for one in tracks for code in np.unique(one.ld_class).tolist()}
    known = held - {UNKNOWN}

    def dot(colour: str, size: float, label: str, marker: str = "o") -> Line2D:
        return Line2D([], [], linestyle="none", marker=marker, color=colour, markersize=size, label=label,
                      markeredgewidth=0)  # fmt: skip

    handles = [dot(LEAD_COLOUR, 6, reference or "lead", "D")]
    if known:
        handles += [dot(LD_COLOURS[code], ld_size(code) + 1, LD_LABELS[code]) for code in range(4, -1, -1)]
    if UNKNOWN in held:
        handles.append(dot(NO_GROUP, ld_size(UNKNOWN) + 1, "not known" if known else "other variants"))
    return handles, "r² with the lead" if known else ""


def _legend(figure: Figure, tracks: Sequence[Track], reference: str | None) -> None:
    handles, title = ld_handles(tracks, reference)
    figure.legend(
        handles=handles, title=title, loc="outside right upper", frameon=False, fontsize=8, title_fontsize=8,
        handletextpad=0.2, labelspacing=0.35,
    )  # fmt: skip
