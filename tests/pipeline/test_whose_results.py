"""A study takes out of its store, or writes over, what its own steps made, and nothing else."""

from __future__ import annotations

import pytest
from pipeline.tiny_study import edit

from postgwas.pipeline import run_study as runs
from postgwas.pipeline.run_study import run_study
from postgwas.store.provenance import Provenance
from postgwas.store.study import Study

pytestmark = pytest.mark.slow


def keys_of(store: Study) -> set[str]:
    return {entry.key for entry in store.ls()}


def by_hand(store: Study, key: str) -> None:
    made = Provenance.collect(f"postgwas mtag --store {store.path}")
    store.write_table(key, {"BETA": [0.5]}, kind="mtag-results", provenance=made)


def test_what_others_put_into_the_store_is_left_alone(done, monkeypatch):
    """By hand, between runs and while a step runs: not taken for its result, not removed with it."""
    store = Study.open(done / "results" / "tiny.h5")
    execute = runs.execute

    def disturbed(step, command, **where):
        by_hand(store, "mine/during")
        return execute(step, command, **where)

    by_hand(store, "mine/before")
    with monkeypatch.context() as patched:
        patched.setattr(runs, "execute", disturbed)
        outcome = run_study(done, only=["mtag"], force=True)
    assert outcome.ran == ["mtag/EUR"] and "mine/during" not in outcome.markers["mtag/EUR"].results
    edit(done, "mtag: {n_blocks: 12", "mtag: {n_blocks: 10")
    assert run_study(done).ran == ["mtag/EUR"]
    assert {"mine/before", "mine/during", "mtag/EUR_TG"} <= keys_of(store)
    edit(done, "mtag: {n_blocks: 10, median_z_cutoff: 1}", "mtag: false")
    run_study(done)
    assert {key for key in keys_of(store) if key.startswith(("mtag/", "mine/"))} == {
        "mine/before", "mine/during",
    }  # fmt: skip


def test_a_failing_step_leaves_what_others_wrote(done, monkeypatch):
    store = Study.open(done / "results" / "tiny.h5")

    def failing(step, command, **where):
        by_hand(store, "mine/during")
        raise OSError("no more")

    monkeypatch.setattr(runs, "execute", failing)
    assert list(run_study(done, only=["mtag"], force=True).failed) == ["mtag/EUR"]
    assert "mine/during" in keys_of(store) and "mtag/EUR_TG" not in keys_of(store)


def test_a_result_of_someone_else_is_not_written_over(fresh):
    (fresh / "results").mkdir()
    store = Study.open(fresh / "results" / "tiny.h5", create=True)
    by_hand(store, "sumstats/EUR_TG")
    outcome = run_study(fresh, only=["harmonise"])
    assert "sumstats/EUR_TG exists already (no step of this study " in outcome.failed["harmonise/EUR_TG"]
    assert store.read_table("sumstats/EUR_TG")["BETA"].tolist() == [0.5]
    assert outcome.ran == ["harmonise/EUR_LDL"]


def test_what_someone_else_wrote_over_a_result_is_not_removed(done):
    store = Study.open(done / "results" / "tiny.h5")
    made = Provenance.collect("postgwas mtag --overwrite")
    store.write_table("mtag/EUR_TG", {"BETA": [0.5]}, kind="mtag-results", provenance=made, overwrite=True)
    assert "mtag/EUR_TG exists already" in run_study(done).failed["mtag/EUR"]
    assert store.read_table("mtag/EUR_TG")["BETA"].tolist() == [0.5]
    edit(done, "mtag: {n_blocks: 12, median_z_cutoff: 1}", "mtag: false")
    run_study(done)
    assert {key for key in keys_of(store) if key.startswith("mtag/")} == {"mtag/EUR_TG"}


def test_what_a_killed_step_left_goes_when_its_keys_change(fresh):
    """Killed before it was recorded; then the study is edited, and the step is called otherwise."""
    run_study(fresh, only=["harmonise"])
    store = Study.open(fresh / "results" / "tiny.h5")
    (fresh / "results" / ".steps" / "harmonise__EUR_TG.json").unlink()
    edit(fresh, "trait: TG", "trait: TRIG")
    said: list[str] = []
    assert not run_study(fresh, say=said.append).failed
    assert "sumstats/EUR_TRIG" in keys_of(store) and "sumstats/EUR_TG" not in keys_of(store)
    assert any("harmonise/EUR_TG is no longer in the study" in line for line in said)


def test_what_a_killed_step_left_is_no_hindrance(fresh):
    """Same step, other command line: what is there under its keys is known for its own."""
    run_study(fresh, only=["harmonise"])
    store = Study.open(fresh / "results" / "tiny.h5")
    (fresh / "results" / ".steps" / "harmonise__EUR_TG.json").unlink()
    edit(fresh, "harmonise: {no_report: true}", "harmonise: {no_report: true, palindromic_maf: 0.41}")
    outcome = run_study(fresh, only=["harmonise"])
    assert outcome.ran == ["harmonise/EUR_LDL", "harmonise/EUR_TG"]
    assert not store.verify().problems


def test_results_tell_which_step_made_them(done):
    made = Study.open(done / "results" / "tiny.h5").provenance("mtag/EUR_TG").command
    assert made.startswith("postgwas mtag --sumstats results/harmonise/EUR_LDL/EUR_LDL.tsv.gz,")
    log = next((done / "results" / "mtag" / "EUR").glob("*.log")).read_text()
    assert "postgwas mtag --sumstats results/harmonise/" in log.splitlines()[0]


@pytest.mark.parametrize("at", ["remove_parts", "make_room", "Markers.remove"])
def test_a_run_that_is_killed_while_it_makes_room_leaves_nothing_in_the_way(done, monkeypatch, at):
    """Between two deeds of which each is whole; the step's command line is another than before."""

    def killed(*_):
        raise KeyboardInterrupt

    edit(done, "mtag: {n_blocks: 12", "mtag: {n_blocks: 10")
    with monkeypatch.context() as patched:
        patched.setattr(f"postgwas.pipeline.run_study.{at}", killed)
        with pytest.raises(KeyboardInterrupt):
            run_study(done, only=["mtag"])
    outcome = run_study(done)
    assert outcome.ran == ["mtag/EUR"] and not outcome.failed
    assert not Study.open(done / "results" / "tiny.h5").verify().problems
