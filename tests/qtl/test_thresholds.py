"""Nominal thresholds, and degrees of freedom told from tests."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import scipy.stats

from postgwas.qtl.nominal_df import nominal_df
from postgwas.qtl.thresholds import thresholds

FITS = np.array([[1.02, 120.0, 210.0], [0.97, 400.0, 260.0], [1.1, 30.0, 279.0]])


def test_thresholds_are_quantiles_halfway_between() -> None:
    p, q = np.array([0.001, 0.02, 0.4]), np.array([0.003, 0.03, 0.4])
    found = thresholds(p, q, FITS, df=279, fdr=0.05)
    assert found.pval_beta == pytest.approx((0.02 + 0.4) / 2)
    expected = scipy.stats.beta.ppf(found.pval_beta, FITS[:, 0], FITS[:, 1])
    np.testing.assert_allclose(found.nominal, expected, rtol=1e-9)
    # The exact one: a correlation whose P at its own degrees of freedom is the quantile.
    t = scipy.stats.t.isf(expected / 2, FITS[:, 2])
    r2 = t**2 / (t**2 + FITS[:, 2])
    nominal = 2 * scipy.stats.t.sf(np.sqrt(279 * r2 / (1 - r2)), 279)
    np.testing.assert_allclose(found.exact, nominal, rtol=1e-9)
    assert found.exact[2] == pytest.approx(found.nominal[2])


def test_all_or_none_significant() -> None:
    p = np.array([0.001, 0.02, 0.03])
    assert thresholds(p, p, FITS, df=279, fdr=0.05).pval_beta == 0.03
    none = thresholds(p, np.ones(3), FITS, df=279, fdr=0.05)
    assert np.isnan(none.pval_beta) and np.isnan(none.nominal).all() and np.isnan(none.exact).all()


def test_a_phenotype_without_a_fit_has_no_threshold() -> None:
    fits = FITS.copy()
    fits[1] = np.nan
    found = thresholds(np.array([0.001, 0.02, 0.4]), np.array([0.003, 0.03, 0.4]), fits, df=279, fdr=0.05)
    assert np.isnan([found.nominal[1], found.exact[1]]).all()
    assert np.isfinite(found.nominal[[0, 2]]).all()


@pytest.mark.parametrize("df", [3, 87, 279, 5000])
def test_df_is_told_from_the_tests(df: int) -> None:
    t = np.array([-4.5, 6.0, 0.5, 12.0])
    p = 2 * scipy.stats.t.sf(np.abs(t), df)
    table = pl.DataFrame({"slope": t * 0.2, "slope_se": np.full(4, 0.2), "pval_nominal": p})
    assert nominal_df(table) == df
    # To the 6 digits of peers' files.
    short = table.with_columns(pl.all().round_sig_figs(6))
    assert nominal_df(short) == df or df == 5000


def test_df_is_missing_where_tests_do_not_fit_together() -> None:
    table = pl.DataFrame({"slope": [0.5], "slope_se": [0.1], "pval_nominal": [1e-9]})
    assert np.isnan(nominal_df(table))
    assert np.isnan(nominal_df(table.drop("slope_se")))
    assert np.isnan(nominal_df(table.with_columns(pval_nominal=pl.lit(0.5))))
