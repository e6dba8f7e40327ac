"""Whether two sets of variants have positions of the same genome build, told by ids that both have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from postgwas.errors import InputError

if TYPE_CHECKING:
    import polars as pl

FEWEST = 10
"""Ids that both must have before anything is said."""
SHARE = 0.5
"""Share of them that may lie elsewhere."""


def refuse_other_build(stats: pl.DataFrame, variants: pl.DataFrame, path: str, ld_path: str) -> None:
    """Refuse LD whose variants lie elsewhere than the same ids of the summary statistics.

    Parameters
    ----------
    stats, variants : polars.DataFrame
        SNPID, CHR, POS. Without ids or places there is nothing to compare.
    path, ld_path : str
        For the message.

    Raises
    ------
    InputError
        If more than half of at least ten shared ids have another position.

    Examples
    --------
    >>> import polars as pl
    >>> one = pl.DataFrame({"SNPID": [f"rs{i}" for i in range(20)], "CHR": 1, "POS": range(20)})
    >>> refuse_other_build(one, one, "gwas.txt", "panel.bed")
    >>> refuse_other_build(one, one.with_columns(pl.col("POS") + 500), "gwas.txt", "panel.bed")
    Traceback (most recent call last):
        ...
    postgwas.errors.InputError: panel.bed: another build than gwas.txt: 'rs0' lies at 1:500, there at 1:0; \
20 of 20 shared ids do (postgwas harmonise lifts summary statistics over)
    """
    import polars as pl

    from postgwas.store.position import chromosome_names

    needed = ("SNPID", "CHR", "POS")
    if any(name not in table.columns for table in (stats, variants) for name in needed):
        return
    both = (
        stats.select(needed)
        .drop_nulls()
        .unique("SNPID", keep="first", maintain_order=True)
        .join(
            variants.select(needed).drop_nulls().unique("SNPID", keep="first"),
            on="SNPID",
            maintain_order="left",
        )
    )
    other = both.filter((pl.col("POS") != pl.col("POS_right")) | (pl.col("CHR") != pl.col("CHR_right")))
    if both.height < FEWEST or other.height <= SHARE * both.height:
        return
    first = other.row(0, named=True)
    here, there = chromosome_names(np.array([first["CHR_right"], first["CHR"]]))
    raise InputError(
        f"{ld_path}: another build than {path}: '{first['SNPID']}' lies at {here}:{first['POS_right']}, "
        f"there at {there}:{first['POS']}; {other.height:,} of {both.height:,} shared ids do",
        hint="postgwas harmonise lifts summary statistics over",
    )
