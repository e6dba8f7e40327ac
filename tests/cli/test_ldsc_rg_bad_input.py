"""What ``postgwas ldsc --rg`` refuses in one line with status 2, and what fails one pair with status 1."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from ldsc.ldsc_study import write_panel
from ldsc.rg_study import RgStudy, three_traits

from postgwas.cli.main import main
from postgwas.ld import load_panel


@pytest.fixture(scope="module")
def rg_study(tmp_path_factory: pytest.TempPathFactory) -> RgStudy:
    study = three_traits(tmp_path_factory.mktemp("rg"))
    study.write()
    return study


def command(study: RgStudy, out: Path, files: str = "t1,t2,t3") -> list[str]:
    paths = ",".join(str(study.folder / f"{name}.sumstats.gz") for name in files.split(","))
    return ["ldsc", "--rg", paths, "--ref-ld-chr", study.panel, "--w-ld-chr", study.panel, "--out", str(out)]


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(argv) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("postgwas: error: ")
    assert "Traceback" not in "\n".join(lines)
    return lines[-1]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--intercept-h2", "1,1"], "--intercept_h2 has 2 values for 3 traits"),
        (["--intercept-gencov", "0,0,0,0"], "--intercept_gencov has 4 values for 3 traits"),
        (["--intercept-gencov", "0,x,0"], "'x' is not a number; expected numbers or N"),
        (["--samp-prev", "0.5,0.5,0.5"], "given together"),
        (["--samp-prev", "0.5,0.5", "--pop-prev", "0.1,0.1"], "--samp_prev has 2 values for 3 traits"),
        (["--samp-prev", "0.5,0.5,nan", "--pop-prev", "0.1,0.1,0.2"], "no samp_prev"),
        (["--samp-prev", "0.5,0.5,2", "--pop-prev", "0.1,0.1,0.2"], "between 0 and 1"),
        (["--two-step", "30", "--no-intercept"], "none may be constrained"),
        (["--two-step", "30", "--intercept-gencov", "0,0,0"], "none may be constrained"),
        (["--chisq-max", "0"], "above 0"),
        (["--n-blocks", "1"], "above 1"),
        (["--trait-names", "a,b"], "2 names for 3 traits"),
        (["--trait-names", "a,b,a"], "a occurs twice"),
        (["--M", "1000,2000"], "--M has 2 numbers for 1"),
        (["--rg-matrix", "--intercept-gencov", "0,0"], "one for each pair"),
        (["--h2", "x.sumstats"], "exclude each other"),
        (["--bfile", "x"], "goes with --l2"),
    ],
)
def test_flags(
    rg_study: RgStudy, out: Path, capsys: pytest.CaptureFixture[str], flags: list[str], message: str
) -> None:
    assert message in refused([*command(rg_study, out), *flags], capsys)
    assert [path.name for path in out.parent.iterdir() if path.suffix != ".log"] == []


def test_one_file(rg_study: RgStudy, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "at least two" in refused(command(rg_study, out, "t1"), capsys)


def test_a_trait_on_one_chromosome_of_two(rg_study: RgStudy, out: Path, tmp_path: Path) -> None:
    whole = pl.read_csv(rg_study.folder / "t2.sumstats.gz", separator="\t")
    panel = load_panel(command(rg_study, out)[command(rg_study, out).index("--ref-ld-chr") + 1])
    assert len(np.unique(panel.chr)) > 1
    first = panel.snpid.filter(pl.Series(panel.chr == panel.chr[0]))
    whole.filter(pl.col("SNP").is_in(first.to_list())).write_csv(tmp_path / "part.sumstats", separator="\t")
    argv = command(rg_study, out, "t1,t2")
    argv[2] += f",{tmp_path}/part.sumstats"
    assert main([*argv, "--quiet"]) == 0
    warned = [line for line in Path(f"{out}.log").read_text().splitlines() if "chromosomes of the LD" in line]
    assert len(warned) == 1 and "part.sumstats: variants on 1 of the" in warned[0]


def test_missing_file_is_told_before_anything_is_read(
    rg_study: RgStudy, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nowhere.sumstats.gz: no such file" in refused(command(rg_study, out, "t1,nowhere"), capsys)
    assert list(out.parent.iterdir()) == []


def test_a_trait_twice_in_a_matrix(rg_study: RgStudy, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = refused([*command(rg_study, out, "t1,t2,t1"), "--rg-matrix"], capsys)
    assert "t1.sumstats.gz is given twice" in message


def test_nothing_is_overwritten(rg_study: RgStudy, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command(rg_study, out), "--quiet"]) == 0
    before = Path(f"{out}.rg.tsv").read_bytes()
    log = Path(f"{out}.log").read_bytes()
    assert "--overwrite" in refused(command(rg_study, out, "t2,t3"), capsys)
    assert (Path(f"{out}.rg.tsv").read_bytes(), Path(f"{out}.log").read_bytes()) == (before, log)
    assert main([*command(rg_study, out, "t2,t3"), "--overwrite", "--quiet"]) == 0
    assert Path(f"{out}.rg.tsv").read_bytes() != before


def test_taken_store_key(rg_study: RgStudy, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(out.parent / "study.h5")]
    assert main([*command(rg_study, out), *store, "--quiet"]) == 0
    Path(f"{out}.rg.tsv").unlink()
    assert "exists already" in refused([*command(rg_study, out), *store], capsys)


def test_two_files_of_one_name_cannot_share_covariance_files(
    rg_study: RgStudy, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other/t2.sumstats.gz"
    twin.write_bytes((rg_study.folder / "t3.sumstats.gz").read_bytes())
    argv = command(rg_study, out, "t1,t2")
    argv[2] += f",{twin}"
    assert "would both write" in refused([*argv, "--print-cov"], capsys)
    assert main([*argv, "--quiet"]) == 0
    assert pl.read_csv(f"{out}.rg.tsv", separator="\t")["p2"].to_list() == argv[2].split(",")[1:]


@pytest.mark.parametrize("matrix", [False, True])
def test_a_damaged_file_fails_its_pairs_with_status_1(rg_study: RgStudy, out: Path, matrix: bool) -> None:
    broken = rg_study.folder / "cut.sumstats.gz"
    broken.write_bytes((rg_study.folder / "t2.sumstats.gz").read_bytes()[:2000])
    flags = ["--rg-matrix"] if matrix else []
    assert main([*command(rg_study, out, "t1,cut,t3"), *flags, "--quiet"]) == 1
    table = pl.read_csv(f"{out}.rg.tsv", separator="\t", null_values="NA")
    states = {(row["p1"], row["p2"]): row["status"] for row in table.iter_rows(named=True)}
    assert states[("t1", "cut")] == "failed"
    assert states[("t1", "t3")] == "ok"
    log = Path(f"{out}.log").read_text()
    assert "cut.sumstats.gz" in log
    row = next(line for line in log[log.index("Summary of") :].splitlines() if "cut.sumstats" in line)
    assert row.split()[2:] == ["NA"] * 10


def test_ids_of_another_kind(rg_study: RgStudy, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rg_study.traits[0].with_columns(SNP="chr1:" + pl.col("SNP"))
    table.write_csv(rg_study.folder / "odd.sumstats.gz", separator="\t", compression="gzip")
    message = refused(command(rg_study, out, "odd,t2"), capsys)
    assert "it has ids like chr1:rs" in message
    assert "--ref_ld_chr" in message
    table = rg_study.traits[0].with_columns(SNP="rs999" + pl.col("SNP").str.strip_chars_start("rs"))
    table.write_csv(rg_study.folder / "odd.sumstats.gz", separator="\t", compression="gzip")
    message = refused(command(rg_study, out, "odd,t2"), capsys)
    assert "variants (give LD scores of the same variants (--ref_ld_chr))" in message


def test_crlf_and_lower_case_are_read(rg_study: RgStudy, out: Path) -> None:
    table = rg_study.traits[1].with_columns(pl.col("A1", "A2").str.to_lowercase())
    text = table.write_csv(separator="\t").replace("\n", "\r\n")
    (rg_study.folder / "crlf.sumstats.gz").write_bytes(gzip.compress(text.encode()))
    assert main([*command(rg_study, out, "t1,crlf"), "--quiet"]) == 0
    assert main([*command(rg_study, out.parent / "plain", "t1,t2"), "--quiet"]) == 0
    one, other = (pl.read_csv(f"{p}.rg.tsv", separator="\t") for p in (out, out.parent / "plain"))
    assert one["rg"].to_list() == other["rg"].to_list()


def test_constant_ld_scores(
    rg_study: RgStudy, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:

    flat = tmp_path / "flat"
    flat.mkdir()
    ids = rg_study.traits[0]["SNP"].to_list()
    write_panel(flat, ids, {"L2": rg_study.l2 * 0 + 3}, [30_000])
    argv = command(rg_study, out)
    argv[argv.index("--ref-ld-chr") + 1] = f"{flat}/"
    assert "zero variance" in refused(argv, capsys)


def test_collinear_ld_scores(
    rg_study: RgStudy, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:

    (tmp_path / "two").mkdir()
    ids = rg_study.traits[0]["SNP"].to_list()
    write_panel(tmp_path / "two", ids, {"aL2": rg_study.l2, "bL2": 2 * rg_study.l2}, [30_000, 30_000])
    argv = command(rg_study, out)
    argv[argv.index("--ref-ld-chr") + 1] = f"{tmp_path}/two/"
    assert "condition number" in refused(argv, capsys)
    assert "drop --two_step" in refused([*argv, "--two-step", "30"], capsys)


@pytest.mark.parametrize("spelling", ["N", "NA", "na", " n "])
def test_a_quantitative_trait_among_prevalences(rg_study: RgStudy, out: Path, spelling: str) -> None:
    def log(word: str) -> list[str]:
        flags = ["--samp-prev", f"0.5,{word},0.4", "--pop-prev", f"0.1,{word},0.2", "--overwrite"]
        assert main([*command(rg_study, out), *flags]) == 0
        lines = Path(f"{out}.log").read_text().splitlines()
        return [
            line for line in lines if not line.startswith(("postgwas", "Beginning", "Analysis", "Total time"))
        ]

    expected = log("nan")
    assert any("Liability" in line for line in expected)
    assert log(spelling) == expected
