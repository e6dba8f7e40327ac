"""METAL's command files: every digit that METAL prints.

METAL (statgen/METAL@ab5d191, version of 2020-05-05). ``simulated/``: a fifth of the markers of four simulated
studies in four dialects, with swapped alleles, other strands, mismatches, indels, I/D, duplicates and broken
fields; METAL ran on all of them, and these tables do not depend on the others. The whole cases, and METAL's
own regression outputs on three real studies, are read where they are on the machine.

Rows are compared by marker: METAL's order is that of its hash table. METAL's minimiser for
sample overlap stops at 1e-6, so that N and Weight may be 0.01 off; everything else is the same text.
"""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest

from postgwas.cli.main import main

SIMULATED = Path(__file__).parent / "simulated"
CASES = sorted(path.stem.removeprefix("cmd_") for path in SIMULATED.glob("cmd_*.txt"))
OVERLAP = {"N": 0.021, "Weight": 0.041, "Zscore": 0.0011, "HetChiSq": 0.0011}

GLUCOSE = """
MARKER SNP
WEIGHT N
ALLELE EFFECT_ALLELE NON_EFFECT_ALLELE
EFFECT BETA
STDERR SE
PVAL P_VAL
PROCESS DGI_three_regions.txt
PVAL PVALUE
PROCESS MAGIC_FUSION_Results.txt.gz
DEFAULT 4106
ALLELE AL1 AL2
EFFECT EFFECT
PROCESS magic_SARDINIA.tbl
OUTFILE test_ .TBL
"""
BEGIN = {
    "01": "", "03": "GENOMICCONTROL ON", "04": "SCHEME STDERR", "05": "SCHEME STDERR\nGENOMICCONTROL ON",
    "06": "", "07": "SCHEME STDERR", "09": "TRACK ON\nCHROMOSOME CHR\nPOSITION POS",
    "10": "SCHEME STDERR\nEFFECT_PRINT_PRECISION 12\nSTDERR_PRINT_PRECISION 12",
}  # fmt: skip


def table(path: Path) -> tuple[list[str], dict[str, list[str]]]:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    rows = [line.split("\t") for line in text.decode().splitlines()]
    at = rows[0].index("MarkerName")
    return rows[0], {row[at]: row for row in rows[1:]}


def run(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert main(["meta", "--metal_script", script, "--quiet"]) == 0


def same(ours: Path, theirs: Path) -> None:
    assert table(ours) == table(theirs)


def copied(files: Path, pattern: str, folder: Path) -> None:
    for path in files.glob(pattern):
        shutil.copy(path, folder)


@pytest.mark.parametrize("case", CASES)
def test_simulated_studies(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied(SIMULATED, "study*", tmp_path)
    copied(SIMULATED, f"cmd_{case}.txt", tmp_path)
    run(tmp_path, f"cmd_{case}.txt", monkeypatch)
    same(tmp_path / f"out_{case}_1.tbl", SIMULATED / f"out_{case}_1.tbl.gz")
    assert (tmp_path / f"out_{case}_1.tbl.info").read_text().startswith("# Columns of ")


@pytest.mark.requires_shared
@pytest.mark.parametrize("case", ["ss_gc", "se_gc_prec12", "se_prec12", "se", "ss"])
def test_whole_cases(case: str, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = shared / "oracle" / "rpeers" / "metal"
    copied(home, "study*", tmp_path)
    copied(home, f"cmd_{case}.txt", tmp_path)
    run(tmp_path, f"cmd_{case}.txt", monkeypatch)
    same(tmp_path / f"out_{case}_1.tbl", home / f"out_{case}_1.tbl.gz")


@pytest.mark.requires_shared
@pytest.mark.parametrize("case", ["se", "se_freq", "se_gc", "ss", "ss_gc"])
def test_real_studies(case: str, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = real_studies(shared, case, tmp_path)
    run(tmp_path, f"cmd_{case}.txt", monkeypatch)
    same(tmp_path / f"out_{case}_1.tbl", home / f"out_{case}_1.tbl.gz")


def real_studies(shared: Path, case: str, folder: Path) -> Path:
    """METAL's own three studies and a script put into a folder; where the recorded results are."""
    home = shared / "oracle" / "rpeers" / "metal_realdata"
    copied(home, f"cmd_{case}.txt", folder)
    copied(home, "MAGIC_FUSION_Results.txt.gz", folder)
    for name in ("DGI_three_regions.txt", "magic_SARDINIA.tbl"):
        (folder / name).write_bytes(gzip.decompress((home / f"{name}.gz").read_bytes()))
    return home


@pytest.mark.requires_shared
@pytest.mark.parametrize(
    ("studies", "case"),
    [("metal", "ss_overlap"), ("metal", "ss_overlap_z2"), ("metal_realdata", "ss_overlap")],
)
def test_overlap(
    studies: str, case: str, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = shared / "oracle" / "rpeers" / studies
    if studies == "metal_realdata":
        real_studies(shared, case, tmp_path)
    copied(home, "study*", tmp_path)
    copied(home, f"cmd_{case}.txt", tmp_path)
    run(tmp_path, f"cmd_{case}.txt", monkeypatch)
    header, ours = table(tmp_path / f"out_{case}_1.tbl")
    expected, theirs = table(home / f"out_{case}_1.tbl.gz")
    assert header == expected and ours.keys() == theirs.keys()
    for name, most in OVERLAP.items():
        if name in header:
            at = header.index(name)
            assert max(abs(float(ours[key][at]) - float(theirs[key][at])) for key in ours) <= most
    exact = [header.index(name) for name in ("Allele1", "Allele2", "Direction")]
    assert all(ours[key][at] == theirs[key][at] for key in ours for at in exact)


@pytest.mark.requires_shared
@pytest.mark.parametrize("case", sorted(BEGIN))
def test_glucose(case: str, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = shared / "realdata" / "metal_glucose"
    for path in home.glob("*"):
        if not path.name.startswith("expected"):
            os.symlink(path, tmp_path / path.name)
    last = "ANALYZE HETEROGENEITY" if case in ("06", "07") else "ANALYZE"
    (tmp_path / "metal.txt").write_text(f"{BEGIN[case]}{GLUCOSE}{last}\nQUIT\n")
    run(tmp_path, "metal.txt", monkeypatch)
    same(tmp_path / "test_1.TBL", home / f"expected_test_{case}.TBL.gz")
