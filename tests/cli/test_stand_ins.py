"""The scripts that stand in for peers' programs run as files and as modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = {
    "mtag": "mtag.py", "ldsc": "ldsc.py", "munge_sumstats": "munge_sumstats.py",
    "make_annot": "make_annot.py", "mama": "mama.py", "popcorn": "popcorn",
}  # fmt: skip


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_file_itself_is_a_program(name: str, repository: Path) -> None:
    found = run(repository / "cli" / f"{name}.py", "--help")
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith(f"Usage: {SCRIPTS[name]} [-h]")


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_module_tells_of_its_mistakes(name: str) -> None:
    found = run("-m", f"postgwas.cli.{name}", "--no-such-flag")
    assert found.returncode == 2 and found.stdout == ""
    assert len(found.stderr.splitlines()) == 1 and found.stderr.startswith("postgwas: error: ")


def test_make_annot_writes_with_the_flags_of_the_script(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "x.bim").write_text("1\trs1\t0\t500\tA\tG\n1\trs2\t0\t2000\tA\tG\n")
    (tmp_path / "set.txt").write_text("G\n")
    (tmp_path / "genes.txt").write_text("GENE CHR START END\nG 1 600 900\n")
    found = run(
        repository / "cli" / "make_annot.py", "--gene-set-file", tmp_path / "set.txt",
        "--gene-coord-file", tmp_path / "genes.txt", "--windowsize", 100, "--bimfile", tmp_path / "x.bim",
        "--annot-file", tmp_path / "x.annot",
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert [line.split("\t")[-1] for line in (tmp_path / "x.annot").read_text().splitlines()][1:] == [
        "1",
        "0",
    ]
