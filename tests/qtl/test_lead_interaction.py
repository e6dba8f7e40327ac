"""Effects in groups: against statsmodels' nested models."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from postgwas.qtl.lead_interaction import GroupEffects, group_effects, group_frequencies
from postgwas.qtl.projection import projection


def made(seed: int, n: int = 90, groups: int = 3):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.arange(n) % groups)
    covariates = rng.normal(size=(3, n))
    leads = rng.binomial(2, 0.3, (3, n)).astype(float)
    y = leads[0] * (codes == 1) + 0.5 * leads[1] + 0.4 * codes + covariates[0] + rng.normal(size=n)
    return codes, covariates, leads, y


def fitted(codes, covariates, x, y, others=None) -> GroupEffects:
    groups = int(codes.max()) + 1
    indicators = (codes == np.arange(1, groups)[:, None]).astype(float)
    known = projection(np.vstack([indicators, covariates]), len(y))
    return group_effects(y, x, codes, groups, known, others)


def nested(codes, covariates, x, y, others):
    """F test of one slope against a slope a group, and the slopes; ranks as statsmodels finds them."""
    indicators = (codes == np.unique(codes)[:, None]).astype(float)
    base = [*indicators, *covariates, *others]
    small = sm.OLS(y, np.column_stack([*base, x])).fit()
    large = sm.OLS(y, np.column_stack([*base, *(x * indicators)])).fit()
    return large.compare_f_test(small), large


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_same_as_statsmodels(seed: int, conditional: bool) -> None:
    codes, covariates, leads, y = made(seed)
    others = leads[1:] if conditional else leads[:0]
    found = fitted(codes, covariates, leads[0], y, others)
    (f, p, df1), large = nested(codes, covariates, leads[0], y, others)
    assert found.f == pytest.approx(f, rel=1e-9)
    assert 10**-found.mlog10p == pytest.approx(p, rel=1e-8)
    assert (found.df1, found.df2) == (df1, large.df_resid)
    np.testing.assert_allclose(found.slope, large.params[-3:], rtol=1e-9)
    np.testing.assert_allclose(found.slope_se, large.bse[-3:], rtol=1e-9)


@pytest.mark.filterwarnings("ignore:The design matrix is rank-deficient")
def test_a_group_without_variation_takes_no_degree_of_freedom() -> None:
    codes, covariates, leads, y = made(7)
    x = np.where(codes == 2, 0.0, leads[0])
    found = fitted(codes, covariates, x, y)
    (f, _, df1), large = nested(codes, covariates, x, y, [])
    assert found.f == pytest.approx(f, rel=1e-9)
    assert (found.df1, found.df2) == (int(df1), large.df_resid) == (1, 90 - 3 - 3 - 2)
    assert np.isnan(found.slope[2]) and np.isfinite(found.slope[:2]).all()


def test_nothing_to_compare_where_one_group_varies_or_another_lead_is_the_same_variant() -> None:
    codes, covariates, leads, y = made(8)
    alone = fitted(codes, covariates, np.where(codes == 0, leads[0], 1.0), y)
    assert np.isnan(alone.f) and alone.df1 == 0
    assert np.isfinite(alone.slope).tolist() == [True, False, False]
    same = fitted(codes, covariates, leads[0], y, 2.0 - leads[:1])
    assert np.isnan(same.f) and np.isnan(same.mlog10p)


def test_two_other_leads_that_are_the_same_count_once() -> None:
    codes, covariates, leads, y = made(9)
    one = fitted(codes, covariates, leads[0], y, leads[1:2])
    two = fitted(codes, covariates, leads[0], y, np.vstack([leads[1], 2.0 - leads[1]]))
    assert (two.df1, two.df2) == (one.df1, one.df2)
    assert two.mlog10p == pytest.approx(one.mlog10p, rel=1e-9)


def test_frequencies_of_groups() -> None:
    found = group_frequencies(np.array([0.0, 2, 1, 1, 2]), np.array([0, 0, 1, 1, 1]), 2)
    np.testing.assert_allclose(found, [0.5, 4 / 6])
