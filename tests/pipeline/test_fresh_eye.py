"""What looked right and was not: names, numbers, folders that two share, files and results of others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pipeline.tiny_study import STEPS, edit

from postgwas.cli.main import main
from postgwas.errors import OutputError, UsageError
from postgwas.pipeline.graph import steps_of
from postgwas.pipeline.markers import Markers
from postgwas.pipeline.plan import state_of
from postgwas.pipeline.run_study import plan_study, run_study
from postgwas.pipeline.settings import problem_of, words_of
from postgwas.pipeline.study_file import read_study
from postgwas.store.provenance import Provenance
from postgwas.store.study import Study


def test_a_file_of_someone_else_in_a_steps_folder_is_not_removed(done):
    notes = done / "results" / "h2" / "EUR_LDL" / "notes.txt"
    notes.write_text("years")
    assert run_study(done).kept == STEPS
    outcome = run_study(done, only=["h2"], force=True)
    assert "notes.txt is no result of this study" in outcome.failed["h2/EUR_LDL"]
    assert notes.read_text() == "years" and outcome.ran == ["h2/EUR_TG"]
    assert (notes.parent / "EUR_LDL.h2.tsv").exists()
    notes.unlink()
    assert run_study(done).kept == STEPS


def test_two_studies_do_not_take_each_others_results_for_their_own(done):
    second = done / "second.yaml"
    second.write_text((done / "study.yaml").read_text().replace("name: tiny", "name: second"))
    run_study(done)
    for call in (run_study, plan_study):
        with pytest.raises(OutputError, match=r"results holds the results of .*/study\.yaml"):
            call(second)
    assert run_study(done).kept == STEPS
    # A study whose file is called otherwise now goes on with its results.
    (done / "study.yaml").rename(done / "first.yaml")
    assert run_study(done / "first.yaml").kept == STEPS
    shutil.copytree(done, done.parent / "moved")
    assert run_study(done.parent / "moved" / "first.yaml").kept == STEPS


def test_a_study_behind_a_link_is_the_same_study(done):
    run_study(done)
    (done.parent / "link").symlink_to(done)
    (done / "also.yaml").symlink_to(done / "study.yaml")
    assert run_study(done.parent / "link").kept == STEPS
    assert run_study(done / "also.yaml").kept == STEPS


def test_names_that_differ_by_case_alone_are_refused(done):
    """On file systems that hold a and A for one, the second would empty the first's folder."""
    line = "  - {trait: TG, ancestry: EUR, file: gwas/EUR_TG.regenie.gz}\n"
    edit(done, line, line + line.replace("trait: TG", "trait: tg"))
    with pytest.raises(UsageError, match="called alike, harmonise/EUR_TG and harmonise/EUR_tg"):
        steps_of(read_study(done))


def test_the_page_is_made_again_when_someone_puts_a_result_into_the_store(done):
    edit(done, "report: false", "report: {}")
    study = read_study(done)
    page = steps_of(study)[-1]

    def key() -> str:
        from postgwas.pipeline.digests import Digests

        kept = Markers(study.out, study.store)
        markers = {name: kept.read(name) for name in page.after}
        return state_of(page, study.folder, kept, markers, Digests(done / "none.json"))[0]

    before = key()
    made = Provenance.collect("postgwas mtag")
    Study.open(study.store).write_table("mine/x", {"BETA": [0.5]}, kind="mtag-results", provenance=made)
    assert key() != before


def test_whole_numbers_with_powers_are_whole_and_others_must_be_finite(tmp_path):
    assert problem_of("finemap", "window", 1e6) is None
    assert words_of("finemap", {"window": 1e6, "p_max": 5e-8}, tmp_path)[0] == [
        "--p_max", "5e-08", "--window", "1000000"
    ]  # fmt: skip
    assert "expected a finite number" in (problem_of("finemap", "p_max", float("nan")) or "")
    assert "expected a finite number" in (problem_of("finemap", "p_max", float("inf")) or "")
    assert "a whole number" in (problem_of("finemap", "window", 1.5) or "")
    assert words_of("meta", {"input_sep": "-x"}, tmp_path)[0] == ["--input_sep=-x"]


def test_a_folder_of_blanks_accents_and_brackets_runs_and_is_kept(raw, tmp_path, capsys):
    odd = tmp_path / "Ärzte & [1] it's"
    shutil.copytree(raw, odd)
    assert main(["run", str(odd), "--only", "harmonise,ld_scores,h2", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    outcome = run_study(odd, only=["harmonise", "ld_scores", "h2"])
    assert len(outcome.kept) == 5 and not outcome.ran


@pytest.mark.parametrize("text", ["no", "NO", "yes", "2024-01-01", "1e5", "0x10", "~", "[a]", "{a: b}", "12"])
def test_traits_that_yaml_reads_otherwise_are_refused_or_kept_as_written(tmp_path, text):
    (tmp_path / "a.txt").write_text("x\n")
    path: Path = tmp_path / "study.yaml"
    path.write_text(
        "study: {name: s}\nancestries: {EUR: {}}\ngwas:\n"
        f"- {{trait: {text}, ancestry: EUR, file: a.txt}}\n"
    )
    try:
        found = read_study(path).content.gwas[0].trait
    except Exception as error:
        assert "line 4: gwas.0.trait: expected text (in quotes" in str(error)
    else:
        assert found == text
