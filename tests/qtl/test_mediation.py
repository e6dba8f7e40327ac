"""Mediation: against plain least squares and a plain bootstrap, planted effects told apart, the same bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from qtl.trans_study import TransStudy, imputed, make_study, ols

from postgwas.errors import ColumnError, InputError
from postgwas.expression.covariate_files import read_covariates
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.qtl import MediationSettings, QtlInputOptions, load_inputs, mediation
from postgwas.qtl.mediation_paths import _weights as resample_weights
from postgwas.qtl.mediation_paths import bootstrap_indirect, mediation_paths
from postgwas.qtl.projection import projection


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> TransStudy:
    return make_study(tmp_path_factory.mktemp("mediation"))


def trios_file(folder: Path, *trios: tuple[str, str, str]) -> Path:
    path = folder / "trios.txt"
    path.write_text("".join("\t".join(trio) + "\n" for trio in trios))
    return path


def test_paths_are_those_of_least_squares(study: TransStudy, tmp_path: Path) -> None:
    trios = [(f"rs{j}", one, two) for j in (5, 10, 60) for one, two in (("g1", "g2"), ("g0", "g3"))]
    settings = MediationSettings(trios=trios_file(tmp_path, *trios), bootstrap=0)
    table = mediation(*study.files, settings=settings).table
    assert set(table.select("variant_id", "mediator_id", "phenotype_id").iter_rows()) == set(trios)
    dosage = imputed(study.calls)
    for row in table.iter_rows(named=True):
        x = dosage[int(row["variant_id"][2:])]
        m, y = study.y[int(row["mediator_id"][1:])], study.y[int(row["phenotype_id"][1:])]
        a, total, both = ols(m, x, *study.z), ols(y, x, *study.z), ols(y, m, x, *study.z)
        for name, fit, at in (("a", a, 0), ("total", total, 0), ("b", both, 0), ("direct", both, 1)):
            ours = [row[name], row[f"{name}_se"], row[f"{name}_pval"]]
            np.testing.assert_allclose(ours, [column[at] for column in fit], rtol=1e-8)
        assert row["indirect"] == pytest.approx(a[0][0] * both[0][0], rel=1e-9)
        assert row["indirect"] == pytest.approx(row["total"] - row["direct"], rel=1e-8)
        sobel = np.hypot(a[0][0] * both[1][0], both[0][0] * a[1][0])
        assert row["sobel_se"] == pytest.approx(sobel, rel=1e-8)
        assert row["proportion_mediated"] == pytest.approx(row["indirect"] / row["total"], rel=1e-9)
    assert table["boot_se"].null_count() == table.height


def test_the_bootstrap_is_that_of_refitting_every_resample() -> None:
    """Covariates too, one of them a category of two people whom many resamples lack."""
    rng = np.random.default_rng(3)
    n, size = 40, 300
    z = np.vstack([rng.normal(size=(2, n)), (np.arange(n) < 2)[None]]).astype(float)
    x = rng.integers(0, 3, n).astype(float)
    m = 0.8 * x + z[0] + rng.normal(size=n)
    y = 0.5 * m + 0.2 * x + z[1] + rng.normal(size=n)
    basis = projection(z, n)
    found = bootstrap_indirect(
        basis.residuals(np.vstack([y, x, m])), np.array([[1, 2, 0]]), basis, n_resamples=size, seed=4
    )
    weights = np.vstack([resample_weights(n, 250, 4, 0), resample_weights(n, 50, 4, 1)])
    assert (weights.sum(axis=1) == n).all()
    values = []
    for weight in weights:
        rows = np.repeat(np.arange(n), weight.astype(int))
        design = np.column_stack([np.ones(n), z.T])[rows]
        a = np.linalg.lstsq(np.column_stack([x[rows], design]), m[rows], rcond=None)[0][0]
        b = np.linalg.lstsq(np.column_stack([m[rows], x[rows], design]), y[rows], rcond=None)[0][0]
        values.append(a * b)
    assert found.n_resamples.tolist() == [size]
    assert found.se[0] == pytest.approx(np.std(values, ddof=1), rel=1e-8)
    np.testing.assert_allclose([found.low[0], found.high[0]], np.quantile(values, [0.025, 0.975]), rtol=1e-8)
    below = sum(value <= 0 for value in values)
    assert found.pval[0] == pytest.approx(2 * (min(below, size - below) + 1) / (size + 1))


def test_more_resamples_change_none_before() -> None:
    np.testing.assert_array_equal(resample_weights(30, 7, 1, 0), resample_weights(30, 250, 1, 0)[:7])
    assert not np.array_equal(resample_weights(30, 250, 1, 0), resample_weights(30, 250, 1, 1))


def test_a_mediator_that_the_variant_explains_has_no_figures() -> None:
    x = np.random.default_rng(1).normal(size=(1, 50))
    y = np.random.default_rng(2).normal(size=(1, 50))
    paths = mediation_paths(x, 2 * x, y, 48)
    assert np.isnan(paths.b[0]) and np.isnan(paths.indirect[0]) and np.isfinite(paths.total[0])


def test_intervals_cover_and_null_is_not_found() -> None:
    """400 trios of 150 people: 95 % intervals of an effect, false positives of one that is not there."""
    rng = np.random.default_rng(9)
    trios, n = 400, 150
    x = rng.integers(0, 3, (trios, n)).astype(float)
    m = 0.5 * x + rng.normal(size=(trios, n))
    y = 0.4 * m + 0.3 * x + rng.normal(size=(trios, n))
    unrelated = 0.3 * x + rng.normal(size=(trios, n))
    basis = projection(None, n)
    vectors = basis.residuals(np.vstack([x, m, y, unrelated]))
    rows = np.arange(trios)
    there = np.column_stack([rows, rows + trios, rows + 2 * trios])
    absent = np.column_stack([rows, rows + trios, rows + 3 * trios])
    found = bootstrap_indirect(vectors, np.vstack([there, absent]), basis, n_resamples=250, seed=2)
    covered = (found.low <= np.repeat([0.2, 0.0], trios)) & (np.repeat([0.2, 0.0], trios) <= found.high)
    # 95 % of 400 is 380, its standard deviation 4.4; percentile intervals are a little short.
    assert 360 <= covered[:trios].sum() <= 393 and 360 <= covered[trios:].sum() <= 395
    assert (found.pval[:trios] < 0.05).mean() > 0.85 and (found.pval[trios:] < 0.05).mean() < 0.08


def test_the_same_bits_for_any_workers_and_order_of_trios(
    study: TransStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("run_mediation", "mediation_task"):
        monkeypatch.setattr(f"postgwas.qtl.{module}.TASK", 8)
    trios = [(f"rs{j}", f"g{g}", "g3") for j in range(4, 14) for g in range(3)]
    settings = MediationSettings(trios=trios_file(tmp_path, *trios), bootstrap=260, seed=7)
    one = mediation(*study.files, settings=settings)
    trios_file(tmp_path, *reversed(trios), trios[3])
    two = mediation(*study.files, settings=settings, cores=2)
    assert one.table.height == 30 and one.table.equals(two.table)
    other = MediationSettings(trios=tmp_path / "trios.txt", bootstrap=260, seed=8)
    assert not mediation(*study.files, settings=other).table["boot_se"].equals(one.table["boot_se"])


def test_mediators_from_cis_effects_or_from_the_neighbourhood(study: TransStudy, tmp_path: Path) -> None:
    trans, cis = tmp_path / "trans.tsv", tmp_path / "cis.tsv"
    trans.write_text("variant_id\tphenotype_id\nrs10\tg3\nrs11\tg3\nrs60\tg3\n")
    cis.write_text("phenotype_id\tvariant_id\tpval_nominal\ng1\trs10\t1e-9\ng0\trs11\t0.4\ng3\trs10\t1e-9\n")
    named = mediation(*study.files, settings=MediationSettings(trans=trans, cis=cis, bootstrap=0)).table
    assert named.select("variant_id", "mediator_id").rows() == [("rs10", "g1")]
    cis.write_text(cis.read_text().replace("1e-9", "1e-9?"))
    with pytest.raises(ColumnError, match=r"row 1, column pval_nominal: '1e-9\?' is not a number"):
        mediation(*study.files, settings=MediationSettings(trans=trans, cis=cis, bootstrap=0))
    near = MediationSettings(trans=trans, window=250_000, cis_pval=1.0, bootstrap=0)
    found = mediation(*study.files, settings=near).table
    # rs10 lies at 1:220,000: g0 (50,000) is near, g1 (900,000) is not; rs60 at 2:420,000 has none.
    assert found.select("variant_id", "mediator_id").rows() == [("rs10", "g0"), ("rs11", "g0")]


def test_trios_that_name_what_is_not_there(study: TransStudy, tmp_path: Path) -> None:
    path = trios_file(
        tmp_path, ("rs10", "g0", "g3"), ("rs999", "g0", "g3"), ("rs10", "g9", "g3"), ("rs10", "g0", "g8"),
        ("rs10", "g3", "g3"), ("rs3", "g0", "g3"),
    )  # fmt: skip
    found = mediation(*study.files, settings=MediationSettings(trios=path, bootstrap=0))
    assert found.table.height == 1 and found.rejected["reason"].to_list() == [
        "unknown_variant", "unknown_mediator", "unknown_phenotype", "mediator_is_phenotype",
        "variant_constant",
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"none of 1 trios can be tested, such as rs999 g0 g3 \(unknown_var"):
        settings = MediationSettings(trios=trios_file(tmp_path, ("rs999", "g0", "g3")))
        mediation(*study.files, settings=settings)
    path.write_text("variant phenotype\n")
    with pytest.raises(ColumnError, match="expected columns variant_id, mediator_id, phenotype_id"):
        mediation(*study.files, settings=MediationSettings(trios=path))


def test_a_name_of_several_variants_is_no_variant(study: TransStudy, tmp_path: Path) -> None:
    """Alleles of one place share their rsID; the last of them was taken."""
    path = trios_file(tmp_path, ("rs10", "g0", "g3"), ("rs20", "g0", "g3"))
    bim = Path(study.files[0]).with_suffix(".bim")
    before = bim.read_text()
    try:
        bim.write_text(before.replace("\trs11\t", "\trs10\t"))
        found = mediation(*study.files, settings=MediationSettings(trios=path, bootstrap=0))
    finally:
        bim.write_text(before)
    assert found.table["variant_id"].to_list() == ["rs20"]
    assert found.rejected.select("variant_id", "reason").rows() == [("rs10", "variant_id_not_unique")]


@pytest.mark.requires_shared
def test_planted_effects_are_told_apart(shared: Path, tmp_path: Path) -> None:
    """A trans effect through a cis gene, and two that are direct, of the simulated study.

    Known covariates only: the components of expression, computed on 646 genes, take most of what mediator
    and target share beside the variant, and with it the mediated share (0.41 here, 0.12 with them).
    """
    folder = shared / "oracle" / "eqtl"
    sim = folder / "sim_inputs"
    everything = read_covariates(sim / "covariates.txt")
    rows = [row for row, name in enumerate(everything.names) if not name.startswith("ePC")]
    known = CovariateMatrix(
        everything.values[rows], tuple(everything.names[row] for row in rows), everything.samples
    )
    truth = pl.read_csv(sim / "truth.tsv", separator="\t").filter(pl.col("kind").str.starts_with("trans"))
    hits = tmp_path / "hits.tsv"
    truth.select("variant_id", pl.col("gene_id").alias("phenotype_id")).write_csv(hits, separator="\t")
    inputs = load_inputs(
        sim / "geno.pgen", folder / "expression_prep_gtex" / "tmm.expression.bed.gz", known,
        options=QtlInputOptions(), cis=False,
    )  # fmt: skip
    # Every phenotype within 1 Mb is a candidate, whether or not the variant affects it.
    table = mediation(inputs, settings=MediationSettings(trans=hits, cis_pval=1.0, seed=1)).table
    planted = (pl.col("mediator_id") == "ENSG00000053.1") & (pl.col("phenotype_id") == "ENSG00000010.1")
    best = table.sort("sobel_pval").row(0, named=True)
    assert (best["mediator_id"], best["phenotype_id"]) == ("ENSG00000053.1", "ENSG00000010.1")
    assert best["sobel_pval"] < 1e-9 and best["boot_pval"] < 0.003 and best["boot_ci_low"] > 0
    assert 0.3 < best["proportion_mediated"] < 0.6
    others = table.filter(~planted)
    assert others.height > 40 and (others["sobel_pval_adj_bh"] > 0.05).all()
    assert (others["proportion_mediated"].abs() < 0.2).all() and (others["total_pval"] < 1e-6).all()
    affected = mediation(inputs, settings=MediationSettings(trans=hits, bootstrap=0)).table
    assert affected.select("mediator_id", "phenotype_id").rows() == [("ENSG00000053.1", "ENSG00000010.1")]
