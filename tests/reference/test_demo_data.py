"""The demo study: reproducible, true to its stated parameters, and full of everyday faults."""

from __future__ import annotations

import gzip
import json

import numpy as np
import polars as pl
import pytest

from postgwas.errors import OutputError
from postgwas.reference.demo import (
    make_truth,
    simulate_effects,
    simulate_variants,
    write_demo,
)
from postgwas.sumstats.derive import abs_z_from_mlog10p


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo"), n_variants=6000, seed=5)


def raw(path, separator="\t"):
    return pl.read_csv(
        gzip.decompress(path.read_bytes()), separator=separator, null_values="NA", infer_schema=False
    )


def test_same_seed_same_bytes(study, tmp_path):
    again = write_demo(tmp_path, n_variants=6000, seed=5)
    names = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert len(names) == 3 + 2 + 44
    for name in names:
        assert (tmp_path / name).read_bytes() == (study.folder / name).read_bytes(), name
    other = write_demo(tmp_path, n_variants=6000, seed=6, overwrite=True)
    assert not np.array_equal(again.effects, other.effects)


def test_an_existing_study_is_kept(study):
    with pytest.raises(OutputError, match="--overwrite"):
        write_demo(study.folder)


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_demo(tmp_path / "file" / "demo", n_variants=100)


def test_effects_and_errors_have_the_stated_covariances():
    rng = np.random.default_rng(11)
    variants = simulate_variants(rng, 60_000)
    truth = make_truth(variants.l2, 11)
    omegas, sigmas = [], []
    for _ in range(8):
        effects, noise = simulate_effects(rng, variants.l2, truth)
        omegas.append(effects.T @ effects / len(effects))
        sigmas.append(noise.T @ noise / len(noise))
    for replicates, expected in ((omegas, truth.omega), (sigmas, truth.sigma)):
        spread = np.std(replicates, axis=0, ddof=1) / np.sqrt(len(replicates))
        assert (np.abs(np.mean(replicates, axis=0) - expected) < 5 * spread).all()
    # Twenty LD score bins: the effects' variance is proportional to the LD score.
    bins = np.array_split(np.argsort(variants.l2), 20)
    variance = [np.mean(effects[b, 0] ** 2) for b in bins]
    slope = np.polyfit([variants.l2[b].mean() for b in bins], variance, 1)
    assert slope[0] == pytest.approx(truth.omega_per_snp[0, 0], rel=0.25)


def test_panel_looks_like_a_hapmap_panel(study):
    scores = [raw(study.ld_ref_panel / f"{c}.l2.ldscore.gz") for c in range(1, 23)]
    assert all(frame.columns == ["CHR", "SNP", "BP", "CM", "MAF", "L2"] for frame in scores)
    panel = pl.concat(scores)
    l2 = panel["L2"].cast(pl.Float64).to_numpy()
    assert panel["SNP"].n_unique() == len(panel) == len(study.snpid)
    assert 20 < l2.mean() < 30
    logs = np.log(l2)
    assert 0.6 < logs.std() < 0.85
    assert 0.5 < np.corrcoef(logs[1:], logs[:-1])[0, 1] < 0.95
    common = sum(int((study.ld_ref_panel / f"{c}.l2.M_5_50").read_text()) for c in range(1, 23))
    assert common == pytest.approx(1_173_000, abs=22)
    for frame in scores:
        assert (np.diff(frame["BP"].cast(pl.Int64).to_numpy()) > 0).all()


def test_files_hold_the_simulated_effects_and_the_planted_faults(study):
    ssgac, regenie, ssf = raw(study.sumstats[0]), raw(study.sumstats[1], " "), raw(study.sumstats[2])
    layouts = (
        (ssgac, "snpid", "a1", "beta", "se", "freq"),
        (regenie, "ID", "ALLELE1", "BETA", "SE", "A1FREQ"),
        (ssf, "rsid", "effect_allele", "beta", "standard_error", "effect_allele_frequency"),
    )
    truth = pl.DataFrame(
        {"id": study.snpid.tolist(), "ea": study.ea.tolist(), "index": np.arange(len(study.snpid))}
    )
    for t, (frame, snp, allele, beta, se, freq) in enumerate(layouts):
        assert frame[snp].null_count() >= 0 and frame[beta].null_count() > 0
        assert frame.filter(frame[snp].is_not_null())[snp].is_duplicated().any()
        joined = frame.join(truth, left_on=snp, right_on="id").drop_nulls([beta, se, freq])
        number = {k: joined[k].cast(pl.Float64).to_numpy() for k in (beta, se, freq)}
        same = (joined[allele].str.to_uppercase() == joined["ea"]).to_numpy()
        assert (same.mean() > 0.97) if t == 0 else (0.8 < same.mean() < 0.9)
        f = number[freq]
        standardised = np.where(same, 1, -1) * number[beta] * np.sqrt(2 * f * (1 - f))
        true = study.effects[joined["index"].to_numpy(), t]
        # Swapped rows turned back; what is left is the estimation error.
        assert np.corrcoef(standardised, true)[0, 1] > 0.3
        assert (number[freq] < 0.01).any()
    assert {"I", "D"} <= set(regenie["ALLELE1"].drop_nulls()) | set(regenie["ALLELE0"].drop_nulls())
    assert any(a.islower() for a in ssgac["a1"])
    assert "1.2" in set(ssf["p_value"])


def test_the_p_value_that_underflows_belongs_to_its_z(study):
    row = raw(study.sumstats[2]).filter(pl.col("p_value") == "1.2e-415").row(0, named=True)
    assert float(row["p_value"]) == 0.0
    z = float(row["beta"]) / float(row["standard_error"])
    assert abs_z_from_mlog10p(np.array([415 - np.log10(1.2)]))[0] == pytest.approx(z, rel=1e-3)


def test_truth_is_written(study):
    written = json.loads((study.folder / "truth.json").read_text())
    assert written["seed"] == 5
    np.testing.assert_array_equal(written["sigma"], study.truth.sigma)
    effects = raw(study.folder / "true_effects.tsv.gz")
    np.testing.assert_allclose(
        effects["wellbeing"].cast(pl.Float64).to_numpy(), study.effects[:, 2], rtol=1e-7
    )
