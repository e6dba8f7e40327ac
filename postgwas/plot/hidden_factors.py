"""Figures of hidden factors: relevance, convergence, the evidence for their number, known covariates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .palette import COLOURS, NO_GROUP

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _ORANGE = COLOURS[0], COLOURS[1]


def relevance_figure(relevance: ArrayLike | None, variance: ArrayLike, active: ArrayLike) -> Figure:
    """Relevance (1/alpha) of each factor, if it has one, and its share of variance.

    Parameters
    ----------
    relevance : array-like, shape (K,), optional
    variance : array-like, shape (K,)
        Shares.
    active : array-like of bool, shape (K,)
        The others are drawn grey.
    """
    from matplotlib.figure import Figure

    on = np.asarray(active, dtype=np.bool_)
    place = np.arange(1, len(on) + 1)
    panels = 1 if relevance is None else 2
    figure = Figure(figsize=(0.6 + 3.8 * panels, 3.0), layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    colours = [_BLUE if one else NO_GROUP for one in on]
    if relevance is not None:
        values = np.asarray(relevance, dtype=np.float64)
        axes[0].vlines(place, values.min() / 2, values, color="0.85", linewidth=1)
        axes[0].scatter(place, values, c=colours, s=18, zorder=3)
        axes[0].set_yscale("log")
        axes[0].set_ylim(values.min() / 2, values.max() * 2)
        axes[0].set_ylabel(r"relevance, $1/\alpha$", fontsize=9)
        if not on.all():
            axes[0].set_title(f"grey: {int((~on).sum())} switched off", fontsize=8, loc="right", color="0.4")
    axes[-1].bar(place, 100 * np.asarray(variance, dtype=np.float64), color=colours, width=0.75)
    axes[-1].set_ylabel("% of variance", fontsize=9)
    for one in axes:
        one.set_xlabel("factor", fontsize=9)
        _plain(one)
    return figure


def trace_figure(bound: ArrayLike, residual_variance: ArrayLike, *, converged: bool) -> Figure:
    """Bound and variance of the residuals after each iteration."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.2, 3.0), layout="constrained")
    axes = figure.subplots(1, 2)
    values = np.asarray(bound, dtype=np.float64)
    iteration = np.arange(1, len(values) + 1)
    # Steps rather than heights: the first ones dwarf all others.
    axes[0].plot(iteration[1:], np.maximum(np.diff(values), 1e-12), color=_BLUE, linewidth=1.2)
    axes[0].set_yscale("log")
    axes[0].set_ylabel("gain of the bound (nats)", fontsize=9)
    axes[1].plot(iteration, np.asarray(residual_variance), color=_ORANGE, linewidth=1.2)
    axes[1].set_ylabel("variance of residuals", fontsize=9)
    axes[1].set_title("converged" if converged else "not converged", fontsize=8, loc="right", color="0.4")
    for one in axes:
        one.set_xscale("log")
        one.set_xlabel("iteration", fontsize=9)
        _plain(one)
    return figure


def components_figure(variance: ArrayLike, null: ArrayLike, chosen: int) -> Figure:
    """Share of variance of components, of permuted expression beside it, and how many were chosen."""
    from matplotlib.figure import Figure

    values, permuted = np.asarray(variance, dtype=np.float64), np.asarray(null, dtype=np.float64)
    shown = min(len(values), max(3 * chosen, 30))
    place = np.arange(1, shown + 1)
    figure = Figure(figsize=(4.6, 3.1), layout="constrained")
    axes = figure.add_subplot()
    if permuted.size:
        low, high = permuted.min(axis=0)[:shown], permuted.max(axis=0)[:shown]
        axes.fill_between(
            place, 100 * low, 100 * high, color=_ORANGE, alpha=0.35, linewidth=0, label="permuted"
        )
    axes.plot(place, 100 * values[:shown], "-o", color=_BLUE, markersize=3, linewidth=1, label="expression")
    axes.axvline(chosen + 0.5, color="0.4", linestyle="--", linewidth=0.8)
    axes.annotate(
        f"{chosen} chosen", (chosen + 0.5, 1.0), xycoords=("data", "axes fraction"), xytext=(4, -10),
        textcoords="offset points", fontsize=8, color="0.3",
    )  # fmt: skip
    axes.set_yscale("log")
    axes.set_xlabel("component", fontsize=9)
    axes.set_ylabel("% of variance", fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="center right")
    _plain(axes)
    return figure


def discovery_figure(n_factors: ArrayLike, n_discoveries: ArrayLike, chosen: int) -> Figure:
    """Discoveries by number of factors."""
    from matplotlib.figure import Figure

    numbers, found = np.asarray(n_factors), np.asarray(n_discoveries)
    figure = Figure(figsize=(4.6, 3.1), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(numbers, found, "-o", color=_BLUE, markersize=4, linewidth=1)
    at = int(np.flatnonzero(numbers == chosen)[0])
    axes.plot(numbers[at], found[at], "o", color=_ORANGE, markersize=7)
    axes.annotate(
        f"{chosen} factors", (numbers[at], found[at]), xytext=(0, -14), textcoords="offset points",
        ha="center", fontsize=8,
    )  # fmt: skip
    axes.set_ylim(0, float(found.max()) * 1.08)
    axes.set_xlabel("hidden factors", fontsize=9)
    axes.set_ylabel("discoveries", fontsize=9)
    _plain(axes)
    return figure


def correlation_figure(r: ArrayLike, covariates: Sequence[str], factors: Sequence[str]) -> Figure:
    """Heat map of correlations: rows known covariates, columns factors; grey where there is none."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    values = np.asarray(r, dtype=np.float64)
    rows, columns = values.shape
    cell = float(np.clip(9.0 / max(rows, columns), 0.14, 0.42))
    longest = max(map(len, covariates)) * 0.07
    figure = Figure(
        figsize=(max(columns * cell + longest + 1.6, 3.4), max(rows * cell + 1.3, 1.9)), layout="constrained"
    )
    axes = figure.add_subplot()
    colours = colormaps["RdBu_r"].with_extremes(bad="0.9")
    image = axes.imshow(np.ma.masked_invalid(values), cmap=colours, vmin=-1, vmax=1)
    every = max(1, columns // 30)
    axes.set_xticks(range(0, columns, every), list(factors)[::every], rotation=90, fontsize=7)
    axes.set_yticks(range(rows), list(covariates), fontsize=7)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, shrink=0.9, aspect=12, pad=0.02)
    bar.set_label("correlation", fontsize=8)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.outline.set_visible(False)
    return figure


def _plain(axes: Axes) -> None:
    axes.tick_params(labelsize=8, length=2)
    axes.spines[["top", "right"]].set_visible(False)
