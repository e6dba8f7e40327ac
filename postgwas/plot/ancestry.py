"""Ancestry proportions as stacked bars, a bar a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..errors import MatrixError
from .palette import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def ancestry_figure(
    proportions: ArrayLike, *, names: Sequence[str], groups: Sequence[str] | None = None
) -> Figure:
    """Stacked bars, samples sorted by group and by their largest component.

    Parameters
    ----------
    proportions : array-like, shape (n, G)
        Rows with NaN are not drawn.
    names : sequence of str, length G
    groups : sequence of str, length n, optional
        Samples of a group stand together, with its name below.
    """
    from matplotlib.figure import Figure

    values = np.asarray(proportions, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(names):
        raise MatrixError(f"proportions of shape {values.shape} for {len(names)} groups")
    labels = np.array(list(groups) if groups is not None else [""] * len(values), dtype=object)
    known = np.isfinite(values).all(axis=1)
    values, labels = values[known], labels[known]
    order = _order(values, labels)
    values, labels = values[order], labels[order]
    figure = Figure(figsize=(9.0, 2.6), layout="constrained")
    axes = figure.add_subplot()
    edges = np.arange(len(values) + 1)
    below = np.zeros(len(values))
    for place, name in enumerate(names):
        top = below + values[:, place]
        colour, hatch = style(place)[0], "" if place < 7 else "///"
        axes.fill_between(
            edges, np.append(below, below[-1:]), np.append(top, top[-1:]), step="post", color=colour,
            linewidth=0, label=name, hatch=hatch,
        )  # fmt: skip
        below = top
    borders = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    starts, ends = [0, *borders.tolist()], [*borders.tolist(), len(labels)]
    for border in borders.tolist():
        axes.axvline(border, color="white", linewidth=1.2)
    wide = [(a, b) for a, b in zip(starts, ends) if (b - a) >= 0.02 * len(labels)]
    axes.set_xticks(
        [(a + b) / 2 for a, b in wide], [labels[a] for a, _ in wide], fontsize=8, rotation=30, ha="right"
    )
    axes.set_xlim(0, max(len(values), 1))
    axes.set_ylim(0, 1)
    axes.set_ylabel("proportion", fontsize=9)
    axes.tick_params(labelsize=8, length=0)
    axes.spines[:].set_visible(False)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return figure


def _order(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    order: list[int] = []
    for label in sorted(set(labels.tolist()), key=lambda name: (name == "unassigned", name)):
        rows = np.flatnonzero(labels == label)
        main = int(np.argmax(values[rows].mean(axis=0)))
        order += rows[np.argsort(-values[rows, main], kind="stable")].tolist()
    return np.array(order, dtype=np.int64)
