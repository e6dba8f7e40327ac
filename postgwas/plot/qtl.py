"""Figures of QTL mapping: QQ, leads around the TSS, volcano, eGenes by factors, expression by genotype."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .manhattan import draw_heights, height_scale
from .palette import COLOURS, NO_GROUP, style
from .qq import QQ, draw_qq
from .qtl_numbers import GenotypeGroups, LeadDistances

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]

_BLUE, _ORANGE = COLOURS[0], COLOURS[1]
_LINEAR = 40.0
"""Heights of eQTL are large throughout: the axis is linear at least up to this -log10 P."""


def qtl_qq_figure(scans: Mapping[str, QQ]) -> Figure:
    """QQ of one or more columns of P, each with its lambda.

    Parameters
    ----------
    scans : mapping of label to QQ
        Such as "nominal, all pairs" and "gene level".
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    heights = np.concatenate([qq.observed[:25] for qq in scans.values()] or [np.zeros(1)])
    coloured = [(label, style(at)[0], qq) for at, (label, qq) in enumerate(scans.items())]
    draw_qq(axes, coloured, scale=height_scale(heights, least=_LINEAR))
    # Strong eQTL fill the upper left, where the legend would be.
    legend = axes.get_legend()
    if legend is not None:
        legend.set_loc("lower left")
        legend.set_bbox_to_anchor((0.0, 1.0))
    return figure


def lead_distance_figure(leads: LeadDistances, *, fdr: float | None) -> Figure:
    """-log10 P of each phenotype's lead by its distance from the TSS, and where significant ones lie.

    Parameters
    ----------
    leads : LeadDistances
    fdr : float, optional
        At which they are significant, for the legend.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    bars, axes = figure.subplots(2, 1, sharex=True, height_ratios=(1, 3))
    bars.bar(
        leads.edges[:-1], leads.counts, width=np.diff(leads.edges), align="edge", color=_BLUE, linewidth=0
    )
    bars.set_ylabel("eGenes", fontsize=9)
    bars.set_ylim(0, 1.08 * max(int(leads.counts.max(initial=0)), 1))
    bars.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    _points(axes, leads.kilobases, leads.mlog10p, leads.significant, fdr=fdr)
    axes.axvline(0.0, color="0.5", linewidth=0.8, zorder=0)
    axes.set_xlabel("distance of the lead from the TSS (kb)", fontsize=9)
    axes.set_ylabel(r"$-\log_{10}\,P$ of the lead", fontsize=9)
    if np.isfinite(leads.median):
        bars.set_title(
            f"half of the significant leads lie within {leads.median:.0f} kb", fontsize=9, loc="left"
        )
    for one in (bars, axes):
        _plain(one)
    return figure


def volcano_figure(
    effects: ArrayLike, mlog10p: ArrayLike, significant: ArrayLike, *, label: str, fdr: float | None
) -> Figure:
    """-log10 P by effect.

    Parameters
    ----------
    effects, mlog10p : array-like, shape (n,)
        NaN is left out.
    significant : array-like of bool, shape (n,)
    label : str
        Of the effect's axis.
    fdr : float, optional
    """
    from matplotlib.figure import Figure

    x, y = np.asarray(effects, np.float64), np.asarray(mlog10p, np.float64)
    good = np.isfinite(x) & np.isfinite(y)
    x, y, yes = x[good], y[good], np.asarray(significant, np.bool_)[good]
    figure = Figure(figsize=(4.8, 4.4), layout="constrained")
    axes = figure.add_subplot()
    _points(axes, x, y, yes, fdr=fdr)
    axes.axvline(0.0, color="0.5", linewidth=0.8, zorder=0)
    widest = 1.08 * float(np.abs(x).max(initial=0.1))
    axes.set_xlim(-widest, widest)
    axes.set_xlabel(label, fontsize=9)
    axes.set_ylabel(r"$-\log_{10}\,P$", fontsize=9)
    up, down = int((yes & (x > 0)).sum()), int((yes & (x < 0)).sum())
    axes.set_title(f"significant: {down} down, {up} up", fontsize=9, loc="left")
    _plain(axes)
    return figure


def egenes_figure(
    n_factors: ArrayLike, n_egenes: ArrayLike, *, fdr: float | None, chosen: int | None
) -> Figure:
    """eGenes by number of hidden factors.

    Parameters
    ----------
    n_factors, n_egenes : array-like of int, shape (n,)
    fdr : float, optional
    chosen : int, optional
        Number that was chosen; the most eGenes where None.
    """
    from matplotlib.figure import Figure

    order = np.argsort(np.asarray(n_factors))
    numbers, found = np.asarray(n_factors)[order], np.asarray(n_egenes)[order]
    best = int(numbers[np.argmax(found)]) if chosen is None else chosen
    figure = Figure(figsize=(4.8, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(numbers, found, "-o", color=_BLUE, markersize=4, linewidth=1)
    at = np.flatnonzero(numbers == best)
    if at.size:
        x, y = numbers[at[0]], found[at[0]]
        axes.plot(x, y, "^", color=_ORANGE, markersize=8)
        told = "most" if chosen is None else "chosen"
        axes.annotate(
            f"{told}: {best} factors, {int(y)}", (x, y), xytext=(0, -16), textcoords="offset points",
            ha="left" if at[0] == 0 else "right" if at[0] == len(numbers) - 1 else "center", fontsize=8,
        )  # fmt: skip
    axes.set_ylim(0, 1.1 * float(found.max(initial=1)))
    axes.margins(x=0.12)
    axes.set_xlabel("hidden factors among the covariates", fontsize=9)
    axes.set_ylabel("eGenes" if fdr is None else f"eGenes (FDR {fdr:g})", fontsize=9)
    _plain(axes)
    return figure


def genotype_figure(
    groups: GenotypeGroups, *, title: str, subtitle: str = "", ylabel: str = "expression"
) -> Figure:
    """Expression by genotype at a variant: boxes with every sample.

    Parameters
    ----------
    groups : GenotypeGroups
    title, subtitle : str
        Phenotype and variant; effect and P.
    ylabel : str
        With its unit.

    Notes
    -----
    Points are spread by their rank within the genotype, not at random: the same figure is the same bytes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.9, 4.0), layout="constrained")
    axes = figure.add_subplot()
    place = np.arange(len(groups.labels), dtype=np.float64)
    for at, values in enumerate(groups.values):
        axes.plot(
            at + _spread(values), values, linestyle="none", marker="o", markersize=2.6, markeredgewidth=0,
            color=_BLUE, alpha=0.55, rasterized=len(values) > 500, zorder=1,
        )  # fmt: skip
    columns = ("whislo", "q1", "med", "q3", "whishi")
    boxes = [dict(zip(columns, box)) for box in groups.boxes.tolist()]
    line = {"color": "0.15", "linewidth": 1.1}
    axes.bxp(
        boxes, positions=place, widths=0.5, showfliers=False, boxprops=line, whiskerprops=line,
        capprops=line, medianprops={"color": _ORANGE, "linewidth": 2.0}, zorder=2,
    )  # fmt: skip
    labels = [f"{name}\nn = {len(values)}" for name, values in zip(groups.labels, groups.values)]
    axes.set_xticks(place, labels, fontsize=9)
    axes.set_xlim(-0.6, len(place) - 0.4)
    axes.set_ylabel(ylabel, fontsize=9)
    axes.set_title(title if not subtitle else f"{title}\n{subtitle}", fontsize=9, loc="left")
    _plain(axes)
    axes.tick_params(axis="x", length=0)
    return figure


