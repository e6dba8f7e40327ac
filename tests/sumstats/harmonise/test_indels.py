"""Normal form of indels against the published algorithm, letter by letter."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import assume, given
from hypothesis import strategies as st

from postgwas.sumstats.harmonise.indels import (
    NORMAL_OK,
    NORMAL_OUTSIDE,
    NORMAL_REF_MISMATCH,
    NORMAL_UNREADABLE,
    Normalised,
    normalise,
    place_reversed,
)
from postgwas.sumstats.harmonise.sequence_check import reverse_complement

# Few letters make repeats, where normal forms differ from what was written.
SEQUENCES = st.text(alphabet="AC", min_size=6, max_size=40)
ALLELES = st.text(alphabet="AC", min_size=1, max_size=5)


def codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def one(pos: int, ref: str, alt: str, sequence: str) -> Normalised:
    return normalise([pos], pl.Series([ref]), pl.Series([alt]), codes(sequence))


def form(found: Normalised) -> tuple[int, str, str]:
    return int(found.pos[0]), found.ref[0], found.alt[0]


def published(pos: int, ref: str, alt: str, sequence: str) -> tuple[int, str, str]:
    """Algorithm 1 of Tan et al. 2015."""
    changing = True
    while changing:
        changing = False
        if ref and alt and ref[-1] == alt[-1]:
            ref, alt, changing = ref[:-1], alt[:-1], True
        if not ref or not alt:
            pos -= 1
            ref, alt, changing = sequence[pos - 1] + ref, sequence[pos - 1] + alt, True
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        ref, alt, pos = ref[1:], alt[1:], pos + 1
    return pos, ref, alt


def applied(pos: int, ref: str, alt: str, sequence: str) -> str:
    assert sequence[pos - 1 : pos - 1 + len(ref)] == ref
    return sequence[: pos - 1] + alt + sequence[pos - 1 + len(ref) :]


@st.composite
def variants(draw: st.DrawFn) -> tuple[int, str, str, str]:
    """A sequence and a variant of it that is not at its very beginning once normalised."""
    sequence = "G" + draw(SEQUENCES)
    pos = draw(st.integers(2, len(sequence)))
    ref = sequence[pos - 1 : pos - 1 + draw(st.integers(1, 5))]
    alt = draw(ALLELES)
    assume(ref != alt)
    return pos, ref, alt, sequence


@given(variants())
def test_form_is_that_of_the_published_algorithm(variant: tuple[int, str, str, str]) -> None:
    pos, ref, alt, sequence = variant
    found = one(*variant)
    # Variants of one base each are left alone by both.
    assert form(found) == published(*variant)
    assert found.status[0] == NORMAL_OK
    assert found.changed[0] == (form(found) != (pos, ref, alt))
    assert applied(*form(found), sequence) == applied(*variant)


@given(variants())
def test_normal_form_is_normal_and_alleles_may_come_in_any_order(variant: tuple[int, str, str, str]) -> None:
    pos, ref, alt, sequence = variant
    there = form(one(*variant))
    assert form(one(*there, sequence)) == there
    assert form(one(pos, alt, ref, sequence)) == (there[0], there[2], there[1])


@given(variants(), st.integers(0, 4), st.integers(0, 4))
def test_all_spellings_of_a_variant_have_one_form(
    variant: tuple[int, str, str, str], left: int, right: int
) -> None:
    pos, ref, alt, sequence = variant
    left = min(left, pos - 1)
    before = sequence[pos - 1 - left : pos - 1]
    after = sequence[pos - 1 + len(ref) :][:right]
    assume(len(ref) + len(alt) > 2)
    longer = one(pos - left, before + ref + after, before + alt + after, sequence)
    assert form(longer) == form(one(*variant))


def test_rows_do_not_touch_each_other() -> None:
    sequence = "GATATATCCCCCG"
    pos = [4, 12, 3, 1, 40, 2]
    ref = pl.Series(["ATA", "C", "T", "GA", "AT", "AT"])
    alt = pl.Series(["A", "CC", "C", "G", "A", "A"])
    together = normalise(pos, ref, alt, codes(sequence))
    assert together.changed.tolist() == [True, True, False, False, False, False]
    for row, place in enumerate(pos):
        alone = one(place, ref[row], alt[row], sequence)
        assert form(alone) == (together.pos[row], together.ref[row], together.alt[row])
        assert alone.status[0] == together.status[row]
        assert alone.changed[0] == together.changed[row]


def test_known_example_of_the_paper() -> None:
    """Figure 1 of the paper: one deletion of CA, several spellings, one normal form."""
    sequence = "GGGCACACACAGGG"
    for pos, ref, alt in [(6, "CAC", "C"), (3, "GCACA", "GCA"), (2, "GGCA", "GG"), (3, "GCA", "G")]:
        assert form(one(pos, ref, alt, sequence)) == (3, "GCA", "G")


def test_first_base_of_a_chromosome_anchors_on_the_right() -> None:
    assert form(one(2, "AC", "A", "CACG")) == (2, "AC", "A")
    assert form(one(1, "AA", "A", "AAAG")) == (1, "AA", "A")
    assert form(one(2, "AAG", "AG", "AAAG")) == (1, "AA", "A")
    assert applied(*form(one(3, "AG", "AAAG", "AAAG")), "AAAG") == "AAAAAG"


def test_rows_that_cannot_be_normalised_stay_as_given() -> None:
    sequence = "ACGTNACGT"
    pos = [2, 2, 50, 0, 1, 2, 2, 9]
    ref = pl.Series(["GG", "CN", "AC", "AC", None, "CG", "C", "TTT"])
    alt = pl.Series(["G", "C", "A", "A", "AC", "CG", "<DEL>", "TT"])
    found = normalise(pos, ref, alt, codes(sequence))
    assert found.status.tolist() == [
        NORMAL_REF_MISMATCH,
        NORMAL_UNREADABLE,
        NORMAL_OUTSIDE,
        NORMAL_OUTSIDE,
        NORMAL_UNREADABLE,
        NORMAL_UNREADABLE,
        NORMAL_UNREADABLE,
        NORMAL_REF_MISMATCH,
    ]
    assert found.pos.tolist() == pos
    assert found.ref.to_list() == ref.to_list()
    assert not found.changed.any()


def test_an_anchor_of_n_is_refused_rather_than_written() -> None:
    found = one(7, "CC", "C", "ACGTNCCCG")
    assert found.status[0] == NORMAL_UNREADABLE
    assert form(found) == (7, "CC", "C")


def test_repeats_longer_than_the_window_are_followed_to_their_start() -> None:
    sequence = "G" + "CAG" * 400 + "T"
    assert form(one(1198, "GCAG", "G", sequence)) == (1, "GCAG", "G")
    assert form(one(1201, "G", "GCAG", sequence)) == (1, "G", "GCAG")


def test_single_bases_and_empty_columns_pass_untouched() -> None:
    found = normalise([3, 99], pl.Series(["A", "C"]), pl.Series(["T", None]), codes("ACGT"))
    assert found.status.tolist() == [NORMAL_OK, NORMAL_UNREADABLE]
    nothing = normalise([], pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.String), codes("ACGT"))
    assert nothing.pos.size == 0


@given(variants())
def test_reversed_variants_change_the_other_strand_in_the_same_way(
    variant: tuple[int, str, str, str],
) -> None:
    """Source and target are reverse complements, as in a block on the reverse strand."""
    pos, ref, alt, source = variant
    # Two letters more, so that nothing reaches the target's first base.
    source += "GG"
    target = str(reverse_complement(pl.Series([source]))[0])
    first = len(source) - pos + 1
    for ea, nea in ((ref, alt), (alt, ref)):
        found = place_reversed([first], pl.Series([ea]), pl.Series([nea]), codes(target))
        assert found.status[0] == NORMAL_OK
        place, new_ea, new_nea = form(found)
        new_ref, new_alt = (new_ea, new_nea) if ea == ref else (new_nea, new_ea)
        haplotype = str(reverse_complement(pl.Series([applied(*variant[:3], source)]))[0])
        assert applied(place, new_ref, new_alt, target) == haplotype
        assert (place, new_ref, new_alt) == published(place, new_ref, new_alt, target)


def test_reversed_variants_of_another_sequence_stay_as_given() -> None:
    found = place_reversed([4, 1], pl.Series(["AC", "AC"]), pl.Series(["A", None]), codes("CCCCC"))
    assert found.status.tolist() == [NORMAL_REF_MISMATCH, NORMAL_UNREADABLE]
    assert found.pos.tolist() == [4, 1]
    assert found.ref.to_list() == ["AC", "AC"]
    assert not found.changed.any()


def test_a_reversed_allele_standing_where_the_other_begins_is_no_place() -> None:
    # Turned, CAT is ATG and would begin at 4, CT is AG and would begin at 5: there ATG stands.
    sequence = np.frombuffer(b"CCCCATGCCC", dtype=np.uint8)
    found = place_reversed([6], pl.Series(["CAT"]), pl.Series(["CT"]), sequence)
    assert found.status.tolist() == [NORMAL_REF_MISMATCH]
    assert (found.pos.tolist(), found.ref.to_list(), found.alt.to_list()) == ([6], ["CAT"], ["CT"])
