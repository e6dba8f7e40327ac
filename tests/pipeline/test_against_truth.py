"""The demo's tables of planted beside found, from a run of the tiny study."""

from __future__ import annotations

import gzip

import polars as pl
import pytest

from postgwas.reference.demo_study_check import compare_study


@pytest.fixture(scope="module")
def tables(finished):
    found = compare_study(finished / "results" / "tiny.h5", finished / "truth")
    return {one.title: one for one in found}


def test_analyses_that_were_not_run_have_no_table(tables):
    assert [title.split(":")[0] for title in tables] == [
        "Heritability and genetic correlation", "What MTAG gained", "Loci", "eQTLs"
    ]  # fmt: skip


def test_estimates_stand_beside_the_truth_in_standard_errors(tables):
    rows = {row[0]: row[1:] for row in tables["Heritability and genetic correlation"].rows}
    assert list(rows) == ["h2 of LDL, EUR", "h2 of TG, EUR"]
    for truth, estimate, se, away in rows.values():
        # Each is rounded to three digits.
        assert float(away) == pytest.approx((float(estimate) - float(truth)) / float(se), rel=0.05, abs=0.05)


def test_loci_have_the_p_of_the_causal_variant(tables, finished):
    table = tables["Loci: -log10 P of the causal variants"]
    column = table.columns.index("EUR")
    with gzip.open(finished / "results" / "harmonise" / "EUR_LDL" / "EUR_LDL.tsv.gz") as stream:
        stats = pl.read_csv(stream.read(), separator="\t", null_values="NA", infer_schema_length=None)
    for row in (one for one in table.rows if one[1] == "LDL"):
        expected = stats.filter(pl.col("SNPID") == row[3])["MLOG10P"]
        assert row[column] == ("-" if expected.is_empty() else f"{expected[0]:.1f}")
    assert table.share >= 0.5


def test_egenes_are_counted_against_those_that_were_planted(tables, finished):
    planted = set(pl.read_csv(finished / "truth" / "eqtls.tsv", separator="\t")["gene_id"])
    with gzip.open(finished / "results" / "eqtl_permute" / "lcl" / "lcl.cis_permutation.tsv.gz") as stream:
        leads = pl.read_csv(stream.read(), separator="\t", null_values="NA")
    called = set(leads.filter(pl.col("qval") <= 0.05)["phenotype_id"])
    rows = dict(tables["eQTLs"].rows)
    assert int(rows["of these called at a false discovery rate of 5 %"]) == len(planted & called) > 0
    assert int(rows["called without an eQTL of their own"]) == len(called - planted)
    assert tables["eQTLs"].share == pytest.approx(
        len(planted & called) / len(planted & set(leads["phenotype_id"]))
    )
