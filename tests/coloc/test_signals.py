"""Signals by conditioning and masking: against regressions on people, invariances, bad input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from postgwas import coloc
from postgwas.coloc.conditional_effects import LinearTrait, linear_effects
from postgwas.errors import PostgwasError

NAMES = [f"v{row}" for row in range(12)]


def people(seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Genotypes of 4,000 people in Hardy-Weinberg proportions, with some LD, and a trait of two causes."""
    rng = np.random.default_rng(seed)
    ancestors = rng.random((8000, 12)) < np.linspace(0.2, 0.5, 12)
    for column in range(1, 12):
        same = rng.random(8000) < 0.5
        ancestors[same, column] = ancestors[same, column - 1]
    x = (ancestors[:4000] + ancestors[4000:]).astype(float)
    return x, 0.4 * x[:, 3] - 0.35 * x[:, 9] + rng.normal(size=4000)


def marginal(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centred, trait = x - x.mean(0), y - y.mean()
    square = (centred**2).sum(0)
    beta = centred.T @ trait / square
    left = (trait**2).sum() - beta**2 * square
    return beta, np.sqrt(left / (len(y) - 2) / square)


def dataset(x: np.ndarray, y: np.ndarray, **changes: Any) -> coloc.Dataset:
    beta, se = marginal(x, y)
    frequency = x.mean(0) / 2
    given: dict[str, Any] = {
        "snp": NAMES, "beta": beta, "se": se, "maf": frequency, "n": len(y), "type": "quant",
        "sd_y": float(y.std()), "ld": np.corrcoef(x.T),
    }  # fmt: skip
    return coloc.Dataset(**given | changes)


def test_conditioning_is_regression_on_all() -> None:
    """z-scores to 0.5 %, with the people's own variances of genotypes."""
    x, y = people()
    data = dataset(x, y)
    told = replace(LinearTrait.of(data), heterozygosity=x.var(axis=0))
    beta, se = told.given(np.array([3, 9]))
    design = np.column_stack([np.ones(len(y)), x[:, [3, 9]]])
    for column in (0, 6, 11):
        full = np.column_stack([design, x[:, column]])
        solution = np.linalg.lstsq(full, y, rcond=None)[0]
        left = ((y - full @ solution) ** 2).sum() / (len(y) - 4)
        error = np.sqrt(left * np.linalg.inv(full.T @ full)[3, 3])
        assert beta[column] / se[column] == pytest.approx(solution[3] / error, rel=0.005)
        # Effects and errors are those on a genotype that the others do not share.
        free = 1 - np.linalg.inv(np.corrcoef(full[:, 1:].T))[2, 2] ** -1
        assert se[column] == pytest.approx(error * (1 - free), rel=0.005)
    assert beta[3] == 0 and beta[9] == 0


@pytest.mark.parametrize("method", ["cond", "mask"])
def test_both_causes_are_found(method: Any) -> None:
    x, y = people()
    found = coloc.finemap_signals(dataset(x, y), method=method)
    assert sorted(found.rows[:2].tolist()) == [3, 9]


def test_single_is_the_strongest() -> None:
    x, y = people()
    data = dataset(x, y, ld=None)
    z = np.abs(np.asarray(data.beta) / np.asarray(data.se))
    assert coloc.finemap_signals(data, method="single").rows.tolist() == [int(z.argmax())]
    assert coloc.finemap_signals(data, method="single", p_max=1e-300).rows.size == 0


def test_linear_effects_of_disease() -> None:
    """Log odds ratios turned to what linear regression on the same people gives."""
    rng = np.random.default_rng(9)
    share, maf, odds = 0.3, 0.3, 0.3
    controls = rng.binomial(2, maf, 140_000)
    weights = np.array([(1 - maf) ** 2, 2 * maf * (1 - maf), maf**2]) * np.exp(odds * np.arange(3))
    cases = rng.choice(3, 60_000, p=weights / weights.sum())
    x, y = np.append(controls, cases)[:, None].astype(float), np.append(np.zeros(140_000), np.ones(60_000))
    beta, se = marginal(x, y)
    found = linear_effects(np.array([odds]), np.array([maf]), np.array([200_000.0]), share)
    assert found[0][0] == pytest.approx(beta[0], abs=4 * se[0]) and found[1][0] == pytest.approx(
        se[0], rel=0.01
    )
    assert found[2][0] == pytest.approx(x.var(), rel=0.01)


def test_one_signal_each_is_abf_where_pairs_differ() -> None:
    x, y = people()
    one, two = dataset(x, y), dataset(*people(6))
    found = coloc.signals(one, two, method="single", distinct=True)
    np.testing.assert_allclose(found.pp[0], coloc.abf(one, two).pp, rtol=1e-9)


def test_known_signals() -> None:
    x, y = people()
    data = dataset(x, y)
    found = coloc.signals(data, data, method="mask", hits1=["v9", "v3"], hits2=["v3"], r2_mask=0.05)
    assert found.hit1 == ("v9", "v3") and found.hit2 == ("v3", "v3")
    assert found.pp[1, 4] > 0.5
    all_but_one = coloc.signals(data, data, method="mask", hits1=["v9", "v3"], hits2=["v3"], mode="allbutone")
    assert all_but_one.log_bf1[0, 3] == -1.1  # masked for the other signal


def test_signs_of_ld_do_not_matter_to_masks() -> None:
    x, y = people()
    data = dataset(x, y)
    turned = dataset(x, y, ld=np.abs(np.asarray(data.ld)))
    one = coloc.signals(data, data, method="mask")
    two = coloc.signals(turned, turned, method="mask")
    np.testing.assert_array_equal(one.pp[0], two.pp[0])


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"ld": None}, {"method": "cond"}, "conditioning needs ld"),
        ({"ld": None}, {"method": "mask"}, "masking needs LD"),
        ({"maf": None}, {"method": "cond"}, "conditioning needs maf"),
        ({"n": None}, {"method": "cond"}, "conditioning needs n"),
        ({"type": "cc"}, {"method": "cond"}, "conditioning needs case_fraction"),
        ({"beta": None, "se": None, "p": np.full(12, 0.1)}, {"method": "single"}, "beta and se are missing"),
        ({}, {"method": "all"}, "method = 'all'"),
        ({}, {"mode": "all"}, "mode = 'all'"),
        ({}, {"p_max": 0.0}, "p_max = 0"),
        ({}, {"max_signals": 0}, "max_signals = 0"),
        ({}, {"r2_mask": 1.0}, "r2_mask = 1"),
        ({}, {"p12": 0.0}, "p12 = 0"),
        ({}, {"hits1": ["x"]}, "signal 'x' is not among the 12 variants"),
    ],
)
def test_bad_input(changes: dict[str, Any], options: dict[str, Any], message: str) -> None:
    data = dataset(*people(), **changes)
    with pytest.raises(PostgwasError, match=message):
        coloc.signals(data, data, **options)
