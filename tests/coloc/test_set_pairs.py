"""Pairs of signals: against one pair after the other, overlap, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from postgwas import coloc, finemap
from postgwas.errors import InputError, NoVariantsError, PostgwasError, PostgwasWarning, UsageError


def test_pairs_are_what_each_pair_is() -> None:
    rng = np.random.default_rng(8)
    one, two = rng.normal(0, 20, (3, 40)), rng.normal(0, 20, (2, 40))
    names = [f"v{number}" for number in range(40)]
    mixed = rng.permutation(40)
    found = coloc.bf_bf(one, two[:, mixed], names, [names[row] for row in mixed], p12=2e-5)
    for a in range(3):
        for b in range(2):
            alone = coloc.abf_regions(one[a], two[b], p12=2e-5)
            np.testing.assert_allclose(found.pp[a, b], alone.pp[0], rtol=1e-9, atol=1e-15)
            assert found.snp_pp_h4(a, b).argmax() == (one[a] + two[b]).argmax()
    grid = found.sensitivity([1e-6, 2e-5])
    np.testing.assert_array_equal(grid.pp[1], found.pp)
    assert (grid.pp[0, ..., 4] <= grid.pp[1, ..., 4]).all()


def test_overlap_is_the_posterior_at_shared_variants() -> None:
    found = coloc.bf_bf(np.log([[1.0, 3.0, 4.0]]), np.log([[2.0, 6.0]]), ["a", "b", "c"], ["b", "x"])
    assert found.overlap1 == pytest.approx(3 / 8) and found.overlap2 == pytest.approx(1 / 4)
    assert found.table()["overlap1"][0] == pytest.approx(3 / 8)


def test_fits_of_the_same_causal_variant_and_of_none() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(500, 30))
    names = [f"v{number}" for number in range(30)]
    fits = [finemap.susie(x, x[:, 7] * size + rng.normal(size=500)) for size in (0.5, -0.5, 0.0)]
    shared = coloc.susie(fits[0], fits[1], names, names)
    assert shared.hit1 == ("v7",) and shared.pp[0, 0, 4] > 0.99
    nothing = coloc.susie(fits[0], fits[2], names, names)
    assert nothing.pp.shape == (1, 0, 5) and nothing.table().height == 0


def test_bad_input() -> None:
    good = np.ones((1, 2))
    with pytest.raises(UsageError, match="snp1: 1 names for 2 variants of trait 1"):
        coloc.bf_bf(good, good, ["a"], ["a", "b"])
    with pytest.raises(PostgwasError, match="'a' occurs twice"):
        coloc.bf_bf(good, good, ["a", "b"], ["a", "a"])
    with pytest.raises(NoVariantsError, match="share no variant"):
        coloc.bf_bf(good, good, ["a", "b"], ["c", "d"])
    with pytest.raises(InputError, match=r"log_bf2: nan at variant 1 \('b'\)"):
        coloc.bf_bf(good, [[1.0, np.nan]], ["a", "b"], ["a", "b"])
    with pytest.raises(UsageError, match=r"p12 = 1: expected a probability"):
        coloc.bf_bf(good, good, ["a", "b"], ["a", "b"], p12=1.0)
    with pytest.raises(UsageError, match="prior_weights2: -1 at variant 1"):
        coloc.bf_bf(good, good, ["a", "b"], ["a", "b"], prior_weights2=[1, -1])


def test_weights_of_shared_variants_are_those_of_the_subset() -> None:
    rng = np.random.default_rng(2)
    one, two, weight = rng.normal(3, 2, (2, 9)), rng.normal(3, 2, (1, 6)), rng.uniform(0.1, 3, 9)
    names = list("abcdefghi")
    found = coloc.bf_bf(one, two, names, names[3:], prior_weights1=weight)
    alone = coloc.bf_bf(one[:, 3:], two, names[3:], names[3:], prior_weights1=weight[3:])
    np.testing.assert_allclose(found.pp, alone.pp, rtol=1e-12)
    np.testing.assert_allclose(found.prior, alone.prior, rtol=1e-12)
    assert found.snp_pp_h4(1, 0) == pytest.approx(alone.snp_pp_h4(1, 0))


def test_clpp_is_the_sum_of_products_of_posteriors() -> None:
    found = coloc.bf_bf(np.log([[1.0, 3.0, 4.0]]), np.log([[2.0, 6.0]]), ["a", "b", "c"], ["b", "x"])
    assert found.clpp[0, 0] == pytest.approx(3 / 8 * 2 / 8)
    assert found.table()["CLPP"][0] == pytest.approx(3 / 8 * 2 / 8)


def test_large_priors_are_lowered() -> None:
    with pytest.warns(PostgwasWarning, match=r"p12 = 0\.5 sums to 1 over 2 variants: lowered to 0\.333333"):
        found = coloc.bf_bf([[4.0, 1.0]], [[3.0, 2.0]], ["a", "b"], ["a", "b"], p12=0.5)
    told = coloc.bf_bf([[4.0, 1.0]], [[3.0, 2.0]], ["a", "b"], ["a", "b"], p12=1 / 3)
    np.testing.assert_array_equal(found.pp, told.pp)
    assert found.p12 == pytest.approx(1 / 3) and len(found.notes) == 1


def test_many_pairs_are_what_each_pair_is() -> None:
    """The same and other variants, none shared, no signals; one trait in several pairs."""
    rng = np.random.default_rng(12)
    names = [f"v{number}" for number in range(30)]
    one = coloc.Signals.of(rng.normal(0, 5, (3, 30)), names)
    same = coloc.Signals.of(rng.normal(0, 5, (2, 30)), names)
    some = coloc.Signals.of(rng.normal(0, 5, (2, 14)), [*names[20:][::-1], "p", "q", "r", "s"])
    other = coloc.Signals.of(rng.normal(0, 5, (1, 2)), ["x", "y"])
    nothing = coloc.Signals.of(np.zeros((0, 30)), names)
    pairs = [(one, same), (one, other), (one, some), (one, nothing), (some, one), (same, same)]
    found = coloc.susie_regions(pairs, p12=2e-5)
    assert found.without == (1,) and found.n_shared.tolist() == [30] * 6 + [10] * 12 + [30] * 4
    at = 0
    for number, (left, right) in enumerate(pairs):
        if number in (1, 3):
            continue
        told = coloc.bf_bf(left.log_bf, right.log_bf, left.snp, right.snp, p12=2e-5).table()
        rows = found.table()[at : at + told.height]
        assert rows["pair"].to_list() == [number] * told.height
        for name in told.columns:
            if told[name].dtype.is_float():
                np.testing.assert_allclose(rows[name], told[name], rtol=1e-9, atol=1e-300)
            else:
                assert rows[name].to_list() == told[name].to_list(), name
        at += told.height
    assert at == found.pp.shape[0]
    assert coloc.susie_regions([]).pp.shape == (0, 5)
