"""Which genes go on, and for each of the others the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import InputError, UsageError
from postgwas.expression.counts import Floats, Mask
from postgwas.expression.filters import check_limits, filter_by_expression, threshold_masks
from postgwas.expression.matrix import ExpressionMatrix
from postgwas.expression.per_million import cpm
from postgwas.expression.prepare_options import FilterOptions

if TYPE_CHECKING:
    import polars as pl

#: Reason codes in the order in which they are given, and what they say.
REASONS = {
    "no_tpm": "without TPM",
    "low_counts": "low counts",
    "low_tpm": "low TPM",
    "low_counts_and_tpm": "low counts and low TPM",
    "low_expression": "low counts for edgeR's filter",
    "constant": "constant expression",
    "no_place": "without a place",
    "other_chromosome": "on other chromosomes",
}


@dataclass(eq=False)
class GeneAccount:
    """The reason why each gene is left out, empty where it is kept.

    Attributes
    ----------
    reasons : ndarray of str, shape (genes,)
    """

    reasons: NDArray[np.object_]

    @classmethod
    def of(cls, n_genes: int) -> GeneAccount:
        """All genes kept."""
        return cls(np.full(n_genes, "", dtype=object))

    @property
    def kept(self) -> Mask:
        return np.asarray(self.reasons == "")

    def drop(self, genes: Mask, reason: str) -> None:
        """Leave out those of `genes` that are still there."""
        self.reasons[genes & self.kept] = reason

    def counts(self) -> dict[str, int]:
        """Reason, in words, to number of genes; those that occur."""
        found = {text: int((self.reasons == code).sum()) for code, text in REASONS.items()}
        return {text: count for text, count in found.items() if count}


def filter_genes(
    account: GeneAccount,
    counts: Floats,
    tpm: Floats | None,
    options: FilterOptions,
    *,
    group: ArrayLike | None = None,
    norm_factors: Floats | None = None,
) -> None:
    """Drop genes that are not expressed enough.

    Parameters
    ----------
    account : GeneAccount
    counts : ndarray, shape (genes, samples)
    tpm : ndarray, shape (genes, samples), optional
        NaN rows where a gene has none.
    options : FilterOptions
        With its limits filled in.
    group : array-like, shape (samples,), optional
    norm_factors : ndarray, shape (samples,), optional
        edgeR's filter takes effective library sizes.

    Raises
    ------
    UsageError
        A limit out of range; TPM needed and not there.
    """
    if options.rule == "none":
        return
    if options.rule == "edger":
        kept = filter_by_expression(
            counts,
            group=group,
            norm_factors=norm_factors,
            min_count=options.min_count or 0.0,
            min_total_count=options.min_total_count,
            large_n=options.large_n,
            min_prop=options.min_prop,
        )
        account.drop(~kept, "low_expression")
        return
    limits = {
        "min_count": options.min_count or 0.0,
        "min_tpm": options.min_tpm or 0.0,
        "min_share": options.min_share or 0.0,
    }
    check_limits(**limits)
    abundance = _abundance(counts, tpm, options)
    if abundance is not None:
        unknown = genes_without(abundance)
        account.drop(unknown, "no_tpm")
        abundance = np.where(unknown[:, None], 0.0, abundance)
    enough, high = threshold_masks(counts, abundance, strict_tpm=options.rule == "gtex", **limits)
    account.drop(~enough & ~high, "low_counts_and_tpm")
    account.drop(~enough, "low_counts")
    account.drop(~high, "low_tpm")


def _abundance(counts: Floats, tpm: Floats | None, options: FilterOptions) -> Floats | None:
    if not options.needs_tpm:
        return None
    if tpm is not None:
        return tpm
    if options.cpm_for_tpm:
        return cpm(counts)
    raise UsageError(
        f"--filter {options.rule} needs TPM: there is no --tpm, and gene lengths are not known",
        hint="--tpm FILE, --gtf or --lengths FILE, --cpm_for_tpm to look at CPM instead, or --filter edger",
    )


def genes_without(tpm: Floats) -> Mask:
    """Rows in which a value is missing."""
    return np.asarray(np.isnan(tpm).any(axis=1), dtype=np.bool_)


def constant_genes(values: Floats) -> Mask:
    """Rows whose values are all the same."""
    return np.asarray(values.max(axis=1, initial=-np.inf) == values.min(axis=1, initial=np.inf))


def drop_elsewhere(
    account: GeneAccount, matrix: ExpressionMatrix, chromosomes: list[str] | None, *, places: bool
) -> None:
    """Drop genes without a place (where a place is needed), and those on chromosomes not asked for.

    Raises
    ------
    UsageError
        Something that is no chromosome.
    InputError
        No gene has a place.
    """
    import polars as pl

    from postgwas.sumstats.values import chromosome_code

    known = matrix.genes.select(pl.col("CHROM").is_not_null() & pl.col("TSS").is_not_null()).to_series()
    if (places or chromosomes is not None) and not known.any():
        raise InputError(
            f"{matrix.path}: it does not say where its genes lie",
            hint="--gtf FILE with their strands, or the .parquet of import, which keeps places; --no_bed for "
            "a matrix without places",
        )
    if places:
        account.drop(~known.to_numpy(), "no_place")
    if chromosomes is None:
        return
    codes = {name: chromosome_code(name) for name in chromosomes}
    unknown = [name for name, code in codes.items() if code is None]
    if unknown:
        raise UsageError(f"--chr {unknown[0]}: not a chromosome", hint="1 to 22, X, Y or MT")
    wanted = matrix.genes["CHR"].is_in([c for c in codes.values() if c is not None]).fill_null(False)
    account.drop(~wanted.to_numpy(), "other_chromosome")


def account_table(account: GeneAccount, matrix: ExpressionMatrix) -> pl.DataFrame:
    """A row a gene: where it lies, whether it is kept, and the reason code if not."""
    import polars as pl

    table = matrix.genes.select("GENE_ID", "GENE_NAME", "CHROM", "TSS", "STRAND")
    return table.with_columns(
        pl.Series("KEPT", account.kept.astype(np.int8)), pl.Series("REASON", account.reasons.tolist())
    )
