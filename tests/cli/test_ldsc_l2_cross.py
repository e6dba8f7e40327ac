"""``postgwas ldsc --l2 --bfile2``: LD scores of two populations through the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from ld.naive_scores import naive_in_window, naive_ld_scores, naive_standardise, varies

from postgwas.cli.main import main
from postgwas.store import Study

N_VARIANTS, WINDOW_KB = 60, 5


@pytest.fixture
def populations(tmp_path: Path) -> tuple[Path, Path]:
    """Two PLINK sets of the same variants; every third has its alleles the other way in the second."""
    one, two = random_calls(1, N_VARIANTS, 30), random_calls(2, N_VARIANTS, 44)
    turned = np.arange(N_VARIANTS) % 3 == 0
    written = np.where(turned[:, None] & (two >= 0), 2 - two, two).astype(np.int8)
    alleles = [("C", "A") if turn else ("A", "C") for turn in turned]
    return write_plink1(tmp_path / "one", one), write_plink1(tmp_path / "two", written, alleles=alleles)


def run(out: Path, *arguments: object, status: int = 0) -> pl.DataFrame | None:
    argv = ["ldsc", "--l2", "--ld-wind-kb", WINDOW_KB, "--out", out, "--quiet", *arguments]
    assert main(list(map(str, argv))) == status
    path = Path(f"{out}.cross.ldscore.gz")
    assert path.exists() == (status == 0)
    return pl.read_csv(path, separator="\t") if status == 0 else None


def test_scores_are_those_of_the_definition(populations: tuple[Path, Path], out: Path) -> None:
    first, second = populations
    store = out.with_name("study.h5")
    found = run(out, "--bfile", first, "--bfile2", second, "--store", store)
    assert found is not None
    one, two = random_calls(1, N_VARIANTS, 30), random_calls(2, N_VARIANTS, 44)
    kept = np.flatnonzero(varies(one) & varies(two))
    near = naive_in_window(["1"] * len(kept), [1000 * (j + 1) for j in kept], 1000 * WINDOW_KB)
    assert found["SNP"].to_list() == [f"rs{j}" for j in kept]
    x, y = (naive_standardise(calls[kept]) for calls in (one, two))
    cross = ((x @ x.T / 30) * (y @ y.T / 44) * near).sum(axis=1)
    np.testing.assert_allclose(found["L2_1"].to_numpy(), naive_ld_scores(one[kept], near)[:, 0], atol=1e-5)
    np.testing.assert_allclose(found["L2_2"].to_numpy(), naive_ld_scores(two[kept], near)[:, 0], atol=1e-5)
    np.testing.assert_allclose(found["L2_CROSS"].to_numpy(), cross, atol=1e-5)
    known = np.where(two[kept] >= 0, two[kept], np.nan)
    np.testing.assert_allclose(found["FRQ_2"].to_numpy(), np.nanmean(known, axis=1) / 2, rtol=1e-12)
    assert Path(f"{out}.cross.M").read_text() == "\t".join([str(len(kept))] * 3) + "\n"
    kept_table = Study.open(store).read_polars(f"ld_scores/{out.name}")
    np.testing.assert_array_equal(kept_table["L2_CROSS"].to_numpy(), found["L2_CROSS"].to_numpy())
    made = Study.open(store).provenance(f"ld_scores/{out.name}")
    assert [Path(file.name).name for file in made.inputs] == [
        "one.bed", "one.bim", "one.fam", "two.bed", "two.bim", "two.fam",
    ]  # fmt: skip


def test_one_file_with_two_populations(populations: tuple[Path, Path], out: Path) -> None:
    first, _ = populations
    for name, people in (("a", range(14)), ("b", range(14, 30))):
        out.with_name(name).write_text("".join(f"I{i}\n" for i in people))
    keep = ("--keep", out.with_name("a"), "--keep2", out.with_name("b"))
    found = run(out, "--bfile", first, "--bfile2", first, *keep)
    assert found is not None and found.height > 0
    alone = ["ldsc", "--l2", "--bfile", first, "--ld-wind-kb", WINDOW_KB, "--keep", out.with_name("a")]
    extract = out.with_name("snps")
    extract.write_text("\n".join(found["SNP"]))
    assert main([*map(str, alone), "--extract", str(extract), "--out", str(out), "--quiet"]) == 0
    scores = pl.read_csv(f"{out}.l2.ldscore.gz", separator="\t")
    np.testing.assert_allclose(scores["L2"].to_numpy(), found["L2_1"].to_numpy(), atol=1e-5)


def test_listed_variants_alone_are_written(populations: tuple[Path, Path], out: Path) -> None:
    first, second = populations
    whole = run(out, "--bfile", first, "--bfile2", second)
    assert whole is not None
    some = out.with_name("some")
    some.write_text(f"{whole['SNP'][3]}\n{whole['SNP'][7]}\n")
    found = run(out, "--bfile", first, "--bfile2", second, "--print-snps", some, "--overwrite")
    assert found is not None and found.equals(whole[[3, 7]])


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--bfile2", "{two}", "--vcf2", "x"], "--bfile2 and --vcf2 exclude each other"),
        (["--keep2", "x"], "--keep2 goes with a second population"),
        (["--match-by", "id"], "--match_by goes with a second population"),
        (["--bfile2", "{two}", "--annot", "x"], "--annot has no meaning with LD scores of two populations"),
        (["--bfile2", "{two}", "--ldsc-compat"], "--ldsc_compat has no meaning"),
        (["--bfile2", "{one}"], "people are in both populations"),
        (["--bfile2", "{one}.gone"], "one.gone.bed: no such file"),
        (["--bfile2", "{two}", "--ld-wind-kb", "1e6"], "--yes_really"),
    ],
)
def test_refusals(
    populations: tuple[Path, Path], out: Path, capsys: pytest.CaptureFixture[str], flags: list[str], told: str
) -> None:
    first, second = populations
    run(out, "--bfile", first, *(flag.format(one=first, two=second) for flag in flags), status=2)
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert [path.name for path in out.parent.iterdir() if path.suffix != ".log"] == []
