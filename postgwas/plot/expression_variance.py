"""How much of genes' variance groups of people explain, as cumulative curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


def variance_figure(shares: Mapping[str, NDArray[np.float64]]) -> Figure:
    """For each group the share of genes below each share of variance; the mean is marked.

    Parameters
    ----------
    shares : mapping of str to ndarray, shape (genes,)
        Share of the variance that a group explains.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for at, (name, values) in enumerate(shares.items()):
        colour = _COLOURS[at % len(_COLOURS)]
        ordered = np.sort(values)
        axes.step(ordered, np.arange(1, len(ordered) + 1) / len(ordered), color=colour, where="post")
        mean = float(values.mean())
        axes.axvline(mean, color=colour, linewidth=0.8, linestyle=":")
        axes.plot([], [], color=colour, label=f"{name} (mean {mean:.1%})")
    axes.set_xlabel("share of the variance that adjusting leaves")
    axes.set_ylabel("share of genes below it")
    axes.set_ylim(0, 1.01)
    axes.set_xlim(left=0)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
