"""Which rows of a population MAMA can use: mama.py's filters, each with its count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from postgwas.meta.mama_reading import PopulationTable

#: Chromosomes that mama.py takes.
CHROMOSOMES = (*map(str, range(1, 23)), "X", "Y")

#: mama.py's name of a filter -> our reason code.
REASONS = {
    "NO NAN": "missing_value",
    "FREQ BOUNDS": "eaf_out_of_bounds",
    "SE BOUNDS": "se_not_positive",
    "CHR VALUES": "chromosome",
    "DUPLICATE ALLELE SNPS": "alleles_equal",
    "PALINDROMIC SNPS": "palindromic",
    "INVALID ALLELES": "not_a_snp",
    "NEGATIVE GWAS P": "negative_p",
    "N BOUNDS": "n_not_positive",
}

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}


@dataclass(frozen=True)
class FilterRules:
    """Rules of :func:`apply_filters`.

    Attributes
    ----------
    freq_bounds : (float, float)
        Least and largest frequency of the effect allele, both taken.
    chromosomes : sequence of str
        In upper case.
    palindromic : bool
        Take A/T and C/G SNPs too.
    """

    freq_bounds: tuple[float, float] = (0.01, 0.99)
    chromosomes: Sequence[str] = CHROMOSOMES
    palindromic: bool = False


@dataclass(frozen=True)
class Filtered:
    """Rows that passed.

    Attributes
    ----------
    frame : polars.DataFrame
        Each SNP once (the first row that passed).
    counts : dict
        mama.py's name of a filter -> rows that it catches; a row may be caught by several.
    n_duplicates : int
    rejected : polars.DataFrame
        ROW, SNPID, REASON (the first filter that catches the row).
    """

    frame: pl.DataFrame
    counts: dict[str, int]
    n_duplicates: int
    rejected: pl.DataFrame


def apply_filters(table: PopulationTable, rules: FilterRules) -> Filtered:
    """Set rows aside that MAMA cannot use, each with a reason."""
    import polars as pl

    frame = table.frame
    caught = frame.select(
        condition.fill_null(False).alias(name) for name, condition in _conditions(frame, rules).items()
    )
    reason = pl.coalesce(pl.when(caught[name]).then(pl.lit(REASONS[name])) for name in caught.columns).alias(
        "REASON"
    )
    marked = frame.with_columns(reason)
    passed = marked.filter(pl.col("REASON").is_null()).drop("REASON")
    first = passed["SNP"].is_first_distinct()
    repeated = passed.filter(~first).select("ROW", "SNP", pl.lit("duplicate").alias("REASON"))
    rejected = pl.concat(
        [marked.filter(pl.col("REASON").is_not_null()).select("ROW", "SNP", "REASON"), repeated]
    )
    return Filtered(
        frame=passed.filter(first),
        counts={name: int(caught[name].sum()) for name in caught.columns},
        n_duplicates=repeated.height,
        rejected=pl.concat([table.rejected, rejected.rename({"SNP": "SNPID"}).cast(table.rejected.schema)]),
    )  # fmt: skip


def _conditions(frame: pl.DataFrame, rules: FilterRules) -> dict[str, pl.Expr]:
    """What each filter catches."""
    import polars as pl

    low, high = rules.freq_bounds
    a1, a2 = pl.col("A1"), pl.col("A2")
    needed = ["SNP", "CHR", "BP", "A1", "A2", "FREQ", "BETA", "SE"]
    if frame["P"].null_count() < frame.height:
        needed.append("P")
    conditions = {
        "NO NAN": pl.any_horizontal(pl.col(needed).is_null())
        | pl.any_horizontal(~pl.col("FREQ", "BETA", "SE").is_finite()),
        "FREQ BOUNDS": ~pl.col("FREQ").is_between(low, high),
        "SE BOUNDS": pl.col("SE") <= 0,
        "CHR VALUES": ~pl.col("CHR").is_in(list(rules.chromosomes)),
        "DUPLICATE ALLELE SNPS": a1 == a2,
        "PALINDROMIC SNPS": a1.replace_strict(COMPLEMENT, default=None, return_dtype=pl.String) == a2,
        "INVALID ALLELES": ~a1.is_in(list(COMPLEMENT)) | ~a2.is_in(list(COMPLEMENT)),
        "NEGATIVE GWAS P": pl.col("P") < 0,
    }
    if rules.palindromic:
        del conditions["PALINDROMIC SNPS"]
    if "N" in frame.columns:
        conditions["N BOUNDS"] = pl.col("N").cast(pl.Float64, strict=False) <= 0
    return conditions
