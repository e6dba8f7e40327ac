"""Sections that join results: what meta-analysis gained, forest plots, LocusCompare of colocalised genes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.report.gene_names import study_genes
from postgwas.report.locus_pairs import locus_pairs
from postgwas.report.meta_loci import meta_sections
from postgwas.report.regions import coloc_sections
from postgwas.store import Provenance, Study
from postgwas.sumstats.derive import mlog10p_from_z

N = 60


def _scan(z: np.ndarray, *, swapped: bool = False, drop: tuple[int, ...] = ()) -> pl.DataFrame:
    rows = np.setdiff1d(np.arange(N), drop)
    ea, nea = ("C", "A") if swapped else ("A", "C")
    beta = (-z if swapped else z)[rows] * 0.01
    return pl.DataFrame(
        {
            "SNPID": [f"rs{i}" for i in rows],
            "CHR": np.full(rows.size, 7, np.int8),
            "POS": (rows.astype(np.int32) + 1) * 100_000,
            "EA": [ea] * rows.size,
            "NEA": [nea] * rows.size,
            "BETA": beta,
            "SE": np.full(rows.size, 0.01),
            "Z": beta / 0.01,
            "MLOG10P": mlog10p_from_z(z[rows]),
        }
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = Study.open(tmp_path_factory.mktemp("joint") / "study.h5", create=True)
    rng = np.random.default_rng(5)
    one, two = rng.normal(size=N), rng.normal(size=N)
    one[10], two[10] = 7.0, 2.0
    one[50], two[50] = 4.5, 4.5
    origin = Provenance.collect()
    study.write_table("sumstats/EUR", _scan(one), kind="harmonised-sumstats", provenance=origin)
    study.write_table("sumstats/EAS", _scan(two, swapped=True), kind="harmonised-sumstats", provenance=origin)
    whole = _scan((one + two) / np.sqrt(2))
    attrs = {"studies": ["EUR", "EAS"], "method": "fixed"}
    study.write_table("meta/fixed/LDL", whole, kind="meta-fixed", attrs=attrs, provenance=origin)
    genes = pl.DataFrame(
        {
            "TRAIT": ["EUR", "EUR", "EUR"], "REGION": ["7:500000-2000000"] * 3, "CHR": [7, 7, 7],
            "phenotype_id": ["SHARED", "UNKNOWN", "APART"], "PP.H4": [0.95, float("nan"), 0.1],
        }
    )  # fmt: skip
    study.write_table("coloc/genes/EUR_lcl", genes, kind="coloc-genes", provenance=origin)
    pairs = pl.concat(
        [
            _scan(one).select(
                "CHR", "POS", "SNPID", pl.lit(gene).alias("phenotype_id"), pl.col("MLOG10P").alias("mlog10p")
            )
            for gene in ("SHARED", "UNKNOWN", "APART")
        ]
    )
    kind = "qtl-cis_nominal_chr7"
    study.write_table("qtl/cis_nominal_chr7/lcl", pairs, kind=kind, provenance=origin)
    return study


def test_loci_gained(study: Study) -> None:
    (section,) = meta_sections(study, study.ls())
    assert section.facts == [("1 of 2", "loci of LDL that no study had alone")]
    table = section.tables[0].table
    assert dict(table.select("SNPID", "STUDIES WITH IT").iter_rows()) == {"rs10": "EUR", "rs50": "none"}


def test_meta_analyses_of_which_one_has_fewer_columns(study: Study, tmp_path: Path) -> None:
    """No study of a trait may tell N, for instance."""
    both = Study.open(tmp_path / "both.h5", create=True)
    for trait, more in (("LDL", [pl.lit(9.0).alias("N")]), ("TG", [])):
        for name in ("EUR", "EAS"):
            scan = study.read_polars(f"sumstats/{name}")
            both.write_table(
                f"sumstats/{name}_{trait}", scan, kind="harmonised-sumstats", provenance=Provenance.collect()
            )
        whole = study.read_polars("meta/fixed/LDL").with_columns(more)
        both.write_table(
            f"meta/fixed/{trait}", whole, kind="meta-fixed", provenance=Provenance.collect(),
            attrs={"studies": [f"EUR_{trait}", f"EAS_{trait}"]},
        )  # fmt: skip
    (section,) = meta_sections(both, both.ls())
    assert section.tables[0].table.select("TRAIT", "SNPID", "N").rows() == [
        ("LDL", "rs10", 9.0), ("LDL", "rs50", 9.0), ("TG", "rs10", None), ("TG", "rs50", None),
    ]  # fmt: skip


def test_posteriors_that_rest_on_little_are_told(tmp_path: Path) -> None:
    """As the run that made them says: of the two strong genes, one's GWAS signal was not compared."""
    doubtful = Study.open(tmp_path / "s.h5", create=True)
    pairs = pl.DataFrame(
        {
            "TRAIT": ["EUR"] * 3, "REGION": ["7:1-9"] * 3, "CHR": [7] * 3, "METHOD": ["abf"] * 3,
            "phenotype_id": ["GOOD", "ELSEWHERE", "WEAK"], "N_SHARED": [200, 200, 200],
            "OVERLAP_GWAS": [1.0, 0.001, 0.001], "OVERLAP_QTL": [1.0, 1.0, 1.0], "PP.H4": [0.99, 0.9, 0.1],
        }
    )  # fmt: skip
    made = Provenance.collect()
    doubtful.write_table("coloc/pairs/EUR_lcl", pairs, kind="coloc-pairs", provenance=made)
    (section,) = coloc_sections(doubtful, doubtful.ls())
    assert section.warnings == [
        "ELSEWHERE, EUR_lcl: PP.H4 0.9, but variants that are not shared hold 100 % of the association with"
        " the GWAS"
    ]


