"""One row for each variant of a chromosome, in genome order whatever the order of the file."""

from __future__ import annotations

import polars as pl

_BEST_FIRST = (("N", True), ("SE", False), ("P", False), ("BETA", False), ("Z", False), ("SNPID", False))
"""Of rows of one variant the largest N is kept, then the smallest SE; the rest only settles ties."""


def sort_variants(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows by position, then alleles, then as :data:`_BEST_FIRST`, then line."""
    position = frame["POS"]
    if position.is_sorted() and not (position == position.shift()).any():
        return frame
    ties = [(name, down) for name, down in _BEST_FIRST if name in frame.columns]
    # Sorting by many columns is slow: only rows that share their position need it.
    frame = frame.sort("POS", maintain_order=True)
    same = (pl.col("POS") == pl.col("POS").shift()).fill_null(False)
    shared = frame.select((same | same.shift(-1).fill_null(False)).alias("shared"))["shared"]
    at = shared.arg_true()
    if not at.len():
        return frame
    part = frame.filter(shared).with_columns(_pair("_FIRST", "_SECOND"))
    order = part.with_row_index("_AT").sort(
        ["POS", "_FIRST", "_SECOND", *(name for name, _ in ties), "ROW"],
        descending=[False, False, False, *(down for _, down in ties), False],
        nulls_last=True,
    )["_AT"]
    rows = pl.select(pl.int_range(frame.height, dtype=pl.UInt32).alias("rows"))["rows"]
    return frame[rows.scatter(at, at.gather(order).cast(pl.UInt32))]


def duplicated(frame: pl.DataFrame) -> pl.Series:
    """Rows of a sorted frame whose position and alleles stand in a row before them.

    Where REF is told from ALT, a variant is REF and ALT. Else a single-base variant is its two
    alleles in either order, but an indel is not: CG/C and C/CG may be a deletion and an insertion.
    """
    same = (pl.col("POS") == pl.col("POS").shift()).fill_null(False)
    if not frame.select(same.any()).item():
        return pl.Series("duplicate", [False]).new_from_index(0, frame.height)
    names = ("_FIRST", "_SECOND")
    equal = [pl.col(name) == pl.col(name).shift() for name in names]
    twice = pl.all_horizontal(same, *equal).fill_null(False).alias("duplicate")
    return frame.with_columns(_pair(*names)).select(twice)["duplicate"]


def _pair(first: str, second: str) -> list[pl.Expr]:
    alt = pl.col("EFFECT_IS_ALT")
    single = (pl.col("EA").str.len_bytes() == 1) & (pl.col("NEA").str.len_bytes() == 1)
    ordered = pl.when(alt.is_null() & single)
    return [
        ordered.then(pl.min_horizontal("EA", "NEA"))
        .otherwise(pl.when(alt.fill_null(True)).then("NEA").otherwise("EA"))
        .alias(first),
        ordered.then(pl.max_horizontal("EA", "NEA"))
        .otherwise(pl.when(alt.fill_null(True)).then("EA").otherwise("NEA"))
        .alias(second),
    ]
