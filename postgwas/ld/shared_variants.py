"""The variants that two genotype files share, with their alleles brought to one side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import NoVariantsError

if TYPE_CHECKING:
    import polars as pl

Match = Literal["position", "id"]
_COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}


@dataclass(frozen=True, eq=False)
class SharedVariants:
    """Rows of two tables that hold the same variant, in the order of the first.

    Attributes
    ----------
    first, second : ndarray of int64, shape (K,)
        Rows of the two tables.
    flip : ndarray of bool, shape (K,)
        Where A1 of the first is A2 of the second.
    dropped : dict of str to int
        Variants of the first table that are not shared, by reason.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    flip: NDArray[np.bool_]
    dropped: dict[str, int]


def shared_variants(
    first: pl.DataFrame, second: pl.DataFrame, *, match: Match = "position"
) -> SharedVariants:
    """Match two tables of variants by position, or id, and alleles.

    Alleles are the same, swapped, or the same on the other strand. An A/T or C/G variant
    looks alike on both strands: it is taken by its letters, unless any other variant is on
    the other strand; then the files' strands differ and all A/T and C/G are dropped. A
    place or id that occurs more than once with the same alleles, in either table, is dropped.

    Parameters
    ----------
    first, second : polars.DataFrame
        CHR, CHROM, POS, SNPID, A1, A2.
    match : {"position", "id"}

    Raises
    ------
    NoVariantsError
        If nothing is shared.
    """
    import polars as pl

    place = ["_CHR", "POS"] if match == "position" else ["SNPID"]
    tables = [_keyed(table) for table in (first, second)]
    once = [table.filter(pl.struct(*place, "_KEY").is_unique()) for table in tables]
    pairs = (
        once[0]
        .join(once[1], on=[*place, "_KEY"], how="inner", suffix="_2", maintain_order="left")
        .select("_ROW", "_ROW_2", "A1", "A2", "A1_2", "A2_2")
    )
    same, swapped = _same("A1", "A2"), _same("A2", "A1")
    pairs = pairs.with_columns(
        (swapped & ~same).alias("FLIP"),
        (same | swapped).alias("STRAND"),
        (pl.col("A1").replace(_COMPLEMENT) == pl.col("A2")).alias("PALINDROMIC"),
    )
    pairs = pairs.with_columns(
        pl.when("STRAND").then("FLIP").otherwise(pl.col("A1").replace(_COMPLEMENT) == pl.col("A2_2"))
    )
    dropped = {
        "repeated": tables[0].height - once[0].height,
        "not_shared": once[0].height - pairs.height,
    }
    if not pairs["STRAND"].all():
        dropped["palindromic"] = int(pairs["PALINDROMIC"].sum())
        pairs = pairs.filter(~pl.col("PALINDROMIC"))
    if pairs.height == 0:
        counts = ", ".join(f"{number:,} {reason}" for reason, number in dropped.items())
        raise NoVariantsError(
            f"the two genotype files share no variant by {match} and alleles ({counts})",
            hint="are they of one genome build?",
        )
    return SharedVariants(
        pairs["_ROW"].to_numpy(), pairs["_ROW_2"].to_numpy(), pairs["FLIP"].to_numpy(), dropped
    )


def _keyed(table: pl.DataFrame) -> pl.DataFrame:
    """With row numbers, one name a chromosome, and a key that both strands and orders of alleles share."""
    import polars as pl

    a1, a2 = pl.col("A1").str.to_uppercase(), pl.col("A2").str.to_uppercase()
    single = (a1.str.len_bytes() == 1) & (a2.str.len_bytes() == 1)
    other1, other2 = a1.replace(_COMPLEMENT), a2.replace(_COMPLEMENT)
    own = [pl.concat_str(x, y, separator=" ") for x, y in ((a1, a2), (a2, a1))]
    opposite = [pl.concat_str(x, y, separator=" ") for x, y in ((other1, other2), (other2, other1))]
    key = pl.when(single).then(pl.min_horizontal(*own, *opposite)).otherwise(pl.min_horizontal(*own))
    return table.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("_ROW"),
        pl.coalesce(pl.col("CHR").cast(pl.String), "CHROM").alias("_CHR"),
        "POS", "SNPID", a1.alias("A1"), a2.alias("A2"),
        key.alias("_KEY"),
    )  # fmt: skip


def _same(one: str, two: str) -> pl.Expr:
    import polars as pl

    return (pl.col(one) == pl.col("A1_2")) & (pl.col(two) == pl.col("A2_2"))
