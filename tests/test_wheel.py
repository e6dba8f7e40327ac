"""A wheel, installed in an empty environment elsewhere, runs the demo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "postgwas", "cli", "reference")


def _run(*command: str | Path, cwd: Path) -> str:
    # Nothing of this process's own search path may leak in.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """Built from a copy, because a build writes into its source folder."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        if (repository / name).is_dir():
            shutil.copytree(repository / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(repository / name, source / name)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source, cwd=folder)
    (built,) = folder.glob("postgwas-*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and the dependencies, but without this checkout.

    Installing 40 dependencies anew takes minutes, so a .pth file lends those of the
    running environment. The checkout stays out: its editable install works through
    .pth files of its own, which Python reads only in the environment's own folder.
    (.ci/run installs the dependencies from the lock.)
    """
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, with_pip=True)
    _run(folder / "bin" / "python", "-m", "pip", "install", "--no-deps", "--no-index", wheel, cwd=folder)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    lent = sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]
    (site_packages / "dependencies.pth").write_text("\n".join(dict.fromkeys(lent)) + "\n")
    return folder


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path, repository: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"postgwas"}
    expected = {
        f"{prefix}{path.relative_to(repository / root)}"
        for root, prefix in (
            ("postgwas", "postgwas/"),
            ("cli", "postgwas/cli/"),
            ("reference", "postgwas/reference/"),
        )
        for path in (repository / root).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert expected - names == set()
    assert "postgwas/reference/dialects.yaml" in names
    assert "postgwas/py.typed" in names


def test_the_installed_wheel_is_what_runs(environment: Path, tmp_path: Path) -> None:
    code = "import postgwas, postgwas.cli.main, postgwas.reference; print(postgwas.__file__)"
    found = Path(_run(environment / "bin" / "python", "-c", code, cwd=tmp_path).strip())
    assert found.is_relative_to(environment)


def test_the_demo_runs_elsewhere(environment: Path, tmp_path: Path) -> None:
    printed = _run(environment / "bin" / "postgwas", "demo", "--mtag_only", "--out", "results", cwd=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"results"}
    files = {path.name for path in (tmp_path / "results").iterdir()}
    assert {"mtag_trait_1.txt", "mtag_trait_2.txt", "mtag_omega_hat.txt", "mtag_sigma_hat.txt"} <= files
    assert {"mtag.log", "study.h5"} <= files
    assert any(name.endswith(".png") for name in files)
    header, first, *_ = (tmp_path / "results" / "mtag_trait_1.txt").read_text().splitlines()
    assert header.split("\t")[-4:] == ["mtag_beta", "mtag_se", "mtag_z", "mtag_pval"]
    assert len(first.split("\t")) == len(header.split("\t"))
    assert "study.h5" in printed
    study = _run(environment / "bin" / "postgwas", "demo", "--no_run", "--out", "study", cwd=tmp_path)
    assert "study.yaml" in study
    plan = _run(environment / "bin" / "postgwas", "run", "study", "--dry_run", cwd=tmp_path)
    assert "coloc/EUR_LDL_lcl" in plan and "kept" in plan
    listed = _run(environment / "bin" / "postgwas", "store", "ls", "results/study.h5", cwd=tmp_path)
    assert "mtag" in listed
