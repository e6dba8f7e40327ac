"""Which steps follow from a study, with which commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from postgwas.pipeline.graph import steps_of
from postgwas.pipeline.kinds import KINDS
from postgwas.pipeline.settings import available, flags_of, problem_of, words_of
from postgwas.pipeline.study_file import StudyFileError, read_study
from postgwas.reference.demo_study import write_demo_study
from postgwas.reference.demo_study_design import REGIONS, DemoPlan


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    plan = DemoPlan((REGIONS[0],), length=200_000, n_variants=60, n_people=30, n_expressed=10, genes=3)
    write_demo_study(folder, plan=plan)
    return folder


def steps(folder: Path) -> dict[str, object]:
    return {step.name: step for step in steps_of(read_study(folder))}


def test_each_step_comes_after_those_that_it_needs(demo):
    seen: set[str] = set()
    for step in steps_of(read_study(demo)):
        assert set(step.after) <= seen, step.name
        seen.add(step.name)
    assert {"harmonise/EAS_TG", "rg/AFR", "mtag/EUR", "meta/LDL_fixed", "finemap/EUR_TG"} <= seen
    assert {"cross_scores/AFR_EAS", "mama/TG"} <= seen
    assert {"coloc/EUR_LDL_lcl", "coloc/meta_TG_lcl", "eqtl_independent/lcl", "report"} <= seen


def test_what_a_step_reads_is_what_its_command_names(demo):
    """Each file of a command that exists or that a step writes is in the key, so that none changes unseen."""
    found = steps_of(read_study(demo))
    folders = [str(step.out) for step in found]
    for step in found:
        at = step.argv.index("--out") + 1
        words = [part for number, word in enumerate(step.argv) if number != at for part in word.split(",")]
        for word in words:
            is_file = Path(word).is_file()
            is_made = word.endswith((".gz", ".txt", ".tbl", ".eigenvec", ".in")) and any(
                word.startswith(folder) for folder in folders
            )
            if is_file or is_made:
                assert word in step.reads, (step.name, word)


def test_no_flag_is_given_twice(demo):
    """Of two the last would count: a setting of all GWAS over what is said of one, and none would see it."""
    text = (demo / "study.yaml").read_text()
    text = text.replace("file: gwas/EUR_LDL", "columns: {P: PV}, file: gwas/EUR_LDL")
    text = text.replace("harmonise: {", "harmonise: {p_name: PVAL, n_name: NEFF, ")
    (demo / "own.yaml").write_text(text)
    for step in steps_of(read_study(demo / "own.yaml")):
        flags = [word for word in step.argv if word.startswith("--")]
        assert len(flags) == len(set(flags)), step.argv
        if step.kind == "harmonise":
            expected = "PV" if step.name == "harmonise/EUR_LDL" else "PVAL"
            assert step.argv[step.argv.index("--p_name") + 1] == expected
            assert step.argv[step.argv.index("--n_name") + 1] == "NEFF"


def test_commands_are_relative_to_the_study(demo):
    one = steps(demo)["h2/EUR_LDL"]
    assert one.command(demo) == (
        "postgwas ldsc --h2 results/harmonise/EUR_LDL/EUR_LDL.sumstats.gz --ref_ld results/ld_scores/EUR/EUR "
        "--w_ld results/ld_scores/EUR/EUR --out results/h2/EUR_LDL/EUR_LDL --n_blocks 48 --two_step 2000 "
        "--store results/demo.h5"
    )


def test_false_leaves_a_step_out_and_what_hangs_on_it(demo, tmp_path):
    kept = [
        line
        for line in (demo / "study.yaml").read_text().splitlines()
        if not line.startswith(("  ld_scores: {", "  eqtl_permute: {", "  eqtl_afc: "))
    ]
    copy = demo / "without.yaml"
    copy.write_text("\n".join([*kept, "  ld_scores: false", "  eqtl_permute: false", ""]))
    left = {step.kind for step in steps_of(read_study(copy))}
    assert not left & {"ld_scores", "h2", "rg", "mtag", "eqtl_permute", "eqtl_independent", "eqtl_finemap"}
    assert {"harmonise", "finemap", "eqtl_cis", "coloc"} <= left


def test_a_panel_of_ld_scores_stands_in_for_genotypes(demo, tmp_path, monkeypatch):
    monkeypatch.setenv("POSTGWAS_DATA", str(tmp_path))
    fetched = tmp_path / "panels" / "eur_w_ld_chr"
    fetched.mkdir(parents=True)
    (fetched / "1.l2.ldscore.gz").touch()
    text = (demo / "study.yaml").read_text()
    copy = demo / "panel.yaml"
    text = text.replace("random, mama]", "random]").replace("  mama: {", "  # mama: {")
    copy.write_text(text.replace("EUR: {genotypes: genotypes/EUR.pgen}", "EUR: {ld_scores: eur_w_ld_chr}"))
    found = steps(copy)
    assert "ld_scores/EUR" not in found and "finemap/EUR_LDL" not in found
    words = found["h2/EUR_LDL"].argv
    assert words[words.index("--ref_ld_chr") + 1] == "eur_w_ld_chr"


EXPRESSION = """\
study: {name: s}
expression:
  lcl: {phenotypes: lcl.bed.gz, covariate_table: known.txt, genotypes: g.bed, unmatched: drop}
