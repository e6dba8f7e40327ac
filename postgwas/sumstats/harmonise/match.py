"""Match the rows of one chromosome to a reference by position and alleles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from postgwas.sumstats.harmonise.frequency import FrequencySummary

if TYPE_CHECKING:
    import polars as pl

Palindromic = Literal["drop", "infer", "keep"]
EffectAllele = Literal["alt", "ref", "given"]
Unmatched = Literal["drop", "keep"]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Matched:
    """What matching found, one entry a row of the frame.

    Attributes
    ----------
    ref_row : ndarray of int32, shape (n,)
        Row of the reference's frame; -1 = none.
    outcome : ndarray of uint8, shape (n,)
        Codes of :class:`~postgwas.sumstats.harmonise.outcomes.Outcome`.
    complement : ndarray of bool, shape (n,)
        The row is on the other strand.
    flip : ndarray of bool, shape (n,)
        BETA and Z change sign and EAF becomes 1 - EAF, for the effect allele that was asked for.
    effect_is_alt : ndarray of bool, shape (n,)
        The effect allele of the result is the reference's ALT (else its REF).
    remark : ndarray of uint8, shape (n,)
        Bits of :class:`~postgwas.sumstats.harmonise.outcomes.Remark`.
    af : ndarray of float64, shape (n,)
        The reference's frequency of the result's effect allele; NaN if unknown.
    frequencies : FrequencySummary
        EAF against the reference over rows that are not palindromic.
    """

    ref_row: npt.NDArray[np.int32]
    outcome: npt.NDArray[np.uint8]
    complement: BoolArray
    flip: BoolArray
    effect_is_alt: BoolArray
    remark: npt.NDArray[np.uint8]
    af: npt.NDArray[np.float64]
    frequencies: FrequencySummary = field(default_factory=FrequencySummary)

    @property
    def kept(self) -> BoolArray:
        """Rows that go into the harmonised table."""
        raise NotImplementedError


def match_chromosome(
    frame: pl.DataFrame,
    reference: pl.DataFrame,
    *,
    palindromic: Palindromic = "drop",
    palindromic_maf: float = 0.4,
    effect_allele: EffectAllele = "alt",
    unmatched: Unmatched = "drop",
    eaf_limit: float = 0.2,
    maf_like: bool | None = None,
    by_id: BoolArray | None = None,
) -> Matched:
    """Match rows of one chromosome.

    Parameters
    ----------
    frame : polars.DataFrame, n rows in any order
        POS, EA, NEA; SNPID and EAF where known. All of one chromosome.
    reference : polars.DataFrame
        Of the same chromosome: :meth:`Reference.frame`.
    palindromic : {"drop", "infer", "keep"}
        A/T and C/G SNPs: drop them, infer the strand from frequencies, or take it to be forward.
    palindromic_maf : float
        With "infer": largest minor allele frequency, in the file and in the reference.
    effect_allele : {"alt", "ref", "given"}
        Which allele the result's effects are of; "given" keeps the file's, on the forward strand.
    unmatched : {"drop", "keep"}
        What to do with rows at whose position the reference has no variant.
    eaf_limit : float
        A difference of frequencies above this is remarked on, and contradicts a strand.
    maf_like : bool, optional
        Whether the file's EAF never exceeds 1/2 (:class:`EafRange` over the whole file);
        by default told from this chromosome.
    by_id : ndarray of bool, shape (n,), optional
        Rows whose POS was taken from the reference by SNPID: only variants of that id fit.
    """
    raise NotImplementedError


def aligned(frame: pl.DataFrame, reference: pl.DataFrame, matched: Matched) -> pl.DataFrame:
    """The kept rows as they go into the harmonised table, in the order of `frame`.

    POS, EA and NEA of matched rows are the reference's; BETA and Z change sign and EAF becomes
    1 - EAF where `flip`; SNPID is the reference's where it names one. Two columns are added:
    SNPID_GIVEN (the file's id where it was replaced, else null) and REF_AF (Float32).
    """
    raise NotImplementedError


@dataclass(frozen=True)
class MismatchShare:
    """How often alleles disagree at positions that the reference has."""

    n_known: int
    n_mismatch: int
    n_unknown: int

    @property
    def share(self) -> float:
        """n_mismatch / n_known; NaN without rows."""
        return self.n_mismatch / self.n_known if self.n_known else float("nan")

    @property
    def other_build(self) -> bool:
        """Whether the reference must be of another build."""
        raise NotImplementedError


def mismatch_share(counts: Mapping[int, int]) -> MismatchShare:
    """From the counts of outcome codes, over all chromosomes."""
    raise NotImplementedError
