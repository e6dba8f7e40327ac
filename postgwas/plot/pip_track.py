"""Fine-mapping of a region: association, posterior inclusion probabilities with credible sets, genes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .gene_track import GeneModel, draw_genes, gene_height
from .palette import NO_GROUP, style
from .region_numbers import Track
from .regional import draw_track, finish_panels, ld_handles, region_span

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_LABELS = 7


def pip_figure(
    tracks: Sequence[Track],
    pip: ArrayLike,
    megabases: ArrayLike,
    sets: Sequence[NDArray[np.intp]],
    *,
    names: Sequence[str],
    chromosome: str,
    span: tuple[float, float] | None = None,
    genes: Sequence[GeneModel] | None = None,
    marked: Sequence[str] = (),
    coverage: float = 0.95,
) -> Figure:
    """Association over PIPs; credible sets by colour and marker, their leads named.

    Parameters
    ----------
    tracks : sequence of Track
        Association of one trait, or of each population.
    pip, megabases : array-like, shape (p,)
    sets : sequence of ndarray of int
        Rows of each credible set, in the order of their numbers.
    names : sequence of str, shape (p,)
    chromosome, span, genes, marked
        As :func:`postgwas.plot.regional.regional_figure`.
    coverage : float
        Of the sets, for the legend.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    start, stop = span or region_span(tracks)
    below = 0.0 if genes is None else gene_height(genes, start=start, stop=stop)
    ratios = [2.0] * len(tracks) + [1.7] + ([below] if genes is not None else [])
    figure = Figure(figsize=(7.8, sum(ratios) + 0.6), layout="constrained")
    panels = figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
    for axes, one in zip(panels, tracks):
        draw_track(axes, one, name_lead=True)
        axes.set_title(one.label, fontsize=9, loc="left")
    handles, title = ld_handles(tracks)
    panels[0].legend(
        handles=handles, title=title, loc="upper left", bbox_to_anchor=(1.0, 1.05), frameon=False, fontsize=8,
        title_fontsize=8, handletextpad=0.2, labelspacing=0.3,
    )  # fmt: skip
    place, height = np.asarray(megabases, np.float64), np.asarray(pip, np.float64)
    _draw_pip(panels[len(tracks)], place, height, sets, names, coverage)
    if genes is not None:
        draw_genes(panels[-1], genes, start=start, stop=stop, marked=marked)
    finish_panels(list(panels), chromosome=chromosome, start=start, stop=stop)
    return figure


def _draw_pip(
    axes: Axes,
    place: NDArray[np.float64],
    height: NDArray[np.float64],
    sets: Sequence[NDArray[np.intp]],
    names: Sequence[str],
    coverage: float,
) -> None:
    inside = np.zeros(height.size, np.bool_)
    for rows in sets:
        inside[rows] = True
    axes.plot(
        place[~inside], height[~inside], linestyle="none", marker="o", markersize=2.6, markeredgewidth=0,
        color=NO_GROUP, rasterized=int((~inside).sum()) > 1500, zorder=1,
        label="in no set" if sets else "variants",
    )  # fmt: skip
    for number, rows in enumerate(sets):
        colour, marker = style(number)
        told = f"set {number + 1}: {len(rows):,}" + (" variant" if len(rows) == 1 else " variants")
        axes.vlines(place[rows], 0, height[rows], color=colour, linewidth=0.7, alpha=0.6, zorder=2)
        axes.plot(
            place[rows], height[rows], linestyle="none", marker=marker, markersize=5, markeredgewidth=0.3,
            markeredgecolor="white", color=colour, label=told, zorder=3,
        )  # fmt: skip
        if number < _MOST_LABELS and len(rows):
            _name(axes, place, height, int(rows[np.argmax(height[rows])]), names)
    axes.set_ylim(-0.03, 1.22)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.set_ylabel("PIP", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        title=f"{100 * coverage:g} % credible sets" if sets else "no credible set", loc="upper left",
        bbox_to_anchor=(1.0, 1.05), frameon=False, fontsize=8, title_fontsize=8, handletextpad=0.2,
        labelspacing=0.3,
    )  # fmt: skip


def _name(
    axes: Axes, place: NDArray[np.float64], height: NDArray[np.float64], row: int, names: Sequence[str]
) -> None:
    left = place[row] > (place.min() + place.max()) / 2
    axes.annotate(
        names[row], (place[row], height[row]), xytext=(-6 if left else 6, 2), textcoords="offset points",
        ha="right" if left else "left", va="bottom", fontsize=7.5, zorder=5,
        bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6},
    )  # fmt: skip
