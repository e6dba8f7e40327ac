"""Annotations from intervals: against a loop over variants and intervals, and refusals."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.cli.main import main
from postgwas.ld.annotations import read_annotations
from postgwas.ld.intervals import Intervals, count_overlaps

INTERVAL = st.tuples(st.integers(1, 3), st.integers(0, 30), st.integers(1, 10))
PLACE = st.tuples(st.integers(0, 3), st.integers(0, 40))


@given(st.lists(INTERVAL, max_size=12), st.lists(PLACE, max_size=20))
def test_overlaps_are_those_of_a_loop(
    intervals: list[tuple[int, int, int]], places: list[tuple[int, int]]
) -> None:
    chromosome, start, length = (np.array([row[k] for row in intervals], dtype=np.int64) for k in range(3))
    bed = Intervals(chromosome.astype(np.int8), start, start + length)
    expected = [sum(c == at and s < pos <= s + n for c, s, n in intervals) for at, pos in places]
    found = count_overlaps(
        np.array([c for c, _ in places], dtype=np.int8), np.array([p for _, p in places], dtype=np.int64), bed
    )
    assert found.tolist() == expected


PLACES = [(1, "rs1", 10), (1, "rs2", 11), (1, "rs3", 20), (1, "rs3b", 20), (2, "rs4", 20)]
BIM = "".join(f"{chromosome}\t{name}\t0\t{position}\tA\tC\n" for chromosome, name, position in PLACES)
COORDINATES = "GENE CHR START END\nG1 1 15 16\nG2 chr2 100 200\nG3 2 18 19\nG1 2 40 50\n"


@pytest.fixture
def bim(tmp_path: Path) -> Path:
    return write(tmp_path / "x.bim", BIM)


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def run(bim: Path, *arguments: object, status: int = 0) -> list[list[str]]:
    """Run the command; rows of the file that it wrote."""
    out = bim.parent / "out.annot.gz"
    argv = ["make_annot", "--bimfile", bim, "--annot-file", out, *arguments]
    assert main(list(map(str, argv))) == status
    assert out.exists() == (status == 0)
    return (
        [line.split("\t") for line in gzip.decompress(out.read_bytes()).decode().splitlines()]
        if not status
        else []
    )


def column(rows: list[list[str]]) -> str:
    return " ".join(row[0] for row in rows)


@pytest.mark.parametrize("style", ["chr1", "1", "01", "Chr1"])
def test_bed_is_zero_based_and_half_open_whatever_the_chromosome_is_called(bim: Path, style: str) -> None:
    bed = write(bim.parent / "a.bed", f"track name=x\r\n# note\r\n{style}\t10\t19\tn\r\n{style}\t10\t11\r\n")
    assert column(run(bim, "--bed-file", bed)) == "ANNOT 0 1 0 0 0"


def test_overlapping_intervals_are_counted_with_nomerge(bim: Path) -> None:
    bed = write(bim.parent / "a.bed", "1\t10\t20\n1\t5\t11\n2\t19\t20\n")
    assert column(run(bim, "--bed-file", bed, "--nomerge")) == "ANNOT 1 2 1 1 1"


def test_genes_with_a_window_on_both_sides(bim: Path) -> None:
    genes = write(bim.parent / "genes.txt", "G1\nG3\n")
    coordinates = write(bim.parent / "coord.txt", COORDINATES)
    arguments = ("--gene-set-file", genes, "--gene-coord-file", coordinates, "--windowsize")
    assert column(run(bim, *arguments, 4)) == "ANNOT 0 1 1 1 1"
    assert column(run(bim, *arguments, 3, "--overwrite")) == "ANNOT 0 0 0 0 1"
    assert column(run(bim, *arguments, 0, "--overwrite")) == "ANNOT 0 0 0 0 0"


def test_several_files_make_several_columns_that_l2_can_check(bim: Path) -> None:
    one, two = write(bim.parent / "a.x.bed", "1\t9\t10\n"), write(bim.parent / "b.bed", "2\t0\t99\n")
    rows = run(bim, "--bed-file", f"{one},{two}", "--full")
    assert rows[0] == ["CHR", "BP", "SNP", "CM", "a", "b"]
    variants = pl.DataFrame({"CHR": [1, 1, 1, 1, 2], "SNPID": ["rs1", "rs2", "rs3", "rs3b", "rs4"]})
    read = read_annotations(bim.parent / "out.annot.gz", variants)
    assert read.whole and read.values.tolist() == [[1, 0], [0, 0], [0, 0], [0, 0], [0, 1]]
    named = run(bim, "--bed-file", f"{one},{two}", "--annot-names", "p,q", "--overwrite")
    assert named[0] == ["p", "q"]


def test_a_gene_without_place_is_named_and_left_out(bim: Path, capsys: pytest.CaptureFixture[str]) -> None:
    genes = write(bim.parent / "genes.txt", "G1\nG1\nnone\xe9\nG2\n")
    coordinates = write(bim.parent / "coord.txt", COORDINATES)
    run(bim, "--gene-set-file", genes, "--gene-coord-file", coordinates, "--windowsize", 4, "--quiet")
    told = capsys.readouterr().err
    assert "1 of 3 genes have no coordinates in" in told and "none\xe9; they are left out" in told


def test_what_can_be_told_of_a_wrong_build_or_chromosome(
    bim: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(bim, "--bed-file", write(bim.parent / "a.bed", "1\t900\t901\n2\t900\t901\n"))
    assert "no variant lies in an interval: are both of one genome build?" in capsys.readouterr().err
    run(bim, "--bed-file", write(bim.parent / "a.bed", "1\t9\t12\nchrUn\t1\t2\n1\t5\t5\n"), "--overwrite")
    told = capsys.readouterr().err
    assert "no interval on chromosome 2, whose variants are all 0" in told
    assert "1 intervals on contigs that are no chromosome (such as chrUn)" in told
    assert "1 intervals hold no base" in told


@pytest.mark.parametrize(
    ("bed", "told"),
    [
        ("1\t10\n", "line 1 has 2 column(s), expected chromosome, start, end"),
        ("1\t10\t12\n1\t1.5\t3\n", "line 2: start '1.5' is not a whole number of at least 0"),
        ("track\n1\t-1\t3\n", "line 2: start '-1' is not a whole number"),
        ("1\t10\tx\n", "line 1: end 'x' is not"),
        ("1\t10\t9\n", "line 1: the interval 10 to 9 ends before it starts"),
        ("NW_1.1\t10\t19\n", "no interval is on a chromosome 1-22, X, Y or MT; the first is on 'NW_1.1'"),
        ("# nothing\n", "no intervals"),
        ("", "empty"),
    ],
)
def test_beds_that_are_refused(bim: Path, capsys: pytest.CaptureFixture[str], bed: str, told: str) -> None:
    run(bim, "--bed-file", write(bim.parent / "a.bed", bed), status=2)
    lines = capsys.readouterr().err.splitlines()
    assert told in lines[-1] and "a.bed" in lines[-1] and lines[-1].startswith("postgwas: error:")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "no intervals given"),
        (["--gene-set-file", "{genes}", "--gene-coord-file", "{coord}"], "needs --windowsize"),
        (["--gene-set-file", "{genes}", "--windowsize", "1"], "needs the genes' places"),
        (["--bed-file", "{bed}", "--windowsize", "1"], "--windowsize goes with --gene_set_file"),
        (["--gene-set-file", "{genes}", "--gene-coord-file", "{coord}", "--windowsize", "-1"], "at least 0"),
        (["--gene-set-file", "{genes}", "--gene-coord-file", "{bed}", "--windowsize", "1"], "no column GENE"),
        (["--gene-set-file", "{other}", "--gene-coord-file", "{coord}", "--windowsize", "1"],
         "2 of 2 genes have no coordinates"),
        (["--bed-file", "{bed},{bed}"], "expected 2 different ones"),
        (["--bed-file", "{bed}", "--annot-names", "SNP"], "names of annotations SNP"),
        (["--bed-file", "{bed}.gone"], "no such file"),
    ],
)  # fmt: skip
def test_calls_that_are_refused(
    bim: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    files = {
        "genes": write(bim.parent / "genes.txt", "G1\n"),
        "other": write(bim.parent / "other.txt", "ENSG1\nENSG2\n"),
        "coord": write(bim.parent / "coord.txt", COORDINATES),
        "bed": write(bim.parent / "a.bed", "1\t1\t2\n"),
    }
    run(bim, *(argument.format(**files) for argument in arguments), status=2)
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_nothing_is_overwritten_unasked(bim: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bed = write(bim.parent / "a.bed", "1\t1\t20\n")
    before = run(bim, "--bed-file", bed)
    other = write(bim.parent / "b.bed", "1\t1\t2\n")
    argv = ["make_annot", "--bimfile", bim, "--annot-file", bim.parent / "out.annot.gz", "--bed-file", other]
    assert main(list(map(str, argv))) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert run(bim, "--bed-file", bed, "--overwrite") == before
