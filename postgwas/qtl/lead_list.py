"""Lists of lead variants: one a signal of a phenotype, from independent signals or credible sets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from postgwas.qtl.qtl_table import read_qtl_table
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

_SET = ("cs_id", "cs", "credible_set")
_PIP = ("pip",)
_NONE = ("", "NA", "NaN", "-1")
"""Sets of variants that are in none."""


def read_leads(source: str | os.PathLike[str] | pl.DataFrame) -> pl.DataFrame:
    """phenotype_id and variant_id of each lead, each pair once, in the order of the table.

    Parameters
    ----------
    source : path, ``STUDY.h5::KEY`` or polars.DataFrame
        A row a lead. If it has all variants of credible sets (columns cs_id and pip), the lead of a
        set is the variant with the largest pip, the first of several; variants in no set are left out.

    Raises
    ------
    InputError, ColumnError
        As :func:`postgwas.qtl.qtl_table.read_qtl_table`.

    Examples
    --------
    >>> import polars as pl
    >>> sets = {"phenotype_id": ["g", "g", "g"], "variant_id": ["a", "b", "c"], "cs_id": [1, 1, 2]}
    >>> read_leads(pl.DataFrame({**sets, "pip": [0.3, 0.6, 1.0]}))["variant_id"].to_list()
    ['b', 'c']
    """
    import polars as pl

    frame = read_qtl_table(source)
    low = {name.lower(): name for name in frame.columns}
    cs, pip = (next((low[name] for name in names if name in low), None) for names in (_SET, _PIP))
    if cs is not None and pip is not None:
        inside = pl.col(cs).cast(pl.String).is_in(_NONE).fill_null(True).not_()
        frame = frame.filter(inside)
        n_rows = frame.height
        frame = frame.with_columns(pl.col(pip).cast(pl.Float64, strict=False).alias(pip))
        best = pl.col(pip).fill_null(-1.0).arg_max()
        frame = frame.group_by("phenotype_id", cs, maintain_order=True).agg(
            pl.col("variant_id").gather(best).first()
        )
        if frame.height < n_rows:
            log.info(
                "%d credible sets among %d rows: the variant of the largest pip leads", frame.height, n_rows
            )
    return frame.select("phenotype_id", "variant_id").unique(maintain_order=True)
