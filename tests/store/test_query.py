"""Regions and SNPs: the right rows, and no more chunks than they need."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgwas.cli.main import main
from postgwas.errors import StoreError, UsageError
from postgwas.store import Provenance, encoding, query
from postgwas.store.position import Region, candidate_rows, parse_region, position_index, rows_in_region

from .conftest import results


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("1:100000-200000", Region(1, 100_000, 200_000)),
        ("chr1:100,000-200,000", Region(1, 100_000, 200_000)),
        ("CHRx:1-2", Region(23, 1, 2)),
        ("X", Region(23, 0, None)),
        ("chrM", Region(25, 0, None)),
        ("24:5", Region(24, 5, 5)),
        ("7:5000-", Region(7, 5000, None)),
        (" 01 ", Region(1, 0, None)),
    ],
)
def test_region_forms(text, region):
    assert parse_region(text) == region


@pytest.mark.parametrize("text", ["", "0", "chr99:1-2", "1:a-b", "1:-5", "1-5", "1:5-4", "1:1-2-3", "rs12"])
def test_region_forms_that_are_refused(text):
    with pytest.raises(UsageError, match="region "):
        parse_region(text)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 12)), max_size=60),
    chromosome=st.integers(1, 4),
    start=st.integers(0, 13),
    length=st.none() | st.integers(0, 6),
    chunk=st.integers(1, 9),
)
def test_region_rows_equal_a_scan_and_stay_within_the_chunks_they_need(
    rows, chromosome, start, length, chunk
):
    rows = sorted(rows)
    chr_, pos = (np.array([row[i] for row in rows], np.int64) for i in (0, 1))
    region = Region(chromosome, start, None if length is None else start + length)
    near = candidate_rows(position_index(chr_, pos, chunk), region, chunk, len(rows))
    inside = rows_in_region(chr_[near], pos[near], region)
    expected = [
        i
        for i, (c, p) in enumerate(rows)
        if c == chromosome and start <= p and (length is None or p <= region.stop)
    ]
    assert list(range(near.start + inside.start, near.start + inside.stop)) == expected
    needed = {i // chunk for i in expected}
    touched = {i // chunk for i in range(near.start, near.stop)}
    # A gap between two chunks may fall inside the region; no chunk beyond it is touched.
    assert needed <= touched
    for i in touched - needed:
        first, last = rows[i * chunk], rows[min(i * chunk + chunk, len(rows)) - 1]
        assert first <= (chromosome, np.inf if length is None else region.stop)
        assert last >= (chromosome, start)


def test_a_region_read_touches_only_its_chunks(study, monkeypatch):
    n = 300_000
    table = {"CHR": np.ones(n, "i1"), "POS": np.arange(n, dtype="i4"), "Z": np.arange(n) / 2, "EA": ["A"] * n}
    study.write_table("big/t", table, kind="k", provenance=Provenance("x"))
    read = []
    real = encoding.read_column

    def spy(node, *, file, key, rows=slice(None)):
        read.append((key, rows))
        return real(node, file=file, key=key, rows=rows)

    monkeypatch.setattr("postgwas.store.columns.read_column", spy)
    found = study.query("1:70000-70009", key="big/t")
    assert found["Z"].tolist() == [i / 2 for i in range(70_000, 70_010)]
    chunk = slice(65_536, 131_072)
    assert read[:2] == [("big/t/CHR", chunk), ("big/t/POS", chunk)]
    assert [rows for _, rows in read[2:]] == [slice(70_000, 70_010)] * 4


def test_query_equals_a_filter_on_every_table(study):
    found = pl.from_pandas(study.query("3:1000-20000"))
    expected = pl.concat(
        study.read_polars(f"mtag/{trait}")
        .filter((pl.col("CHR") == 3) & pl.col("POS").is_between(1000, 20_000))
        .select(pl.lit(f"mtag/{trait}").alias("KEY"), pl.all())
        for trait in ("bmi", "height")
    )
    assert len(expected) > 50
    assert found.equals(expected)


def test_query_by_trait_columns_and_snp(study):
    found = study.query("X", trait="bmi", columns=["POS", "SNPID"])
    assert list(found.columns) == ["KEY", "POS", "SNPID"]
    assert set(found["KEY"]) == {"mtag/bmi"}
    for i in (0, 77, 4999):
        name = results()["SNPID"][i]
        hit = study.query(snp=name, trait="height")
        assert hit["SNPID"].tolist() == [name]
        assert hit["POS"].tolist() == [results()["POS"][i]]
    assert sorted(study.query(snp=["rs7", "rs8"], key="mtag/bmi")["SNPID"]) == ["rs7", "rs8"]
    assert len(study.query("1", snp="no such", key="mtag/bmi")) == 0
    at = study.query(snp="rs7", key="mtag/bmi").iloc[0]
    assert len(study.query(f"{at.CHR}:{at.POS}-{at.POS}", snp="rs7", key="mtag/bmi")) == 1
    assert len(study.query(f"{at.CHR}:{at.POS + 1}-", snp="rs7", key="mtag/bmi")) == 0


def test_whole_numbers_stay_whole_beside_tables_that_lack_them(study, capsys):
    """One gene's rows of two tables, of which one has no places."""
    origin = Provenance.collect(command="test")
    places = {
        "phenotype_id": ["G1", "G2"],
        "CHR": np.array([7, 23], np.int8),
        "POS": np.array([5, 6], np.int32),
    }
    study.write_table("qtl/a", {**places, "cis": [True, False]}, kind="x", provenance=origin)
    study.write_table("qtl/b", {"phenotype_id": ["G1"], "size": [3]}, kind="x", provenance=origin)
    found = study.query(gene="G1")
    kinds = [str(found[name].dtype) for name in ("CHR", "POS", "size", "cis")]
    assert kinds == ["Int8", "Int32", "Int64", "boolean"] and found["POS"].tolist()[0] == 5
    assert found["POS"].isna().tolist() == [False, True]
    assert main(["store", "query", str(study.path), "--gene", "G1"]) == 0
    assert "qtl/a\tG1\t7\t5\ttrue\tNA\n" in capsys.readouterr().out


