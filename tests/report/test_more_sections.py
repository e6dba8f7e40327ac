"""Sections of what is asked for beside cis mapping: tables, figures, facts and methods from a store."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from postgwas.report.methods_text import methods_paragraph
from postgwas.report.more_qtl import more_qtl_sections
from postgwas.report.people_groups import group_sections
from postgwas.report.regions import qtl_sections
from postgwas.report.scans import scan_sections
from postgwas.store import Provenance, Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = Study.open(tmp_path / "study.h5", create=True)
    made = Provenance.collect("by hand")
    tables = {
        ("qtl/afc/lcl", "qtl-afc"): {
            "phenotype_id": ["G1", "G2", "G3"], "SNPID": ["rs1", "rs2", "rs3"], "CHR": [1, 1, 2],
            "POS": [10, 20, 30], "effect_allele": ["A"] * 3, "other_allele": ["C"] * 3,
            "log2_aFC": [0.5, -1.5, None], "log2_aFC_lower": [0.1, -2.0, None],
            "log2_aFC_upper": [0.9, -1.0, None], "reason": [None, None, "not_converged"],
        },
        ("qtl/interaction/lcl", "qtl-interaction"): {
            "phenotype_id": ["G1", "G2", "G3"], "SNPID": ["rs1", "rs2", "rs3"],
            "pval_emt": [0.5, 0.001, 0.2], "pval_adj_bh": [0.5, 0.003, 0.3], "mlog10p_gi": [0.5, 4.0, 1.0],
        },
        ("qtl/trans/lcl", "qtl-trans"): {
            "SNPID": ["rs1", "rs2"], "phenotype_id": ["G1", "G2"], "mlog10p": [6.0, 30.0],
            "pval_adj_bh": [0.4, 1e-20],
        },
        ("qtl/trans_interaction/lcl", "qtl-trans_interaction"): {
            "SNPID": ["rs1", "rs2"], "phenotype_id": ["G1", "G2"], "mlog10p_gi": [6.0, 7.0],
            "pval_adj_bh": [0.04, 0.01],
        },
        ("qtl/sharing/tissues", "qtl-sharing"): {
            "discovery": ["a", "a", "b", "b"], "replication": ["a", "b", "a", "b"],
            "pi1": [1.0, 0.8, None, 1.0], "same_sign": [1.0, 0.9, 0.7, 1.0],
            "same_size": [1.0, 0.5, 0.4, 1.0],
        },
        ("expression/variance/lcl", "expression-variance"): {
            "GENE_ID": ["G1", "G2"], "SHARE_LEFT_population": [0.1, 0.3], "MLOG10P_population": [1.0, 4.0],
        },
    }  # fmt: skip
    for (key, kind), table in tables.items():
        study.write_table(key, pl.DataFrame(table), kind=kind, provenance=made)
    fst = {"GROUP1": ["all", "X"], "GROUP2": ["all", "Y"], "FST": [0.1, 0.12], "SE": [0.01, 0.01]}
    attrs = {"method": "hudson", "groups": ["X", "Y"], "sizes": [5, 5]}
    study.write_table("genotypes/fst/all", pl.DataFrame(fst), kind="fst", provenance=made, attrs=attrs)
    return study


def test_what_was_asked_of_qtls(study):
    (section,) = more_qtl_sections(study, study.ls())
    facts = {what: value for value, what in section.facts}
    assert facts["signals with a fold change, lcl"] == "2 of 3"
    assert facts["of these twofold or more, lcl"] == "1"
    assert facts["phenotypes with an interaction, lcl (FDR 0.05)"] == "1 of 3"
    assert facts["pairs in trans, lcl (FDR 0.05, of those kept)"] == "1 of 2"
    tables = {one.title: one.table for one in section.tables}
    assert tables["Allelic fold changes, lcl"]["phenotype_id"].to_list() == ["G2", "G1", "G3"]
    first = tables["Interactions, best of each phenotype, lcl"]["phenotype_id"].to_list()
    assert first == ["G2", "G3", "G1"]
    assert tables["Pairs across the genome, lcl"]["SNPID"].to_list() == ["rs2", "rs1"]
    assert facts["interactions in trans, lcl (FDR 0.05, of those kept)"] == "2 of 2"
    assert tables["Interactions across the genome, lcl"]["SNPID"].to_list() == ["rs2", "rs1"]
    assert [one.title for one in section.figures] == ["Signals shared by tissues"]
    text, citations = methods_paragraph(section.methods)
    assert "allelic fold changes" in text and any("Mohammadi" in one for one in citations)


@pytest.mark.parametrize(
    ("adjusted", "fact", "cited"),
    [
        ({"qval": [0.01, 0.9], "pval_beta": [0.001, 0.5]}, "1 of 2", "permutations"),
        ({}, "2", None),
        ({"pval_emt": [0.01, 1.0], "pval_adj_bh": [0.02, 1.0]}, "1 of 2", "eigenMT"),
    ],
)
def test_interactions_are_told_as_they_were_adjusted(tmp_path, adjusted, fact, cited):
    """eigenMT may be left out, and permutations are only made if asked for."""
    study = Study.open(tmp_path / "study.h5", create=True)
    table = pl.DataFrame({"phenotype_id": ["G1", "G2"], "mlog10p_gi": [3.0, 0.5], **adjusted}).reverse()
    made = Provenance.collect("by hand")
    study.write_table("qtl/interaction/lcl", table, kind="qtl-interaction", provenance=made)
    (section,) = more_qtl_sections(study, study.ls())
    assert [value for value, _ in section.facts] == [fact]
    assert section.tables[0].table["phenotype_id"].to_list() == ["G1", "G2"]
    text, citations = methods_paragraph(section.methods)
    assert [word for word in ("eigenMT", "permutations") if word in text] == ([cited] if cited else [])
    assert len(citations) == (cited is not None)


def test_groups_of_people(study):
    (section,) = group_sections(study, study.ls())
    assert section.facts == [
        (
            "20.0%",
            "of the variance that adjusting leaves is between groups of population (mean), lcl",
        )
    ]
    titles = [one.title for one in section.figures]
    assert titles == ["Variance between groups, lcl", "F_ST of pairs of groups, all"]
    (shares,) = (one.table for one in section.tables if one.title == "Variance between groups, lcl")
    assert shares["GENE_ID"].to_list() == ["G2", "G1"]
    assert set(section.methods) == {"expression_variance", "fst_hudson"}


def test_nothing_is_shown_where_nothing_was_asked_for(tmp_path):
    empty = Study.open(tmp_path / "none.h5", create=True)
    assert more_qtl_sections(empty, empty.ls()) == [] and group_sections(empty, empty.ls()) == []


def test_what_speaks_against_credible_sets_stands_above_them(study):
    states = ["ok", "not_converged", "too_few_variants", "too_few_variants"]
    for name, attrs in (
        ("EUR_LDL", {"warnings": ["LD of 88 people is taken for that of 250,000"]}),
        ("old", {}),
    ):
        table = pl.DataFrame({"STATUS": states if name == "EUR_LDL" else ["ok"] * 4})
        study.write_table(
            f"finemap/regions/{name}", table, kind="finemap-regions", attrs=attrs,
            provenance=Provenance.collect("by hand"),
        )  # fmt: skip
        sets = pl.DataFrame({"REGION": ["1:1-9"], "CS": [1], "SIZE": [1]})
        study.write_table(
            f"finemap/sets/{name}", sets, kind="finemap-sets", provenance=Provenance.collect("by hand")
        )
    (section,) = qtl_sections(study, study.ls())
    assert list(section.warnings) == [
        "EUR_LDL: LD of 88 people is taken for that of 250,000",
        "EUR_LDL: 2 of 4 regions not mapped: too few variants",
        "EUR_LDL: 1 of 4 regions not converged",
    ]


def test_scans_of_cases_and_controls_show_their_effective_n(study):
    for name, column, n in (("height", "N", 100.0), ("T2D", "N_EFF", 70.5)):
        table = pl.DataFrame(
            {"CHR": [1, 2], "POS": [5, 6], "SNPID": ["rs1", "rs2"], "Z": [7.0, 1.0], "MLOG10P": [11.6, 0.5]}
        ).with_columns(pl.lit(n).alias(column))
        study.write_table(
            f"sumstats/{name}", table, kind="harmonised-sumstats", provenance=Provenance.collect("by hand")
        )
    (section,) = scan_sections(study, study.ls())
    scans, loci = (one.table for one in section.tables)
    assert dict(scans.select("TRAIT", "median N").iter_rows()) == {"height": 100.0, "T2D": 70.5}
    assert loci.filter(TRAIT="T2D")["N_EFF"].to_list() == [70.5]
    assert "effective" in section.tables[0].note
