"""`postgwas meta --metal_script` on files and scripts that are not as they should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from postgwas.cli.main import main

HEADER = "MARKER ALLELE1 ALLELE2 EFFECT STDERR PVALUE N FREQ CHROMOSOME POSITION\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run a script on files of rows; gives the exit status."""
    monkeypatch.chdir(tmp_path)

    def run(script: str, **files: str) -> int:
        for name, text in files.items():
            Path(f"{name}.txt").write_text(text)
        Path("m.txt").write_text(f"OUTFILE out .tbl\n{script}")
        return main(["meta", "--metal_script", "m.txt"])

    return run


def rows(name: str = "out1.tbl") -> dict[str, dict[str, str]]:
    lines = [line.split("\t") for line in Path(name).read_text().splitlines()]
    return {line[lines[0].index("MarkerName")]: dict(zip(lines[0], line)) for line in lines[1:]}


def test_long_names_of_chromosomes_are_told_apart(run: Callable[..., int]) -> None:
    """Names over 16 bytes are numbered file by file; numbers of two files mean nothing to each other."""
    one, two, three = (f"chr1_KI27070{i}v1_random" for i in (6, 7, 9))
    a = f"rs1 A G .1 .05 .04 9 .3 {one} 5\nrs2 C T .2 .05 .04 9 .3 {two} 6\nrs4 C T .2 .05 .04 9 .3 {one} 6\n"
    b = f"rs2 C T .2 .05 .04 9 .3 {two.upper()} 6\nrs3 C T .2 .05 .04 9 .3 {three} 7\n"
    b += f"rs1 A G .1 .05 .04 9 .3 {one} 5\nrs4 C T .2 .05 .04 9 .3 {three} 6\n"
    assert run("TRACKPOS ON\nPROCESS a.txt\nPROCESS b.txt\nANALYZE\n", a=HEADER + a, b=HEADER + b) == 0
    found = rows()
    assert {name: row["Direction"] for name, row in found.items()} == {
        "rs1": "++", "rs2": "--", "rs3": "?-", "rs4": "-?"
    }  # fmt: skip
    assert [row["Chromosome"] for row in found.values()] == [one, two, one, three]


