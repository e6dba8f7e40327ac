"""`postgwas meta --overlap` and `--study_correlation`: shared people, told or given."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from meta.small_studies import studies, write
from scipy.stats import norm

from postgwas.cli.main import main

V = 6000
RHO = 0.5


def shared_people(folder: Path) -> list[Path]:
    """Two studies of 10 000 of whom half are in both, and a third of others; no effects."""
    rng = np.random.default_rng(11)
    tables = studies(3, n_variants=V)
    z = rng.multivariate_normal([0, 0, 0], [[1, RHO, 0], [RHO, 1, 0], [0, 0, 1]], V).T
    swapped = tables[0]["EA"]
    for table, mine in zip(tables, z):
        sign = np.where(table["EA"] == swapped, 1, -1)
        table["N"] = np.full(V, 10_000)
        table["SE"] = np.full(V, 0.01)
        table["BETA"] = sign * mine * 0.01
    return [write(folder / f"study{at}.txt", table) for at, table in enumerate(tables)]


def run(paths: list[Path], out: Path, *arguments: object) -> pl.DataFrame:
    argv = ["meta", "--sumstats", *paths, "--out", out, "--format", "tsv", "--quiet", *arguments]
    assert main([str(one) for one in argv]) == 0
    return pl.read_csv(f"{out}.tsv.gz", separator="\t", null_values="NA", infer_schema_length=None)


@pytest.mark.parametrize("scheme", ["stderr", "samplesize", "stouffer"])
def test_shared_people_inflate_and_are_corrected(scheme: str, tmp_path: Path) -> None:
    paths = shared_people(tmp_path)
    plain = run(paths, tmp_path / "plain", "--scheme", scheme)
    told = run(paths, tmp_path / "told", "--scheme", scheme, "--overlap", "pairs", "--overlap_z", 3)
    matrix = tmp_path / "r.txt"
    matrix.write_text("S study2 study0 study1\nstudy1 0 0.5 1\nstudy0 0 1 0.5\nstudy2 1 0 0\n")
    given = run(paths, tmp_path / "given", "--scheme", scheme, "--study_correlation", matrix)
    error = 4 * np.sqrt(2 / V)
    assert np.var(plain["Z"].to_numpy()) == pytest.approx(4 / 3, abs=error * 4 / 3)
    assert np.var(told["Z"].to_numpy()) == pytest.approx(1.0, abs=error)
    assert np.var(given["Z"].to_numpy()) == pytest.approx(1.0, abs=error)
    np.testing.assert_allclose(told["Z"], given["Z"], atol=0.15)
    assert np.mean(given["Q"].to_numpy()) == pytest.approx(2.0, abs=4 * 2 / np.sqrt(V))
    assert given["N_DISTINCT"].to_list() == [25_000] * V
    assert "study0 and study1: correlation 0." in (tmp_path / "told.log").read_text()


def test_order_of_studies_does_not_matter_to_pairs(tmp_path: Path) -> None:
    paths = shared_people(tmp_path)
    one = run(paths, tmp_path / "one", "--overlap")
    other = run(paths[::-1], tmp_path / "other", "--overlap")
    assert one.drop("DIRECTION").equals(other.drop("DIRECTION"))


def test_as_metals_commands_do_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--scheme samplesize --overlap is OVERLAP ON of a command file, in the order of the files."""
    paths = shared_people(tmp_path)[::-1]
    flags = ("--scheme", "samplesize", "--overlap_z", 2)
    told = run(paths, tmp_path / "told", *flags, "--cores", 2, "--overlap")
    again = run(paths, tmp_path / "again", *flags, "--overlap", "metal")
    assert told.equals(again)
    lines = ["OVERLAP ON", "ZCUTOFF 2", "MARKER SNP", "ALLELE EA NEA", "EFFECT Z", "PVAL P", "WEIGHT N"]
    for at, path in enumerate(paths):
        table = pl.read_csv(path, separator="\t").with_columns(Z=pl.col("BETA") / pl.col("SE"))
        p = 2 * norm.sf(np.abs(table["Z"].to_numpy()))
        table.with_columns(P=pl.Series(p)).write_csv(tmp_path / f"m{at}.txt", separator="\t")
        lines.append(f"PROCESS m{at}.txt")
    (tmp_path / "metal.txt").write_text("\n".join([*lines, "OUTFILE script .tbl", "ANALYZE HETEROGENEITY"]))
    monkeypatch.chdir(tmp_path)
    assert main(["meta", "--metal_script", "metal.txt", "--quiet"]) == 0
    script = pl.read_csv(tmp_path / "script1.tbl", separator="\t")
    both = told.join(script, left_on="SNPID", right_on="MarkerName", suffix="_METAL")
    assert both.height == V and both["DIRECTION"].equals(both["Direction"], check_names=False)
    for ours, theirs, digits in (
        ("Z", "Zscore", 3), ("WEIGHT", "Weight", 2), ("N_DISTINCT", "N_METAL", 2), ("Q", "HetChiSq", 3)
    ):  # fmt: skip
        assert (both[ours] - both[theirs]).abs().max() <= 0.51 * 10.0**-digits
    assert 0.9 < np.var(told["Z"].to_numpy()) < 1.1
    other = run(paths[::-1], tmp_path / "other", *flags, "--overlap")
    np.testing.assert_allclose(told["Z"], other["Z"], atol=0.2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 0.5\n0.5 1\n", "2 x 2 numbers for 3 studies"),
        ("1 0.5 0\n0.4 1 0\n0 0 1\n", "symmetric"),
        ("1 0.9 -0.9\n0.9 1 0.9\n-0.9 0.9 1\n", "not positive definite"),
        ("1 x 0\n0.4 1 0\n0 0 1\n", "expected a number"),
        ("S a b c\na 1 0 0\nb 0 1 0\nc 0 0 1\n", "no row for study0; rows found: a, b, c"),
        ("S study0 b study2\nstudy0 1 0 0\nstudy1 0 1 0\nstudy2 0 0 1\n", "no column for study1"),
    ],
)
def test_bad_matrices(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [write(tmp_path / f"study{at}.txt", table) for at, table in enumerate(studies())]
    matrix, out = tmp_path / "r.txt", tmp_path / "bad"
    matrix.write_text(text)
    argv = ["meta", "--sumstats", *paths, "--out", out, "--quiet", "--study_correlation", matrix]
    assert main([str(one) for one in argv]) == 2
    printed = capsys.readouterr().err
    assert said in printed and "Traceback" not in printed
    assert not Path(f"{out}.tbl").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--overlap", "--study_correlation", "r"), "exclude each other"),
        (("--overlap", "--overlap_z", "0"), "--overlap_z 0: expected above 0"),
        (("--overlap", "metal"), "not --scheme stderr (--scheme samplesize"),
        (
            ("--overlap", "--scheme", "samplesize", "--subtotals", "--ancestry", "EUR,EUR,EAS"),
            "--subtotals exclude each other",
        ),
        (("--overlap", "--method", "random"), "no meaning with --method random"),
        (("--study_correlation", "r", "--method", "random"), "no meaning with --method random"),
    ],
)
def test_flags_that_do_not_fit(
    arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [write(tmp_path / f"study{at}.txt", table) for at, table in enumerate(studies())]
    argv = ["meta", "--sumstats", *paths, "--out", tmp_path / "bad", "--quiet", *arguments]
    assert main([str(one) for one in argv]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "bad.tbl").exists()


def test_the_same_study_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shared_people(tmp_path)[0]
    again = tmp_path / "again.txt"
    shutil.copy(path, again)
    argv = ["meta", "--sumstats", path, again, "--out", tmp_path / "bad", "--quiet", "--overlap"]
    assert main([str(one) for one in argv]) == 2
    assert "highest: again and study0" in capsys.readouterr().err
    assert not (tmp_path / "bad.tbl").exists()