def test_forest_turns_effects_to_the_lead_s_allele(study: Study) -> None:
    (section,) = meta_sections(study, study.ls())
    numbers = next(one.table for one in section.figures if one.title.endswith("rs50"))
    assert numbers is not None
    np.testing.assert_allclose(numbers["beta"][:2], [0.045, 0.045])


def test_places_are_named_as_people_name_them(study: Study, tmp_path: Path) -> None:
    """23 is a code of files."""
    x, made = Study.open(tmp_path / "x.h5", create=True), Provenance.collect()
    for key, kind in (("sumstats/EUR", "harmonised-sumstats"), ("sumstats/EAS", "harmonised-sumstats"),
                      ("meta/fixed/LDL", "meta-fixed")):  # fmt: skip
        scan = study.read_polars(key).with_columns(
            pl.lit(23, pl.Int8).alias("CHR"), pl.lit(None, pl.String).alias("SNPID")
        )
        x.write_table(key, scan, kind=kind, provenance=made, attrs={"studies": ["EUR", "EAS"]})
    (section,) = meta_sections(x, x.ls())
    assert section.figures[0].title == "Forest plot of LDL at X:1100000"
    assert section.figures[0].figure.axes[0].get_title(loc="left").startswith("LDL: X:1100000  X:1,100,000")


def test_no_gain_without_the_studies(tmp_path: Path) -> None:
    alone = Study.open(tmp_path / "s.h5", create=True)
    attrs = {"studies": ["EUR", "EAS"]}
    alone.write_table(
        "meta/fixed/LDL", _scan(np.zeros(N)), kind="meta-fixed", attrs=attrs, provenance=Provenance.collect()
    )
    assert meta_sections(alone, alone.ls()) == []


def test_genes_without_a_posterior_are_not_counted(study: Study) -> None:
    (section,) = coloc_sections(study, study.ls())
    assert section.facts[0][0] == "1"
    assert section.tables[0].table.row(0) == ("EUR_lcl", 3, 1, 0)
    assert section.tables[1].table["phenotype_id"].to_list() == ["SHARED", "APART", "UNKNOWN"]


def test_locuscompare_of_colocalised_genes_alone(study: Study) -> None:
    # The region holds too few variants for a picture of 20 shared ones.
    assert locus_pairs(study, study.ls(), study_genes(study, study.ls())) == []


@pytest.mark.parametrize("tissue", ["lcl", "whole_lcl"])
def test_a_tissue_whose_name_ends_in_another_s(
    study: Study, tissue: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postgwas.report.locus_pairs.LEAST_SHARED", 5)
    both, made = Study.open(tmp_path / "s.h5", create=True), Provenance.collect()
    scan = study.read_polars("sumstats/EUR")
    both.write_table("sumstats/EUR", scan, kind="harmonised-sumstats", provenance=made)
    genes = study.read_polars("coloc/genes/EUR_lcl")
    both.write_table(f"coloc/genes/EUR_{tissue}", genes, kind="coloc-genes", provenance=made)
    pairs = study.read_polars("qtl/cis_nominal_chr7/lcl")
    for name in ("lcl", "whole_lcl"):
        kind = "qtl-cis_nominal_chr7"
        both.write_table(f"qtl/cis_nominal_chr7/{name}", pairs, kind=kind, provenance=made)
    (figure,) = locus_pairs(both, both.ls(), study_genes(both, both.ls()))
    assert f"qtl/cis_nominal_chr7/{tissue};" in figure.caption


def test_locuscompare(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postgwas.report.locus_pairs.LEAST_SHARED", 5)
    (figure,) = locus_pairs(study, study.ls(), study_genes(study, study.ls()))
    assert figure.title == "LocusCompare of EUR and SHARED"
    assert figure.table is not None
    assert figure.table.height == 16
    np.testing.assert_allclose(figure.table["mlog10p EUR"], figure.table["mlog10p SHARED"])
