"""`postgwas eqtl plot`: each figure from what it needs, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from qtl.study import QtlStudy
from qtl.test_sharing import Groups

from postgwas import qtl
from postgwas.cli.main import main
from postgwas.errors import InputError
from postgwas.qtl.draw_genotypes import draw_genotypes


def leads(folder: Path, name: str = "leads.tsv", *, scale: float = 1.0) -> Path:
    rng = np.random.default_rng(1)
    p = 10.0 ** -rng.uniform(0, 12, 40)
    frame = pl.DataFrame(
        {
            "phenotype_id": [f"g{i}" for i in range(40)], "variant_id": [f"rs{14 + i}" for i in range(40)],
            "start_distance": rng.integers(-1_000_000, 1_000_000, 40), "pval_nominal": p,
            "slope": rng.normal(size=40), "pval_beta": np.minimum(50 * p, 1),
            "qval": np.minimum(scale * 60 * p, 1),
        }
    )  # fmt: skip
    frame.write_csv(folder / name, separator="\t")
    return folder / name


@pytest.fixture
def drawn(out: Path):
    def run(*argv: object) -> set[str]:
        assert main(["eqtl", "plot", *map(str, argv), "--out", str(out), "--quiet"]) == 0
        return {path.name.removeprefix("run.") for path in out.parent.iterdir() if path.suffix != ".log"}

    return run


def test_figures_of_leads_and_pairs(tmp_path: Path, drawn) -> None:
    file = leads(tmp_path)
    pairs = Groups().nominal["a"]
    pairs.write_parquet(tmp_path / "pairs.parquet")
    made = drawn("--leads", file, "--nominal", tmp_path / "pairs.parquet", "--figure_format", "png", "svg")
    assert made == {f"{name}.{form}" for name in ("qq", "tss_distance", "volcano") for form in ("png", "svg")}


def test_fold_changes_are_the_volcanos_effects(tmp_path: Path, drawn, out: Path) -> None:
    file = leads(tmp_path)
    table = pl.read_csv(file, separator="\t")
    table.select("phenotype_id", "variant_id", log2_aFC=pl.col("slope") / 2).write_csv(
        tmp_path / "afc.tsv", separator="\t"
    )
    drawn("--leads", file, "--figure_format", "svg")
    plain = Path(f"{out}.volcano.svg").read_text()
    drawn("--leads", file, "--afc", tmp_path / "afc.tsv", "--figure_format", "svg", "--overwrite")
    assert plain != Path(f"{out}.volcano.svg").read_text()


def test_factors_of_permutations_or_of_expression_peer(tmp_path: Path, drawn, out: Path) -> None:
    few, many = leads(tmp_path, "few.tsv", scale=1e6), leads(tmp_path, "many.tsv")
    assert drawn("--factors", f"0={few}", f"10={many}") == {"factors.png"}
    log = Path(f"{out}.log").read_text()
    counts = [int(line.split()[-2]) for line in log.splitlines() if line.endswith("eGenes")]
    assert 0 < counts[0] < counts[1]
    table = tmp_path / "number.tsv"
    table.write_text("N_FACTORS\tN_DISCOVERIES\tCHOSEN\n0\t5\tfalse\n10\t9\ttrue\n")
    drawn("--factors", table, "--overwrite")


def test_sharing(tmp_path: Path, drawn) -> None:
    groups = Groups()
    qtl.group_sharing(groups.leads, groups.nominal, str(tmp_path / "s"), quiet=True)
    made = drawn(
        "--sharing", tmp_path / "s.sharing.tsv.gz", "--sharing_effects", tmp_path / "s.sharing_effects.tsv.gz"
    )
    assert made == {"sharing.png", "effects.png"}


def test_expression_by_genotype(tmp_path: Path, drawn) -> None:
    study = QtlStudy()
    genotypes, phenotypes, covariates = study.write(tmp_path)
    names = [line.split()[1] for line in Path(f"{tmp_path}/geno.bim").read_text().splitlines()]
    argv = ["--genotypes", genotypes, "--phenotypes", phenotypes]
    assert drawn(*argv, "--pair", "g0", names[14]) == {f"genotype.g0.{names[14]}.png"}
    file = leads(tmp_path)
    frame = pl.read_csv(file, separator="\t").head(9)
    frame.with_columns(variant_id=pl.Series(names[:9]), qval=pl.lit(0.01)).write_csv(file, separator="\t")
    made = drawn(*argv, "--covariates", covariates, "--leads", file, "--n_leads", 2, "--overwrite")
    assert sum(name.startswith("genotype.") for name in made) == 3  # the first one is still there


def test_of_variants_of_one_name_the_lead_is_drawn(tmp_path: Path) -> None:
    """Alleles of one place share their rsID; the one of the lead's alleles is drawn, or none."""
    genotypes, phenotypes, _ = QtlStudy().write(tmp_path)
    bim = Path(f"{tmp_path}/geno.bim")
    lines = [line.split() for line in bim.read_text().splitlines()]
    for row, effect in ((13, "G"), (14, "T"), (15, "C")):
        lines[row][4:] = [effect, "A"]

    def boxes(variant: str, lead: pl.DataFrame | None) -> list[list[float]]:
        bim.write_text("\n".join("\t".join(line) for line in lines) + "\n")
        data = qtl.load_inputs(genotypes, phenotypes, cis=False)
        (figure,) = draw_genotypes(data, [("g0", variant)], lead).values()
        return [line.get_ydata().tolist() for line in figure.axes[0].lines]

    alone = boxes(lines[14][1], None)
    for row in (13, 14, 15):
        lines[row][1] = "rs_same"
    pair = {"phenotype_id": "g0", "variant_id": "rs_same"}
    for effect, same in (("T", True), ("G", False)):
        lead = pl.DataFrame([{**pair, "effect_allele": effect, "other_allele": "A"}])
        assert (boxes("rs_same", lead) == alone) is same
    with pytest.raises(InputError, match="3 variants of the genotypes are called rs_same"):
        boxes("rs_same", None)


