"""Tables of signals in several groups as figures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import ColumnError
from postgwas.qtl.qtl_table import read_qtl_table

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

Source = str | os.PathLike[str]
Array = NDArray[np.float64]


def draw_sharing(source: Source | pl.DataFrame) -> Figure:
    """Heat maps of replication, sign and size; `source` is OUT.sharing."""
    from postgwas.plot.qtl_numbers import sharing_table
    from postgwas.plot.qtl_sharing import sharing_heatmap

    table = _plain_table(source, ("discovery", "replication", "pi1", "same_sign", "same_size"))
    groups = list(dict.fromkeys(table["discovery"].to_list()))
    found, other = table["discovery"].to_list(), table["replication"].to_list()
    tables = {
        title: sharing_table(groups, found, other, _numbers(table, name))
        for name, title in (
            ("pi1", r"replication, $\pi_1$"), ("same_sign", "same sign"), ("same_size", "same size")
        )
    }  # fmt: skip
    return sharing_heatmap(tables, groups)


def draw_effects(source: Source | pl.DataFrame) -> Figure:
    """Effects of signals in pairs of groups; `source` is OUT.sharing_effects."""
    from postgwas.plot.qtl_numbers import effect_pair
    from postgwas.plot.qtl_sharing import effects_figure

    table = _plain_table(source, ("found_in",))
    groups = [name.removeprefix("slope_se_") for name in table.columns if name.startswith("slope_se_")]
    where = [str(one).split(",") for one in table["found_in"].to_list()]
    pairs = {}
    for one in groups:
        here = np.array([one in found for found in where])
        for two in groups:
            if one != two:
                names = (f"slope_{one}", f"slope_{two}", f"slope_se_{one}", f"slope_se_{two}")
                pairs[one, two] = effect_pair(*(_numbers(table, name)[here] for name in names))
    if not pairs:
        raise ColumnError(f"{source}: no columns slope_GROUP and slope_se_GROUP of two groups")
    return effects_figure(pairs)


def _plain_table(source: Source | pl.DataFrame, needed: Sequence[str]) -> pl.DataFrame:
    table = read_qtl_table(source, needed=())
    absent = [name for name in needed if name not in table.columns]
    if absent:
        raise ColumnError(
            f"{source}: no column {absent[0]}; it has {', '.join(table.columns)}",
            hint="postgwas eqtl sharing writes these tables",
        )
    return table


def _numbers(table: pl.DataFrame, name: str) -> Array:
    import polars as pl

    column = table[name].cast(pl.Float64, strict=False).fill_null(float("nan"))
    return np.asarray(column.to_numpy(), np.float64)
