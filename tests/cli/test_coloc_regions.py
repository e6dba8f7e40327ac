"""`postgwas coloc abf|susie|signals|hyprcoloc|moloc` from files: figures, alleles, LD, store, refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from coloc.region_files import OWN, SHARED, Files, N, V, ld_flags, make_files, read

from postgwas import coloc, finemap
from postgwas.cli.main import main
from postgwas.store.study import Study


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("coloc"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "run"


Run = Callable[..., Path]


@pytest.fixture
def ran(given: Files, out: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(action: str, *traits: int, more: tuple[object, ...] = ()) -> Path:
        argv = ["coloc", action, *(given.trait(one) for one in traits), "--region", "7:1-1000000", *more]
        assert main([str(one) for one in [*argv, "--out", out, "--quiet"]]) == 0, capsys.readouterr().err
        return out

    return run


def pp(table: pl.DataFrame, row: int = 0) -> list[float]:
    return [table[f"PP.H{number}"][row] for number in range(5)]


def test_abf(given: Files, ran: Run) -> None:
    prefix = ran("abf", 1, 2, more=("--p12", "2e-5", "--sensitivity_p12", "1e-6", "2e-5"))
    told = coloc.abf(given.datasets[0], given.datasets[1], p12=2e-5)
    table = read(prefix, "coloc.tsv")
    np.testing.assert_allclose(pp(table), told.pp, rtol=1e-9)
    np.testing.assert_allclose([table[f"PRIOR.H{h}"][0] for h in range(5)], told.prior, rtol=1e-9)
    assert table["CLPP"][0] == pytest.approx(told.clpp.sum(), rel=1e-9)
    variants = read(prefix, "variants.tsv.gz")
    np.testing.assert_allclose(variants["SNP.PP.H4"], told.snp_pp_h4, rtol=1e-9, atol=1e-300)
    grid = read(prefix, "sensitivity.tsv")
    assert grid["P12"].to_list() == [1e-6, 2e-5] and pp(grid, 1) == pytest.approx(pp(table))
    regions = read(prefix, "regions.tsv")
    assert regions["STATUS"].to_list() == ["ok"] and 10 < regions["N_SWAPPED"][0] < 50


def test_abf_of_z_scores_and_of_missing_variants(given: Files, ran: Run) -> None:
    """Trait 3 has z-scores alone, and 40 of 60 variants; the share of a credible set that it has is told."""
    prefix = ran("abf", 1, 3, more=("--type", "quant", "cc", "--case_fraction", "NA", "0.5"))
    told = coloc.abf(given.datasets[0], given.datasets[2])
    table = read(prefix, "coloc.tsv")
    assert table.select("N_SHARED", "N1", "N2").row(0) == (40, 60, 40)
    np.testing.assert_allclose(pp(table), told.pp, rtol=1e-9)
    assert table["SET1_SHARE_SHARED"][0] == 1
    assert "effects from z-scores" in read(prefix, "regions.tsv")["NOTES"][0]


def test_one_phenotype_of_several(
    given: Files, ran: Run, refused: Callable[..., str], tmp_path: Path
) -> None:
    """Two genes in a file: refused unless one is chosen, and then that gene's figures."""
    one, two = (pl.read_csv(given.trait(number), separator="\t") for number in (1, 2))
    path = tmp_path / "genes.tsv"
    both = pl.concat([two.with_columns(gene=pl.lit("g2")), one.with_columns(gene=pl.lit("g1"))])
    both.write_csv(path, separator="\t")
    region = ("--region", "7:1-1000000")
    told = refused("abf", given.trait(1), path, *region)
    assert "60 rows repeat one of 60 variants, and column gene tells several phenotypes apart" in told
    prefix = ran("abf", 1, 2)
    first = read(prefix, "coloc.tsv")
    argv = ["coloc", "abf", given.trait(1), path, "--only", "-", "gene=g2", *region, "--overwrite", "--quiet"]
    assert main([str(item) for item in [*argv, "--out", prefix]]) == 0
    assert read(prefix, "coloc.tsv").equals(first)


