"""``postgwas.ldsc.rg`` and ``rg_matrix``: what they return, what changes nothing, what fails one pair."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from ldsc.rg_study import M, RgStudy, other_strand, simulate, swapped, three_traits

import postgwas.ldsc
from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.ldsc.regression import rg as regress
from postgwas.ldsc.rg_results import RgMatrix, RgResult
from postgwas.store.study import Study


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> RgStudy:
    return three_traits(tmp_path_factory.mktemp("rg"))


def rg(study: RgStudy, *tables: pl.DataFrame, **settings: object) -> RgResult:
    return postgwas.ldsc.rg(list(tables), ref_ld=study.panel, **settings)  # type: ignore[arg-type]


def numbers(result: RgResult) -> pl.DataFrame:
    return result.table().drop("p1", "p2", "reason")


def test_it_is_the_regression_on_arrays(study: RgStudy) -> None:
    one, two, _ = study.traits
    (pair,) = rg(study, one, two).pairs
    z1, z2, n = one["Z"].to_numpy(), two["Z"].to_numpy(), one["N"].to_numpy()
    fit = regress(z1, z2, study.l2, study.l2, n, n, M)
    assert pair.fit is not None
    assert (pair.rg, pair.se, pair.status) == (fit.rg, fit.se, "ok")
    assert pair.fit.gencov.intercept == fit.gencov.intercept
    assert abs(pair.rg - 0.6) < 4 * pair.se


def test_a_notebook_shows_the_estimates(study: RgStudy) -> None:
    result = rg(study, *study.traits)
    shown = repr(result).splitlines()
    assert len(shown) == 2
    assert shown[0] == (
        f"rg({result.names[0]}, {result.names[1]}) = {result.pairs[0].rg:.4f} ({result.pairs[0].se:.4f})"
    )


def test_pseudovalues_give_the_standard_error(study: RgStudy) -> None:
    (pair,) = rg(study, *study.traits[:2]).pairs
    assert pair.fit is not None
    values = pair.pseudovalues
    assert values.shape == (200,)
    assert values.mean() == pytest.approx(pair.fit.rg_jknife, rel=1e-12)
    assert values.std(ddof=1) / math.sqrt(200) == pytest.approx(pair.se, rel=1e-12)


def test_swapped_and_flipped_alleles_change_no_bit(study: RgStudy) -> None:
    one, two, _ = study.traits
    rng = np.random.default_rng(1)
    rows = rng.random((3, one.height)) < 0.3
    changed = other_strand(swapped(two, rows[0]), rows[1])
    assert numbers(rg(study, one, two)).equals(numbers(rg(study, one, changed)), null_equal=True)
    assert numbers(rg(study, one, two)).equals(numbers(rg(study, swapped(one, rows[2]), changed)))


def test_order_of_rows_changes_no_bit(study: RgStudy) -> None:
    shuffled = [table.sample(fraction=1, shuffle=True, seed=i) for i, table in enumerate(study.traits)]
    assert numbers(rg(study, *study.traits)).equals(numbers(rg(study, *shuffled)))


def test_matrix_is_every_pair(study: RgStudy) -> None:
    """The same bits as pair by pair, though files are read once and heritabilities shared."""
    rng = np.random.default_rng(2)
    # Different variants in each trait, and some alleles of trait 3 that fit no other.
    tables = [table.filter(pl.Series(rng.random(table.height) < 0.9)) for table in study.traits]
    third = tables[2].with_columns(
        A1=pl.when(pl.int_range(pl.len()) % 50 == 0).then(pl.lit("I")).otherwise("A1")
    )
    for traits in (tables, [*tables[:2], third], study.traits):
        matrix = postgwas.ldsc.rg_matrix(traits, ref_ld=study.panel)
        for i in range(3):
            for j in range(3):
                if i == j:
                    assert matrix.rg[i, i] == 1
                    assert np.isnan(matrix.se[i, i])
                    assert matrix.n_snps[i, i] == traits[i].height
                    continue
                low, high = min(i, j), max(i, j)
                (pair,) = rg(study, traits[low], traits[high]).pairs
                row = pair.row()
                for name in ("rg", "se", "p", "gencov", "gcov_int", "gcov_int_se", "n_snps"):
                    assert getattr(matrix, name)[i, j] == row[name], name


def test_alleles_that_disagree_are_left_out_and_counted(study: RgStudy) -> None:
    one, two, _ = study.traits
    bad = np.arange(one.height) < 7
    # A/C against A/G, a palindrome, an indel: none is the first trait's SNP.
    odd = two.with_columns(
        A1=pl.when(pl.Series(bad)).then(pl.lit("A")).otherwise("A1"),
        A2=pl.when(pl.Series(bad)).then(pl.lit("T")).otherwise("A2"),
    )
    (pair,) = rg(study, one, odd).pairs
    (without,) = rg(study, one.slice(7), two).pairs
    assert (pair.found.n_common, pair.found.n_mismatched, pair.found.n_snps) == (3000, 7, 2993)
    assert (pair.rg, pair.se) == (without.rg, without.se)


def test_compat_loses_the_pair_to_one_variant_and_keeps_the_others(study: RgStudy) -> None:
    one, two, three = study.traits
    first = pl.int_range(pl.len()) == 0
    odd = two.with_columns(A1=pl.when(first).then(pl.lit("A")).otherwise("A1"),
                           A2=pl.when(first).then(pl.lit("T")).otherwise("A2"))  # fmt: skip
    result = rg(study, one, odd, three, compat=True)
    assert [pair.status for pair in result.pairs] == ["failed", "ok"]
    assert "Incompatible alleles in .sumstats files: " in result.pairs[0].found.reason
    assert result.pairs[0].found.reason.split(": ")[1].startswith(f"{one['A1'][0]}{one['A2'][0]}AT")
    assert [pair.status for pair in rg(study, one, odd, three).pairs] == ["ok", "ok"]


def test_without_alleles(study: RgStudy) -> None:
    one, two, _ = study.traits
    bare = [table.drop("A1", "A2") for table in (one, two)]
    (pair,) = rg(study, *bare, check_alleles=False).pairs
    (checked,) = rg(study, one, two).pairs
    assert (pair.rg, pair.se) == (checked.rg, checked.se)
    with pytest.raises(InputError, match="A1"):
        rg(study, *bare)


def test_unchecked_swaps_are_told(study: RgStudy, caplog: pytest.LogCaptureFixture) -> None:
    one, two, _ = study.traits
    other = swapped(two, np.arange(two.height) < 40)
    with caplog.at_level("WARNING", logger="postgwas"):
        rg(study, one, other, check_alleles=False)
    assert "40 SNPs have the other effect allele" in caplog.text


def test_negative_heritability(tmp_path: Path) -> None:
    """Reported as ldsc does; other pairs go on."""
    covariance = np.diag([0.5, 1e-9, 0.4])
    covariance[0, 2] = covariance[2, 0] = 0.2
    study = simulate(tmp_path / "s", covariance=covariance)
    null = study.traits[1].with_columns(Z=pl.Series(np.sqrt(2.0 / study.l2)))
    result = rg(study, study.traits[0], null, study.traits[2], out=tmp_path / "run")
    assert [pair.status for pair in result.pairs] == ["h2 out of bounds", "ok"]
    assert result.failed == ()
    assert math.isnan(result.pairs[0].rg)
    assert result.pairs[0].fit is not None
    assert result.pairs[0].fit.hsq2.tot < 0
    log = (tmp_path / "run.log").read_text()
    assert (
        "Genetic Correlation: nan (nan) (h2  out of bounds) \nZ-score: nan (nan) (h2  out of bounds)" in log
    )
    assert "WARNING: One of the h2's was out of bounds." in log
    row = next(line for line in log[log.index("Summary") :].splitlines()[2:])
    assert row.split()[2:6] == ["NA"] * 4
    assert float(row.split()[6]) < 0
    matrix = postgwas.ldsc.rg_matrix([study.traits[0], null, study.traits[2]], ref_ld=study.panel)
    assert matrix.status()[0, 1] == "h2 out of bounds"
    assert np.isnan(matrix.rg[0, 1])
    assert matrix.rg[0, 2] == result.pairs[1].rg


@pytest.mark.parametrize("silly", [False, True])
def test_correlation_out_of_bounds(tmp_path: Path, silly: bool) -> None:
    """Number in tables, words in the log, as in ldsc's; --return_silly_things prints the number."""
    study = simulate(tmp_path / "s", covariance=np.array([[0.5, 0.2], [0.2, 0.1]]))
    one, two = study.traits
    # A covariance intercept far too low pushes the correlation beyond 1.2.
    (pair,) = rg(
        study, one, two, intercept_gencov=-20.0, out=tmp_path / "run", return_silly_things=silly
    ).pairs
    assert (pair.status, pair.rg > 1.2) == ("rg out of bounds", True)
    log = (tmp_path / "run.log").read_text()
    assert ("Genetic Correlation: nan (nan) (rg out of bounds) \n" in log) is not silly
    assert ("you have constrained the intercepts to the wrong values" in log) is not silly
    assert f"{pair.rg:.2f}" in log[log.index("Summary") :]