steps:
  genotypes_qc: {maf_min: 0.05}
"""


@pytest.fixture
def expression(tmp_path: Path) -> Path:
    for name in ("lcl.bed.gz", "known.txt", "g.bed", "g.bim", "g.fam"):
        (tmp_path / name).touch()
    (tmp_path / "study.yaml").write_text(EXPRESSION)
    return tmp_path


def test_a_normalised_matrix_and_its_covariates_go_straight_to_the_eqtls(expression):
    found = steps(expression)
    assert list(found) == [
        "genotypes_qc/lcl", "expression_covariates/lcl", "eqtl_cis/lcl", "eqtl_permute/lcl",
        "eqtl_independent/lcl", "eqtl_finemap/lcl", "report",
    ]  # fmt: skip
    words = " ".join(found["expression_covariates/lcl"].argv)
    assert f"--samples {expression}/lcl.bed.gz --known {expression}/known.txt --unmatched drop" in words
    for kind in ("cis", "permute", "independent", "finemap"):
        words = " ".join(found[f"eqtl_{kind}/lcl"].argv)
        assert f"--phenotypes {expression}/lcl.bed.gz" in words and "--unmatched drop" in words


def test_what_fails_quality_control_is_in_no_later_step(expression):
    """Limits under genotypes_qc hold for axes and eQTLs; without limits nothing is to be left out."""
    path = expression / "study.yaml"
    path.write_text(EXPRESSION.replace("unmatched: drop", "unmatched: drop, genotype_pcs: 2"))
    for step in steps(expression).values():
        if step.kind.startswith(("eqtl", "genotypes_p")):
            at = step.argv.index("--extract")
            assert step.argv[at + 1].endswith("genotypes_qc/lcl/lcl.extract.txt"), step.name
            assert step.argv[step.argv.index("--keep") + 1].endswith("lcl.keep.txt")
            assert "genotypes_qc/lcl" in step.after and step.argv[at + 1] in step.reads
    words = steps(expression)["genotypes_pca/lcl"].argv
    assert words[len(words) - words[::-1].index("--extract")].endswith(".prune.in")
    path.write_text(path.read_text().replace("{maf_min: 0.05}", "{}"))
    assert not any("--keep" in step.argv for step in steps(expression).values())


def test_as_many_axes_are_made_as_a_tissue_asks_for(expression):
    path = expression / "study.yaml"
    text = EXPRESSION.replace("unmatched: drop", "genotype_pcs: 20")
    tissue = text.splitlines()[2]
    path.write_text(text.replace(tissue, f"{tissue.replace('20', '3').replace('lcl:', 'few:')}\n{tissue}"))
    found = steps(expression)
    words = found["genotypes_pca/few"].argv
    assert words[words.index("--n_axes") + 1] == "20"
    words = found["expression_covariates/few"].argv
    assert words[words.index("--n_genotype_pcs") + 1] == "3"
    path.write_text(f"{text}  genotypes_pca: {{n_axes: 30}}\n")
    assert steps(expression)["genotypes_pca/lcl"].argv.count("--n_axes") == 1


def test_lists_that_quality_control_would_take_the_place_of_are_refused(expression):
    (expression / "mine.txt").touch()
    path = expression / "study.yaml"
    path.write_text(EXPRESSION + "  eqtl_cis: {extract: mine.txt}\n")
    with pytest.raises(StudyFileError, match=r"line 6: steps\.eqtl_cis: 'extract' belongs under"):
        read_study(path)
    path.write_text(EXPRESSION.replace("{maf_min: 0.05}", "{}") + "  eqtl_cis: {extract: mine.txt}\n")
    words = steps(expression)["eqtl_cis/lcl"].argv
    assert words[words.index("--extract") + 1] == str(expression / "mine.txt")


def test_genotypes_tell_where_qtls_are_though_an_ancestry_has_none(expression):
    """Ids such as rs1 do not; without LD of the GWAS they are used for nothing else."""
    (expression / "gwas.txt").touch()
    gwas = "ancestries: {EUR: {}, EAS: {}}\ngwas:\n" + "".join(
        f"  - {{trait: T, ancestry: {name}, file: gwas.txt}}\n" for name in ("EUR", "EAS")
    )
    (expression / "study.yaml").write_text(EXPRESSION + gwas)
    for name in ("coloc/EUR_T_lcl", "coloc/meta_T_lcl"):
        step = steps(expression)[name]
        assert step.argv[step.argv.index("--qtl_genotypes") + 1] == f"{expression}/g.bed"
        assert f"{expression}/g.bim" in step.reads and "--genotypes" not in step.argv


def test_on_and_off_are_words_where_a_flag_takes_them(tmp_path):
    """YAML reads them as true and false."""
    assert problem_of("meta", "genomic_control", True, tmp_path, {}) is None
    assert words_of("meta", {"genomic_control": True}, tmp_path)[0] == ["--genomic_control", "on"]
    assert words_of("meta", {"genomic_control": False}, tmp_path)[0] == ["--genomic_control", "off"]


def test_a_table_for_ldsc_is_made_where_something_regresses_on_it(tmp_path):
    """It needs N and ids, which a study for colocalisation may lack."""
    (tmp_path / "a.txt").touch()
    (tmp_path / "panel").mkdir()
    (tmp_path / "panel" / "1.l2.ldscore.gz").touch()
    text = "study: {name: s}\nancestries: {EUR: {}}\ngwas: [{trait: T, ancestry: EUR, file: a.txt}]\n"
    (tmp_path / "study.yaml").write_text(text)
    assert "tsv" in steps(tmp_path)["harmonise/EUR_T"].argv
    (tmp_path / "study.yaml").write_text(text.replace("EUR: {}", "EUR: {ld_scores: panel/}"))
    assert "tsv,ldsc" in steps(tmp_path)["harmonise/EUR_T"].argv


@pytest.mark.parametrize("kind", [kind for kind in KINDS if available(kind)])
def test_flags_that_the_study_sets_are_flags_of_the_command(kind):
    assert set(KINDS[kind].own) <= set(flags_of(kind))


def test_settings_become_words(tmp_path):
    (tmp_path / "list.txt").write_text("rs1\n")
    words, files = words_of(
        "finemap", {"refine": True, "exclude": "list.txt", "L": 5, "keep_ld": False}, tmp_path
    )
    assert words == ["--L", "5", "--exclude", str(tmp_path / "list.txt"), "--refine"]
    assert files == [str(tmp_path / "list.txt")]
    (tmp_path / "abf").write_text("a file by the name of a choice")
    assert words_of("finemap", {"method": "abf"}, tmp_path) == (["--method", "abf"], [])
    assert words_of("eqtl_permute", {"permutations": [100, 1000]}, tmp_path)[0] == [
        "--permutations", "100", "1000"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name", "value", "told"),
    [
        ("finemap", "method", "magic", "expected susie, abf"),
        ("finemap", "refine", "maybe", "true or false"),
        ("finemap", "window", 1.5, "a whole number"),
        ("finemap", "window", None, "found None"),
        ("mtag", "fdr", {"a": 1}, "true or false"),
        ("mtag", "cores", 2, "set by the study"),
        ("eqtl_cis", "phenotypes", "x.bed", "set by the study"),
    ],
)
def test_settings_that_no_command_takes(kind, name, value, told):
    assert told in problem_of(kind, name, value)
