"""Configurations of several traits: by enumeration, and bad input."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from postgwas import coloc
from postgwas.coloc.configurations import configurations, label
from postgwas.errors import NoVariantsError, PostgwasError, PostgwasWarning

PRIORS = (1e-2, 2e-3, 5e-4, 1e-4)


def data(number: int, n_variants: int = 5, seed: int = 1) -> list[coloc.Dataset]:
    rng = np.random.default_rng(seed)
    names = [f"v{row}" for row in range(n_variants)]
    return [
        coloc.Dataset(
            snp=names, beta=rng.normal(0, 0.1, n_variants), se=rng.uniform(0.03, 0.06, n_variants),
            type="quant" if trait else "cc", sd_y=1 + trait if trait else None,
        )
        for trait in range(number)
    ]  # fmt: skip


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("variances", [None, (0.02, 0.3)])
def test_distinct_by_enumeration(number: int, variances: tuple[float, ...] | None) -> None:
    """Each trait's causal variant, or none, written out: every combination belongs to one configuration."""
    given = data(number)
    found = coloc.moloc(given, priors=PRIORS[:number], prior_var=variances, counting="distinct")
    sds = [None] if variances is None else [float(np.sqrt(one)) for one in variances]
    sums = dict.fromkeys(found.configuration, 0.0)
    for sd in sds:
        factors = [np.exp(one.log_bf_with(sd)) for one in given]
        for causes in product(range(-1, 5), repeat=number):  # -1 is none
            groups = {}
            for trait, cause in enumerate(causes):
                if cause >= 0:
                    groups.setdefault(cause, []).append(trait)
            name = label(tuple(sorted(tuple(one) for one in groups.values())))
            sums[name] += np.prod([factors[t][c] for t, c in enumerate(causes) if c >= 0]) / len(sds)
    np.testing.assert_allclose(found.log_sum, np.log([sums[name] for name in found.configuration]), rtol=1e-9)
    prior = [np.prod([PRIORS[len(g) - 1] for g in one]) for one in configurations(number) if one]
    odds = np.array([*prior, 0.999]) * np.exp(found.log_sum)
    np.testing.assert_allclose(found.pp, odds / odds.sum(), rtol=1e-9)


def test_two_traits_are_those_of_abf() -> None:
    given = data(2)
    found = coloc.moloc(given, priors=(1e-3, 1e-4), prior_var=None)
    pp = coloc.abf(*given, p1=1e-3, p2=1e-3, p12=1e-4).pp
    odds = dict(zip(found.configuration, found.pp))
    ours = np.array([odds["zero"] / 0.999, odds["a"], odds["b"], odds["a,b"], odds["ab"]])
    np.testing.assert_allclose(ours / ours.sum(), pp, rtol=1e-10)


def test_fewer_variants_than_groups() -> None:
    found = coloc.moloc(data(4, 2), counting="distinct")
    at = found.configuration.index("a,b,c")
    assert found.log_sum[at] == -np.inf and found.pp[at] == 0 and found.pp.sum() == pytest.approx(1)


@pytest.mark.filterwarnings("ignore::postgwas.errors.PostgwasWarning")
def test_order_of_variants_does_not_matter() -> None:
    given = data(3)
    order = [3, 1, 0, 4, 2]
    turned = coloc.Dataset(
        snp=[given[1].snp[row] for row in order], beta=np.asarray(given[1].beta)[order],
        se=np.asarray(given[1].se)[order], type="quant", sd_y=2,
    )  # fmt: skip
    one, two = coloc.moloc(given), coloc.moloc([given[0], turned, given[2]])
    np.testing.assert_array_equal(one.pp, two.pp)
    assert one.best == two.best


def test_groups() -> None:
    found = coloc.moloc(data(3), counting="distinct")
    pp = dict(zip(found.configuration, found.pp))
    shared = dict(zip(found.group, found.group_pp))
    assert shared["ab"] == pytest.approx(pp["ab"] + pp["ab,c"] + pp["abc"])
    assert shared["a"] == pytest.approx(pp["ab"] + pp["ac"] + pp["ab,c"] + pp["ac,b"] + pp["abc"])
    assert found.groups_table()["BEST_SNP_PP"].max() <= 1 and found.table().height == 15


def test_negative_differences_are_told() -> None:
    """One dominating variant: the mean of products is larger than the product of means."""
    one = coloc.Dataset(snp=["x", "y"], beta=[1.0, 0.0], se=[0.02, 0.02], type="quant", sd_y=1)
    with pytest.warns(PostgwasWarning, match='sums of .* came out negative .*counting="distinct"'):
        coloc.moloc([one, one])
    found = coloc.moloc([one, one], counting="distinct")
    assert found.notes == ()


@pytest.mark.parametrize(
    ("number", "options", "message"),
    [
        (1, {}, "1 traits: expected two to four"),
        (5, {}, "5 traits: expected two to four"),
        (3, {"priors": (1e-4, 1e-5)}, "2 priors and 3 names for 3 traits"),
        (3, {"traits": ("x", "y")}, "3 priors and 2 names"),
        (2, {"priors": (1e-4, 0.0)}, "prior = 0: expected a probability"),
        (2, {"prior_var": ()}, "expected variances above 0"),
        (2, {"prior_var": (0.1, -1.0)}, "expected variances above 0"),
        (2, {"counting": "all"}, "counting = 'all'"),
    ],
)
def test_bad_input(number: int, options: dict[str, Any], message: str) -> None:
    with pytest.raises(PostgwasError, match=message):
        coloc.moloc(data(number), **options)


def test_no_shared_variant() -> None:
    one, two = data(2)
    other = coloc.Dataset(snp=list("pqrst"), beta=two.beta, se=two.se, type="quant", sd_y=1)
    with pytest.raises(NoVariantsError, match=r"no variant is in all 3 traits .*b: 5 variants"):
        coloc.moloc([one, other, two])
