"""Running a study: what is kept, what is run again, what is repaired."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline.tiny_study import STEPS, edit

from postgwas.errors import OutputError, UsageError
from postgwas.pipeline.run_study import Where, plan_study, run_study
from postgwas.store.content import content_checksums
from postgwas.store.study import Study


def checksums(folder: Path) -> dict[str, str]:
    return content_checksums(folder / "results" / "tiny.h5")


def test_the_first_run_does_every_step_in_order(finished):
    markers = {path.stem for path in (finished / "results" / ".steps").glob("*.json")} - {"digests"}
    assert markers == {name.replace("/", "__") for name in STEPS}
    keys = {entry.key for entry in Study.open(finished / "results" / "tiny.h5").ls()}
    assert {"sumstats/EUR_LDL", "ldsc/h2/EUR_TG/summary", "mtag/EUR_TG", "mtag/covariances/EUR"} <= keys
    assert {"qtl/cis_permutation/lcl", "expression/covariates/lcl", "genotypes/pca/lcl"} <= keys
    assert not Study.open(finished / "results" / "tiny.h5").verify().problems


def test_a_study_that_was_moved_as_a_whole_is_kept(done):
    before = checksums(done)
    outcome = run_study(done)
    assert outcome.kept == STEPS and not outcome.ran
    assert checksums(done) == before


def test_an_unchanged_run_loads_nothing_heavy(done):
    code = (
        "import sys; from postgwas.cli.main import main\n"
        "status = main(['run', sys.argv[1], '--quiet'])\n"
        "heavy = {'numpy', 'polars', 'h5py', 'dask', 'pandas', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "print(status, sorted(heavy))"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(done)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "0 []"


def test_a_changed_setting_runs_what_depends_on_it_and_nothing_else(done):
    edit(done, "mtag: {n_blocks: 12", "mtag: {n_blocks: 10")
    assert run_study(done).ran == ["mtag/EUR"]
    edit(done, "genotype_pcs: 2", "genotype_pcs: 1")
    plan = {one.step.name: one.why for one in plan_study(done)[1]}
    assert plan["expression_covariates/lcl"] == "inputs, settings or code changed"
    assert plan["eqtl_permute/lcl"] == "follows expression_covariates/lcl"
    assert plan["expression_peer/lcl"] == "kept"
    assert run_study(done).ran == ["expression_covariates/lcl", "eqtl_permute/lcl", "eqtl_finemap/lcl"]


def test_a_step_that_finds_the_same_again_stops_the_chain(done):
    outcome = run_study(done, only=["genotypes_prune"], force=True)
    assert outcome.ran == ["genotypes_prune/lcl"]
    assert run_study(done).ran == []


def test_a_file_of_the_same_content_is_the_same(done):
    path = done / "gwas" / "EUR_TG.regenie.gz"
    path.write_bytes(path.read_bytes())
    assert run_study(done).ran == []


def test_a_changed_input_is_seen(done):
    path = done / "expression" / "samples.tsv"
    lines = path.read_text().splitlines()
    sexes = {"male": "female", "female": "male"}
    first = lines[1].split("\t")
    lines[1] = "\t".join([first[0], sexes[first[1]], first[2]])
    path.write_text("\n".join(lines) + "\n")
    before = checksums(done)
    assert run_study(done).ran == ["expression_covariates/lcl", "eqtl_permute/lcl", "eqtl_finemap/lcl"]
    after = checksums(done)
    assert {key for key in before if before[key] != after[key]} >= {"expression/covariates/lcl"}


@pytest.mark.parametrize("how", ["changed", "gone", "part"])
def test_damaged_results_are_made_again(done, how):
    before = checksums(done)
    table = done / "results" / "h2" / "EUR_LDL" / "EUR_LDL.h2.tsv"
    if how == "changed":
        table.write_text("nothing")
    elif how == "gone":
        table.unlink()
    else:
        part = next((done / "results" / "tiny.parts").glob("ldsc_h2_EUR_LDL_summary*"))
        raw = bytearray(part.read_bytes())
        raw[len(raw) // 2] ^= 0xFF
        part.write_bytes(bytes(raw))
    assert run_study(done).ran == ["h2/EUR_LDL"]
    assert checksums(done) == before


def test_damage_that_kept_size_and_time_is_found_when_asked_for(done):
    import os

    run_study(done)  # everything is known by size and time now
    table = done / "results" / "h2" / "EUR_LDL" / "EUR_LDL.h2.tsv"
    stat = table.stat()
    with open(table, "r+b") as stream:
        stream.write(b"X")
    os.utime(table, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert [one.step.name for one in plan_study(done, check=True)[1] if not one.kept] == ["h2/EUR_LDL"]
    assert run_study(done, check=True).ran == ["h2/EUR_LDL"]


def test_a_step_that_found_nothing_last_time_tells_no_time(done):
    path = done / "results" / ".steps" / "h2__EUR_LDL.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "note": "no signal"}))
    plan = {one.step.name: one for one in plan_study(done, begin=["h2"])[1]}
    assert plan["h2/EUR_TG"].measured and not plan["h2/EUR_LDL"].measured


def test_a_trait_that_left_the_study_leaves_the_store(done):
    edit(done, "  - {trait: TG, ancestry: EUR, file: gwas/EUR_TG.regenie.gz}\n", "")
    said: list[str] = []
    run_study(done, say=said.append)
    keys = {entry.key for entry in Study.open(done / "results" / "tiny.h5").ls()}
    assert "sumstats/EUR_LDL" in keys
    assert not [key for key in keys if "TG" in key or key.startswith("mtag/")]
    assert any("harmonise/EUR_TG is no longer in the study" in line for line in said)
    assert (done / "results" / "harmonise" / "EUR_TG" / "EUR_TG.tsv.gz").exists()


def test_a_failing_step_stops_those_that_need_it_and_no_others(done):
    (done / "gwas" / "EUR_TG.regenie.gz").write_bytes(b"not a gwas\n")
    outcome = run_study(done)
    assert list(outcome.failed) == ["harmonise/EUR_TG"]
    assert outcome.waiting == {"h2/EUR_TG": "harmonise/EUR_TG", "mtag/EUR": "harmonise/EUR_TG"}
    assert "h2/EUR_LDL" in outcome.kept and "eqtl_permute/lcl" in outcome.kept
    assert "EUR_TG.regenie.gz" in outcome.failed["harmonise/EUR_TG"]


def test_what_a_failed_step_found_before_is_in_no_store_and_no_page(done):
    """Its files are gone when it begins; the store must not go on showing what they said."""
    text = (done / "study.yaml").read_text()
    (done / "study.yaml").write_text(
        text.replace("n_blocks: 12}", "n_blocks: 1}", 1).replace("report: false", "report: {}")
    )
    outcome = run_study(done)
    assert list(outcome.failed) == ["h2/EUR_LDL", "h2/EUR_TG"] and outcome.ran == ["report"]
    keys = {entry.key for entry in Study.open(done / "results" / "tiny.h5").ls()}
    assert "sumstats/EUR_LDL" in keys and not [key for key in keys if key.startswith("ldsc/h2/")]
    page = done / "results" / "report" / "report.html"
    assert "h2/EUR_LDL failed in the last run: its results are missing" in page.read_text()
    (done / "gwas" / "EUR_TG.regenie.gz").write_bytes(b"not a gwas\n")
    (done / "study.yaml").write_text(text.replace("report: false", "report: {}"))
    assert "mtag/EUR waits for harmonise/EUR_TG" in (run_study(done), page.read_text())[1]
    assert "its results are out of date" in page.read_text()


def test_a_step_that_reads_the_store_waits_as_others_do(done, monkeypatch):
    """Else coloc would take fits that fine-mapping has not made again."""
    from dataclasses import replace

    from postgwas.pipeline import run_study as module

    def with_store(study):
        return [replace(step, uses_store=step.name == "eqtl_finemap/lcl") for step in steps(study)]

    steps = module.steps_of
    monkeypatch.setattr(module, "steps_of", with_store)
    (done / "expression" / "counts.tsv.gz").write_bytes(b"no counts\n")
    outcome = run_study(done)
    assert "expression_prepare/lcl" in outcome.failed and "eqtl_finemap/lcl" in outcome.waiting


def test_from_runs_what_follows_and_only_runs_alone(done):
    assert run_study(done, begin=["genotypes_pca"]).ran == [
        "genotypes_pca/lcl", "expression_covariates/lcl", "eqtl_permute/lcl", "eqtl_finemap/lcl"
    ]  # fmt: skip
    assert run_study(done, only=["h2/EUR_TG"], force=True).ran == ["h2/EUR_TG"]
    with pytest.raises(UsageError, match=r"no step is called 'h3'.*h2"):
        run_study(done, only=["h3"])


def test_only_before_its_inputs_are_there_says_what_is_missing(fresh):
    outcome = run_study(fresh, only=["h2/EUR_TG"])
    assert outcome.failed["h2/EUR_TG"].endswith(
        "EUR_TG.sumstats.gz is not there: harmonise/EUR_TG makes it (--only harmonise/EUR_TG,h2/EUR_TG)"
    )


def test_only_says_when_what_it_rests_on_is_out_of_date(done):
    def said(*only: str) -> list[str]:
        lines: list[str] = []
        run_study(done, only=only, say=lines.append)
        return [line for line in lines if line.startswith("warning")]

    assert said("mtag") == []
    edit(done, "harmonise: {no_report: true}", "harmonise: {no_report: true, palindromic_maf: 0.41}")
    rest = "out of date (inputs, settings or code changed): --only leaves that so"
    assert said("mtag") == [f"warning: these steps rest on harmonise/EUR_LDL and 1 more, {rest}"]
    assert said("h2/EUR_TG") == [f"warning: these steps rest on harmonise/EUR_TG, {rest}"]
    assert said("ld_scores") == [] and said("harmonise") == []
    (done / "results" / ".steps" / "harmonise__EUR_TG.json").unlink()
    assert "did not finish last time" in said("mtag")[0]


def test_a_folder_of_someone_else_is_not_emptied(fresh):
    theirs = fresh / "results" / "h2" / "EUR_LDL"
    theirs.mkdir(parents=True)
    (theirs / "thesis.txt").write_text("years")
    outcome = run_study(fresh, only=["harmonise", "ld_scores", "h2/EUR_LDL"])
    assert "no run of this study made it" in outcome.failed["h2/EUR_LDL"]
    assert (theirs / "thesis.txt").read_text() == "years"


def test_results_in_a_place_that_cannot_be_written_end_in_one_error(fresh):
    edit(fresh, "  build: GRCh38", "  out: /proc/nothing\n  build: GRCh38")
    with pytest.raises(OutputError, match=r"^/proc/nothing"):
        run_study(fresh)


def test_a_full_disk_fails_the_step_and_the_next_run_goes_on(fresh, monkeypatch):
    import errno

    from postgwas.pipeline import markers

    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(markers, "write_whole", full)
        outcome = run_study(fresh, only=["ld_scores"])
    assert outcome.failed["ld_scores/EUR"].startswith("disk full while writing")
    assert run_study(fresh, only=["ld_scores"]).ran == ["ld_scores/EUR"]


def test_a_marker_that_cannot_be_read_runs_its_step_again(done):
    path = done / "results" / ".steps" / "h2__EUR_LDL.json"
    sound = json.loads(path.read_text())
    odd = {"seconds": "x", "status": "1", "note": 7, "files": ["a"], "warnings": 5}
    wrong = [json.dumps(sound | {name: value}) for name, value in odd.items()]
    for text in wrong:
        path.write_text(text)
        plan = {one.step.name: one.why for one in plan_study(done)[1]}
        assert plan["h2/EUR_LDL"] == "did not finish last time"
    for text in ("{", "[]", json.dumps({"version": 99, "name": "h2/EUR_LDL", "key": ""}), "", wrong[0]):
        path.write_text(text)
        assert run_study(done).ran == ["h2/EUR_LDL"]


def test_memory_for_no_worker_is_refused_before_any_result_is_emptied(done):
    table = done / "results" / "h2" / "EUR_LDL" / "EUR_LDL.h2.tsv"
    with pytest.raises(UsageError, match="a worker needs at least"):
        run_study(done, only=["h2"], force=True, where=Where(cores=2, memory=500_000_000))
    assert table.exists() and run_study(done).ran == []
