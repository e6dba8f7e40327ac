"""`postgwas coloc plot` and `postgwas finemap --figures`: tables behind figures, refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from finemap.study import N_VARIANTS, Study, ids, make_study

from postgwas.cli.main import main

R2_LEAD = slice(0, N_VARIANTS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("gwas"))


@pytest.fixture(scope="module")
def gtf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("genes") / "genes.gtf"
    said = 'gene_id "G1"; gene_name "ONE";'
    path.write_text(f"chr1\tx\tgene\t1020000\t1040000\t.\t+\t.\t{said}\n")
    return path


@pytest.fixture
def call(out: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run `coloc plot`; gives what it printed on stderr."""

    def run(*arguments: object, status: int = 0) -> str:
        argv = ["coloc", "plot", *arguments, "--out", out, "--quiet"]
        assert main([str(one) for one in argv]) == status, capsys.readouterr().err
        printed = capsys.readouterr().err
        if status:
            errors = [line for line in printed.splitlines() if not line.startswith("warning: ")]
            assert len(errors) == 1
            assert [path.name for path in out.parent.iterdir() if path.suffix != ".log"] == []
        return printed

    return run


def read(path: str) -> pl.DataFrame:
    return pl.read_csv(path, separator="\t", null_values="NA", infer_schema_length=None)


def other_trait(made: Study, folder: Path) -> Path:
    """Half of the variants, other ids, twice as strong."""
    table = pl.read_csv(made.stats, separator="\t")
    path = folder / "other.txt"
    table.gather_every(2).with_columns(pl.format("{}:{}", "CHR", "BP").alias("SNP"), pl.col("P") ** 2).select(
        "SNP", "CHR", "BP", "P"
    ).write_csv(path, separator="\t")
    return path


def test_tables_behind_the_figures(
    made: Study, call: Callable[..., str], out: Path, gtf: Path, tmp_path: Path
) -> None:
    other = other_trait(made, tmp_path)
    call(made.stats, other, "--names", "one", "two", "--region", "1:1-2000000", "--genotypes", made.bed,
         "--gtf", gtf)  # fmt: skip
    table = pl.read_csv(made.stats, separator="\t").filter(pl.col("CHR") == 1)
    behind = read(f"{out}.regional.tsv")
    assert behind["SNPID"].to_list() == table["SNP"].to_list()
    np.testing.assert_allclose(behind["MLOG10P_one"], -np.log10(table["P"]), rtol=1e-6)
    lead = int(np.argmin(table["P"]))
    r = np.corrcoef(made.calls[R2_LEAD].astype(float))[lead]
    np.testing.assert_allclose(behind["R2"], r**2, atol=1e-5)
    pairs = read(f"{out}.locuscompare.tsv")
    assert pairs["SNPID"].to_list() == table["SNP"].to_list()[::2]
    np.testing.assert_allclose(pairs["MLOG10P_two"], 2 * pairs["MLOG10P_one"], rtol=1e-6)
    for name in ("regional", "locuscompare"):
        assert Path(f"{out}.{name}.png").stat().st_size > 5000
        assert "</svg>" in Path(f"{out}.{name}.svg").read_text()


def test_around_a_lead(made: Study, call: Callable[..., str], out: Path) -> None:
    call(made.stats, "--lead", "rs20", "--window", "10000", "--figure_format", "pdf")
    assert read(f"{out}.regional.tsv")["SNPID"].to_list() == [ids(row) for row in range(15, 26)]
    assert Path(f"{out}.regional.pdf").is_file() and not Path(f"{out}.regional.png").exists()


def test_p_values_alone_give_a_scatter(
    made: Study, call: Callable[..., str], out: Path, tmp_path: Path
) -> None:
    """Without places; with LD's variants they have places."""
    bare = tmp_path / "bare.txt"
    pl.read_csv(made.stats, separator="\t").filter(pl.col("CHR") == 1).select(
        pl.col("SNP").alias("rsid"), pl.col("P").alias("pval")
    ).write_csv(bare, separator="\t")
    told = call(bare, bare, "--names", "a", "b", "--figure_format", "png")
    assert "no positions: only pairs of traits can be drawn" in told
    assert not Path(f"{out}.regional.png").exists() and Path(f"{out}.locuscompare.png").is_file()
    call(bare, bare, "--names", "a", "b", "--genotypes", made.bed, "--overwrite", "--figure_format", "png")
    assert read(f"{out}.regional.tsv")["POS"].null_count() == 0


def test_qtls_of_a_gene(made: Study, call: Callable[..., str], out: Path, tmp_path: Path) -> None:
    table = pl.read_csv(made.stats, separator="\t").filter(pl.col("CHR") == 1)
    qtls = tmp_path / "nominal.txt"
    pl.concat(
        [
            table.select(
                pl.lit(gene).alias("phenotype_id"),
                pl.format("chr{}_{}_{}_{}_b38", "CHR", "BP", "A2", "A1").alias("variant_id"),
                (pl.col("P") ** power).alias("pval_nominal"), pl.col("BETA").alias("slope"),
                pl.col("SE").alias("slope_se"),
            )
            for gene, power in (("G1.4", 1.0), ("G2.1", 0.5))
        ]
    ).write_csv(qtls, separator="\t")  # fmt: skip
    call(made.stats, "--qtl", qtls, "--gene", "G2", "--region", "1:1-2000000", "--figure_format", "png")
    behind = read(f"{out}.locuscompare.tsv")
    np.testing.assert_allclose(behind["MLOG10P_G2 nominal"], 0.5 * behind["MLOG10P_gwas"], rtol=1e-6)