def test_no_standard_error(tmp_path: Path) -> None:
    """A heritability that one block carries: an estimate without a standard error, and why."""
    study = simulate(tmp_path / "s", covariance=np.diag([0.5, 1e-9]), seed=8)
    one, two = study.traits
    z = np.sqrt(np.where(np.arange(two.height) < 15, 1 + study.l2 / 3, 1.0001 - 1e-6 * study.l2))
    result = rg(study, one, two.with_columns(Z=pl.Series(z)))
    (pair,) = result.pairs
    assert (pair.status, math.isnan(pair.se), math.isfinite(pair.rg)) == ("no standard error", True, True)
    assert "jackknife block" in pair.found.reason
    assert rg(study, one, two.with_columns(Z=pl.Series(z)), compat=True).pairs[0].status == "failed"


def test_no_variant_in_common_fails_that_pair_alone(study: RgStudy) -> None:
    one, two, three = study.traits
    half = one.height // 2
    result = rg(study, one.head(half), two.tail(half), three)
    assert [pair.status for pair in result.pairs] == ["failed", "ok"]
    assert "no variant in common" in result.pairs[0].found.reason


def test_a_broken_file_fails_its_pairs_alone(study: RgStudy, tmp_path: Path) -> None:
    one, two, three = study.traits
    broken = tmp_path / "broken.sumstats"
    broken.write_text("SNP\tZ\nrs1\t1\n")
    result = postgwas.ldsc.rg([one, broken, three], ref_ld=study.panel)
    assert [pair.status for pair in result.pairs] == ["failed", "ok"]
    assert "lacks A1, A2, N" in result.pairs[0].found.reason.replace("N, A1, A2", "A1, A2, N")
    matrix = postgwas.ldsc.rg_matrix([one, two, broken, three], ref_ld=study.panel)
    assert [pair.status for pair in matrix.failed] == ["failed"] * 3
    assert np.isfinite(matrix.rg[np.ix_([0, 1, 3], [0, 1, 3])]).all()


