"""Match the rows of one chromosome to a reference by position and alleles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from postgwas.sumstats.harmonise.align import aligned
from postgwas.sumstats.harmonise.candidates import (
    COMPLEMENT,
    COMPLEMENT_SWAP,
    FITTERS,
    MATCH,
    SWAP,
    Fits,
    Pairs,
    Variants,
    choose,
    fits_two_alts,
    pair_up,
    variants_of,
)
from postgwas.sumstats.harmonise.frequency import EafRange, FrequencySummary, compare_frequencies, far_apart
from postgwas.sumstats.harmonise.mismatch import MismatchShare, mismatch_share
from postgwas.sumstats.harmonise.outcomes import Outcome, Remark
from postgwas.sumstats.harmonise.palindromic import infer_strand
from postgwas.sumstats.harmonise.reference_ids import remark_ids
from postgwas.sumstats.harmonise.row_alleles import (
    CODED,
    DASH,
    EQUAL,
    SNV,
    UNREADABLE,
    WRITTEN,
    RowAlleles,
    row_alleles,
)

if TYPE_CHECKING:
    import polars as pl

__all__ = ["KEPT", "Matched", "MismatchShare", "aligned", "match_chromosome", "mismatch_share"]

Palindromic = Literal["drop", "infer", "keep"]
EffectAllele = Literal["alt", "ref", "given"]
Unmatched = Literal["drop", "keep"]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
UInt8Array = npt.NDArray[np.uint8]

KEPT: BoolArray = np.zeros(256, dtype=np.bool_)
KEPT[[outcome for outcome in Outcome if outcome.kept]] = True
"""Outcome code -> whether such rows are kept."""

# By a fit's bits; both bits of a palindromic SNP stand for kept, until its strand is decided.
_STRAIGHT: UInt8Array = np.full(16, Outcome.MATCHED, dtype=np.uint8)
_STRAIGHT[SWAP] = Outcome.SWAPPED
_STRAIGHT[COMPLEMENT] = Outcome.FLIPPED
_STRAIGHT[COMPLEMENT_SWAP] = Outcome.FLIPPED_SWAPPED


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
        EAF against the reference over rows that are matched and not palindromic.
    """

    ref_row: npt.NDArray[np.int32]
    outcome: UInt8Array
    complement: BoolArray
    flip: BoolArray
    effect_is_alt: BoolArray
    remark: UInt8Array
    af: FloatArray
    frequencies: FrequencySummary = field(default_factory=FrequencySummary)

    @property
    def kept(self) -> BoolArray:
        """Rows that go into the harmonised table."""
        return KEPT[self.outcome]


@dataclass(eq=False)
class _State:
    """What is known so far of each row; `fit` has one bit once the strand is known."""

    outcome: UInt8Array
    fit: UInt8Array
    ref_row: npt.NDArray[np.int32]


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
        Where the file's frequencies do not follow its effect alleles, nothing is inferred.
    palindromic_maf : float
        With "infer": largest minor allele frequency, in the file and in the reference.
    effect_allele : {"alt", "ref", "given"}
        Which allele the result's effects are of; "given" keeps the file's, on the forward strand.
    unmatched : {"drop", "keep"}
        What to do with rows at whose position the reference has no variant.
    eaf_limit : float
        A difference of frequencies above this is remarked on, and contradicts a strand.
    maf_like : bool, optional
        Whether the file's EAF never exceeds 1/2
        (:class:`~postgwas.sumstats.harmonise.frequency.EafRange` over the whole file); by default
        told from this chromosome.
    by_id : ndarray of bool, shape (n,), optional
        Rows whose POS was taken from the reference by SNPID: only variants of that id fit.

    Raises
    ------
    UsageError
        `palindromic_maf` is not in [0, 0.5).
    """
    n = frame.height
    alleles = row_alleles(frame["POS"], frame["EA"], frame["NEA"])
    variants = variants_of(reference)
    ids = frame["SNPID"] if "SNPID" in frame.columns else None
    state = _fit_all(alleles, variants, ids, by_id, keep=unmatched == "keep")

    eaf = frame["EAF"].cast(float).to_numpy() if "EAF" in frame.columns else np.full(n, np.nan)
    found = state.ref_row >= 0
    alt_af = np.full(n, np.nan)
    alt_af[found] = reference["AF"].cast(float).to_numpy()[state.ref_row[found]]

    def letter_af(rows: npt.NDArray[np.intp], is_ref: int) -> FloatArray:
        """The reference's frequency of the rows' effect alleles."""
        of_ref = (state.fit[rows] & is_ref) > 0
        return np.where(of_ref, 1.0 - alt_af[rows], alt_af[rows])

    both = (state.fit == MATCH | COMPLEMENT_SWAP) | (state.fit == SWAP | COMPLEMENT)
    plain = np.flatnonzero(KEPT[state.outcome] & found & ~both)
    _, frequencies = compare_frequencies(
        eaf[plain], letter_af(plain, SWAP | COMPLEMENT_SWAP), limit=eaf_limit
    )
    rows = np.flatnonzero(both & KEPT[state.outcome])
    if palindromic == "drop":
        state.outcome[rows] = Outcome.PALINDROMIC_DROPPED
    elif palindromic == "keep":
        state.outcome[rows] = Outcome.PALINDROMIC_KEPT
        state.fit[rows] &= MATCH | SWAP
    else:
        like = EafRange().add(eaf).maf_like if maf_like is None else maf_like
        usable = eaf[rows] if frequencies.usable(maf_like=like) else np.full(len(rows), np.nan)
        strand = infer_strand(usable, letter_af(rows, SWAP), maf_limit=palindromic_maf, tolerance=eaf_limit)
        state.outcome[rows] = strand
        reverse = strand == Outcome.PALINDROMIC_REVERSE
        state.fit[rows] &= np.where(reverse, COMPLEMENT | COMPLEMENT_SWAP, MATCH | SWAP).astype(np.uint8)

    kept = KEPT[state.outcome]
    state.fit[~kept] = 0
    state.ref_row[~kept] = -1
    found &= kept
    ea_is_ref = (state.fit & (SWAP | COMPLEMENT_SWAP)) > 0
    flip, effect_is_alt = _orient(ea_is_ref, found, effect_allele)
    af = np.where(effect_is_alt, alt_af, 1.0 - alt_af)
    af[~found] = np.nan
    differs = far_apart(np.where(flip, 1.0 - eaf, eaf), af, limit=eaf_limit)
    remark = differs * np.uint8(Remark.EAF_DIFFERS)
    if by_id is not None:
        remark |= (by_id & kept) * np.uint8(Remark.BY_ID)
    remark |= remark_ids(ids, reference["SNPID"], state.ref_row)
    complement = (state.fit & (COMPLEMENT | COMPLEMENT_SWAP)) > 0
    return Matched(state.ref_row, state.outcome, complement, flip, effect_is_alt, remark, af, frequencies)


def _orient(
    ea_is_ref: BoolArray, found: BoolArray, effect_allele: EffectAllele
) -> tuple[BoolArray, BoolArray]:
    """Which rows change sign, and whether the result's effect allele is ALT."""
    if effect_allele == "given":
        return np.zeros_like(found), found & ~ea_is_ref
    if effect_allele == "ref":
        return found & ~ea_is_ref, np.zeros_like(found)
    return found & ea_is_ref, found.copy()


