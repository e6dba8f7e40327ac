"""Wald ratios, SMR and HEIDI: known values, a plain implementation, and calibration on simulated truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2, kstest

from postgwas.coloc.smr import heidi, wald_ratio
from postgwas.coloc.weighted_chi2 import weighted_chi2_tail
from postgwas.errors import InputError, UsageError

Floats = NDArray[np.float64]


@pytest.mark.parametrize(
    ("weights", "x", "p"),
    [
        ([0.6, 0.3, 0.1], 0.1, 0.9458), ([0.6, 0.3, 0.1], 0.7, 0.5064), ([0.6, 0.3, 0.1], 2.0, 0.1240),
        ([0.6, 0.6, 0.3, 0.3, 0.1, 0.1], 0.2, 0.9936), ([0.6, 0.6, 0.3, 0.3, 0.1, 0.1], 2.0, 0.3998),
        ([0.6, 0.6, 0.3, 0.3, 0.1, 0.1], 6.0, 0.0161),
    ],
)  # fmt: skip
def test_imhofs_table(weights: list[float], x: float, p: float) -> None:
    """Imhof 1961, table 1, quadratic forms Q1 and Q2, printed to four digits."""
    assert weighted_chi2_tail(x, weights) == pytest.approx(p, abs=6e-5)


@pytest.mark.parametrize("size", [1, 2, 5, 20])
def test_equal_weights_are_a_chi_square(size: int) -> None:
    for x in (1e-3, 0.5, size, 4.0 * size, 80.0, 900.0):
        assert weighted_chi2_tail(2.5 * x, np.full(size, 2.5)) == pytest.approx(chi2.sf(x, size), rel=1e-10)


def test_two_pairs_of_weights_have_a_closed_form() -> None:
    """Each weight twice is a sum of exponentials, whose tail is elementary."""
    a, b = 3.0, 0.5
    for x in (0.01, 1.0, 10.0, 100.0):
        tail = (a * math.exp(-x / (2 * a)) - b * math.exp(-x / (2 * b))) / (a - b)
        assert weighted_chi2_tail(x, [a, a, b, b]) == pytest.approx(tail, rel=1e-10)


def test_bad_weights() -> None:
    for bad in ([], [-1.0, 2.0], [0.0], [math.nan]):
        with pytest.raises(UsageError, match="weights"):
            weighted_chi2_tail(1.0, bad)


def test_ratio_and_its_test() -> None:
    """T = zx^2 zy^2 / (zx^2 + zy^2), and the error that simulated ratios have."""
    found = wald_ratio(0.5, 0.02, -0.1, 0.01)
    zx, zy = 0.5 / 0.02, -0.1 / 0.01
    assert found.p == pytest.approx(chi2.sf(zx**2 * zy**2 / (zx**2 + zy**2), 1), rel=1e-12)
    rng = np.random.default_rng(1)
    draws = rng.normal(-0.1, 0.01, 200_000) / rng.normal(0.5, 0.02, 200_000)
    assert found.se == pytest.approx(draws.std(), rel=0.02)
    assert found.estimate == pytest.approx(-0.2)
    with pytest.raises(InputError, match="there is no ratio"):
        wald_ratio(0.0, 1.0, 1.0, 1.0)
    with pytest.raises(InputError, match="errors above 0"):
        wald_ratio(1.0, 0.0, 1.0, 1.0)


def naive_heidi(bx: Floats, sx: Floats, by: Floats, sy: Floats, r: Floats) -> tuple[list[int], float]:
    """Variants and statistic, element by element, with the defaults."""
    n = len(bx)
    z = [bx[i] / sx[i] for i in range(n)]
    top = max(range(n), key=lambda i: abs(z[i]))
    fits = [
        i for i in range(n)
        if i != top and chi2.sf(z[i] ** 2, 1) <= 1.565402e-3 and 0.05 <= r[i, top] ** 2 <= 0.9
    ]  # fmt: skip
    chosen: list[int] = []
    for i in sorted(fits, key=lambda i: -abs(z[i])):
        if all(r[i, j] ** 2 <= 0.9 for j in chosen):
            chosen.append(i)
    chosen = chosen[:20]

    def covariance(i: int, j: int) -> float:
        first = r[i, j] * sy[i] * sy[j] / (bx[i] * bx[j])
        ratios = by[i] / bx[i] * by[j] / bx[j]
        return first + ratios * (r[i, j] / (z[i] * z[j]) - 1 / (z[i] ** 2 * z[j] ** 2))

    total = 0.0
    for i in chosen:
        d = by[i] / bx[i] - by[top] / bx[top]
        total += d**2 / (covariance(i, i) + covariance(top, top) - 2 * covariance(i, top))
    return chosen, total


def simulated(
    rng: np.random.Generator, r: Floats, root: Floats, effects_x: Floats, effects_y: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Standardised marginal effects of 1,000 people on the exposure and 50,000 on the outcome."""
    p = len(r)
    made = []
    for effects, n in ((effects_x, 1_000), (effects_y, 50_000)):
        se = 1 / math.sqrt(n)
        made += [r @ effects + se * (root @ rng.normal(size=p)), np.full(p, se)]
    return made[0], made[1], made[2], made[3]