def test_free_and_constrained_intercepts_of_a_matrix(study: RgStudy) -> None:
    fixed = [[None, 0.1, None], [0.1, None, 0.3], [None, 0.3, None]]
    matrix = postgwas.ldsc.rg_matrix(study.traits, ref_ld=study.panel, intercept_gencov=fixed)
    listed = postgwas.ldsc.rg_matrix(study.traits, ref_ld=study.panel, intercept_gencov=[0.1, None, 0.3])
    assert np.array_equal(matrix.rg, listed.rg)
    assert (matrix.gcov_int[0, 1], matrix.gcov_int[1, 2]) == (0.1, 0.3)
    assert matrix.gcov_int_se[0, 2] > 0


def test_files_of_a_matrix(study: RgStudy, tmp_path: Path) -> None:
    out, store = tmp_path / "run", tmp_path / "study.h5"
    files = study.write()
    matrix = postgwas.ldsc.rg_matrix(
        files, ref_ld=study.panel, out=out, store=store, figures=True, print_pseudovalues=True,
        trait_names=["a", "b", "c"],
    )  # fmt: skip
    read = pl.read_csv(f"{out}.rg_matrix.tsv", separator="\t")
    assert read.columns == ["TRAIT", "a", "b", "c"]
    assert np.array_equal(read.drop("TRAIT").to_numpy(), matrix.rg)
    table = pl.read_csv(f"{out}.rg.tsv", separator="\t", null_values="NA")
    assert table["rg"].to_list() == [matrix.rg[0, 1], matrix.rg[0, 2], matrix.rg[1, 2]]
    values = pl.read_csv(f"{out}.pseudovalues.tsv", separator="\t")
    assert values.height == 600
    assert np.array_equal(values["RG"][:200], matrix["a", "b"].pseudovalues)
    assert Path(f"{out}.rg.png").stat().st_size > 5000
    stored = Study.open(store)
    assert {entry.key for entry in stored.ls()} == {
        "ldsc/rg/run", "ldsc/rg/run_jackknife", "ldsc/rg/run_matrix",
    }  # fmt: skip
    assert np.array_equal(stored.read_arrays("ldsc/rg/run_matrix")["rg"], matrix.rg)
    assert stored.provenance("ldsc/rg/run").inputs[0].name == files[0]
    assert not stored.verify().problems


