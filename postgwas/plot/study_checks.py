"""Figures of the checks of studies: SE against N, frequencies, P against Z, a page for all studies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.plot.literal import literal
from postgwas.plot.palette import NO_GROUP, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from postgwas.meta.diagnostics import StudyChecks

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StudyPoints:
    """What is drawn of one study.

    Attributes
    ----------
    name : str
    group : str or None
        Its ancestry, for the colour.
    lambda_gc : float
    eaf, others : ndarray of float64, shape (M,)
        Frequencies of a sample of variants, and their means in the other studies.
    given, from_z : ndarray of float64, shape (M,)
        -log10 P as the file has it, and of BETA / SE; empty without either.
    """

    name: str
    group: str | None
    lambda_gc: float
    eaf: Floats
    others: Floats
    given: Floats
    from_z: Floats


def checks_figure(points: list[StudyPoints], checks: StudyChecks) -> Figure:
    """One row of two panels for all studies, then a row of two panels a study."""
    from matplotlib.figure import Figure

    k = len(points)
    figure = Figure(figsize=(8.0, 3.2 + 2.4 * k), layout="constrained")
    grid = figure.subplots(k + 1, 2, gridspec_kw={"height_ratios": [1.25] + [1.0] * k})
    groups = sorted({one.group for one in points if one.group})
    colours = [NO_GROUP if one.group is None else style(groups.index(one.group))[0] for one in points]
    _sizes(grid[0, 0], points, checks, colours)
    _lambdas(grid[0, 1], points, colours)
    for row, (one, colour) in enumerate(zip(points, colours), 1):
        _frequencies(grid[row, 0], one, colour)
        _p_values(grid[row, 1], one, colour)
    return figure


def _sizes(axes: Axes, points: list[StudyPoints], checks: StudyChecks, colours: list[str]) -> None:
    known = np.isfinite(checks.root_n) & np.isfinite(checks.inverse_se)
    if not known.any():
        axes.text(0.5, 0.5, "no SE, N and EAF", ha="center", va="center", transform=axes.transAxes)
        return
    slope = float(np.median(checks.inverse_se[known] / checks.root_n[known]))
    right = float(checks.root_n[known].max()) * 1.15
    axes.plot([0, right], [0, right * slope], color="0.6", linewidth=0.9)
    for one, x, y, colour in zip(points, checks.root_n, checks.inverse_se, colours):
        if np.isfinite(x) and np.isfinite(y):
            axes.plot(x, y, "o", color=colour, markersize=5)
            axes.annotate(literal(one.name), (x, y), xytext=(4, -9), textcoords="offset points", fontsize=7.5)
    axes.set_xlim(0, right)
    axes.set_ylim(0, None)
    axes.set_xlabel(r"$\sqrt{N_{max}}$")
    axes.set_ylabel("median 1/√(2f(1−f)) / median SE")
    axes.set_title("SE against N", loc="left", fontsize=10, fontweight="bold")


def _lambdas(axes: Axes, points: list[StudyPoints], colours: list[str]) -> None:
    place = np.arange(len(points))
    axes.barh(place, [one.lambda_gc for one in points], color=colours, height=0.6)
    axes.axvline(1.0, color="0.4", linewidth=0.8)
    axes.set_yticks(place, [literal(one.name) for one in points])
    axes.invert_yaxis()
    for at, one in enumerate(points):
        axes.text(one.lambda_gc, at, f" {one.lambda_gc:.3f}", va="center", fontsize=8)
    axes.margins(x=0.15)
    axes.set_xlabel(r"$\lambda_{GC}$")
    axes.set_title("Genomic control", loc="left", fontsize=10, fontweight="bold")


def _frequencies(axes: Axes, one: StudyPoints, colour: str) -> None:
    axes.plot([0, 1], [0, 1], color="0.5", linewidth=0.8)
    axes.plot(one.others, one.eaf, ".", color=colour, markersize=1.5, rasterized=True, alpha=0.5)
    if not one.eaf.size:
        axes.text(0.5, 0.5, "no frequencies to compare", ha="center", va="center")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("EAF, mean of the others")
    axes.set_ylabel("EAF")
    axes.set_title(literal(one.name), loc="left", fontsize=9, fontweight="bold")


def _p_values(axes: Axes, one: StudyPoints, colour: str) -> None:
    top = 1.0
    if one.given.size:
        top = float(max(one.given.max(), one.from_z.max(), 1.0)) * 1.05
        axes.plot([0, top], [0, top], color="0.5", linewidth=0.8)
        axes.plot(one.from_z, one.given, ".", color=colour, markersize=2.5, rasterized=True)
    else:
        axes.text(0.5, 0.5, "no P beside BETA and SE", ha="center", va="center")
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    axes.set_xlabel(r"$-\log_{10} P$ of BETA / SE")
    axes.set_ylabel(r"$-\log_{10} P$ as given")
