"""The tutorials run as scripts, start to end, in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "tutorials"
TUTORIALS = sorted(FOLDER.glob("*.py"))

pytestmark = pytest.mark.slow


def test_there_are_tutorials():
    assert len(TUTORIALS) >= 3


@pytest.mark.timeout(300)
@pytest.mark.parametrize("script", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_runs(script, tmp_path):
    found = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", script],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-3000:]
    assert found.stdout


@pytest.mark.parametrize("script", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_is_a_notebook(script):
    jupytext = pytest.importorskip("jupytext")
    cells = jupytext.read(script).cells
    assert cells[0].cell_type == "markdown" and cells[0].source.startswith("# ")
    assert sum(cell.cell_type == "code" for cell in cells) >= 5