def test_library_calls_write_nothing(study: RgStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / "elsewhere"))
    matrix = postgwas.ldsc.rg_matrix(study.traits, ref_ld=study.panel)
    assert isinstance(matrix, RgMatrix)
    assert matrix["trait3", "trait1"].rg == matrix.rg[0, 2]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"intercept_h2": [1.0]}, "intercept_h2 has 1 values for 2"),
        ({"intercept_gencov": [0.0, 0.0, 0.0]}, "intercept_gencov has 3 values for 2"),
        ({"samp_prev": [0.5]}, "given together"),
        ({"samp_prev": [0.5], "pop_prev": [0.5, 0.1]}, "samp_prev has 1 values"),
        ({"samp_prev": [0.5, 0.5], "pop_prev": [0.1, math.nan]}, "no pop_prev"),
        ({"samp_prev": [0.5, 0.5], "pop_prev": [0.1, 1.0]}, "between 0 and 1"),
        ({"trait_names": ["a"]}, "1 names for 2"),
        ({"trait_names": ["a", "a"]}, "occurs twice"),
        ({"two_step": 30.0, "no_intercept": True}, "none may be constrained"),
        ({"no_intercept": True, "intercept_h2": [1.0, 1.0]}, "exclude each other"),
        ({"n_blocks": 1}, "above 1"),
        ({"chisq_max": -1.0}, "above 0"),
        ({"intercept_h2": [1.0, math.inf]}, "expected a number"),
    ],
)
def test_settings_that_are_refused(study: RgStudy, settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        rg(study, *study.traits[:2], **settings)


def test_one_trait_and_a_trait_twice(study: RgStudy) -> None:
    with pytest.raises(UsageError, match="at least two traits"):
        rg(study, study.traits[0])
    file = study.write(study.traits[0])[0]
    with pytest.raises(UsageError, match="given twice"):
        postgwas.ldsc.rg_matrix([file, file], ref_ld=study.panel)
    # Pair by pair it is allowed, as in ldsc: its correlation with itself is 1.
    assert postgwas.ldsc.rg([file, file], ref_ld=study.panel).pairs[0].rg == pytest.approx(1, abs=0.01)


def test_other_ids_than_the_panel(study: RgStudy) -> None:
    renamed = study.traits[0].with_columns(SNP="1:" + pl.col("SNP"))
    with pytest.raises(NoVariantsError, match="LD scores"):
        rg(study, renamed, study.traits[1])


@pytest.mark.slow
def test_intervals_cover_the_truth(tmp_path: Path) -> None:
    """95 % intervals of rg, and of the covariance intercept, over simulated pairs with sample overlap."""
    h2, true_rg, overlap = np.array([0.5, 0.3]), 0.5, 0.25
    covariance = np.array([[1, true_rg], [true_rg, 1]]) * np.sqrt(np.outer(h2, h2))
    residual = np.array([[1, overlap], [overlap, 1]])
    covered, repeats = np.zeros(2), 120
    for seed in range(repeats):
        study = simulate(tmp_path / str(seed), covariance=covariance, residual=residual, seed=seed, n=100_000)
        fit = rg(study, *study.traits).pairs[0].fit
        assert fit is not None
        covered += [
            abs(fit.rg - true_rg) < 1.96 * fit.se,
            abs(fit.gencov.intercept - overlap) < 1.96 * fit.gencov.intercept_se,
        ]
    # Binomial(120, 0.95): below 104 or above 119 by chance less than once in a thousand.
    assert np.all((covered >= 104) & (covered <= 120)), covered
