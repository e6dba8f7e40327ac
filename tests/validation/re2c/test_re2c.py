"""RE2C 1.06 on 200 simulated variants of five studies, independent and correlated, and on its own example.

Its heterogeneity part comes from Newton's steps that may end at a lower maximum or below the likelihood of
tau2 = 0 (negative values); ours is never below it. Its conditional P comes from a table with steps of 0.05 in
both statistics, and beyond 50 from an extrapolation: its log10 is met within 0.17, and within 0.2 there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.meta.chi2_tails import chi2_mlog10p
from postgwas.meta.re2_likelihood import re2_statistic
from postgwas.meta.re2_null import re2_null

KEPT = Path(__file__).parent / "data"
CASES = {
    "indep": ("input.txt", None, 3),
    "cor": ("input.txt", "cor.txt", 200),
    "example": ("example_input.txt", "example_cor.txt", 200),
}


class Case:
    """Input, the peer's table, and our statistic of it."""

    def __init__(self, folder: Path, name: str) -> None:
        data, correlation, _ = CASES[name]
        values = pl.read_csv(folder / data, separator=" ", has_header=False)[:, 1:].to_numpy().T
        self.told = pl.read_csv(folder / f"out_{name}.txt", separator=" ", infer_schema_length=None)
        self.fixed = self.told["RE2Cs1"].cast(pl.Float64).to_numpy()
        self.added = self.told["RE2Cs2"].cast(pl.Float64).to_numpy()
        matrix = None if correlation is None else np.loadtxt(folder / correlation)
        self.found = re2_statistic(values[::2], values[1::2], correlation=matrix)
        n = values.shape[0] // 2
        self.null = re2_null(n, 0.0 if matrix is None else float(matrix[np.tril_indices(n, -1)].mean()))


@pytest.fixture(
    scope="module", params=["indep", "cor", pytest.param("example", marks=pytest.mark.requires_shared)]
)
def case(request: pytest.FixtureRequest) -> Case:
    if request.param == "example":
        return Case(request.getfixturevalue("shared") / "oracle/rpeers/re2c", "example")
    return Case(KEPT, request.param)


def test_statistics(case: Case) -> None:
    np.testing.assert_allclose(case.found.fixed, case.fixed, rtol=1e-9, atol=1e-12)
    assert np.all(case.found.added >= case.added - 1e-9)
    same = np.abs(case.found.added - case.added) < 2e-6
    assert same.mean() > 0.55  # the others: see above; each of ours is the higher likelihood


def test_corrected_mixture(case: Case) -> None:
    """RE2Cp*: P(tau2 = 0) is rounded to 3 digits by the peer; ours is exact for equal standard errors."""
    total = case.fixed + case.added
    p0 = case.null.zero_probability
    ours = p0 * 10.0 ** -chi2_mlog10p(total, 1) + (1 - p0) * 10.0 ** -chi2_mlog10p(total, 2)
    told = case.told["RE2Cp*"].cast(pl.Float64).to_numpy()
    usable = total > 0
    np.testing.assert_allclose(ours[usable], told[usable], rtol=5e-3)


def test_conditional_test(case: Case) -> None:
    told = case.told["RE2Cp"].cast(pl.Float64).to_numpy()
    added = np.maximum(case.added, 0.0)
    ours = case.null.conditional_mlog10p(case.fixed, added)
    np.testing.assert_array_equal(ours > 0, told < 1)  # the same variants go on to the second test
    both = told < 1
    away = np.abs(ours[both] + np.log10(told[both]))
    near = (case.fixed + case.added)[both] < 50
    assert away[near].max() < 0.17
    assert away[~near & (told[both] > 1e-40)].max() < 0.2


def test_lin_and_sullivans_fixed_effect() -> None:
    """LSp, P of the fixed effect by generalised least squares; LSs and LSse are rounded to two decimals."""
    from postgwas.meta.correlated_effects import combine_correlated
    from postgwas.sumstats.derive import mlog10p_from_z

    found = Case(KEPT, "cor")
    values = pl.read_csv(KEPT / "input.txt", separator=" ", has_header=False)[:, 1:].to_numpy().T
    beta, se = values[::2], values[1::2]
    matrix = np.loadtxt(KEPT / "cor.txt")
    ours = combine_correlated(beta, se, z=beta / se, n=np.ones_like(se), correlation=matrix)
    p = found.told["LSp"].cast(pl.Float64).to_numpy()
    np.testing.assert_allclose(10 ** -mlog10p_from_z(ours.z), p, rtol=1e-9)
    assert np.abs(ours.beta - found.told["LSs"].cast(pl.Float64).to_numpy()).max() <= 0.005 + 1e-12
