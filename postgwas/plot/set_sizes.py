"""How many variants credible sets hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .palette import COLOURS

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

#: Upper ends of the bars; sizes double from 5 on.
_UPPER = (1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000)


def set_sizes(sizes: ArrayLike) -> pl.DataFrame:
    """Credible sets by their number of variants.

    Parameters
    ----------
    sizes : array-like of int, shape (n_sets,)

    Returns
    -------
    polars.DataFrame
        Columns variants (such as "6-10") and sets.

    Examples
    --------
    >>> set_sizes([1, 1, 7, 2000]).rows()[:2], set_sizes([1, 1, 7, 2000]).rows()[-1]
    ([('1', 2), ('2', 0)], ('> 1000', 1))
    """
    import polars as pl

    values = np.asarray(sizes, np.int64)
    places = np.searchsorted(_UPPER, values)
    counts = np.bincount(places, minlength=len(_UPPER) + 1)
    lower = (1, *(upper + 1 for upper in _UPPER[:-1]))
    names = [f"{a}" if a == b else f"{a}-{b}" for a, b in zip(lower, _UPPER)] + [f"> {_UPPER[-1]}"]
    last = max(int(places.max(initial=0)) + 1, 5)
    return pl.DataFrame({"variants": names[:last], "sets": counts[:last]})


def set_sizes_figure(numbers: pl.DataFrame) -> Figure:
    """Bars of :func:`set_sizes`."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(4.8, 3.4), layout="constrained")
    axes = figure.add_subplot()
    names, counts = numbers["variants"].to_list(), numbers["sets"].to_numpy()
    bars = axes.bar(range(len(names)), counts, color=COLOURS[0], width=0.8)
    axes.bar_label(bars, labels=[f"{n:,}" if n else "" for n in counts], fontsize=8, padding=1)
    axes.set_xticks(range(len(names)), names, fontsize=8, rotation=45 if len(names) > 7 else 0)
    axes.set_xlabel("variants in the set", fontsize=9)
    axes.set_ylabel("credible sets", fontsize=9)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    return figure
