"""The permutation pass beside regressions written out, on a small study; what it leaves out; calibration."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.stats
from qtl.study import QtlStudy

import postgwas.qtl as qtl
from postgwas.errors import InputError, UsageError
from postgwas.qtl.permutations import permutations
from postgwas.qtl.projection import projection
from postgwas.qtl.variant_block import variant_block

WINDOW = 200_000


@pytest.fixture
def study() -> QtlStudy:
    return QtlStudy()


def load(study: QtlStudy, folder: Path, **options: object) -> qtl.QtlInputs:
    chosen = replace(qtl.QtlInputOptions(window=WINDOW), **options)
    return qtl.load_inputs(*study.write(folder), options=chosen)


def null_and_best(study: QtlStudy, gene: int, count: int) -> tuple[np.ndarray, float, int]:
    """Largest r^2 of a window in each permutation, that of the phenotype, and its variant, in doubles."""
    near = [
        j
        for j, (chrom, at) in enumerate(zip(study.chromosomes, study.positions))
        if f"chr{chrom}" == study.gene_chromosomes[gene] and abs(at - study.tss[gene]) <= WINDOW
    ]
    basis = projection(study.covariates, study.n_samples)
    unit = variant_block(study.calls[near].astype(np.int8), basis).unit

    def r2(values: np.ndarray) -> np.ndarray:
        left = basis.residuals(values[None, :])[0]
        return (unit @ left / np.linalg.norm(left)) ** 2

    seen = r2(study.values[gene])
    index = permutations(7, study.n_samples, start=0, stop=count)
    null = np.array([r2(study.values[gene][order]).max() for order in index])
    return null, float(seen.max()), near[int(np.argmax(seen))]


def test_each_phenotype_is_the_naive_one(study: QtlStudy, tmp_path: Path) -> None:
    inputs = load(study, tmp_path)
    table = qtl.cis_permutation(inputs, permutations=200, seed=7).table
    assert table["phenotype_id"].to_list() == study.genes
    names = inputs.genotypes.variants["SNPID"].to_list()
    for gene, row in enumerate(table.iter_rows(named=True)):
        null, best, lead = null_and_best(study, gene, 200)
        assert row["variant_id"] == names[lead]
        assert row["tss_distance"] == study.positions[lead] - study.tss[gene] == row["start_distance"]
        assert row["pval_perm"] == (np.count_nonzero(null >= best) + 1) / 201
        fit = qtl_fit(null, inputs.df)
        assert (row["beta_shape1"], row["true_df"]) == pytest.approx((fit.shape1, fit.df), rel=1e-4)
        assert row["mlog10p_beta"] == pytest.approx(-fit.log_p_beta(best) / np.log(10), rel=1e-4, abs=1e-6)
        t = np.sqrt(best * inputs.df / (1 - best))
        assert row["pval_nominal"] == pytest.approx(2 * scipy.stats.t.sf(t, inputs.df), rel=1e-9)
        assert abs(row["slope"] / row["slope_se"]) == pytest.approx(t, rel=1e-9)


def qtl_fit(null: np.ndarray, df: float) -> object:
    from postgwas.qtl.beta_fit import fit_beta

    return fit_beta(null, df=df)


def test_a_group_is_the_best_of_its_phenotypes(study: QtlStudy, tmp_path: Path) -> None:
    groups = {"g0": "a", "g3": "a", "g1": "b", "g2": "b", "g4": "c"} | {f"g{i}": f"d{i}" for i in range(5, 9)}
    listed = tmp_path / "groups.txt"
    listed.write_text("".join(f"{one} {group}\n" for one, group in groups.items()))
    inputs = load(study, tmp_path, groups=str(listed))
    table = qtl.cis_permutation(inputs, permutations=200, seed=7).table
    assert sorted(table["group_id"]) == ["a", "b", "c", "d5", "d6", "d7", "d8"]
    for group, members in (("a", [0, 3]), ("b", [1, 2])):
        row = table.row(by_predicate=pl.col("group_id") == group, named=True)
        parts = [null_and_best(study, gene, 200) for gene in members]
        best = max(r2 for _, r2, _ in parts)
        assert row["phenotype_id"] == study.genes[members[int(np.argmax([r2 for _, r2, _ in parts]))]]
        assert row["group_size"] == 2
        null = np.maximum(parts[0][0], parts[1][0])
        assert row["pval_perm"] == (np.count_nonzero(null >= best) + 1) / 201
        assert row["beta_shape2"] == pytest.approx(qtl_fit(null, inputs.df).shape2, rel=1e-4)


def test_groups_stay_whole_in_small_segments(
    study: QtlStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "groups.txt"
    listed.write_text("".join(f"g{i} {'a' if i in (0, 3) else i}\n" for i in range(9)))
    inputs = load(study, tmp_path, groups=str(listed))
    whole = qtl.cis_permutation(inputs, permutations=100, seed=7).table
    monkeypatch.setattr("postgwas.qtl.segments._PAIRS", 1)
    cut = qtl.cis_permutation(inputs, permutations=100, seed=7).table
    for name in ("phenotype_id", "group_id", "group_size", "variant_id", "pval_perm"):
        assert (cut[name] == whole[name]).all()
    np.testing.assert_allclose(cut["pval_beta"], whole["pval_beta"], rtol=1e-5)
    independent = qtl.cis_independent(inputs, results=whole, fdr=0.9, permutations=100, seed=7)
    assert independent.n_phenotypes > 0


def test_a_group_on_two_chromosomes_is_refused(study: QtlStudy, tmp_path: Path) -> None:
    listed = tmp_path / "groups.txt"
    listed.write_text("".join(f"g{i} {i % 5}\n" for i in range(9)))
    inputs = load(study, tmp_path, groups=str(listed))
    with pytest.raises(InputError, match="phenotypes of group 0 are on chr1 and chr2"):
        qtl.cis_permutation(inputs, permutations=100, seed=7)


@pytest.mark.parametrize(("scheme", "cores"), [("plain", 2), ("shared", 2)])
def test_same_bits_for_any_workers_and_order(
    study: QtlStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, cores: int
) -> None:
    monkeypatch.setattr("postgwas.qtl.segments._PAIRS", 30)
    study.values = ranked(study.values)
    paths = study.write(tmp_path)
    options = qtl.QtlInputOptions(window=WINDOW)
    call = {"permutations": 120, "seed": 3, "scheme": scheme, "options": options}
    first = qtl.cis_permutation(*paths, **call).table
    turned = (
        paths[0],
        study.write_bed(tmp_path / "turned.bed", order=[*range(8, -1, -1)]),
        study.write_covariates(tmp_path / "turned.txt", order=[2, 0, 1]),
    )
    assert first.equals(qtl.cis_permutation(*turned, **call, cores=cores).table)


def test_independent_signals_are_the_same_bits_for_two_workers(
    study: QtlStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postgwas.qtl.segments._PAIRS", 30)
    inputs = qtl.load_inputs(*study.write(tmp_path), options=qtl.QtlInputOptions(window=WINDOW))
    leads = qtl.cis_permutation(inputs, permutations=120, seed=3).table
    call = {"results": leads, "fdr": 0.6, "permutations": 120, "seed": 3}
    one = qtl.cis_independent(inputs, **call).table
    assert one["phenotype_id"].n_unique() > 1
    assert one.equals(qtl.cis_independent(inputs, **call, cores=2).table)


def test_alleles_of_one_place_that_share_a_name_are_told_apart(study: QtlStudy, tmp_path: Path) -> None:
    """Three rows called rs_same, the lead the last of them, give what rows with names of their own give."""
    paths = study.write(tmp_path)
    call = {"permutations": 120, "seed": 3}
    found = []
    for same in (False, True):
        if same:
            bim = tmp_path / "geno.bim"
            lines = [line.split() for line in bim.read_text().splitlines()]
            for row in (12, 13, 14):
                lines[row][1] = "rs_same"
            bim.write_text("\n".join("\t".join(line) for line in lines) + "\n")
        inputs = qtl.load_inputs(*paths, options=qtl.QtlInputOptions(window=WINDOW))
        leads = qtl.cis_permutation(inputs, **call).table
        found.append(qtl.cis_independent(inputs, results=leads, fdr=0.6, **call).table)
    assert found[0].filter(phenotype_id="g0")["slope"].len() > 0
    lead = found[1].filter(phenotype_id="g0", rank=1)
    assert lead["variant_id"].to_list() == ["rs_same"]
    assert found[1].drop("variant_id").equals(found[0].drop("variant_id"))


def ranked(values: np.ndarray) -> np.ndarray:
    return np.asarray(scipy.stats.norm.ppf(scipy.stats.rankdata(values, axis=1) / (values.shape[1] + 1)))


def test_shared_null_gives_what_permuting_each_gives(study: QtlStudy, tmp_path: Path) -> None:
    """One null in place of another draw of it; a phenotype with ties gets its own."""
    study.values = ranked(study.values)
    study.values[2] = np.where(study.values[2] < 0, 0.0, study.values[2])
    inputs = load(study, tmp_path)
    plain = qtl.cis_permutation(inputs, permutations=4000, seed=1)
    shared = qtl.cis_permutation(inputs, permutations=4000, seed=1, scheme="shared")
    assert shared.n_plain == 1 and plain.n_plain == 0
    assert shared.table["phenotype_id"].to_list() == study.genes
    assert shared.table["pval_beta"][2] == pytest.approx(plain.table["pval_beta"][2], rel=1e-5)
    difference = np.log10(shared.table["pval_beta"].to_numpy()) - np.log10(
        plain.table["pval_beta"].to_numpy()
    )
    assert np.abs(difference[1:]).max() < 0.08
    assert np.array_equal(shared.table["pval_nominal"], plain.table["pval_nominal"])


def test_a_run_with_fewer_permutations_is_the_beginning_of_one_with_more(
    study: QtlStudy, tmp_path: Path
) -> None:
    inputs = load(study, tmp_path)
    adaptive = qtl.cis_permutation(inputs, permutations=(30, 400), seed=7).table
    for gene, row in enumerate(adaptive.iter_rows(named=True)):
        null, best, _ = null_and_best(study, gene, 400)
        better = np.flatnonzero(null >= best)
        count = int(better[29]) + 1 if len(better) >= 30 else 400
        assert row["n_permutations"] == count
        assert row["pval_perm"] == (np.count_nonzero(null[:count] >= best) + 1) / (count + 1)


def test_what_cannot_be_tested_is_named_and_the_run_goes_on(study: QtlStudy, tmp_path: Path) -> None:
    study.values[1] = 2.5
    study.values[3] = study.calls[60] * 2.0 + study.covariates[0]
    study.calls[60] = np.where(study.calls[60] < 0, 0, study.calls[60])
    study.values[3] = study.calls[60] * 2.0 + study.covariates[0]
    study.calls[10] = 1
    study.tss[8] = 90_000_000
    inputs = load(study, tmp_path)
    found = qtl.cis_permutation(inputs, permutations=100, seed=7)
    reasons = {"g1": "constant", "g3": "perfect_fit", "g8": "no_variant_in_window"}
    assert found.rejected.phenotypes == reasons
    assert found.rejected.variants["constant"] == 1
    assert found.table["phenotype_id"].to_list() == [one for one in study.genes if one not in reasons]


def test_one_variant_in_the_window_has_its_nominal_p(study: QtlStudy, tmp_path: Path) -> None:
    """The beta distribution is then nearly uniform, and pval_beta the nominal P."""
    inputs = load(study, tmp_path, window=5_000)
    table = qtl.cis_permutation(inputs, permutations=2000, seed=7).table
    assert (table["num_var"] <= 1).all() and table.height > 3
    for row in table.iter_rows(named=True):
        assert row["pval_beta"] == pytest.approx(row["pval_nominal"], abs=0.04, rel=0.1)


def test_variants_the_covariates_explain_are_left_out(study: QtlStudy, tmp_path: Path) -> None:
    study.calls[20] = np.where(study.calls[20] < 0, 0, study.calls[20])
    study.covariates[2] = study.calls[20]
    found = qtl.cis_permutation(load(study, tmp_path), permutations=100, seed=7)
    assert found.rejected.variants["explained_by_covariates"] == 1
    assert found.table["pval_beta"].is_between(0, 1).all()


def test_few_phenotypes_get_bh_with_a_note(
    study: QtlStudy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="postgwas"):
        found = qtl.cis_permutation(load(study, tmp_path), permutations=100, seed=7)
    assert found.discoveries.method == "bh" and found.discoveries.pi0 == 1
    assert found.discoveries.note is not None and "9 P-values are too few" in found.discoveries.note
    p = found.table["pval_beta"].to_numpy()
    np.testing.assert_allclose(found.table["qval"], scipy.stats.false_discovery_control(p))


def test_a_seed_that_is_not_given_is_drawn_and_kept(study: QtlStudy, tmp_path: Path) -> None:
    inputs = load(study, tmp_path)
    found = qtl.cis_permutation(inputs, permutations=100)
    assert found.options.seed is not None
    again = qtl.cis_permutation(inputs, permutations=100, seed=found.options.seed)
    assert found.table.equals(again.table)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"permutations": 5}, "--permutations 5: expected at least 20"),
        ({"permutations": (100, 50)}, "--permutations 100 50: expected at least 20, then more"),
        ({"permutations": (100, 500), "scheme": "shared"}, "with --scheme shared: phenotypes share a null"),
        ({"seed": -1}, "--seed -1: expected 0 or more"),
        ({"scheme": "other"}, "--scheme other: expected plain or shared"),
    ],
)
def test_options_that_cannot_be(study: QtlStudy, tmp_path: Path, options: dict, what: str) -> None:
    with pytest.raises(UsageError) as refused:
        qtl.cis_permutation(load(study, tmp_path), **options)
    assert what in str(refused.value)


def test_groups_do_not_go_with_a_shared_null(study: QtlStudy, tmp_path: Path) -> None:
    listed = tmp_path / "groups.txt"
    listed.write_text("".join(f"g{i} {i}\n" for i in range(9)))
    inputs = load(study, tmp_path, groups=str(listed))
    with pytest.raises(UsageError, match="--scheme shared with --phenotype_groups"):
        qtl.cis_permutation(inputs, permutations=100, scheme="shared")
    with pytest.raises(UsageError, match="with --phenotype_groups: phenotypes share a null"):
        qtl.cis_permutation(inputs, permutations=(50, 100))


@pytest.mark.slow
def test_null_phenotypes_have_uniform_p(tmp_path: Path) -> None:
    """450 phenotypes without effects, but with covariates that matter."""
    p = []
    for seed in range(50):
        study = QtlStudy(seed=100 + seed)
        study.values = np.random.default_rng(seed).normal(size=study.values.shape) + study.covariates[:1]
        p.extend(qtl.cis_permutation(load(study, tmp_path), permutations=200, seed=seed).table["pval_beta"])
    assert len(p) == 450
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.01
    assert 8 <= np.count_nonzero(np.array(p) < 0.05) <= 40
