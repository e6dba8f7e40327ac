"""Calls of susieR and the same calls of ours, for the committed cases and the oracle's alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from postgwas.finemap import SusieFit, susie, susie_rss, susie_suff_stat

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Region:
    """Inputs of one simulated region."""

    r: Floats
    beta1: Floats
    se1: Floats
    beta2: Floats
    se2: Floats
    n1: float
    n2: float
    sd_y1: float | None
    weight1: Floats
    x: Floats | None = None
    y: Floats | None = None


def rss(**options: Any) -> Callable[[Region], SusieFit]:
    return lambda one: susie_rss(one.beta1 / one.se1, one.r, one.n1, **options)


def individual(**options: Any) -> Callable[[Region], SusieFit]:
    def call(one: Region) -> SusieFit:
        assert one.x is not None and one.y is not None
        return susie(one.x, one.y, **options)

    return call


def per_allele(one: Region) -> SusieFit:
    assert one.sd_y1 is not None
    return susie_rss(None, one.r, one.n1, beta=one.beta1, se=one.se1, var_y=one.sd_y1**2)


def suff_stat(one: Region) -> SusieFit:
    assert one.x is not None and one.y is not None
    x, y = one.x - one.x.mean(axis=0), one.y - one.y.mean()
    return susie_suff_stat(x.T @ x, x.T @ y, float(y @ y), y.size)


CALLS: Mapping[str, Callable[[Region], SusieFit]] = {
    "rss_default": rss(),
    "rss_erv_TRUE": rss(estimate_residual_variance=True),
    "rss_L1": rss(L=1),
    "rss_L5": rss(L=5),
    "rss_L20": rss(L=20),
    "rss_cov0.99": rss(coverage=0.99),
    "rss_minabscorr0": rss(min_abs_corr=0.0),
    "rss_nullweight": lambda one: rss(null_weight=1 / (one.beta1.size + 1))(one),
    "rss_fixedprior": rss(estimate_prior_variance=False, scaled_prior_variance=0.05),
    "rss_EM": rss(estimate_prior_method="EM"),
    "rss_simple": rss(estimate_prior_method="simple", check_null_threshold=0.1),
    "rss_priorweights": lambda one: rss(prior_weights=one.weight1)(one),
    "rss_refine": rss(refine=True),
    "rss_maxiter3": rss(max_iter=3),
    "rss_no_n": lambda one: susie_rss(one.beta1 / one.se1, one.r, math.inf),
    "rss_bhat_shat_vary": per_allele,
    "rss_default_trait2": lambda one: susie_rss(one.beta2 / one.se2, one.r, one.n2),
    "individual_default": individual(),
    "individual_nostd": individual(standardize=False),
    "individual_erv_FALSE": individual(estimate_residual_variance=False),
    "individual_nointercept": individual(intercept=False),
    "individual_refine": individual(refine=True),
    "suff_stat_default": suff_stat,
}


def agree(fit: SusieFit, expected: Mapping[str, Any], pip: Floats) -> None:
    """PIPs, sets, prior variances, bound and iterations are the peer's.

    susieR stops the search for a prior variance at a tolerance of 1.5e-8 on its logarithm; ours goes
    on to the top, hence 1e-8 in PIP. Its bound is off by up to p * L * 1.5e-8, which it adds to prior
    weights so that none is 0.
    """
    np.testing.assert_allclose(fit.pip, pip, rtol=0, atol=1e-8)
    assert fit.n_iter == expected["niter"]
    assert fit.converged == expected["converged"]
    assert fit.sigma2 == pytest_approx(expected["sigma2"], 1e-7)
    np.testing.assert_allclose(np.sort(fit.V), np.sort(np.atleast_1d(expected["V"])), rtol=2e-5, atol=1e-9)
    shift = 2e-8 * fit.n_variants
    np.testing.assert_allclose(fit.lbf, np.atleast_1d(expected["lbf"]), rtol=1e-7, atol=shift)
    assert fit.elbo[-1] == pytest_approx(expected["elbo"], 1e-6)
    found = [one.variants.tolist() for one in fit.credible_sets]
    if expected["sets"] and isinstance(expected["sets"][0], int):
        assert sorted(map(len, found)) == sorted(expected["sets"])
    else:
        assert sorted(found) == sorted(expected["sets"])


def pytest_approx(value: float, relative: float) -> Any:
    import pytest

    return pytest.approx(value, rel=relative)
