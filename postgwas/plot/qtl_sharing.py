"""Figures of signals in several groups: heat maps of shares, and effects of two groups against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .palette import COLOURS
from .qtl_numbers import EffectPair

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]

_WITH_TEXT = 20
"""Up to so many groups, cells hold their number."""
_PANELS = 16
"""At most so many pairs of groups are drawn."""


def sharing_heatmap(tables: Mapping[str, FloatArray], groups: Sequence[str]) -> Figure:
    """A heat map a measure: rows are where signals were found, columns where they are looked up.

    Parameters
    ----------
    tables : mapping of title to ndarray, shape (G, G)
        Shares, 0 to 1; NaN (grey) where there is none.
    groups : sequence of str, length G
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    many = len(groups) > _WITH_TEXT
    side = 1.5 + (0.16 if many else 0.55) * len(groups)
    figure = Figure(figsize=(side * len(tables) + 0.9, side + 0.8), layout="constrained")
    panels = figure.subplots(1, len(tables), squeeze=False)[0]
    colours = colormaps["cividis"].with_extremes(bad="0.88")
    small = 5 if many else 8
    image = None
    for axes, (title, table) in zip(panels, tables.items()):
        image = axes.imshow(np.ma.masked_invalid(table), cmap=colours, vmin=0.0, vmax=1.0)
        axes.set_xticks(range(len(groups)), groups, rotation=45, ha="right", fontsize=small)
        axes.set_yticks(range(len(groups)), groups if axes is panels[0] else [], fontsize=small)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("looked up in", fontsize=8)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        if not many:
            for (row, column), value in np.ndenumerate(table):
                if np.isfinite(value):
                    colour = "black" if value > 0.55 else "white"
                    axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=colour)
    panels[0].set_ylabel("found in", fontsize=8)
    if image is not None:
        bar = figure.colorbar(image, ax=list(panels), shrink=0.8, aspect=16, pad=0.02)
        bar.set_label("share of signals", fontsize=8)
        bar.ax.tick_params(labelsize=7, length=2)
        bar.outline.set_visible(False)
    return figure


def effects_figure(pairs: Mapping[tuple[str, str], EffectPair]) -> Figure:
    """Effects of signals in the group where they were found and in another, with standard errors.

    Parameters
    ----------
    pairs : mapping of (discovery, replication) to EffectPair
        At most 16 are drawn, the first ones.
    """
    from matplotlib.figure import Figure

    drawn = dict(list(pairs.items())[:_PANELS])
    n_columns = min(len(drawn), 2 if len(drawn) in (2, 4) else 3 if len(drawn) <= 9 else 4)
    n_rows = -(-len(drawn) // n_columns)
    figure = Figure(figsize=(2.9 * n_columns, 2.9 * n_rows), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, squeeze=False)
    widest = 1.06 * max(
        (float(np.abs(np.concatenate([one.one, one.two])).max(initial=0.1)) for one in drawn.values()),
        default=1.0,
    )
    for axes, ((discovery, replication), pair) in zip(panels.flat, drawn.items()):
        axes.plot((-widest, widest), (-widest, widest), color="0.6", linewidth=0.8, zorder=0)
        axes.axhline(0.0, color="0.85", linewidth=0.8, zorder=0)
        axes.axvline(0.0, color="0.85", linewidth=0.8, zorder=0)
        for same, colour, marker in ((True, COLOURS[0], "o"), (False, COLOURS[1], "^")):
            here = pair.same_sign == same
            axes.errorbar(
                pair.one[here], pair.two[here], xerr=pair.one_se[here], yerr=pair.two_se[here],
                linestyle="none", marker=marker, markersize=3.2, markeredgewidth=0, color=colour,
                ecolor="0.8", elinewidth=0.6, zorder=2,
            )  # fmt: skip
        n, same_n = len(pair.one), int(pair.same_sign.sum())
        told = f"r = {pair.correlation:.2f}, " if np.isfinite(pair.correlation) else ""
        axes.set_title(f"{told}{same_n} of {n} the same sign", fontsize=8, loc="left")
        axes.set_xlabel(f"effect in {discovery} (found there)", fontsize=8)
        axes.set_ylabel(f"effect in {replication}", fontsize=8)
        axes.set_xlim(-widest, widest)
        axes.set_ylim(-widest, widest)
        axes.set_aspect("equal")
        axes.tick_params(labelsize=7, length=2)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels.flat[len(drawn) :]:
        axes.set_visible(False)
    return figure
