"""The comparison of demo estimates with the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from postgwas.reference.demo import (
    DemoStudy,
    make_truth,
    simulate_effects,
    simulate_samples,
    simulate_variants,
)
from postgwas.reference.demo_check import compare_effects, deviations


@pytest.fixture(scope="module")
def simulated():
    rng = np.random.default_rng(3)
    variants = simulate_variants(rng, 20_000)
    truth = make_truth(variants.l2, 3)
    effects, noise = simulate_effects(rng, variants.l2, truth)
    n = simulate_samples(rng, truth.n_samples, variants.l2.size)
    study = DemoStudy(Path(), (), Path(), truth, variants.snpid, variants.ea, effects)
    return study, variants, np.sqrt(n) * effects + noise, n


def test_effects_are_matched_by_name_and_turned_by_allele(simulated):
    study, variants, _, _ = simulated
    rows = np.random.default_rng(1).permutation(variants.snpid.size)[:500]
    turned = np.arange(500) % 3 == 0
    ea = np.where(turned, variants.nea[rows], variants.ea[rows])
    nea = np.where(turned, variants.ea[rows], variants.nea[rows])
    exact = study.effects[rows] * np.where(turned, -1, 1)[:, None]
    ids = variants.snpid[rows].astype(object)
    ids[0] = "rs_unknown"
    found = compare_effects(study, ids, ea, nea, exact, 2 * exact)
    assert found.n_variants == 499
    np.testing.assert_allclose(found.correlation_gwas, 1)
    np.testing.assert_allclose(found.correlation_mtag, 1)
    np.testing.assert_allclose(found.mse_gwas, 0, atol=1e-20)
    np.testing.assert_allclose(found.mse_mtag, np.mean(exact[1:] ** 2, axis=0))


def test_mtag_beats_the_gwas_and_finds_omega(simulated):
    from postgwas.mtag.estimator import estimate
    from postgwas.mtag.omega import moments

    study, variants, z, n = simulated
    omega = moments(z, n, study.truth.sigma)
    away = deviations(
        study,
        omega=omega.omega,
        omega_se=omega.omega_se,
        rg=omega.correlation,
        rg_se=omega.correlation_se,
        sigma=study.truth.sigma,
        sigma_se=np.full((3, 3), np.nan),
    )
    assert np.nanmax(np.abs(away.omega)) < 4
    assert away.counts(limit=4.0) == (9, 9)
    made = estimate(z, n, omega.omega, study.truth.sigma)
    found = compare_effects(study, variants.snpid, variants.ea, variants.nea, z / np.sqrt(n), made.beta)
    assert (found.mse_mtag < 0.9 * found.mse_gwas).all()
    assert (found.correlation_mtag > found.correlation_gwas).all()
