"""`postgwas meta --metal_script`: commands that mean nothing are errors with a line; its rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from postgwas.cli.main import main

A = "SNP A1 A2 FRQ B SE P N\nrs1 a g .2 .1 .05 .0455 100\nrs2 T C .3 -.2 .1 .0455 100\nrs3 A C .5 .1 0 2 NA\n"
B = "SNP A1 A2 FRQ B SE P N\nRS1 G A .7 -.3 .05 1e-9 300\nrs2 G A .7 .1 .1 .32 300\nrs4 A C .5 NA .1 .5 300\n"
LABELS = "MARKER SNP\nALLELE A1 A2\nFREQ FRQ\nEFFECT B\nSTDERR SE\nPVAL P\nWEIGHT N\n"


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Write the two studies and a script, and run it; gives the exit status."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(A)
    (tmp_path / "b.txt").write_text(B)

    def run(script: str, *arguments: str) -> int:
        Path("m.txt").write_text(script)
        return main(["meta", "--metal_script", "m.txt", "--quiet", *arguments])

    return run


def rows(name: str) -> dict[str, dict[str, str]]:
    lines = [line.split("\t") for line in Path(name).read_text().splitlines()]
    return {line[lines[0].index("MarkerName")]: dict(zip(lines[0], line)) for line in lines[1:]}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("FROBNICATE YES", "line 3: FROBNICATE YES: not a command of METAL"),
        ("SCHEME RANDOM", "expected SAMPLESIZE, STDERR"),
        ("AVERAGEFREQ MAYBE", "expected ON or OFF"),
        ("GENOMICCONTROL -1", "expected ON, OFF, a number above 0"),
        ("ADDFILTER N ~ 3", "unknown condition"),
        ("ADDFILTER N > many", "> needs a number"),
        ("ADDFILTER CHR IN 1,2", "values in brackets"),
        ("LABEL T AS N", "no such variable"),
        ("PROCESS", "expected 1 argument after PROCESSFILE"),
        ("PROCESS nowhere.txt", "nowhere.txt: no such file"),
        ("DEFAULTWEIGHT many", "'many' is not a number"),
        ("EFFECT_PRINT_PRECISION 40", "expected 0 to 16 decimals"),
        ("ANALYZE RANDOM", "expected HETEROGENEITY or nothing"),
        ("ANALYZE", "no file was processed"),
        ("SOURCE none.txt", "none.txt: no such file"),
    ],
)
def test_errors_name_the_line(
    line: str, said: str, scripted: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert scripted(f"# a comment\n{LABELS.splitlines()[0]}\n{line}\nOUTFILE out .tbl\n") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert said in error and (said.startswith("none.txt") or "m.txt: line 3" in error)
    assert not list(Path().glob("out1*"))


def test_commands_that_come_too_late(
    scripted: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert scripted(f"{LABELS}PROCESS a.txt\nSCHEME STDERR\n") == 2
    assert "line 9: SCHEME STDERR: METAL ignores this once a file is processed" in capsys.readouterr().err
    assert scripted("SCHEME STDERR\nOVERLAP ON\n") == 2


def test_nothing_is_overwritten(scripted: Callable[..., int]) -> None:
    script = f"{LABELS}PROCESS a.txt\nOUTFILE out .tbl\nANALYZE\n"
    assert scripted(script) == 0
    assert scripted(script) == 2
    assert scripted(script, "--overwrite") == 0


def test_inverse_variance_by_hand(scripted: Callable[..., int]) -> None:
    script = f"SCHEME STDERR\nAVERAGEFREQ ON\n{LABELS}PROCESS a.txt\nPROCESS b.txt\nOUTFILE out .tbl\n"
    assert scripted(f"{script}ANALYZE HETEROGENEITY\n") == 0
    found = rows("out1.tbl")
    # RS1 is rs1 with its alleles swapped; rs2 of b is on the other strand; rs3 has no SE; NA counts as 0.
    assert set(found) == {"rs1", "rs2", "rs4"}
    assert [found["rs1"][name] for name in ("Effect", "StdErr", "Direction", "HetDf")] == [
        "0.2000",
        "0.0354",
        "++",
        "1",
    ]
    assert [found["rs2"][name] for name in ("Allele1", "Allele2", "Effect")] == ["t", "c", "-0.1500"]
    assert found["rs1"]["Freq1"] == "0.2500"
    assert found["rs4"]["Direction"] == "?0"


def test_a_filter_and_flip(scripted: Callable[..., int]) -> None:
    script = f"SCHEME STDERR\nADDFILTER N >= 200\nFLIP\n{LABELS}PROCESS a.txt\nPROCESS b.txt\n"
    assert scripted(f"{script}OUTFILE out .tbl\nANALYZE\n") == 0
    found = rows("out1.tbl")
    assert found["RS1"]["Effect"] == "-0.3000" and found["RS1"]["Direction"] == "?-"


def test_rounds_and_clear(scripted: Callable[..., int]) -> None:
    script = (
        f"{LABELS}OUTFILE out .tbl\nPROCESS a.txt\nANALYZE\nCLEAR\nPROCESS b.txt\nANALYZE\nQUIT\nNONSENSE\n"
    )
    assert scripted(script.replace("NONSENSE\n", "")) == 0
    assert rows("out1.tbl")["rs1"]["Weight"] == "100.00" and rows("out2.tbl")["RS1"]["Weight"] == "300.00"


def test_a_file_without_a_needed_column_is_passed_over_aloud(
    scripted: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    script = (
        f"SCHEME STDERR\n{LABELS}PROCESS a.txt\nSTDERR SEBETA\nPROCESS b.txt\nOUTFILE out .tbl\nANALYZE\n"
    )
    assert scripted(script) == 0
    assert "b.txt: NOT USED, as METAL would not: no column SEBETA" in capsys.readouterr().err
    assert rows("out1.tbl")["rs1"]["Direction"] == "+"


def test_second_allele_is_guessed(scripted: Callable[..., int]) -> None:
    script = (
        f"SCHEME STDERR\n{LABELS}PROCESS a.txt\nALLELE A1 NONE\nPROCESS b.txt\nOUTFILE out .tbl\nANALYZE\n"
    )
    assert scripted(script) == 0
    found = rows("out1.tbl")
    assert found["rs1"]["Effect"] == "0.2000" and found["rs2"]["Effect"] == "-0.1500"


def test_rejected_rows_are_listed(scripted: Callable[..., int]) -> None:
    import gzip

    assert scripted(f"SCHEME STDERR\n{LABELS}PROCESS a.txt\nOUTFILE out .tbl\nANALYZE\n") == 0
    text = gzip.decompress(Path("out1.tbl.rejected.tsv.gz").read_bytes()).decode()
    assert text.splitlines()[1:] == ["a.txt\t4\trs3\tinvalid standard error"]
