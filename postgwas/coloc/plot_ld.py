"""r^2 of a region's variants with its lead, from genotypes or a matrix, for figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from postgwas.finemap.ld_sources import LdSource
from postgwas.finemap.region_list import MapRegion
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("coloc")


def r2_with_lead(
    source: LdSource, region: MapRegion, tables: list[pl.DataFrame], lead: str
) -> dict[str, float]:
    """r^2 by id of all variants that the traits name and LD has; by place where ids differ.

    Parameters
    ----------
    source : LdSource
    region : MapRegion
    tables : list of polars.DataFrame
        SNPID, CHR, POS of each trait.
    lead : str

    Returns
    -------
    dict of str to float
        Empty, with a warning, where the lead has no LD.
    """
    import polars as pl

    part = source.region(region)
    rows = part.variants.with_row_index("row")
    by_id = rows.select(pl.col("SNPID"), "row").unique("SNPID", keep="first")
    wanted = pl.concat([one.select("SNPID", "CHR", "POS") for one in tables]).unique("SNPID", keep="first")
    found = wanted.join(by_id, on="SNPID", how="left")
    if {"CHR", "POS"} <= set(rows.columns):
        places = rows.unique(["CHR", "POS"], keep="none").select(
            pl.col("CHR").cast(pl.Int8), pl.col("POS").cast(pl.Int32), pl.col("row").alias("at")
        )
        found = found.join(places, on=["CHR", "POS"], how="left").with_columns(
            pl.coalesce("row", "at").alias("row")
        )
    found = found.filter(pl.col("row").is_not_null()).unique("row", keep="first").sort("row")
    names = found["SNPID"].to_list()
    if lead not in names:
        log.warning("%s has no LD in %s: r^2 is not shown", lead, source.path)
        return {}
    ld = part.with_one(found["row"].to_numpy().astype(np.int64), names.index(lead))
    log.info("%s: r^2 with %s of %s variants", source.path, lead, f"{int(np.isfinite(ld).sum()):,}")
    return {name: float(r * r) for name, r in zip(names, ld) if np.isfinite(r)}
