"""Tissues of phenotypes that are normalised already, and steps that are made only where asked for."""

from __future__ import annotations

import shutil

import polars as pl
import pytest
from pipeline.tiny_study import STEPS, edit

from postgwas.pipeline.graph import steps_of
from postgwas.pipeline.run_study import run_study
from postgwas.pipeline.study_file import StudyFileError, read_study
from postgwas.store.content import content_checksums
from postgwas.store.study import Study

ASKED = """\
  eqtl_cis: {window: 100000, maf_min: 0.05}
  eqtl_independent: {window: 100000, maf_min: 0.05, permutations: 100}
  eqtl_afc: true
  eqtl_interaction: {terms: sex, categorical: sex, window: 100000, maf_min: 0.05}
  eqtl_trans: {pval_threshold: 0.01}
  eqtl_sharing: {fdr: 0.2}
  genotypes_fst: {group_column: ancestry, least_samples: 2}
  expression_variance: {group: ancestry, adjust: sex}
"""
SECOND = """\
  ready:
    phenotypes: ready.bed.gz
    genotypes: genotypes/expressed.pgen
    samples: expression/samples.tsv
    covariates: [sex]
    factors: 1
    genotype_pcs: 2

steps:
"""


def more(folder, finished):
    """The tiny study with a second tissue, the phenotypes that were made of the first one's counts."""
    made = finished / "results" / "expression_prepare" / "lcl" / "lcl.expression.bed.gz"
    shutil.copy(made, folder / "ready.bed.gz")
    edit(folder, "\nsteps:\n", SECOND)
    edit(folder, "  eqtl_cis: false\n  eqtl_independent: false\n", ASKED)


@pytest.mark.slow
def test_a_tissue_of_phenotypes_is_mapped_as_one_of_counts(done, finished):
    more(done, finished)
    outcome = run_study(done)
    assert not outcome.failed and not outcome.waiting
    assert outcome.kept == STEPS
    assert {name for name in outcome.ran if name.endswith("/ready")} == {
        "expression_variance/ready", "expression_peer/ready", "expression_covariates/ready", "eqtl_cis/ready",
        "eqtl_permute/ready", "eqtl_independent/ready", "eqtl_finemap/ready", "eqtl_interaction/ready",
        "eqtl_trans/ready",
    }  # fmt: skip
    assert [name for name in outcome.ran if name.startswith("genotypes_")] == ["genotypes_fst/lcl"]
    store = done / "results" / "tiny.h5"
    found = content_checksums(store)
    for what in ("cis_permutation", "cis_independent", "finemap_pip", "interaction", "trans"):
        assert found[f"qtl/{what}/ready"] == found[f"qtl/{what}/lcl"], what
    study = Study.open(store)
    assert study.attrs("genotypes/fst/lcl")["groups"] == ["AFR", "EAS", "EUR"]
    assert "SHARE_ancestry" in study.columns("expression/variance/ready")
    shared = study.read_polars("qtl/sharing/tissues").filter(pl.col("discovery") != pl.col("replication"))
    assert shared["same_sign"].to_list() == [1.0, 1.0] and shared["same_size"].to_list() == [1.0, 1.0]
    pairs = [
        study.read_polars(key)["phenotype_id"].sort() for key in ("qtl/afc/lcl", "qtl/cis_independent/lcl")
    ]
    assert pairs[0].to_list() == pairs[1].to_list() and len(pairs[0]) > 3
    assert run_study(done).ran == []


@pytest.mark.slow
def test_a_step_after_one_that_found_nothing_has_nothing_to_do(done, finished):
    more(done, finished)
    edit(
        done,
        "maf_min: 0.05, permutations: 100}\n  eqtl_afc",
        "maf_min: 0.05, permutations: 100, fdr: 1e-99}\n  eqtl_afc",
    )
    outcome = run_study(done)
    assert not outcome.failed and not outcome.waiting
    assert "no phenotype has a q-value up to 1e-99" in outcome.markers["eqtl_independent/lcl"].note
    assert outcome.markers["eqtl_afc/lcl"].note == "eqtl_independent/lcl found nothing to go on with"
    assert run_study(done).ran == []