def test_bad_input_is_told(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = leads(tmp_path)

    def line(*more: object) -> str:
        assert main(["eqtl", "plot", *map(str, more), "--out", str(out), "--quiet"]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("postgwas: error: "), lines
        assert [path.name for path in out.parent.iterdir() if path.suffix != ".log"] == []
        return lines[0]

    assert "nothing to draw" in line()
    assert "--afc without --leads" in line("--afc", file, "--nominal", file)
    assert "needs both --genotypes and --phenotypes" in line("--leads", file, "--genotypes", "x")
    assert "--pair needs --genotypes" in line("--pair", "g", "v")
    assert "which variants are drawn?" in line("--genotypes", "x", "--phenotypes", "y", "--nominal", file)
    assert "--maf_min is of no effect" in line("--leads", file, "--maf_min", 0.1)
    assert "--fdr 7" in line("--leads", file, "--fdr", 7)
    assert "--n_leads -1" in line("--leads", file, "--n_leads", -1)
    assert "expected a number of factors" in line("--factors", f"x={file}", f"1={file}")
    bare = tmp_path / "bare.tsv"
    bare.write_text("gene_id\tvariant_id\ng\tv\n")
    assert "no column mlog10p or pval_nominal" in line("--leads", bare)
    assert "no column N_FACTORS" in line("--factors", bare)
    assert "no column qval" in line("--factors", f"1={bare}", f"2={bare}")
    assert "no column discovery" in line("--sharing", bare)
    assert "no column found_in" in line("--sharing_effects", bare)
    afc = tmp_path / "afc.tsv"
    afc.write_text("gene_id\tvariant_id\tlog2_aFC\nzz\tv\t1\n")
    assert "none of the leads' pairs is in it" in line("--leads", file, "--afc", afc)
    genotypes, phenotypes, _ = QtlStudy().write(tmp_path)
    given = ["--genotypes", genotypes, "--phenotypes", phenotypes]
    assert "the phenotypes have no zz" in line(*given, "--pair", "zz", "v")
    assert "the genotypes have no zz" in line(*given, "--pair", "g0", "zz")


def test_figures_are_not_replaced(tmp_path: Path, out: Path, drawn) -> None:
    file = leads(tmp_path)
    drawn("--leads", file)
    before = Path(f"{out}.qq.png").stat().st_mtime_ns
    assert main(["eqtl", "plot", "--leads", str(file), "--out", str(out), "--quiet"]) == 2
    assert Path(f"{out}.qq.png").stat().st_mtime_ns == before
