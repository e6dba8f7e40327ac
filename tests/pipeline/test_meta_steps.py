"""Methods of meta-analysis in a study: which steps they make, what is refused, MAMA and MR-MEGA once run."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.pipeline.execute import parallel
from postgwas.pipeline.graph import steps_of
from postgwas.pipeline.run_study import run_study
from postgwas.pipeline.step import Step
from postgwas.pipeline.study_file import StudyFileError, read_study
from postgwas.reference.demo_study import write_demo_study
from postgwas.reference.demo_study_design import REGIONS, DemoPlan
from postgwas.reference.demo_study_yaml import DEMO_YAML
from postgwas.store.study import Study

#: Ancestries and GWAS of the demo study, one of its six GWAS left out.
FILES = "".join(
    f"{line}\n"
    for line in DEMO_YAML[DEMO_YAML.index("ancestries:") : DEMO_YAML.index("expression:")].splitlines()
    if line.strip() and not line.startswith("#") and "AFR_TG" not in line
)
YAML = f"""\
study: {{name: small, build: GRCh38}}
reference: {{variants: reference/variants.vcf.gz, af_field: "AF_{{ancestry}}"}}
{FILES}\
steps:
  report: false
"""


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("meta") / "study"
    plan = DemoPlan((REGIONS[0],), length=300_000, n_variants=300, n_people=60, n_expressed=10, genes=3)
    write_demo_study(folder, plan=plan, seed=3)
    return folder


@pytest.fixture
def study(raw: Path, tmp_path: Path) -> Path:
    shutil.copytree(raw, tmp_path / "study")
    return tmp_path / "study"


def describe(folder: Path, *steps: str, text: str = YAML) -> Path:
    (folder / "study.yaml").write_text(text + "".join(f"  {line}\n" for line in steps))
    return folder


def steps(folder: Path) -> dict[str, Step]:
    return {step.name: step for step in steps_of(read_study(folder)) if step.kind != "harmonise"}


def of(found: dict[str, Step], *kinds: str) -> list[str]:
    return [name for name, step in found.items() if step.kind in kinds]


def after(step: Step, flag: str) -> list[str]:
    words = step.argv[step.argv.index(flag) + 1 :]
    return list(words[: next(i for i, word in enumerate(words) if word.startswith("--"))])


def test_one_list_is_for_all_traits_and_cross_scores_are_made_once(study):
    describe(study, "ld_scores: {ld_wind_kb: 70}", "meta: {method: [re2, mama]}")
    found = steps(study)
    assert of(found, "meta", "mama") == ["meta/LDL_re2", "meta/TG_re2", "mama/LDL", "mama/TG"]
    assert of(found, "cross_scores") == [f"cross_scores/{pair}" for pair in ("AFR_EUR", "AFR_EAS", "EUR_EAS")]
    assert after(found["cross_scores/EUR_EAS"], "--ld_wind_kb") == ["70"]
    tg = found["mama/TG"]
    assert [place.split("=")[0] for place in after(tg, "--ld_scores")] == ["EUR,EAS"]
    assert set(tg.after) == {"harmonise/EUR_TG", "harmonise/EAS_TG", "cross_scores/EUR_EAS"}
    assert not parallel(tg) and parallel(found["cross_scores/EUR_EAS"])  # MAMA refuses the flags of clusters
    names = {Path(name).name for name in tg.reads}
    assert names == {"EUR_TG.tsv.gz", "EAS_TG.tsv.gz", "EUR_EAS.cross.ldscore.gz", "EUR_EAS.cross.M"}
    # A study that is moved as a whole keeps its keys: no word tells where it lies.
    assert str(study) not in tg.command(study)


def test_methods_by_trait(study):
    describe(study, "meta: {method: {LDL: [random, mama], TG: fixed}}")
    assert of(steps(study), "meta", "mama") == ["meta/LDL_random", "meta/TG_fixed", "mama/LDL"]
    describe(study, "meta: {method: {LDL: fixed}}")
    assert of(steps(study), "meta") == ["meta/LDL_fixed", "meta/TG_fixed", "meta/TG_random"]


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (["meta: false"], []),
        (["meta: {method: [fixed, mama]}", "mama: false"], ["meta/LDL_fixed", "meta/TG_fixed"]),
        (["meta: {method: mama}", "cross_scores: false"], []),
    ],
)
def test_false_leaves_out(study, lines, left):
    describe(study, *lines)
    assert of(steps(study), "meta", "mama", "cross_scores") == left


def test_colocalisation_takes_the_first_method_with_effects_in_metal_columns(study):
    more = """\
expression:
  lcl: {counts: expression/counts.tsv.gz, genotypes: genotypes/expressed.pgen}
