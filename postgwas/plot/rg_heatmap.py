"""Figures of genetic correlations: a heat map of all pairs, one trait's with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import MatrixError, UsageError
from .literal import literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]

ORDERS = ("cluster", "given")
#: P below which a correlation is marked, and marked again if also below it over the number of pairs.
LEVEL = 0.05
#: Cells narrower than this (inches) hold no numbers.
SMALLEST_WITH_TEXT = 0.30
#: Cells wider than this hold standard errors too.
SMALLEST_WITH_SE = 0.5
NO_ESTIMATE = "0.90"
#: Marks of small cells from which they are pixels in SVG and PDF files.
_RASTER = 1500


@dataclass(frozen=True, eq=False)
class Heatmap:
    """The numbers that a heat map shows, in its order.

    Attributes
    ----------
    order : ndarray of int, shape (T,)
        Places of the traits as they were given.
    names : list of str, length T
    rg : ndarray, shape (T, T)
        NaN where a pair has no estimate.
    marks : ndarray of str, shape (T, T)
        ``**`` below the level over the number of pairs, ``*`` below the level, else empty.
    n_tests : int
        Pairs with a P.
    """

    order: NDArray[np.int64]
    names: list[str]
    rg: FloatArray
    marks: NDArray[np.str_]
    n_tests: int


def cluster_order(rg: ArrayLike) -> NDArray[np.int64]:
    """Order of traits by average linkage of 1 - rg, neighbours as alike as the tree allows.

    Parameters
    ----------
    rg : array-like, shape (T, T)
        NaN counts as 0, values beyond 1 as 1.

    Examples
    --------
    >>> cluster_order([[1, -0.8, 0.9], [-0.8, 1, -0.7], [0.9, -0.7, 1]]).tolist()
    [1, 2, 0]
    """
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    values = np.clip(np.nan_to_num(np.asarray(rg, dtype=np.float64)), -1.0, 1.0)
    if values.shape[0] < 3:
        return np.arange(values.shape[0])
    above = np.triu_indices(values.shape[0], k=1)
    distance = 1.0 - values[above]
    tree = optimal_leaf_ordering(linkage(distance, method="average"), distance)
    return np.asarray(leaves_list(tree), dtype=np.int64)


def heatmap_numbers(
    rg: ArrayLike, p: ArrayLike | None, *, names: Sequence[str], order: str = "cluster"
) -> Heatmap:
    """Order, values and marks of a heat map.

    Raises
    ------
    MatrixError
        Fewer than two traits, or shapes that don't match.
    UsageError
        Unknown order.
    """
    values = np.array(rg, dtype=np.float64)
    size = len(names)
    if size < 2 or values.shape != (size, size):
        raise MatrixError(f"genetic correlations of shape {values.shape} for {size} trait names")
    pvalues = np.full(values.shape, np.nan) if p is None else np.array(p, dtype=np.float64)
    if pvalues.shape != values.shape:
        raise MatrixError(f"P of shape {pvalues.shape}, genetic correlations of shape {values.shape}")
    if order not in ORDERS:
        raise UsageError(f"order {order!r}: expected one of {', '.join(ORDERS)}")
    places = cluster_order(values) if order == "cluster" else np.arange(size)
    values, pvalues = values[np.ix_(places, places)], pvalues[np.ix_(places, places)]
    below = np.tri(size, k=-1, dtype=bool)
    n_tests = int(np.count_nonzero(np.isfinite(pvalues[below])))
    marks = np.full(values.shape, "", dtype="U2")
    marks[pvalues < LEVEL] = "*"
    if n_tests > 1:
        marks[pvalues < LEVEL / n_tests] = "**"
    return Heatmap(places, [str(names[i]) for i in places], values, marks, n_tests)


def rg_heatmap(
    rg: ArrayLike,
    se: ArrayLike | None = None,
    p: ArrayLike | None = None,
    *,
    names: Sequence[str],
    order: str = "cluster",
    title: str = "Genetic correlations",
) -> Figure:
    """Lower triangle of a matrix of genetic correlations, with marks of significance.

    Parameters
    ----------
    rg : array-like, shape (T, T)
        NaN where a pair has no estimate: a grey cell. Values beyond 1 are hatched.
    se, p : array-like, shape (T, T), optional
        Standard errors, shown where there is room; P, for the marks.
    names : sequence of str, length T
    order : {"cluster", "given"}
        By hierarchical clustering, or as given.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MatrixError, UsageError
        As :func:`heatmap_numbers`.
    """
    from matplotlib.figure import Figure

    found = heatmap_numbers(rg, p, names=names, order=order)
    errors = None
    if se is not None:
        errors = np.array(se, dtype=np.float64)[np.ix_(found.order, found.order)]
    size = len(found.names)
    cell = float(np.clip(10.0 / size, 0.16, 0.72))
    font = float(np.clip(cell * 13.5, 4.5, 9.5))
    longest = max(map(len, found.names)) * font * 0.0095
    side = cell * (size - 1)
    figure = Figure(
        figsize=(max(side + longest + 1.3, 4.4), side + longest * 0.75 + 1.1), layout="constrained"
    )
    axes = figure.add_subplot()
    image = _cells(axes, found, errors, cell)
    ticks = range(size - 1)
    shown = list(map(literal, found.names))
    axes.set_xticks(ticks, shown[:-1], rotation=45, ha="right", rotation_mode="anchor", fontsize=font)
    axes.set_yticks(ticks, shown[1:], fontsize=font)
    axes.set_title(title, fontsize=11, loc="left")
    shrink = min(1.0, 2.2 / side) if side > 2.2 else 0.9
    bar = figure.colorbar(image, ax=axes, shrink=shrink, aspect=14, pad=0.02, anchor=(0.0, 1.0))
    bar.set_label(r"$r_g$", fontsize=10)
    bar.set_ticks([-1, -0.5, 0, 0.5, 1])
    bar.ax.tick_params(labelsize=8, length=2)
    bar.outline.set_visible(False)
    legend = _legend(
        found,
        with_se=errors is not None and cell >= SMALLEST_WITH_SE,
        small=cell < SMALLEST_WITH_TEXT,
    )
    figure.supxlabel(_in_lines(legend, figure.get_figwidth()), fontsize=7.5, color="0.25")
    return figure


def _cells(axes: Axes, found: Heatmap, se: FloatArray | None, cell: float) -> Any:
    """Colours, texts, hatches; rows are traits 2.., columns traits ..T-1."""
    size = len(found.names)
    shown = np.where(np.tri(size, k=-1, dtype=bool), found.rg, np.nan)
    image = axes.imshow(np.clip(shown[1:, :-1], -1, 1), cmap="RdBu_r", vmin=-1, vmax=1)
    if cell < SMALLEST_WITH_TEXT:
        _small_cells(axes, found, cell)
    else:
        both = se is not None and cell >= SMALLEST_WITH_SE
        font = float(np.clip(cell * (13.0 if both else 14.5), 4.0, 8.5))
        for i in range(1, size):
            for j in range(i):
                error = se[i, j] if both and se is not None else None
                text = cell_text(found.rg[i, j], found.marks[i, j], error)
                _draw_cell(axes, (j, i - 1), found.rg[i, j], text, font)
    axes.set_xticks(np.arange(size) - 0.5, minor=True)
    axes.set_yticks(np.arange(size) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5 if cell > 0.3 else 0.6)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    return image


def _small_cells(axes: Axes, found: Heatmap, cell: float) -> None:
    """Marks alone, all of a kind at once: with hundreds of traits there are tens of thousands of cells."""
    from matplotlib.colors import ListedColormap

    rows, columns = np.tril_indices(len(found.rg), k=-1)
    values, marks = found.rg[rows, columns], found.marks[rows, columns]
    ground = np.full((len(found.rg) - 1,) * 2, np.nan)
    ground[rows - 1, columns] = np.where(np.isnan(values), 1.0, np.nan)
    axes.imshow(np.ma.masked_invalid(ground), cmap=ListedColormap([NO_ESTIMATE]), vmin=0, vmax=2)
    size = 72.0 * cell
    for mark, shape in (("*", "$*$"), ("**", "$**$")):
        for dark in (True, False):
            here = (marks == mark) & ((np.abs(values) > 0.55) == dark)
            axes.plot(
                columns[here], rows[here] - 1, linestyle="none", marker=shape, markeredgewidth=0,
                markersize=(0.3 if mark == "*" else 0.55) * size, color="white" if dark else "black",
                rasterized=int(here.sum()) > _RASTER,
            )  # fmt: skip
    beyond = np.abs(values) > 1
    axes.plot(
        columns[beyond], rows[beyond] - 1, linestyle="none", marker="x", markersize=0.8 * size,
        markeredgewidth=0.6, color="white",
    )  # fmt: skip


def _draw_cell(axes: Axes, place: tuple[int, int], value: float, text: str, font: float) -> None:
    """Ground of a cell without an estimate, hatches of one beyond 1, and the text."""
    from matplotlib.patches import Rectangle

    column, row = place
    corner = (column - 0.5, row - 0.5)
    beyond = abs(value) > 1
    if np.isnan(value):
        axes.add_patch(Rectangle(corner, 1, 1, facecolor=NO_ESTIMATE, edgecolor="none"))
    elif beyond:
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="white", hatch="////", linewidth=0))
    colour = "0.45" if np.isnan(value) else "white" if abs(value) > 0.55 else "black"
    # A plain ground under numbers in hatched cells.
    ground = {"boxstyle": "square,pad=0.1", "lw": 0, "fc": _colour(value)} if beyond and text else None
    axes.text(
        column, row, text, ha="center", va="center", fontsize=font, linespacing=1.1, color=colour, bbox=ground
    )


def cell_text(value: float, mark: str, se: float | None = None) -> str:
    """What stands in a cell.

    Examples
    --------
    >>> cell_text(-0.561, "**"), cell_text(float("nan"), ""), cell_text(0.3, "", 0.05)
    ('\N{MINUS SIGN}0.56**', 'NA', '0.30\\n(0.05)')
    """
    if np.isnan(value):
        return "NA"
    # No minus sign before 0.00.
    text = f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}") + mark
    return text if se is None or not np.isfinite(se) else f"{text}\n({se:.2f})"


def _colour(value: float) -> Any:
    from matplotlib import colormaps

    return colormaps["RdBu_r"]((np.clip(value, -1, 1) + 1) / 2)


def _in_lines(parts: Sequence[str], inches: float) -> str:
    """Side by side, in as many lines as the figure's width asks for."""
    longest = int(inches / 0.058)  # a letter's width at 7.5 points, with some to spare
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}   {part}" if lines else part
        if lines and len(joined) <= longest:
            lines[-1] = joined
        else:
            lines.append(part)
    return "\n".join(lines)


