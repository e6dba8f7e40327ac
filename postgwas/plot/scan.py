"""One scan: its Manhattan plot and its QQ plot, from points that were thinned before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .genome import GENOME_WIDE, layout_genome, peaks, ticks_that_fit
from .manhattan import draw_manhattan, height_scale
from .qq import QQ, draw_qq

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_COLOURS = ("#0072B2", "#56B4E9")


@dataclass(frozen=True)
class Scan:
    """The points of one scan's Manhattan plot.

    Attributes
    ----------
    chrom, pos : ndarray of int64, shape (n_points,)
    mlog10p : ndarray of float64, shape (n_points,)
    names : dict of int to str
        Point -> name, of the variants that may be labelled; others go by their position.
    """

    chrom: IntArray
    pos: IntArray
    mlog10p: FloatArray
    names: dict[int, str]


def manhattan_figure(scan: Scan, *, n_labels: int = 12) -> Figure:
    """The Manhattan plot of a scan.

    Returns
    -------
    matplotlib.figure.Figure
        Belongs to no GUI and no pyplot state.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 3.6))
    axes = figure.add_axes((0.06, 0.15, 0.925, 0.81))
    layout = layout_genome(scan.chrom, scan.pos)
    scale = height_scale(peaks(layout, scan.chrom, scan.mlog10p))
    tall = np.flatnonzero(scan.mlog10p >= GENOME_WIDE).tolist()
    draw_manhattan(
        axes,
        layout,
        scan.chrom,
        scan.pos,
        scan.mlog10p,
        scale=scale,
        colours=_COLOURS,
        label="",
        names={i: scan.names.get(i, str(scan.pos[i])) for i in tall},
        n_labels=n_labels,
        threshold=GENOME_WIDE,
    )
    axes.set_ylabel(r"$-\log_{10}\,P$", color="black")
    total = float(layout.ends[-1] - layout.starts[0]) if layout.starts.size else 1.0
    labelled = ticks_that_fit(layout.centres, total=total or 1.0, spacing=0.0205)
    axes.set_xticks(layout.centres[labelled], [layout.names[i] for i in labelled], fontsize=9)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("chromosome", fontsize=9)
    return figure


def qq_figure(qq: QQ) -> Figure:
    """The QQ plot of a scan, with lambda GC and mean chi2."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    draw_qq(axes, [("all variants", _COLOURS[0], qq)], scale=height_scale(qq.observed[:25]))
    return figure