def test_a_command_names_one_file(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    files = {"a": HEADER + "rs1 A G .1 .05 .04 9 .3 1 5\n", "b": HEADER + "rs1 A G .3 .05 .04 9 .3 1 5\n"}
    assert run("PROCESS a.txt b.txt\nANALYZE\n", **files) == 2
    assert "line 2: PROCESS a.txt b.txt: a command names one file" in capsys.readouterr().err
    assert not Path("out1.tbl").exists()
    assert run("PROCESS a.txt # the first\nSCHEME\tSAMPLESIZE and so on\nANALYZE\n", **files) == 2
    assert run("SCHEME STDERR and so on\nPROCESS a.txt # the first\nANALYZE\n", **files) == 0
    assert "line 2: 'and so on' after SCHEME is not looked at" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    ["ADDFILTER N > 10,000", "ADDFILTER MARKER = 1:1000", "GENOMICCONTROL 1.05x", "GENOMICCONTROL 1,05"],
)
def test_what_only_begins_like_a_number_is_refused(
    line: str, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{line}\nPROCESS a.txt\nANALYZE\n", a=HEADER + "rs1 A G .1 .05 .04 9 .3 1 5\n") == 2
    assert f"line 2: {line}: " in capsys.readouterr().err


@pytest.mark.parametrize("command", ["SCHEME STDERR", "AVERAGEFREQ ON", "CUSTOMVARIABLE T"])
def test_a_file_without_rows_is_in_progress_too(
    command: str, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"none": HEADER, "a": HEADER + "rs1 A G .1 .05 .04 400 .3 1 5\n"}
    assert run(f"PROCESS none.txt\n{command}\nPROCESS a.txt\nANALYZE\n", **files) == 2
    assert f"line 3: {command}: METAL ignores this" in capsys.readouterr().err


def test_frequencies_though_the_first_file_had_no_rows(run: Callable[..., int]) -> None:
    files = {"none": HEADER, "a": HEADER + "rs1 G A .1 .05 .04 400 .3 1 5\n"}
    assert run("AVERAGEFREQ ON\nPROCESS none.txt\nPROCESS a.txt\nANALYZE\n", **files) == 0
    assert rows()["rs1"]["Freq1"] == "0.7000"


def test_files_with_and_without_alleles(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """METAL adds effects that it turned to those that it could not."""
    a, b = HEADER + "rs1 G A .1 .05 .04 9 .3 1 5\n", "MARKER EFFECT STDERR PVALUE N\nrs1 .1 .05 .04 9\n"
    for order in ("ab", "ba"):
        lines = "".join(f"PROCESS {name}.txt\n" for name in order)
        assert run(f"{lines}ANALYZE\n", a=a, b=b) == 2
        error = capsys.readouterr().err
        assert f"PROCESS {order[1]}.txt: has " in error and "cannot be aligned" in error
    assert run("PROCESS b.txt\nPROCESS b.txt\nANALYZE\nCLEAR\nPROCESS a.txt\nANALYZE\n", a=a, b=b) == 0
    assert rows("out1.tbl")["rs1"]["Direction"] == "++"
    assert rows("out2.tbl")["rs1"]["Direction"] == "-"


def test_overlap_leaves_frequencies_alone(run: Callable[..., int]) -> None:
    """Weight grows by the covariance of the overlap; a mean frequency is not that of fewer alleles."""
    text = HEADER + "".join(
        f"rs{i} A G {s} .05 {p} 1000 .4 1 {i}\n"
        for i, (s, p) in enumerate([(1, 0.4), (-1, 0.5), (1, 0.6), (-1, 0.7), (1, 0.8), (-1, 0.9)] * 5)
    )
    assert run("OVERLAP ON\nAVERAGEFREQ ON\nPROCESS a.txt\nPROCESS b.txt\nANALYZE\n", a=text, b=text) == 0
    found = rows()["rs1"]
    assert float(found["Weight"]) > 3500 and float(found["N"]) < 1100
    assert (found["Freq1"], found["FreqSE"]) == ("0.4000", "0.0000")


def test_fields_that_are_no_numbers_are_counted(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        HEADER + "rs1 A G NA .05 .04 NA NA 1 5\nrs2 A G 0,2 .05 .04 1,000 .3 1 6\nrs3 A G - NA .5 7 .3 1 7\n"
    )
    assert run("AVERAGEFREQ ON\nPROCESS a.txt\nANALYZE\n", a=text) == 0
    said = capsys.readouterr().err
    assert "2 fields of N are no numbers" in said and "1 rows have no weight above 0" in said
    assert "1 fields of EFFECT are no numbers: as METAL does, taken to be positive" in said
    assert "1 fields of FREQ are no numbers" in said
    assert run("SCHEME STDERR\nOUTFILE two .tbl\nPROCESS a.txt\nANALYZE\n") == 0
    said = capsys.readouterr().err
    assert "3 fields of EFFECT are no numbers: as METAL does, the number" in said and " of STDERR" not in said


def test_an_error_whose_square_is_no_number(run: Callable[..., int]) -> None:
    text = (
        HEADER
        + "rs1 A G .1 1e-200 .04 9 .3 1 5\nrs2 A G .1 1e200 .04 9 .3 1 6\nrs3 A G .1 .05 .04 9 .3 1 7\n"
    )
    assert run("SCHEME STDERR\nPROCESS a.txt\nANALYZE\n", a=text) == 0
    assert list(rows()) == ["rs3"]


def test_byte_order_marks(run: Callable[..., int]) -> None:
    Path("a.txt").write_bytes(b"\xef\xbb\xbf" + HEADER.encode() + b"rs1 A G .1 .05 .04 9 .3 1 5\r\n")
    Path("bom.txt").write_bytes(b"\xef\xbb\xbfPROCESS a.txt\r\nANALYZE\r\n")
    assert run("SOURCE bom.txt\n") == 0
    assert rows()["rs1"]["Zscore"] == "2.054"


def test_nothing_to_guess_alleles_from(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    one = "MARKER ALLELE1 EFFECT STDERR PVALUE N\nrs1 A .1 .05 .04 9\n"
    whole = HEADER + "rs1 A G .1 .05 .04 9 .3 1 5\n"
    assert run("PROCESS a.txt\nPROCESS b.txt\nPROCESS a.txt\nANALYZE\n", a=one, b=whole) == 0
    assert "1 allele unknown or of ambiguous strand" in capsys.readouterr().err
    assert rows()["rs1"]["Direction"] == "?++"
