"""Matching written row by row, as plainly as it can be, to compare with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from postgwas.sumstats.harmonise.outcomes import Outcome

COMPLEMENTS = {"A": "T", "C": "G", "G": "C", "T": "A"}


@dataclass(frozen=True)
class Variant:
    """One row of a reference."""

    pos: int
    ref: str
    alt: str
    af: float | None = None
    id: str | None = None


@dataclass(frozen=True)
class Row:
    """One row of a file."""

    pos: int | None
    ea: str | None
    nea: str | None
    eaf: float | None = None
    id: str | None = None


@dataclass(frozen=True)
class Found:
    """Outcome, the variant's alleles, whether EA is REF and whether the strand was exchanged."""

    outcome: Outcome
    ref: str | None = None
    alt: str | None = None
    ea_is_ref: bool | None = None
    complement: bool = False


def _bases(text: str) -> bool:
    return text != "" and set(text) <= set("ACGT")


def _trim(pos: int, one: str, other: str) -> tuple[int, str, str]:
    while len(one) > 1 and len(other) > 1 and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    while len(one) > 1 and len(other) > 1 and one[0] == other[0]:
        pos, one, other = pos + 1, one[1:], other[1:]
    return pos, one, other


def _relations(row: Row, v: Variant) -> set[tuple[bool, bool]]:
    """(EA is REF, on the other strand) in all ways in which the row can be the variant."""
    e, n = row.ea, row.nea
    assert e is not None and n is not None and row.pos is not None
    found: set[tuple[bool, bool]] = set()
    insertion, deletion = len(v.alt) > len(v.ref), len(v.ref) > len(v.alt)
    if _bases(e) and _bases(n):
        if v.pos == row.pos:
            if (e, n) == (v.alt, v.ref):
                found.add((False, False))
            if (e, n) == (v.ref, v.alt):
                found.add((True, False))
            f, m = ("".join(COMPLEMENTS[base] for base in reversed(a)) for a in (e, n))
            if len(e) == len(n) == 1 or f == n:
                if (f, m) == (v.alt, v.ref):
                    found.add((False, True))
                if (f, m) == (v.ref, v.alt):
                    found.add((True, True))
    elif "-" in (e, n):
        bases = n if e == "-" else e
        if v.pos in (row.pos, row.pos - 1):
            if deletion and len(v.alt) == 1 and v.ref == v.alt + bases:
                found.add((e != "-", False))
            if insertion and len(v.ref) == 1 and v.alt == v.ref + bases:
                found.add((e == "-", False))
    elif v.pos == row.pos and (insertion or deletion):
        if "R" in (e, n):
            if ("I" in (e, n) and insertion) or ("D" in (e, n) and deletion):
                found.add((e == "R", False))
        else:
            found.add((e == ("D" if insertion else "I"), False))
    return found


def _strand(eaf: float | None, af: float | None, maf: float, limit: float) -> Outcome:
    if eaf is None:
        return Outcome.PALINDROMIC_NO_EAF
    if af is None:
        return Outcome.PALINDROMIC_NO_AF
    if min(eaf, 1 - eaf) > maf or min(af, 1 - af) > maf:
        return Outcome.PALINDROMIC_MAF
    if min(abs(eaf - af), abs(eaf - (1 - af))) > limit:
        return Outcome.PALINDROMIC_CONTRADICTS
    near = abs(eaf - af) < abs(eaf - (1 - af))
    return Outcome.PALINDROMIC_FORWARD if near else Outcome.PALINDROMIC_REVERSE


def naive_match(row: Row, reference: list[Variant], options: dict[str, Any]) -> Found:
    """What happens to one row."""
    if row.pos is None:
        return Found(Outcome.POSITION_MISSING)
    if row.ea is None or row.nea is None:
        return Found(Outcome.ALLELES_UNREADABLE)
    e, n = row.ea.upper(), row.nea.upper()
    coded = {frozenset("ID"), frozenset("RI"), frozenset("RD")}
    if e == n:
        readable = _bases(e) or e in {"I", "D", "R", "-"}
        return Found(Outcome.ALLELES_EQUAL if readable else Outcome.ALLELES_UNREADABLE)
    dash = "-" in (e, n) and _bases(n if e == "-" else e)
    codes = frozenset((e, n)) in coded
    pos = row.pos
    if _bases(e) and _bases(n):
        pos, e, n = _trim(pos, e, n)
    elif not dash and not codes:
        return Found(Outcome.ALLELES_UNREADABLE)
    row = Row(pos, e, n, row.eaf, row.id)

    here = [v for v in reference if v.pos == pos]
    fitting = [v for v in reference if _relations(row, v)]
    distinct = {(v.pos, v.ref, v.alt) for v in fitting}
    snv = len(e) == len(n) == 1 and not dash and not codes
    forward = [v for v in fitting if any(not strand for _, strand in _relations(row, v))]
    two_alts = snv and any(
        a.ref == b.ref and len(a.ref) == 1 and (a.alt, b.alt) == (e, n) for a in here for b in here
    )
    if two_alts and not forward:
        return Found(Outcome.FITS_SEVERAL if fitting else Outcome.TWO_ALTS)
    if len(distinct) > 1:
        return Found(Outcome.INDEL_CODES_AMBIGUOUS if codes else Outcome.FITS_SEVERAL)
    if not fitting:
        if dash:
            return Found(Outcome.INDEL_NOT_ANCHORED)
        if here:
            return Found(Outcome.ALLELES_DIFFER)
        keep = options.get("unmatched") == "keep" and not codes
        return Found(Outcome.UNMATCHED_KEPT if keep else Outcome.NOT_IN_REFERENCE)

    v = next((v for v in fitting if row.id is not None and v.id == row.id), fitting[0])
    ways = _relations(row, v)
    if len(ways) == 2:
        mode = options.get("palindromic", "drop")
        ea_is_ref = next(is_ref for is_ref, strand in ways if not strand)
        if mode == "drop":
            return Found(Outcome.PALINDROMIC_DROPPED)
        if mode == "keep":
            return Found(Outcome.PALINDROMIC_KEPT, v.ref, v.alt, ea_is_ref)
        af = v.af if v.af is None or not ea_is_ref else 1 - v.af
        outcome = _strand(row.eaf, af, options.get("palindromic_maf", 0.4), options.get("eaf_limit", 0.2))
        if not outcome.kept:
            return Found(outcome)
        reverse = outcome == Outcome.PALINDROMIC_REVERSE
        return Found(outcome, v.ref, v.alt, ea_is_ref != reverse, reverse)
    ((ea_is_ref, strand),) = ways
    outcome = {
        (False, False): Outcome.MATCHED,
        (True, False): Outcome.SWAPPED,
        (False, True): Outcome.FLIPPED,
        (True, True): Outcome.FLIPPED_SWAPPED,
    }[ea_is_ref, strand]
    if codes:
        outcome = Outcome.INDEL_CODES
    if dash:
        outcome = Outcome.INDEL_DASH
    return Found(outcome, v.ref, v.alt, ea_is_ref, strand)
