"""What MAMA refuses: one line that says what is wrong, status 2, nothing under a final name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from meta.mama_study import populations, scores, write_study

from postgwas.cli.main import main
from postgwas.cli.mama import main as script

Refused = Callable[..., str]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    table = scores(400)
    write_study(tmp_path, populations(table), table)
    return tmp_path


@pytest.fixture
def refused(study: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run, expect a refusal; the line on stderr."""

    def run(
        *flags: str, sumstats: tuple[str, ...] = (), ld: tuple[str, ...] = (), as_script: bool = False
    ) -> str:
        given = sumstats or tuple(f"{study}/{one}.txt,{one},T" for one in ("EUR", "EAS"))
        call = ["--sumstats", *given, "--ld_scores", *(ld or (f"{study}/ld.txt",)), "--out", f"{study}/out"]
        status = script([*call, *flags]) if as_script else main(["meta", "--method", "mama", *call, *flags])
        lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("postgwas: error:")]
        assert status == 2
        assert len(lines) == 1
        assert not [path for path in study.glob("out*") if path.suffix != ".log"]
        return lines[0]

    return run


def replace(study: Path, one: str, frame: pl.DataFrame) -> None:
    frame.write_csv(study / f"{one}.txt", separator="\t")


def read(study: Path, one: str) -> pl.DataFrame:
    return pl.read_csv(study / f"{one}.txt", separator="\t")


def test_no_scores_of_a_pair(study: Path, refused: Refused) -> None:
    table = pl.read_csv(study / "ld.txt", separator="\t").drop("EUR_EAS")
    table.write_csv(study / "ld.txt", separator="\t")
    line = refused()
    assert "no LD scores EUR_EAS" in line
    assert "AFR_AFR" in line


def test_ancestries_named_differently(study: Path, refused: Refused) -> None:
    line = refused(sumstats=(f"{study}/EUR.txt,eur,T", f"{study}/EAS.txt,EAS,T"))
    assert "no LD scores eur_eur, eur_EAS" in line
    assert "spelled as in the columns" in line


def test_no_ancestry(study: Path, refused: Refused) -> None:
    line = refused(sumstats=(f"{study}/EUR.txt", f"{study}/EAS.txt"))
    assert "no ancestry is given for EUR, EAS" in line
    assert "--ancestry" in line


def test_no_triple(study: Path, refused: Refused) -> None:
    line = refused(sumstats=(f"{study}/EUR.txt,EUR",), as_script=True)
    assert "expected FILE,ANCESTRY,PHENOTYPE" in line


def test_same_population_twice(study: Path, refused: Refused) -> None:
    line = refused(sumstats=(f"{study}/EUR.txt,EUR,T", f"{study}/EAS.txt,EUR,T"))
    assert "EUR_T are given twice" in line