"""
    text = YAML.replace("af_field", "gtf: expression/genes.gtf, af_field").replace("steps:", f"{more}steps:")
    describe(study, "meta: {method: [mama, random], format: tsv}", text=text)
    found = steps(study)
    assert after(found["meta/LDL_random"], "--format") == ["tbl,tsv"]
    assert found["coloc/meta_LDL_lcl"].argv[2].endswith("results/meta/LDL_random/LDL.tbl")


def test_scores_that_exist_are_taken_from_the_studys_folder(study):
    (study / "scores").mkdir()
    for name in ("1.ldscore.gz", "2.ldscore.gz", "x.cross.ldscore.gz", "x.cross.M"):
        (study / "scores" / name).touch()
    given = 'ld_scores: ["scores/?.ldscore.gz", "AFR,EUR=scores/x.cross.ldscore.gz"]'
    describe(study, "meta: {method: mama}", f"mama: {{{given}}}")
    found = steps(study)
    assert not of(found, "cross_scores")
    places = after(found["mama/LDL"], "--ld_scores")
    assert places == [f"{study}/scores/?.ldscore.gz", f"AFR,EUR={study}/scores/x.cross.ldscore.gz"]
    read = {Path(name).name for name in found["mama/LDL"].reads}
    assert read >= {"1.ldscore.gz", "2.ldscore.gz", "x.cross.ldscore.gz", "x.cross.M"}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["meta: {method: [fixed, mrmega]}"], "mrmega of LDL: 3 studies are too few for 3 axes of ancestry, "
         "which need 6 (leave it out"),
        (["meta: {method: mrmega, pcs: 1}"], "mrmega of TG: 2 studies are too few for 1 axis of ancestry"),
        (["meta: {method: {LDL: [fixed], HDL: fixed}}"], "'HDL' is no trait of the study"),
        (["meta: {method: {LDL: magic}}"], "'method' is 'magic': expected fixed, random"),
        (["meta: {method: popcorn}"], "'popcorn': it is no step of a study; postgwas popcorn"),
        (["meta: {method: []}"], "empty list"),
        (["meta: {method: mama, freq_bounds: [0.1, 0.9]}"], "'freq_bounds' belongs under steps.mama"),
        (["mama: {freq_bounds: [0.1, 0.9]}"], "steps.mama: no trait of two GWAS or more has mama"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_by_name_and_line_before_anything_runs(study, capsys, lines, told):
    describe(study, *lines)
    assert main(["run", str(study)]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert "study.yaml, line 15: steps." in err
    assert not (study / "results").exists()


def test_mrmega_with_studies_enough_for_fewer_axes_says_how_many(study):
    more = "".join(
        f"  - {{trait: LDL, ancestry: {name}, file: gwas/EUR_TG.regenie.gz}}\n" for name in ("P", "Q")
    )
    text = YAML.replace("gwas:\n", f"  P: {{}}\n  Q: {{}}\ngwas:\n{more}")
    with pytest.raises(StudyFileError, match=r"mrmega of LDL: 5 studies .* \(pcs: 2 fits\)"):
        read_study(describe(study, "meta: {method: {LDL: mrmega}}", text=text))
    with pytest.raises(StudyFileError, match=r"mama of LDL: .*genotypes, and P, Q has none"):
        read_study(describe(study, "meta: {method: {LDL: mama}}", text=text))
    describe(study, "meta: {method: {LDL: mrmega, TG: fixed}, pcs: 2}", text=text)
    assert of(steps(study), "meta") == ["meta/LDL_mrmega", "meta/TG_fixed"]


def test_mama_runs_from_genotypes_and_is_kept(study):
    lines = (
        "ld_scores: {ld_wind_kb: 70}",
        "meta: {method: {LDL: fixed, TG: mama}}",
        "mama: {reg_int_zero: true, reg_se2_ident: true, reg_ld_set_corr: 0.9, ld_weight_floor: 1}",
    )
    describe(study, *lines)
    chosen = ["harmonise/EUR_TG", "harmonise/EAS_TG", "cross_scores/EUR_EAS", "mama"]
    outcome = run_study(study, only=chosen)
    assert outcome.failed == {} and outcome.waiting == {}
    store = Study.open(study / "results" / "small.h5")
    before, joint = store.read_polars("sumstats/EAS_TG"), store.read_polars("meta/mama/TG/EAS_TG")
    both = joint.join(before, on="SNPID", suffix="_GWAS")
    assert both.height == joint.height > 50
    assert both.select(pl.corr("BETA", "BETA_GWAS")).item() > 0.9
    assert (both["SE"] < both["SE_GWAS"]).all()  # ancestries lend each other power
    assert run_study(study, only=chosen).ran == []
    # A changed setting of MAMA alone makes MAMA again; changed sums of weights would too.
    describe(study, *lines[:2], lines[2].replace("floor: 1", "floor: 2"))
    assert run_study(study, only=chosen).ran == ["mama/TG"]
