"""``postgwas meta --method random|re2|mrmega``, loci and checks of studies: files, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.meta.random_effects import random_effects
from postgwas.meta.re2_likelihood import re2_statistic
from postgwas.meta.re2_null import re2_null
from postgwas.store.study import Study

K, V = 6, 240


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    se = rng.uniform(0.01, 0.03, (K, V)).round(5)
    effect = np.where(np.arange(V) == 60, 0.09, 0.0) + np.where(np.arange(V) == 150, 0.05, 0.0)
    beta = (effect + rng.normal(0, se)).round(5)
    beta[:4, 200] += 0.25  # only the first ancestry has it
    beta[3:, 10] = np.nan
    base = rng.uniform(0.2, 0.8, V)
    eaf = np.clip(
        base + rng.normal(0, 0.08, (3, V))[np.arange(K) // 2] + rng.normal(0, 0.02, (K, V)), 0.02, 0.98
    )
    return {"beta": beta, "se": se, "eaf": eaf.round(4)}


@pytest.fixture(scope="module")
def study_files(arrays: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("studies")
    paths = []
    for k in range(K):
        table = pl.DataFrame(
            {
                "SNPID": [f"v{i}" for i in range(V)], "CHR": [1] * V,
                "POS": [1_100_000 * (i + 1) for i in range(V)], "EA": ["A"] * V, "NEA": ["G"] * V,
                "EAF": arrays["eaf"][k], "BETA": arrays["beta"][k], "SE": arrays["se"][k], "N": [5000] * V,
            }
        )  # fmt: skip
        path = folder / f"s{k}.tsv"
        table.filter(pl.col("BETA").is_not_nan()).write_csv(path, separator="\t")
        paths.append(str(path))
    return paths


def _run(files: list[str], out: Path, *flags: str) -> pl.DataFrame:
    command = [
        "meta",
        "--sumstats",
        ",".join(files),
        "--out",
        str(out),
        "--format",
        "parquet",
        "--quiet",
        "--any_build",
    ]
    assert main([*command, *flags]) == 0
    return pl.read_parquet(f"{out}.parquet").sort("POS")


def test_random(study_files: list[str], arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    found = _run(study_files, tmp_path / "r", "--method", "random", "--tau2", "REML", "--tau2-intervals")
    told = random_effects(arrays["beta"], arrays["se"], method="REML")
    for column, values in (
        ("BETA", told.beta),
        ("SE", told.se),
        ("TAU2", told.tau2),
        ("MLOG10P", told.mlog10p),
    ):
        np.testing.assert_allclose(found[column].to_numpy(), values, rtol=1e-9, atol=1e-14)
    known = found.filter(pl.col("TAU2_LOWER").is_not_null())
    assert (known["TAU2_LOWER"] <= known["TAU2_UPPER"]).all()


def test_order_of_studies(study_files: list[str], tmp_path: Path) -> None:
    for method in ("random", "re2", "mrmega"):
        flags = ("--method", method, *(("--pcs", "2") if method == "mrmega" else ()))
        one = _run(study_files, tmp_path / f"{method}1", *flags)
        two = _run(study_files[::-1], tmp_path / f"{method}2", *flags)
        assert one.drop("DIRECTION").equals(two.drop("DIRECTION"))


def test_re2(study_files: list[str], arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    found = _run(
        study_files,
        tmp_path / "e",
        "--method",
        "re2",
        "--m-values",
        "--binary_effects",
        "1e-4",
        "--re2_p",
        "exact",
    )
    told = re2_statistic(arrays["beta"], arrays["se"])
    np.testing.assert_allclose(found["STAT_HET"].to_numpy(), told.added, rtol=1e-7, atol=1e-9)
    full = np.arange(V) != 10
    expected = re2_null(K).mlog10p(told.total)
    np.testing.assert_allclose(found["MLOG10P"].to_numpy()[full], expected[full], rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(found["MLOG10P"][10], re2_null(3).mlog10p(told.total[10]), rtol=1e-7)
    # Only where the first four studies have an effect: their m-values are high, the others' low.
    assert found["M_s0"][200] > 0.99 and found["M_s5"][200] < 0.3
    assert found["MLOG10P_RE2C"][200] > 20 > found["MLOG10P_RE2C"][60] >= 0
    assert found["M_s5"][10] is None
    assert found["MLOG10P_BE"].is_not_null().sum() == (found["MLOG10P"] >= 4).sum()


def test_correlation_of_studies_by_name_and_by_order(study_files: list[str], tmp_path: Path) -> None:
    matrix = np.eye(K)
    matrix[0, 1] = matrix[1, 0] = 0.4
    plain, named = tmp_path / "plain.txt", tmp_path / "named.txt"
    np.savetxt(plain, matrix)
    order = [3, 1, 0, 2, 5, 4]
    lines = ["\t".join(["NAME", *(f"s{i}" for i in order)])]
    lines += ["\t".join([f"s{i}", *(str(matrix[i, j]) for j in order)]) for i in order]
    named.write_text("\n".join(lines) + "\n")
    found = [
        _run(study_files, tmp_path / name, "--method", "re2", "--study_correlation", str(path))
        for name, path in (("a", plain), ("b", named))
    ]
    assert found[0].equals(found[1])
    assert not found[0].equals(_run(study_files, tmp_path / "c", "--method", "re2"))


def test_mrmega_and_its_axes_read_again(study_files: list[str], tmp_path: Path) -> None:
    first = _run(study_files, tmp_path / "m", "--method", "mrmega", "--pcs", "2")
    again = _run(study_files, tmp_path / "n", "--method", "mrmega", "--pc_file", str(tmp_path / "m.pcs.tsv"))
    assert first.equals(again)
    assert first["Comments"][10] == "SmallCohortCount" and first["chisq_association"][10] is None
    command = ["meta", "--method", "mrmega", "--pcs", "2", "--sumstats", ",".join(study_files), "--any_build"]
    assert main([*command, "--out", str(tmp_path / "o"), "--quiet"]) == 0
    header = (tmp_path / "o.result").read_text().split("\n")[0].split("\t")
    assert header[:9] == [
        "MarkerName", "Chromosome", "Position", "EA", "NEA", "EAF", "Nsample", "Ncohort", "Effects",
    ]  # fmt: skip
    assert header[-2:] == ["lnBF", "Comments"]


def test_environment(study_files: list[str], tmp_path: Path) -> None:
    table = tmp_path / "studies.tsv"
    lines = ["NAME\tPATH\tANCESTRY\tBMI"]
    lines += [f"s{k}\t{path}\tA{k // 2}\t{24 + k % 3}" for k, path in enumerate(study_files)]
    table.write_text("\n".join(lines) + "\n")
    command = ["meta", "--method", "mrmega", "--studies", str(table), "--out", str(tmp_path / "v"), "--quiet"]
    assert main([*command, "--pcs", "2", "--covariates", "BMI", "--any_build", "--format", "tsv"]) == 0
    found = pl.read_csv(tmp_path / "v.tsv.gz", separator="\t", null_values="NA")
    assert found["ndf_association"].drop_nulls().unique().to_list() == [4]
    assert found["ndf_environment_het"].drop_nulls().unique().to_list() == [1]


def test_loci_and_checks(study_files: list[str], tmp_path: Path) -> None:
    _run(
        study_files, tmp_path / "l", "--method", "fixed", "--ancestry", "X,X,X,X,Y,Y", "--loci", "5e-8",
        "--figures", "--diagnostics", "--store", str(tmp_path / "s.h5"),
    )  # fmt: skip
    loci = pl.read_csv(tmp_path / "l.loci.tsv", separator="\t", null_values="NA")
    status = dict(zip(loci["SNPID"], loci["STATUS"]))
    assert status["v60"] == "shared" and status["v150"] in ("gained", "shared") and "v200" in status
    by_study = pl.read_csv(tmp_path / "l.loci_studies.tsv", separator="\t", null_values="NA")
    assert by_study.height == K * (loci["STATUS"] != "lost").sum()
    left = pl.read_csv(tmp_path / "l.leave_one_out.tsv", separator="\t", null_values="NA")
    assert left.filter(SNPID="v60")["N_STUDIES"].to_list() == [K - 1] * K
    added = pl.read_csv(tmp_path / "l.cumulative.tsv", separator="\t", null_values="NA")
    assert added.filter(SNPID="v60")["N_STUDIES"].to_list() == list(range(1, K + 1))
    checks = pl.read_csv(tmp_path / "l.diagnostics.tsv", separator="\t", null_values="NA")
    assert checks["STUDY"].to_list() == [f"s{k}" for k in range(K)]
    home = Study.open(tmp_path / "s.h5")
    for name, table in (
        ("loci", loci), ("loci_studies", by_study), ("leave_one_out", left), ("cumulative", added),
        ("diagnostics", checks),
    ):  # fmt: skip
        kept = home.read_polars(f"meta/fixed_{name}/l")
        assert kept.columns == table.columns and kept.height == table.height
    kept = home.read_polars("meta/fixed_leave_one_out/l")
    assert (
        kept["BETA_FIXED"].to_list() == left.sort("CHR", "POS", maintain_order=True)["BETA_FIXED"].to_list()
    )
    for figure in ("forest", "diagnostics"):
        assert Path(f"{tmp_path / 'l'}.{figure}.png").stat().st_size > 5000
        assert Path(f"{tmp_path / 'l'}.{figure}.svg").read_text().rstrip().endswith("</svg>")
    assert Path(f"{tmp_path / 'l'}.forest.pdf").read_bytes().count(b"/Type /Page ") == len(status) - sum(
        one == "lost" for one in status.values()
    )


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--method", "mrmega", "--pcs", "4"], "6 cohorts are too few for 4 axes"),
        (["--method", "mrmega", "--pcs", "0"], "--pcs 0: expected at least 1"),
        (["--method", "mrmega", "--covariates", "BMI"], "BMI is no column of the table of studies"),
        (["--method", "mrmega", "--pcs", "2", "--format", "ssf"], "MR-MEGA has no one effect"),
        (["--method", "mrmega", "--pc_file", "nowhere.tsv"], "cannot read 'nowhere.tsv'"),
        (["--method", "mrmega", "--pc_min_maf", "0.7"], "expected 0 to below 0.5"),
        (["--method", "re2", "--study_correlation", "{bad}"], "3 x 3 numbers for 6 studies"),
        (["--method", "re2", "--m_prior", "0,1"], "expected two numbers above 0"),
        (["--method", "re2", "--m_sigma", "0"], "--m_sigma 0.0: expected above 0"),
        (["--method", "re2", "--binary_effects", "2"], "expected a P"),
        (["--method", "random", "--format", "mrmega"], "only with --method mrmega"),
        (["--method", "random", "--loci", "5"], "expected a P between 0 and 1"),
        (["--method", "random", "--figures"], "--figures: of what?"),
    ],
)
def test_bad_input(
    flags: list[str], said: str, study_files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("1 0 0\n0 1 0\n0 0 1\n")
    out = tmp_path / "x"
    given = [flag.replace("{bad}", str(bad)) for flag in flags]
    status = main(["meta", "--sumstats", ",".join(study_files), "--out", str(out), "--any_build", *given])
    lines = capsys.readouterr().err.strip().split("\n")
    assert status == 2 and said in lines[-1], lines[-1]
    assert [
        path.name for path in tmp_path.iterdir() if path.name.startswith("x.") and path.suffix != ".log"
    ] == []


def test_mrmega_without_frequencies(
    study_files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = []
    for path in study_files:
        bare.append(str(tmp_path / Path(path).name))
        pl.read_csv(path, separator="\t").drop("EAF").write_csv(bare[-1], separator="\t")
    command = [
        "meta",
        "--method",
        "mrmega",
        "--sumstats",
        ",".join(bare),
        "--out",
        str(tmp_path / "x"),
        "--any_build",
    ]
    assert main(command) == 2
    assert "no column gives EAF" in capsys.readouterr().err


def test_cohorts_without_differences(
    study_files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = []
    for path in study_files:
        same.append(str(tmp_path / Path(path).name))
        pl.read_csv(path, separator="\t").with_columns(EAF=0.3).write_csv(same[-1], separator="\t")
    command = [
        "meta",
        "--method",
        "mrmega",
        "--pcs",
        "2",
        "--sumstats",
        ",".join(same),
        "--out",
        str(tmp_path / "x"),
    ]
    assert main([*command, "--any_build"]) == 2
    assert "differ along 0 axes only" in capsys.readouterr().err
