"""LD scores through the command line against every run of ldsc.py 1.0.1 --l2 that is recorded.

The peer's inputs are 203 people and 3,000 variants on two simulated chromosomes, and its own
test set of 8 variants. With --ldsc_compat the scores agree in each of the three printed
decimals. Sums of annotations may differ in the last bits (order of addition).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from postgwas.cli.main import main

pytestmark = pytest.mark.requires_shared

SUCCEED = [
    "cm_1", "cm_0.3", "kb_500", "snps_50", "kb_50_chunk10", "kb_500_chunk7", "cm_1_chunk1", "kb_500_chunk1",
    "snps_50_chunk1", "annot_full_chunk1", "annot_full", "annot_thin", "annot_print_snps", "print_snps",
    "extract", "keep", "maf_0.05", "per_allele", "pq_exp_0.5", "pq_exp_neg", "cts_bin",
    "cts_bin_names_noprint", "whole_chr_yes", "annot_maf", "pickle", "ldsc_test_kb", "ldsc_test_cm",
]  # fmt: skip
FAIL = {
    "annot_thin_noflag": "--thin_annot takes files with annotations alone",
    "whole_chr": "--yes_really",
    "two_windows": "expected exactly one of --ld_wind_cm, --ld_wind_kb and --ld_wind_snps",
    "no_window": "expected exactly one of --ld_wind_cm, --ld_wind_kb and --ld_wind_snps, found none",
    "annot_extract": "--annot and --extract exclude each other",
    "ldsc_test_snps": "--yes_really",
}
#: Lines that are ours on purpose: the peer names the wrong file, and takes rounding errors of
#: equal scores for variance.
NOISE = {"std   0.0144  1.8130e-16", "MAF  1.0000 -0.7071", "L2  -0.7071  1.0000", "        MAF      L2"}
OURS = {
    "cts_bin": {"Writing annot matrix produced by --cts-bin to cts_bin.l2.ldscore.gz"},
    "ldsc_test_kb": NOISE,
    "ldsc_test_cm": NOISE,
}

Run = Callable[..., tuple[int, Path]]


@cache
def recorded(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "expected" / "runs.json").read_text())
    return found


@pytest.fixture
def peer(shared: Path) -> Path:
    return shared / "oracle" / "mtag" / "ldsc_l2"


@pytest.fixture
def run(peer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a recorded command line in the folder of its inputs."""
    monkeypatch.chdir(peer / "input")

    def call(name: str, *more: str) -> tuple[int, Path]:
        out = tmp_path / name
        arguments = recorded(peer)[name]["args"]
        return main(["ldsc", *arguments, "--quiet", "--out", str(out), *more]), out

    return call


def rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def numbers(path: Path) -> list[float]:
    return [float(field) for field in path.read_text().split()]


def result_lines(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("Read list of"))
    return [line.rstrip() for line in lines[begin:] if not line.startswith(("Analysis fin", "Total time"))]


def test_every_recorded_run_is_compared(peer: Path) -> None:
    statuses = {name: entry["rc"] for name, entry in recorded(peer).items()}
    assert sorted(name for name, status in statuses.items() if status == 0) == sorted(SUCCEED)
    assert sorted(name for name, status in statuses.items() if status != 0) == sorted(FAIL)


@pytest.mark.parametrize("name", SUCCEED)
def test_files_and_log_lines(peer: Path, run: Run, name: str) -> None:
    status, out = run(name, "--ldsc_compat")
    assert status == 0
    expected = peer / "expected" / name
    endings = {file.removeprefix(name) for file in recorded(peer)[name]["files"]}
    assert {path.name.removeprefix(name) for path in out.parent.glob(f"{name}.*")} == endings
    assert rows(out.with_name(f"{name}.l2.ldscore.gz")) == rows(expected / f"{name}.l2.ldscore.gz")
    for ending in (".l2.M", ".l2.M_5_50"):
        ours, theirs = out.with_name(name + ending), expected / (name + ending)
        np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=1e-13, atol=1e-13)
        # Counts are written as counts, sums as sums.
        assert ["." in field for field in ours.read_text().split()] == [
            "." in field for field in theirs.read_text().split()
        ]
    if ".annot.gz" in endings:
        ours, theirs = (folder / f"{name}.annot.gz" for folder in (out.parent, expected))
        (head, *body), (their_head, *their_body) = rows(ours), rows(theirs)
        assert head == their_head
        # CM apart, which the peer reads with an error in the last bit.
        assert [row[:3] + row[4:] for row in body] == [row[:3] + row[4:] for row in their_body]
        np.testing.assert_allclose(
            [float(row[3]) for row in body], [float(row[3]) for row in their_body], rtol=1e-15
        )
    printed = [line.replace(f"{out.parent}/", "") for line in result_lines(out.with_name(f"{name}.log"))]
    missing = [line for line in result_lines(expected / f"{name}.log") if line not in printed]
    assert set(missing) <= OURS.get(name, set())


@pytest.mark.parametrize("name", FAIL)
@pytest.mark.parametrize("more", [(), ("--ldsc_compat",)])
def test_failures_are_one_line(
    run: Run, capsys: pytest.CaptureFixture[str], name: str, more: tuple[str, ...]
) -> None:
    status, out = run(name, *more)
    assert status == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("postgwas: error: ") and FAIL[name] in line
    assert [path for path in out.parent.iterdir() if path.suffix != ".log"] == []


EXACT = {
    "cm_1": "cm_1_chunk1",
    "kb_500": "kb_500_chunk1",
    "snps_50": "snps_50_chunk1",
    "annot_full": "annot_full_chunk1",
}


@pytest.mark.parametrize("name", EXACT)
def test_without_compat_windows_are_those_of_chunks_of_one(peer: Path, run: Run, name: str) -> None:
    """Exact windows, in full precision: the peer's with --chunk-size 1, rounded to three decimals."""
    status, out = run(name)
    assert status == 0
    exact = peer / "expected" / EXACT[name] / f"{EXACT[name]}.l2.ldscore.gz"
    (head, *ours), (their_head, *theirs) = rows(out.with_name(f"{name}.l2.ldscore.gz")), rows(exact)
    assert head == their_head and [row[:3] for row in ours] == [row[:3] for row in theirs]
    found, expected = (np.array([row[3:] for row in body], dtype=float) for body in (ours, theirs))
    if name.startswith("snps"):
        # A window of 50 variants ends at the chromosome's border; the peer's goes on. 50 variants
        # on each side of the border differ.
        chromosome = np.array([row[0] for row in ours])
        border = int(np.flatnonzero(chromosome[1:] != chromosome[:-1])[0]) + 1
        inside = np.abs(np.arange(len(ours)) + 0.5 - border) > 50
        assert inside.sum() == len(ours) - 100
        found, expected = found[inside], expected[inside]
    # Half a unit of the third decimal, and float32 products.
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.5e-3 + 5e-6)
    assert (found != expected).mean() > 0.9
