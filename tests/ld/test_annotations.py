"""Annotation files: what is read, and what is refused by file and row."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import polars as pl
import pytest

from postgwas.errors import ColumnError, InputError, PostgwasError
from postgwas.ld.annotations import read_annotations

VARIANTS = pl.DataFrame({"CHR": [1, 1, 2], "SNPID": ["rs1", "rs2", "rs3"]}, schema_overrides={"CHR": pl.Int8})
FULL = "CHR\tBP\tSNP\tCM\tbase\tcont\n1\t10\trs1\t0\t1\t0.5\n1\t20\trs2\t0\t1\t-2\n2\t5\trs3\t0\t1\t0\n"
BETA = "rs\N{GREEK SMALL LETTER BETA}"
THIN = "a\tb\n1\t0\n0\t1\n1\t1\n"


def write(path: Path, text: str) -> Path:
    data = text.encode()
    packers = {".gz": gzip.compress, ".bz2": bz2.compress}
    path.write_bytes(packers[path.suffix](data) if path.suffix in packers else data)
    return path


@pytest.mark.parametrize("name", ["x.annot", "x.annot.gz", "x.annot.bz2"])
def test_full_files_of_every_compression_by_name_or_prefix(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name, FULL)
    for asked in (file, tmp_path / "x"):
        found = read_annotations(asked, VARIANTS)
        assert found.names == ("base", "cont") and not found.whole
        assert found.values.tolist() == [[1.0, 0.5], [1.0, -2.0], [1.0, 0.0]]
        assert found.sources == (file,)


@pytest.mark.parametrize(
    "text",
    [
        FULL.replace("\n", "\r\n"),
        FULL.replace("\t", "  "),
        "\ufeff" + FULL,
        FULL.rstrip("\n"),
        FULL.replace("CHR\tBP\tSNP\tCM", "SNP\tCM\tCHR\tBP").replace("1\t10\trs1\t0", "rs1\t0\t1\t10")
        .replace("1\t20\trs2\t0", "rs2\t0\t1\t20").replace("2\t5\trs3\t0", "rs3\t0\t2\t5"),
    ],
    ids=["crlf", "blanks", "byte-order mark", "no last newline", "order of columns"],
)  # fmt: skip
def test_layouts(tmp_path: Path, text: str) -> None:
    found = read_annotations(write(tmp_path / "x.annot", text), VARIANTS)
    assert found.names == ("base", "cont")
    assert found.values.tolist() == [[1.0, 0.5], [1.0, -2.0], [1.0, 0.0]]


def test_several_files_stand_side_by_side(tmp_path: Path) -> None:
    thin, other = write(tmp_path / "x.annot", THIN), write(tmp_path / "y.annot.gz", "c\n5\n6\n7\n")
    found = read_annotations([thin, other], VARIANTS, thin=True)
    assert found.names == ("a", "b", "c") and found.whole
    assert found.values.tolist() == [[1.0, 0.0, 5.0], [0.0, 1.0, 6.0], [1.0, 1.0, 7.0]]


@pytest.mark.parametrize("asked", ["x.", "x.@"])
def test_one_file_a_chromosome(tmp_path: Path, asked: str) -> None:
    lines = FULL.splitlines(keepends=True)
    write(tmp_path / "x.1.annot.gz", "".join(lines[:3]))
    write(tmp_path / "x.2.annot.gz", lines[0] + lines[3])
    found = read_annotations(str(tmp_path / asked), VARIANTS)
    assert found.values.tolist() == [[1.0, 0.5], [1.0, -2.0], [1.0, 0.0]]
    (tmp_path / "x.2.annot.gz").unlink()
    with pytest.raises(InputError, match=r"x\.2\.annot\[\.gz\|\.bz2\]: no such file, though"):
        read_annotations(str(tmp_path / asked), VARIANTS)


def test_numbers_that_turn_from_whole_to_real_far_down(tmp_path: Path) -> None:
    n = 12_000
    variants = pl.DataFrame({"CHR": [1] * n, "SNPID": [f"rs{i}" for i in range(n)]})
    values = ["0"] * (n - 1) + ["0.25"]
    found = read_annotations(write(tmp_path / "x.annot", "a\n" + "\n".join(values)), variants, thin=True)
    assert found.values.sum() == 0.25 and not found.whole


@pytest.mark.parametrize(
    ("text", "thin", "told"),
    [
        (THIN, False, "no column SNP among a, b.*--thin_annot"),
        (FULL, True, "a full annotation file, not a thin one.*leave out --thin_annot"),
        ("CHR\tBP\tSNP\tCM\n1\t10\trs1\t0\n", False, "no annotation column besides CHR, BP, SNP, CM"),
        (FULL.replace("cont", "base"), False, "two columns are called base"),
        (FULL.replace("CHR", "CHROM"), False, "column CHROM stands before BP; expected CHR BP SNP CM"),
        (FULL.replace("BP", "POS"), False, "column POS stands before SNP"),
    ],
)
def test_columns_that_are_refused(tmp_path: Path, text: str, thin: bool, told: str) -> None:
    with pytest.raises(ColumnError, match=told):
        read_annotations(write(tmp_path / "x.annot", text), VARIANTS, thin=thin)


@pytest.mark.parametrize(
    ("text", "thin", "told"),
    [
        (FULL.replace("rs2", "rs9"), False, "line 3 has variant rs9, but row 2 of .* is rs2"),
        (FULL.replace("rs2", BETA), False, f"line 3 has variant {BETA}.*1 rows differ; 2 of 3 variants"),
        ("".join(FULL.splitlines(keepends=True)[:3]), False, "2 variants, but the genotypes has 3"),
        (THIN + "1\t1\n", True, "4 variants, but the genotypes has 3"),
        (FULL.replace("-2", "x"), False, "line 3, column cont: found 'x', expected a finite number"),
        (FULL.replace("-2", "inf"), False, "line 3, column cont: found 'inf'"),
        (FULL.replace("-2", "NA"), False, r"line 3, column cont: no value \('NA'\)"),
        (FULL.replace("\t-2", ""), False, "line 3 has 5 fields, expected 6"),
        (FULL.replace("\t-2", "\t-2\t3"), False, "line 3 has 7 fields, expected 6"),
        ("a\tb\n", True, "a header, but no variants"),
        ("", True, "empty"),
    ],
)  # fmt: skip
def test_rows_that_are_refused(tmp_path: Path, text: str, thin: bool, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_annotations(write(tmp_path / "x.annot", text), VARIANTS, thin=thin)


def test_a_place_under_another_name_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read_annotations(write(tmp_path / "x.annot", FULL.replace("CM", "cM")), VARIANTS)
    assert "no column CM; taken as annotations: cM, " in caplog.text


def test_a_header_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "x.annot").write_bytes(FULL.replace("cont", "caf\u00e9").encode("latin-1"))
    with pytest.raises(InputError, match="header is not text in UTF-8"):
        read_annotations(tmp_path / "x.annot", VARIANTS)


def test_other_refusals(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such annotation file"):
        read_annotations(tmp_path / "nothing", VARIANTS)
    file = write(tmp_path / "x.annot", THIN)
    with pytest.raises(ColumnError, match="two annotations are called a"):
        read_annotations([file, file], VARIANTS, thin=True)
    whole = gzip.compress(FULL.encode() * 50)
    (tmp_path / "cut.annot.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PostgwasError, match=r"truncated|damaged"):
        read_annotations(tmp_path / "cut.annot.gz", VARIANTS)
    (tmp_path / "latin.annot").write_bytes(FULL.replace("rs2", "rs\xe9").encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        read_annotations(tmp_path / "latin.annot", VARIANTS)
