"""``postgwas genotypes pca|project|fst|grm|ancestry``: what they write, and what they refuse in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.structured import write_structured

from postgwas.cli.main import main
from postgwas.store.study import Study

Refused = Callable[..., str]


def left_behind(folder: Path) -> dict[str, bytes]:
    """Every file but the log, with its content."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".log")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def plink(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return write_structured(tmp_path / "in" / "sim")


def called(action: str, plink: Path, out: Path, *arguments: object) -> int:
    """With the genotypes and, where they are needed, the groups."""
    argv = ["genotypes", action, "--out", out, "--quiet", *arguments]
    if action != "ancestry" and "--genotypes" not in arguments:
        argv += ["--genotypes", plink]
    if action == "fst" and "--groups" not in arguments:
        argv += ["--groups", f"{plink}.groups"]
    return main(list(map(str, argv)))


@pytest.fixture
def refused(plink: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    def run(action: str, *arguments: object) -> str:
        before = left_behind(out.parent)
        assert called(action, plink, out, *arguments) == 2
        captured = capsys.readouterr()
        (line,) = [text for text in captured.err.splitlines() if not text.startswith("warning: ")]
        assert line.startswith("postgwas: error: ") and captured.out == ""
        assert left_behind(out.parent) == before
        return line

    return run


def test_from_axes_to_ancestry(plink: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fit on some, project the others, tell their groups; all of it into one store."""
    new = out.parent / "new.txt"
    new.write_text("".join(f"I{i}\n" for i in range(0, 45, 5)))
    store = ("--store", f"{out}.h5", "--figures", "--groups", f"{plink}.groups")
    assert called("pca", plink, out, "--n-axes", 3, "--remove", new, *store) == 0
    assert "axes rest on 299 variants" in capsys.readouterr().err.replace("300", "299")
    endings = (".eigenvec", ".eigenval", ".loadings.tsv.gz", ".pca_samples.tsv", ".pca.png", ".scree.png")
    assert all(Path(f"{out}{ending}").stat().st_size for ending in endings)
    eigenvec = pl.read_csv(f"{out}.eigenvec", separator="\t")
    assert eigenvec.columns == ["#FID", "IID", "PC1", "PC2", "PC3"] and eigenvec.height == 36
    samples = pl.read_csv(f"{out}.pca_samples.tsv", separator="\t")
    assert samples["GROUP"].value_counts().sort("GROUP")["count"].to_list() == [16, 12, 8]
    axes = ("--loadings", f"{out}.loadings.tsv.gz")
    assert called("project", plink, out, "--keep", new, "--unshrink", *axes, *store) == 0
    tables = ("--scores", f"{out}.projected.tsv", "--reference", f"{out}.eigenvec")
    assert called("ancestry", plink, out, *tables, *store, "--least-probability", 0.5) == 0
    found = pl.read_csv(f"{out}.ancestry.tsv", separator="\t")
    assert found["GROUP"].to_list() == ["G0"] * 4 + ["G1"] * 3 + ["G2"] * 2
    study = Study.open(f"{out}.h5")
    assert [entry.key for entry in study.ls()] == [
        f"genotypes/{kind}/run" for kind in ("ancestry", "pca", "pca_loadings", "projected")
    ]
    assert study.provenance("genotypes/pca/run").dropped["not on an autosome"] == 0
    assert np.allclose(study.read_polars("genotypes/pca/run")["PC1"], eigenvec["PC1"])


def test_fst_and_relationships(plink: Path, out: Path) -> None:
    store = ("--store", f"{out}.h5")
    assert called("fst", plink, out, "--by-variant", "--figures", "--method", "wc", *store) == 0
    table = pl.read_csv(f"{out}.fst.tsv", separator="\t", null_values="NA")
    assert table.columns == ["GROUP1", "GROUP2", "N1", "N2", "N_VARIANTS", "FST", "SE"]
    single = pl.read_csv(f"{out}.fst.var.tsv.gz", separator="\t", null_values="NA")
    assert single.height == 300 and "G0:rest" in single.columns
    assert Path(f"{out}.fst.png").stat().st_size and Path(f"{out}.fst_genome.png").stat().st_size
    assert called("grm", plink, out, *store) == 0
    matrix = np.loadtxt(f"{out}.rel")
    kept = Study.open(f"{out}.h5").read_arrays("genotypes/grm/run")
    assert np.array_equal(matrix, kept["values"]) and np.array_equal(matrix, matrix.T)


@pytest.mark.parametrize(
    ("action", "flags", "told"),
    [
        ("pca", ["--n-axes", "0"], "--n_axes 0: expected at least 1"),
        ("pca", ["--n-axes", "45"], "45 axes of 45 samples: expected fewer axes than samples"),
        ("pca", ["--n-axes", "5", "--region", "1:1000-4000"], "5 axes of 4 variants that vary"),
        ("pca", ["--outlier-sd", "-1"], "--outlier_sd -1: expected a number above 0"),
        ("pca", ["--missing", "pairwise", "--method", "randomised"], "--missing pairwise needs the whole"),
        ("pca", ["--fit-keep", "gone"], "gone: no such file"),
        ("pca", ["--chr", "X"], "nothing on chromosome X"),
        ("pca", ["--genotypes", "gone"], "gone: no genotypes found"),
        ("pca", ["--groups", "gone"], "gone: no such file"),
        ("project", ["--loadings", "gone"], "gone: no such file"),
        ("fst", ["--compare", "trios"], "--compare trios: expected some of all, pairs, rest"),
        ("fst", ["--n-blocks", "1"], "--n_blocks 1: expected at least 2"),
        ("fst", ["--least-samples", "30"], "F_ST needs two groups of at least 30 samples; found none"),
        ("fst", ["--group-column", "POP"], "no column 'POP'; it has IID, GROUP"),
        ("fst", ["--keep", "gone"], "gone: no such file"),
        ("grm", ["--maf-min", "0.7"], "--maf_min 0.7"),
        ("ancestry", ["--scores", "a", "--reference", "b", "--groups", "c"], "a: no such file"),
        (
            "ancestry",
            ["--scores", "a", "--reference", "b", "--groups", "c", "--furthest", "2"],
            "--furthest 2: expected 0 to 1",
        ),
    ],
)
def test_flags(refused: Refused, action: str, flags: list[str], told: str) -> None:
    assert told in refused(action, *flags)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("#IID GROUP\nnobody EUR\n", "gives a group to none of the 45 samples (such as 'I0')"),
        ("#IID GROUP\nI0 A\nI0 B\nI1 A\n", "sample 'I0' has two groups, A and another"),
        ("#IID GROUP\n" + "".join(f"I{i} A\n" for i in range(45)), "found only 'A'"),
        ("#IID POP SUPERPOP\nI0 A B\n", "cannot tell the column of groups among POP, SUPERPOP"),
        ("I0\nI1\n", "no header with IID in line 1, and 1 columns"),
        ("#IID GROUP\nI0\n", "line 2: 1 columns found, expected 2"),
        ("#IID GROUP\n", "no samples below the header"),
        ("", "the file is empty"),
    ],
)
def test_groups(refused: Refused, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "groups.txt"
    path.write_text(text)
    assert told in refused("fst", "--groups", path)


def test_samples_without_a_group_are_counted_and_named(
    plink: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "groups.txt"
    path.write_text("".join(f"I{i} {'AB'[i % 2]}\n" for i in range(40)) + "I40 NA\n")
    assert called("fst", plink, out, "--groups", path) == 0
    assert "no group for 5 of 45 samples (I40, I41, I42, ...)" in capsys.readouterr().err
    assert pl.read_csv(f"{out}.fst.tsv", separator="\t")["N1"].to_list() == [20]


def test_loadings_of_other_variants(plink: Path, out: Path, refused: Refused) -> None:
    assert called("pca", plink, out, "--n-axes", 2) == 0
    bim = plink.with_suffix(".bim")
    lines = [line.split("\t") for line in bim.read_text().splitlines()]
    for line in lines[100:]:
        line[1] = f"{line[1]}_b38"
    bim.write_text("".join("\t".join(line) + "\n" for line in lines))
    told = refused("project", "--loadings", f"{out}.loadings.tsv.gz", "--overwrite")
    assert "has 100 of " in told and "expected at least 50 %" in told and "--match_by position" in told


def test_nothing_is_replaced_unasked(plink: Path, out: Path, refused: Refused) -> None:
    store = ("--store", f"{out}.h5", "--n-axes", 2)
    assert called("pca", plink, out, *store) == 0
    before = Path(f"{out}.eigenvec").read_bytes()
    assert "exist already (--overwrite replaces; or give another --out)" in refused("pca", *store)
    for ending in (".eigenvec", ".eigenval", ".loadings.tsv.gz", ".pca_samples.tsv"):
        Path(f"{out}{ending}").unlink()
    assert "genotypes/pca/run exists already" in refused("pca", *store)
    assert called("pca", plink, out, *store, "--overwrite") == 0
    assert Path(f"{out}.eigenvec").read_bytes() == before


def test_a_write_that_fails_leaves_no_file(
    plink: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("postgwas.genotypes.write_pca.write_loadings", full)
    assert "No space left on device" in refused("pca")


def test_fst_of_variants_that_do_not_vary(refused: Refused, plink: Path) -> None:
    bed = Path(f"{plink}.bed")
    content = bed.read_bytes()
    bed.write_bytes(content[:3] + b"\xff" * (len(content) - 3))
    assert "variants varies in the groups" in refused("fst")
