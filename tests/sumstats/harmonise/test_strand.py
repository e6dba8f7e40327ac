"""Rows against a sequence, with and without a reference, and those that a chain reversed."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.sumstats.harmonise.outcomes import Outcome
from postgwas.sumstats.harmonise.reference_sequence import normal_reference, orient_reference
from postgwas.sumstats.harmonise.strand import (
    AlleleRules,
    Compared,
    compare_rows,
    complement,
    exchange,
)

TEXT = "ACGTTTTTGACCATGCA"
SEQUENCE = np.frombuffer(TEXT.encode(), dtype=np.uint8)


def rows(*given: tuple[int, str, str], **more: list[object]) -> pl.DataFrame:
    n = len(given)
    return pl.DataFrame(
        {
            "ROW": pl.Series(range(2, n + 2), dtype=pl.UInt32),
            "SNPID": [f"rs{i}" for i in range(n)],
            "CHR": pl.Series([1] * n, dtype=pl.Int8),
            "POS": pl.Series([p for p, _, _ in given], dtype=pl.Int32),
            "EA": [e for _, e, _ in given],
            "NEA": [o for _, _, o in given],
            "EAF": [0.3] * n,
            "BETA": [0.5] * n,
            "SE": [0.1] * n,
            "Z": [5.0] * n,
            **more,
        }
    )


def panel(*given: tuple[int, str, str, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [(f"rs{i}", *v) for i, v in enumerate(given)],
        schema={"SNPID": pl.String, "POS": pl.Int32, "REF": pl.String, "ALT": pl.String, "AF": pl.Float32},
        orient="row",
    )


def names(compared: Compared) -> list[str]:
    return [Outcome(code).name for code in compared.outcome.tolist()]  # type: ignore[call-arg]


def result(compared: Compared) -> list[tuple[object, ...]]:
    return compared.frame.select("POS", "EA", "NEA", "BETA", "EAF", "EFFECT_IS_ALT").rows()


def test_the_sequence_alone_orients_rows() -> None:
    # Position 2 is C: EA other, EA reference, both complemented, palindromic, mismatch.
    frame = rows((2, "T", "C"), (2, "C", "T"), (2, "A", "G"), (2, "G", "A"), (2, "G", "C"), (2, "A", "T"))
    found = compare_rows(frame, rules=AlleleRules(), reference=None, sequence=SEQUENCE)
    assert names(found)[:4] == ["MATCHED", "SWAPPED", "FLIPPED", "FLIPPED_SWAPPED"]
    assert result(found) == [
        (2, "T", "C", 0.5, 0.3, True), (2, "T", "C", -0.5, 0.7, True),
        (2, "T", "C", 0.5, 0.3, True), (2, "T", "C", -0.5, 0.7, True),
    ]  # fmt: skip
    assert not found.frame.height > 4
    assert all(Outcome[name].kept is False for name in names(found)[4:])


@pytest.mark.parametrize(("effect", "expected"), [("alt", "T"), ("ref", "C"), ("given", "C")])
def test_effect_allele_by_the_sequence(effect: str, expected: str) -> None:
    rules = AlleleRules(effect_allele=effect)  # type: ignore[arg-type]
    found = compare_rows(rows((2, "C", "T")), rules=rules, reference=None, sequence=SEQUENCE)
    turned = expected == "T"
    row = (2, expected, "C" if turned else "T", -0.5 if turned else 0.5, 0.7 if turned else 0.3)
    assert result(found) == [(*row, turned)]


def test_indels_are_left_aligned_before_they_are_matched() -> None:
    # Deletion of one T of TTTTT (4..8), written at its right end; the normal form is at 3.
    frame = rows((7, "T", "TT"))
    reference = panel((3, "GT", "G", 0.2))
    alone = compare_rows(frame, rules=AlleleRules(), reference=reference)
    assert names(alone) == ["NOT_IN_REFERENCE"]
    found = compare_rows(frame, rules=AlleleRules(), reference=reference, sequence=SEQUENCE)
    assert names(found) == ["MATCHED"] and found.n_normalised == 1
    assert result(found)[0][:4] == (3, "G", "GT", 0.5)


def test_reversed_snvs_are_complemented_and_indels_need_the_sequence() -> None:
    frame = rows((2, "A", "G"), (3, "AC", "A"), REVERSE=[True, True])
    found = compare_rows(frame, rules=AlleleRules(), reference=panel((2, "C", "T", 0.3)))
    assert names(found) == ["MATCHED", "LIFT_REVERSED_INDEL"]
    assert result(found)[0][:4] == (2, "T", "C", 0.5)


def test_palindromic_snvs_of_reversed_blocks_are_turned() -> None:
    # A/T on the source strand is T/A on the target's: kept as forward, its effect allele is T.
    rules = AlleleRules(palindromic="keep")
    frame = rows((1, "A", "T"), REVERSE=[True])
    found = compare_rows(frame, rules=rules, reference=panel((1, "A", "T", 0.3)))
    assert names(found) == ["PALINDROMIC_KEPT"]
    assert result(found)[0][:4] == (1, "T", "A", 0.5)


def test_a_panel_whose_ref_means_nothing_is_oriented() -> None:
    turned = orient_reference(panel((2, "T", "C", 0.2), (9, "G", "A", 0.4)), SEQUENCE)
    assert turned.select("POS", "REF", "ALT").rows() == [(2, "C", "T"), (9, "G", "A")]
    assert turned["AF"].to_list() == pytest.approx([0.8, 0.4])
    frame = rows((2, "C", "T"))
    without = compare_rows(frame, rules=AlleleRules(), reference=panel((2, "T", "C", 0.2)), ref_known=False)
    assert without.frame["EFFECT_IS_ALT"].to_list() == [None]
    told = compare_rows(
        frame, rules=AlleleRules(), reference=panel((2, "T", "C", 0.2)), ref_known=False, sequence=SEQUENCE
    )
    assert result(told)[0][:4] == (2, "T", "C", -0.5)


def test_rows_that_the_reference_lacks_are_oriented_by_the_sequence() -> None:
    frame = rows((2, "C", "T"), (9, "A", "G"), (10, "C", "G"))
    rules = AlleleRules(unmatched="keep")
    found = compare_rows(frame, rules=rules, reference=panel((9, "G", "A", 0.3)), sequence=SEQUENCE)
    assert names(found) == ["UNMATCHED_KEPT", "MATCHED", "SEQUENCE_MISMATCH"]
    assert result(found) == [(2, "T", "C", -0.5, pytest.approx(0.7), True), (9, "A", "G", 0.5, 0.3, True)]


def test_without_anything_rows_stay_as_they_are() -> None:
    frame = rows((2, "C", "T"), (3, "A", "AG"))
    found = compare_rows(frame, rules=AlleleRules(), reference=None)
    assert names(found) == ["NOT_COMPARED"] * 2
    assert found.frame.select(frame.columns).equals(frame)


bases = st.text("ACGT", min_size=1, max_size=4)


@given(st.lists(st.tuples(bases, st.booleans()), min_size=1, max_size=20))
def test_complement_reverses_and_is_its_own_inverse(alleles: list[tuple[str, bool]]) -> None:
    text = pl.Series("EA", [a for a, _ in alleles])
    mask = np.array([m for _, m in alleles])
    turned = complement(text, mask)
    pairs = {"A": "T", "C": "G", "G": "C", "T": "A"}
    for before, after, turn in zip(text, turned, mask):
        assert after == ("".join(pairs[b] for b in reversed(before)) if turn else before)
    assert complement(turned, mask).equals(text)


def test_exchange_twice_is_nothing() -> None:
    frame = rows((2, "C", "T"), (3, "A", "G")).with_columns(BETA=pl.Series([0.0, -0.2]))
    turn = np.array([True, True])
    once = exchange(frame, turn)
    assert once["EA"].to_list() == ["T", "G"] and once["BETA"].to_list() == [0.0, 0.2]
    assert not np.signbit(once["BETA"].to_numpy()[0])
    assert exchange(once, turn)["BETA"].equals(frame["BETA"])


def test_a_reversed_allele_without_letters_is_never_placed() -> None:
    # C/- of a reversed block is anchored at its other end: no reference can be asked.
    frame = rows((2, "C", "-"), (2, "-", "C"), (2, "I", "D"), REVERSE=[True] * 3)
    reference = panel((1, "AC", "A", 0.3), (2, "CG", "C", 0.3))
    for sequence in (None, SEQUENCE):
        found = compare_rows(frame, rules=AlleleRules(), reference=reference, sequence=sequence)
        assert names(found) == ["LIFT_REVERSED_INDEL"] * 3


def test_a_reference_that_is_not_left_aligned_is_found_with_the_sequence() -> None:
    # The same deletion of one T in 4..8, once in normal form and once as the reference has it.
    frame = rows((3, "G", "GT"), (7, "T", "TT"))
    reference = panel((2, "C", "T", 0.3), (7, "TT", "T", 0.2))
    assert normal_reference(reference, SEQUENCE).rows() == [
        ("rs0", 2, "C", "T", pytest.approx(0.3)), ("rs1", 3, "GT", "G", pytest.approx(0.2)),
    ]  # fmt: skip
    assert reference["POS"].to_list() == [2, 7]
    found = compare_rows(frame, rules=AlleleRules(), reference=reference, sequence=SEQUENCE)
    assert names(found) == ["MATCHED"] * 2
    assert [row[:4] for row in result(found)] == [(3, "G", "GT", 0.5)] * 2


def test_a_reference_that_contradicts_the_sequence_is_not_followed() -> None:
    # The sequence has C at 2 and G at 9; at 10 (A) the reference's ALT stands.
    frame = rows((2, "T", "C"), (9, "T", "C"), (10, "G", "A"))
    reference = panel((2, "C", "T", 0.3), (9, "C", "T", 0.3), (10, "G", "A", 0.3))
    found = compare_rows(frame, rules=AlleleRules(), reference=reference, sequence=SEQUENCE)
    assert names(found) == ["MATCHED", "REF_MISMATCH", "REF_MISMATCH"]
    assert found.frame["POS"].to_list() == [2]
    beyond = compare_rows(rows((99, "T", "C")), rules=AlleleRules(), reference=panel((99, "C", "T", 0.3)),
                          sequence=SEQUENCE)  # fmt: skip
    assert names(beyond) == ["MATCHED"]


def test_ref_stays_unknown_where_both_alleles_of_a_panel_could_be_it() -> None:
    # CG and C both stand at 2; T/C there can only have C; G/A at 2 is on the other strand.
    frame = rows((2, "T", "C"), (2, "C", "CG"), (2, "G", "A"))
    reference = panel((2, "T", "C", 0.3), (2, "C", "CG", 0.3))
    found = compare_rows(frame, rules=AlleleRules(), reference=reference, ref_known=False, sequence=SEQUENCE)
    assert found.frame["EFFECT_IS_ALT"].to_list() == [True, None, True]
    turned = panel((2, "G", "A", 0.3))
    found = compare_rows(frame[2:], rules=AlleleRules(), reference=turned, ref_known=False, sequence=SEQUENCE)
    assert names(found) == ["REF_MISMATCH"]


def test_ref_stays_unknown_where_an_unmatched_indel_fits_both_ways() -> None:
    frame = rows((2, "CG", "C"), (8, "C", "T"))
    rules = AlleleRules(unmatched="keep")
    found = compare_rows(frame, rules=rules, reference=panel((9, "G", "A", 0.3)), sequence=SEQUENCE)
    assert names(found) == ["UNMATCHED_KEPT"] * 2
    assert found.frame["EFFECT_IS_ALT"].to_list() == [None, True]
