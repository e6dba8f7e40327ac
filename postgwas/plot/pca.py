"""Figures of principal components: samples on pairs of axes, and the eigenvalues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UsageError
from .palette import NO_GROUP, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MANY = 20_000
"""Points from which on they are drawn as pixels in PDF and SVG files."""


def pca_figure(
    scores: ArrayLike,
    explained: ArrayLike,
    *,
    groups: Sequence[str | None] | None = None,
    behind: ArrayLike | None = None,
    pairs: Sequence[tuple[int, int]] | None = None,
    title: str | None = None,
) -> Figure:
    """Samples on pairs of axes, coloured by group.

    Parameters
    ----------
    scores : array-like, shape (n, k)
        Rows with NaN are not drawn.
    explained : array-like, shape (k,)
        Share of the variance of each axis, for the labels; NaN: not told.
    groups : sequence of str or None, length n, optional
        A colour and a place in the legend each; None is grey.
    behind : array-like of bool, shape (n,), optional
        Samples drawn hollow: those that the axes were not fitted to.
    pairs : sequence of (int, int), optional
        Axes from 0; by default 1 and 2, 3 and 4, 5 and 6, as far as there are any.
    title : str, optional
    """
    from matplotlib.figure import Figure

    values, shares = np.asarray(scores, dtype=np.float64), np.asarray(explained, dtype=np.float64)
    if pairs is None:
        pairs = [(a, a + 1) for a in (0, 2, 4) if a + 1 < values.shape[1]] or [(0, 0)]
    if any(not 0 <= axis < values.shape[1] for pair in pairs for axis in pair):
        raise UsageError(f"axes {pairs} of {values.shape[1]} axes cannot be drawn")
    labels = list(groups) if groups is not None else [None] * len(values)
    names = sorted({label for label in labels if label is not None})
    hollow = np.zeros(len(values), np.bool_) if behind is None else np.asarray(behind, dtype=np.bool_)
    figure = Figure(figsize=(0.6 + 3.5 * len(pairs) + (1.3 if names else 0), 3.7), layout="constrained")
    panels = figure.subplots(1, len(pairs), squeeze=False)[0]
    for axes, pair in zip(panels, pairs):
        _draw(axes, values, pair, np.array(labels, dtype=object), names, hollow)
        for set_label, axis in ((axes.set_xlabel, pair[0]), (axes.set_ylabel, pair[1])):
            share = "" if np.isnan(shares[axis]) else f" ({100 * shares[axis]:.2g} %)"
            set_label(f"PC{axis + 1}{share}", fontsize=9)
    if names:
        handles, texts = panels[0].get_legend_handles_labels()
        figure.legend(
            handles, texts, loc="outside right upper", fontsize=8, frameon=False, markerscale=1.8,
            handletextpad=0.2, ncols=1 + len(names) // 18,
        )  # fmt: skip
    if title:
        figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    return figure


def _draw(
    axes: Axes,
    values: np.ndarray,
    pair: tuple[int, int],
    labels: np.ndarray,
    names: Sequence[str],
    hollow: np.ndarray,
) -> None:
    size = float(np.clip(9000 / max(len(values), 1), 4, 22))
    for place in range(-1, len(names)):
        here = labels == names[place] if place >= 0 else np.array([label is None for label in labels])
        colour, marker = style(place) if place >= 0 else (NO_GROUP, "o")
        for open_one in (True, False):
            rows = here & (hollow == open_one) & np.isfinite(values[:, pair[0]])
            if not rows.any():
                continue
            axes.scatter(
                values[rows, pair[0]], values[rows, pair[1]], s=size, marker=marker,
                facecolors="none" if open_one else colour, edgecolors=colour if open_one else "none",
                linewidths=0.6 if open_one else 0, alpha=0.75, rasterized=len(values) > _MANY,
                label=names[place] if place >= 0 and (not open_one or not (here & ~hollow).any()) else None,
            )  # fmt: skip
    axes.tick_params(labelsize=7, length=2)
    axes.spines[["top", "right"]].set_visible(False)


def scree_figure(eigenvalues: ArrayLike, total: float) -> Figure:
    """Eigenvalues in their order, and the share of the variance that each explains."""
    from matplotlib.figure import Figure

    values = np.asarray(eigenvalues, dtype=np.float64)
    place = np.arange(1, len(values) + 1)
    figure = Figure(figsize=(4.6, 3.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(place, values, "-o", color="#0072B2", markersize=4, linewidth=1)
    axes.set_xticks(place if len(place) <= 20 else place[:: len(place) // 10])
    axes.set_ylim(0, float(values.max()) * 1.06)
    axes.set_xlabel("axis", fontsize=9)
    axes.set_ylabel("eigenvalue", fontsize=9)

    def _percent(value: Any) -> Any:
        return 100.0 * value / total

    def _value(percent: Any) -> Any:
        return percent * total / 100.0

    right = axes.secondary_yaxis("right", functions=(_percent, _value))
    right.set_ylabel("% of variance", fontsize=9)
    for one in (axes, right):
        one.tick_params(labelsize=8, length=2)
    axes.spines["top"].set_visible(False)
    return figure
