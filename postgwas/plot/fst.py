"""Figures of F_ST: a heat map of pairs of groups, and F_ST along the genome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import MatrixError
from .genome import layout_genome, ticks_that_fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

_WITH_TEXT = 20
"""Up to so many groups, cells hold their number."""
_COLOURS = ("#0072B2", "#56B4E9")


def fst_heatmap(values: ArrayLike, *, names: Sequence[str], title: str | None = None) -> Figure:
    """F_ST of all pairs of groups, like ones side by side.

    Parameters
    ----------
    values : array-like, shape (G, G)
        Symmetric; the diagonal is not looked at. NaN where a pair has none.
    names : sequence of str, length G
    title : str, optional
    """
    from matplotlib.figure import Figure

    table = np.array(values, dtype=np.float64)
    if table.shape != (len(names), len(names)):
        raise MatrixError(f"F_ST of shape {table.shape} for {len(names)} groups")
    order = _order(table)
    table = table[np.ix_(order, order)]
    shown = np.where(np.tri(len(names), k=-1, dtype=bool), table, np.nan)[1:, :-1]
    side = 1.7 + 0.5 * min(len(names), _WITH_TEXT)
    figure = Figure(figsize=(side + 0.9, side), layout="constrained")
    axes = figure.add_subplot()
    top = float(np.nanmax(shown)) if np.isfinite(shown).any() else 1.0
    image = axes.imshow(
        shown, cmap="Blues", vmin=min(0.0, float(np.nanmin(shown, initial=0.0))), vmax=top or 1.0
    )
    labels = [names[i] for i in order]
    small = 8 if len(names) <= _WITH_TEXT else 5
    axes.set_xticks(range(len(names) - 1), labels[:-1], rotation=45, ha="right", fontsize=small)
    axes.set_yticks(range(len(names) - 1), labels[1:], fontsize=small)
    if len(names) <= _WITH_TEXT:
        for row, column in np.argwhere(np.isfinite(shown)).tolist():
            value = shown[row, column]
            colour = "white" if value > 0.6 * top else "black"
            axes.text(column, row, f"{value:.3f}", ha="center", va="center", fontsize=7, color=colour)
    bar = figure.colorbar(image, ax=axes, shrink=0.7)
    bar.set_label(r"$F_{ST}$", fontsize=9)
    bar.ax.tick_params(labelsize=7)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if title:
        axes.set_title(title, fontsize=10, loc="left")
    return figure


def _order(table: Floats) -> NDArray[np.int64]:
    """Groups by average linkage, so that like ones are neighbours."""
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    if len(table) < 3:
        return np.arange(len(table))
    above = np.nan_to_num(np.maximum(table, 0.0))[np.triu_indices(len(table), k=1)]
    tree = optimal_leaf_ordering(linkage(above, method="average"), above)
    return np.asarray(leaves_list(tree), dtype=np.int64)


def fst_along_genome(
    chromosome: NDArray[np.int64],
    position: NDArray[np.int64],
    numerator: Floats,
    denominator: Floats,
    *,
    window: int = 1_000_000,
    label: str = "all groups",
) -> Figure:
    """F_ST in windows (ratio of sums) along the genome; single variants as faint points behind.

    Parameters
    ----------
    chromosome, position : ndarray of int, shape (V,)
    numerator, denominator : ndarray of float64, shape (V,)
        Both 0 where a variant says nothing.
    window : int
        Base pairs.
    label : str
        What is compared.
    """
    from matplotlib.figure import Figure

    usable = np.flatnonzero(denominator > 0)
    chromosome, position = chromosome[usable].astype(np.int64), position[usable].astype(np.int64)
    top, bottom = numerator[usable], denominator[usable]
    layout = layout_genome(chromosome, position)
    x = layout.x(chromosome, position)
    figure = Figure(figsize=(10.0, 3.0), layout="constrained")
    axes = figure.add_subplot()
    shown = (
        np.arange(len(x)) if len(x) <= 50_000 else np.unique(np.linspace(0, len(x) - 1, 50_000).astype(int))
    )
    place = layout.index(chromosome)
    single = top / bottom
    size, alpha = (8.0, 0.5) if len(x) < 5_000 else (1.5, 0.25)
    for colour, odd in zip(_COLOURS, (0, 1)):
        here = shown[place[shown] % 2 == odd]
        axes.scatter(x[here], single[here], s=size, color=colour, alpha=alpha, linewidths=0, rasterized=True)
    key = place * (1 + int(position.max(initial=0)) // window) + position // window
    _, first, code = np.unique(key, return_index=True, return_inverse=True)
    sums = [np.bincount(code, weights=one) for one in (top, bottom, x)]
    centre = sums[2] / np.bincount(code)
    ratio = sums[0] / sums[1]
    for number in range(len(layout.chromosomes)):
        here = place[first] == number
        axes.plot(centre[here], ratio[here], color="#D55E00", linewidth=1.1)
    total = float(layout.ends[-1] - layout.starts[0]) if layout.starts.size else 1.0
    labelled = ticks_that_fit(layout.centres, total=total or 1.0, spacing=0.0205)
    axes.set_xticks(layout.centres[labelled], [layout.names[i] for i in labelled], fontsize=8)
    axes.set_xlabel(f"chromosome (line: windows of {window / 1e6:g} Mb)", fontsize=9)
    axes.set_ylabel(rf"$F_{{ST}}$, {label}", fontsize=9)
    high = max(float(np.quantile(single, 0.999)) if single.size else 0.0, float(ratio.max(initial=0.0)))
    axes.set_ylim(-0.03 * (high or 1.0), 1.08 * (high or 1.0))
    axes.tick_params(axis="x", length=0)
    axes.tick_params(axis="y", labelsize=8, length=2)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
