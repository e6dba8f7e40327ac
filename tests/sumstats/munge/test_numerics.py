"""Z of P, codes of alleles, the rules for rows: against naive implementations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import chi2

from postgwas.columns.texts import Keeper, texts_of_series
from postgwas.sumstats.munge import filters, statistic
from postgwas.sumstats.munge.allele_list import SnpIndex
from postgwas.sumstats.munge.lines import number
from postgwas.sumstats.munge.quantile import abs_z

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}


def codes(*alleles: str) -> np.ndarray:
    return filters.allele_codes(pl.Series(alleles))


def test_z_of_p_agrees_with_scipy() -> None:
    # 2e-15 relative: two approximations of about 1e-16 each, and a division.
    p = np.concatenate([10.0 ** -np.linspace(0, 307, 20001), np.linspace(1e-6, 1, 20001)])
    expected = -ndtri(p / 2)
    assert np.allclose(abs_z(p), expected, rtol=2e-15, atol=0)
    # What munge_sumstats.py computes.
    assert np.allclose(abs_z(p), np.sqrt(chi2.isf(p, 1)), rtol=1e-9, atol=1e-8)


def test_z_of_what_is_no_p_is_nan() -> None:
    assert np.isnan(abs_z(np.array([0.0, -0.1, 1.0000001, np.nan, np.inf]))).all()


def test_z_of_one_is_zero() -> None:
    assert abs_z(np.array([1.0])).tolist() == [0.0]


def test_codes_know_letters_in_either_case_and_nothing_else() -> None:
    found = filters.allele_codes(pl.Series(["A", "c", "G", "t", "AT", "", "N", None, "0"]))
    assert found.tolist() == [0, 1, 2, 3, 9, 9, 9, 9, 9]


def test_plain_snps_are_the_eight_unambiguous_pairs() -> None:
    pairs = list(itertools.product(["A", "C", "G", "T", "AC"], repeat=2))
    found = filters.plain_snps(codes(*[a for a, _ in pairs]), codes(*[b for _, b in pairs]))
    kept = {a + b for (a, b), yes in zip(pairs, found) if yes}
    assert kept == {"AC", "AG", "CA", "CT", "GA", "GT", "TC", "TG"}


def naive_same(a: str, b: str) -> bool:
    """Whether two pairs of alleles are one SNP, by trying all ways to write it."""
    for pair in (a, b):
        if len(set(pair)) < 2 or COMPLEMENT[pair[0]] == pair[1]:
            return False
    flipped = "".join(COMPLEMENT[x] for x in a)
    return b in {a, a[::-1], flipped, flipped[::-1]}


def test_same_variant_agrees_with_trying_all_ways() -> None:
    quads = ["".join(q) for q in itertools.product("ACGT", repeat=4)]
    found = filters.same_variant(*(codes(*[q[i] for q in quads]) for i in range(4)))
    assert found.tolist() == [naive_same(q[:2], q[2:]) for q in quads]


def test_limits_are_those_of_the_help() -> None:
    assert filters.low_info([np.array([0.9, 0.8999, np.nan])], 0.9).tolist() == [False, True, True]
    maf = np.array([0.01, 0.011, 0.995, 0.5, -0.1, 1.1, np.nan])
    assert filters.low_maf(maf, 0.01).tolist() == [True, False, True, False, True, True, True]
    # Out of range even where the limit lets all pass.
    assert filters.low_maf(np.array([-0.1, 1.1, 0.0]), -1.0).tolist() == [True, True, False]


def test_several_info_columns_count_by_their_mean() -> None:
    columns = [np.array([0.9, 1.0, np.nan]), np.array([0.9, 0.79, 1.0])]
    assert filters.low_info(columns, 0.9).tolist() == [False, True, True]


def test_a_row_is_counted_under_the_first_rule_that_it_breaks() -> None:
    verdict = filters.Verdict.none_yet(3)
    verdict.remove(np.array([True, False, False]), filters.MISSING)
    verdict.remove(np.array([True, True, False]), filters.BAD_P)
    assert verdict.counts()[[filters.MISSING, filters.BAD_P]].tolist() == [1, 1]
    assert verdict.alive.tolist() == [False, False, True]


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=20))
def test_n_of_cases_and_controls_agrees_with_the_formula(pairs: list[tuple[int, int]]) -> None:
    largest = max(cas + con for cas, con in pairs)
    shares = [cas / (cas + con) for cas, con in pairs if cas + con == largest]
    expected = [cas / (sum(shares) / len(shares)) for cas, con in pairs]
    cas, con = np.array(pairs, dtype=float).T
    assert np.allclose(statistic.n_of_cases_and_controls(cas, con), expected, rtol=1e-12)


def test_default_limit_of_n() -> None:
    assert statistic.default_n_min(np.arange(1.0, 12.0)) == pytest.approx(10 / 1.5)


def test_summary_of_nothing_is_nan() -> None:
    assert math.isnan(statistic.summarise(np.empty(0)).mean_chi2)


@given(st.lists(st.text(max_size=3), min_size=1, max_size=30), st.lists(st.text(max_size=3), max_size=30))
def test_index_agrees_with_looking_through_the_list(listed: list[str], asked: list[str]) -> None:
    keeper = Keeper()
    index = SnpIndex(texts_of_series(pl.Series(listed, dtype=pl.String), keeper))
    found = index.find(texts_of_series(pl.Series(asked, dtype=pl.String), keeper))
    assert found.tolist() == [listed.index(a) if a in listed else -1 for a in asked]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 / 3, "0.333333333333"),
        (2.0, "2.0"),
        (3, "3"),
        (1e16, "1e+16"),
        (1.0002844, "1.0002844"),
        (-0.0, "-0.0"),
    ],
)
def test_numbers_are_printed_as_python_2_did(value: float, text: str) -> None:
    assert number(value) == text