def _legend(found: Heatmap, *, with_se: bool, small: bool) -> list[str]:
    below = found.rg[np.tri(len(found.names), k=-1, dtype=bool)]
    parts = []
    if with_se:
        parts.append("standard errors in brackets")
    if found.n_tests:
        parts.append(f"* P < {LEVEL:g}")
    if found.n_tests > 1:
        parts.append(f"** P < {LEVEL:g}/{found.n_tests} (Bonferroni)")
    if np.any(np.abs(below) > 1):
        parts.append("crossed: beyond 1" if small else "hatched: beyond 1")
    if np.any(np.isnan(below)):
        parts.append("grey: no estimate" if small else "NA: no estimate")
    return parts


def rg_forest(
    rg: ArrayLike, se: ArrayLike, *, names: Sequence[str], first: str, title: str | None = None
) -> Figure:
    """Genetic correlations of one trait with others: points and 95 % confidence intervals.

    Parameters
    ----------
    rg, se : array-like, shape (T,)
        NaN where there is none: the trait's row says NA.
    names : sequence of str, length T
        The other traits, from top to bottom.
    first : str
        The trait that they are correlated with.
    title : str, optional
    """
    from matplotlib.figure import Figure

    values, errors = np.array(rg, dtype=np.float64), np.array(se, dtype=np.float64)
    size = len(names)
    if values.shape != (size,) or errors.shape != (size,) or size < 1:
        raise MatrixError(f"genetic correlations of shape {values.shape} for {size} trait names")
    figure = Figure(figsize=(6.0, 1.3 + 0.28 * size), layout="constrained")
    axes = figure.add_subplot()
    rows = np.arange(size)
    axes.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    for edge in (-1, 1):
        axes.axvline(edge, color="0.85", linewidth=0.8, linestyle=":", zorder=0)
    known = np.isfinite(values)
    reach = np.where(np.isfinite(errors), 1.96 * errors, 0.0)
    axes.errorbar(
        values[known], rows[known], xerr=reach[known], fmt="o", color="#2b5c8a", markersize=4.5,
        linewidth=1.2, capsize=0,
    )  # fmt: skip
    for row in rows[~known]:
        axes.text(0.0, row, "NA", ha="center", va="center", fontsize=8, color="0.45", backgroundcolor="white")
    axes.set_yticks(rows, list(map(literal, names)), fontsize=9)
    axes.set_ylim(size - 0.5, -0.5)
    ends = np.concatenate([values[known] - reach[known], values[known] + reach[known], [-1.05, 1.05]])
    axes.set_xlim(max(float(ends.min()) - 0.03, -2.0), min(float(ends.max()) + 0.03, 2.0))
    axes.set_xlabel(rf"$r_g$ with {literal(first)} (95 % CI)", fontsize=9)
    axes.tick_params(labelsize=8, length=2)
    axes.spines[["top", "right", "left"]].set_visible(False)
    if title:
        axes.set_title(title, fontsize=11, loc="left")
    return figure