@pytest.mark.slow
def test_colocalisation_goes_on_without_fits_and_has_nothing_to_do_without_egenes(done):
    edit(done, "eqtl_cis: false", "eqtl_cis: {window: 100000, maf_min: 0.05}")
    edit(done, "coloc: false", "coloc: {fdr: 1e-99}")
    edit(done, "eqtl_finemap: {window: 100000, ", "eqtl_finemap: {window: 100000, fdr: 1e-99, ")
    outcome = run_study(done)
    assert not outcome.failed and not outcome.waiting
    assert "no gene in it has qval <= 1e-99" in outcome.markers["coloc/EUR_LDL_lcl"].note
    edit(done, "coloc: {fdr: 1e-99}", "coloc: {}")
    outcome = run_study(done, only=["coloc/EUR_LDL_lcl"])
    assert outcome.ran and outcome.markers["coloc/EUR_LDL_lcl"].results
    assert run_study(done).ran == ["coloc/EUR_TG_lcl"]


def test_studies_of_cases_are_of_log_odds_wherever_their_kind_matters(fresh):
    """METAL's table and the harmonised one do not tell: both would be taken for quantitative."""
    for trait, counts in (("LDL", ", n_cases: 50, n_controls: 70}"), ("TG", "}")):
        line = f"  - {{trait: {trait}, ancestry: EUR, file: gwas/EUR_{trait}.regenie.gz"
        edit(fresh, f"{line}}}", f"{line}{counts}\n{line.replace('EUR,', 'EUR_2,')}{counts}")
    edit(fresh, "  EUR: {genotypes", "  EUR_2: {}\n  EUR: {genotypes")
    edit(fresh, "  coloc: false\n", "")
    edit(fresh, "eqtl_cis: false", "eqtl_cis: true")
    edit(fresh, "finemap: false", "finemap: {method: abf}")
    found = {step.name: step.argv for step in steps_of(read_study(fresh))}
    for name, kind in (("LDL", "cc"), ("TG", "quant")):
        for step in (f"coloc/EUR_{name}_lcl", f"coloc/meta_{name}_lcl"):
            assert found[step][found[step].index("--type") + 1] == kind
        assert ("cc" in found[f"finemap/EUR_{name}"]) == (kind == "cc")


def test_genes_of_a_tissue_of_phenotypes_lie_where_its_file_says(fresh, finished):
    more(fresh, finished)
    edit(fresh, "  coloc: false\n", "")
    steps = {step.name: step for step in steps_of(read_study(fresh))}
    words = steps["coloc/EUR_LDL_ready"].argv
    assert words[words.index("--genes") + 1] == str(fresh / "ready.bed.gz")
    words = steps["coloc/EUR_LDL_lcl"].argv
    assert words[words.index("--genes") + 1] == str(fresh / "expression" / "genes.gtf")


def test_groups_of_phenotypes_go_to_the_steps_that_need_them(fresh, finished):
    more(fresh, finished)
    (fresh / "introns.tsv").write_text("intron1\tgene1\n")
    edit(fresh, "    phenotypes: ready", "    phenotype_groups: introns.tsv\n    phenotypes: ready")
    steps = {step.name: step for step in steps_of(read_study(fresh))}
    for kind in ("eqtl_permute", "eqtl_independent"):
        step = steps[f"{kind}/ready"]
        assert step.argv[step.argv.index("--phenotype_groups") + 1] == str(fresh / "introns.tsv")
        assert str(fresh / "introns.tsv") in step.reads
        assert "--phenotype_groups" not in steps[f"{kind}/lcl"].argv


