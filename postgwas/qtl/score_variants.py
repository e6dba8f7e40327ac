"""Weights of a polygenic score from summary statistics, on the alleles of the genotypes."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import ColumnError, NoVariantsError
from postgwas.genotypes.genotypes import Genotypes, Moments
from postgwas.qtl.projection import Floats
from postgwas.sumstats.harmonise.match import KEPT, match_chromosome
from postgwas.sumstats.harmonise.outcomes import Outcome

if TYPE_CHECKING:
    import polars as pl

    from postgwas.sumstats.table import Sumstats

_TEXT = {int(outcome): outcome.text for outcome in Outcome}

Rows = NDArray[np.int64]
Palindromic = Literal["drop", "infer", "keep"]


@dataclass(frozen=True, eq=False)
class ScoreVariants:
    """Variants that both sides have, by row of the genotypes; all of shape (K,).

    Attributes
    ----------
    row : ndarray of int64
        Rows of the genotypes' variants, ascending, each once.
    weight : ndarray of float64
        Effect of a copy of A1.
    counts_a1 : ndarray of bool
        Whether the effect allele of the summary statistics is A1; else a score counts A2.
    mlog10p : ndarray of float64
        NaN where there is no P.
    outcomes : mapping of str to int
        Rows of the summary statistics by what became of them.
    """

    row: Rows
    weight: Floats
    counts_a1: NDArray[np.bool_]
    mlog10p: Floats
    outcomes: dict[str, int]

    def of(self, mask: NDArray[np.bool_]) -> ScoreVariants:
        """Some of the variants."""
        return ScoreVariants(
            self.row[mask], self.weight[mask], self.counts_a1[mask], self.mlog10p[mask], self.outcomes
        )


def score_variants(
    genotypes: Genotypes,
    moments: Moments,
    sumstats: Sumstats,
    *,
    palindromic: Palindromic = "infer",
    palindromic_maf: float = 0.4,
) -> ScoreVariants:
    """Match summary statistics to genotypes by place and alleles, or by id where they have no places.

    Parameters
    ----------
    genotypes : Genotypes
    moments : Moments
        Of all its variants, for the frequency of A1.
    sumstats : Sumstats
        With BETA.
    palindromic : {"infer", "drop", "keep"}
        A/T and C/G SNPs, as in :func:`postgwas.sumstats.harmonise.match.match_chromosome`.
    palindromic_maf : float
        With "infer": largest minor allele frequency on both sides.

    Raises
    ------
    ColumnError
        If there is no BETA, or neither places nor ids.
    NoVariantsError
        If nothing is left; the message counts where it went.
    """
    frame = _rows(sumstats)
    source = sumstats.source
    table = genotypes.variants
    outcomes: Counter[str] = Counter()
    if sumstats.rejected.height:
        outcomes[Outcome.UNREADABLE.text] += sumstats.rejected.height
    frame, by_id = _placed(frame, table, source, outcomes)
    parts = []
    for code in sorted(frame["CHR"].drop_nulls().unique().to_list()):
        part = frame.filter(frame["CHR"] == code).sort("POS", "ROW", nulls_last=True)
        here = np.flatnonzero((table["CHR"] == code).fill_null(False).to_numpy())
        here = here[np.argsort(table["POS"].to_numpy()[here], kind="stable")]
        parts.append(_of_chromosome(
            part, table, here, moments, outcomes, by_id=by_id, palindromic=palindromic,
            palindromic_maf=palindromic_maf,
        ))  # fmt: skip
    unknown = frame["CHR"].null_count()
    if unknown:
        outcomes[Outcome.CHROMOSOME_UNKNOWN.text] += unknown
    return _once(parts, outcomes, source, genotypes.path)


def _rows(sumstats: Sumstats) -> pl.DataFrame:
    import polars as pl

    frame = sumstats.frame
    if "BETA" not in frame.columns:
        raise ColumnError(
            f"{sumstats.source}: no effects to weigh with (BETA, or an odds ratio); found "
            f"{', '.join(sumstats.header)[:80]}",
            hint="postgwas harmonise names columns and derives effects",
        )
    for name in ("EA", "NEA"):
        if name not in frame.columns:
            which = "effect" if name == "EA" else "other"
            raise ColumnError(f"{sumstats.source}: no column of the {which} allele")
    have_places = {"CHR", "POS"} <= set(frame.columns) and frame["POS"].is_not_null().any()
    if not have_places and "SNPID" not in frame.columns:
        raise ColumnError(f"{sumstats.source}: neither places (CHR, POS) nor ids of variants (SNPID)")
    if not have_places:
        frame = frame.drop("CHR", "POS", strict=False)
    if "MLOG10P" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.Float64).alias("MLOG10P"))
    return frame


def _placed(
    frame: pl.DataFrame, table: pl.DataFrame, source: str, outcomes: Counter[str]
) -> tuple[pl.DataFrame, bool]:
    """Rows with CHR and POS; of a file without, those of the genotypes' variant of that id."""
    import polars as pl

    if "POS" in frame.columns:
        return frame, False
    known = table.select("SNPID", "CHR", "POS").unique("SNPID", keep="none", maintain_order=True)
    placed = frame.join(known, on="SNPID", how="left", maintain_order="left")
    lost = placed["POS"].null_count()
    if lost:
        outcomes[Outcome.ID_UNKNOWN.text] += lost
    return placed.filter(pl.col("POS").is_not_null()), True


