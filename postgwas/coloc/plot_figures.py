"""A region's traits as figures and the tables behind them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import ColumnError
from postgwas.finemap.region_list import MapRegion
from postgwas.plot.gene_track import GeneModel
from postgwas.plot.region_numbers import Track, height_pair, track
from postgwas.runlog import get_logger
from postgwas.store.position import chromosome_names

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

log = get_logger("coloc")

Drawn = dict[str, "tuple[Figure, pl.DataFrame]"]


@dataclass(frozen=True, eq=False)
class RegionData:
    """What is drawn.

    Attributes
    ----------
    labels : tuple of str
    tables : tuple of polars.DataFrame
        SNPID, CHR, POS, MLOG10P of each trait; the same variant has the same id.
    region : MapRegion or None
        None where no variant's place is known.
    lead : str
    r2 : dict of str to float
        With the lead.
    genes : list of GeneModel or None
    """

    labels: tuple[str, ...]
    tables: tuple[pl.DataFrame, ...]
    region: MapRegion | None
    lead: str
    r2: dict[str, float]
    genes: list[GeneModel] | None


def draw_region(data: RegionData, marked: Sequence[str] = ()) -> Drawn:
    """The regional figure, and one of each pair of the first trait with another."""
    from postgwas.plot.locuscompare import locuscompare_figure
    from postgwas.plot.regional import regional_figure

    made: Drawn = {}
    tracks: list[Track] = []
    called, span = "", None
    if data.region is not None:
        called = str(chromosome_names(np.array([data.region.chromosome]))[0])
        margin = 0.01 * (data.region.stop - data.region.start)
        span = data.region.start - margin, data.region.stop + margin
        tracks = [_track(label, table, data) for label, table in zip(data.labels, data.tables)]
        figure = regional_figure(
            tracks, chromosome=called, span=span, genes=data.genes, marked=marked, reference=data.lead
        )
        made["regional"] = figure, _regional_table(data)
    for at in range(1, len(data.labels)):
        one, two = data.tables[0], data.tables[at]
        pair = height_pair(
            one["SNPID"].to_list(), one["MLOG10P"].to_numpy(), two["SNPID"].to_list(),
            two["MLOG10P"].to_numpy(), r2=data.r2, lead=data.lead,
        )  # fmt: skip
        labels = data.labels[0], data.labels[at]
        log.info("%s and %s share %s variants; r of -log10 P: %.3f", *labels, f"{len(pair.names):,}",
                 pair.correlation)  # fmt: skip
        both = (tracks[0], tracks[at]) if tracks else None
        figure = locuscompare_figure(
            pair, labels, tracks=both, chromosome=called, span=span, genes=data.genes, marked=marked
        )
        name = "locuscompare" if len(data.labels) == 2 else f"locuscompare.{_plain(labels[1])}"
        made[name] = figure, _pair_table(data, at)
    return made


def _track(label: str, table: pl.DataFrame, data: RegionData) -> Track:
    ids = table["SNPID"].to_list()
    r2 = [data.r2.get(name, np.nan) for name in ids]
    places = table["POS"].cast(float).fill_null(np.nan).to_numpy()
    return track(label, ids, places, table["MLOG10P"].to_numpy(), r2=r2, lead=data.lead)


def _plain(label: str) -> str:
    """A label that a file's name can have."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", label)


def _regional_table(data: RegionData) -> pl.DataFrame:
    """SNPID, CHR, POS, R2, then MLOG10P_<label> of each trait; by position."""
    import polars as pl

    places = pl.concat([one.select("SNPID", "CHR", "POS") for one in data.tables])
    table = places.unique("SNPID", keep="first", maintain_order=True)
    table = table.with_columns(_r2(table, data))
    for label, one in zip(data.labels, data.tables):
        table = table.join(
            one.select("SNPID", pl.col("MLOG10P").alias(f"MLOG10P_{label}")), on="SNPID", how="left",
            maintain_order="left",
        )  # fmt: skip
    return _named(table.sort("CHR", "POS", "SNPID", nulls_last=True))


def _pair_table(data: RegionData, at: int) -> pl.DataFrame:
    import polars as pl

    one, two = data.tables[0], data.tables[at]
    table = one.rename({"MLOG10P": f"MLOG10P_{data.labels[0]}"}).join(
        two.select("SNPID", pl.col("MLOG10P").alias(f"MLOG10P_{data.labels[at]}")), on="SNPID",
        maintain_order="left",
    )  # fmt: skip
    return _named(table.with_columns(_r2(table, data)))


def _r2(table: pl.DataFrame, data: RegionData) -> pl.Series:
    import polars as pl

    return pl.Series("R2", [data.r2.get(name) for name in table["SNPID"].to_list()], dtype=pl.Float64)


def _named(table: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    codes = table["CHR"].fill_null(0).to_numpy()
    names = pl.Series(
        "CHR", [None if code == 0 else name for code, name in zip(codes, chromosome_names(codes))]
    )
    return table.with_columns(names.cast(pl.String))


def draw_sensitivity(path: str | os.PathLike[str], *, p12: float = 1e-5) -> Drawn:
    """Figures of a table of sensitivity: P12, PRIOR.H0 to PRIOR.H4, PP.H0 to PP.H4.

    One of each REGION, or of each pair of credible sets: of what else the table has.

    Parameters
    ----------
    path : path
        OUT.sensitivity.tsv of ``postgwas coloc abf`` or ``coloc susie``, or ``STUDY.h5::KEY``.
    p12 : float
        Of the analysis, marked.

    Raises
    ------
    ColumnError
        If a column is missing or no number.
    """
    import polars as pl

    from postgwas.plot.coloc_sensitivity import sensitivity_figure
    from postgwas.qtl.qtl_table import read_plain

    table, told = read_plain(path)
    low = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in table.columns}
    names = ["p12", *(f"{kind}h{number}" for kind in ("prior", "pp") for number in range(5))]
    absent = [name for name in names if name not in low]
    if absent:
        raise ColumnError(f"{told}: no column {absent[0]}; it has {', '.join(table.columns)}")
    numbers = table.select(pl.col(low[name]).cast(pl.Float64, strict=False).alias(name) for name in names)
    if numbers.null_count().sum_horizontal()[0]:
        raise ColumnError(f"{told}: cells that are no numbers")
    told_apart = [name for key, name in low.items() if key not in (*names, "chr", "chosen")]
    keys = [""] * table.height
    if told_apart:
        keys = [" ".join(map(str, row)) for row in table.select(told_apart).iter_rows()]
    made: Drawn = {}
    for key in dict.fromkeys(keys):
        here = [one == key for one in keys]
        part = numbers.filter(here)
        figure = sensitivity_figure(
            part["p12"].to_numpy(), part.select(names[1:6]).to_numpy(), part.select(names[6:]).to_numpy(),
            chosen=p12, title=key,
        )  # fmt: skip
        name = "sensitivity" if len(set(keys)) == 1 else f"sensitivity.{_plain(key)}"
        made[name] = figure, table.filter(here)
    return made
