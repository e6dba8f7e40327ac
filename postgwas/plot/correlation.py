"""Heat map of genetic correlations with their standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import MatrixError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]


def correlation_of(covariance: ArrayLike) -> FloatArray:
    """Correlation matrix of a covariance matrix; NaN where a variance is not positive.

    Examples
    --------
    >>> correlation_of([[4.0, 1.0], [1.0, 1.0]])
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    covariance = np.asarray(covariance, dtype=np.float64)
    variance = np.diag(covariance)
    sd = np.sqrt(np.where(variance > 0, variance, np.nan))
    return covariance / np.outer(sd, sd)


def correlation_figure(
    rg: ArrayLike,
    rg_se: ArrayLike | None = None,
    *,
    names: Sequence[str],
    title: str = "Genetic correlations",
) -> Figure:
    """Lower triangle of a genetic correlation matrix, with standard errors where given.

    Parameters
    ----------
    rg : array-like, shape (n_traits, n_traits)
    rg_se : array-like, shape (n_traits, n_traits), optional
    names : sequence of str, shape (n_traits,)
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MatrixError
        Fewer than two traits, or shapes that don't match.
    """
    from matplotlib.figure import Figure

    rg = np.asarray(rg, dtype=np.float64)
    n_traits = len(names)
    if n_traits < 2 or rg.shape != (n_traits, n_traits):
        raise MatrixError(f"genetic correlations of shape {rg.shape} for {n_traits} trait names")
    se = None if rg_se is None else np.asarray(rg_se, dtype=np.float64)
    if se is not None and se.shape != rg.shape:
        raise MatrixError(f"standard errors of shape {se.shape}, genetic correlations of shape {rg.shape}")

    # The diagonal says nothing: rows are traits 2.., columns traits ..n-1.
    shown = np.where(np.tri(n_traits, k=-1, dtype=bool), rg, np.nan)[1:, :-1]
    cell = float(np.clip(9.0 / n_traits, 0.34, 1.1))
    longest = max(len(name) for name in names) * 0.105  # inches, for names in capitals too
    side = cell * (n_traits - 1)
    figure = Figure(figsize=(max(side + longest + 1.5, 4.2), side + longest + 0.9), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shown, cmap="RdBu_r", vmin=-1, vmax=1)
    axes.set_xticks(range(n_traits - 1), names[:-1], rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(n_traits - 1), names[1:])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(n_traits) - 0.5, minor=True)
    axes.set_yticks(np.arange(n_traits) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="minor", length=0)
    if cell >= 0.55:
        size = float(np.clip(cell * 9.5, 6, 10))
        for row, column in zip(*np.nonzero(np.isfinite(shown))):
            value = shown[row, column]
            text = f"{round(value, 2) + 0.0:.2f}"  # no minus sign before 0.00
            text = text.replace("-", "\N{MINUS SIGN}")
            if se is not None and np.isfinite(se[row + 1, column]):
                text += f"\n({se[row + 1, column]:.2f})"
            colour = "white" if abs(value) > 0.6 else "black"
            axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)
    bar = figure.colorbar(
        image, ax=axes, shrink=min(1.0, 2.6 / side) if side > 2.6 else 0.9, aspect=16, pad=0.03
    )
    bar.set_label(r"$r_g$")
    bar.outline.set_visible(False)
    # Over the whole figure: two traits' single cell is narrower than the words.
    figure.suptitle(
        title + ("\n(standard errors in brackets)" if se is not None and cell >= 0.55 else ""), fontsize=11
    )
    return figure