def _spread(values: FloatArray) -> FloatArray:
    """Offsets from -0.2 to 0.2 that keep neighbours in height apart."""
    rank = np.empty(len(values), np.int64)
    rank[np.argsort(values, kind="stable")] = np.arange(len(values))
    golden = (rank * 0.6180339887498949) % 1.0
    return np.asarray(0.4 * (golden - 0.5), np.float64)


def _points(
    axes: Axes, x: FloatArray, y: FloatArray, significant: NDArray[np.bool_], *, fdr: float | None
) -> None:
    """Grey and coloured points, by colour and marker; heights on the scale of Manhattan plots."""
    level = "" if fdr is None else f" (FDR {fdr:g})"
    for yes, colour, marker, label in (
        (False, NO_GROUP, "o", "not significant"), (True, _BLUE, "^", f"significant{level}")
    ):  # fmt: skip
        here = significant == yes
        axes.plot(
            x[here], y[here], linestyle="none", marker=marker, markersize=3.6, markeredgewidth=0,
            color=colour, alpha=0.8, rasterized=int(here.sum()) > 2000, label=f"{label}: {int(here.sum()):,}",
        )  # fmt: skip
    scale = height_scale(np.sort(y)[::-1][:25], least=_LINEAR)
    draw_heights(axes, scale)
    axes.set_ylim(0.0, float(scale.inverse(scale.forward(np.asarray(scale.top)) * 1.22)))
    axes.legend(frameon=False, fontsize=8, loc="upper right", handletextpad=0.2, markerscale=1.4)


def _plain(axes: Axes) -> None:
    axes.tick_params(labelsize=8, length=2)
    axes.spines[["top", "right"]].set_visible(False)
