"""Which alleles of a record are variants of their own, and what split ones are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl

Multiallelic = Literal["split", "skip"]
"""Records with several ALT alleles: one variant for each, or left out."""

NO_ALLELES = frozenset({"*", "<*>", "<NON_REF>", ".", ""})
"""ALTs that stand for a deletion further up, or for whatever else there might be."""


def variant_alleles(
    alts: Sequence[str], tally: Counter[str], notes: Counter[str], multiallelic: Multiallelic = "split"
) -> list[int]:
    """Numbers (1, 2, ...) of the ALT alleles that become variants; what happens to the others is counted.

    Parameters
    ----------
    alts : sequence of str
        ALT alleles of one record.
    tally : Counter
        Gets records and alleles that are left out, by reason.
    notes : Counter
        Gets records that are split and symbolic alleles that are kept.
    multiallelic : {"split", "skip"}

    Examples
    --------
    >>> tally, notes = Counter(), Counter()
    >>> variant_alleles(["C", "*", "<DEL>"], tally, notes)
    [1, 3]
    >>> dict(tally), dict(notes)
    ({'no_allele_of_its_own': 1}, {'split_records': 1, 'symbolic_alleles': 1})
    """
    if len(alts) > 1 and multiallelic == "skip":
        tally["multi_allelic"] += 1
        return []
    kept = [number for number, alt in enumerate(alts, start=1) if alt not in NO_ALLELES]
    if len(kept) < len(alts):
        tally["no_allele_of_its_own"] += len(alts) - len(kept)
    if not alts:
        tally["no_alternate_allele"] += 1
    if len(kept) > 1:
        notes["split_records"] += 1
    symbolic = sum(alts[number - 1][0] == "<" for number in kept)
    if symbolic:
        notes["symbolic_alleles"] += symbolic
    return kept


def named_apart(variants: pl.DataFrame, split: pl.Series) -> pl.DataFrame:
    """Ids that are unique for the variants of one record.

    An id "." becomes CHROM:POS:REF:ALT; that of a variant which shares its record with
    others ID:REF:ALT.

    Parameters
    ----------
    variants : polars.DataFrame
        CHROM, SNPID, POS, A1 (ALT), A2 (REF).
    split : polars.Series of Boolean
        Whether the record gave more than one variant.
    """
    import polars as pl

    if not split.any() and not (variants["SNPID"] == ".").any():
        return variants
    alleles = pl.concat_str("A2", "A1", separator=":")
    place = pl.concat_str("CHROM", pl.col("POS").cast(pl.String), alleles, separator=":")
    name = pl.when(split).then(pl.concat_str("SNPID", alleles, separator=":")).otherwise("SNPID")
    return variants.with_columns(pl.when(pl.col("SNPID") == ".").then(place).otherwise(name).alias("SNPID"))


def record_ids(variants: pl.DataFrame) -> pl.Series:
    """Ids as the records had them: those of :func:`named_apart` without their alleles.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"SNPID": ["rs1:A:C", "rs2", "1:5:A:C"], "A1": "C", "A2": "A"})
    >>> record_ids(table).to_list()
    ['rs1', 'rs2', '1:5:A:C']
    """
    import polars as pl

    ending = pl.concat_str(pl.lit(":"), "A2", pl.lit(":"), "A1")
    length = pl.col("SNPID").str.len_chars().cast(pl.Int64) - ending.str.len_chars().cast(pl.Int64)
    short = pl.col("SNPID").str.slice(0, length.clip(0))
    named = pl.col("SNPID").str.ends_with(ending) & ~short.str.contains(":", literal=True) & (short != "")
    return variants.select(pl.when(named).then(short).otherwise("SNPID").alias("SNPID")).to_series()
