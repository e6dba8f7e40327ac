"""Enrichment with overlap, standardised coefficients, condition number: against slow and simple ways."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from postgwas.errors import InputError
from postgwas.ldsc.fits import H2Fit
from postgwas.ldsc.partitioned import annotation_sd, condition_number, enrichment, tau_star
from postgwas.ldsc.regression import h2

M_TOT = 4000
BLOCKS = 50


@pytest.fixture(scope="module")
def case() -> tuple[H2Fit, np.ndarray]:
    """A fit of three annotations (all variants, two that overlap) and the annotations."""
    rng = np.random.default_rng(3)
    annotations = np.column_stack([np.ones(M_TOT), rng.random(M_TOT) < 0.3, rng.random(M_TOT) < 0.2]).astype(
        float
    )
    l2 = np.column_stack([rng.lognormal(2, 0.6, M_TOT) * share for share in (1.0, 0.4, 0.3)])
    l2[:, 1:] *= rng.uniform(0.5, 1.5, (M_TOT, 2))
    z = rng.normal(size=M_TOT) * np.sqrt(1 + 20_000 * (l2 @ [2e-5, 3e-5, 1e-5]) / 10)
    m = annotations.sum(axis=0)
    fit = h2(z**2, l2, l2[:, 0], 20_000, m, n_blocks=BLOCKS, two_step=None, fixed_weights=True)
    return fit, annotations


def test_enrichment_counts_what_lies_inside(case: tuple[H2Fit, np.ndarray]) -> None:
    """Heritability of a set is the sum over its variants of their coefficients' sum."""
    fit, annotations = case
    found = enrichment(fit, annotations.T @ annotations, annotations.sum(axis=0), M_TOT)
    per_variant = annotations @ fit.coef
    for i in range(3):
        inside = annotations[:, i] == 1
        share = per_variant[inside].sum() / per_variant.sum()
        assert found.prop_h2[i] == pytest.approx(share, rel=1e-12)
        assert found.prop_snps[i] == inside.mean()
        assert found.enrichment[i] == pytest.approx(share / inside.mean(), rel=1e-12)


def test_standard_errors_are_the_jackknifes(case: tuple[H2Fit, np.ndarray]) -> None:
    """The share of a set, computed without each block in turn, varies as its SE says."""
    fit, annotations = case
    m = annotations.sum(axis=0)
    overlap = annotations.T @ annotations
    found = enrichment(fit, overlap, m, M_TOT)
    whole = found.prop_h2
    deleted = np.array([overlap @ tau / (m @ tau) for tau in fit.part_delete_values])
    pseudo = BLOCKS * whole - (BLOCKS - 1) * deleted
    expected = pseudo.std(axis=0, ddof=1) / math.sqrt(BLOCKS)
    np.testing.assert_allclose(found.prop_h2_se[1:], expected[1:], rtol=1e-8)
    assert found.prop_h2_se[0] == 0.0 and expected[0] < 1e-8
    np.testing.assert_allclose(found.enrichment_se[1:], expected[1:] / (m[1:] / M_TOT), rtol=1e-8)


def test_p_compares_variants_inside_with_those_outside(case: tuple[H2Fit, np.ndarray]) -> None:
    fit, annotations = case
    found = enrichment(fit, annotations.T @ annotations, annotations.sum(axis=0), M_TOT)
    assert math.isnan(found.enrichment_p[0])
    for i in (1, 2):
        inside = annotations[:, i] == 1
        contrast = annotations[inside].mean(axis=0) - annotations[~inside].mean(axis=0)
        t = (contrast @ fit.coef) / math.sqrt(contrast @ fit.coef_cov @ contrast)
        assert found.enrichment_p[i] == pytest.approx(2 * stats.t.sf(abs(t), BLOCKS), rel=1e-10)


def test_shapes_must_fit(case: tuple[H2Fit, np.ndarray]) -> None:
    fit, annotations = case
    with pytest.raises(InputError, match="3 LD score columns, but annotations of 2 columns"):
        enrichment(fit, np.eye(2), annotations.sum(axis=0), M_TOT)


def test_tau_star(case: tuple[H2Fit, np.ndarray]) -> None:
    fit, annotations = case
    sd = annotation_sd(annotations.T @ annotations, annotations.sum(axis=0), M_TOT)
    np.testing.assert_allclose(sd, annotations.std(axis=0), rtol=1e-10, atol=1e-15)
    assert sd[0] == 0.0
    found = tau_star(fit, sd, M_TOT)
    assert math.isnan(found.tau_star[0])
    for i in (1, 2):

        def star(tau: np.ndarray, i: int = i) -> float:
            return float(M_TOT * annotations[:, i].std() * tau[i] / (annotations.sum(axis=0) @ tau))

        assert found.tau_star[i] == pytest.approx(star(fit.coef), rel=1e-10)
        pseudo = BLOCKS * star(fit.coef) - (BLOCKS - 1) * np.array([star(t) for t in fit.part_delete_values])
        assert found.se[i] == pytest.approx(pseudo.std(ddof=1) / math.sqrt(BLOCKS), rel=1e-8)
        assert found.p[i] == pytest.approx(2 * stats.norm.sf(abs(found.z[i])), rel=1e-10)


def test_units_of_an_annotation_do_not_matter_to_tau_star(case: tuple[H2Fit, np.ndarray]) -> None:
    fit, annotations = case
    sd = annotations.std(axis=0)
    halved = H2Fit(
        **{
            **fit.__dict__,
            "coef": fit.coef / [1, 2, 1],
            "part_delete_values": fit.part_delete_values / [1, 2, 1],
        }
    )
    one, two = tau_star(fit, sd, M_TOT), tau_star(halved, sd * [1, 2, 1], M_TOT)
    np.testing.assert_allclose(one.tau_star, two.tau_star, rtol=1e-12)
    np.testing.assert_allclose(one.se, two.se, rtol=1e-12)


def test_condition_number() -> None:
    rng = np.random.default_rng(4)
    l2 = rng.lognormal(2, 1, (500, 4)) * [1, 10, 0.1, 3]
    assert condition_number(l2) == pytest.approx(np.linalg.cond(l2), rel=1e-9)
    assert condition_number(l2[:, 0]) == condition_number(l2[:, :1]) == 1.0
    assert condition_number(np.column_stack([l2, l2[:, 0]])) > 1e7