def test_columns_that_some_tables_lack_are_missing_there(study):
    origin = Provenance.collect(command="test")
    study.write_table(
        "qtl/a", {"phenotype_id": ["G1", "G2"], "slope": [0.5, 0.6]}, kind="x", provenance=origin
    )
    study.write_table("qtl/b", {"phenotype_id": ["G1"], "pip": [0.9]}, kind="x", provenance=origin)
    study.write_table("qtl/c", {"phenotype_id": ["G1"], "size": [3]}, kind="x", provenance=origin)
    found = study.query(gene="G1", columns=["pip", "slope"])
    assert list(found.columns) == ["KEY", "pip", "slope"]
    assert found["KEY"].tolist() == ["qtl/a", "qtl/b"]  # c has neither
    assert found["slope"].tolist()[0] == 0.5 and found["pip"].tolist()[1] == 0.9
    assert found.isna().to_numpy().tolist() == [[False, True, False], [False, False, True]]
    assert list(study.query(gene="G2", columns=["pip", "slope"])["slope"]) == [0.6]
    with pytest.raises(StoreError, match="has no column 'beta'"):
        study.query(gene="G1", columns=["slope", "beta"])


def test_one_column_stands_alone(study):
    """The letters of its name are not columns."""
    assert list(study.query("1", trait="height", columns="SNPID").columns) == ["KEY", "SNPID"]
    assert list(study.read_table("mtag/height", "SNPID").columns) == ["SNPID"]
    assert study.read_polars("mtag/height", "SNPID").columns == ["SNPID"]


def test_a_region_without_rows_gives_the_columns(study):
    found = study.query("22:60000-70000", trait="bmi")
    assert list(found.columns) == ["KEY", "SNPID", "CHR", "POS", "EA", "Z"]
    assert len(found) == 0


def test_queries_that_cannot_be_answered(study):
    with pytest.raises(UsageError, match=r"nothing to look for .--region"):
        query.query(study)
    with pytest.raises(
        StoreError, match=r"no table with CHR and POS for trait 'iq'; it has mtag/bmi, mtag/height"
    ):
        study.query("1", trait="iq")
    with pytest.raises(StoreError, match=r"no table with Q and R for key 'x' among its results"):
        query._tables(study, None, "x", [("Q",), ("R",)])
    with pytest.raises(StoreError, match="has no column 'BETA'"):
        study.query("1", columns=["BETA"])
