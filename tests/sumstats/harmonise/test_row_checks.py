"""Rows that cannot be used, each for its reason."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from postgwas.sumstats.harmonise.outcomes import Outcome
from postgwas.sumstats.harmonise.row_checks import row_outcomes, tidy_alleles

GOOD = {
    "CHR": 1, "POS": 5, "EA": "A", "NEA": "G", "EAF": 0.2, "BETA": 0.1, "SE": 0.1, "Z": 1.0, "P": 0.3,
    "MLOG10P": 0.5,
}  # fmt: skip
SCHEMA = {"CHR": pl.Int8, "POS": pl.Int32, "EA": pl.String, "NEA": pl.String} | dict.fromkeys(
    ("EAF", "BETA", "SE", "Z", "P", "MLOG10P"), pl.Float64
)


def check(*, given: str = "BETA SE P", positions: bool = True, codes: bool = False, **change: object) -> str:
    frame = pl.DataFrame([GOOD | change], schema=SCHEMA)
    found = row_outcomes(frame, positions=positions, codes=codes, given=frozenset(given.split()))
    return next(outcome.name for outcome in Outcome if outcome == found[0])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "PENDING"),
        ({"CHR": None}, "CHROMOSOME_UNKNOWN"),
        ({"POS": None}, "POSITION_MISSING"),
        ({"POS": 0}, "POSITION_MISSING"),
        ({"EA": None}, "ALLELES_UNREADABLE"),
        ({"EA": "N"}, "ALLELES_UNREADABLE"),
        ({"NEA": "<DEL>"}, "ALLELES_UNREADABLE"),
        ({"EA": "I", "NEA": "D"}, "ALLELES_UNREADABLE"),
        ({"EA": "G"}, "ALLELES_EQUAL"),
        ({"BETA": None}, "STATISTIC_BAD"),
        ({"SE": 0.0}, "STATISTIC_BAD"),
        ({"SE": None}, "STATISTIC_BAD"),
        ({"P": -0.1}, "STATISTIC_BAD"),
        ({"P": 1.01}, "STATISTIC_BAD"),
        ({"P": None}, "STATISTIC_BAD"),
        ({"P": 0.0}, "PENDING"),
        ({"EAF": 1.2}, "FREQUENCY_BAD"),
        ({"EAF": None}, "PENDING"),
        ({"EAF": 0.0}, "PENDING"),
    ],
)
def test_reasons(change: dict[str, object], expected: str) -> None:
    assert check(**change) == expected  # type: ignore[arg-type]


def test_what_the_file_does_not_have_is_not_missing() -> None:
    assert check(given="Z", BETA=None, SE=None, P=None) == "PENDING"
    assert check(given="Z", Z=None) == "STATISTIC_BAD"
    assert check(given="BETA MLOG10P", MLOG10P=-1.0) == "STATISTIC_BAD"
    assert check(positions=False, CHR=None, POS=None) == "PENDING"


def test_codes_pass_where_a_reference_can_write_them_out() -> None:
    assert check(codes=True, EA="I", NEA="D") == "PENDING"
    assert check(codes=True, EA="-", NEA="AT") == "PENDING"
    assert check(codes=True, EA="?") == "ALLELES_UNREADABLE"


def test_the_first_reason_is_told() -> None:
    assert check(CHR=None, EA="N", P=None) == "CHROMOSOME_UNKNOWN"


def test_alleles_in_capitals_and_by_number() -> None:
    frame = pl.DataFrame({"EA": ["a", "CT", None], "NEA": ["G", "c", "t"]})
    assert tidy_alleles(frame)["EA"].to_list() == ["A", "CT", None]
    assert tidy_alleles(frame)["NEA"].to_list() == ["G", "C", "T"]
    numbers = pl.DataFrame({"EA": ["1", "3", "0"], "NEA": ["2", "4", "1"]})
    found = tidy_alleles(numbers, numbered=True)
    assert found["EA"].to_list() == ["A", "G", "0"] and found["NEA"].to_list() == ["C", "T", "A"]


def test_each_row_by_itself() -> None:
    changes: list[dict[str, object]] = [{}, {"POS": None}, {"EA": "X"}, {"P": 2.0}, {"EAF": -1.0}]
    frame = pl.DataFrame([GOOD | c for c in changes], schema=SCHEMA)
    given = frozenset({"BETA", "SE", "P"})
    together = row_outcomes(frame, positions=True, codes=False, given=given)
    alone = [row_outcomes(frame[i], positions=True, codes=False, given=given)[0] for i in range(frame.height)]
    assert np.array_equal(together, alone)
