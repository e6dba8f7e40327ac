"""A covariance matrix of traits, each cell with its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..errors import MatrixError
from .literal import literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def matrix_figure(matrix: ArrayLike, *, names: Sequence[str], title: str) -> Figure:
    """The whole matrix in colours about zero, with values where there is room.

    Parameters
    ----------
    matrix : array-like, shape (T, T)
        NaN is a grey cell.
    names : sequence of str, length T
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MatrixError
        If the shape does not fit the names.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    values = np.asarray(matrix, dtype=np.float64)
    size = len(names)
    if not size or values.shape != (size, size):
        raise MatrixError(f"matrix of shape {values.shape} for {size} trait names")
    cell = float(np.clip(9.0 / size, 0.2, 0.85))
    side = max(cell * size, 1.7)
    longest = 0.085 * max(map(len, names))
    # Wide enough for the title too, which begins at the matrix.
    wide = max(side + 1.4, 0.078 * len(title) + 0.2)
    figure = Figure(figsize=(wide + longest, side + 0.75 * longest + 0.7), layout="constrained")
    axes = figure.add_subplot()
    most = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    colours = colormaps["RdBu_r"].with_extremes(bad="0.85")
    image = axes.imshow(np.ma.masked_invalid(values), cmap=colours, vmin=-most, vmax=most)
    shown = list(map(literal, names))
    axes.set_xticks(range(size), shown, rotation=45, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(range(size), shown, fontsize=8)
    axes.set_title(title, fontsize=10, loc="left")
    axes.tick_params(length=0)
    if cell >= 0.5:
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                dark = abs(value) > 0.6 * most
                axes.text(
                    column, row, f"{value:.3g}", ha="center", va="center", fontsize=7.5,
                    color="white" if dark else "black",
                )  # fmt: skip
    bar = figure.colorbar(image, ax=axes, shrink=0.8, aspect=16, pad=0.02)
    if most < 1e-2 or most >= 1e4:
        bar.formatter.set_powerlimits((0, 0))  # type: ignore[attr-defined]
        bar.ax.yaxis.get_offset_text().set_fontsize(7)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.outline.set_visible(False)
    return figure
