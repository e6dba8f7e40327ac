"""Sensitivity of colocalisation to the prior of a shared causal variant: before and after the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: H0 to H4: grey, then Okabe and Ito's colours, with dashes of their own.
_COLOURS = ("0.55", "#56B4E9", "#E69F00", "#0072B2", "#D55E00")
_DASHES: tuple[object, ...] = ((0, (1, 1.2)), (0, (4, 2)), (0, (4, 2, 1, 2)), (0, (6, 1.5)), "solid")
_LABELS = ("H0 none", "H1 trait 1 only", "H2 trait 2 only", "H3 two variants", "H4 shared")


def sensitivity_figure(
    p12: ArrayLike,
    prior: ArrayLike,
    posterior: ArrayLike,
    *,
    chosen: float,
    strong: float = 0.8,
    title: str = "",
) -> Figure:
    """Two panels: prior and posterior probabilities of H0 to H4 over p12.

    Parameters
    ----------
    p12 : array-like, shape (K,)
    prior, posterior : array-like, shape (K, 5)
    chosen : float
        The p12 of the analysis, marked.
    strong : float
        PP.H4 from which colocalisation is called; where it holds is shaded.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    x, before, after = (np.asarray(one, np.float64) for one in (p12, prior, posterior))
    figure = Figure(figsize=(8.6, 3.4), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True)
    for axes, values, name in zip(panels, (before, after), ("prior", "posterior")):
        for number in range(5):
            axes.plot(
                x, values[:, number], color=_COLOURS[number], linestyle=_DASHES[number], linewidth=1.8,
                label=_LABELS[number],
            )  # fmt: skip
        _shade(axes, x, after[:, 4] >= strong)
        axes.axvline(chosen, color="0.25", linewidth=0.9, linestyle=(0, (2, 2)))
        axes.annotate(
            f"p12 = {chosen:g}", (chosen, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
            textcoords="offset points", ha="center", va="bottom", fontsize=8, color="0.25",
        )  # fmt: skip
        axes.set_xscale("log")
        axes.set_xlim(x.min(), x.max())
        axes.set_ylim(-0.02 * float(values.max()), 1.04 if name == "posterior" else None)
        axes.set_xlabel("p12, prior of a shared causal variant", fontsize=9)
        axes.set_ylabel(f"{name} probability", fontsize=9)
        axes.tick_params(labelsize=8, length=2)
        axes.spines[["top", "right"]].set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    if (after[:, 4] >= strong).any():
        from matplotlib.patches import Patch

        handles.append(Patch(color="#009E73", alpha=0.15, linewidth=0))
        labels.append(f"PP.H4 ≥ {strong:g}")
    figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=8)
    if title:
        figure.suptitle(title, fontsize=10, x=0.02, ha="left")
    return figure


def _shade(axes: Axes, x: NDArray[np.float64], holds: NDArray[np.bool_]) -> None:
    rows = np.flatnonzero(holds)
    if rows.size:
        axes.axvspan(x[rows[0]], x[rows[-1]], color="#009E73", alpha=0.12, linewidth=0, zorder=0)