def _fit_all(
    alleles: RowAlleles, variants: Variants, ids: pl.Series | None, by_id: BoolArray | None, *, keep: bool
) -> _State:
    """Outcome of every row as if no SNP were palindromic."""
    n = len(alleles.kind)
    state = _State(
        np.full(n, Outcome.PENDING, dtype=np.uint8), np.zeros(n, dtype=np.uint8), np.full(n, -1, np.int32)
    )
    state.outcome[alleles.kind == UNREADABLE] = Outcome.ALLELES_UNREADABLE
    state.outcome[alleles.kind == EQUAL] = Outcome.ALLELES_EQUAL
    state.outcome[alleles.pos == 0] = Outcome.POSITION_MISSING
    for kind in FITTERS:
        rows = np.flatnonzero((alleles.kind == kind) & (state.outcome == Outcome.PENDING))
        if rows.size:
            _fit_kind(kind, rows, state, alleles, variants, ids, by_id)
    if keep:
        lettered = (alleles.kind == SNV) | (alleles.kind == WRITTEN)
        state.outcome[lettered & (state.outcome == Outcome.NOT_IN_REFERENCE)] = Outcome.UNMATCHED_KEPT
    return state


def _fit_kind(
    kind: int,
    rows: npt.NDArray[np.intp],
    state: _State,
    alleles: RowAlleles,
    variants: Variants,
    ids: pl.Series | None,
    by_id: BoolArray | None,
) -> None:
    pos = alleles.pos[rows]
    pairs, n_here = pair_up(pos, rows, variants)
    if kind == DASH:
        # Ensembl's position is the first base after the anchor, others' the anchor's own.
        before, _ = pair_up(pos - 1, rows, variants)
        pairs = _merged(before, pairs)
    if by_id is not None and ids is not None and by_id.any():
        same = ids.gather(pairs.row) == variants.frame["SNPID"].gather(pairs.variant)
        pairs = pairs.where(same.fill_null(False).to_numpy() | ~by_id[pairs.row])
    bits = FITTERS[kind](pairs, alleles, variants)
    fits = choose(pairs, bits, variants, ids)

    none = Outcome.INDEL_NOT_ANCHORED if kind == DASH else Outcome.ALLELES_DIFFER
    outcome = np.where(n_here > 0, none, none if kind == DASH else Outcome.NOT_IN_REFERENCE)
    state.outcome[rows] = outcome
    _record(kind, fits, state)
    if kind == SNV:
        # Forward, a pair of two alternate alleles is no variant of the reference.
        odd = np.flatnonzero((fits.fit & (MATCH | SWAP)) == 0)
        unsure = np.zeros(len(state.fit), dtype=np.bool_)
        unsure[rows[(n_here > 1)]] = True
        unsure[fits.row] = False
        unsure[fits.row[odd]] = True
        two = fits_two_alts(pairs.where(unsure[pairs.row]), alleles, variants)
        fitting = state.fit[two] > 0
        state.outcome[two] = np.where(fitting, Outcome.FITS_SEVERAL, Outcome.TWO_ALTS)
        state.fit[two] = 0
        state.ref_row[two] = -1


def _record(kind: int, fits: Fits, state: _State) -> None:
    if kind == CODED:
        good, bad = Outcome.INDEL_CODES, Outcome.INDEL_CODES_AMBIGUOUS
    else:
        good, bad = Outcome.INDEL_DASH, Outcome.FITS_SEVERAL
    spelt = kind in (SNV, WRITTEN)
    outcome = _STRAIGHT[fits.fit] if spelt else np.full(len(fits.row), good, dtype=np.uint8)
    outcome[fits.several] = bad
    state.outcome[fits.row] = outcome
    state.fit[fits.row] = np.where(fits.several, 0, fits.fit)
    state.ref_row[fits.row] = np.where(fits.several, -1, fits.variant)


def _merged(one: Pairs, other: Pairs) -> Pairs:
    row, variant = np.concatenate((one.row, other.row)), np.concatenate((one.variant, other.variant))
    order = np.lexsort((variant, row))
    return Pairs(row[order], variant[order])
