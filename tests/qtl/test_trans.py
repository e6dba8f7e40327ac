"""Trans mapping: against plain least squares, masks, false discovery rates, the same bits everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from qtl.trans_study import GENES, TransStudy, imputed, make_study, ols

from postgwas.qtl import QtlInputOptions, TransSettings, trans
from postgwas.qtl.trans_interaction import (
    exact_interactions,
    interaction_model,
    interactions_with_p,
)

ALL = TransSettings(pval_threshold=1.0, cis_window=0)
ANY = QtlInputOptions(maf_min=0.0)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> TransStudy:
    return make_study(tmp_path_factory.mktemp("trans"))


def test_every_pair_is_that_of_least_squares(study: TransStudy) -> None:
    found = trans(*study.files, options=ANY, settings=ALL)
    assert found.n_tests == found.table.height == 79 * 4  # one of 80 variants is constant
    assert found.rejected.variants == {"constant": 1} and found.rejected.listed == [("rs3", "constant")]
    dosage = imputed(study.calls)
    for row in found.table.iter_rows(named=True):
        x, y = dosage[int(row["variant_id"][2:])], study.y[int(row["phenotype_id"][1:])]
        b, se, p = ols(y, x, *study.z)
        np.testing.assert_allclose([row["b"], row["b_se"], row["pval"]], [b[0], se[0], p[0]], rtol=1e-9)
        assert row["af"] == pytest.approx(x.mean() / 2, rel=1e-12)


def test_dosages_are_tested_as_the_calls_they_equal(study: TransStudy, tmp_path: Path) -> None:
    from dataclasses import replace

    from postgwas.genotypes import open_genotypes
    from postgwas.genotypes.genotypes import SubsetSource

    class Dosages(SubsetSource):
        def read(self, variants: np.ndarray, samples: np.ndarray | None) -> np.ndarray:
            calls = super().read(variants, samples).astype(np.float32)
            return np.where(calls < 0, np.float32(np.nan), calls)

    called = open_genotypes(study.genotypes)
    source = Dosages(called.source, np.arange(80), None)
    one = trans(called, *study.files[1:], options=ANY, settings=TransSettings(0.05, 0))
    two = trans(
        replace(called, source=source), *study.files[1:], options=ANY, settings=TransSettings(0.05, 0)
    )
    assert one.table.height > 5 and one.table.equals(two.table)
    assert one.n_imputed == two.n_imputed > 0 and one.rejected.variants == two.rejected.variants


def test_p_are_uniform_where_nothing_is_there(tmp_path: Path) -> None:
    """Unlinked variants, phenotypes that follow the covariates alone."""
    from genotypes.plink1_files import write_plink1
    from scipy import stats

    from postgwas.expression.covariate_table import CovariateMatrix
    from postgwas.expression.matrix import ExpressionMatrix, gene_table

    rng = np.random.default_rng(12)
    n, genes = 120, 40
    calls = rng.binomial(2, rng.uniform(0.1, 0.9, 250)[:, None], (250, n)).astype(np.int8)
    write_plink1(tmp_path / "null", calls)
    names = tuple(f"I{i}" for i in range(n))
    z = rng.normal(size=(8, n)) + 0.5 * calls[:8]
    y = rng.normal(size=(genes, n)) + rng.normal(size=(genes, 8)) @ z
    places = {"CHROM": ["2"] * genes, "TSS": [1] * genes}
    matrix = ExpressionMatrix(y, gene_table([f"g{g}" for g in range(genes)], places), names, "normalised")
    known = CovariateMatrix(z, tuple(f"c{k}" for k in range(8)), names)
    p = trans(tmp_path / "null.bed", matrix, known, options=ANY, settings=ALL).table["pval"].to_numpy()
    assert len(p) == 250 * genes
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert abs((p <= 0.01).mean() - 0.01) < 4 * np.sqrt(0.01 * 0.99 / len(p))


def test_a_perfect_fit_is_set_aside_and_the_others_go_on(study: TransStudy, tmp_path: Path) -> None:
    lines = study.phenotypes.read_text().splitlines()
    copied = imputed(study.calls)[20] + 3.0 * study.z[0]
    lines.append("\t".join(["9", "99", "100", "copy", *map(repr, copied.tolist())]))
    bed = tmp_path / "with_copy.bed"
    bed.write_text("\n".join(lines) + "\n")
    found = trans(study.genotypes, bed, study.covariates, options=ANY, settings=TransSettings(0.01, 0))
    assert found.rejected.pairs == [("copy", "rs20", "perfect_fit")]
    assert ("copy" in found.table["phenotype_id"]) and found.table["pval"].is_not_nan().all()
    plain = trans(*study.files, options=ANY, settings=TransSettings(0.01, 0)).table
    others = found.table.filter(pl.col("phenotype_id") != "copy")
    assert others["variant_id"].equals(plain["variant_id"])


def test_a_limit_keeps_what_all_pairs_have_below_it(study: TransStudy) -> None:
    whole = trans(*study.files, options=ANY, settings=ALL).table
    for limit in (0.3, 0.01, 1e-4):
        some = trans(*study.files, options=ANY, settings=TransSettings(limit, 0)).table
        same = whole.filter(pl.col("pval") <= limit)
        assert same.height and some[:, :2].equals(same[:, :2])
        np.testing.assert_allclose(some["mlog10p"], same["mlog10p"], rtol=1e-11)
        np.testing.assert_allclose(some["b"], same["b"], rtol=1e-11)


def test_cis_windows_are_masked_with_both_ends(study: TransStudy) -> None:
    window = 40_000
    found = trans(*study.files, options=ANY, settings=TransSettings(1.0, window))
    kept = set(zip(found.table["variant_id"], found.table["phenotype_id"]))
    expected = {
        (f"rs{j}", gene)
        for gene, (chrom, tss) in GENES.items()
        for j in range(80)
        if j != 3 and not (study.chromosomes[j] == chrom and abs(study.positions[j] - tss) <= window)
    }
    assert kept == expected
    assert found.n_tests == len(expected) and found.n_tests + found.n_masked == 79 * 4
    assert found.genes["num_var"].sum() == found.n_tests
    near = found.table.filter(pl.col("phenotype_chrom") == pl.col("variant_chrom"))
    assert (near["tss_distance"] == near["variant_pos"] - near["phenotype_tss"]).all()
    assert found.table.filter(pl.col("phenotype_id") == "g3")["tss_distance"].null_count() == 79


def test_variants_near_a_cross_mapping_gene_are_masked(study: TransStudy, tmp_path: Path) -> None:
    crossmap, gtf = tmp_path / "crossmap.txt", tmp_path / "genes.gtf"
    crossmap.write_text("gene1 gene2 score\ng3 g1 7.5\ng2 silent 3\ng0 g3 0.5\ng3 nowhere 9\n")
    gtf.write_text('2\tx\tgene\t300001\t300500\t.\t+\t.\tgene_id "silent"; gene_name "silent";\n')
    settings = TransSettings(
        1.0, 0, crossmap=crossmap, crossmap_window=60_000, crossmap_min=1.0, gene_places=gtf
    )
    found = trans(*study.files, options=ANY, settings=settings)
    kept = set(zip(found.table["variant_id"], found.table["phenotype_id"]))
    # g3 and g1 mask each other's surroundings, 'silent' those of g2; g0 and g3 score too little.
    surroundings = [("g3", "1", 900_000), ("g2", "2", 300_001)]
    gone = {
        (f"rs{j}", gene)
        for gene, chrom, tss in surroundings
        for j in range(80)
        if study.chromosomes[j] == chrom and abs(study.positions[j] - tss) <= 60_000
    }
    assert gone and not kept & gone
    assert found.n_masked == len(gone) and found.table.height == 79 * 4 - len(gone)


def test_interaction_is_that_of_least_squares(study: TransStudy, tmp_path: Path) -> None:
    context = np.random.default_rng(2).normal(size=60)
    path = tmp_path / "context.txt"
    path.write_text("".join(f"I{i} {value!r}\n" for i, value in enumerate(context.tolist())))
    settings = TransSettings(0.5, 0, interaction=path)
    found = trans(*study.files, options=QtlInputOptions(maf_min=0.1), settings=settings)
    dosage = imputed(study.calls)
    tested = np.flatnonzero((dosage.mean(axis=1) >= 0.2) & (dosage.mean(axis=1) <= 1.8))
    tested = tested[tested != 3]
    expected = {}
    for j in tested:
        for g in range(4):
            fit = ols(study.y[g], dosage[j], context, dosage[j] * context, *study.z)
            if fit[2][2] <= 0.5:
                expected[f"rs{j}", f"g{g}"] = [column[k] for k in range(3) for column in fit]
    names = [f"{what}{term}{end}" for term in ("g", "i", "gi") for what, end in
             (("b_", ""), ("b_", "_se"), ("pval_", ""))]  # fmt: skip
    assert set(zip(found.table["variant_id"], found.table["phenotype_id"])) == set(expected)
    for row in found.table.iter_rows(named=True):
        np.testing.assert_allclose(
            [row[name] for name in names], expected[row["variant_id"], row["phenotype_id"]], rtol=1e-8
        )


def test_a_context_among_the_covariates_changes_no_interaction(study: TransStudy) -> None:
    y = study.y[:1]
    alone = interaction_model(study.z[0], study.z[1:])
    twice = interaction_model(study.z[0], study.z)
    assert alone.df == twice.df and twice.context_is_covariate and not alone.context_is_covariate
    rows = np.array([10]), np.array([0])
    one, two = (
        interactions_with_p(exact_interactions(study.calls, *rows, m.covariates.residuals(y), m), m.df)
        for m in (alone, twice)
    )
    np.testing.assert_allclose(one.slope[[0, 2]], two.slope[[0, 2]], rtol=1e-9)
    np.testing.assert_allclose(one.mlog10p[[0, 2]], two.mlog10p[[0, 2]], rtol=1e-9)
    assert np.isnan(two.slope[1]).all()


def test_the_same_bits_for_any_workers_and_order_of_phenotypes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postgwas.qtl.run_trans.TASK", 1024)
    study = make_study(tmp_path / "wide", n_variants=2500)
    settings = TransSettings(1e-3, 100_000)
    one = trans(*study.files, options=ANY, settings=settings)
    lines = study.phenotypes.read_text().splitlines()
    study.phenotypes.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    two = trans(*study.files, options=ANY, settings=settings, cores=2, scratch=tmp_path)
    assert one.table.height > 5
    assert one.table.equals(two.table) and one.genes.equals(two.genes) and one.n_tests == two.n_tests
    assert (tmp_path / "targets.pickle").exists()  # the tasks went to workers with the file's name


def test_the_other_allele_turns_the_sign_and_nothing_else(study: TransStudy, tmp_path: Path) -> None:
    from genotypes.plink1_files import write_plink1

    turned = np.where(study.calls < 0, study.calls, 2 - study.calls).astype(np.int8)
    write_plink1(tmp_path / "turned", turned, chromosomes=study.chromosomes, positions=study.positions,
                 alleles=[("C", "A")] * 80)  # fmt: skip
    one = trans(*study.files, options=ANY, settings=ALL).table
    two = trans(tmp_path / "turned.bed", *study.files[1:], options=ANY, settings=ALL).table
    np.testing.assert_allclose(one["b"], -two["b"], rtol=1e-10)
    np.testing.assert_allclose(one["mlog10p"], two["mlog10p"], rtol=1e-10)
    np.testing.assert_allclose(one["af"], 1 - two["af"], rtol=1e-12)
    assert one["effect_allele"].equals(two["other_allele"].rename("effect_allele"))
