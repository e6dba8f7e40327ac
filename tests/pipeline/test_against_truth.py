"""The demo's tables of planted beside found, from a run of the tiny study."""

from __future__ import annotations

import gzip
import shutil

import polars as pl
import pytest

from postgwas.reference.demo_study_check import compare_study
from postgwas.store import Provenance, Study


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


def test_fold_changes_are_of_the_same_allele(finished, tmp_path):
    """Planted are -0.5, 0.4 and 1.0; the first was found for the other allele, the last too far away."""
    truth = tmp_path / "truth"
    shutil.copytree(finished / "truth", truth)
    (truth / "eqtls.tsv").write_text(
        "gene_id\tSNPID\tCHR\tPOS\tEA\tNEA\tlog2_aFC\n"
        "G1\trs1\t1\t10\tT\tC\t-0.5\nG2\trs2\t1\t20\tA\tG\t0.4\nG3\trs3\t2\t30\tA\tG\t1.0\n"
    )
    found = {
        "phenotype_id": ["G1", "G2", "G3", "G4"], "SNPID": ["rs1", "rs2", "rs3", "rs4"],
        "effect_allele": ["C", "A", "A", "A"], "log2_aFC": [0.6, 0.3, 1.6, 9.0],
        "log2_aFC_lower": [0.4, 0.1, 1.5, 8.0], "log2_aFC_upper": [0.8, 0.5, 1.7, 10.0],
    }  # fmt: skip
    store = tmp_path / "s.h5"
    made = Provenance.collect("by hand")
    Study.open(store, create=True).write_table("qtl/afc/lcl", found, kind="qtl-afc", provenance=made)
    (table,) = compare_study(store, truth)
    rows = dict(table.rows)
    assert rows["signals whose variant is the causal one"] == "3"
    assert rows["95 % intervals that hold the truth"] == "2" and table.share == pytest.approx(2 / 3)
    assert rows["mean difference from the truth (log2)"] == "+0.200"
