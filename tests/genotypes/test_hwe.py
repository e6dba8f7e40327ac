"""Exact Hardy-Weinberg tests: enumeration with fractions, properties, extremes, calibration."""

from __future__ import annotations

from fractions import Fraction
from math import factorial, log10

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgwas.errors import UsageError
from postgwas.genotypes import hwe_exact


def enumerated(hom1: int, het: int, hom2: int, *, midp: bool) -> Fraction:
    """Every number of heterozygotes with its exact probability."""
    n = hom1 + het + hom2
    minor = min(2 * hom1 + het, 2 * hom2 + het)
    weights = {}
    for number in range(minor % 2, minor + 1, 2):
        rare = (minor - number) // 2
        common = n - number - rare
        ways = factorial(n) // (factorial(rare) * factorial(number) * factorial(common))
        weights[number] = Fraction(ways * 2**number)
    observed = weights[het]
    less = sum(weight for weight in weights.values() if weight < observed)
    same = sum(weight for weight in weights.values() if weight == observed)
    return (less + (same / 2 if midp else same)) / sum(weights.values())


@pytest.mark.parametrize("midp", [False, True])
def test_small_counts_by_enumeration(midp: bool) -> None:
    """All counts up to 9 of each genotype; ties, modes and empty classes are among them."""
    counts = [(a, h, b) for a in range(10) for h in range(10) for b in range(10) if a + h + b]
    found = hwe_exact(*np.array(counts).T, midp=midp)
    expected = np.array([float(enumerated(*one, midp=midp)) for one in counts])
    np.testing.assert_allclose(found.p, expected, rtol=1e-11)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.booleans())
@settings(max_examples=150)
def test_larger_counts_by_enumeration(hom1: int, het: int, hom2: int, midp: bool) -> None:
    if hom1 + het + hom2 == 0:
        return
    exact = enumerated(hom1, het, hom2, midp=midp)
    found = hwe_exact([hom1], [het], [hom2], midp=midp)
    assert found.p[0] == pytest.approx(float(exact), rel=1e-10)
    log_exact = log10(exact.denominator) - log10(exact.numerator)
    assert found.mlog10p[0] == pytest.approx(log_exact, abs=1e-9)


@given(st.lists(st.tuples(*[st.integers(0, 3000)] * 3), min_size=1, max_size=20), st.booleans())
def test_alleles_may_be_swapped(counts: list[tuple[int, int, int]], midp: bool) -> None:
    hom1, het, hom2 = np.array(counts).T
    one, two = hwe_exact(hom1, het, hom2, midp=midp), hwe_exact(hom2, het, hom1, midp=midp)
    assert np.array_equal(one.mlog10p, two.mlog10p, equal_nan=True)


def test_a_variant_alone_is_as_in_company() -> None:
    """Variants are worked on together, but none sees another."""
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 500, (3, 40))
    together = hwe_exact(*counts).mlog10p
    alone = [hwe_exact([a], [h], [b]).mlog10p[0] for a, h, b in counts.T.tolist()]
    assert together.tolist() == alone


def test_nothing_underflows() -> None:
    found = hwe_exact([250_000], [0], [250_000])
    # One outcome: 250,000 heterozygotes less than any other way. Its log from Stirling's series.
    assert found.p[0] == 0.0
    assert found.mlog10p[0] == pytest.approx(_log10_of_none(250_000), rel=1e-9)


def _log10_of_none(half: int) -> float:
    """-log10 of the probability of no heterozygote among 2 x half people, half the alleles of each kind."""
    from scipy.special import gammaln

    n = 2 * half
    log = gammaln(n + 1) - 2 * gammaln(half + 1) + 2 * gammaln(n + 1) - gammaln(2 * n + 1)
    return float(-log / np.log(10))


def test_constant_and_missing_variants() -> None:
    found = hwe_exact([0, 30, 0], [0, 0, 0], [0, 0, 12])
    assert np.isnan(found.p[0]) and np.isnan(found.mlog10p[0]) and np.isnan(found.expected_het[0])
    assert found.p[1:].tolist() == [1.0, 1.0] and found.mlog10p[1:].tolist() == [0.0, 0.0]
    assert hwe_exact([30], [0], [0], midp=True).p.tolist() == [0.5]  # as plink
    assert len(hwe_exact([], [], []).p) == 0


def test_midp_is_uniform_under_the_null() -> None:
    """Graffelman & Moreno: mid-p rejects at its level, the exact test less often."""
    rng = np.random.default_rng(11)
    frequency = rng.uniform(0.1, 0.5, 20_000)
    genotypes = np.stack([rng.multinomial(400, [(1 - f) ** 2, 2 * f * (1 - f), f * f]) for f in frequency])
    midp, exact = hwe_exact(*genotypes.T, midp=True).p, hwe_exact(*genotypes.T).p
    for level in (0.01, 0.05, 0.5):
        noise = 4 * np.sqrt(level * (1 - level) / len(frequency))
        assert np.mean(midp < level) == pytest.approx(level, abs=noise + 0.05 * level)
        assert np.mean(exact < level) < np.mean(midp < level)
    assert np.mean(midp) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("counts", "told"),
    [(([1], [-1], [2]), "negative"), (([1.5], [1], [2]), "whole"), (([1, 2], [1], [2]), "one length")],
)
def test_what_are_no_counts(counts: tuple[list[float], ...], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        hwe_exact(*counts)
