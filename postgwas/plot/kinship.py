"""Kinship against opposite homozygotes: relatives of each degree lie in their own place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..genotypes.king_robust import KINSHIP_LIMITS, RELATIONS, relation_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]

_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "0.6")
_MOST_POINTS = 50_000


def pairs_to_draw(kinship: FloatArray, *, most: int = _MOST_POINTS) -> NDArray[np.int64]:
    """Rows of pairs that are drawn: all relatives, and of unrelated ones every k-th where they are many.

    Examples
    --------
    >>> pairs_to_draw(np.array([0.25, 0.0, 0.01, 0.0, np.nan]), most=2).tolist()
    [0, 1, 3]
    """
    known = np.flatnonzero(np.isfinite(kinship))
    close = kinship[known] >= KINSHIP_LIMITS[-1]
    far = known[~close]
    step = max(1, -(-len(far) // max(most, 1)))
    return np.sort(np.concatenate([known[close], far[::step]]))


def draw_kinship(axes: Axes, opposite: FloatArray, kinship: FloatArray) -> None:
    """Draw pairs, coloured by relation, with the limits between relations."""
    rows = pairs_to_draw(kinship)
    relation = relation_of(kinship[rows])
    for number in range(len(RELATIONS) - 1, -1, -1):
        here = rows[relation == number]
        if len(here):
            axes.plot(
                opposite[here], kinship[here], linestyle="none", marker="o", markersize=3.5,
                markeredgewidth=0, color=_COLOURS[number], alpha=0.8, rasterized=True,
                label=f"{RELATIONS[number]} ({int((relation_of(kinship) == number).sum()):,})",
            )  # fmt: skip
    for limit in KINSHIP_LIMITS:
        axes.axhline(limit, color="0.75", linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
    axes.set_xlabel("share of opposite homozygotes (IBS0)")
    axes.set_ylabel("kinship (KING-robust)")
    axes.spines[["top", "right"]].set_visible(False)
    if len(rows):
        axes.legend(frameon=False, fontsize=8, markerscale=1.5)
    else:
        axes.text(0.5, 0.5, "no pairs", ha="center", va="center", transform=axes.transAxes)


def kinship_figure(opposite: FloatArray, kinship: FloatArray) -> Figure:
    """A figure of :func:`draw_kinship` alone.

    Parameters
    ----------
    opposite, kinship : ndarray of float64, shape (P,)
        Of each pair.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 4.6), layout="constrained")
    draw_kinship(figure.add_subplot(), opposite, kinship)
    return figure
