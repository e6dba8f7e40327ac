"""Alleles: swaps flip the sign and nothing else, strands are read as they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.mtag.align import ALLELES, NOT_A_BASE, align, is_ambiguous

COMPLEMENT = dict(zip("ACGT", "TGCA"))
PAIRS = [(a, b) for a in "ACGT" for b in "ACGT" if a != b]


def codes(letters):
    return np.array([ALLELES.index(x) if x in ALLELES else NOT_A_BASE for x in letters], dtype=np.uint8)


def relation(pair, to, *, flip_strand):
    """The obviously right answer for one variant: (sign, on the other strand)."""
    if pair == to:
        return 1, False
    if pair == to[::-1]:
        return -1, False
    if flip_strand:
        other = tuple(COMPLEMENT[x] for x in pair)
        if other == to:
            return 1, True
        if other == to[::-1]:
            return -1, True
    return 0, False


@pytest.mark.parametrize("flip_strand", [False, True])
def test_every_pair_against_every_pair(flip_strand):
    grid = [(p, q) for p in PAIRS for q in PAIRS]
    got = align(
        codes(p[0] for p, _ in grid),
        codes(p[1] for p, _ in grid),
        codes(q[0] for _, q in grid),
        codes(q[1] for _, q in grid),
        flip_strand=flip_strand,
    )
    expected = [relation(p, q, flip_strand=flip_strand) for p, q in grid]
    assert got.sign.tolist() == [s for s, _ in expected]
    assert got.other_strand.tolist() == [o for _, o in expected]


@given(st.lists(st.tuples(st.sampled_from(PAIRS), st.sampled_from(PAIRS)), min_size=1, max_size=50))
def test_swapping_alleles_flips_the_sign(pairs):
    ea, nea = codes(p[0] for p, _ in pairs), codes(p[1] for p, _ in pairs)
    to = codes(q[0] for _, q in pairs), codes(q[1] for _, q in pairs)
    one = align(ea, nea, *to, flip_strand=True)
    two = align(nea, ea, *to, flip_strand=True)
    assert np.array_equal(one.sign, -two.sign)
    assert np.array_equal(one.other_strand, two.other_strand)


def test_indels_and_equal_alleles_never_align():
    ea, nea = codes(["I", "A", "A"]), codes(["D", "A", "<DEL>"])
    assert align(ea, nea, ea, nea, flip_strand=True).sign.tolist() == [0, 0, 0]


def test_ambiguous_pairs():
    found = is_ambiguous(codes(p[0] for p in PAIRS), codes(p[1] for p in PAIRS))
    assert [p for p, hit in zip(PAIRS, found) if hit] == [("A", "T"), ("C", "G"), ("G", "C"), ("T", "A")]
