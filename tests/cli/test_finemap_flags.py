"""Every flag of `postgwas finemap` reaches the fit: the command against the functions on arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from finemap.study import N_PEOPLE, N_VARIANTS, Study, ids, make_study, place
from genotypes.plink1_files import write_plink1

from postgwas.cli.main import main
from postgwas.finemap import estimate_sd_y, log_abf, log_abf_from_p, single_causal, susie_rss

FIRST = slice(0, N_VARIANTS)
REGION = ("--region", "1:1-2000000")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("gwas"))


@pytest.fixture
def finemapped(made: Study, out: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., pl.DataFrame]:
    """Run the command on the first region; gives a table."""

    def run(
        *more: object, stats: Path | None = None, ld: bool = True, ending: str = ".pip.tsv.gz"
    ) -> pl.DataFrame:
        argv = ["finemap", stats or made.stats, *REGION, *more, "--out", out, "--quiet", "--overwrite"]
        argv += ["--genotypes", made.bed] if ld else []
        assert main([str(one) for one in argv]) == 0, capsys.readouterr().err
        return read(out, ending)

    return run


def read(out: Path, ending: str) -> pl.DataFrame:
    return pl.read_csv(f"{out}{ending}", separator="\t", null_values="NA", infer_schema_length=None)


@pytest.mark.parametrize(
    ("flags", "arguments"),
    [
        (("--L", 1), {"L": 1}),
        (("--coverage", 0.5), {"coverage": 0.5}),
        (("--min_abs_corr", 0.99), {"min_abs_corr": 0.99}),
        (("--max_iter", 2), {"max_iter": 2}),
        (("--tol", 1e-8), {"tol": 1e-8}),
        (("--refine",), {"refine": True}),
        (("--estimate_residual_variance",), {"estimate_residual_variance": True}),
        (("--prior_method", "EM"), {"estimate_prior_method": "EM"}),
        (
            ("--prior_method", "simple", "--scaled_prior_variance", 0.01),
            {"estimate_prior_method": "simple", "scaled_prior_variance": 0.01},
        ),
        (("--null_weight", 0.5), {"null_weight": 0.5}),
        (("--n", 5000), {"n": 5000}),
    ],
)
def test_flags_of_susie(
    made: Study, finemapped: Callable[..., pl.DataFrame], flags: tuple[object, ...], arguments: dict[str, Any]
) -> None:
    r = np.corrcoef(made.calls[FIRST].astype(float))
    given = {"n": N_PEOPLE, **arguments}
    fit = susie_rss(made.z[FIRST], r, given.pop("n"), **given)
    found = finemapped(*flags)
    np.testing.assert_allclose(found["PIP"], fit.pip, atol=5e-5)
    sets = finemapped(*flags, ending=".credible_sets.tsv")
    told = [set(str(text).split(",")) for text in sets["VARIANTS"].to_list()]
    assert told == [{ids(row) for row in one.variants} for one in fit.credible_sets]
    regions = finemapped(*flags, ending=".regions.tsv")
    assert regions["STATUS"][0] == ("ok" if fit.converged else "not_converged")
    assert regions["N_ITER"][0] == fit.n_iter
    assert regions["RESIDUAL_VARIANCE"][0] == pytest.approx(fit.sigma2, abs=1e-4)


def test_cases_and_controls_give_n(finemapped: Callable[..., pl.DataFrame]) -> None:
    regions = finemapped("--n_cases", 100, "--n_controls", 300, ending=".regions.tsv")
    assert regions["N"][0] == pytest.approx(4 / (1 / 100 + 1 / 300))


def test_names_of_columns(made: Study, finemapped: Callable[..., pl.DataFrame], tmp_path: Path) -> None:
    before = finemapped()
    table = pl.read_csv(made.stats, separator="\t")
    names = {"SNP": "a", "CHR": "b", "BP": "c", "A1": "d", "A2": "e", "BETA": "f", "SE": "g", "N": "h"}
    path = tmp_path / "odd.txt"
    table.drop("P").rename(names).write_csv(path, separator="\t")
    flags = []
    for flag, name in zip(("snpid", "chr", "pos", "ea", "nea", "beta", "se", "n"), "abcdefgh"):
        flags += [f"--{flag}_name", name]
    found = finemapped(*flags, stats=path)
    np.testing.assert_array_equal(found["PIP"], before["PIP"])
    assert found["SNPID"].to_list() == before["SNPID"].to_list()
    z = table.with_columns((pl.col("BETA") / pl.col("SE")).alias("score")).drop("BETA", "SE", "P")
    z.write_csv(path, separator="\t")
    np.testing.assert_allclose(finemapped("--z_name", "score", stats=path)["PIP"], before["PIP"], atol=1e-6)


def test_which_people_and_variants_ld_is_of(
    made: Study, finemapped: Callable[..., pl.DataFrame], tmp_path: Path
) -> None:
    people = [line.split()[1] for line in Path(f"{made.bed}.fam").read_text().splitlines()]
    listed = tmp_path / "people.txt"
    listed.write_text("".join(f"{name}\n" for name in people[:300]))
    r = np.corrcoef(made.calls[FIRST, :300].astype(float))
    kept = finemapped("--keep", listed)
    np.testing.assert_allclose(kept["PIP"], susie_rss(made.z[FIRST], r, N_PEOPLE).pip, atol=5e-5)
    listed.write_text("".join(f"{name}\n" for name in people[300:]))
    np.testing.assert_array_equal(finemapped("--remove", listed)["PIP"], kept["PIP"])
    some = tmp_path / "variants.txt"
    some.write_text("".join(f"{ids(row)}\n" for row in range(0, N_VARIANTS, 2)))
    even = finemapped("--extract", some)["SNPID"].to_list()
    assert set(even) == {ids(row) for row in range(0, N_VARIANTS, 2)}
    assert set(finemapped("--exclude", some)["SNPID"]) == {ids(row) for row in range(1, N_VARIANTS, 2)}
    share = made.calls[FIRST].mean(axis=1) / 2
    common = {ids(row) for row in np.flatnonzero(np.minimum(share, 1 - share) >= 0.3)}
    assert set(finemapped("--maf_min", 0.3)["SNPID"]) == common and 0 < len(common) < N_VARIANTS
    holes = made.calls.copy()
    holes[3, :50] = -9
    rows = range(len(holes))
    bed = write_plink1(
        tmp_path / "holes", holes, ids=[ids(row) for row in rows],
        chromosomes=[place(row)[0] for row in rows], positions=[place(row)[1] for row in rows],
        alleles=[("A", "G") if row % 2 else ("C", "T") for row in rows],
    )  # fmt: skip
    found = finemapped("--max_missing", 0.05, "--genotypes", bed, ld=False)["SNPID"].to_list()
    assert set(found) == {ids(row) for row in range(N_VARIANTS)} - {ids(3)}


def test_sentinels_windows_and_distances(made: Study, out: Path) -> None:
    def regions(*more: object) -> pl.DataFrame:
        argv = ["finemap", made.stats, "--genotypes", made.bed, "--out", out, "--quiet", "--overwrite", *more]
        assert main([str(one) for one in argv]) == 0
        return read(out, ".regions.tsv")

    near = regions("--p_max", 1e-4, "--distance", 20_000, "--window", 10_000)
    assert near.height > 2 and (near["END"] - near["START"]).unique().to_list() == [20_000]
    table = pl.read_csv(made.stats, separator="\t").filter(pl.col("P") <= 1e-4)
    assert set(near["SENTINEL"]) <= set(table["SNP"])
    far = regions("--p_max", 1e-4, "--window", 10_000)
    assert far["SENTINEL"].to_list() == [
        table.filter(pl.col("CHR") == code).sort("P")["SNP"][0] for code in (1, 2)
    ]


def test_flags_of_bayes_factors(made: Study, finemapped: Callable[..., pl.DataFrame], tmp_path: Path) -> None:
    """Effects and frequencies; case-control; P-values with frequencies and a share of cases."""
    share = made.calls.mean(axis=1) / 2
    table = pl.read_csv(made.stats, separator="\t")
    swapped = np.arange(table.height) % 3 == 0
    table = table.with_columns(pl.Series("EAF", np.where(swapped, 1 - share, share)))
    path = tmp_path / "with_eaf.txt"
    table.write_csv(path, separator="\t")
    first = table[FIRST]
    sd = float(estimate_sd_y(first["SE"], first["EAF"], first["N"])[0])
    abf = ("--method", "abf")

    def pips(*flags: object, stats: Path = path) -> np.ndarray:
        return finemapped(*abf, *flags, stats=stats, ld=False)["PIP"].to_numpy()

    def expected(factors: np.ndarray, **more: Any) -> np.ndarray:
        return single_causal(factors, **more).pip

    np.testing.assert_allclose(pips(), expected(log_abf(first["BETA"], first["SE"], sd_y=sd)), atol=1e-9)
    cc = log_abf(first["BETA"], first["SE"], kind="cc")
    np.testing.assert_allclose(pips("--type", "cc"), expected(cc), atol=1e-9)
    np.testing.assert_allclose(pips("--type", "cc", "--p1", 1e-6), expected(cc, p1=1e-6), atol=1e-9)
    only_p = tmp_path / "only_p.txt"
    table.drop("BETA", "SE").write_csv(only_p, separator="\t")
    from_p = log_abf_from_p(first["P"], first["EAF"], first["N"], kind="cc", case_fraction=0.3)
    found = pips("--type", "cc", "--case_fraction", 0.3, stats=only_p)
    np.testing.assert_allclose(found, expected(from_p), atol=1e-6)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--L", 0), "L = 0: expected at least one effect"),
        (("--coverage", 1.5), "coverage = 1.5"),
        (("--min_abs_corr", 2), "min_abs_corr = 2: expected 0 to 1"),
        (("--max_iter", 0), "max_iter = 0"),
        (("--tol", 0), "tol = 0: expected a number above 0"),
        (("--scaled_prior_variance", -1), "scaled_prior_variance = -1"),
        (("--null_weight", 1), "null_weight = 1"),
        (("--p_max", 0), "--p_max 0: expected a P-value"),
        (("--window", 0), "--window 0"),
        (("--distance", -5), "--distance -5"),
        (("--n", "many"), "--n many: expected a number"),
        (("--n", "0"), "n must be above zero, not 0"),
        (("--n_cases", 5), "cases and of controls must be given together"),
        (("--ld", "none.npy"), "--genotypes and --ld exclude each other"),
        (("--covariates", "none.txt"), "none.txt"),
        (("--sumstats", "other.txt"), "summary statistics are given twice"),
        (("--extract", "none.txt"), "none.txt"),
        (("--dosage",), "PLINK 1 files hold no dosages"),
        (("--dialect", "klingon"), "klingon"),
    ],
)
def test_what_flags_refuse(
    made: Study, out: Path, capsys: pytest.CaptureFixture[str], flags: tuple[object, ...], told: str
) -> None:
    argv = ["finemap", made.stats, "--genotypes", made.bed, "--out", out, "--quiet", *flags]
    assert main([str(one) for one in argv]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and told in lines[0], lines
    assert [path.name for path in out.parent.iterdir() if path.suffix != ".log"] == []


def test_abf_flags_that_are_refused(made: Study, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for flags, told in (
        (("--sd_y", 0), "--sd_y 0: expected a number above 0"),
        (("--case_fraction", 1), "--case_fraction 1: expected a share"),
        (("--p1", 0), "--p1 0: expected a probability"),
        ((), "no allele frequencies to estimate the trait's standard deviation from (--sd_y"),
    ):
        argv = ["finemap", made.stats, "--method", "abf", "--out", out, "--quiet", *flags]
        assert main([str(one) for one in argv]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and told in lines[0], lines


def test_ids_and_p_values_alone(
    made: Study, out: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """All that is missing is said at once, and what can be done."""
    bare = tmp_path / "bare.txt"
    pl.read_csv(made.stats, separator="\t").select("SNP", "P").write_csv(bare, separator="\t")
    assert main(["finemap", str(bare), "--method", "abf", "--out", str(out), "--quiet"]) == 2
    line = capsys.readouterr().err
    for told in ("CHR, POS", "BETA, SE", "EAF", "--n", "columns are SNP, P", "postgwas coloc plot"):
        assert told in line