def test_effects_in_groups_of_people_are_of_independent_signals(fresh, finished):
    more(fresh, finished)
    edit(
        fresh, "{terms: sex, categorical: sex, ", "{groups: expression/samples.tsv, group_column: ancestry, "
    )
    step = {step.name: step for step in steps_of(read_study(fresh))}["eqtl_interaction/lcl"]
    assert step.argv[step.argv.index("--leads") + 1].endswith("lcl.cis_independent.tsv.gz")
    assert "eqtl_independent/lcl" in step.after and str(fresh / "expression" / "samples.tsv") in step.reads


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("    counts: expression/counts.tsv.gz\n", "", 19, "expected counts, or phenotypes"),
        ("    counts: exp", "    phenotypes: x.bed\n    counts: exp", 19, "expected counts, or phenotypes"),
        (
            "    covariates: [sex]",
            "    covariates: sex",
            23,
            "lcl.covariates: expected a list such as [a, b]",
        ),
        ("  eqtl_cis: false", "  eqtl_sharing: true", 40, "steps.eqtl_sharing: needs two tissues"),
        (
            "  eqtl_cis: false",
            "  eqtl_afc: true",
            40,
            "steps.eqtl_afc: needs eqtl_independent, which is false",
        ),
        ("  eqtl_cis: false", "  expression_variance: true", 40, "needs group: columns of samples"),
        ("    covariates: [sex]\n", "    covariate: [sex]\n", 23, "lcl.covariate: unknown entry"),
    ],
)
def test_what_cannot_be_made_is_refused_by_its_line(fresh, old, new, line, told):
    edit(fresh, old, new)
    with pytest.raises(StudyFileError) as caught:
        read_study(fresh)
    lines = str(caught.value).splitlines()
    assert any(f"study.yaml, line {line}: " in one and told in one for one in lines), lines


def test_terms_without_a_sheet_of_samples_are_refused(fresh):
    edit(fresh, "    samples: expression/samples.tsv\n    covariates: [sex]\n", "")
    edit(fresh, "  eqtl_cis: false", "  eqtl_interaction: {terms: sex}")
    told = r"steps.eqtl_interaction: needs interaction: here, or samples: in expression.lcl"
    with pytest.raises(StudyFileError, match=told):
        read_study(fresh)


PEOPLE = """\
  gtf: expression/genes.gtf
  people: genotypes/expressed.pgen
  people_groups: expression/samples.tsv
  group_column: ancestry
"""


@pytest.mark.slow
def test_people_are_placed_among_those_of_a_reference(done):
    """Among themselves: each is told to be what the sheet says."""
    edit(done, "  gtf: expression/genes.gtf\n", PEOPLE)
    settings = (
        "  ancestry_prune: {maf_min: 0.05}\n  ancestry_project: {n_axes: 3}\n  ancestry_groups: {n_axes: 3}\n"
    )
    edit(done, "steps:\n", f"steps:\n{settings}")
    outcome = run_study(done)
    assert not outcome.failed and outcome.ran == [
        "ancestry_prune/reference", "ancestry_pca/reference", "ancestry_project/lcl", "ancestry_groups/lcl",
    ]  # fmt: skip
    told = Study.open(done / "results" / "tiny.h5").read_polars("genotypes/ancestry/lcl")
    known = told.filter(pl.col("GROUP") != "unassigned")
    right = known["GROUP"] == known["IID"].str.slice(0, 3)
    assert known.height > 0.8 * told.height and right.sum() > 0.95 * known.height


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("  people: genotypes/expressed.pgen\n", "people_groups (a table of their groups) belong together"),
        ("  group_column: ancestry\n", "group_column is one of people_groups, which is missing"),
        (
            "  people: no.pgen\n  people_groups: expression/samples.tsv\n",
            "reference.people: no file 'no.pgen'",
        ),
    ],
)
def test_a_reference_of_people_that_is_not_whole_is_refused(fresh, given, told):
    edit(fresh, "  gtf: expression/genes.gtf\n", f"  gtf: expression/genes.gtf\n{given}")
    with pytest.raises(StudyFileError) as caught:
        read_study(fresh)
    assert told in str(caught.value)
