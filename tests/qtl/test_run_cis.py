"""The nominal pass beside least squares, and what must change no bit of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from polars.testing import assert_frame_equal
from qtl.study import QtlStudy

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.qtl import QtlInputOptions, cis_nominal, load_inputs
from postgwas.qtl import segments as segments_module


@pytest.fixture
def study() -> QtlStudy:
    return QtlStudy()


def test_every_pair_is_the_full_model(study: QtlStudy, tmp_path: Path) -> None:
    found = cis_nominal(*study.write(tmp_path), window=100_000).table
    expected = []
    for gene, chromosome, tss in zip(study.genes, study.gene_chromosomes, study.tss):
        for row, (other, position) in enumerate(zip(study.chromosomes, study.positions)):
            if chromosome == f"chr{other}" and abs(position - tss) <= 100_000:
                expected.append((gene, row, position - tss))
    assert [(gene, f"rs{row}") for gene, row, _ in expected] == list(
        zip(found["phenotype_id"], found["variant_id"])
    )
    assert found["tss_distance"].to_list() == [distance for _, _, distance in expected]
    for (gene, row, _), got in zip(expected, found.iter_rows(named=True)):
        calls = study.calls[row].astype(float)
        calls[calls < 0] = calls[calls >= 0].mean()
        design = np.column_stack([np.ones(study.n_samples), study.covariates.T, calls])
        fit = sm.OLS(study.values[study.genes.index(gene)], design).fit()
        assert got["slope"] == pytest.approx(fit.params[-1], rel=1e-10)
        assert got["slope_se"] == pytest.approx(fit.bse[-1], rel=1e-10)
        assert got["pval_nominal"] == pytest.approx(fit.pvalues[-1], rel=1e-10)
        assert (got["effect_allele"], got["other_allele"]) == ("A", "C")


def test_qtltools_model_projects_covariates_out_of_the_phenotype_alone(
    study: QtlStudy, tmp_path: Path
) -> None:
    options = QtlInputOptions(window=50_000, compat="qtltools")
    got = cis_nominal(*study.write(tmp_path), options=options).table.row(3, named=True)
    values = study.values[study.genes.index(got["phenotype_id"])]
    residuals = sm.OLS(values, sm.add_constant(study.covariates.T)).fit().resid
    calls = study.calls[int(got["variant_id"][2:])].astype(float)
    calls[calls < 0] = calls[calls >= 0].mean()
    fit = sm.OLS(residuals, sm.add_constant(calls)).fit()
    assert got["slope"] == pytest.approx(fit.params[1], rel=1e-10)
    assert got["pval_nominal"] == pytest.approx(fit.pvalues[1], rel=1e-10)


def test_orders_of_rows_and_samples_change_no_bit(study: QtlStudy, tmp_path: Path) -> None:
    genotypes, bed, covariates = study.write(tmp_path)
    first = cis_nominal(genotypes, bed, covariates).table
    rows = np.random.default_rng(1).permutation(len(study.genes)).tolist()
    study.write_bed(bed, order=rows)
    study.write_covariates(covariates, order=[2, 0, 1])
    assert_frame_equal(cis_nominal(genotypes, bed, covariates).table, first, check_exact=True)
    turn = np.random.default_rng(2).permutation(study.n_samples)
    study.samples = [study.samples[at] for at in turn]
    study.values, study.covariates = study.values[:, turn], study.covariates[:, turn]
    study.write_bed(bed), study.write_covariates(covariates)
    assert_frame_equal(cis_nominal(genotypes, bed, covariates).table, first, check_exact=True)


def test_workers_change_no_bit(study: QtlStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments_module, "_PAIRS", 60)
    inputs = load_inputs(*study.write(tmp_path))
    assert len(segments_module.segments_of(inputs)) > 4
    assert_frame_equal(cis_nominal(inputs, cores=2).table, cis_nominal(inputs).table, check_exact=True)


def test_segments_change_no_figure(study: QtlStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = load_inputs(*study.write(tmp_path), options=QtlInputOptions(maf_min=0.1))
    whole = cis_nominal(inputs)
    monkeypatch.setattr(segments_module, "_PAIRS", 1)
    monkeypatch.setattr(segments_module, "TILE", 7)
    parts = cis_nominal(inputs)
    assert_frame_equal(parts.table, whole.table, rel_tol=1e-12, abs_tol=1e-14)
    assert parts.rejected.variants == whole.rejected.variants
    assert parts.rejected.variants["maf_below_limit"] > 10


def test_gene_blocks_are_the_windows(
    study: QtlStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments_module, "TILE", 11)
    inputs = load_inputs(*study.write(tmp_path), options=QtlInputOptions(window=150_000, maf_min=0.1))
    table = cis_nominal(inputs).table
    for segment in segments_module.segments_of(inputs):
        for gene, rows, block in segment.gene_blocks():
            mine = table.filter(pl.col("phenotype_id") == segment.gene_ids[gene])
            assert segment.variants["SNPID"].gather(rows).to_list() == mine["variant_id"].to_list()
            assert block.n_variants == len(rows)
            r = block.unit @ segment.y_unit[gene]
            np.testing.assert_allclose(
                r * segment.y_norm[gene] / block.norm, mine["slope"].to_numpy(), rtol=1e-10
            )


def test_phenotypes_that_cannot_be_tested_are_named_and_the_run_goes_on(
    study: QtlStudy, tmp_path: Path
) -> None:
    study.values[1, 3] = np.nan
    study.values[2] = 4.2
    study.values[3] = 1.0 + 2.0 * study.covariates[1]
    study.gene_chromosomes[4] = "chr7"
    study.tss[8] = 90_000_000
    study.gene_chromosomes[7] = "GL000220.1"
    found = cis_nominal(*study.write(tmp_path))
    assert found.rejected.phenotypes == {
        "g1": "missing_values", "g2": "constant", "g3": "explained_by_covariates",
        "g4": "chromosome_without_genotypes", "g7": "no_place", "g8": "no_variant_in_window",
    }  # fmt: skip
    assert set(found.table["phenotype_id"]) == {"g0", "g5", "g6"}


def test_variants_that_cannot_be_tested_are_named(study: QtlStudy, tmp_path: Path) -> None:
    study.calls[20], study.calls[21], study.calls[22] = -9, 1, 2
    study.covariates[0] = np.where(study.calls[23] < 0, 0, study.calls[23])
    study.calls[23] = study.covariates[0].astype(np.int8)
    found = cis_nominal(*study.write(tmp_path))
    assert found.rejected.listed == [
        ("rs20", "all_missing"), ("rs21", "constant"), ("rs22", "constant"),
        ("rs23", "explained_by_covariates"),
    ]  # fmt: skip
    assert not set(found.table["variant_id"]) & {"rs20", "rs21", "rs22", "rs23"}


def test_a_perfect_fit_has_no_p(study: QtlStudy, tmp_path: Path) -> None:
    whole = np.where(study.calls[14] < 0, 1, study.calls[14])
    study.calls[14] = whole
    study.values[0] = 3.0 * whole + study.covariates[0]
    found = cis_nominal(*study.write(tmp_path))
    assert found.rejected.pairs == [("g0", "rs14", "perfect_fit")]
    row = found.table.filter(phenotype_id="g0", variant_id="rs14").row(0, named=True)
    assert row["slope"] == pytest.approx(3.0, rel=1e-9)
    assert np.isnan(row["pval_nominal"])
    assert np.isnan(row["slope_se"])


def test_samples_are_never_matched_in_silence(study: QtlStudy, tmp_path: Path) -> None:
    genotypes, bed, covariates = study.write(tmp_path)
    study.samples[:2] = ["X1", "X2"]
    study.write_bed(bed), study.write_covariates(covariates)
    with pytest.raises(InputError, match="2 of 60 samples have no genotypes: X1, X2"):
        load_inputs(genotypes, bed, covariates)
    inputs = load_inputs(genotypes, bed, covariates, options=QtlInputOptions(unmatched="drop"))
    assert inputs.samples == tuple(f"I{i}" for i in range(2, 60))
    assert inputs.samples_dropped == {"without genotypes": 2, "without phenotypes": 2}
    study.samples = [f"Y{i}" for i in range(60)]
    study.write_bed(bed)
    with pytest.raises(InputError, match=r"none of its 60 samples \(Y0, Y1, Y2 and 57 more\) has genotypes"):
        load_inputs(genotypes, bed)


def test_bad_input_is_refused(study: QtlStudy, tmp_path: Path) -> None:
    genotypes, bed, covariates = study.write(tmp_path)
    with pytest.raises(UsageError, match="--window -5"):
        load_inputs(genotypes, bed, options=QtlInputOptions(window=-5))
    with pytest.raises(UsageError, match=r"--maf_min 0\.7"):
        load_inputs(genotypes, bed, options=QtlInputOptions(maf_min=0.7))
    with pytest.raises(UsageError, match="no phenotypes"):
        cis_nominal(genotypes)
    with pytest.raises(UsageError, match="loaded inputs"):
        cis_nominal(load_inputs(genotypes, bed, covariates), bed)
    with pytest.raises(NoVariantsError, match="no pair of phenotype and variant within 0 bases"):
        cis_nominal(genotypes, bed, window=0)
    study.gene_chromosomes = ["chr7"] * len(study.genes)
    study.write_bed(bed)
    with pytest.raises(InputError, match="its phenotypes lie on chr7, genotypes are of 1, 2"):
        load_inputs(genotypes, bed)
    study.positions[5] = 9_000_000
    study.gene_chromosomes = ["chr1"] * len(study.genes)
    study.write(tmp_path)
    with pytest.raises(InputError, match="rs6 at 1:70000 comes after one at 9000000"):
        cis_nominal(genotypes, bed)
    study.genes[1] = "g0"
    study.write_bed(bed)
    with pytest.raises(InputError, match="1 gene ids occur more than once: g0"):
        load_inputs(genotypes, bed)
