"""`postgwas run`, `init` and `batch` from the command line."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from postgwas.cli.main import main
from postgwas.pipeline.found_files import guessed_header, trait_in
from postgwas.pipeline.study_file import read_study
from postgwas.reference.demo_study import write_demo_study
from postgwas.reference.demo_study_design import REGIONS, DemoPlan

MINI = DemoPlan((REGIONS[0],), length=200_000, n_variants=80, n_people=40, n_expressed=10, genes=6)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mini") / "study"
    write_demo_study(folder, plan=MINI, seed=5)
    return folder


@pytest.fixture
def study(raw: Path, tmp_path: Path) -> Path:
    shutil.copytree(raw, tmp_path / "study")
    return tmp_path / "study"


def test_the_plan_lists_steps_and_what_they_follow_and_writes_nothing(study, capsys):
    assert main(["run", str(study / "study.yaml"), "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.startswith("h2/EUR_LDL")).split()[1:3] == ["new", "about"]
    at = next(i for i, line in enumerate(lines) if line.startswith("harmonise/EUR_LDL"))
    assert lines[at + 1].strip().startswith("reads gwas/EUR_LDL.regenie.gz, reference/variants.vcf.gz: ")
    assert any(line.strip() == "after harmonise/EUR_LDL, ld_scores/EUR" for line in lines)
    assert lines[-1].endswith("steps: " + lines[-1].split(": ")[1]) and " to run, 0 kept" in lines[-1]
    assert not (study / "results").exists()


def test_commands_of_the_plan_are_those_that_the_steps_run(study, capsys, monkeypatch):
    assert main(["run", str(study), "--dry_run", "--commands", "--only", "ld_scores/EUR"]) == 0
    folders, command = capsys.readouterr().out.splitlines()
    assert command.startswith("postgwas ldsc --l2 --genotypes genotypes/EUR.pgen")
    monkeypatch.chdir(study)
    subprocess.run(folders, shell=True, check=True)
    assert main([*command.split()[1:], "--ld_wind_kb", "50"]) == 0
    assert (study / "results" / "ld_scores" / "EUR" / "EUR.l2.ldscore.gz").exists()


def test_a_run_says_a_line_a_step_and_then_nothing(study, capsys):
    text = (study / "study.yaml").read_text().replace("ld_wind_kb: 400", "ld_wind_kb: 50")
    (study / "study.yaml").write_text(text)
    assert main(["run", str(study), "--only", "ld_scores"]) == 0
    first = capsys.readouterr()
    assert "[1/3] ld_scores/AFR  done in" in first.out and first.err == ""
    assert "3 steps run, 0 kept" in first.out
    assert main(["run", str(study), "--only", "ld_scores"]) == 0
    assert capsys.readouterr().out.startswith("0 steps run, 3 kept")
    assert main(["run", str(study), "--only", "ld_scores", "--force", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_mistakes_are_told_line_by_line_and_nothing_is_made(study, capsys):
    text = (study / "study.yaml").read_text()
    (study / "study.yaml").write_text(
        text.replace("out: results", "uot: results").replace("n_blocks", "n_block")
    )
    assert main(["run", str(study)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("postgwas: error: ") and "study.uot: unknown entry" in told[0]
    assert len(told) == 4 and all(", line " in line for line in told)
    assert not (study / "results").exists()


def test_a_failing_step_is_told_on_stderr_with_status_2(study, capsys):
    (study / "gwas" / "EUR_LDL.regenie.gz").write_bytes(b"broken\n")
    assert main(["run", str(study), "--only", "harmonise/EUR_LDL"]) == 2
    seen = capsys.readouterr()
    assert seen.err.startswith("postgwas: error: harmonise/EUR_LDL: ") and len(seen.err.splitlines()) == 1
    assert "FAILED" in seen.out


def test_only_errors_that_name_a_setting_are_followed_by_where_settings_stand(study, capsys):
    assert main(["run", str(study), "--only", "h2/EUR_LDL"]) == 2
    err = capsys.readouterr().err
    assert "(--only harmonise/EUR_LDL,h2/EUR_LDL)" in err and err.count("\n") == 1
    text = (study / "study.yaml").read_text().replace("ld_wind_kb: 400", "ld_wind_kb: -1")
    (study / "study.yaml").write_text(text)
    assert main(["run", str(study), "--only", "ld_scores/EUR"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "--ld_wind" in first and second.startswith("In study.yaml a flag is a setting of its step")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (
            ["--memory", "2GB", "--dask_scheduler", "tcp://127.0.0.1:1"],
            "which this run starts (not with --dask",
        ),
        (["--memory", "lots"], "expected a size such as 8GB"),
        (["--only", "h9"], "no step is called 'h9'"),
        (["--only", ""], "--only names no step"),
        (["--from", " , "], "--from names no step"),
        (["--commands"], "--commands shows what would be run (with --dry_run)"),
        (["--from", "harmonise/../h2"], "no step is called 'harmonise/../h2'"),
        (
            ["--only", "harmonise", "--from", "h2"],
            "--from h2 and what follows are not among the steps of --only",
        ),
        (["--cores", "0"], "--cores 0"),
        (["--dask_scheduler", "tcp://127.0.0.1:1", "--dask_jobqueue", "slurm"], "exclude each other"),
        (
            ["--force", "--dask_jobqueue", "slurm", "--dask_jobqueue_options", "walltime=never"],
            "slurm: walltime=never: expected a time",
        ),
    ],
)
def test_flags_that_cannot_be(study, capsys, flags, told):
    assert main(["run", str(study), *flags]) == 2
    assert told in capsys.readouterr().err
    assert not (study / "results" / "harmonise").exists()


def test_init_finds_what_lies_there(study, capsys):
    (study / "study.yaml").unlink()
    assert main(["init", str(study)]) == 0
    assert "postgwas run" in capsys.readouterr().out
    found = read_study(study).content
    assert {one.name for one in found.gwas} == {
        f"{a}_{t}" for a in ("AFR", "EUR", "EAS") for t in ("LDL", "TG")
    }
    assert found.reference.variants == "reference/variants.vcf.gz"
    assert found.reference.gtf == "expression/genes.gtf"
    assert {name: one.genotypes for name, one in found.ancestries.items()}["EAS"] == "genotypes/EAS.pgen"
    assert found.expression["tissue"].genotypes == "genotypes/expressed.pgen"
    assert found.expression["tissue"].covariates == ["sex"]
    text = (study / "study.yaml").read_text()
    assert "#  meta: {method: [fixed, random, re2, mama]}" in text  # three ancestries are too few for MR-MEGA
    uncommented = text.replace("steps: {}", "steps:").replace("#  meta: {", "  meta: {").split("   # by")[0]
    (study / "study.yaml").write_text(uncommented + "\n")
    assert main(["run", str(study), "--dry_run"]) == 0


def test_init_refuses_what_it_cannot_begin_with(study, tmp_path, capsys):
    assert main(["init", str(study)]) == 2
    assert "exists already (--overwrite replaces it)" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["init", str(tmp_path / "empty")]) == 2
    assert "found neither summary statistics nor expression" in capsys.readouterr().err
    assert main(["init", str(tmp_path / "absent")]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert main(["init", str(study / "study.yaml")]) == 2
    assert "study.yaml: is a file; expected the folder" in capsys.readouterr().err
    assert not (tmp_path / "empty" / "study.yaml").exists()


@pytest.mark.parametrize(
    "name", ["no: [yes", "a'b\"c.txt", "!!python x.txt", "# x.txt", "- a.txt", "\u00fc.txt"]
)
def test_init_quotes_whatever_files_are_called(tmp_path, name):
    (tmp_path / name).write_text("SNP\tA1\tA2\tBETA\tP\nrs1\tA\tG\t0.1\t0.5\n") if name.endswith(
        "txt"
    ) else None
    (tmp_path / "x.txt").write_text("SNP\tA1\tA2\tBETA\tP\nrs1\tA\tG\t0.1\t0.5\n")
    main(["init", str(tmp_path), "--name", name])
    data = yaml.safe_load((tmp_path / "study.yaml").read_text())
    files = {one["file"] for one in data["gwas"]}
    assert files == {"x.txt", *([name] if name.endswith("txt") else [])}


def test_init_tells_each_kind_of_file_and_names_those_it_cannot_tell(tmp_path, capsys):
    """A GWAS-VCF is no genotypes, nor is a BED of places or phenotypes."""
    (tmp_path / "GIANT_BMI_EUR.txt").write_text("22\trs1\t100\t-9\tG\tC\t0.0\t900\t0.1\t0.2\t0.6\n")
    (tmp_path / "height.txt").write_text("SNP A1 A2 BETA P\nrs1 A G 0.1 0.5\n")
    head = "##fileformat=VCFv4.2\n##FORMAT=<ID=ES,Number=A,Type=Float,Description=x>\n"
    (tmp_path / "ieu-a-2.vcf").write_text(f"{head}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n")
    people = "\t".join(f"P{i}" for i in range(20))
    (tmp_path / "lcl.bed").write_text(f"#chr\tstart\tend\tid\t{people}\n")
    (tmp_path / "places.bed").write_text("19\t1\t2\tGENE\n")
    (tmp_path / "people.bed").write_bytes(b"\x6c\x1b\x01\xff")
    (tmp_path / "known.txt").write_text(f"id\t{people}\nPC1\t" + "\t".join(["0"] * 20) + "\n")
    (tmp_path / "odd.txt").write_text("colour\tshape\nred\tround\n")
    assert main(["init", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "summary statistics: GIANT_BMI_EUR.txt, height.txt, ieu-a-2.vcf" in told
    assert "expression: lcl.bed" in told
    assert "genotypes: people.bed\n" in told
    assert "without a header line, columns to be named: GIANT_BMI_EUR.txt" in told
    assert "not told what they are: odd.txt, places.bed" in told
    data = yaml.safe_load((tmp_path / "study.yaml").read_text())
    assert [one["file"] for one in data["gwas"] if "header" in one] == ["GIANT_BMI_EUR.txt"]
    assert data["expression"]["tissue"] == {
        "phenotypes": "lcl.bed", "genotypes": "people.bed", "unmatched": "refuse",
        "covariate_table": "known.txt",
    }  # fmt: skip


def test_init_of_files_that_make_no_study_names_them(tmp_path, capsys):
    (tmp_path / "odd.txt").write_text("colour\tshape\nred\tround\n")
    assert main(["init", str(tmp_path)]) == 2
    assert "odd.txt cannot be told what they are" in capsys.readouterr().err
    assert not (tmp_path / "study.yaml").exists()


def test_the_plan_says_what_an_ancestry_lacks(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("SNP A1 A2 BETA P\nrs1 A G 0.1 0.5\n")
    (tmp_path / "panel").mkdir()
    (tmp_path / "panel" / "1.l2.ldscore.gz").touch()
    text = "study: {name: s}\nancestries: {EUR: {}, EAS: {ld_scores: panel/}}\ngwas:\n"
    text += "".join(f"  - {{trait: T, ancestry: {name}, file: a.txt}}\n" for name in ("EUR", "EAS"))
    (tmp_path / "study.yaml").write_text(text + "steps: {rg: false}\n")
    assert main(["run", str(tmp_path), "--dry_run"]) == 0
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "EUR has neither ld_scores nor genotypes: no h2, mtag",
        "EUR has no genotypes: no finemap",
        "EAS has no genotypes: no finemap",
    ]


def test_the_plan_does_not_deny_genotypes_that_make_no_scores(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("SNP A1 A2 BETA P\nrs1 A G 0.1 0.5\n")
    for suffix in ("bed", "bim", "fam"):
        (tmp_path / f"EUR.{suffix}").touch()
    text = "study: {name: s}\nancestries: {EUR: {genotypes: EUR.bed}}\n"
    text += "gwas: [{trait: T, ancestry: EUR, file: a.txt}]\nsteps: {ld_scores: false, rg: false}\n"
    (tmp_path / "study.yaml").write_text(text)
    assert main(["run", str(tmp_path), "--dry_run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "EUR has no ld_scores, and steps say not to make them of its genotypes: no h2, mtag"
    )


def test_a_flag_in_an_error_is_explained_as_a_setting(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("SNP X Y BETA P\nrs1 A G 0.1 0.5\n")
    text = "study: {name: s}\nancestries: {EUR: {}}\ngwas: [{trait: T, ancestry: EUR, file: a.txt}]\n"
    (tmp_path / "study.yaml").write_text(text)
    assert main(["run", str(tmp_path), "--only", "harmonise"]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert "--a1_name" in error and "under gwas" in hint and "steps: STEP: {FLAG: VALUE}" in hint


def test_names_of_traits_are_names():
    assert trait_in("a b/../<script>.txt.gz") == "script"


def test_batch_goes_on_after_a_failure_and_says_which(study, tmp_path, capsys):
    good = tmp_path / "good"
    shutil.copytree(study, good)
    text = (good / "study.yaml").read_text().replace("ld_wind_kb: 400", "ld_wind_kb: 50")
    (good / "study.yaml").write_text(text)
    (study / "study.yaml").write_text("study: 1\n")
    assert main(["batch", str(study), str(good), "--only", "ld_scores/EUR"]) == 2
    seen = capsys.readouterr()
    assert f"1 of 2 studies failed: {study}" in seen.err
    assert (good / "results" / "ld_scores" / "EUR" / "EUR.l2.ldscore.gz").exists()


def test_batch_refuses_two_studies_with_one_folder_of_results(study, capsys):
    shutil.copy(study / "study.yaml", study / "other.yaml")
    assert main(["batch", str(study / "study.yaml"), str(study / "other.yaml")]) == 2
    assert "both write to" in capsys.readouterr().err
    assert not (study / "results").exists()


def test_init_takes_files_by_chromosome_as_one_and_names_no_trait_twice(tmp_path, capsys):
    for code in (1, 2, 22):
        for ending in ("bed", "bim", "fam"):
            (tmp_path / f"EUR.chr{code}.{ending}").write_bytes(b"\x6c\x1b\x01")
    for name in ("people.bed", "odd\nsteps: {}\n.bed"):
        (tmp_path / name).write_bytes(b"\x6c\x1b\x01")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "EUR_LDL.txt").write_text("SNP\tA1\tA2\tBETA\tP\nrs1\tA\tG\t0.1\t0.5\n")
    assert main(["init", str(tmp_path)]) == 0
    assert "to be mended" not in capsys.readouterr().out
    found = read_study(tmp_path).content
    assert found.ancestries["EUR"].genotypes == "EUR.chr@.bed"
    assert [one.trait for one in found.gwas] == ["LDL", "LDL_2"]
    text = (tmp_path / "study.yaml").read_text()
    assert "# ? whose genotypes: people.bed" in text and '# ? whose genotypes: "odd\\nsteps' in text


def test_init_does_not_take_a_list_of_variants_for_a_gwas():
    assert guessed_header(["22", "rs1", "0", "16050000", "A", "G"]) == ()
    assert guessed_header(["rs1", "a", "g", "0.1", "0.02", "1e-6"]) == ("SNPID", "EA", "NEA", "-", "-", "-")


def test_init_looks_into_linked_folders_and_names_what_it_cannot_read(tmp_path, capsys):
    """LD scores are often shared by a link; files that are cut short, or UTF-16, were passed over."""
    (tmp_path / "shared" / "eur_w_ld_chr" / "below").mkdir(parents=True)
    for name in ("22.l2.ldscore.gz", "below/1.l2.ldscore.gz"):
        (tmp_path / "shared" / "eur_w_ld_chr" / name).write_bytes(b"")
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "eur_w_ld_chr").symlink_to(tmp_path / "shared" / "eur_w_ld_chr")
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    table = "SNP\tA1\tA2\tBETA\tP\n" + "".join(f"rs{i}\tA\tG\t0.{i}\t0.5\n" for i in range(1, 3000))
    (folder / "bmi_EUR.txt").write_text(table)
    (folder / "ldl_EUR.txt").write_text(table, encoding="utf-16")
    (folder / "tg_EUR.txt.gz").write_bytes(gzip.compress(table.encode())[:900])
    (folder / "ids.txt").write_text("I1\nI2\n")
    assert main(["init", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "not told what they are: ldl_EUR.txt, tg_EUR.txt.gz\n" in told
    found = read_study(folder).content
    assert found.ancestries["EUR"].ld_scores == "eur_w_ld_chr/"
    assert [one.file for one in found.gwas] == ["bmi_EUR.txt"]


def test_a_page_of_nothing_is_not_begun(tmp_path, capsys):
    (tmp_path / "word.txt").write_text("hello\n")
    (tmp_path / "study.yaml").write_text(
        "study: {name: x}\nancestries: {EUR: {}}\ngwas: [{trait: BMI, ancestry: EUR, file: word.txt}]\n"
    )
    assert main(["run", str(tmp_path)]) == 2
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert "harmonise/EUR_BMI" in line and "report  waits for harmonise/EUR_BMI" in told.out


def test_a_study_in_utf_16_is_named(tmp_path, capsys):
    (tmp_path / "study.yaml").write_text("study: {name: x}\n", encoding="utf-16")
    assert main(["run", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("text in UTF-16; expected UTF-8 (iconv -f UTF-16 -t UTF-8 study.yaml > new file)")
