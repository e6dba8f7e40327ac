"""What `postgwas meta` says or refuses rather than take it in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from meta.small_studies import Table, studies, write

from postgwas.cli.main import main


def run(folder: Path, *arguments: object, status: int = 0) -> Path:
    out = folder / "out"
    argv = ["meta", "--out", out, "--quiet", "--overwrite", *arguments]
    assert main([str(one) for one in argv]) == status
    return out


def files(folder: Path, tables: list[Table]) -> list[Path]:
    return [write(folder / f"study{at}.txt", table) for at, table in enumerate(tables)]


def log(out: Path) -> str:
    return Path(f"{out}.log").read_text()


def test_one_study_alone(tmp_path: Path) -> None:
    out = run(tmp_path, "--sumstats", *files(tmp_path, studies(1)), "--names", "Finland")
    assert "Finland is the only study" in log(out)


def listed(folder: Path, header: str, *ends: str) -> Path:
    names = files(folder, studies(len(ends)))
    lines = [f"NAME\tPATH\t{header}"]
    lines += [f"{path.stem}\t{path}\t{end}" for path, end in zip(names, ends)]
    (folder / "list.tsv").write_text("\n".join(lines) + "\n")
    return folder / "list.tsv"


@pytest.mark.parametrize(
    ("column", "meant"),
    [("NCASE", "N_CASES"), ("ANCESTRYS", "ANCESTRY"), ("lamda", "LAMBDA"), ("n controls", "N_CONTROLS")],
)
def test_a_mistyped_column_of_the_table(
    column: str, meant: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "--studies", listed(tmp_path, column, "1", "2"), status=2)
    said = capsys.readouterr().err
    assert f"list.tsv: unknown column {column}: {meant} is meant?" in said
    assert not (tmp_path / "out.tbl").exists()


def test_a_second_name_is_no_mistake(tmp_path: Path) -> None:
    out = run(tmp_path, "--studies", listed(tmp_path, "STUDY\tPOP\tANCESTRY2", "a\tx\ty", "b\tx\ty"))
    assert "nothing uses: STUDY, ANCESTRY2" in log(out)


def test_columns_that_nothing_uses(tmp_path: Path) -> None:
    out = run(tmp_path, "--studies", listed(tmp_path, "CONTACT\tBMI", "Ann\t24", "Bo\tNA"))
    assert "the table of studies has columns that nothing uses: CONTACT, BMI" in log(out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--covariates", "BMI"), "--covariates has no meaning with --method fixed"),
        (("--covariates", "AGE", "--method", "mrmega"), "--covariates: no column AGE; columns found: NAME,"),
        (("--covariates", "BMI", "--method", "mrmega"), "environment variable has no value for this study"),
    ],
)
def test_covariates(
    arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "--studies", listed(tmp_path, "BMI", "24", "NA"), *arguments, status=2)
    assert said in capsys.readouterr().err


def test_variances_in_the_place_of_errors(tmp_path: Path) -> None:
    tables = studies(3)
    assert "look like variances" not in log(run(tmp_path, "--sumstats", *files(tmp_path, tables)))
    tables[1]["SE"] = np.square(tables[1]["SE"]).round(12)
    out = run(tmp_path, "--sumstats", *files(tmp_path, tables))
    said = [line for line in log(out).splitlines() if "look like variances" in line]
    assert len(said) == 1 and "study1: standard errors look like variances" in said[0]


@pytest.mark.parametrize("without", ["all", "one"])
def test_methods_that_need_frequencies(
    without: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = studies(5)
    for at in range(5) if without == "all" else [3]:
        tables[at] = {name: column for name, column in tables[at].items() if name != "EAF"}
    flags = ("--method", "mrmega", "--pcs", "1", "--any_build")
    run(tmp_path, "--sumstats", *files(tmp_path, tables), *flags, status=2)
    said = capsys.readouterr().err
    assert f"study{0 if without == 'all' else 3}.txt: no column gives EAF, which the method needs" in said
    assert "(--eaf_name)" in said


def test_gwas_ssf_is_described(tmp_path: Path) -> None:
    out = run(tmp_path, "--sumstats", *files(tmp_path, studies(2)), "--format", "ssf")
    described = yaml.safe_load(Path(f"{out}.ssf.tsv.gz-meta.yaml").read_text())
    assert described["data_file_name"] == "out.ssf.tsv.gz" and described["is_sorted"] is True
    assert described["author_notes"] == "meta-analysis of study0, study1"
    assert "genome_assembly" not in described and "positions tell no build" in log(out)
