"""`postgwas munge` and munge_sumstats.py: flags, files, log, refusals to overwrite."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from postgwas.cli import munge, munge_sumstats
from postgwas.cli.main import main
from postgwas.cli.parser import Parser

ROWS = """SNP A1 A2 FRQ INFO BETA P N
rs1 A G 0.3 0.99 -0.02 0.05 1000
rs2 C T 0.4 0.98 0.01 0.5 1000
rs3 G T 0.4 0.50 0.01 0.5 1000
"""

#: Flag of munge_sumstats.py 1.0.1 -> a value, None where it takes none.
UPSTREAM = {
    "--sumstats": "x", "--N": "1", "--N-cas": "1", "--N-con": "1", "--out": "x", "--info-min": "1",
    "--maf-min": "1", "--daner": None, "--daner-n": None, "--no-alleles": None, "--merge-alleles": "x",
    "--n-min": "1", "--chunksize": "5e6", "--snp": "x", "--N-col": "x", "--N-cas-col": "x",
    "--N-con-col": "x",
    "--a1": "x", "--a2": "x", "--p": "x", "--frq": "x", "--signed-sumstats": "x,0", "--info": "x",
    "--info-list": "x", "--nstudy": "x", "--nstudy-min": "1", "--ignore": "x", "--a1-inc": None,
    "--keep-maf": None,
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trait.txt"
    path.write_text(ROWS)
    return path


def parse(*argv: str):
    from postgwas.cli.parser import underscored

    parser = Parser(prog="postgwas munge")
    munge.add_arguments(parser)
    return parser.parse_args(underscored(argv))


def test_every_flag_of_munge_sumstats_is_there() -> None:
    argv = [word for flag, value in UPSTREAM.items() for word in ([flag] if value is None else [flag, value])]
    found = vars(parse(*argv))
    assert {flag[2:].replace("-", "_") for flag in UPSTREAM} <= set(found)


def test_defaults_are_those_of_munge_sumstats() -> None:
    found = vars(parse())
    given = {name: value for name, value in found.items() if value not in (None, False)}
    assert given == {"info_min": 0.9, "maf_min": 0.01, "chunksize": 5e6}


@pytest.mark.parametrize(
    ("prefix", "dest"), [("--o", "out"), ("--m", "merge_alleles"), ("--sum", "sumstats"), ("--k", "keep_maf")]
)
def test_prefixes_that_were_unambiguous_are_so_still(prefix: str, dest: str) -> None:
    if dest == "merge_alleles":
        prefix = "--mer"
    argv = [prefix] if dest == "keep_maf" else [prefix, "x"]
    assert getattr(parse(*argv), dest) in ("x", True)


def test_files_and_log(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main(["munge", "--sumstats", str(file), "--out", str(out)]) == 0
    with gzip.open(f"{out}.sumstats.gz", "rt") as stream:
        lines = stream.read().splitlines()
    assert lines[0] == "SNP\tA1\tA2\tZ\tN"
    assert lines[1].startswith("rs1\tA\tG\t-1.95996398454005")
    log = Path(f"{out}.log").read_text().splitlines()
    for line in (
        "P:\tp-Value",
        f"Reading sumstats from {file} into memory 5000000 SNPs at a time.",
        "Read 3 SNPs from --sumstats file.",
        "Removed 1 SNPs with INFO <= 0.9.",
        "2 SNPs remain.",
        "Median value of BETA was -0.005, which seems sensible.",
        f"Writing summary statistics for 2 SNPs (2 with nonmissing beta) to {out}.sumstats.gz.",
        "Mean chi^2 = 2.148",
        "0 Genome-wide significant SNPs (some may have been removed by filtering).",
    ):
        assert line in log, line
    assert "Lambda GC" in capsys.readouterr().err
    with gzip.open(f"{out}.rejected.tsv.gz", "rt") as stream:
        assert stream.read() == "LINE\tSNPID\tREASON\n4\trs3\tINFO below limit\n"


def test_compat_writes_three_decimals(file: Path, tmp_path: Path) -> None:
    assert (
        main(["munge", "--ldsc-compat", "--quiet", "--sumstats", str(file), "--out", str(tmp_path / "run")])
        == 0
    )
    with gzip.open(tmp_path / "run.sumstats.gz", "rt") as stream:
        assert stream.read() == "SNP\tA1\tA2\tZ\tN\nrs1\tA\tG\t-1.960\t1000\nrs2\tC\tT\t0.674\t1000\n"


def test_nothing_is_replaced_without_overwrite(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["munge", "--quiet", "--sumstats", str(file), "--out", str(tmp_path / "run")]
    assert main(argv) == 0
    log = (tmp_path / "run.log").read_bytes()
    assert main(argv) == 2
    assert "the file exists already (--overwrite replaces it)" in capsys.readouterr().err
    assert (tmp_path / "run.log").read_bytes() == log
    assert main([*argv, "--overwrite", "--info-min", "0"]) == 0
    # No row is rejected now: the old list must not stay.
    assert not (tmp_path / "run.rejected.tsv.gz").exists()


def test_a_file_without_a_header(file: Path, tmp_path: Path) -> None:
    header, rows = ROWS.split("\n", 1)
    bare = tmp_path / "bare.txt"
    bare.write_text(rows)
    for path, out, flags in ((file, "one", []), (bare, "two", ["--columns", header.replace(" ", ",")])):
        assert main(["munge", "--quiet", "--sumstats", str(path), "--out", str(tmp_path / out), *flags]) == 0
    with gzip.open(tmp_path / "one.sumstats.gz") as one, gzip.open(tmp_path / "two.sumstats.gz") as two:
        assert one.read() == two.read()


def test_log_as_json(file: Path, tmp_path: Path) -> None:
    assert (
        main(["munge", "--log_json", "--quiet", "--sumstats", str(file), "--out", str(tmp_path / "run")]) == 0
    )
    found = [json.loads(line)["message"] for line in (tmp_path / "run.log").read_text().splitlines()]
    assert "2 SNPs remain." in found


def test_drop_in_script(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert munge_sumstats.main(["--sumstats", str(file), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    assert (tmp_path / "run.sumstats.gz").exists()
    assert munge_sumstats.main(["--out", "x"]) == 2
    assert capsys.readouterr().err == ("postgwas: error: the --sumstats flag is required (--sumstats FILE)\n")


def test_help_loads_no_numeric_library() -> None:
    code = (
        "import sys; from postgwas.cli.main import main; main(['munge', '--help']); "
        "assert not {'numpy', 'polars', 'scipy', 'h5py'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--merge_alleles" in done.stdout
