"""The variants of one table found in another: by chromosome, position and alleles, or by id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.allele_rules import (
    FEWEST_FOR_STRAND,
    NO_ALLELES,
    NOT_SHARED,
    OTHER_ALLELES,
    PALINDROMIC,
    PALINDROMIC_UNKNOWN,
    SEVERAL_AT_PLACE,
    TWICE,
    AlleleCounts,
    AlleleRules,
)
from postgwas.errors import InputError

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AlleleMatch:
    """Which rows of two tables are the same variant.

    Attributes
    ----------
    rows, other_rows : ndarray of int64, shape (K,)
        Rows of the first table, ascending, and of the other.
    sign : ndarray of float64, shape (K,)
        -1 where the first table's effect is of the other table's second allele.
    reason : polars.Series of str
        For each row of the first table why it is left out; null where it is not.
    counts : AlleleCounts
    """

    rows: Rows
    other_rows: Rows
    sign: Floats
    reason: pl.Series
    counts: AlleleCounts


@dataclass(frozen=True, eq=False)
class _Found:
    """For each row of the first table, -1 for none: its row in the other, and how they relate."""

    other_row: Rows
    sign: Floats
    turned: Flags


def match_alleles(
    frame: pl.DataFrame,
    other: pl.DataFrame,
    *,
    rules: AlleleRules | None = None,
    name: str = "trait 1",
    other_name: str = "trait 2",
) -> AlleleMatch:
    """Find the variants of one table in another.

    Parameters
    ----------
    frame, other : polars.DataFrame
        CHR (codes or names) and POS, or SNPID where one side has no places; EA, NEA (A1, A2 are taken as
        these), EAF where it is known.
    rules : AlleleRules, optional
    name, other_name : str
        For counts and messages.

    Returns
    -------
    AlleleMatch
        Alleles of SNPs on the other strand are turned; indels must have the same letters. Of a variant that
        occurs twice the first row is taken. Without alleles on one side variants are found by place or id
        alone and keep their sign.

    Raises
    ------
    InputError
        If neither places nor ids are there on both sides.
    UsageError
        If a rule is out of range.

    Examples
    --------
    >>> import polars as pl
    >>> one = pl.DataFrame({"CHR": [1, 1], "POS": [5, 9], "EA": ["A", "C"], "NEA": ["G", "T"]})
    >>> two = pl.DataFrame({"CHR": [1, 1], "POS": [9, 5], "EA": ["A", "G"], "NEA": ["G", "A"]})
    >>> found = match_alleles(one, two)
    >>> found.other_rows.tolist(), found.sign.tolist(), found.counts.n_other_strand
    ([1, 0], [-1.0, -1.0], 1)
    """
    import polars as pl

    chosen = rules or AlleleRules()
    chosen.check()
    keys = _keys(frame, other, name, other_name)
    one, two = _keyed(frame, keys), _keyed(other, keys)
    known = "EA" in one.columns and "EA" in two.columns
    found = _by_alleles(one, two, keys) if known else _by_place(one, two, keys)
    reason = _reasons(one, two, keys, found, known=known)
    palindromic = _palindromic(one) & (found.other_row >= 0) if known else np.zeros(one.height, np.bool_)
    found, reason, inferred = _strands(one, two, found, reason, palindromic, chosen)
    kept = np.flatnonzero(found.other_row >= 0)
    dropped = dict(reason.drop_nulls().value_counts(sort=True).iter_rows())
    signs = found.sign[kept]
    counts = AlleleCounts(
        name, other_name, frame.height, other.height, kept.size, int((signs > 0).sum()),
        int((signs < 0).sum()), int(found.turned[kept].sum()), int(palindromic[kept].sum()),
        int(inferred[kept].sum()), dict(sorted(dropped.items())), keys == ["SNPID"], known,
    )  # fmt: skip
    return AlleleMatch(kept, found.other_row[kept], signs, reason.cast(pl.String), counts)


def _keys(frame: pl.DataFrame, other: pl.DataFrame, name: str, other_name: str) -> list[str]:
    if all({"CHR", "POS"} <= set(one.columns) for one in (frame, other)):
        return ["CHR", "POS"]
    if all("SNPID" in one.columns for one in (frame, other)):
        return ["SNPID"]
    raise InputError(
        f"{name} and {other_name} have neither places nor ids in common: expected CHR and POS, or SNPID"
    )


def _keyed(frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Keys, EA, NEA in capitals, and both in the order of letters; EAF."""
    import polars as pl

    from postgwas.sumstats.values import chromosomes_from_text

    columns = {name: frame[name] for name in keys}
    if "CHR" in columns and columns["CHR"].dtype == pl.String:
        columns["CHR"] = chromosomes_from_text(columns["CHR"])
    made = pl.DataFrame(columns).with_row_index("row")
    if "CHR" in columns:
        made = made.with_columns(pl.col("CHR", "POS").cast(pl.Int64))
    for ours, theirs in (("EA", "A1"), ("NEA", "A2")):
        there = next((name for name in (ours, theirs) if name in frame.columns), None)
        if there is not None:
            made = made.with_columns(frame[there].cast(pl.String).str.to_uppercase().alias(ours))
    if "EA" in made.columns and "NEA" not in made.columns:
        made = made.drop("EA")
    if "EAF" in frame.columns:
        made = made.with_columns(frame["EAF"].cast(pl.Float64).alias("EAF"))
    return made if "EA" not in made.columns else made.with_columns(_pair("EA", "NEA"))


