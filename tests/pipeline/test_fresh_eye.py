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


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        ("h2", {"n-blocks": 12, "n_blocks": 9}, "'n_blocks' and 'n-blocks' are one setting"),
        ("expression_prepare", {"sheet": "a", "sample_sheet": "b"}, "are one setting"),
        ("h2", {"n_blocks": [12, 9]}, "'n_blocks' takes one value, found 2"),
        ("finemap", {"method": ["susie", "abf"]}, "'method' takes one value, found 2"),
        ("mama", {"freq_bounds": [0.1]}, "'freq_bounds' takes [MIN, MAX], found 1 values"),
    ],
)
def test_a_flag_has_as_many_values_as_it_takes_and_is_given_once(tmp_path, kind, settings, told):
    """Of two spellings the last would count, unseen."""
    problems = [problem_of(kind, name, value, None, settings) for name, value in settings.items()]
    assert told in (problems[-1] or "")
    with pytest.raises(UsageError):
        words_of(kind, settings, tmp_path)


def test_flags_of_two_values_take_a_list_of_two(tmp_path):
    """As `postgwas init` writes it."""
    words, _ = words_of("mama", {"freq_bounds": [0.01, 0.99]}, tmp_path)
    assert words == ["--freq_bounds", "0.01", "0.99"]


def test_results_behind_a_link_are_known_for_those_of_their_study(raw, tmp_path):
    """`..` from there leads elsewhere than from where the link stands."""
    (tmp_path / "disk" / "deep").mkdir(parents=True)
    for name, out in (("one", "link/deep/results"), ("two", "../disk/deep/results")):
        shutil.copytree(raw, tmp_path / name)
        edit(tmp_path / name, "  name: tiny", f"  name: tiny\n  out: {out}")
    (tmp_path / "one" / "link").symlink_to(tmp_path / "disk")
    (tmp_path / "study.yaml").write_text("another study, which .. from the link leads to\n")
    for ran in (1, 0):
        assert len(run_study(tmp_path / "one", only=["harmonise/EUR_TG"]).ran) == ran
    with pytest.raises(OutputError, match=r"results holds the results of .*/one/study\.yaml"):
        run_study(tmp_path / "two", only=["harmonise/EUR_TG"])


def test_a_batch_goes_on_when_the_system_refuses_one_study(done, raw, tmp_path, capsys):
    shutil.copytree(raw, tmp_path / "other")
    (done / "results" / ".steps" / "study").unlink()
    (done / "results" / ".steps" / "study").mkdir()
    assert main(["batch", str(done), str(tmp_path / "other"), "--only", "harmonise/EUR_TG", "--quiet"]) == 2
    assert f"1 of 2 studies failed: {done}\n" in capsys.readouterr().err
    assert (tmp_path / "other" / "results" / "harmonise" / "EUR_TG").is_dir()
