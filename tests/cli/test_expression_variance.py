"""``postgwas expression variance``: shares that were planted come out; bad sheets are told in one line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main
from postgwas.store import Study


def run(out: Path, *arguments: object) -> int:
    return main(["expression", "variance", *map(str, arguments), "--out", str(out), "--quiet"])


@pytest.fixture
def refused(out: Path, refusal: Callable[..., str]) -> Callable[..., str]:
    """Run the command on what must be refused; gives the one line."""
    return partial(refusal, "expression", "variance", "--out", out, "--quiet")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Log2 values of 200 genes in 120 people of 2 groups and 4 populations, 2 batches; and the sheet."""
    rng = np.random.default_rng(6)
    group, batch = np.arange(120) % 2, rng.integers(0, 2, 120)
    population = 2 * group + rng.integers(0, 2, 120)
    age = rng.normal(40, 10, 120)
    values = rng.normal(size=(200, 120))
    values[150:] *= np.where(group == 1, 2.0, 1.0)
    values += 3.0 * batch + 0.02 * age
    values[:100] += 1.0 * group  # a fifth of what batch and age leave
    rows = [f"g{at}\t" + "\t".join(f"{v:.6f}" for v in row) for at, row in enumerate(values)]
    rows += ["flat\t" + "\t".join(["2"] * 120), "gap\t" + "\t".join(["NA"] + ["1", "2"] * 59 + ["3"])]
    names = [f"s{at}" for at in range(120)]
    matrix = tmp_path / "m.tsv"
    matrix.write_text("gene_id\t" + "\t".join(names) + "\n" + "\n".join(rows) + "\n")
    sheet = tmp_path / "s.tsv"
    cells = zip(names, np.array(["AFR", "EUR"])[group], population, batch, age)
    sheet.write_text(
        "sample\tcontinent\tpopulation\tbatch\tage\n"
        + "".join("\t".join(map(str, row)) + "\n" for row in cells)
    )
    return matrix, sheet


def test_a_result_in_the_store_is_not_replaced(
    files: tuple[Path, Path], tmp_path: Path, out: Path, refused: Callable[..., str]
) -> None:
    matrix, sheet = files
    given = (matrix, "--unit", "log2", "--sheet", sheet, "--group", "continent", "--store", tmp_path / "s.h5")
    assert run(out, *given) == 0
    for file in out.parent.iterdir():
        file.unlink()
    told = refused(*given)  # and no file stands
    assert told.endswith("s.h5: expression/variance/run exists already (--overwrite replaces it)")
    assert run(out, *given, "--overwrite") == 0


def test_planted_shares(files: tuple[Path, Path], tmp_path: Path, out: Path) -> None:
    matrix, sheet = files
    store = tmp_path / "s.h5"
    assert run(
        out, matrix, "--unit", "log2", "--sheet", sheet, "--group", "continent,population",
        "--adjust", "batch,age", "--numeric", "age", "--store", store,
    ) == 0  # fmt: skip
    found = pl.read_csv(f"{out}.variance.tsv.gz", separator="\t", null_values="NA")
    effect = found["SHARE_LEFT_continent"].to_numpy()
    assert abs(effect[:100].mean() - 0.2) < 0.03 and effect[100:200].mean() < 0.02
    assert found["SHARE_batch"][:200].mean() > 0.5
    assert (found["WITHIN_MLOG10P"][150:200] > 2).mean() > 0.8 and (
        found["WITHIN_MLOG10P"][:150] > 2
    ).mean() < 0.05
    ratio = (found["VAR_EUR"] / found["VAR_AFR"])[150:200].median()
    assert ratio is not None and 3 < float(ratio) < 5.5  # type: ignore[arg-type]
    assert found["REASON"][200:].to_list() == ["does not vary", "missing values"]
    assert found["MLOG10P_continent"][200:].to_list() == [None, None]
    summary = pl.read_csv(f"{out}.variance_summary.tsv", separator="\t")
    assert summary["TERM"].to_list() == ["continent", "population"] and summary["N_GENES"].to_list() == [
        200,
        200,
    ]
    assert abs(summary["MEAN_SHARE_LEFT"][0] - effect[:200].mean()) < 1e-12
    assert Path(f"{out}.variance.png").read_bytes()[:4] == b"\x89PNG"
    assert Study.open(store).read_polars("expression/variance/run").height == 202


@pytest.mark.parametrize("arguments, said", [
    (["--group", "country"], "no column country; its columns are sample, continent, population"),
    (["--group", "continent", "--adjust", "population"], "continent: says nothing that the columns"),
    (["--group", "continent", "--adjust", "age"], "column age: 120 levels among 120 samples (--numeric age"),
    (["--group", "continent", "--adjust", "batch", "--numeric", "age"], "--numeric age: neither in"),
    (["--group", "continent", "--numeric", "continent"], "the first group is a category, not a number"),
    (["--group", "batch", "--adjust", "continent", "--numeric", "continent"], "'AFR' is not a number"),
    (["--group", "continent,continent"], "column continent is given twice"),
    (["--group", "one"], "column one: all samples have 'x'"),
])  # fmt: skip
def test_columns_that_cannot_be_used(
    files: tuple[Path, Path], refused: Callable[..., str], arguments: list[str], said: str
) -> None:
    matrix, sheet = files
    if arguments[1] == "one":
        lines = sheet.read_text().splitlines()
        sheet.write_text("\n".join([f"{lines[0]}\tone", *(f"{line}\tx" for line in lines[1:])]) + "\n")
    assert said in refused(matrix, "--unit", "log2", "--sheet", sheet, *arguments)


def test_samples_that_do_not_match(
    files: tuple[Path, Path], out: Path, capsys: pytest.CaptureFixture[str], refused: Callable[..., str]
) -> None:
    matrix, sheet = files
    lines = sheet.read_text().splitlines()
    lines[5] = lines[5].replace("AFR", "NA").replace("EUR", "NA")
    sheet.write_text("\n".join([*lines[:100]]) + "\n")
    assert run(out, matrix, "--unit", "log2", "--sheet", sheet, "--group", "continent") == 0
    said = capsys.readouterr().err
    assert "21 of 120 samples are not in it: s99, s100" in said
    assert "1 samples lack a value and are left out: s4" in said
    for path in out.parent.iterdir():
        path.unlink()
    sheet.write_text("\n".join([lines[0], *(f"other{line}" for line in lines[1:])]) + "\n")
    said = refused(matrix, "--unit", "log2", "--sheet", sheet, "--group", "continent")
    assert "0 samples of" in said and "the matrix has s0, s1, s2" in said and "the sheet others0" in said