def _pair(first: str, second: str) -> list[pl.Expr]:
    import polars as pl

    both = pl.col(first).is_not_null() & pl.col(second).is_not_null()
    low, high = pl.min_horizontal(first, second), pl.max_horizontal(first, second)
    return [pl.when(both).then(low).alias("low"), pl.when(both).then(high).alias("high")]


def _by_alleles(one: pl.DataFrame, two: pl.DataFrame, keys: list[str]) -> _Found:
    """The same letters first; of SNPs left over, those of the other strand."""
    import polars as pl

    on = [*keys, "low", "high"]
    theirs = two.select(*on, pl.col("EA").alias("other_EA"), pl.col("row").cast(pl.Int64).alias("other_row"))
    theirs = theirs.unique(on, keep="first", maintain_order=True)
    direct = one.join(theirs, on=on, how="left", maintain_order="left")
    complement = [_complement("EA").alias("EA"), _complement("NEA").alias("NEA")]
    snp = (pl.col("EA").is_in(["A", "C", "G", "T"]) & pl.col("NEA").is_in(["A", "C", "G", "T"])).fill_null(
        False
    )
    turned = one.select("row", *keys, *complement, snp.alias("snp")).with_columns(_pair("EA", "NEA"))
    turned = turned.filter("snp").join(theirs, on=on, how="inner", maintain_order="left")
    rows = direct["other_row"].fill_null(-1).to_numpy().copy()
    sign = np.where((direct["EA"] == direct["other_EA"]).fill_null(True).to_numpy(), 1.0, -1.0)
    flipped = np.zeros(one.height, np.bool_)
    at = turned["row"].to_numpy().astype(np.int64)
    at, take = at[rows[at] < 0], rows[at] < 0
    rows[at] = turned["other_row"].to_numpy()[take]
    sign[at] = np.where((turned["EA"] == turned["other_EA"]).to_numpy()[take], 1.0, -1.0)
    flipped[at] = True
    return _first_only(_Found(rows, sign, flipped))


def _by_place(one: pl.DataFrame, two: pl.DataFrame, keys: list[str]) -> _Found:
    """Without alleles: places and ids that either side has once."""
    import polars as pl

    theirs = two.filter(~pl.struct(keys).is_duplicated()).select(
        *keys, pl.col("row").cast(pl.Int64).alias("other_row")
    )
    joined = one.join(theirs, on=keys, how="left", maintain_order="left")
    rows = joined["other_row"].fill_null(-1).to_numpy().copy()
    rows[one.select(pl.struct(keys).is_duplicated()).to_series().to_numpy()] = -1
    return _Found(rows, np.ones(one.height), np.zeros(one.height, np.bool_))


