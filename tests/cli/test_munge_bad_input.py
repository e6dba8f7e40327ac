"""Files that `postgwas munge` must refuse, in one line, leaving nothing but the log."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from postgwas.cli.main import main

HEADER = "SNP\tA1\tA2\tBETA\tP\tN\n"
ROWS = "".join(f"rs{i}\tA\tG\t{(-1) ** i * 0.01}\t0.5\t1000\n" for i in range(200))
Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Munge a file that must be refused; gives the one line without its beginning and the file's name."""
    (tmp_path / "out").mkdir()

    def run(data: bytes | str, *flags: str, name: str = "bad.txt") -> str:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        out = tmp_path / "out/run"
        assert main(["munge", "--quiet", "--sumstats", str(path), "--out", str(out), *flags]) == 2
        lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("warning: ")]
        assert len(lines) == 1
        assert [p.name for p in out.parent.iterdir() if p.suffix != ".log"] == []
        return lines[0].removeprefix("postgwas: error: ").replace(f"{path}: ", "")

    return run


def test_a_fine_file_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "fine.txt"
    path.write_text(HEADER + ROWS)
    assert main(["munge", "--quiet", "--sumstats", str(path), "--out", str(tmp_path / "run")]) == 0


def test_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["munge", "--sumstats", str(tmp_path / "no.txt"), "--out", str(tmp_path / "run")]) == 2
    assert "no.txt: no such file" in capsys.readouterr().err


def header(old: str, new: str) -> str:
    """The header with something else in place of one name."""
    return HEADER.replace(f"\t{old}\t", f"\t{new}\t")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "the file is empty"),
        (HEADER, "a header but no rows; columns found: SNP, A1, A2, BETA, P, N"),
        ((HEADER + ROWS).encode("utf-16"), "text in UTF-16; expected UTF-8"),
        (header("BETA", "size") + ROWS, "could not find a signed summary statistic column"),
        (HEADER.replace("\tN", "\tpeople") + ROWS, "could not determine N"),
        (HEADER.replace("SNP", "name") + ROWS, "could not find the SNP column"),
        (header("A2", "x") + ROWS, "could not find A1/A2 columns"),
        (header("P", "x") + ROWS, "could not find the P column"),
        (
            header("P", "Z\tP") + ROWS.replace("\t0.5", "\t1\t0.5"),
            "too many signed summary statistic columns",
        ),
        (
            HEADER + ROWS.replace("1000", "many"),
            "column N (N) should hold numbers, but none of its values is",
        ),
        (HEADER + ROWS.replace("0.5", "7"), "no SNPs remain of 200 after filtering (P out of bounds: 200)"),
        (HEADER + ROWS.replace("\tG\t", "\tT\t"), "(not a SNP, or strand-ambiguous: 200)"),
        (
            HEADER + ROWS.replace("-0.01", "0.01").replace("0.01", "0.9"),
            "median value of BETA is 0.9, expected",
        ),
        (
            HEADER + ROWS.replace("\t1000", ""),
            "the header has 6 columns separated by tab, but the rows have 5",
        ),
    ],
)
def test_refused(refused: Refused, data: bytes | str, said: str) -> None:
    assert said in refused(data)


def test_truncated_gzip(refused: Refused) -> None:
    packed = gzip.compress((HEADER + ROWS * 50).encode())
    assert "truncated gzip file" in refused(packed[: len(packed) // 2], name="bad.txt.gz")


def test_a_list_of_alleles_without_its_columns(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("SNP\tREF\tALT\nrs1\tA\tG\n")
    said = refused(HEADER + ROWS, "--merge_alleles", str(tmp_path / "list.txt"))
    assert said.endswith(
        "--merge_alleles needs columns SNP, A1 and A2; missing: A1, A2; columns found: SNP, REF, ALT"
    )


def test_a_list_of_other_snps(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("SNP\tA1\tA2\nchr1:5\tA\tG\n")
    said = refused(HEADER + ROWS, "--merge_alleles", str(tmp_path / "list.txt"))
    assert "(not in the list of --merge_alleles: 200)" in said


def test_a_list_of_other_alleles(refused: Refused, tmp_path: Path) -> None:
    rows = "".join(f"rs{i}\tA\tC\n" for i in range(200))
    (tmp_path / "list.txt").write_text("SNP\tA1\tA2\n" + rows)
    assert "have mismatched alleles" in refused(HEADER + ROWS, "--merge_alleles", str(tmp_path / "list.txt"))


def test_a_missing_list(refused: Refused, tmp_path: Path) -> None:
    said = refused(HEADER + ROWS, "--merge_alleles", str(tmp_path / "no.txt"))
    assert said.endswith("no.txt: no such file")


def test_a_limit_that_no_study_reaches(refused: Refused) -> None:
    assert "(N below limit: 200)" in refused(HEADER + ROWS, "--n_min", "5000")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--no_alleles", "--merge_alleles", "x"], "--no_alleles and --merge_alleles are not compatible"),
        (["--daner", "--daner_n"], "--daner and --daner_n are not compatible"),
        (["--signed_sumstats", "BETA"], "--signed_sumstats BETA: expected a column and its null value"),
        (["--N", "ten"], "argument --N: invalid float value: 'ten'"),
        (["--N", "0"], "--N 0: expected a number above 0"),
        (["--p", "pp"], "--p pp: no such column"),
        (["--info_list", "I1,I2"], "--info_list I1: no such column"),
        (["--sumstat", "x", "extra"], "unrecognized arguments: extra"),
    ],
)
def test_flags(refused: Refused, flags: list[str], said: str) -> None:
    assert said in refused(HEADER + ROWS, *flags)


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(HEADER + ROWS)
    assert main(["munge", "--sumstats", str(tmp_path / "a.txt"), "--out", str(tmp_path / "no/run")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_an_out_that_is_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text(HEADER + ROWS)
    assert main(["munge", "--sumstats", str(tmp_path / "a.txt"), "--out", f"{tmp_path}/"]) == 2
    assert "expected the beginning of file names, not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_letters_beyond_ascii_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "study.txt"
    rows = ROWS.replace("\n", "\tGräfe\n")
    path.write_bytes((HEADER.replace("\n", "\tGENE\n") + rows).encode(encoding))
    assert main(["munge", "--quiet", "--sumstats", str(path), "--out", str(tmp_path / "run")]) == 0
