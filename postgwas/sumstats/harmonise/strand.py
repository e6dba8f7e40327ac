"""Alleles of one chromosome's rows against the sequence and the reference, for the kept rows' frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from postgwas.sumstats.harmonise.frequency import FrequencySummary
from postgwas.sumstats.harmonise.indels import (
    NORMAL_OK,
    NORMAL_OUTSIDE,
    Normalised,
    normalise,
    place_reversed,
)
from postgwas.sumstats.harmonise.match import EffectAllele, Palindromic, Unmatched, aligned, match_chromosome
from postgwas.sumstats.harmonise.outcomes import Outcome, Remark
from postgwas.sumstats.harmonise.reference_sequence import normal_reference, orient_reference
from postgwas.sumstats.harmonise.sequence_check import (
    CHECK_BOTH,
    CHECK_EA,
    CHECK_NEA,
    CHECK_NO_BASE,
    CHECK_OUTSIDE,
    check_ref,
    decide_strand,
)

Bytes = npt.NDArray[np.uint8]

EAF_DECIMALS = 12
"""Of 1 - EAF, as :func:`~.align.aligned` rounds it: without the noise of the subtraction."""

_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_BASES = ("A", "C", "G", "T")
_WRITTEN = "^[ACGT]+$"


@dataclass(frozen=True)
class AlleleRules:
    """What to do with alleles; as the parameters of :func:`~.match.match_chromosome`."""

    palindromic: Palindromic = "drop"
    palindromic_maf: float = 0.4
    effect_allele: EffectAllele = "alt"
    unmatched: Unmatched = "drop"
    eaf_limit: float = 0.2
    maf_like: bool | None = None


@dataclass(frozen=True, eq=False)
class Compared:
    """Rows after the comparison.

    Attributes
    ----------
    frame : polars.DataFrame
        Kept rows with OUTCOME, REMARK (UInt8) and EFFECT_IS_ALT (Boolean, null where no
        reference or sequence tells REF from ALT).
    outcome : ndarray of uint8, shape (n,)
        Of all rows.
    frequencies : FrequencySummary
    n_normalised : int
        Indels whose position or alleles were written otherwise.
    """

    frame: pl.DataFrame
    outcome: Bytes
    frequencies: FrequencySummary
    n_normalised: int = 0


def compare_rows(
    frame: pl.DataFrame,
    *,
    rules: AlleleRules,
    reference: pl.DataFrame | None,
    ref_known: bool = True,
    sequence: Bytes | None = None,
    by_id: bool = False,
    effect_is_alt: bool | None = None,
) -> Compared:
    """Bring the usable rows of one chromosome onto the forward strand.

    Parameters
    ----------
    frame : polars.DataFrame, n rows
        Canonical columns; REVERSE where a liftover turned the strand.
    rules : AlleleRules
    reference : polars.DataFrame, optional
        :meth:`~.reference.Reference.frame` of the chromosome.
    ref_known : bool
        Whether its REF is the sequence's allele.
    sequence : ndarray of uint8, optional
        The chromosome's bases.
    by_id : bool
        Positions were taken from the reference by SNPID.
    effect_is_alt : bool, optional
        Whether effects are of ALT, where the file itself says so; for want of anything to compare with.
    """
    outcome = np.zeros(frame.height, dtype=np.uint8)
    frame, outcome = _turn_lifted(frame, outcome, sequence)
    n_normalised = 0
    if sequence is not None:
        frame, outcome, n_normalised = _normalise(frame, outcome, sequence, strict=reference is None)
    going = np.flatnonzero(outcome == Outcome.PENDING)
    if going.size < frame.height:
        frame = frame[going]
    if reference is not None:
        if sequence is not None:
            reference = normal_reference(reference, sequence)
            if not ref_known:
                reference = orient_reference(reference, sequence)
        found = _with_reference(
            frame, reference, rules, by_id=by_id, ref_known=ref_known or sequence is not None
        )
        if sequence is not None:
            found = _ref_checked(found, sequence, ref_known=ref_known)
            if rules.unmatched == "keep":
                found = _unmatched_by_sequence(found, sequence, rules)
    elif sequence is not None:
        found = _with_sequence(frame, sequence, rules)
    else:
        found = _uncompared(frame, effect_is_alt)
    outcome[going] = found.outcome
    return Compared(found.frame, outcome, found.frequencies, n_normalised)


def exchange(frame: pl.DataFrame, turn: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """Make the other allele the effect allele in these rows: BETA and Z change sign, EAF is 1 - EAF."""
    if not turn.any():
        return frame
    rows = pl.Series(turn)
    new = [
        pl.when(rows).then("NEA").otherwise("EA").alias("EA"),
        pl.when(rows).then("EA").otherwise("NEA").alias("NEA"),
    ]
    # Zero stays: its negative would be printed as -0.0 (polars makes -x of 0.0 - x).
    new += [
        pl.when(rows & (pl.col(name) != 0)).then(-pl.col(name)).otherwise(name).alias(name)
        for name in ("BETA", "Z")
        if name in frame.columns
    ]
    if "EAF" in frame.columns:
        new.append(
            pl.when(rows).then((1.0 - pl.col("EAF")).round(EAF_DECIMALS)).otherwise("EAF").alias("EAF")
        )
    return frame.with_columns(new)


def complement(alleles: pl.Series, rows: npt.NDArray[np.bool_]) -> pl.Series:
    """The alleles with those of `rows` reverse-complemented."""
    distinct = alleles.filter(pl.Series(rows)).unique().drop_nulls().to_list()
    other = [text.translate(_COMPLEMENT)[::-1] for text in distinct]
    turned = alleles.replace(dict(zip(distinct, other)))
    return pl.select(pl.when(pl.Series(rows)).then(turned).otherwise(alleles).alias(alleles.name)).to_series()


def _turn_lifted(frame: pl.DataFrame, outcome: Bytes, sequence: Bytes | None) -> tuple[pl.DataFrame, Bytes]:
    if "REVERSE" not in frame.columns:
        return frame, outcome
    reverse = frame["REVERSE"].fill_null(False).to_numpy()
    frame = frame.drop("REVERSE")
    if not reverse.any():
        return frame, outcome
    base = frame["EA"].is_in(_BASES) & frame["NEA"].is_in(_BASES)
    letters = reverse & base.to_numpy()
    indels = reverse & ~letters
    frame = frame.with_columns(complement(frame[name], letters) for name in ("EA", "NEA"))
    if not indels.any():
        return frame, outcome
    if sequence is None:
        outcome[indels] = Outcome.LIFT_REVERSED_INDEL
        return frame, outcome
    # Codes and '-' do not say what stands in the sequence.
    written = frame["EA"].str.contains(_WRITTEN) & frame["NEA"].str.contains(_WRITTEN)
    coded = indels & ~written.fill_null(False).to_numpy()
    outcome[coded] = Outcome.LIFT_REVERSED_INDEL
    rows = np.flatnonzero(indels & ~coded)
    part = frame[rows]
    return _write_out(frame, outcome, rows, place_reversed(part["POS"], part["EA"], part["NEA"], sequence))[
        :2
    ]


def _normalise(
    frame: pl.DataFrame, outcome: Bytes, sequence: Bytes, *, strict: bool
) -> tuple[pl.DataFrame, Bytes, int]:
    longer = (frame["EA"].str.len_bytes() > 1) | (frame["NEA"].str.len_bytes() > 1)
    rows = np.flatnonzero(longer.to_numpy() & (outcome == Outcome.PENDING))
    if not rows.size:
        return frame, outcome, 0
    part = frame[rows]
    found = normalise(part["POS"], part["EA"], part["NEA"], sequence)
    # A reference may have what the sequence does not; without one the sequence has the last word.
    return _write_out(frame, outcome, rows, found, strict=strict)


def _write_out(
    frame: pl.DataFrame,
    outcome: Bytes,
    rows: npt.NDArray[np.intp],
    found: Normalised,
    *,
    strict: bool = True,
) -> tuple[pl.DataFrame, Bytes, int]:
    good = found.status == NORMAL_OK
    if strict:
        outcome[rows[~good]] = Outcome.SEQUENCE_MISMATCH
        outcome[rows[found.status == NORMAL_OUTSIDE]] = Outcome.SEQUENCE_OUTSIDE
    changed = rows[good & found.changed]
    if not changed.size:
        return frame, outcome, 0
    keep = pl.Series(good & found.changed)
    return (
        frame.with_columns(
            frame["POS"].scatter(changed, found.pos[keep.to_numpy()].astype(np.int32)),
            frame["EA"].scatter(changed, found.ref.filter(keep)),
            frame["NEA"].scatter(changed, found.alt.filter(keep)),
        ),
        outcome,
        int(changed.size),
    )


def _with_reference(
    frame: pl.DataFrame, reference: pl.DataFrame, rules: AlleleRules, *, by_id: bool, ref_known: bool
) -> Compared:
    matched = match_chromosome(
        frame,
        reference,
        palindromic=rules.palindromic,
        palindromic_maf=rules.palindromic_maf,
        effect_allele=rules.effect_allele,
        unmatched=rules.unmatched,
        eaf_limit=rules.eaf_limit,
        maf_like=rules.maf_like,
        by_id=np.ones(frame.height, dtype=bool) if by_id else None,
    )
    kept = matched.kept
    result = aligned(frame, reference, matched)
    told = (matched.ref_row[kept] >= 0) & ref_known
    result = result.with_columns(
        pl.Series("OUTCOME", matched.outcome[kept]),
        pl.Series("REMARK", matched.remark[kept]),
        pl.select(
            pl.when(pl.Series(told)).then(pl.Series(matched.effect_is_alt[kept])).alias("EFFECT_IS_ALT")
        ).to_series(),
    )
    return Compared(result, matched.outcome, matched.frequencies)


def _with_sequence(frame: pl.DataFrame, sequence: Bytes, rules: AlleleRules) -> Compared:
    strand = decide_strand(
        frame["POS"],
        frame["EA"],
        frame["NEA"],
        sequence,
        palindromic="keep" if rules.palindromic == "keep" else "drop",
    )
    kept = np.isin(strand.outcome, _KEPT)
    frame = frame.with_columns(complement(frame[name], strand.complement & kept) for name in ("EA", "NEA"))
    # `flip` makes the alternate allele the effect allele.
    turn = {
        "alt": strand.flip,
        "ref": ~strand.flip,
        "given": np.zeros(frame.height, dtype=bool),
    }[rules.effect_allele]
    frame = exchange(frame, turn & kept)
    is_alt = {"alt": np.ones_like(strand.flip), "ref": np.zeros_like(strand.flip), "given": ~strand.flip}
    result = frame.with_columns(
        pl.Series("OUTCOME", strand.outcome),
        pl.lit(int(Remark.NONE), pl.UInt8).alias("REMARK"),
        pl.Series("EFFECT_IS_ALT", is_alt[rules.effect_allele]),
    ).filter(pl.Series(kept))
    return Compared(result, strand.outcome, FrequencySummary(limit=rules.eaf_limit))


def _ref_checked(found: Compared, sequence: Bytes, *, ref_known: bool) -> Compared:
    """Leave out matched rows whose REF the sequence does not have.

    Of a reference whose REF means nothing, one of the alleles must be the sequence's; where both
    could be, REF stays unknown.
    """
    frame = found.frame
    matched = (frame["OUTCOME"] != Outcome.UNMATCHED_KEPT).to_numpy()
    check = check_ref(frame["POS"], frame["EA"], frame["NEA"], sequence)
    silent = (check == CHECK_OUTSIDE) | (check == CHECK_NO_BASE)
    is_alt = frame["EFFECT_IS_ALT"].fill_null(True).to_numpy()
    if ref_known:
        stands = np.where(is_alt, check == CHECK_NEA, check == CHECK_EA) | (check == CHECK_BOTH)
        told = np.ones_like(stands)
    else:
        told = (check == CHECK_NEA) | (check == CHECK_EA)
        stands = told | (check == CHECK_BOTH)
    wrong = matched & ~stands & ~silent
    told |= ~matched
    outcome = found.outcome
    if wrong.any():
        outcome = outcome.copy()
        outcome[np.flatnonzero(np.isin(outcome, _KEPT))[wrong]] = Outcome.REF_MISMATCH
    frame = frame.with_columns(
        pl.select(pl.when(pl.Series(told)).then(frame["EFFECT_IS_ALT"]).alias("EFFECT_IS_ALT")).to_series()
    )
    return Compared(frame.filter(pl.Series(~wrong)), outcome, found.frequencies)


def _unmatched_by_sequence(found: Compared, sequence: Bytes, rules: AlleleRules) -> Compared:
    """Orient rows that the reference lacks by the sequence; the others are as they were."""
    rows = found.frame["OUTCOME"] == Outcome.UNMATCHED_KEPT
    if not rows.any():
        return found
    before = found.frame.with_row_index("_AT")
    decided = _with_sequence(before.filter(rows).drop("OUTCOME", "REMARK", "EFFECT_IS_ALT"), sequence, rules)
    outcome = found.outcome.copy()
    at = np.flatnonzero(outcome == Outcome.UNMATCHED_KEPT)
    kept = np.isin(decided.outcome, _KEPT)
    outcome[at[~kept]] = decided.outcome[~kept]
    moved = decided.frame.with_columns(
        OUTCOME=pl.lit(int(Outcome.UNMATCHED_KEPT), pl.UInt8),
        # Of an indel that fits both ways nothing tells REF.
        EFFECT_IS_ALT=pl.when(pl.col("OUTCOME") != Outcome.INDEL_REF_GIVEN).then("EFFECT_IS_ALT"),
    )
    whole = pl.concat([before.filter(~rows), moved.select(before.columns)]).sort("_AT").drop("_AT")
    return Compared(whole, outcome, found.frequencies)


def _uncompared(frame: pl.DataFrame, effect_is_alt: bool | None) -> Compared:
    result = frame.with_columns(
        pl.lit(int(Outcome.NOT_COMPARED), pl.UInt8).alias("OUTCOME"),
        pl.lit(int(Remark.NONE), pl.UInt8).alias("REMARK"),
        pl.lit(effect_is_alt, pl.Boolean).alias("EFFECT_IS_ALT"),
    )
    return Compared(result, np.full(frame.height, Outcome.NOT_COMPARED, dtype=np.uint8), FrequencySummary())


_KEPT = np.array([o for o in Outcome if o.kept], dtype=np.uint8)