def _first_only(found: _Found) -> _Found:
    """Of rows that are one variant of the other table, the first; the same letters go before a strand."""
    rows = found.other_row.copy()
    order = np.lexsort((np.arange(rows.size), found.turned, rows))
    ordered = rows[order]
    again = np.append(False, ordered[1:] == ordered[:-1]) & (ordered >= 0)
    rows[order[again]] = -2
    return _Found(rows, found.sign, found.turned)


def _reasons(
    one: pl.DataFrame, two: pl.DataFrame, keys: list[str], found: _Found, *, known: bool
) -> pl.Series:
    import polars as pl

    there = one.join(two.select(keys).unique(), on=keys, how="semi")["row"].to_numpy().astype(np.int64)
    placed = np.zeros(one.height, np.bool_)
    placed[there] = True
    reason = np.full(one.height, None, object)
    lost = found.other_row < 0
    reason[lost & ~placed] = NOT_SHARED
    reason[lost & placed] = OTHER_ALLELES if known else SEVERAL_AT_PLACE
    if known:
        reason[lost & placed & one["low"].is_null().to_numpy()] = NO_ALLELES
        reason[found.other_row == -2] = TWICE
    return pl.Series("REASON", reason.tolist(), dtype=pl.String)


def _complement(name: str) -> pl.Expr:
    import polars as pl

    return pl.col(name).replace_strict({"A": "T", "C": "G", "G": "C", "T": "A"}, default=None)


def _palindromic(one: pl.DataFrame) -> Flags:
    pair = one["low"] + one["high"]
    flags: Flags = pair.is_in(["AT", "CG"]).fill_null(False).to_numpy()
    return flags


def _strands(
    one: pl.DataFrame,
    two: pl.DataFrame,
    found: _Found,
    reason: pl.Series,
    doubtful: Flags,
    rules: AlleleRules,
) -> tuple[_Found, pl.Series, Flags]:
    """Palindromic SNPs by the rule: kept, turned or left out; and which frequencies decided."""
    rows, sign, turned = found.other_row.copy(), found.sign.copy(), found.turned.copy()
    inferred = np.zeros(rows.size, np.bool_)
    if rules.palindromic == "keep" or not doubtful.any():
        return found, reason, inferred
    out = doubtful
    if rules.palindromic == "infer":
        ours, theirs = _frequencies(one, two, rows)
        ours = np.where(sign > 0, ours, 1.0 - ours)
        limit = rules.palindromic_maf
        with np.errstate(invalid="ignore"):
            clear = (np.minimum(ours, 1 - ours) <= limit) & (np.minimum(theirs, 1 - theirs) <= limit)
            other = np.abs(1.0 - ours - theirs) < np.abs(ours - theirs)
        inferred = doubtful & clear
        sign[inferred & other] *= -1.0
        turned[inferred & other] = True
        told = (rows >= 0) & ~doubtful & _snps(one)
        one_strand = int(told.sum()) >= FEWEST_FOR_STRAND and not bool((turned & told).any())
        out = doubtful & ~inferred & (not one_strand)
    rows[out] = -1
    why = PALINDROMIC if rules.palindromic == "drop" else PALINDROMIC_UNKNOWN
    return _Found(rows, sign, turned), reason.scatter(np.flatnonzero(out), why), inferred


def _frequencies(one: pl.DataFrame, two: pl.DataFrame, rows: Rows) -> tuple[Floats, Floats]:
    nothing = np.full(one.height, np.nan)
    if "EAF" not in one.columns or "EAF" not in two.columns:
        return nothing, nothing
    ours = one["EAF"].fill_null(np.nan).to_numpy()
    theirs = two["EAF"].fill_null(np.nan).to_numpy()
    return ours, np.where(rows >= 0, theirs[np.maximum(rows, 0)], np.nan)


def _snps(one: pl.DataFrame) -> Flags:
    single = (one["EA"].str.len_bytes() == 1) & (one["NEA"].str.len_bytes() == 1)
    flags: Flags = single.fill_null(False).to_numpy()
    return flags