def test_sensitivity_of_a_table(call: Callable[..., str], out: Path, tmp_path: Path) -> None:
    names = [f"{kind}.H{number}" for kind in ("prior", "PP") for number in range(5)]
    rows = [[p12, *[0.2] * 5, *[0.2] * 5] for p12 in (1e-8, 1e-6, 1e-4)]
    table = tmp_path / "sensitivity.tsv"
    pl.DataFrame(rows, schema=["p12", *names], orient="row").write_csv(table, separator="\t")
    call("--sensitivity", table, "--figure_format", "png")
    assert read(f"{out}.sensitivity.tsv")["p12"].to_list() == [1e-8, 1e-6, 1e-4]
    pairs = [
        pl.read_csv(table, separator="\t").with_columns(CS1=pl.lit(1), CS2=pl.lit(two)) for two in (1, 2)
    ]
    pl.concat(pairs).write_csv(table, separator="\t")
    call("--sensitivity", table, "--figure_format", "png", "--overwrite")
    for two in (1, 2):
        assert read(f"{out}.sensitivity.1_{two}.tsv")["CS2"].to_list() == [two] * 3
    assert Path(f"{out}.sensitivity.png").stat().st_size > 5000


def test_refusals(made: Study, call: Callable[..., str], tmp_path: Path) -> None:
    stats = made.stats
    assert "nothing to draw" in call(status=2)
    assert "which region? The variants lie on 2 chromosomes" in call(stats, status=2)
    assert "--figure_format bmp: expected png, svg or pdf" in call(stats, "--figure_format", "bmp", status=2)
    assert "two traits are called 'gwas'" in call(stats, stats, status=2)
    assert "--names: 1 names for 2 traits" in call(stats, stats, "--names", "a", status=2)
    assert "--gene: 0 genes for 1 QTL files" in call("--qtl", stats, status=2)
    assert "--lead rs999: no trait has it" in call(stats, "--lead", "rs999", status=2)
    assert "no variants of 9:1-5 with a P-value" in call(stats, "--region", "9:1-5", status=2)
    assert "region '1:9-5': ends before it starts" in call(stats, "--region", "1:9-5", status=2)
    assert "--ld_variants without --ld" in call(stats, "--ld_variants", stats, status=2)
    assert "no such file" in call(tmp_path / "none.txt", status=2)
    nothing = tmp_path / "nothing.txt"
    nothing.write_text("SNP CHR BP\nrs1 1 5\n")
    assert "no P-values" in call(nothing, "--region", "1", status=2)
    assert "no column p12" in call("--sensitivity", stats, status=2)


def test_figures_are_not_replaced(
    made: Study, call: Callable[..., str], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(made.stats, "--lead", "rs20", "--figure_format", "png")
    argv = ["coloc", "plot", made.stats, "--lead", "rs20", "--out", out, "--quiet", "--figure_format", "png"]
    assert main([str(one) for one in argv]) == 2
    assert "already (--overwrite replaces" in capsys.readouterr().err


def test_figures_of_fine_mapped_regions(
    made: Study, out: Path, gtf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [
        "finemap",
        made.stats,
        "--genotypes",
        made.bed,
        "--out",
        out,
        "--quiet",
        "--figures",
        "--figure_format",
        "png",
        "--gtf",
        gtf,
    ]
    assert main([str(one) for one in argv]) == 0
    names = sorted(path.name for path in out.parent.iterdir() if ".finemap." in path.name)
    assert [name.rsplit(".", 1)[1] for name in names] == ["png", "tsv"] * 2
    behind = read(str(out.parent / next(name for name in names if name.endswith(".tsv"))))
    found = read(f"{out}.pip.tsv.gz").filter(pl.col("CHR") == 1)
    np.testing.assert_array_equal(behind["PIP"], found["PIP"])
    lead = int(np.argmax(np.abs(made.z[R2_LEAD])))
    r = np.corrcoef(made.calls[R2_LEAD].astype(float))[lead]
    np.testing.assert_allclose(behind["R2"], r**2, atol=1e-5)
    for ending in (".pip.tsv.gz", ".credible_sets.tsv", ".regions.tsv", ".rejected.tsv.gz"):
        Path(f"{out}{ending}").unlink()
    assert main([str(one) for one in argv]) == 2
    assert "exist already" in capsys.readouterr().err
    assert not Path(f"{out}.pip.tsv.gz").exists()
    assert main([str(one) for one in [one for one in argv if one != "--figures"] + ["--overwrite"]]) == 2
    assert "--gtf without --figures" in capsys.readouterr().err
