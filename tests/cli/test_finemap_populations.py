"""`postgwas finemap A,B`: several populations together, each with its LD."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from finemap.simulated import genotypes
from finemap.study import z_scores
from genotypes.plink1_files import write_plink1

from postgwas.cli.main import main
from postgwas.finemap import susie_multi_rss
from postgwas.store.study import Study as Store

SIZES = {"EUR": 400, "AFR": 300}
P, CAUSAL = 120, 25
PLACES = [1_000_000 + 1000 * row for row in range(P)]
ALLELES = [("A", "G") if row % 2 else ("C", "T") for row in range(P)]


class Made:
    """Files of both populations, and the numbers behind them; AFR's file counts the other alleles."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(5)
        self.z, self.r, self.files, self.beds = [], [], [], []
        for name, n in SIZES.items():
            x = genotypes(rng, n, P).T
            y = (0.5 if name == "EUR" else 0.9) * x[CAUSAL] + rng.normal(size=n)
            beta, se = z_scores(x, y)
            self.z.append(beta / se)
            self.r.append(np.corrcoef(x))
            ids = [f"rs{row}" for row in range(P)]
            self.beds.append(
                write_plink1(
                    folder / name, x.astype(np.int8), chromosomes=["1"] * P, positions=PLACES,
                    alleles=ALLELES, ids=ids,
                )
            )  # fmt: skip
            turn = name == "AFR"
            lines = ["SNP\tCHR\tBP\tA1\tA2\tBETA\tSE"]
            for row in range(P):
                one, other = ALLELES[row][::-1] if turn else ALLELES[row]
                effect = -beta[row] if turn else beta[row]
                lines.append(f"rs{row}\t1\t{PLACES[row]}\t{one}\t{other}\t{effect}\t{se[row]}")
            path = folder / f"{name}.gwas.txt"
            path.write_text("\n".join(lines) + "\n")
            self.files.append(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("populations"))


@pytest.fixture
def call(made: Made, out: Path) -> Callable[..., list[str]]:
    def arguments(*more: object, files: list[Path] | None = None, beds: object = None) -> list[str]:
        both = ",".join(str(one) for one in files or made.files)
        genotypes = beds or ",".join(str(one) for one in made.beds)
        argv = ["finemap", both, "--genotypes", genotypes, "--n", "400,300", "--region", "1:1-2000000"]
        return [str(one) for one in (*argv, "--out", out, "--quiet", *more)]

    return arguments


def read(prefix: Path, ending: str) -> pl.DataFrame:
    return pl.read_csv(f"{prefix}{ending}", separator="\t", null_values="NA", infer_schema_length=None)


def test_as_on_arrays_whatever_alleles_the_files_count(
    made: Made, call: Callable[..., list[str]], out: Path
) -> None:
    assert main(call("--names", "EUR,AFR")) == 0
    fit = susie_multi_rss(made.z, made.r, [400, 300])
    found = read(out, ".pip.tsv.gz")
    np.testing.assert_allclose(found["PIP"], fit.pip, atol=2e-5)
    for k, name in enumerate(SIZES):
        np.testing.assert_allclose(found[f"Z_{name}"], made.z[k], rtol=1e-9)
        np.testing.assert_allclose(found[f"EFFECT_{name}"], fit.coefficients[k], atol=1e-4)
    sets = read(out, ".credible_sets.tsv")
    assert sets["VARIANTS"].to_list() == [
        ",".join(f"rs{row}" for row in one.variants) for one in fit.credible_sets
    ]
    assert f"rs{CAUSAL}" in sets["VARIANTS"][0].split(",")
    assert {"EFFECT_EUR", "PRIOR_SD_AFR", "CORRELATION_EUR_AFR"} <= set(sets.columns)
    told = read(out, ".populations.tsv")
    assert told.select("POPULATION", "N", "N_VARIANTS").rows() == [("EUR", 400, P), ("AFR", 300, P)]


def test_variants_that_one_population_lacks(
    made: Made, call: Callable[..., list[str]], out: Path, tmp_path: Path
) -> None:
    """Left out; or kept, and then the population that lacks them says nothing of them."""
    table = pl.read_csv(made.files[1], separator="\t")
    less = tmp_path / "AFR.gwas.txt"
    gone = [3, CAUSAL, 40]
    table.filter(~pl.col("SNP").is_in([f"rs{row}" for row in gone])).write_csv(less, separator="\t")
    files = [made.files[0], less]
    assert main(call(files=files)) == 0
    assert read(out, ".pip.tsv.gz").height == P - 3
    rejected = read(out, ".rejected.tsv.gz")
    assert rejected["REASON"].unique().to_list() == ["not_in_all_populations"]
    assert rejected["SNPID"].to_list() == [f"rs{row}" for row in gone]
    assert main(call("--variants_in", "any", "--overwrite", files=files)) == 0
    kept = np.delete(np.arange(P), gone)
    fit = susie_multi_rss(
        [made.z[0], made.z[1][kept]], [made.r[0], made.r[1][np.ix_(kept, kept)]], [400, 300],
        present=[np.arange(P), kept],
    )  # fmt: skip
    found = read(out, ".pip.tsv.gz")
    np.testing.assert_allclose(found["PIP"], fit.pip, atol=2e-5)
    assert found["EFFECT_AFR.gwas"].is_null().to_list() == [row in gone for row in range(P)]


