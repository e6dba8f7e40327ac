"""Pairs of signals: against one pair after the other, overlap, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from postgwas import coloc, finemap
from postgwas.errors import InputError, NoVariantsError, PostgwasError, UsageError


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
    with pytest.raises(UsageError, match=r"p12 = 0\.5 over 2 variants"):
        coloc.bf_bf(good, good, ["a", "b"], ["a", "b"], p12=0.5)