@pytest.fixture(scope="module")
def ld() -> tuple[Floats, Floats]:
    """Correlations that fall off along the chromosome, and a square root of them."""
    r = 0.93 ** np.abs(np.subtract.outer(np.arange(40), np.arange(40)))
    return r, np.linalg.cholesky(r)


def test_heidi_as_element_by_element(ld: tuple[Floats, Floats]) -> None:
    r, root = ld
    for seed in range(5):
        rng = np.random.default_rng(seed)
        causal = np.zeros(40)
        causal[20] = 0.4
        data = simulated(rng, r, root, causal, 0.3 * causal)
        found = heidi(*data, r)
        rows, statistic = naive_heidi(*data, r)
        assert found.rows.tolist() == rows and len(rows) >= 3
        assert found.statistic == pytest.approx(statistic, rel=1e-10)


def test_calibration_of_heidi_and_smr(ld: tuple[Floats, Floats]) -> None:
    """One shared cause: HEIDI's P is uniform but for a slight conservatism at the top variant, chosen for
    being strong. No effect on the outcome: SMR's P is no smaller than uniform. Two causes in LD: small P."""
    r, root = ld
    rng = np.random.default_rng(9)
    one = np.zeros(40)
    one[20] = 0.4
    near = int(np.argsort(-np.where(r[20] ** 2 < 0.7, r[20] ** 2, 0))[0])
    two = np.zeros(40)
    two[near] = 0.12
    shared, linked, null = [], [], []
    for _ in range(400):
        shared.append(heidi(*simulated(rng, r, root, one, 0.3 * one), r).p)
        bx, sx, by, sy = simulated(rng, r, root, one, 0.0 * one)
        top = int(np.abs(bx).argmax())
        null.append(wald_ratio(bx[top], sx[top], by[top], sy[top]).p)
        linked.append(heidi(*simulated(rng, r, root, one, two), r).p)
    values = np.array(shared)
    assert not np.isnan(values).any()
    assert 0.02 <= np.mean(values < 0.05) <= 0.08, np.mean(values < 0.05)
    assert kstest(values, "uniform").pvalue > 1e-3
    assert kstest(null, "uniform", alternative="greater").pvalue > 1e-3
    assert np.mean(np.array(linked) < 0.01) > 0.9


def test_too_few_variants_and_bad_input(ld: tuple[Floats, Floats]) -> None:
    r, root = ld
    rng = np.random.default_rng(2)
    data = simulated(rng, r, root, np.zeros(40), np.zeros(40))
    assert math.isnan(heidi(*data, r).p)
    with pytest.raises(InputError, match="ld: expected 40 x 40"):
        heidi(*data, r[:5, :5])
    with pytest.raises(InputError, match="se_x"):
        heidi(data[0], -data[1], data[2], data[3], r)