def test_a_variant_that_no_population_lacks_is_as_before(made: Made) -> None:
    """`present` of all variants is the fit without it."""
    every = [np.arange(P)] * 2
    one = susie_multi_rss(made.z, made.r, [400, 300], present=every)
    other = susie_multi_rss(made.z, made.r, [400, 300])
    np.testing.assert_allclose(one.pip, other.pip, atol=1e-9)


def test_store_kept_ld_and_workers(
    made: Made, call: Callable[..., list[str]], out: Path, tmp_path: Path
) -> None:
    assert main(call()) == 0
    plain = Path(f"{out}.pip.tsv.gz").read_bytes()
    store = tmp_path / "study.h5"
    for more in ((), ("--cores", "2")):
        assert main(call("--store", store, "--keep_ld", "--overwrite", *more)) == 0
        assert Path(f"{out}.pip.tsv.gz").read_bytes() == plain
    held = [entry.key for entry in Store.open(store).ls()]
    assert "finemap/populations/run" in held and "finemap/log_bf/run" in held
    assert len([key for key in held if key.startswith("finemap/ld/")]) == 2


def test_refusals(
    made: Made, call: Callable[..., list[str]], capsys: pytest.CaptureFixture[str], out: Path, tmp_path: Path
) -> None:
    def refused(*more: object, **given: object) -> str:
        assert main(call(*more, **given)) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        assert [path.name for path in out.parent.iterdir() if path.suffix != ".log"] == []
        return lines[0]

    assert "--n: 3 values for 2 files" in refused("--n", "1,2,3")
    assert "--n x: expected a number" in refused("--n", "x,3")
    assert "2 populations need LD of their own" in refused(beds=made.beds[0])
    assert "--names: 1 names for 2 files" in refused("--names", "A")
    assert "two populations are called 'A'" in refused("--names", "A,A")
    assert "--method abf takes one population" in refused("--method", "abf")
    assert "--refine is not there for several populations" in refused("--refine")
    assert "--null_weight is not there" in refused("--null_weight", "0.1")
    assert "--prior_correlation 2: expected -1 to 1" in refused("--prior_correlation", "2")
    moved = tmp_path / "moved.txt"
    table = pl.read_csv(made.files[1], separator="\t")
    table.with_columns(pl.col("BP") + 50_000).write_csv(moved, separator="\t")
    assert "another build than" in refused(files=[made.files[0], moved])
    signs = np.where(np.random.default_rng(1).random(P) < 0.5, -1.0, 1.0)
    wrong = tmp_path / "wrong.txt"
    table.with_columns(pl.col("BETA") * pl.Series(signs)).write_csv(wrong, separator="\t")
    told = refused("--names", "EUR,AFR", files=[made.files[0], wrong])
    assert re.search(r"population AFR: signs of z-scores and LD agree in \d\d %", told)


@pytest.mark.requires_shared
def test_sushie_locus(shared: Path, out: Path, tmp_path: Path) -> None:
    """SuShiE 0.20's own locus from its GWAS files: its two sets and, to 5e-3, its effects.

    See tests/validation/sushie: weights there are of people, here of z-scores and covariate-adjusted LD.
    """
    folder = shared / "realdata" / "sushie_3anc_locus"
    names = ("EUR", "EAS", "AFR")
    covariates = []
    for name in names:
        path = tmp_path / f"{name}.cov"
        path.write_text("IID\tC1\tC2\n" + (folder / f"{name}.covar").read_text())
        covariates.append(str(path))

    def listed(ending: str) -> str:
        return ",".join(f"{folder / name}{ending}" for name in names)

    argv = [
        "finemap", listed(".gwas"), "--genotypes", listed(".bed"), "--covariates", ",".join(covariates),
        "--n", "489,481,639", "--region", "1", "--out", str(out), "--quiet",
    ]  # fmt: skip
    assert main(argv) == 0
    sets = read(out, ".credible_sets.tsv").sort("LEAD")
    assert sets["VARIANTS"].to_list() == ["rs10914958", "rs1886340"]
    effects = sets.select("EFFECT_EUR", "EFFECT_EAS", "EFFECT_AFR").to_numpy()
    expected = [[-0.19409064, -0.65983759, -0.41746212], [0.69378131, 0.30804712, 0.68581842]]
    sign = np.where(sets["EA"].to_numpy() == "G", 1.0, -1.0)[:, None]
    np.testing.assert_allclose(sign * effects, expected, atol=5e-3)
