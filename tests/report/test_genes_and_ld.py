"""What sections take from elsewhere: names and places of genes, LD of a locus, how QTLs were found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.report.account import account_section
from postgwas.report.gene_names import study_genes
from postgwas.report.locus_ld import ld_files, r2_of_locus
from postgwas.report.locus_pairs import locus_pairs
from postgwas.report.more_qtl import more_qtl_sections
from postgwas.report.page_rows import page_rows
from postgwas.report.people_groups import group_sections
from postgwas.report.regions import qtl_sections
from postgwas.report.section import PageTable, Place
from postgwas.store import Provenance, Study
from tests.genotypes.plink1_files import random_calls, write_plink1

N = 40
MAP = pl.DataFrame(
    {"SNPID": [f"rs{j}" for j in range(N)], "CHR": [7] * N, "POS": [1000 * (j + 1) for j in range(N)]},
    schema_overrides={"CHR": pl.Int8, "POS": pl.Int32},
)


@pytest.fixture(scope="module")
def calls() -> np.ndarray:
    return random_calls(3, N, 200, missing=0.0)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, calls: np.ndarray) -> Study:
    """A gene with a name, its lead, a colocalised trait, and genotypes that the QTLs came from."""
    folder = tmp_path_factory.mktemp("genes")
    write_plink1(folder / "people", calls, chromosomes=["7"] * N)
    study = Study.open(folder / "study.h5", create=True)
    genes = pl.DataFrame(
        {
            "GENE_ID": ["ENSG1", "ENSG2"], "GENE_NAME": ["APOX", "ENSG2"], "CHR": [7, 23],
            "START": [20_000, 5], "END": [26_000, 9], "STRAND": ["-", "+"], "POS": [26_000, 5],
        }
    )  # fmt: skip
    how = {"norm": "tmm", "transform": "int"}
    study.write_table(
        "expression/prepared/lcl/genes", genes, kind="expression-genes",
        provenance=Provenance.collect(rows_in=3, rows_out=2, dropped={"low": 1}, parameters=how),
    )  # fmt: skip
    leads = pl.DataFrame(
        {
            "phenotype_id": ["ENSG1", "ENSG2"], "variant_id": ["rs9", "rs1"], "tss_distance": [-16_000, 4],
            "slope": [0.4, 0.1], "mlog10p": [9.0, 1.0], "qval": [0.01, 0.9],
        }
    )  # fmt: skip
    # Genes are counted, variants set aside: the sum is of two kinds of things.
    origin = Provenance.collect(
        inputs=[folder / "people.bed"], rows_in=2, rows_out=2, dropped={"maf_below_limit": 8876}
    )
    study.write_table(
        "qtl/cis_permutation/lcl", leads, kind="qtl-cis_permutation",
        attrs={"fdr": 0.05, "qvalue_method": "bh"}, provenance=origin,
    )  # fmt: skip
    height = np.linspace(1, 2, N)
    height[9] = 12.0
    nominal = MAP.with_columns(phenotype_id=pl.lit("ENSG1"), mlog10p=pl.Series(height))
    study.write_table("qtl/cis_nominal_chr7/lcl", nominal, kind="qtl-cis_nominal_chr7", provenance=origin)
    scan = MAP.with_columns(MLOG10P=pl.Series(height))
    study.write_table("sumstats/EUR", scan, kind="harmonised-sumstats", provenance=Provenance.collect())
    shared = pl.DataFrame(
        {"TRAIT": ["EUR"], "REGION": ["7:1-50000"], "CHR": [7], "phenotype_id": ["ENSG1"], "PP.H4": [0.9]}
    )
    study.write_table(
        "coloc/genes/EUR_lcl", shared, kind="coloc-genes", attrs={"ld": ""}, provenance=Provenance.collect()
    )
    return study


def test_leads_have_names_and_places(study: Study) -> None:
    (section,) = qtl_sections(study, study.ls())
    (table,) = section.tables
    assert table.table.select("gene", "CHR", "POS").rows() == [("APOX", 7, 10_000)]
    assert [place for place, _ in page_rows(table).rows] == [Place("7", 10_000, 10_000)]


def test_genes_without_a_name_of_their_own_have_none(study: Study) -> None:
    genes = study_genes(study, study.ls())
    assert genes.name("ENSG1") == "APOX" and genes.name("ENSG2") is None and genes.name("other") is None
    unknown = pl.DataFrame({"phenotype_id": ["other"], "tss_distance": [3]})
    assert genes.placed(unknown).equals(unknown)


def test_tables_beside_the_leads_have_names_too(study: Study, tmp_path: Path) -> None:
    """The search for a gene by its name finds its fold change and its variance."""
    more = Study.open(tmp_path / "more.h5", create=True)
    made = Provenance.collect("by hand")
    genes = study.read_polars("expression/prepared/lcl/genes")
    more.write_table("expression/prepared/lcl/genes", genes, kind="expression-genes", provenance=made)
    signals = pl.DataFrame({"phenotype_id": ["ENSG1"], "rank": [1], "log2_aFC": [0.5]})
    more.write_table("qtl/afc/lcl", signals, kind="qtl-afc", provenance=made)
    best = pl.DataFrame({"phenotype_id": ["ENSG1"], "tss_distance": [-16_000], "mlog10p_gi": [3.0]})
    more.write_table("qtl/interaction/lcl", best, kind="qtl-interaction", provenance=made)
    shares = pl.DataFrame({"GENE_ID": ["ENSG1"], "SHARE_LEFT_sex": [0.1], "MLOG10P_sex": [1.0]})
    more.write_table("expression/variance/lcl", shares, kind="expression-variance", provenance=made)
    for (section,) in (more_qtl_sections(more, more.ls()), group_sections(more, more.ls())):
        assert all(one.table["gene"].to_list() == ["APOX"] for one in section.tables)
    (place, _), *_ = page_rows(more_qtl_sections(more, more.ls())[0].tables[1]).rows
    assert place == Place("7", 10_000, 10_000)


def test_methods_are_those_that_were_run(study: Study) -> None:
    (section,) = qtl_sections(study, study.ls())
    assert {"expression", "expression_tmm", "expression_int", "qvalue_bh"} <= set(section.methods)
    assert not {"qvalue", "peer", "susie"} & set(section.methods)


def test_the_account_does_not_add_genes_to_variants(study: Study) -> None:
    table = account_section(study, study.ls()).tables[0].table
    rows = {row[0]: row[1:] for row in table.iter_rows()}
    assert rows["Expression, lcl"] == (3, 2, "genes", "low: 1")
    # Permutations and pairs have the same account, each under its own name.
    assert rows["eGenes, lcl"] == rows["Cis pairs, lcl"] == (2, 2, "genes", "maf_below_limit: 8,876")
    assert table.height == 3


def test_ld_of_a_locus_is_the_genotypes_correlation(study: Study, calls: np.ndarray) -> None:
    (figure,) = locus_pairs(study, study.ls(), study_genes(study, study.ls()))
    assert figure.title == "LocusCompare of EUR and APOX (ENSG1)"
    assert "r\u00b2 with rs9 of 200 people in people.bed" in figure.caption
    assert figure.place == Place("7", 1, 50_000)
    assert figure.table is not None
    expected = np.array([np.corrcoef(row, calls[9])[0, 1] ** 2 for row in calls])
    np.testing.assert_allclose(figure.table["r2"], expected, atol=1e-6)


def test_no_ld_where_the_genotypes_are_gone_or_broken(study: Study, tmp_path: Path) -> None:
    from postgwas.finemap.region_list import MapRegion

    assert ld_files(study, "coloc/genes/EUR_lcl", "sumstats/EUR") == []
    broken = tmp_path / "x.bed"
    broken.write_bytes(b"no genotypes")
    region = MapRegion("7:1-50000", 7, 1, 50_000)
    assert r2_of_locus([str(broken)], region, [MAP], "rs9") == ({}, "LD is not known")


def test_a_table_of_coloc_answers_for_its_region() -> None:
    rows = page_rows(
        PageTable("t", pl.DataFrame({"REGION": ["7:1-50000"], "CHR": [7], "TSS": [26_000]}))
    ).rows
    assert rows == [(Place("7", 1, 50_000), ["7:1-50000", "7", "26000"])]
