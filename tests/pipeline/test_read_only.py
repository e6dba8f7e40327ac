"""Folders that may not be written, as someone who is not root: one line before any work, nothing changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

#: As root all can be written, unless the right to pass by permissions is given up.
_WITHOUT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")
BECOME = () if os.geteuid() else _WITHOUT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.geteuid() and shutil.which("setpriv") is None, reason="root, and no setpriv"),
]


def postgwas(*words: object) -> subprocess.CompletedProcess[str]:
    command = [*BECOME, sys.executable, "-m", "postgwas.cli.main", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def files(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def locked() -> Iterator[list[Path]]:
    """Folders put here cannot be written, with all below them, until the test is over."""
    folders: list[Path] = []
    yield folders
    for folder in folders:
        _permit(folder, True)


def lock(folder: Path, locked: list[Path]) -> None:
    locked.append(folder)
    _permit(folder, False)
    probe = [*BECOME, sys.executable, "-c", "import sys; open(sys.argv[1] + '/x', 'w')", str(folder)]
    if subprocess.run(probe, capture_output=True).returncode == 0:
        pytest.skip("permissions do not hold here")


def _permit(folder: Path, writing: bool) -> None:
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | 0o200 if writing else mode & ~0o222)


def test_a_study_in_a_folder_that_cannot_be_written(fresh, locked):
    lock(fresh, locked)
    ran = postgwas("run", fresh)
    assert ran.returncode == 2 and ran.stdout == ""
    told = f"postgwas: error: {fresh}/results/.steps: Permission denied (out: in study.yaml says where"
    assert ran.stderr.startswith(told) and ran.stderr.count("\n") == 1
    assert postgwas("run", fresh, "--dry_run").returncode == 0
    refused = postgwas("init", fresh, "--overwrite")
    assert refused.returncode == 2 and "study.yaml: Permission denied" in refused.stderr


@pytest.mark.parametrize("what", ["results", "results/tiny.parts"])
def test_results_that_cannot_be_written_stay_as_they_are(done, locked, what):
    """Also with --force, which empties the folders of steps: not before all is known to be writable."""
    before = files(done)
    lock(done / what, locked)
    ran = postgwas("run", done, "--force")
    assert ran.returncode == 2 and ran.stdout == ""
    assert ran.stderr.startswith("postgwas: error: ") and ran.stderr.count("\n") == 1
    assert str(done / what) in ran.stderr and "ermission" in ran.stderr
    assert files(done) == before


def test_a_store_that_cannot_be_written_is_refused_before_anything_is_computed(done, tmp_path, locked):
    lock(done / "results" / "tiny.parts", locked)
    (tmp_path / "new").mkdir()
    tables = [done / "results" / "harmonise" / name / f"{name}.tsv.gz" for name in ("EUR_LDL", "EUR_TG")]
    words = ["--sumstats", *tables, "--out", tmp_path / "new" / "m", "--store", done / "results" / "tiny.h5"]
    ran = postgwas("meta", *words)
    assert ran.returncode == 2
    assert "tiny.h5: no permission to write in folder" in ran.stderr and ran.stderr.count("\n") == 1
    assert list((tmp_path / "new").iterdir()) == []
    # Reading needs no permission to write.
    assert postgwas("store", "verify", done / "results" / "tiny.h5").returncode == 0
