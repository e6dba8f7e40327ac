"""Files that `postgwas mtag` must refuse: one line that says what is wrong and what would mend it."""

from __future__ import annotations

import gzip
import re
import zipfile
from pathlib import Path

import pytest
from mtag.text_study import PNG, Accepted, Refused, Spoilt, TextStudy, given


def test_the_study_itself_is_fine(study: TextStudy, accepted: Accepted) -> None:
    assert "MTAG complete" in accepted("--sumstats", f"{study.a},{study.b},{study.c}")


def test_missing_file(study: TextStudy, refused: Refused) -> None:
    said = refused("--sumstats", f"{study.a},{study.folder / 'nope.txt'}")
    assert said == f"{study.folder / 'nope.txt'}: no such file"


def test_folder(study: TextStudy, refused: Refused) -> None:
    assert refused("--sumstats", f"{study.a},{study.folder}").endswith(": is a folder; expected a file")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "only comment or blank lines; expected a header and rows"),
        (b"snpid\ta1\ta2\tz\tn\n", "a header but no rows; columns found: snpid, a1, a2, z, n"),
        (PNG, "binary data; expected a table of text"),
        ("snpid\tz\nrs1\t2\n".encode("utf-16"), "text in UTF-16; expected UTF-8 .*iconv"),
        (b"snpid\tz\tn\rrs1\t1\t5\rrs2\t1\t5\r", "lines end with carriage returns alone; .*tr "),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>\n", r"a web page \(HTML\); .*download"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "a Git LFS pointer, .*git lfs pull"),
        (b"snpid|a1|a2|z\nrs1|A|G|1\n", "line 1 has one field only, .*tab, comma, semicolon or white space"),
        (b"rs1 A G 0.5 1.2 1000\nrs2 A G 0.4 1.1 1000\n", "line 1 looks like data.*--columns"),
    ],
)
def test_no_table(data: bytes, said: str, study: TextStudy, refused: Refused, tmp_path: Path) -> None:
    path = given(tmp_path, data)
    assert re.match(f"{path}: .*{said}", refused("--sumstats", f"{study.a},{path}"))


@pytest.mark.parametrize("share", [0.001, 0.5, 0.99])
def test_truncated_gzip(share: float, study: TextStudy, refused: Refused, tmp_path: Path) -> None:
    whole = gzip.compress(study.b.read_bytes())
    path = given(tmp_path, whole[: 12 + int(len(whole) * share)], "cut.txt.gz")
    said = refused("--sumstats", f"{study.a},{path}")
    assert re.match(f"{path}: truncated gzip file: .*copy or download it again", said)


def test_zip_of_two_files_and_tar(study: TextStudy, refused: Refused, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.write(study.a, "a.txt")
        archive.write(study.b, "b.txt")
    said = refused("--sumstats", f"{study.a},{tmp_path / 'two.zip'}")
    assert "expected one file in the zip archive, found 2: a.txt, b.txt" in said


def test_wrong_delimiter(study: TextStudy, refused: Refused, tmp_path: Path) -> None:
    head, rows = study.b.read_text().split("\n", 1)
    path = given(tmp_path, head + "\n" + rows.replace("\t", ","))
    said = refused("--sumstats", f"{study.a},{path}")
    assert "the header has 9 columns separated by white space, but the rows have 1" in said


@pytest.mark.parametrize(
    ("column", "what", "flag"),
    [
        ("snpid", r"variant ids \(SNPID\)", "--snp_name"),
        ("a1", r"effect alleles \(EA\)", "--a1_name"),
        ("a2", r"other alleles \(NEA\)", "--a2_name"),
        ("z", "Z statistics", "--z_name"),
        ("n", r"sample sizes \(N\)", "--n_name.*--n_value"),
        ("freq", r"frequencies \(EAF\)", "--eaf_name.*--std_betas"),
    ],
)
def test_missing_column(
    column: str, what: str, flag: str, study: TextStudy, refused: Refused, spoilt
) -> None:
    path = spoilt(**{column: None}, weight=1)
    said = refused("--sumstats", f"{study.a},{path}")
    assert re.match(f"{path}: no column of .*{what}.* found; the columns are .*{flag}", said)
    others = [name for name in study.tables[1] if name != column]
    assert all(name in said for name in others) and "weight" in said


def test_named_column_is_not_there(study: TextStudy, refused: Refused) -> None:
    said = refused("--sumstats", f"{study.a},{study.b}", "--n_name", "N_eff")
    assert said.startswith(f"{study.a}: --n_name N_eff: no such column; columns found: snpid, chr, bpos")
    assert refused("--sumstats", f"{study.a},{study.b}", "--p_name", "pvalue").endswith(
        "(did you mean pval?)"
    )


@pytest.mark.parametrize(
    ("column", "flag"),
    [("z", "--z_name"), ("n", "--n_name"), ("freq", "--eaf_name"), ("pval", "--p_name"),
     ("bpos", "--bpos_name"), ("chr", "--chr_name")],
)  # fmt: skip
def test_text_in_a_whole_column(
    column: str, flag: str, study: TextStudy, refused: Refused, spoilt: Spoilt
) -> None:
    said = refused("--sumstats", f"{study.a},{spoilt(**{column: 'high'})}")
    assert f"column {column} (" in said
    assert f"none of its values is one; line 2 has 'high' ({flag} names another column)" in said


def test_text_in_a_few_cells_sets_rows_aside(
    study: TextStudy, accepted: Accepted, spoilt: Spoilt, out: Path
) -> None:
    z = study.tables[1]["z"].astype(object)
    z[[3, 4, 700]] = "high"
    log = accepted("--sumstats", f"{study.a},{spoilt(z=z)}")
    assert "3 values of column z (Z) not a number, read as missing; the first is 'high' in line 5" in log
    assert "Trait 2 quality control: 2,000 variants in, 1,997 out (dropped: 3 missing value)" in log
    with gzip.open(f"{out}.rejected.tsv.gz", "rt") as rejected:
        lines = [line.split("\t")[1:] for line in rejected.read().splitlines()]
    assert [line for line, *_ in lines] == ["LINE", "5", "6", "702"]
    assert lines[1][2] == "missing value"


def test_decimal_commas(study: TextStudy, refused: Refused, tmp_path: Path) -> None:
    path = given(tmp_path, study.b.read_text().replace(".", ","))
    assert "decimal commas are not read" in refused("--sumstats", f"{study.a},{path}")


def test_duplicated_column_name(study: TextStudy, refused: Refused, spoilt: Spoilt) -> None:
    path = spoilt(**{"z ": study.tables[1]["z"]})
    assert refused("--sumstats", f"{study.a},{path}").startswith(f"{path}: duplicated column name: z")
