"""Forest plots: effects of studies with intervals, subtotals of ancestries, overall results as diamonds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from postgwas.plot.literal import literal
from postgwas.plot.palette import NO_GROUP, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Standard errors on either side of a 95 % interval.
NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class ForestRow:
    """One line: a study, a subtotal or a total. NaN effects are drawn as absent."""

    label: str
    beta: float
    se: float
    group: str | None
    kind: Literal["study", "subtotal", "total"]


@dataclass(frozen=True)
class Forest:
    """What one plot shows.

    Attributes
    ----------
    title : str
    rows : tuple of ForestRow
        From top to bottom.
    axis : str
        Label of the effects' axis.
    note : str
        Under the title: heterogeneity.
    """

    title: str
    rows: tuple[ForestRow, ...]
    axis: str
    note: str = ""


def forest_figure(forest: Forest, *, width: float = 8.0) -> Figure:
    """A figure with one forest plot, `width` inches wide and as high as it has rows."""
    from matplotlib.figure import Figure

    height = 1.5 + 0.27 * len(forest.rows)
    figure = Figure(figsize=(width, height))
    # Numbers at the right are a little wider in SVG files than where the layout is made.
    figure.set_layout_engine("constrained", w_pad=0.1)
    draw_forest(figure.add_subplot(), forest)
    return figure


def draw_forest(axes: Axes, forest: Forest) -> None:
    """Draw into `axes`: squares as large as weights 1/SE^2, lines 95 % intervals, numbers at the right."""
    groups = list(dict.fromkeys(row.group for row in forest.rows if row.group is not None))
    known = [row for row in forest.rows if row.kind == "study" and np.isfinite(row.beta) and row.se > 0]
    most = max((1.0 / row.se**2 for row in known), default=1.0)
    place = 0.0
    ticks, labels, colours = [], [], []
    last: ForestRow | None = None
    for row in forest.rows:
        if last is not None and ((row.kind == "total" and last.kind != "total") or row.group != last.group):
            place += 0.45
        colour = NO_GROUP if row.group is None else style(groups.index(row.group))[0]
        colour = "black" if row.kind == "total" else colour
        _draw_row(axes, row, place, colour, most)
        ticks.append(place)
        labels.append(literal(row.label))
        colours.append(colour)
        place += 1.0
        last = row
    axes.axvline(0.0, color="0.6", linewidth=0.8, zorder=0)
    overall = next((row for row in forest.rows if row.kind == "total" and np.isfinite(row.beta)), None)
    if overall is not None:
        axes.axvline(overall.beta, color="0.6", linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    axes.set_ylim(place - 0.4, -0.6)
    axes.set_yticks(ticks, labels)
    for row, label in zip(forest.rows, axes.get_yticklabels()):
        label.set_fontweight("bold" if row.kind != "study" else "normal")
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(literal(forest.axis))
    axes.set_title(f"{literal(forest.title)}\n", loc="left", fontsize=10, fontweight="bold")
    axes.text(0.0, 1.01, forest.note, transform=axes.transAxes, fontsize=8.5, color="0.3", va="bottom")


def _draw_row(axes: Axes, row: ForestRow, place: float, colour: str, most: float) -> None:
    if not (np.isfinite(row.beta) and np.isfinite(row.se) and row.se > 0):
        axes.text(
            1.02, place, "absent", transform=axes.get_yaxis_transform(), va="center", fontsize=8, color="0.5"
        )
        return
    low, high = row.beta - NORMAL_95 * row.se, row.beta + NORMAL_95 * row.se
    if row.kind == "study":
        axes.plot([low, high], [place, place], color=colour, linewidth=1.2, solid_capstyle="butt")
        size = 3.0 + 6.0 * np.sqrt(1.0 / row.se**2 / most)
        axes.plot(row.beta, place, marker="s", markersize=size, color=colour, markeredgewidth=0)
    else:
        half = 0.3
        axes.fill(
            [low, row.beta, high, row.beta], [place, place - half, place, place + half],
            color=colour, linewidth=0, alpha=1.0 if row.kind == "total" else 0.75,
        )  # fmt: skip
    text = f"{row.beta:.3g} [{low:.3g}, {high:.3g}]"
    axes.text(1.02, place, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8)
