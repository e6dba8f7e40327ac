"""Manhattan plot of one scan, upright or mirrored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .genome import GENOME_WIDE, GenomeLayout, lead_variants
from .label_places import Crowd, crowd_of, place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
#: Size of the points, in points; heights that are tried for a label.
_POINT = 2.2
_LEVELS = 12


@dataclass(frozen=True)
class HeightScale:
    """Height on the page of -log10 P: linear up to `break_at`, logarithmic above.

    One huge peak would otherwise flatten all others. `stretch` is 0 where the axis is linear
    throughout.

    Attributes
    ----------
    break_at : float
        -log10 P where the scale changes.
    stretch : float
        Height given to a factor e of -log10 P above the break.
    top : float
        Largest -log10 P that must fit.
    """

    break_at: float
    stretch: float
    top: float

    @property
    def broken(self) -> bool:
        """Whether the upper part is logarithmic."""
        return self.stretch > 0.0

    def forward(self, mlog10p: FloatArray) -> FloatArray:
        """-log10 P to height."""
        y = np.asarray(mlog10p, dtype=np.float64)
        if not self.broken:
            return y
        above = self.break_at + self.stretch * np.log(np.maximum(y, self.break_at) / self.break_at)
        return np.where(y > self.break_at, above, y)

    def inverse(self, height: FloatArray) -> FloatArray:
        """Height to -log10 P."""
        h = np.asarray(height, dtype=np.float64)
        if not self.broken:
            return h
        over = np.clip(h - self.break_at, 0.0, 700.0 * self.stretch)
        return np.where(h > self.break_at, self.break_at * np.exp(over / self.stretch), h)

    def ticks(self) -> FloatArray:
        """Round values of -log10 P to print at the axis."""
        limit = self.break_at if self.broken else self.top
        step = next((s for s in (1, 2, 5, 10, 20, 50) if limit / s <= 6), 100)
        linear = np.arange(0.0, limit + 1e-9, step)
        if not self.broken:
            return linear
        decades = 10.0 ** np.arange(1, 6)
        above = np.sort(np.concatenate([decades, 2 * decades, 5 * decades]))
        above = above[(above >= 1.4 * self.break_at) & (above <= self.top)]
        return np.concatenate([linear, above])


def height_scale(peaks: ArrayLike, *, share: float = 0.35, least: float = 20.0) -> HeightScale:
    """Choose the scale from the highest -log10 P of each chromosome in each scan.

    The axis is linear unless the highest peak is more than twice as high as most others.

    Parameters
    ----------
    peaks : array-like of float
        Highest -log10 P of each chromosome, all scans that share the axis; NaN is left out.
    share : float
        Share of the height that the logarithmic part takes.
    least : float
        The linear part reaches at least so far.
    """
    heights = np.asarray(peaks, dtype=np.float64)
    heights = heights[np.isfinite(heights)]
    top = max(float(heights.max(initial=0.0)), GENOME_WIDE + 1.0)
    usual = float(np.quantile(heights, 0.75)) if heights.size else 0.0
    break_at = max(least, float(np.ceil(usual * 1.1 / 10.0)) * 10.0)
    if top <= 2.0 * break_at:
        return HeightScale(break_at, 0.0, top)
    stretch = break_at * share / (1.0 - share) / np.log(top / break_at)
    return HeightScale(break_at, float(stretch), top)


def draw_manhattan(
    axes: Axes,
    layout: GenomeLayout,
    chrom: IntArray,
    pos: IntArray,
    mlog10p: FloatArray,
    *,
    scale: HeightScale,
    colours: tuple[str, str],
    label: str,
    names: Sequence[str] | Mapping[int, str] | None = None,
    rows: IntArray | None = None,
    mirrored: bool = False,
    n_labels: int = 8,
    threshold: float = GENOME_WIDE,
) -> None:
    """Draw one scan, thinned beforehand by :func:`~postgwas.plot.genome.thin`.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    layout : GenomeLayout
        Shared by scans that are compared.
    chrom, pos : ndarray of int, shape (n_points,)
    mlog10p : ndarray, shape (n_points,)
    scale : HeightScale
    colours : tuple of two colours
        For odd and even places of chromosomes.
    label : str
        Name of the scan, printed at the axis.
    names : sequence of str or mapping of int to str, optional
        Variant names; the leads' are printed. A mapping has those of points at the threshold and above.
    rows : ndarray of int, shape (n_points,), optional
        Where each point's name stands in `names`; default: in the order of the points.
    mirrored : bool
        Hang the plot from its axis.
    n_labels : int
        At most so many leads are named.
    threshold : float
        -log10 P of the significance line.
    """
    x = layout.x(chrom, pos)
    index = layout.index(chrom)
    for parity, colour in enumerate(colours):
        axes.plot(
            x[index % 2 == parity],
            mlog10p[index % 2 == parity],
            linestyle="none",
            marker="o",
            markersize=_POINT,
            markeredgewidth=0,
            color=colour,
            rasterized=True,
        )
    draw_heights(axes, scale)
    axes.axhline(threshold, color="0.35", linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)
    if layout.starts.size:
        total = float(layout.ends[-1] - layout.starts[0]) or 1.0
        axes.set_xlim(layout.starts[0] - 0.008 * total, layout.ends[-1] + 0.008 * total)
    # Room above the highest point for its label.
    bottom, top = 0.0, float(scale.inverse(np.asarray(scale.forward(np.asarray(scale.top)) * 1.16)))
    axes.set_ylim((top, bottom) if mirrored else (bottom, top))
    axes.set_ylabel(rf"$\bf{{{label}}}$  $-\log_{{10}}\,P$", color=colours[0], fontsize=11)
    if names is not None and n_labels:
        leads = lead_variants(chrom, pos, mlog10p, threshold=threshold, limit=n_labels)
        texts = [str(names[int(i)]) for i in (leads if rows is None else rows[leads])]
        tall = np.flatnonzero(mlog10p >= 0.9 * threshold)
        crowd = _crowd(axes, x[tall], mlog10p[tall], mirrored=mirrored)
        _name_leads(axes, x[leads], mlog10p[leads], texts, crowd, mirrored=mirrored)


def draw_heights(axes: Axes, scale: HeightScale) -> None:
    """Give the y axis of `axes` this scale and its ticks; a grey line marks where it changes."""
    axes.set_yscale("function", functions=(scale.forward, scale.inverse))
    ticks = scale.ticks()
    axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    if scale.broken:
        axes.axhline(scale.break_at, color="0.8", linewidth=0.8, zorder=0.4)
    axes.spines[["top", "right"]].set_visible(False)


def _shares(axes: Axes, x: FloatArray, y: FloatArray) -> FloatArray:
    """Points of the data in shares of the axes, shape (n, 2)."""
    return np.asarray(axes.transAxes.inverted().transform(axes.transData.transform(np.column_stack([x, y]))))


def _crowd(axes: Axes, x: FloatArray, y: FloatArray, *, mirrored: bool) -> Crowd:
    """Where the points are that labels must not cover; as wide and high as they are drawn."""
    share = _shares(axes, x, y)
    box = axes.get_window_extent()
    figure = axes.get_figure(root=True)
    radius = _POINT / 2 * (figure.dpi if figure is not None else 100.0) / 72.0
    up = 1.0 - share[:, 1] if mirrored else share[:, 1]
    return crowd_of(share[:, 0], up, reach=(radius / box.width, radius / box.height))


def _name_leads(
    axes: Axes, x: FloatArray, y: FloatArray, texts: list[str], crowd: Crowd, *, mirrored: bool
) -> None:
    if not texts:
        return
    size = 7.5
    box = axes.get_window_extent()
    share = _shares(axes, x, y)
    across, up = share[:, 0], (1.0 - share[:, 1] if mirrored else share[:, 1])
    figure = axes.get_figure(root=True)
    points_to_px = (figure.dpi if figure is not None else 100.0) / 72.0
    widths = np.array([len(t) for t in texts]) * 0.62 * size * points_to_px / box.width
    height = 1.25 * size * points_to_px / box.height
    for place in place_labels(across, up, widths, height=height, levels=_LEVELS, crowd=crowd):
        tip = (across[place.index], share[place.index, 1])
        base = 1.0 - place.y if mirrored else place.y
        axes.annotate(
            texts[place.index],
            xy=tip,
            xytext=(place.x, base),
            xycoords="axes fraction",
            textcoords="axes fraction",
            ha="center",
            va="top" if mirrored else "bottom",
            fontsize=size,
            arrowprops={"arrowstyle": "-", "color": "0.5", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 1},
        )
