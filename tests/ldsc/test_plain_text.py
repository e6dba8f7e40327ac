"""Plain munged text against a reader that splits lines."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.ldsc import plain_text
from postgwas.ldsc.munged_rows import AlleleLetters
from postgwas.ldsc.plain_text import first_line, read_plain

WANTED = {"SNP": "SNPID", "Z": "Z", "N": "N", "A1": "EA", "A2": "NEA"}
FIELD = st.one_of(st.text("rsé0123456789", min_size=1, max_size=25), st.sampled_from(["", "NA"]))
NUMBER = st.one_of(st.floats(-1e9, 1e9).map(repr), st.sampled_from(["", "NA", "12", "-0.125"]))
ALLELE = st.sampled_from(["A", "c", "TG", "NA", "", "N"])
ROWS = st.lists(st.tuples(ALLELE, NUMBER, FIELD, ALLELE, NUMBER), min_size=1, max_size=30)


def missing(field: str) -> bool:
    return field in ("", "NA")


@given(ROWS, st.booleans(), st.sampled_from([40, 300, 1 << 19]))
def test_as_split_lines(rows: list[tuple[str, ...]], ended: bool, stretch: int) -> None:
    text = "\n".join("\t".join(row) for row in [("A1", "Z", "SNP", "A2", "N"), *rows]) + "\n" * ended
    # A last field that is empty leaves no trace without the line's end.
    data, before = text.encode(), plain_text._STRETCH
    try:
        plain_text._STRETCH = stretch
        found = read_plain(data, first_line(data)[0], WANTED)
    finally:
        plain_text._STRETCH = before
    assert found is not None and len(found) == len(rows) and found.ea is not None and found.nea is not None
    series = found.ids.series.to_list()
    for i, (a1, z, snp, a2, n) in enumerate(rows):
        assert series[i] == (None if missing(snp) else snp)
        for field, value in ((z, found.z[i]), (n, found.n[i])):
            assert math.isnan(value) if missing(field) else value == float(field)
        for field, alleles in ((a1, found.ea), (a2, found.nea)):
            letter = AlleleLetters.MISSING if missing(field) else ord(field) if len(field) == 1 else 0
            assert alleles.letters[i] == letter and (missing(field) or alleles.text(i) == field)
    equal = found.ids.first[:, None] == found.ids.first
    for i, one in enumerate(series):
        for j, other in enumerate(series):
            assert one is None or other is None or (one == other) == bool(equal[i, j])


@pytest.mark.parametrize(
    "text",
    [
        "SNP\tZ\tN\nrs1\t1\n",
        "SNP\tZ\tN\nrs1\t1\t2\t3\nrs2\t1\n",
        "SNP\tZ\tN\nrs1\t1\t2\n\n",
        'SNP\tZ\tN\n"rs1"\t1\t2\n',
        "SNP\tZ\tN\r\nrs1\t1\t2\r\n",
        "SNP\tZ\tN\nrs1\tone\t2\n",
        "SNP\tZ\tN\nrs1\x01\t1\t2\n",
    ],
)
def test_what_is_odd_is_left_to_others(text: str) -> None:
    data = text.encode()
    assert read_plain(data, first_line(data)[0], {"SNP": "SNPID", "Z": "Z", "N": "N"}) is None


def test_a_header_alone_has_no_rows() -> None:
    found = read_plain(b"SNP\tZ\tN\n", ["SNP", "Z", "N"], {"SNP": "SNPID", "Z": "Z", "N": "N"})
    assert found is not None and len(found) == 0