def _of_chromosome(
    part: pl.DataFrame,
    table: pl.DataFrame,
    here: Rows,
    moments: Moments,
    outcomes: Counter[str],
    *,
    by_id: bool,
    palindromic: Palindromic,
    palindromic_maf: float,
) -> pl.DataFrame:
    """ROW, VARIANT, WEIGHT, COUNTS_A1, MLOG10P of rows that match."""
    import polars as pl

    reference = pl.DataFrame(
        {
            "SNPID": table["SNPID"].gather(here), "POS": table["POS"].gather(here),
            "REF": table["A2"].gather(here), "ALT": table["A1"].gather(here),
            "AF": pl.Series(moments.frequency[here], dtype=pl.Float32).fill_nan(None),
        }
    )  # fmt: skip
    matched = match_chromosome(
        part, reference, palindromic=palindromic, palindromic_maf=palindromic_maf, effect_allele="alt",
        by_id=np.full(part.height, True) if by_id else None,
    )  # fmt: skip
    outcome = matched.outcome.copy()
    beta = part["BETA"].cast(pl.Float64).to_numpy()
    outcome[KEPT[outcome] & ~np.isfinite(beta)] = Outcome.STATISTIC_BAD
    codes, numbers = np.unique(outcome, return_counts=True)
    for code, number in zip(codes.tolist(), numbers.tolist()):
        outcomes[_TEXT[code]] += number
    kept = np.flatnonzero(KEPT[outcome])
    weight = np.where(matched.flip, -beta, beta)[kept]
    return pl.DataFrame(
        {
            "ROW": part["ROW"].gather(kept).cast(pl.Int64), "VARIANT": here[matched.ref_row[kept]],
            "WEIGHT": weight, "COUNTS_A1": ~matched.flip[kept],
            "MLOG10P": part["MLOG10P"].cast(pl.Float64).fill_null(float("nan")).gather(kept),
        }
    )  # fmt: skip


def _once(parts: list[pl.DataFrame], outcomes: Counter[str], source: str, path: str) -> ScoreVariants:
    """One row a variant: of several the smallest P, then the first line."""
    import polars as pl

    whole = pl.concat(parts) if parts else pl.DataFrame()
    if not whole.height:
        told = ", ".join(f"{number:,} {why}" for why, number in outcomes.items()) or "it has no rows"
        raise NoVariantsError(
            f"{source}: none of its variants is one of {path} ({told})", hint="are both of one build?"
        )
    ordered = whole.sort(
        "VARIANT", pl.col("MLOG10P").fill_nan(None), "ROW", descending=[False, True, False], nulls_last=True
    )
    single = ordered.unique("VARIANT", keep="first", maintain_order=True)
    if twice := ordered.height - single.height:
        outcomes[Outcome.DUPLICATE.text] += twice
    return ScoreVariants(
        single["VARIANT"].to_numpy().astype(np.int64), single["WEIGHT"].to_numpy(),
        single["COUNTS_A1"].to_numpy(), single["MLOG10P"].to_numpy(), dict(outcomes),
    )  # fmt: skip


def read_weights(path: str | os.PathLike[str], columns: dict[str, str] | None = None) -> Sumstats:
    """Summary statistics with what a score needs."""
    from postgwas.sumstats.run import read_sumstats

    wanted = ("SNPID", "CHR", "POS", "EA", "NEA", "EAF", "BETA", "MLOG10P")
    return read_sumstats(path, columns=columns, wanted=wanted)
