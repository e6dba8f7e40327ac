"""ANOVA against statsmodels' anova_lm, within-group test against scipy's levene, calibration, properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.api import OLS
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from postgwas.expression.variance import indicators, sequential_anova, within_groups


def study(seed: int, n: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, n)
    table = pd.DataFrame(
        {
            "batch": rng.integers(0, 3, n), "sex": rng.integers(0, 2, n), "age": rng.normal(50, 9, n),
            "grp": group, "pop": group * 3 + rng.integers(0, 3, n),
        }
    )  # fmt: skip
    scale = 10.0 ** rng.integers(-3, 4, (12, 1))
    values = rng.normal(size=(12, n)) + table["batch"].to_numpy() + 0.7 * rng.normal(size=(12, 3))[:, group]
    return table, values * scale + 100.0


def terms(table: pd.DataFrame) -> list[np.ndarray]:
    """Batch, sex, age, group, population."""
    made = []
    for name in ("batch", "sex", "age", "grp", "pop"):
        column = table[name].to_numpy()
        levels, codes = np.unique(column, return_inverse=True)
        made.append(column[:, None].astype(float) if name == "age" else indicators(codes, len(levels)))
    return made


@pytest.mark.parametrize("seed", range(3))
def test_anova_is_statsmodels(seed: int) -> None:
    table, values = study(seed)
    design = terms(table)
    got = sequential_anova(values, [design[0], design[1], design[3]], n_adjust=2)
    for gene, y in enumerate(values):
        want = anova_lm(ols("y ~ C(batch) + C(sex) + C(grp)", table.assign(y=y)).fit(), typ=1)
        np.testing.assert_allclose(got.ss[:, gene], want["sum_sq"][:3], rtol=1e-8)
        np.testing.assert_allclose(got.f[:, gene], want["F"][:3], rtol=1e-8)
        np.testing.assert_allclose(10 ** -got.mlog10p[:, gene], want["PR(>F)"][:3], rtol=1e-7)
        np.testing.assert_allclose(got.ss_residual[gene], want["sum_sq"].iloc[-1], rtol=1e-8)
    assert got.df_residual == want["df"].iloc[-1] and got.df.tolist() == want["df"][:3].tolist()


@pytest.mark.parametrize("seed", range(3))
def test_numbers_and_nested_terms_are_differences_of_fits(seed: int) -> None:
    table, values = study(seed)
    design = terms(table)
    got = sequential_anova(values, design, n_adjust=3)
    for gene, y in enumerate(values):
        before = OLS(y, np.ones((len(y), 1))).fit()
        columns = np.ones((len(y), 1))
        for at, term in enumerate(design):
            columns = np.hstack([columns, term])
            after = OLS(y, columns).fit()
            np.testing.assert_allclose(got.ss[at, gene], before.ssr - after.ssr, rtol=1e-6)
            assert got.df[at] == before.df_resid - after.df_resid
            before = after
        np.testing.assert_allclose(got.ss_residual[gene], after.ssr, rtol=1e-8)
        assert got.df_residual == after.df_resid


def test_shares() -> None:
    table, values = study(5)
    got = sequential_anova(values, terms(table), n_adjust=3)
    total = values.var(axis=1) * values.shape[1]
    left = got.residuals.var(axis=1) * values.shape[1]
    np.testing.assert_allclose(got.share(3), got.ss[3] / total, rtol=1e-9)
    np.testing.assert_allclose(got.share_beyond(3, 3), got.ss[3] / left, rtol=1e-9)
    np.testing.assert_allclose(got.ss.sum(axis=0) + got.ss_residual, got.ss_total, rtol=1e-10)


def test_samples_order_and_units_change_nothing_else() -> None:
    table, values = study(2)
    order = np.random.default_rng(1).permutation(len(table))
    one = sequential_anova(values, terms(table), n_adjust=3)
    other = sequential_anova(values[:, order] * 7 - 3, terms(table.iloc[order]), n_adjust=3)
    np.testing.assert_allclose(one.mlog10p, other.mlog10p, rtol=1e-7)
    np.testing.assert_allclose(one.share_beyond(3, 3), other.share_beyond(3, 3), rtol=1e-7)


def test_genes_that_do_not_vary_and_terms_that_add_nothing() -> None:
    table, values = study(3)
    values[0] = 4.0
    design = terms(table)
    got = sequential_anova(values, [design[4], design[3]])
    assert got.df.tolist() == [8, 0]
    assert np.isnan(got.share(0)[0]) and np.isnan(got.f[:, 0]).all()
    assert np.isnan(got.f[1]).all() and (got.ss[1] < 1e-12 * np.maximum(got.ss_total, 1)).all()


def test_null_p_values_are_uniform() -> None:
    table, _ = study(4, n=90)
    values = np.random.default_rng(8).normal(size=(4000, 90))
    got = sequential_anova(values, terms(table), n_adjust=3)
    for term in (3, 4):
        assert stats.kstest(10 ** -got.mlog10p[term], "uniform").pvalue > 1e-3


def test_within_groups_is_levene_about_medians() -> None:
    table, values = study(6)
    groups = table["grp"].to_numpy()
    got = within_groups(values, groups, 3)
    for gene, y in enumerate(values):
        parts = [y[groups == g] for g in range(3)]
        want = stats.levene(*parts, center="median")
        np.testing.assert_allclose(got.statistic[gene], want.statistic, rtol=1e-9)
        np.testing.assert_allclose(10 ** -got.mlog10p[gene], want.pvalue, rtol=1e-8)
        np.testing.assert_allclose(got.variances[:, gene], [p.var(ddof=1) for p in parts], rtol=1e-12)
