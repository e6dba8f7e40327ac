"""Leaving out variants of large chi-square is leaving them out beforehand, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from postgwas.errors import NoVariantsError, UsageError
from postgwas.ldsc.regression import h2, rg


def study(seed: int = 1, n_variants: int = 5000) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    l2 = rng.lognormal(3, 0.8, n_variants)
    n = rng.uniform(5e4, 1e5, n_variants)
    sd = np.sqrt(1 + n * 0.5 * l2 / 1e5)
    common = rng.normal(size=n_variants)
    z1, z2 = (sd * (0.6 * common + 0.8 * rng.normal(size=n_variants)) for _ in range(2))
    return {"z1": z1, "z2": z2, "l2": l2, "n": n}


def same(one, two) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(two, name), equal_nan=True)
        for name in ("tot", "tot_se", "intercept", "intercept_se", "n_variants", "tot_delete_values")
    )


@pytest.mark.parametrize("limit", [20.0, 60.0])
def test_heritability(limit):
    s = study()
    chi2 = s["z1"] ** 2
    rows = chi2 < limit
    assert 0 < rows.sum() < rows.size
    one = h2(chi2, s["l2"], s["l2"], s["n"], 1e5, chisq_max=limit)
    two = h2(chi2[rows], s["l2"][rows], s["l2"][rows], s["n"][rows], 1e5)
    assert same(one, two)
    assert not same(one, h2(chi2, s["l2"], s["l2"], s["n"], 1e5))


def test_one_sample_size_for_all():
    s = study()
    chi2 = s["z1"] ** 2
    rows = chi2 < 30
    one = h2(chi2, s["l2"], s["l2"], 7e4, 1e5, chisq_max=30)
    assert same(one, h2(chi2[rows], s["l2"][rows], s["l2"][rows], 7e4, 1e5))


def test_correlation_looks_at_the_product():
    s = study()
    rows = s["z1"] ** 2 * s["z2"] ** 2 < 25.0**2
    assert np.any(rows & (s["z1"] ** 2 >= 25))
    one = rg(s["z1"], s["z2"], s["l2"], s["l2"], s["n"], s["n"], 1e5, chisq_max=25)
    cut = {name: values[rows] for name, values in s.items()}
    two = rg(cut["z1"], cut["z2"], cut["l2"], cut["l2"], cut["n"], cut["n"], 1e5)
    assert one.rg == two.rg
    assert same(one.gencov, two.gencov)
    assert same(one.hsq1, two.hsq1)


def test_ldscs_rule_for_several_annotations():
    s = study()
    chi2 = s["z1"] ** 2
    scores = np.column_stack([s["l2"], s["l2"] * np.random.default_rng(2).random(s["l2"].size)])
    limit = max(0.001 * s["n"].max(), 80)
    assert np.any(chi2 >= limit)
    arguments = (scores, s["l2"], s["n"], [1e5, 5e4])
    assert same(h2(chi2, *arguments, chisq_max="auto"), h2(chi2, *arguments, chisq_max=limit))
    one = (s["l2"], s["l2"], s["n"], 1e5)
    assert same(h2(chi2, *one, chisq_max="auto"), h2(chi2, *one))


def test_nothing_left_is_refused():
    s = study()
    with pytest.raises(NoVariantsError, match="leaves none of 5,000"):
        h2(s["z1"] ** 2, s["l2"], s["l2"], s["n"], 1e5, chisq_max=0)


def test_fits_made_before_are_refused():
    s = study()
    fit = h2(s["z1"] ** 2, s["l2"], s["l2"], s["n"], 1e5)
    with pytest.raises(UsageError, match="fits made before"):
        rg(s["z1"], s["z2"], s["l2"], s["l2"], s["n"], s["n"], 1e5, chisq_max=25, fits=(fit, None))
