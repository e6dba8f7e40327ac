"""Figures of the quality control of genotypes: missing calls, heterozygosity, Hardy-Weinberg, sexes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from .palette import style
from .qq import ranks_to_draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_PASS, _FAIL = "#0072B2", "#D55E00"
_SEXES = ((1, "male in the file", "#0072B2"), (2, "female in the file", "#D55E00"), (0, "unknown", "0.5"))


def missingness_figure(
    samples: FloatArray, variants: FloatArray, *, max_samples: float | None, max_variants: float | None
) -> Figure:
    """Histograms of the share of missing calls, counts on a log scale, with the limits.

    Parameters
    ----------
    samples, variants : ndarray of float64
        Shares; NaN are left out.
    max_samples, max_variants : float, optional
        The limits.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, shares, limit, what in zip(
        panels, (samples, variants), (max_samples, max_variants), ("samples", "variants")
    ):
        known = shares[np.isfinite(shares)]
        top = max(float(known.max(initial=0.0)), 1e-3)
        axes.hist(known, bins=np.linspace(0.0, top, 51).tolist(), color=_PASS)
        axes.set_yscale("log")
        if limit is not None:
            axes.axvline(limit, color=_FAIL, linewidth=1.0, linestyle=(0, (4, 3)), label=f"limit {limit:g}")
            axes.legend(frameon=False, fontsize=8)
        axes.set_xlabel("share of missing calls")
        axes.set_ylabel(what)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def heterozygosity_figure(
    inbreeding: FloatArray, missing: FloatArray, passes: BoolArray, *, limits: tuple[float, float] | None
) -> Figure:
    """Inbreeding coefficient of samples against their share of missing calls.

    Parameters
    ----------
    inbreeding, missing : ndarray of float64, shape (n,)
    passes : ndarray of bool, shape (n,)
    limits : (float, float), optional
        Of the coefficient.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for mask, colour, label in ((passes, _PASS, "pass"), (~passes, _FAIL, "fail")):
        shown = mask & np.isfinite(inbreeding)
        if shown.any():
            axes.plot(missing[shown], inbreeding[shown], linestyle="none", marker="o", markersize=3.5,
                      markeredgewidth=0, color=colour, alpha=0.8, rasterized=True,
                      label=f"{label} ({int(shown.sum()):,})")  # fmt: skip
    for limit in limits or ():
        axes.axhline(limit, color="0.6", linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xlabel("share of missing calls")
    axes.set_ylabel("inbreeding coefficient F")
    axes.spines[["top", "right"]].set_visible(False)
    if np.isfinite(inbreeding).any():
        axes.legend(frameon=False, fontsize=8)
    return figure


@dataclass(frozen=True)
class Quantiles:
    """Points of a QQ plot, from the largest -log10 P down, with the pointwise 95 % band of independence."""

    expected: FloatArray
    observed: FloatArray
    lower: FloatArray
    upper: FloatArray


def quantiles_of(mlog10p: FloatArray) -> Quantiles:
    """Quantiles of -log10 P; NaN are left out.

    Examples
    --------
    >>> quantiles_of(np.array([0.3, np.nan, 2.0])).observed.tolist()
    [2.0, 0.3]
    """
    heights = np.sort(mlog10p[np.isfinite(mlog10p)])[::-1]
    n = len(heights)
    rank = ranks_to_draw(n)
    return Quantiles(
        -np.log10(rank / (n + 1.0)), heights[rank - 1], -np.log10(betaincinv(rank, n + 1.0 - rank, 0.975)),
        -np.log10(betaincinv(rank, n + 1.0 - rank, 0.025)),
    )  # fmt: skip


def hwe_figure(tests: Mapping[str, FloatArray], *, limit: float | None) -> Figure:
    """QQ plot of the Hardy-Weinberg tests, of everybody or by group.

    Parameters
    ----------
    tests : mapping of str to ndarray of float64, shape (V,)
        -log10 P of each group of people, as they are filtered.
    limit : float, optional
        P below which variants fail.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.6), layout="constrained")
    axes = figure.add_subplot()
    found = {name: points for name, values in tests.items() if len((points := quantiles_of(values)).expected)}
    if found:
        widest = max(found.values(), key=lambda points: float(points.expected[0]))
        axes.fill_between(widest.expected, widest.lower, widest.upper, color="0.88", linewidth=0)
        axes.plot([0, widest.expected[0]], [0, widest.expected[0]], color="0.45", linewidth=0.8)
        for place, (name, points) in enumerate(found.items()):
            colour, marker = style(place)
            axes.plot(points.expected, points.observed, linestyle="none", marker=marker, markersize=3,
                      markeredgewidth=0, color=colour, label=name, rasterized=True)  # fmt: skip
        if max(float(points.observed[0]) for points in found.values()) > 50:
            axes.set_yscale("symlog", linthresh=10)
        if len(tests) > 1:
            axes.legend(frameon=False, fontsize=8, loc="upper left")
    if limit:
        axes.axhline(-np.log10(limit), color=_FAIL, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_xlabel(r"expected $-\log_{10}\,P$")
    axes.set_ylabel(r"observed $-\log_{10}\,P$, Hardy-Weinberg")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def sex_figure(
    x_inbreeding: FloatArray, y_calls: FloatArray, told: NDArray[np.int8], *, limits: tuple[float, float]
) -> Figure:
    """X inbreeding coefficient against calls on Y, or as histograms where there are none.

    Parameters
    ----------
    x_inbreeding, y_calls : ndarray of float64, shape (n,)
    told : ndarray of int8, shape (n,)
        1 male, 2 female, 0 unknown.
    limits : (float, float)
        Below which someone is female, above which male.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 4.2), layout="constrained")
    axes = figure.add_subplot()
    known = np.isfinite(x_inbreeding)
    for code, label, colour in _SEXES:
        shown = known & (told == code)
        if shown.any():
            _draw_sex(axes, x_inbreeding[shown], y_calls[shown] if y_calls.any() else None, label, colour)
    for limit in limits:
        axes.axvline(limit, color="0.6", linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_xlabel("inbreeding coefficient of X")
    axes.set_ylabel("calls on Y" if y_calls.any() else "samples")
    axes.spines[["top", "right"]].set_visible(False)
    if known.any():
        axes.legend(frameon=False, fontsize=8)
    else:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no varying variant on X:\nsexes are not checked", transform=axes.transAxes,
                  ha="center", va="center", color="0.4")  # fmt: skip
    return figure


def _draw_sex(axes: Axes, f: FloatArray, y_calls: FloatArray | None, label: str, colour: str) -> None:
    named = f"{label} ({len(f):,})"
    if y_calls is None:
        axes.hist(
            f,
            bins=np.linspace(min(float(f.min()), -0.5), 1.0, 61).tolist(),
            color=colour,
            alpha=0.7,
            label=named,
        )
    else:
        axes.plot(f, y_calls, linestyle="none", marker="o", markersize=3.5, markeredgewidth=0, color=colour,
                  alpha=0.8, rasterized=True, label=named)  # fmt: skip
