"""Figures of sample quality: outliers, agreement, sex, genotypes that fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

_GOOD, _BAD, _GREY = "#0072B2", "#D55E00", "#999999"
_SEX = {0: (_GREY, "not reported"), 1: ("#0072B2", "male"), 2: ("#CC79A7", "female")}
_MOST_LABELS = 15


def outlier_figure(
    scores: FloatArray,
    share: FloatArray,
    d: FloatArray | None,
    samples: Sequence[str],
    failed: Mask,
    *,
    name: str = "PC",
) -> Figure:
    """Two axes, and the D-statistic of every sample.

    The second axis is the one along which a failed sample is farthest out, or the second.

    Parameters
    ----------
    scores : ndarray, shape (samples, axes)
        At least two axes; NaN for samples without expression.
    share : ndarray, shape (axes,)
    d : ndarray, shape (samples,), optional
    samples : sequence of str
    failed : ndarray of bool, shape (samples,)
        Drawn in another colour and labelled.
    name : str
        What axes are called.
    """
    from matplotlib.figure import Figure

    panels = 1 if d is None else 2
    figure = Figure(figsize=(4.6 * panels + 0.2, 4.2), layout="constrained")
    axes = figure.add_subplot(1, panels, 1)
    across, up = _axes_to_show(scores, failed)
    _points(axes, scores[:, across], scores[:, up], samples, failed)
    axes.set_xlabel(f"{name}{across + 1} ({share[across]:.1%} of the variance)")
    axes.set_ylabel(f"{name}{up + 1} ({share[up]:.1%})")
    if d is not None:
        right = figure.add_subplot(1, 2, 2)
        known = np.flatnonzero(np.isfinite(d))
        rank = np.full(len(d), np.nan)
        rank[known[np.argsort(d[known])]] = np.arange(1, len(known) + 1)
        _points(right, rank, d, samples, failed)
        right.set_xlabel("samples, by D")
        right.set_ylabel("D: median correlation with the others")
    return figure


def sex_figure(
    xist: FloatArray,
    y: FloatArray,
    reported: NDArray[Any],
    samples: Sequence[str],
    failed: Mask,
    *,
    unit: str,
    limit: float,
) -> Figure:
    """XIST against Y genes, coloured by the reported sex; samples that clash are ringed and labelled."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.4, 4.6), layout="constrained")
    axes = figure.add_subplot()
    floor = limit / 100.0
    x, height = _apart(y, floor), _apart(xist, floor)
    for code, (colour, label) in _SEX.items():
        chosen = reported == code
        if chosen.any():
            axes.scatter(x[chosen], height[chosen], s=14, color=colour, label=label, linewidths=0, alpha=0.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.axhline(limit, color=_GREY, linewidth=0.7, linestyle=":")
    axes.axvline(limit, color=_GREY, linewidth=0.7, linestyle=":")
    if failed.any():
        axes.scatter(x[failed], height[failed], s=60, facecolors="none", edgecolors=_BAD, label="clashes")
        _label(axes, x, height, samples, failed)
    axes.set_xlabel(f"Y genes, mean {unit} (at least {floor:g})")
    axes.set_ylabel(f"XIST, {unit} (at least {floor:g})")
    axes.legend(frameon=False, fontsize=8)
    _tidy(axes)
    return figure


def mixup_figure(
    mismatches: FloatArray,
    own: NDArray[Any],
    z_own: FloatArray,
    z_best: FloatArray,
    best: NDArray[Any],
    samples: Sequence[str],
    failed: Mask,
) -> Figure:
    """The matrix of mismatches with labelled people on the diagonal, and how labels fit.

    Parameters
    ----------
    mismatches : ndarray, shape (samples, people)
    own, best : ndarray of int, shape (samples,)
    z_own, z_best : ndarray, shape (samples,)
    samples : sequence of str
    failed : ndarray of bool, shape (samples,)
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.2, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    labelled = np.flatnonzero(own >= 0)
    shown = mismatches[np.ix_(labelled, own[labelled])]
    shown = (shown - shown.mean(axis=1, keepdims=True)) / shown.std(axis=1, keepdims=True)
    image = left.imshow(shown, cmap="viridis", vmin=-5, vmax=3, interpolation="nearest", aspect="auto")
    place = {int(person): at for at, person in enumerate(own[labelled])}
    marks = [
        (place[int(best[row])], at)
        for at, row in enumerate(labelled)
        if failed[row] and int(best[row]) in place
    ]
    if marks:
        left.scatter(
            *zip(*marks), s=45, facecolors="none", edgecolors=_BAD, linewidths=1.2, label="fits better"
        )
        left.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, 1.1))
    left.set_xlabel("genotypes, in the samples' order")
    left.set_ylabel("expression samples")
    figure.colorbar(image, ax=left, label="mismatch, SDs from the row's mean", shrink=0.9)
    _points(right, z_own, z_best, samples, failed)
    ends = [np.nanmin(z_best), np.nanmax(np.concatenate([z_own, z_best]))]
    right.plot(ends, ends, color=_GREY, linewidth=0.7, linestyle=":")
    right.set_xlabel("z of the labelled genotype")
    right.set_ylabel("z of the best genotype")
    return figure


def _axes_to_show(scores: FloatArray, failed: Mask) -> tuple[int, int]:
    """Two axes; the second one shows the sample that is farthest out."""
    if scores.shape[1] < 2:
        return 0, 0
    spread = np.nanstd(scores, axis=0)
    far = np.abs(scores[failed]) / np.where(spread > 0, spread, np.inf)
    if not failed.any() or np.isnan(far).all():
        return 0, 1
    farthest = int(np.nanargmax(np.nanmax(far, axis=0)))
    return (0, farthest) if farthest else (0, 1)


def _apart(values: FloatArray, floor: float) -> FloatArray:
    """Values of at least `floor`; those below it a little apart from each other, always in the same way."""
    low = values < floor
    spread = np.linspace(0.7, 1.4, max(int(low.sum()), 1))[: int(low.sum())]
    apart = values.copy()
    apart[low] = floor * spread
    return apart


def _points(axes: Any, x: FloatArray, y: FloatArray, samples: Sequence[str], failed: Mask) -> None:
    axes.scatter(x[~failed], y[~failed], s=12, color=_GOOD, linewidths=0, alpha=0.75)
    axes.scatter(x[failed], y[failed], s=22, color=_BAD, linewidths=0)
    _label(axes, x, y, samples, failed)
    _tidy(axes)


def _label(axes: Any, x: FloatArray, y: FloatArray, samples: Sequence[str], failed: Mask) -> None:
    """Names of the first failed samples, on the side where there is room."""
    middle = np.nanmedian(x)
    chosen = np.flatnonzero(failed & np.isfinite(x) & np.isfinite(y))[:_MOST_LABELS]
    for row, at in enumerate(chosen):
        right = x[at] <= middle
        axes.annotate(
            samples[at], (x[at], y[at]), xytext=(6 if right else -6, 3 + 9 * (row % 2)),
            textcoords="offset points", fontsize=7, ha="left" if right else "right", color=_BAD,
        )  # fmt: skip


def _tidy(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
