"""The table of known SNPs: what it holds, and the file that it is kept in."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.reference.known_snps import FILE, KnownSNPs, decode, encode, known_snps
from postgwas.sumstats.harmonise.assembly import length_of

# As dbSNP has them: rsID, chromosome, GRCh37, GRCh38.
FACTS = [
    (3094315, 1, 752566, 817186),
    (3131972, 1, 752721, 817341),
    (9939609, 16, 53820527, 53786615),
    (7903146, 10, 114758349, 112998590),
    (429358, 19, 45411941, 44908684),
]


def table(rows: list[tuple[int, int, int, int]]) -> KnownSNPs:
    rsid, chr, grch37, grch38 = (np.array(column) for column in zip(*rows))
    return KnownSNPs(
        rsid.astype(np.uint32), chr.astype(np.int8), grch37.astype(np.int32), grch38.astype(np.int32)
    )


ROWS = st.lists(
    st.tuples(
        st.integers(1, 2**32 - 1),
        st.integers(1, 25),
        st.integers(1, 250_000_000),
        st.integers(1, 250_000_000),
    ),
    min_size=1,
    unique_by=lambda row: row[0],
).map(sorted)


@given(ROWS)
def test_a_table_written_and_read_is_the_same(rows: list[tuple[int, int, int, int]]) -> None:
    one = table(rows)
    other = decode(encode(one))
    for name in ("rsid", "chr", "grch37", "grch38"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


@given(ROWS, st.lists(st.integers(0, 2**32 - 1), max_size=30))
def test_find_is_a_lookup(rows: list[tuple[int, int, int, int]], others: list[int]) -> None:
    known = table(rows)
    wanted = [*others, *(row[0] for row in rows), *others]
    found, index = known.find(np.array(wanted, dtype=np.uint32))
    numbers = [row[0] for row in rows]
    expected = [(i, numbers.index(rsid)) for i, rsid in enumerate(wanted) if rsid in numbers]
    assert list(zip(found.tolist(), index.tolist())) == expected


@given(ROWS, st.lists(st.tuples(st.integers(0, 26), st.integers(0, 250_000_000)), max_size=30))
def test_places_are_counted_one_by_one(
    rows: list[tuple[int, int, int, int]], others: list[tuple[int, int]]
) -> None:
    known = table(rows)
    for build, column in (("GRCh37", 2), ("GRCh38", 3)):
        places = [(row[1], row[column]) for row in rows]
        asked = [*others, *places, *places]
        chr, pos = (np.array(values) for values in zip(*asked))
        assert known.count_at(build, chr, pos) == sum(place in places for place in asked)


def test_the_table_that_comes_along_is_sound_and_small() -> None:
    known = known_snps()
    assert len(resources.files("postgwas.reference").joinpath(FILE).read_bytes()) < 1_000_000
    assert (np.diff(known.rsid.astype(np.int64)) > 0).all()
    assert np.array_equal(np.unique(known.chr), np.arange(1, 23))
    assert (np.abs(known.grch37 - known.grch38) > 1).all()
    for build, positions in (("GRCh37", known.grch37), ("GRCh38", known.grch38)):
        lengths = np.array([length_of(build, code) for code in range(1, 23)])
        assert ((positions >= 1) & (positions <= lengths[known.chr - 1])).all()


def test_facts_of_dbsnp() -> None:
    """Well-known SNPs that happen to be in the table, among them at least one."""
    known = known_snps()
    rows, index = known.find(np.array([fact[0] for fact in FACTS], dtype=np.uint32))
    assert rows.size
    for row, at in zip(rows.tolist(), index.tolist()):
        assert (known.chr[at], known.grch37[at], known.grch38[at]) == FACTS[row][1:]


@pytest.mark.requires_shared
def test_positions_of_the_ld_scores(shared: Path) -> None:
    """eur_w_ld_chr has GRCh37 positions."""
    files = sorted((shared / "reference" / "eur_w_ld_chr").glob("*.l2.ldscore.gz"))
    scores = pl.concat(pl.read_csv(f, separator="\t", columns=["CHR", "SNP", "BP"]) for f in files)
    known = known_snps()
    rs = scores["SNP"].str.strip_prefix("rs").cast(pl.UInt32, strict=False).fill_null(0).to_numpy()
    rows, index = known.find(rs)
    assert rows.size == known.rsid.size
    assert np.array_equal(scores["CHR"].to_numpy()[rows], known.chr[index])
    assert np.array_equal(scores["BP"].to_numpy()[rows], known.grch37[index])
