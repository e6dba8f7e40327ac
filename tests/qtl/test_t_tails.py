"""Tails of Student's t: scipy where it reaches, exact values where it does not, and the table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from postgwas.qtl.t_tails import TTable, p_of, t_mlog10p


@given(st.floats(0, 25), st.floats(1.0, 5000.0))
def test_agrees_with_scipy(t: float, df: float) -> None:
    # scipy's own t.sf loses small t; its incomplete beta functions do not.
    if t < 1.0:
        expected = -np.log1p(-special.betainc(0.5, df / 2, t * t / (df + t * t))) / np.log(10.0)
    else:
        expected = -np.log10(special.betainc(df / 2, 0.5, df / (df + t * t)))
    assert t_mlog10p(t, df) == pytest.approx(expected, rel=1e-9, abs=1e-15)


# mpmath 1.3, 40 digits: -log10(betainc(df/2, 1/2, 0, df/(df + t^2), regularized=True)).
@pytest.mark.parametrize(
    ("t", "df", "value"),
    [(1000.0, 100, 201.101295732609), (1e4, 3000, 6786.174311126151), (1e200, 5, 998.7216961382538)],
)
def test_does_not_underflow(t: float, df: float, value: float) -> None:
    assert t_mlog10p(t, df) == pytest.approx(value, rel=1e-10)
    assert t_mlog10p(-t, df) == t_mlog10p(t, df)


def test_the_ends() -> None:
    assert t_mlog10p([0.0, np.inf], 7).tolist() == [0.0, np.inf]
    assert np.isnan(t_mlog10p(np.nan, 7))
    assert p_of([0.0, 400.0]).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("df", [1.0, 2.5, 57.0, 479.0, 90_000.0])
def test_the_table_is_the_function(df: float) -> None:
    t = np.concatenate([np.linspace(0.0, 70.0, 40_001), [1e3, np.inf, np.nan]])
    exact, quick = t_mlog10p(t, df), TTable(df).mlog10p(t)
    np.testing.assert_allclose(quick, exact, rtol=1e-11, atol=2e-11)
    assert np.array_equal(TTable(df).mlog10p(-t), quick, equal_nan=True)
