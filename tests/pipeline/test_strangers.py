"""Study folders that came from someone else: nothing outside of their results is removed or emptied."""

from __future__ import annotations

import json
import shutil

import pytest

from postgwas.pipeline.run_study import run_study


@pytest.mark.parametrize("name", ["../../precious/thesis.txt", "{absolute}"])
@pytest.mark.parametrize("field", ["parts", "files"])
def test_records_that_name_files_elsewhere(done, tmp_path, name, field):
    precious = tmp_path / "study" / "precious" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("years")
    path = done / "results" / ".steps" / "h2__EUR_LDL.json"
    record = json.loads(path.read_text())
    record[field][name.format(absolute=precious)] = "0" * 64
    path.write_text(json.dumps(record))
    assert "h2/EUR_LDL" in run_study(done, only=["h2"], force=True).ran
    assert precious.read_text() == "years"


def test_results_that_are_links_to_elsewhere(done, tmp_path):
    """The folder between is a link, so that what would be emptied is somebody's folder EUR_LDL."""
    theirs = tmp_path / "home" / "EUR_LDL"
    theirs.mkdir(parents=True)
    (theirs / "thesis.txt").write_text("years")
    shutil.rmtree(done / "results" / "h2")
    (done / "results" / "h2").symlink_to(tmp_path / "home")
    outcome = run_study(done, only=["h2"])
    assert "not emptied through links" in outcome.failed["h2/EUR_LDL"]
    assert (theirs / "thesis.txt").read_text() == "years"
    # A results' folder that is itself a link, to a larger disk, is the owner's own doing.
    (done / "results" / "h2").unlink()
    (done / "results").rename(tmp_path / "large")
    (done / "results").symlink_to(tmp_path / "large")
    assert set(run_study(done, only=["h2"]).ran) == {"h2/EUR_LDL", "h2/EUR_TG"}
