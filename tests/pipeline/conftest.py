"""A tiny demo study, and one that has been run once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from pipeline.tiny_study import TINY_YAML

from postgwas.pipeline.run_study import run_study
from postgwas.reference.demo_study import write_demo_study
from postgwas.reference.demo_study_design import TINY


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of the tiny study; not to be changed."""
    folder = tmp_path_factory.mktemp("tiny") / "study"
    write_demo_study(folder, plan=TINY, seed=3)
    (folder / "study.yaml").write_text(TINY_YAML)
    return folder


@pytest.fixture(scope="session")
def finished(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study after one whole run; not to be changed."""
    folder = tmp_path_factory.mktemp("finished") / "study"
    shutil.copytree(raw, folder)
    os.environ.setdefault("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    outcome = run_study(folder)
    assert not outcome.failed and not outcome.waiting, outcome
    return folder


@pytest.fixture
def fresh(raw: Path, tmp_path: Path) -> Path:
    """A copy that has not been run."""
    shutil.copytree(raw, tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def done(finished: Path, tmp_path: Path) -> Path:
    """A copy that has been run, in another place: times and inodes differ, content does not."""
    shutil.copytree(finished, tmp_path / "study")
    return tmp_path / "study"
