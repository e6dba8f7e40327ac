"""finemap.abf, sdY.est and credible.sets of coloc 6.0.1, on a simulated region of 443 variants.

Trait 1 is quantitative, trait 2 case-control. Closed formulae: 1e-12 on log Bayes factors of up to 90.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from postgwas.errors import PostgwasWarning
from postgwas.finemap import estimate_sd_y, log_abf, log_abf_from_p, single_causal

DATA = Path(__file__).parent / "data"
TOLD: dict[str, Any] = json.loads((DATA / "r04_abf.json").read_text())
with np.load(DATA / "r04_abf.npz") as archive:
    GIVEN = {name: archive[name] for name in archive.files}


def bayes_factors(trait: int) -> np.ndarray:
    beta, se = GIVEN[f"beta{trait}"], GIVEN[f"se{trait}"]
    if trait == 1:
        return log_abf(beta, se, sd_y=TOLD["sdY1"])
    return log_abf(beta, se, kind="cc")


@pytest.mark.parametrize("trait", [1, 2])
def test_from_effects(trait: int) -> None:
    np.testing.assert_allclose(bayes_factors(trait), GIVEN[f"t{trait}_lABF"][:-1], rtol=0, atol=1e-12)


def test_from_p() -> None:
    quantitative = log_abf_from_p(GIVEN["p1"], GIVEN["maf1"], TOLD["n1"])
    np.testing.assert_allclose(quantitative, GIVEN["t1_pval_p1_1e3_lABF"][:-1], rtol=0, atol=1e-12)
    disease = log_abf_from_p(GIVEN["p2"], GIVEN["maf2"], TOLD["n2"], kind="cc", case_fraction=TOLD["s2"])
    np.testing.assert_allclose(disease, GIVEN["pvalues_lABF2"], rtol=0, atol=1e-12)


def test_sd_y() -> None:
    found = estimate_sd_y(GIVEN["se1"], GIVEN["maf1"], TOLD["n1"])
    assert found[0] == pytest.approx(TOLD["sdY1_est"], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "trait", "options"),
    [
        ("t1_PP", 1, {}),
        ("t2_PP", 2, {}),
        ("t1_weights1_PP", 1, {"prior_weights": GIVEN["weight1"]}),
    ],
)
def test_posterior(name: str, trait: int, options: dict[str, Any]) -> None:
    found = single_causal(bayes_factors(trait), **options)
    np.testing.assert_allclose([*found.pip, found.pip_null[0]], GIVEN[name], rtol=1e-9, atol=1e-14)


def test_posterior_from_p() -> None:
    found = single_causal(log_abf_from_p(GIVEN["p1"], GIVEN["maf1"], TOLD["n1"]), p1=1e-3)
    expected = GIVEN["t1_pval_p1_1e3_PP"]
    np.testing.assert_allclose([*found.pip, found.pip_null[0]], expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("name", sorted(TOLD["sets"]))
def test_credible_sets(name: str) -> None:
    """The null counts as one more variant, here -1."""
    trait, coverage = name.removeprefix("trait").split("_")
    found = single_causal(bayes_factors(int(trait))).credible_set(coverage=int(coverage) / 100)
    assert sorted(found.variants.tolist() + [-1] * found.with_null) == sorted(TOLD["sets"][name])


def test_priors_that_sum_to_one_are_lowered_as_the_peer_does() -> None:
    with pytest.warns(
        PostgwasWarning, match=r"p1 = 0\.01 sums to 4\.43 over 443 variants: lowered to 0\.002252"
    ):
        found = single_causal(bayes_factors(1), p1=0.01)
    np.testing.assert_array_equal(found.pip, single_causal(bayes_factors(1), p1=1 / 444).pip)
