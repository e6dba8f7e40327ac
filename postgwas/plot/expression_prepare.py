"""The figure of `postgwas expression prepare`: samples before and after, genes lost, factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from postgwas.expression.run_prepare import Prepared

FloatArray = NDArray[np.float64]

_MOST_LINES = 60  # samples that are drawn; more cover each other
_BINS = (20, 80)  # fewest and most
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "0.6"


@dataclass(frozen=True)
class PrepareView:
    """The numbers that are drawn.

    Attributes
    ----------
    before, after : tuple of (ndarray, ndarray)
        Middles of bins, shape (bins,), and the share of genes in each, shape (samples drawn, bins):
        log2 CPM of all genes with reads, and the prepared expression.
    after_label : str
    dropped : dict of str to int
        Genes that are left out, by reason.
    n_kept : int
    lib_size, factors : ndarray, shape (samples,)
    factor_label : str
    """

    before: tuple[FloatArray, FloatArray]
    after: tuple[FloatArray, FloatArray]
    after_label: str
    dropped: dict[str, int]
    n_kept: int
    lib_size: FloatArray
    factors: FloatArray
    factor_label: str


def view_of(result: Prepared) -> PrepareView:
    """What a run's figure shows."""
    from ..expression.sample_scale import SIZE_FACTORS

    counts = result.counts.values
    drawn = np.unique(np.linspace(0, counts.shape[1] - 1, _MOST_LINES).round().astype(int))
    sizes = result.scale.lib_size
    some = counts[(counts > 0).any(axis=1)][:, drawn]
    raw = np.log2((some + 0.5) / (sizes[drawn] + 1) * 1e6)
    unit = result.expression.unit
    after = result.expression.values[:, drawn]
    if unit not in ("log2", "normalised") or after.max() > 100:
        after, label = np.log2(np.maximum(after, 0) + 1), "log2(expression + 1)"
    else:
        label = {"log2": "log2 expression"}.get(unit, "normal quantile")
    return PrepareView(
        before=histograms(raw),
        after=histograms(after),
        after_label=label,
        dropped=result.dropped,
        n_kept=result.expression.n_genes,
        lib_size=sizes,
        factors=result.scale.factors,
        factor_label="size factor" if result.scale.norm in SIZE_FACTORS else "normalisation factor",
    )


def histograms(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share of a sample's values in each of equal bins over all samples' range.

    Parameters
    ----------
    values : ndarray, shape (genes, samples)

    Returns
    -------
    middles : ndarray, shape (bins,)
    shares : ndarray, shape (samples, bins)
    """
    low, high = float(values.min()), float(values.max())
    bins = int(np.clip(1.5 * np.sqrt(len(values)), *_BINS))
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    shares = np.array([np.histogram(sample, edges)[0] for sample in values.T]) / len(values)
    return (edges[1:] + edges[:-1]) / 2, shares


def prepare_figure(view: PrepareView) -> Figure:
    """Four panels: distributions before and after, genes kept and lost, library sizes against factors."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 7), layout="constrained")
    axes = figure.subplots(2, 2)
    _lines(axes[0, 0], view.before, "log2 CPM, all genes with reads", "before", _GREY)
    _lines(axes[0, 1], view.after, view.after_label, "after", _BLUE)
    _bars(axes[1, 0], view)
    scatter = axes[1, 1]
    scatter.scatter(view.lib_size / 1e6, view.factors, s=12, color=_BLUE, linewidths=0)
    scatter.axhline(1.0, color=_GREY, linewidth=0.8)
    scatter.set_xlabel("million reads")
    scatter.set_ylabel(view.factor_label)
    for panel in axes.flat:
        panel.spines[["top", "right"]].set_visible(False)
    return figure


def _lines(axes: Axes, drawn: tuple[FloatArray, FloatArray], label: str, title: str, colour: str) -> None:
    middles, shares = drawn
    axes.plot(middles, shares.T, color=colour, linewidth=0.6, alpha=0.5)
    axes.set_xlabel(label)
    axes.set_ylabel("share of genes")
    axes.set_title(f"{title}: a line a sample ({len(shares)})", fontsize=10)
    axes.set_ylim(bottom=0)


def _bars(axes: Axes, view: PrepareView) -> None:
    names = ["kept", *view.dropped]
    sizes = [view.n_kept, *view.dropped.values()]
    axes.barh(names, sizes, color=[_BLUE] + [_ORANGE] * len(view.dropped))
    axes.invert_yaxis()
    axes.set_xlabel("genes")
    for place, size in enumerate(sizes):
        axes.annotate(f" {size:,}", (size, place), va="center", fontsize=8)
    axes.margins(x=0.15)
