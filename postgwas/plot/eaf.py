"""The file's effect allele frequencies against a reference's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

IntArray = NDArray[np.int64]


def draw_eaf(axes: Axes, counts: IntArray, *, limit: float) -> None:
    """Draw the density of frequencies, with the lines beyond which rows are flagged.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    counts : ndarray of int, shape (cells, cells)
        Rows in each cell: the reference's frequency along the first axis, the file's along the
        second, both from 0 to 1.
    limit : float
        Largest difference that is not flagged.
    """
    import matplotlib as mpl
    from matplotlib.colors import LogNorm

    shown = np.ma.masked_equal(counts, 0)
    axes.plot([0, 1], [0, 1], color="0.55", linewidth=0.8, zorder=1)
    for shift in (-limit, limit):
        axes.plot([0, 1], [shift, 1 + shift], color="#D55E00", linewidth=0.9, linestyle=(0, (4, 3)), zorder=3)
    picture = axes.imshow(
        shown,
        origin="lower",
        extent=(0, 1, 0, 1),
        cmap=mpl.colormaps["cividis"],
        norm=LogNorm(vmin=1, vmax=max(int(counts.max()), 2)),
        interpolation="nearest",
        zorder=2,
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_xlabel("effect allele frequency in the file")
    axes.set_ylabel("in the reference")
    axes.spines[["top", "right"]].set_visible(False)
    figure = axes.get_figure(root=True)
    assert figure is not None
    bar = figure.colorbar(picture, ax=axes, shrink=0.75, pad=0.03)
    bar.set_label("variants in a cell")
    bar.outline.set_visible(False)


def eaf_figure(counts: IntArray, *, limit: float) -> Figure:
    """A figure of :func:`draw_eaf` alone; no cell may be below zero.

    Returns
    -------
    matplotlib.figure.Figure
        Belongs to no GUI and no pyplot state.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 4.8), layout="constrained")
    draw_eaf(figure.add_subplot(), counts, limit=limit)
    return figure