def test_prior_weights(given: Files, ran: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    weights = rng.uniform(0.1, 3, V)
    order = rng.permutation(V)
    lines = [f"rs{row}\t{weights[row]!r}".replace("np.float64(", "").replace(")", "") for row in order]
    path = tmp_path / "weights.tsv"
    path.write_text("SNPID\tWEIGHT\n" + "\n".join(lines) + "\n")
    table = read(ran("abf", 1, 2, more=("--prior_weights", "-", path)), "coloc.tsv")
    told = coloc.abf(given.datasets[0], given.datasets[1], prior_weights2=weights)
    np.testing.assert_allclose(pp(table), told.pp, rtol=1e-9)


def test_susie(given: Files, ran: Run) -> None:
    prefix = ran("susie", 1, 2, more=ld_flags(given))
    fits = [
        finemap.susie_rss(np.asarray(one.beta) / np.asarray(one.se), given.ld, N)
        for one in given.datasets[:2]
    ]
    told = coloc.susie(fits[0], fits[1], given.datasets[0].snp, given.datasets[1].snp)
    table = read(prefix, "coloc.tsv")
    assert table.height == told.pp.shape[0] * told.pp.shape[1] == 2
    best = int(table["PP.H4"].arg_max())  # type: ignore[arg-type]
    np.testing.assert_allclose(max(told.pp[..., 4].ravel()), table["PP.H4"][best], rtol=1e-6)
    assert table["TOP_VARIANT"][best] == f"rs{SHARED}" and table["MARK"][best] == "strong"
    sets = read(prefix, "credible_sets.tsv")
    assert sets["SHARE_SHARED"].to_list() == [1.0] * 3
    assert set(sets.filter(pl.col("TRAIT") == "t2")["LEAD"]) == {f"rs{SHARED}", f"rs{OWN}"}


@pytest.mark.parametrize("method", ["cond", "mask", "single"])
def test_signals(given: Files, ran: Run, method: str) -> None:
    prefix = ran("signals", 1, 2, more=("--method", method, *ld_flags(given)))
    one, two = (
        coloc.Dataset(
            snp=d.snp, beta=d.beta, se=d.se, maf=d.maf, n=N, type="quant", ld=given.ld, sd_y=d.trait_sd
        )
        for d in given.datasets[:2]
    )
    told = coloc.signals(one, two, method=method)  # type: ignore[arg-type]
    table = read(prefix, "coloc.tsv")
    assert table["HIT2"].to_list() == list(told.hit2) and table["HIT1"].to_list() == list(told.hit1)
    for row in range(table.height):
        np.testing.assert_allclose(pp(table, row), told.pp[row], rtol=1e-8, atol=1e-300)


def test_hyprcoloc(given: Files, ran: Run) -> None:
    prefix = ran("hyprcoloc", 1, 2, 3, more=("--type", "quant", "quant", "cc", "--case_fraction", "0.5",
                                             "--similarity"))  # fmt: skip
    parts = [given.datasets[0], given.datasets[1], given.datasets[2]]
    keep = np.arange(10, 50)
    beta = np.stack([np.asarray(d.beta)[keep] if len(d.snp) == V else np.asarray(d.beta) for d in parts], 1)
    se = np.stack([np.asarray(d.se)[keep] if len(d.snp) == V else np.asarray(d.se) for d in parts], 1)
    told = coloc.hyprcoloc(beta, se, binary=[False, False, True], sd_y=[d.trait_sd or 1 for d in parts])
    table = read(prefix, "clusters.tsv")
    assert table["POSTERIOR"].to_list() == pytest.approx([one.posterior for one in told.clusters], rel=1e-8)
    assert table["CANDIDATE_SNP"][0] == f"rs{SHARED}"
    assert read(prefix, "similarity.tsv").height == 3


def test_hyprcoloc_of_correlated_traits(given: Files, ran: Run, tmp_path: Path) -> None:
    matrix = tmp_path / "cor.txt"
    matrix.write_text("1 0.3\n0.3 1\n")
    table = read(ran("hyprcoloc", 1, 2, more=("--trait_cor", matrix, *ld_flags(given))), "clusters.tsv")
    d = given.datasets
    told = coloc.hyprcoloc(
        np.stack([np.asarray(one.beta) for one in d[:2]], 1),
        np.stack([np.asarray(one.se) for one in d[:2]], 1),
        sd_y=[one.trait_sd or 1 for one in d[:2]], trait_cor=[[1, 0.3], [0.3, 1]], ld=given.ld,
    )  # fmt: skip
    assert table["POSTERIOR"][0] == pytest.approx(told.clusters[0].posterior, rel=1e-8)


def test_moloc_and_the_store(given: Files, ran: Run, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    prefix = ran(
        "moloc", 1, 2, 3, more=("--type", "quant", "quant", "cc", "--case_fraction", "0.5", "--counting",
                                "distinct", "--store", store),
    )  # fmt: skip
    told = coloc.moloc(given.datasets, counting="distinct")
    table = read(prefix, "configurations.tsv")
    np.testing.assert_allclose(table["PP"], told.pp, rtol=1e-8, atol=1e-300)
    assert table["CONFIGURATION"].to_list() == list(told.configuration)
    stored = Study.open(store).read_table("coloc/configurations/run")
    np.testing.assert_allclose(stored["PP"], told.pp, rtol=1e-8, atol=1e-300)


def test_results_do_not_depend_on_workers(given: Files, ran: Run, out: Path) -> None:
    regions = ("--region", "7:1-30000,7:15000-45000,7:30000-60000")
    one = ran("abf", 1, 2, more=regions)
    first = read(one, "coloc.tsv")
    second = read(ran("abf", 1, 2, more=(*regions, "--cores", "2", "--overwrite")), "coloc.tsv")
    assert first.equals(second) and first.height == 3


@pytest.fixture
def refused(out: Path, refusal: Callable[..., str]) -> Callable[..., str]:
    """Run what must fail; gives the one line."""

    def run(action: str, *arguments: object) -> str:
        return refusal("coloc", action, *arguments, "--out", out, "--quiet")

    return run


@pytest.mark.parametrize(
    ("action", "traits", "flags", "message"),
    [
        ("abf", (1,), [], "files of summary statistics: 1, expected 2"),
        ("abf", (1, 2, 3), [], "files of summary statistics: 3, expected 2"),
        ("abf", (1, 2), ["--names", "x", "x"], "two traits are called x"),
        ("abf", (1, 2), ["--names", "x"], "--names: 1 names for 2 files"),
        ("abf", (1, 2), ["--sd_y", "one"], "--sd_y one: expected a number, or NA"),
        ("abf", (1, 2), ["--sd_y", "-1"], "--sd_y"),
        ("abf", (1, 2), ["--n", "1", "2", "3"], "--n: 3 values for 2 files"),
        ("abf", (1, 2), ["--p1", "0"], "--p1 = 0: expected a probability between 0 and 1"),
        ("abf", (1, 2), ["--coverage", "2"], "--coverage 2: expected a share between 0 and 1"),
        ("abf", (1, 2), ["--sensitivity_p12", "2"], "--sensitivity_p12 = 2: expected a probability"),
        ("susie", (1, 2), ["--L", "0", "--ld", "x", "--ld_variants", "y"], "L = 0: expected at least one"),
        ("abf", (1, 2), ["--region", "8:1-5000"], "no region has variants of all files"),
        (
            "abf",
            (1, 3),
            ["--type", "cc"],
            "t3.tsv: the share of cases is not known: --case_fraction)",
        ),
        ("abf", (1, 2), ["--only", "gene=x", "-"], "no column gene; columns are CHR, POS"),
        ("abf", (1, 2), ["--only", "CHR=8", "-"], "none of 60 rows has 8 in column CHR"),
        ("abf", (1, 2), ["--only", "CHR", "-"], "--only CHR: expected COLUMN=VALUE"),
        ("susie", (1, 2), [], "SuSiE needs LD (--genotypes FILE, or --ld FILE; or postgwas coloc abf)"),
        ("signals", (1, 2), [], "--method cond needs LD"),
        ("signals", (1, 2), ["--method", "single", "--signal_p", "2"], "p_max = 2"),
        ("hyprcoloc", (1,), [], "1 file of summary statistics: two or more are needed"),
        (
            "hyprcoloc",
            (1, 2),
            ["--regional_threshold", "0.2"],
            "regional_threshold = 0.2: expected 0.5 or more",
        ),
        ("hyprcoloc", (1, 2), ["--reg_steps", "2"], "--reg_steps = 2: only 1 is offered"),
        ("susie", (1, 2), ["--ld2", "x"], "--ld2 is the second trait's LD: which is the first's?"),
        ("susie", (1, 2), ["--ld", "x", "--ld_variants2", "y"], "--ld_variants2 without --ld2"),
        ("hyprcoloc", (1, 2), ["--trait_cor", "x"], "--trait_cor needs LD"),
        (
            "hyprcoloc",
            (1, 2),
            ["--sample_overlap", "x"],
            "--sample_overlap has no meaning without --trait_cor",
        ),
        ("hyprcoloc", (1, 2), ["--genotypes", "x"], "LD is used with correlated traits only"),
        ("moloc", (1,), [], "files of summary statistics: 1, moloc takes two to four"),
        ("moloc", (1, 2), ["--priors", "1e-4"], "--priors: 1 for 2 traits"),
        ("moloc", (1, 2), ["--prior_var", "big"], "--prior_var big: expected numbers, or coloc"),
        ("moloc", (1, 2), ["--prior_var", "0"], "expected variances above 0"),
        ("abf", (1, 2), ["--prior_weights", "x"], "--prior_weights: 1 files for two traits"),
    ],
)
def test_refusals(
    given: Files,
    refused: Callable[..., str],
    action: str,
    traits: tuple[int, ...],
    flags: list[str],
    message: str,
) -> None:
    region = [] if "--region" in flags else ["--region", "7:1-1000000"]
    assert message in refused(action, *(given.trait(one) for one in traits), *region, *flags)


@pytest.mark.parametrize(
    ("action", "flags", "allowed"),
    [
        ("abf", [], True),
        ("signals", ["--method", "mask"], True),
        ("signals", [], False),
        ("susie", [], False),
    ],
)
def test_signs_of_effects_must_be_known_beside_ld(
    given: Files, refused: Callable[..., str], tmp_path: Path, action: str, flags: list[str], allowed: bool,
) -> None:  # fmt: skip
    """Without signs all z-scores would count as positive: credible sets that are not there."""
    table = pl.read_csv(given.trait(1), separator="\t")
    small = pl.Series("P", np.exp(-np.square(table["BETA"] / table["SE"]) / 2))
    path = tmp_path / "unsigned.tsv"
    table.drop("BETA", "SE").with_columns(small).write_csv(path, separator="\t")
    panel = ld_flags(given) if action != "abf" else ()
    arguments = (path, given.trait(2), "--region", "7:1-1000000", *panel, *flags)
    if allowed:
        argv = ["coloc", action, *arguments, "--out", tmp_path / "found", "--quiet"]
        assert main([str(one) for one in argv]) == 0
    else:
        assert "unsigned.tsv: no z-scores: expected Z, or BETA and SE" in refused(action, *arguments)


def test_variants_of_p_zero_are_told_of(given: Files, tmp_path: Path) -> None:
    """They are the strongest, and have no z-score."""
    table = pl.read_csv(given.trait(1), separator="\t")
    p = np.exp(-np.square(table["BETA"] / table["SE"]) / 2).to_numpy().copy()
    p[SHARED] = 0
    path, out = tmp_path / "zero.tsv", tmp_path / "found"
    table.drop("BETA", "SE").with_columns(P=pl.Series(p)).write_csv(path, separator="\t")
    argv = ["coloc", "abf", path, given.trait(2), "--region", "7:1-1000000", "--out", out, "--quiet"]
    assert main([str(one) for one in argv]) == 0
    assert "zero.tsv: 1 variants of P = 0 have no z-score" in Path(f"{out}.log").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("SNPID P\nrs1 1\n", "no column WEIGHT; columns are SNPID, P"),
        ("SNPID WEIGHT\nrs1 -1\n", "line 2: weight -1, expected a number of 0 or more"),
        ("SNPID WEIGHT\nrs1 x\n", "line 2: weight x"),
        ("SNPID WEIGHT\nrs1 1\nrs1 2\n", "line 3: variant 'rs1' occurs twice"),
        ("SNPID WEIGHT\nrs1\n", "line 2: 1 cells, expected 2"),
    ],
)
def test_bad_weights(
    given: Files, refused: Callable[..., str], tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "weights.tsv"
    path.write_text(text)
    told = refused(
        "abf", given.trait(1), given.trait(2), "--region", "7:1-1000000", "--prior_weights", path, "-"
    )
    assert message in told


def test_results_are_not_overwritten(given: Files, ran: Run, capsys: pytest.CaptureFixture[str]) -> None:
    prefix = ran("abf", 1, 2)
    before = Path(f"{prefix}.coloc.tsv").read_bytes()
    argv = ["coloc", "abf", given.trait(1), given.trait(2), "--region", "7:1-1000000", "--out", str(prefix)]
    assert main([*argv, "--quiet"]) == 2
    assert "already" in capsys.readouterr().err
    assert Path(f"{prefix}.coloc.tsv").read_bytes() == before
