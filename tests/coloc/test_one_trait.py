"""finemap_abf: PIPs and credible sets by names, weights, priors of large regions."""

from __future__ import annotations

import numpy as np
import pytest

from postgwas import coloc
from postgwas.errors import PostgwasWarning, UsageError


def data(n_variants: int = 8) -> coloc.Dataset:
    rng = np.random.default_rng(3)
    names = [f"v{row}" for row in range(n_variants)]
    beta = rng.normal(0, 0.05, n_variants)
    beta[2] = 0.3
    return coloc.Dataset(snp=names, beta=beta, se=np.full(n_variants, 0.05), type="quant", sd_y=1)


def test_written_out() -> None:
    one, weights = data(), np.array([1, 1, 2, 1, 0, 1, 1, 1.0])
    found = coloc.finemap_abf(one, 1e-3, prior_weights=weights)
    prior = 8e-3 * weights / weights.sum()
    odds = np.append(prior * np.exp(one.log_bf), 1 - 8e-3)
    np.testing.assert_allclose([*found.pip, found.pip_null], odds / odds.sum(), rtol=1e-10)
    assert found.table()["snp"].to_list()[-1] == "null"
    assert found.table()["SNP.PP"].sum() == pytest.approx(1)


@pytest.mark.parametrize("coverage", [0.5, 0.95, 0.99])
def test_credible_sets_hold_their_share(coverage: float) -> None:
    found = coloc.finemap_abf(data(), 1e-2)
    names, with_null = found.credible_set(coverage=coverage)
    assert names[0] == "v2"
    pip = dict(zip(found.snp, found.pip))
    total = sum(pip[name] for name in names) + with_null * found.pip_null
    least = min([pip[name] for name in names] + [found.pip_null] * with_null)
    assert total >= coverage > total - least


def test_large_regions_and_bad_priors() -> None:
    with pytest.warns(PostgwasWarning, match="p1 = 0.2 sums to 1.6 over 8 variants: lowered to 0.111111"):
        found = coloc.finemap_abf(data(), 0.2)
    np.testing.assert_array_equal(found.pip, coloc.finemap_abf(data(), 1 / 9).pip)
    with pytest.raises(UsageError, match="p1 = 0"):
        coloc.finemap_abf(data(), 0.0)
    with pytest.raises(UsageError, match="coverage = 1"):
        found.credible_set(coverage=1.0)
