"""GWAS files without a header line in a study."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.pipeline.run_study import run_study
from postgwas.pipeline.study_file import StudyFileError, read_study

YAML = """\
study: {{name: s, build: GRCh37}}
ancestries: {{EUR: {{}}}}
gwas:
  - {{trait: BMI, ancestry: EUR, file: bmi.txt, header: {header}}}
"""
ROWS = """\
22\trs1\t28273339\t-9\tG\tC\t0.0\t221365\t0.0046\t0.0068\t0.4987
22\trs2\t36890105\t-9\tG\tA\t0.0\t234053\t-0.0048\t0.0061\t0.4313
"""
HEADER = "[CHR, SNPID, POS, -, EA, NEA, -, N, BETA, SE, P]"


def study(folder: Path, header: str, rows: str = ROWS) -> Path:
    (folder / "bmi.txt").write_text(rows)
    (folder / "study.yaml").write_text(YAML.format(header=header))
    return folder


@pytest.mark.parametrize("header", [HEADER, "'CHR,SNPID,POS,-,EA,NEA,-,N,BETA,SE,P'"])
def test_the_first_line_is_a_variant(tmp_path, header):
    outcome = run_study(study(tmp_path, header), only=["harmonise"])
    assert not outcome.failed
    with gzip.open(tmp_path / "results" / "harmonise" / "EUR_BMI" / "EUR_BMI.tsv.gz") as stream:
        table = pl.read_csv(stream.read(), separator="\t", null_values="NA")
    assert table.select("SNPID", "EA", "NEA", "N", "BETA", "P").rows() == [
        ("rs1", "G", "C", 221365, 0.0046, 0.4987), ("rs2", "G", "A", 234053, -0.0048, 0.4313)
    ]  # fmt: skip


def test_a_first_column_that_is_left_out_is_no_flag(tmp_path):
    rows = "".join(f"x\t{line}\n" for line in ROWS.splitlines())
    outcome = run_study(study(tmp_path, HEADER.replace("[", "[-, "), rows), only=["harmonise"])
    assert not outcome.failed


def test_names_of_ones_own_and_columns_go_together(tmp_path):
    text = f"{HEADER.replace('BETA', 'slope')}, columns: {{BETA: slope}}"
    assert not run_study(study(tmp_path, text), only=["harmonise"]).failed


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("[-, -]", "gwas.0: header names no column"),
        ("[SNPID, P, P]", "gwas.0: header has 'P' twice"),
        ("[SNPID, 'P,Z']", "gwas.0: header: a name is empty, or has a comma"),
        ("[SNPID, no]", "gwas.0.header"),
        ("5", "gwas.0.header"),
    ],
)
def test_headers_that_cannot_be(tmp_path, header, told):
    with pytest.raises(StudyFileError, match=rf"line 4: {told}"):
        read_study(study(tmp_path, header))


def test_too_few_names_fail_the_step_and_say_so(tmp_path):
    failed = run_study(study(tmp_path, "[CHR, SNPID, POS]"), only=["harmonise"]).failed
    assert "bmi.txt" in failed["harmonise/EUR_BMI"] and "11" in failed["harmonise/EUR_BMI"]


def test_init_notices_a_file_without_header_and_asks_for_names(tmp_path, capsys):
    (tmp_path / "EUR_BMI.txt").write_text(ROWS)
    assert main(["init", str(tmp_path)]) == 0
    text = (tmp_path / "study.yaml").read_text()
    assert "  # ? no header line: name each column" in text
    assert read_study(tmp_path).content.gwas[0].header_names == [
        "CHR",
        "SNPID",
        "POS",
        "-",
        "EA",
        "NEA",
        *"-----",
    ]
    assert read_study(tmp_path).content.study.build is None


@pytest.mark.requires_shared
def test_giants_files_have_the_z_that_their_owner_munged(tmp_path, shared):
    """11 columns without a header; the repository they come from has Z to six digits beside them."""
    folder = shared / "realdata" / "bmi_height_chr22"
    with gzip.open(folder / "GIANT_BMI_EUR_chr22.txt.gz", "rt") as stream:
        rows = "".join(line for _, line in zip(range(2000), stream))
    assert not run_study(study(tmp_path, HEADER, rows), only=["harmonise"]).failed
    with gzip.open(tmp_path / "results" / "harmonise" / "EUR_BMI" / "EUR_BMI.tsv.gz") as stream:
        mine = pl.read_csv(stream.read(), separator="\t", null_values="NA", infer_schema_length=None)
    with gzip.open(folder / "GIANT_BMI_EUR_chr22.sumstats.gz") as stream:
        theirs = pl.read_csv(stream.read(), separator="\t")
    both = mine.join(theirs, left_on="SNPID", right_on="rsid", how="inner", suffix="_theirs")
    assert both.height > 900
    sign = pl.when(pl.col("EA") == pl.col("a1")).then(1).otherwise(-1)
    assert (
        both.select((pl.col("Z") * sign - pl.col("Z_theirs")).abs().max()).item() < 5.1e-6
    )  # six digits, |Z| < 10
    assert both.select((pl.col("N") == pl.col("N_theirs")).all()).item()
