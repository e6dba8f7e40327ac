"""Matching to a reference: every case by name, and against a plain loop over rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sumstats.harmonise.naive_match import COMPLEMENTS, Row, Variant, naive_match

from postgwas.errors import UsageError
from postgwas.sumstats.harmonise.match import Matched, match_chromosome
from postgwas.sumstats.harmonise.outcomes import Outcome, Remark


def rows_frame(rows: Sequence[Row]) -> pl.DataFrame:
    types = {"POS": pl.Int32, "EA": pl.String, "NEA": pl.String, "EAF": pl.Float64, "SNPID": pl.String}
    values = [(r.pos, r.ea, r.nea, r.eaf, r.id) for r in rows]
    return pl.DataFrame(values, schema=types, orient="row")


def reference_frame(variants: Sequence[Variant]) -> pl.DataFrame:
    types = {"SNPID": pl.String, "POS": pl.Int32, "REF": pl.String, "ALT": pl.String, "AF": pl.Float32}
    values = [(v.id, v.pos, v.ref, v.alt, v.af) for v in variants]
    return pl.DataFrame(values, schema=types, orient="row").sort("POS", maintain_order=True)


def match(rows: Sequence[Row], variants: Sequence[Variant], **options: Any) -> Matched:
    return match_chromosome(rows_frame(rows), reference_frame(variants), **options)


def outcome(row: Row, variants: Sequence[Variant], **options: Any) -> Outcome:
    return Outcome(int(match([row], variants, **options).outcome[0]))


AG = [Variant(100, "A", "G", 0.3, "rs1")]


@pytest.mark.parametrize(
    ("ea", "nea", "expected", "flip", "complement"),
    [
        ("G", "A", Outcome.MATCHED, False, False),
        ("A", "G", Outcome.SWAPPED, True, False),
        ("C", "T", Outcome.FLIPPED, False, True),
        ("T", "C", Outcome.FLIPPED_SWAPPED, True, True),
        ("g", "a", Outcome.MATCHED, False, False),
    ],
)
def test_snv_in_each_orientation(ea: str, nea: str, expected: Outcome, flip: bool, complement: bool) -> None:
    found = match([Row(100, ea, nea)], AG)
    assert found.outcome[0] == expected
    assert (bool(found.flip[0]), bool(found.complement[0]), int(found.ref_row[0])) == (flip, complement, 0)
    assert found.af[0] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("effect_allele", "flips", "alt"),
    [("alt", [False, True], [True, True]), ("ref", [True, False], [False, False]),
     ("given", [False, False], [True, False])],
)  # fmt: skip
def test_effect_allele_convention(effect_allele: Any, flips: list[bool], alt: list[bool]) -> None:
    found = match([Row(100, "G", "A"), Row(100, "T", "C")], AG, effect_allele=effect_allele)
    assert found.flip.tolist() == flips
    assert found.effect_is_alt.tolist() == alt
    assert found.af == pytest.approx([0.3 if a else 0.7 for a in alt])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Row(101, "G", "A"), Outcome.NOT_IN_REFERENCE),
        (Row(100, "G", "C"), Outcome.ALLELES_DIFFER),
        (Row(100, "GA", "A"), Outcome.ALLELES_DIFFER),
        (Row(None, "G", "A"), Outcome.POSITION_MISSING),
        (Row(100, None, "A"), Outcome.ALLELES_UNREADABLE),
        (Row(100, "<DEL>", "A"), Outcome.ALLELES_UNREADABLE),
        (Row(100, "N", "A"), Outcome.ALLELES_UNREADABLE),
        (Row(100, "0", "A"), Outcome.ALLELES_UNREADABLE),
        (Row(100, "A", "A"), Outcome.ALLELES_EQUAL),
        (Row(100, "AT", "AT"), Outcome.ALLELES_EQUAL),
    ],
)
def test_rows_that_do_not_match(row: Row, expected: Outcome) -> None:
    assert outcome(row, AG) == expected


def test_unmatched_rows_are_kept_on_request_but_not_those_whose_alleles_differ() -> None:
    rows = [
        Row(101, "G", "A"),
        Row(100, "G", "C"),
        Row(101, "I", "D"),
        Row(101, "-", "A"),
        Row(101, "N", "A"),
    ]
    found = match(rows, AG, unmatched="keep")
    assert [Outcome(o) for o in found.outcome.tolist()] == [
        Outcome.UNMATCHED_KEPT,
        Outcome.ALLELES_DIFFER,
        Outcome.NOT_IN_REFERENCE,
        Outcome.INDEL_NOT_ANCHORED,
        Outcome.ALLELES_UNREADABLE,
    ]
    assert not found.flip.any()


def test_multi_allelic_site_takes_the_alternate_allele_that_fits() -> None:
    site = [Variant(100, "A", "G", 0.3), Variant(100, "A", "C", 0.1)]
    found = match([Row(100, "C", "A"), Row(100, "A", "G"), Row(100, "G", "C")], site)
    assert found.ref_row.tolist() == [1, 0, -1]
    assert [Outcome(o) for o in found.outcome.tolist()] == [
        Outcome.MATCHED,
        Outcome.SWAPPED,
        Outcome.TWO_ALTS,
    ]


def test_two_alternate_alleles_that_also_fit_the_other_strand_are_refused() -> None:
    # Forward C and T are both alternate alleles; their complements G and A are a variant.
    site = [Variant(100, "A", "C"), Variant(100, "A", "G"), Variant(100, "A", "T")]
    assert outcome(Row(100, "C", "T"), site) == Outcome.FITS_SEVERAL


def test_records_that_contradict_one_another_are_refused() -> None:
    assert outcome(Row(100, "A", "G"), [*AG, Variant(100, "G", "A")]) == Outcome.FITS_SEVERAL


def test_insertion_and_deletion_of_the_same_bases_at_one_position_are_refused() -> None:
    repeat = [Variant(100, "A", "AT"), Variant(100, "AT", "A")]
    assert outcome(Row(100, "AT", "A"), repeat) == Outcome.FITS_SEVERAL
    assert outcome(Row(100, "I", "D"), repeat) == Outcome.INDEL_CODES_AMBIGUOUS
    assert outcome(Row(101, "-", "T"), repeat) == Outcome.FITS_SEVERAL
    found = match([Row(100, "I", "R"), Row(100, "R", "D")], repeat)
    assert found.ref_row.tolist() == [0, 1]
    assert found.flip.tolist() == [False, True]


def test_duplicated_records_are_one_variant_and_the_row_s_id_is_preferred() -> None:
    twice = [Variant(100, "A", "G", 0.3, "rs1"), Variant(100, "A", "G", 0.3, "rs2")]
    found = match([Row(100, "G", "A", id="rs2"), Row(100, "G", "A", id="rs3"), Row(100, "G", "A")], twice)
    assert found.ref_row.tolist() == [1, 0, 0]
    assert found.remark.tolist() == [0, Remark.ID_REPLACED, Remark.ID_ASSIGNED]


@pytest.mark.parametrize(
    ("ea", "nea", "pos", "flip"),
    [
        ("C", "CTT", 100, False),
        ("CTT", "C", 100, True),
        ("CT", "CTTT", 100, False),  # not trimmed, as a multi-allelic record leaves them
        ("AC", "ACTT", 99, False),
        ("-", "TT", 101, False),  # Ensembl's position
        ("TT", "-", 100, True),  # the anchor's position
        ("D", "I", 100, False),
        ("R", "D", 100, True),
    ],
)
def test_spellings_of_a_deletion(ea: str, nea: str, pos: int, flip: bool) -> None:
    found = match([Row(pos, ea, nea)], [Variant(100, "CTT", "C", 0.2), Variant(101, "T", "G")])
    assert found.ref_row.tolist() == [0]
    assert found.flip.tolist() == [flip]


def test_snv_written_with_its_neighbours() -> None:
    found = match([Row(99, "CGT", "CAT")], AG)
    assert found.outcome[0] == Outcome.MATCHED


def test_indels_have_no_other_strand() -> None:
    assert outcome(Row(100, "G", "GAA"), [Variant(100, "CTT", "C")]) == Outcome.ALLELES_DIFFER


@pytest.mark.parametrize("codes", [("I", "D"), ("R", "I")])
def test_codes_need_an_indel(codes: tuple[str, str]) -> None:
    assert outcome(Row(100, *codes), AG) == Outcome.ALLELES_DIFFER
    assert outcome(Row(101, *codes), AG) == Outcome.NOT_IN_REFERENCE


AT = [Variant(100, "A", "T", 0.3), Variant(200, "C", "G", None), Variant(300, "C", "G", 0.45)]


@pytest.mark.parametrize(
    ("row", "expected", "flip", "complement"),
    [
        (Row(100, "T", "A", 0.28), Outcome.PALINDROMIC_FORWARD, False, False),
        (Row(100, "A", "T", 0.72), Outcome.PALINDROMIC_FORWARD, True, False),
        (Row(100, "A", "T", 0.28), Outcome.PALINDROMIC_REVERSE, False, True),
        (Row(100, "T", "A", 0.72), Outcome.PALINDROMIC_REVERSE, True, True),
        (Row(100, "T", "A", None), Outcome.PALINDROMIC_NO_EAF, False, False),
        (Row(200, "C", "G", 0.1), Outcome.PALINDROMIC_NO_AF, False, False),
        (Row(300, "C", "G", 0.1), Outcome.PALINDROMIC_MAF, False, False),
        (Row(100, "T", "A", 0.45), Outcome.PALINDROMIC_MAF, False, False),
        (Row(100, "T", "A", 0.01), Outcome.PALINDROMIC_CONTRADICTS, False, False),
    ],
)
def test_palindromic_by_frequency(row: Row, expected: Outcome, flip: bool, complement: bool) -> None:
    found = match([row], AT, palindromic="infer")
    assert found.outcome[0] == expected
    assert (bool(found.flip[0]), bool(found.complement[0])) == (flip, complement)
    assert (found.ref_row[0] >= 0) == expected.kept


def test_palindromic_dropped_or_kept() -> None:
    row = Row(100, "A", "T", 0.7)
    assert outcome(row, AT) == Outcome.PALINDROMIC_DROPPED
    found = match([row], AT, palindromic="keep")
    assert (found.outcome[0], bool(found.flip[0])) == (Outcome.PALINDROMIC_KEPT, True)


def test_limit_of_palindromic_frequencies_is_inclusive() -> None:
    at_limit = [Variant(100, "A", "T", 0.4)]
    assert outcome(Row(100, "T", "A", 0.4), at_limit, palindromic="infer") == Outcome.PALINDROMIC_FORWARD
    with pytest.raises(UsageError, match="expected 0 to below"):
        match([Row(100, "T", "A", 0.4)], at_limit, palindromic="infer", palindromic_maf=0.5)


def many(n: int, eaf_of: Any) -> tuple[list[Row], list[Variant]]:
    """Non-palindromic SNVs whose EAF is some function of the frequency of EA, and one A/T SNP."""
    af = np.linspace(0.02, 0.98, n).round(3).tolist()
    variants = [Variant(i + 1, "A", "G", f) for i, f in enumerate(af)] + [Variant(n + 1, "A", "T", 0.1)]
    rows = [Row(i + 1, "G", "A", eaf_of(f)) for i, f in enumerate(af)] + [Row(n + 1, "T", "A", eaf_of(0.1))]
    return rows, variants


@pytest.mark.parametrize(
    ("eaf_of", "last"),
    [
        (lambda f: f, Outcome.PALINDROMIC_FORWARD),
        (lambda f: 1 - f, Outcome.PALINDROMIC_NO_EAF),
        (lambda f: min(f, 1 - f), Outcome.PALINDROMIC_NO_EAF),
    ],
)
def test_nothing_is_inferred_from_frequencies_of_other_alleles(eaf_of: Any, last: Outcome) -> None:
    rows, variants = many(200, eaf_of)
    assert match(rows, variants, palindromic="infer").outcome[-1] == last


def test_maf_like_frequencies_infer_nothing_without_other_snps_to_test_them() -> None:
    row, at = Row(100, "T", "A", 0.28), AT
    assert outcome(row, at, palindromic="infer", maf_like=True) == Outcome.PALINDROMIC_NO_EAF
    assert outcome(row, at, palindromic="infer", maf_like=False) == Outcome.PALINDROMIC_FORWARD


def test_effect_allele_that_is_always_the_minor_one_is_no_mistake() -> None:
    af = np.linspace(0.02, 0.98, 200).round(3).tolist()
    variants = [Variant(i + 1, "A", "G", f) for i, f in enumerate(af)] + [Variant(201, "A", "T", 0.1)]
    rows = [Row(i + 1, *(("G", "A") if f < 0.5 else ("A", "G")), min(f, 1 - f)) for i, f in enumerate(af)]
    found = match([*rows, Row(201, "T", "A", 0.1)], variants, palindromic="infer")
    assert found.outcome[-1] == Outcome.PALINDROMIC_FORWARD
    assert found.frequencies.warnings("x", maf_like=True) == ()


def test_rows_placed_by_id_fit_variants_of_that_id_only() -> None:
    site = [Variant(100, "A", "G", 0.3, "rs1"), Variant(100, "A", "C", 0.1, "rs2")]
    rows = [Row(100, "C", "A", id="rs2"), Row(100, "C", "A", id="rs1"), Row(100, "C", "A", id="rs1")]
    found = match(rows, site, by_id=np.array([True, True, False]))
    assert found.ref_row.tolist() == [1, -1, 1]
    assert found.outcome.tolist()[:2] == [Outcome.MATCHED, Outcome.ALLELES_DIFFER]
    assert found.remark.tolist() == [Remark.BY_ID, 0, Remark.ID_REPLACED]


def test_frequencies_far_from_the_reference_are_remarked_on() -> None:
    found = match([Row(100, "G", "A", 0.49), Row(100, "A", "G", 0.49), Row(100, "G", "A", 0.51)], AG)
    assert (found.remark & Remark.EAF_DIFFERS > 0).tolist() == [False, True, True]
    assert (found.frequencies.n, found.frequencies.n_differ) == (3, 2)


def test_no_rows_and_no_reference() -> None:
    assert match([], AG).outcome.shape == (0,)
    assert outcome(Row(100, "G", "A"), []) == Outcome.NOT_IN_REFERENCE


bases = st.sampled_from("ACGT")
words = st.text("ACGT", min_size=1, max_size=3)
positions = st.integers(1, 4)
frequencies = st.sampled_from([None, 0.05, 0.25, 0.4, 0.41, 0.55, 0.83, 0.95])
ids = st.sampled_from([None, "rs1", "rs2"])
variants = st.builds(Variant, positions, st.one_of(bases, words), st.one_of(bases, words), frequencies, ids)
odd = st.sampled_from(["I", "D", "R", "-", "N", "<DEL>", None])
alleles = st.one_of(bases, bases, bases, words, odd)
rows = st.builds(Row, st.one_of(positions, st.none()), alleles, alleles, frequencies, ids)


def trimmed(variant: Variant) -> bool:
    return variant.ref != variant.alt and (
        min(len(variant.ref), len(variant.alt)) == 1
        or (variant.ref[-1] != variant.alt[-1] and variant.ref[0] != variant.alt[0])
    )


def spelt(variant: Variant, how: str) -> tuple[int, str, str]:
    """Position, EA and NEA of a row about a variant."""
    pos, ref, alt = variant.pos, variant.ref, variant.alt
    longer = len(alt) > len(ref)
    if how == "strand" and len(ref) == len(alt) == 1:
        return pos, COMPLEMENTS[alt], COMPLEMENTS[ref]
    if how == "codes" and len(ref) != len(alt):
        return pos, "I" if longer else "D", "D" if longer else "I"
    if how == "R" and len(ref) != len(alt):
        return pos, "I" if longer else "D", "R"
    if how == "dash" and len(ref) != len(alt):
        return pos + 1, alt[1:] or "-", ref[1:] or "-"
    if how == "untrimmed":
        return pos, alt + "A", ref + "A"
    return pos, alt, ref


@st.composite
def files_and_references(draw: st.DrawFn) -> tuple[list[Row], list[Variant]]:
    """Rows of all kinds, most of them about a variant of the reference."""
    reference = draw(st.lists(variants.filter(trimmed), min_size=1, max_size=12))
    file = draw(st.lists(rows, max_size=3))
    how = st.sampled_from(["plain", "strand", "codes", "R", "dash", "untrimmed"])
    for variant in draw(st.lists(st.sampled_from(reference), max_size=8)):
        pos, ea, nea = spelt(variant, draw(how))
        if draw(st.booleans()):
            ea, nea = nea, ea
        file.append(Row(pos, ea, nea, draw(frequencies), draw(ids)))
    return file, reference


@settings(max_examples=400)
@given(
    files_and_references(),
    st.sampled_from(["drop", "infer", "keep"]),
    st.sampled_from(["drop", "keep"]),
)
def test_agrees_with_a_plain_loop(
    given_files: tuple[list[Row], list[Variant]], palindromic: str, unmatched: str
) -> None:
    file, reference = given_files
    options = {"palindromic": palindromic, "unmatched": unmatched}
    found = match(file, reference, maf_like=False, **options)
    frame = reference_frame(reference)
    for i, row in enumerate(file):
        expected = naive_match(row, sorted(reference, key=lambda v: v.pos), options)
        assert Outcome(int(found.outcome[i])) is expected.outcome, row
        variant = frame.row(int(found.ref_row[i]), named=True) if found.ref_row[i] >= 0 else None
        assert (variant and variant["REF"], variant and variant["ALT"]) == (expected.ref, expected.alt)
        assert bool(found.complement[i]) == expected.complement
        assert bool(found.flip[i]) == bool(expected.ea_is_ref)


@pytest.mark.parametrize(
    ("mode", "eaf", "expected", "flip"),
    [
        ("drop", 0.1, Outcome.PALINDROMIC_DROPPED, False),
        ("keep", 0.1, Outcome.PALINDROMIC_KEPT, False),
        ("infer", None, Outcome.PALINDROMIC_NO_EAF, False),
    ],
)
def test_longer_alleles_can_be_palindromic(
    mode: Any, eaf: float | None, expected: Outcome, flip: bool
) -> None:
    found = match([Row(100, "GT", "AC", eaf)], [Variant(100, "AC", "GT", 0.1, "rs1")], palindromic=mode)
    assert (Outcome(int(found.outcome[0])), bool(found.flip[0])) == (expected, flip)
    other = match([Row(100, "GA", "AC", eaf)], [Variant(100, "AC", "GA", 0.1, "rs1")], palindromic=mode)
    assert other.outcome[0] == Outcome.MATCHED