def test_no_scores_at_all(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [f"{study}/{one}.txt,{one},T" for one in ("EUR", "EAS")]
    assert main(["meta", "--method", "mama", "--sumstats", *given, "--out", f"{study}/out"]) == 2
    assert "--ld_scores FILE" in capsys.readouterr().err


def test_scores_that_are_not_there(study: Path, refused: Refused) -> None:
    assert "ld.*.gz: no such file" in refused(ld=(f"{study}/ld.*.gz",))


def test_scores_that_are_none(study: Path, refused: Refused) -> None:
    (study / "ld.txt").write_text("this is\nno table\n")
    assert "no column SNP" in refused()


def test_other_ids(study: Path, refused: Refused) -> None:
    table = pl.read_csv(study / "ld.txt", separator="\t")
    table.with_columns(pl.format("{}:{}", "CHR", "BP").alias("SNP")).write_csv(
        study / "ld.txt", separator="\t"
    )
    line = refused()
    assert "no SNP id is in all sources" in line
    assert "EUR_T: 400, such as rs1" in line
    assert "LD scores: 400, such as 1:1" in line


def test_another_build(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids are what counts; other positions are told."""
    table = pl.read_csv(study / "ld.txt", separator="\t")
    table.with_columns(pl.col("BP") + 12345).write_csv(study / "ld.txt", separator="\t")
    given = [f"{study}/{one}.txt,{one},T" for one in ("EUR", "EAS")]
    call = ["meta", "--method", "mama", "--sumstats", *given, "--ld_scores", f"{study}/ld.txt"]
    assert main([*call, "--out", f"{study}/out"]) == 0
    assert "400 SNPs have other positions in the LD scores" in capsys.readouterr().err


def test_negative_n(study: Path, refused: Refused) -> None:
    replace(study, "EAS", read(study, "EAS").with_columns(pl.lit(-5).alias("N")))
    line = refused()
    assert "EAS.txt: none of 400 rows can be used; 400 are caught by N BOUNDS" in line


@pytest.mark.parametrize("value", [0.0, -0.01])
def test_no_standard_errors(study: Path, refused: Refused, value: float) -> None:
    replace(study, "EAS", read(study, "EAS").with_columns(pl.lit(value).alias("SE")))
    assert "400 are caught by" in refused()


@pytest.mark.parametrize("as_script", [False, True])
def test_no_frequencies(study: Path, refused: Refused, *, as_script: bool) -> None:
    replace(study, "EAS", read(study, "EAS").drop("FRQ"))
    line = refused(as_script=as_script)
    assert "EAS.txt: no column for" in line
    assert ("FREQ" if as_script else "EAF") in line


def test_no_frequencies_in_the_scores_either(study: Path, refused: Refused) -> None:
    replace(study, "EAS", read(study, "EAS").drop("FRQ"))
    assert "none of EAS in the LD scores either" in refused("--freq_from_scores")


def test_ambiguous_columns(study: Path, refused: Refused) -> None:
    replace(study, "EAS", read(study, "EAS").with_columns(pl.col("BETA").alias("BETA_OLD")))
    line = refused(as_script=True)
    assert "columns BETA and BETA_OLD could both be BETA" in line
    assert "--replace_beta_col_match BETA" in line
    line = refused("--replace-beta-col-match", "B[", as_script=True)
    assert "not a regular expression" in line


def test_named_columns_are_taken(study: Path) -> None:
    """The flags of mama.py for columns."""
    replace(study, "EAS", read(study, "EAS").rename({"BETA": "effect", "N": "people"}))
    given = [f"{study}/{one}.txt,{one},T" for one in ("EUR", "EAS")]
    flags = ["--add-beta-col-match", "effect", "--replace-n-col-match", "N|people", "--quiet"]
    call = ["--sumstats", *given, "--ld-scores", f"{study}/ld.txt", "--out", f"{study}/out", *flags]
    assert script([*call, "--use-standardized-units"]) == 0
    assert "N_ORIG" in (study / "out_EAS_T.res").read_text().splitlines()[0]


def test_uneven_lines(study: Path, refused: Refused) -> None:
    with open(study / "EAS.txt", "a") as stream:
        stream.write("rs9\t1\t1\tA\tC\t0.1\t0.1\t0.1\t0.1\t10\t11\t12\n")
    assert "EAS.txt, line 402: 12 fields, expected 10" in refused(as_script=True)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("1\t2\t3", "3 numbers, expected 4: 2 x 2 for 2 populations"),
        ("1\t2\t3\t4", "not symmetric"),
        ("1\t2\ttwo\t4", "expected numbers, found 'two'"),
        ("1\tnan\tnan\t4", "not finite"),
    ],
)
def test_coefficients(study: Path, refused: Refused, content: str, expected: str) -> None:
    (study / "ld.cf").write_text(content)
    line = refused("--reg_ld_coef", f"{study}/ld.cf")
    assert expected in line
    assert "--reg_ld_coef" in line


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--freq_bounds", "0.9", "0.1"), "the lower first"),
        (("--reg_ld_set_corr", "2"), "expected a correlation"),
        (("--reg_ld_set_corr", "0.5", "--reg_ld_unc"), "not allowed with"),
        (("--ld_weight_floor", "-1"), "expected an LD score"),
        (("--maf_min", "0.01"), "--freq_bounds MIN MAX"),
        (("--genomic_control", "on"), "has no meaning with --method mama"),
        (("--format", "mrmega"), "--method mama offers parquet, ssf, tsv"),
        (("--snp_list", "nowhere.txt"), "nowhere.txt: no such file"),
    ],
)
def test_flags(refused: Refused, flags: tuple[str, ...], expected: str) -> None:
    assert expected in refused(*flags)


def test_nothing_positive_definite(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No SNP has an Omega: mama.py writes tables without rows, and so does --mama_compat, but says it."""
    (study / "ld.cf").write_text("-1\t0\t0\t-1")
    given = [f"{study}/{one}.txt,{one},T" for one in ("EUR", "EAS")]
    call = ["meta", "--method", "mama", "--sumstats", *given, "--ld_scores", f"{study}/ld.txt"]
    call += ["--reg_ld_coef", f"{study}/ld.cf", "--out", f"{study}/out"]
    assert main(call) == 2
    assert "none of 400 SNPs has a result (more SNPs" in capsys.readouterr().err
    assert not (study / "out_EUR_T.res").exists()
    assert main([*call, "--mama_compat"]) == 0
    told = capsys.readouterr().err
    assert "variance of effects in EUR_T is estimated at -1, below 0" in told
    assert "400 of 400 SNPs are left out" in told
    assert len((study / "out_EUR_T.res").read_text().splitlines()) == 1


def test_few_snps(study: Path, refused: Refused) -> None:
    table = pl.read_csv(study / "ld.txt", separator="\t").head(60)
    table.write_csv(study / "ld.txt", separator="\t")
    line = refused()
    assert " SNPs are left in all populations and LD scores: too few to estimate coefficients" in line
    assert "--reg_ld_coef" in line
