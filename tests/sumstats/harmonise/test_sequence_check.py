"""Alleles against a sequence, row by row in plain Python."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.sumstats.harmonise.outcomes import Outcome
from postgwas.sumstats.harmonise.row_arrays import AlleleBytes
from postgwas.sumstats.harmonise.sequence_check import (
    CHECK_BOTH,
    CHECK_EA,
    CHECK_EA_COMPLEMENT,
    CHECK_NEA,
    CHECK_NEA_COMPLEMENT,
    CHECK_NEITHER,
    CHECK_NO_BASE,
    CHECK_OUTSIDE,
    CHECK_UNREADABLE,
    check_ref,
    decide_strand,
    is_palindromic,
    reverse_complement,
)

PAIR = {"A": "T", "C": "G", "G": "C", "T": "A"}
ALLELES = st.one_of(st.sampled_from("ACGT"), st.text(alphabet="ACGT", min_size=1, max_size=4), st.none())
ROWS = st.lists(st.tuples(st.integers(-1, 14), ALLELES, ALLELES), min_size=1, max_size=20)
#: None of a chromosome that the FASTA lacks.
SEQUENCES = st.one_of(st.text(alphabet="ACGTN", min_size=12, max_size=12), st.just(""))


def codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def columns(rows: list[tuple[int, str | None, str | None]]) -> tuple[list[int], pl.Series, pl.Series]:
    pos, ea, nea = zip(*rows)
    return list(pos), pl.Series(ea, dtype=pl.String), pl.Series(nea, dtype=pl.String)


def naive(pos: int, ea: str | None, nea: str | None, sequence: str) -> int:
    if not 1 <= pos <= len(sequence):
        return CHECK_OUTSIDE
    if ea is None or nea is None or ea == nea:
        return CHECK_UNREADABLE
    there = sequence[pos - 1 :]
    if len(ea) == len(nea) == 1 and there[0] == "N":
        return CHECK_NO_BASE
    found = (CHECK_EA if there.startswith(ea) else 0) + (CHECK_NEA if there.startswith(nea) else 0)
    if not found and len(ea) == len(nea) == 1:
        found = CHECK_NEA_COMPLEMENT if there[0] == PAIR[nea] else CHECK_EA_COMPLEMENT
        found = found if there[0] in (PAIR[ea], PAIR[nea]) else CHECK_NEITHER
    return found


@given(ROWS, SEQUENCES)
def test_check_is_that_of_plain_python(rows: list[tuple[int, str | None, str | None]], sequence: str) -> None:
    found = check_ref(*columns(rows), codes(sequence))
    assert found.tolist() == [naive(*row, sequence) for row in rows]


def test_long_alleles_and_letters_that_are_no_bases() -> None:
    sequence = "A" * 5 + "ACGTACGTACGTACGT" + "C" * 5
    ea = pl.Series(["ACGTACGTACGTACGT", "ACGTACGTACGTACGA", "a", "<DEL>", "", "AN", "I"])
    nea = pl.Series(["A", "G", "C", "A", "A", "A", "D"])
    found = check_ref([6] * 7, ea, nea, codes(sequence))
    assert found.tolist() == [CHECK_BOTH, CHECK_NEITHER, *[CHECK_UNREADABLE] * 5]


def test_slices_of_a_column_are_read_from_their_own_rows() -> None:
    column = pl.concat([pl.Series(["A", "CC", None]), pl.Series(["GGGGGGGGGGGGGGGGG", "T"])])
    part = AlleleBytes.of(column[1:])
    assert part.length.tolist() == [2, 0, 17, 1]
    assert bytes(part.first) == b"C\x00GT"


@given(ROWS, SEQUENCES)
def test_strand_decisions_put_the_reference_allele_second(
    rows: list[tuple[int, str | None, str | None]], sequence: str
) -> None:
    pos, ea, nea = columns(rows)
    found = decide_strand(pos, ea, nea, codes(sequence), palindromic="keep")
    for row, place in enumerate(pos):
        outcome = Outcome(found.outcome[row])
        if not outcome.kept:
            assert not found.complement[row] and not found.flip[row]
            continue
        alleles = [str(ea[row]), str(nea[row])]
        if found.complement[row]:
            alleles = [PAIR[a] for a in alleles]
        reference = alleles[0] if found.flip[row] else alleles[1]
        stands = sequence[place - 1 :].startswith(reference)
        # A shorter allele that fits is not told from the longer: the row stays as it was given.
        assert stands or outcome is Outcome.INDEL_REF_GIVEN


@given(ROWS, SEQUENCES)
def test_exchanging_the_alleles_turns_the_flip(
    rows: list[tuple[int, str | None, str | None]], sequence: str
) -> None:
    pos, ea, nea = columns(rows)
    one, other = (decide_strand(pos, *pair, codes(sequence)) for pair in ((ea, nea), (nea, ea)))
    certain = np.isin(
        one.outcome, [Outcome.MATCHED, Outcome.SWAPPED, Outcome.FLIPPED, Outcome.FLIPPED_SWAPPED]
    )
    assert np.array_equal(one.flip[certain], ~other.flip[certain])
    assert np.array_equal(one.complement, other.complement)


def test_each_outcome_of_a_run_with_a_sequence_alone() -> None:
    rows = [
        (1, "G", "A", Outcome.MATCHED),
        (1, "A", "G", Outcome.SWAPPED),
        (1, "C", "T", Outcome.FLIPPED),
        (1, "T", "C", Outcome.FLIPPED_SWAPPED),
        (1, "A", "T", Outcome.PALINDROMIC_DROPPED),
        (2, "C", "G", Outcome.PALINDROMIC_DROPPED),
        (1, "AC", "GT", Outcome.PALINDROMIC_DROPPED),
        (1, "AC", "A", Outcome.INDEL_REF_GIVEN),
        (1, "ATT", "A", Outcome.MATCHED),
        (1, "A", "ATT", Outcome.SWAPPED),
        (1, "C", "G", Outcome.SEQUENCE_MISMATCH),
        (3, "C", "T", Outcome.SEQUENCE_MISMATCH),
        (9, "C", "T", Outcome.SEQUENCE_OUTSIDE),
        (1, "A", "A", Outcome.ALLELES_EQUAL),
        (1, "A", "-", Outcome.ALLELES_UNREADABLE),
        (1, None, "A", Outcome.ALLELES_UNREADABLE),
    ]
    pos, ea, nea = columns([row[:3] for row in rows])
    found = decide_strand(pos, ea, nea, codes("ACNNN"))
    assert [Outcome(code) for code in found.outcome] == [row[3] for row in rows]
    kept = decide_strand(pos, ea, nea, codes("ACNNN"), palindromic="keep")
    assert [Outcome(code) for code in kept.outcome[4:7]] == [Outcome.PALINDROMIC_KEPT] * 3
    assert kept.flip[4:7].tolist() == [True, True, True]


@pytest.mark.parametrize("alleles", [["A", "C", "G", "T"], ["ACGTT", "A", None, "N", "GATTACA"]])
def test_reverse_complement_twice_is_identity(alleles: list[str | None]) -> None:
    column = pl.Series(alleles)
    turned = reverse_complement(column)
    assert reverse_complement(turned).to_list() == alleles
    expected = [None if a is None else "".join(PAIR.get(x, x) for x in reversed(a)) for a in alleles]
    assert turned.to_list() == expected


def test_palindromes_of_any_length() -> None:
    ea = pl.Series(["A", "C", "A", "AC", "AC", "AT", None, "T"])
    nea = pl.Series(["T", "G", "G", "GT", "CA", "A", "T", None])
    assert is_palindromic(ea, nea).tolist() == [True, True, False, True, False, False, False, False]
