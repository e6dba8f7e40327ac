"""Manhattan plot of one scan, upright or mirrored."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .genome import GENOME_WIDE, GenomeLayout, lead_variants

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
#: Left, right, bottom, top.
Box = tuple[float, float, float, float]


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


@dataclass(frozen=True)
class Label:
    """A label's place: index of its variant, its centre and baseline in shares of the axes."""

    index: int
    x: float
    y: float


def place_labels(
    x: FloatArray,
    y: FloatArray,
    widths: FloatArray,
    *,
    height: float,
    gap: float = 0.02,
    levels: int = 4,
) -> list[Label]:
    """Put labels above their points, or aslant, without overlaps; those that don't fit are left out.

    Neither a label nor the line that ties it to its point crosses another label.

    Parameters
    ----------
    x, y : ndarray, shape (n_labels,)
        Points in shares of the axes, most important first.
    widths : ndarray, shape (n_labels,)
        Width of each text.
    height : float
        Height of the text.
    gap : float
        Least distance between a point and its label.
    levels : int
        How many heights are tried, one text height apart.

    Returns
    -------
    list of Label
    """
    placed: list[Label] = []
    boxes: list[Box] = []
    lines: list[FloatArray] = []
    along = np.linspace(0.0, 1.0, 12)[:, None]
    for i in range(len(x)):
        half = widths[i] / 2.0
        for level, shift in itertools.product(range(levels), (0.0, -1.1 * half, 1.1 * half)):
            centre = float(np.clip(x[i] + shift, half + 0.006, 1.0 - half))
            bottom = float(y[i]) + gap + level * height
            box = (centre - half, centre + half, bottom, bottom + height)
            line = np.array([x[i], y[i]]) * (1 - along) + np.array([centre, bottom]) * along
            if (
                box[3] <= 1.0
                and not any(_overlap(box, other) for other in boxes)
                and not any(_inside(line, other).any() for other in boxes)
                and not any(_inside(other, box).any() for other in lines)
                and not _inside(np.column_stack([x, y + gap / 2]), box).any()
            ):
                boxes.append(box)
                lines.append(line)
                placed.append(Label(i, centre, bottom))
                break
    return placed


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[1] and a[1] > b[0] and a[2] < b[3] and a[3] > b[2]


def _inside(points: FloatArray, box: Box) -> NDArray[np.bool_]:
    px, py = points[:, 0], points[:, 1]
    return (px > box[0]) & (px < box[1]) & (py > box[2]) & (py < box[3])


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
            markersize=2.2,
            markeredgewidth=0,
            color=colour,
            rasterized=True,
        )
    draw_heights(axes, scale)
    axes.axhline(threshold, color="0.35", linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)
    if layout.starts.size:
        total = float(layout.ends[-1] - layout.starts[0])
        axes.set_xlim(layout.starts[0] - 0.008 * total, layout.ends[-1] + 0.008 * total)
    # Room above the highest point for its label.
    bottom, top = 0.0, float(scale.inverse(np.asarray(scale.forward(np.asarray(scale.top)) * 1.16)))
    axes.set_ylim((top, bottom) if mirrored else (bottom, top))
    axes.set_ylabel(rf"$\bf{{{label}}}$  $-\log_{{10}}\,P$", color=colours[0], fontsize=11)
    if names is not None and n_labels:
        leads = lead_variants(chrom, pos, mlog10p, threshold=threshold, limit=n_labels)
        texts = [str(names[int(i)]) for i in (leads if rows is None else rows[leads])]
        _name_leads(axes, x[leads], mlog10p[leads], texts, mirrored=mirrored)


def draw_heights(axes: Axes, scale: HeightScale) -> None:
    """Give the y axis of `axes` this scale and its ticks; a grey line marks where it changes."""
    axes.set_yscale("function", functions=(scale.forward, scale.inverse))
    ticks = scale.ticks()
    axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
    axes.minorticks_off()
    if scale.broken:
        axes.axhline(scale.break_at, color="0.8", linewidth=0.8, zorder=0.4)
    axes.spines[["top", "right"]].set_visible(False)


def _name_leads(axes: Axes, x: FloatArray, y: FloatArray, texts: list[str], *, mirrored: bool) -> None:
    if not texts:
        return
    size = 7.5
    box = axes.get_window_extent()
    share = axes.transAxes.inverted().transform(axes.transData.transform(np.column_stack([x, y])))
    across, up = share[:, 0], (1.0 - share[:, 1] if mirrored else share[:, 1])
    figure = axes.get_figure(root=True)
    points_to_px = (figure.dpi if figure is not None else 100.0) / 72.0
    widths = np.array([len(t) for t in texts]) * 0.62 * size * points_to_px / box.width
    height = 1.25 * size * points_to_px / box.height
    for place in place_labels(across, up, widths, height=height):
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
