"""Each command with --store finds out before any work that the store cannot be written, and leaves nothing.

The inputs hold rubbish: a command that read them first would speak of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from postgwas.store import Study

#: As root all can be written, unless the right to pass by permissions is given up.
BECOME = () if os.geteuid() else ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")

COMMANDS = """
harmonise {A}
munge --sumstats {A}
mtag --sumstats {A},{B}
ldsc --h2 {A} --ref_ld {W}/p --w_ld {W}/p
ldsc --rg {A},{B} --ref_ld {W}/p --w_ld {W}/p
ldsc --rg_matrix --rg {A},{B} --ref_ld {W}/p --w_ld {W}/p
ldsc --h2_cts {A} --ref_ld_chr {W}/p --w_ld_chr {W}/p --ref_ld_chr_cts {B}
ldsc --l2 --bfile {W}/G --ld_wind_kb 1
meta --sumstats {A} {B}
meta --sumstats {A},EUR,X {B},EAS,X --method mama --ld_scores {A}
meta --sumstats {A} {B} --method popcorn --cfile {A}
expression import {A}
expression prepare --counts {A}
expression qc {A}
expression peer {A}
expression covariates --factors {A}
expression variance {A} --sheet {B} --group x
genotypes pca --genotypes {G}
genotypes prune --genotypes {G}
genotypes king --genotypes {G}
genotypes fst --genotypes {G} --groups {A}
genotypes grm --genotypes {G}
genotypes qc --genotypes {G}
genotypes project --genotypes {G} --loadings {A}
genotypes ancestry --scores {A} --reference {A} --groups {A}
eqtl cis --genotypes {G} --phenotypes {A}
eqtl permute --genotypes {G} --phenotypes {A}
eqtl trans --genotypes {G} --phenotypes {A}
eqtl interaction --genotypes {G} --phenotypes {A} --interaction {A}
eqtl finemap --genotypes {G} --phenotypes {A}
eqtl egenes --permutation {A}
eqtl sharing --leads x={A} y={A} --nominal x={A} y={A}
eqtl independent --genotypes {G} --phenotypes {A} --permutation_results {B}
eqtl mediation --genotypes {G} --phenotypes {A} --trios {B}
eqtl afc --genotypes {G} --phenotypes {A} --qtl {B}
eqtl eqts --genotypes {G} --phenotypes {A} --sumstats {B}
finemap --sumstats {A}
coloc genomewide {A} --qtl {B}
coloc abf {A} {B}
coloc susie {A} {B} --ld {A}
coloc hyprcoloc {A} {B}
coloc moloc {A} {B}
""".strip().splitlines()

#: One process for all commands: each would take two seconds to start.
SCRIPT = """
import contextlib, io, json, sys
from postgwas.cli.main import main
told = []
for words in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            status = main(words)
        except SystemExit as end:
            status = end.code
    told.append([status, said.getvalue()])
json.dump(told, sys.stdout)
"""


def refusals(folder: Path, *after: object) -> list[tuple[int, str]]:
    """Exit status and standard error of all commands, which must leave no file under their prefix."""
    (folder / "out").mkdir()
    places = {name: folder / name for name in ("A", "B", "G.bed", "G.bim", "G.fam")}
    for path in places.values():
        path.write_text("rubbish\n")
    paths = {"A": places["A"], "B": places["B"], "G": places["G.bed"], "W": folder}
    commands = [
        [
            *(word.format(**paths) for word in line.split()),
            "--out",
            str(folder / "out" / "run"),
            *map(str, after),
        ]
        for line in COMMANDS
    ]
    ran = subprocess.run(
        [*BECOME, sys.executable, "-c", SCRIPT], input=json.dumps(commands), capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert list((folder / "out").iterdir()) == []
    return [(status, said) for status, said in json.loads(ran.stdout)]


def check(told: list[tuple[int, str]], expected: str) -> None:
    for command, (status, said) in zip(COMMANDS, told, strict=True):
        assert (status, said.count("\n")) == (2, 1), (command, said)
        assert said.startswith("postgwas: error: "), command
        assert expected in said, (command, said)


@pytest.mark.skipif(not os.geteuid() and shutil.which("setpriv") is None, reason="root, and no setpriv")
def test_a_folder_without_permission(tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o500)
    probe = [*BECOME, sys.executable, "-c", "import sys; open(sys.argv[1] + '/x', 'w')", str(locked)]
    if subprocess.run(probe, capture_output=True).returncode == 0:
        pytest.skip("permissions do not hold here")
    told = refusals(tmp_path, "--store", locked / "study.h5")
    check(told, f"{locked / 'study.h5'}: no permission to write in folder {locked}")


def test_a_packed_store_also_where_results_may_be_replaced(tmp_path):
    Study.open(tmp_path / "study.h5", create=True).pack(tmp_path / "packed.h5")
    before = (tmp_path / "packed.h5").read_bytes()
    told = refusals(tmp_path, "--store", tmp_path / "packed.h5", "--overwrite")
    check(told, f"{tmp_path / 'packed.h5'}: is a packed file, which is only read")
    assert (tmp_path / "packed.h5").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lacking/study.h5", "does not exist (create it first)"),
        ("A", "not a readable store"),
        ("out", "is a folder"),
    ],
)
def test_what_is_no_store(tmp_path, name, expected):
    check(refusals(tmp_path, "--store", tmp_path / name), expected)
