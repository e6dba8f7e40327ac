"""Strands of A/T and C/G by frequencies: one variant at a time, written out."""

import numpy as np
import pytest

from postgwas.meta.common_strand import StrandRules, common_strand, largest_study
from postgwas.sumstats.harmonise.outcomes import Outcome as O

F, R, ALONE, MAF = O.PALINDROMIC_FORWARD, O.PALINDROMIC_REVERSE, O.PALINDROMIC_KEPT, O.PALINDROMIC_MAF
NO_EAF, NO_AF, FAR, LACKS = O.PALINDROMIC_NO_EAF, O.PALINDROMIC_NO_AF, O.PALINDROMIC_CONTRADICTS, O.PENDING
NAN = float("nan")


@pytest.mark.parametrize(
    ("eaf", "n", "present", "expected"),
    [
        ([0.1, 0.15, 0.88], [1, 1, 1], [1, 1, 1], [F, F, R]),
        # The largest is the odd one out: the letters are those of most.
        ([0.1, 0.15, 0.88], [1, 1, 9], [1, 1, 1], [F, F, R]),
        # As many have either: the letters of the largest, of the first without N.
        ([0.1, 0.88, 0.5], [1, 9, 0], [1, 1, 0], [R, F, LACKS]),
        ([0.1, 0.88, 0.5], [0, 0, 0], [1, 1, 0], [F, R, LACKS]),
        ([0.1, 0.12, 0.45], [1, 1, 9], [1, 1, 1], [F, F, MAF]),
        ([0.45, 0.46, 0.55], [1, 1, 1], [1, 1, 1], [MAF, MAF, MAF]),
        ([0.1, NAN, 0.9], [2, 9, 1], [1, 1, 1], [F, NO_EAF, R]),
        ([NAN, NAN, NAN], [1, 1, 1], [1, 1, 1], [NO_EAF, NO_EAF, NO_EAF]),
        ([0.05, 0.38, 0.06], [9, 1, 1], [1, 1, 1], [F, FAR, F]),
        # Of one study: nothing to be on one strand with.
        ([0.5, 0.48, 0.5], [1, 1, 1], [0, 1, 0], [LACKS, ALONE, LACKS]),
        ([NAN, NAN, NAN], [1, 1, 1], [0, 0, 1], [LACKS, LACKS, ALONE]),
    ],
)
def test_among_studies(eaf, n, present, expected):
    columns = [np.array(one, float)[:, None] for one in (eaf, n)]
    there = np.array(present, bool)[:, None]
    found = common_strand(*columns, there, rules=StrandRules())
    assert [O(one) for one in found[:, 0]] == expected
    for order in ([2, 1, 0], [1, 2, 0]):
        if len(set(n)) == 3 or n[0] != n[1]:
            again = common_strand(*(one[order] for one in columns), there[order], rules=StrandRules())
            assert [O(one) for one in again[:, 0]] == [expected[at] for at in order]


@pytest.mark.parametrize(
    ("eaf", "af", "expected"),
    [
        ([0.9, 0.12, NAN], 0.1, [R, F, NO_EAF]),
        ([0.9, 0.12, 0.5], NAN, [NO_AF, NO_AF, MAF]),
        ([0.9, 0.12, 0.5], 0.45, [MAF, MAF, MAF]),
    ],
)
def test_beside_a_reference(eaf, af, expected):
    columns = np.array(eaf)[:, None]
    there = np.ones((3, 1), bool)
    found = common_strand(columns, np.ones((3, 1)), there, rules=StrandRules(panel=True), af=np.array([af]))
    assert [O(one) for one in found[:, 0]] == expected


def test_limits_are_those_given():
    eaf, n, there = np.array([[0.3], [0.32]]), np.ones((2, 1)), np.ones((2, 1), bool)
    assert common_strand(eaf, n, there, rules=StrandRules(maf_limit=0.31)).ravel().tolist() == [F, MAF]
    assert common_strand(eaf, n, there, rules=StrandRules(tolerance=0.01)).ravel().tolist() == [F, FAR]


def test_the_largest_that_is_able():
    eaf = np.array([[0.1, 0.2], [0.3, 0.4]])
    study, frequency = largest_study(
        eaf, np.array([[5.0, 1.0], [5.0, 2.0]]), np.array([[1, 0], [1, 0]], bool)
    )
    assert study.tolist() == [0, -1]
    assert frequency[0] == 0.1 and np.isnan(frequency[1])
