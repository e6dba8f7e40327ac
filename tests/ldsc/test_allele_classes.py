"""One code a file against the definition: two spellings are one SNP if order and strand can make them so."""

from __future__ import annotations

import itertools

import polars as pl

from postgwas.columns.texts import Keeper, texts_of_series
from postgwas.ldsc import allele_classes as coding
from postgwas.ldsc.allele_classes import Alleles
from postgwas.ldsc.munged_rows import AlleleLetters

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}
SPELLINGS = ["".join(pair) for pair in itertools.product("ACGT", repeat=2)]


def allele_classes(a1: pl.Series, a2: pl.Series) -> Alleles:
    first, other = (AlleleLetters.of(texts_of_series(alleles, Keeper())).letters for alleles in (a1, a2))
    return coding.allele_classes(first, other)


def relation(one: str, other: str) -> int:
    """1 the same effect allele, -1 the other one, 0 not the same SNP or no telling the strand."""
    for spelling in (one, other):
        if spelling[0] == spelling[1] or COMPLEMENT[spelling[0]] == spelling[1]:
            return 0
    strands = (other, "".join(COMPLEMENT[base] for base in other))
    if one in strands:
        return 1
    return -1 if one in [strand[::-1] for strand in strands] else 0


def test_all_pairs_of_spellings() -> None:
    pairs = list(itertools.product(SPELLINGS, repeat=2))
    one, other = (
        allele_classes(pl.Series([pair[i][0] for pair in pairs]), pl.Series([pair[i][1] for pair in pairs]))
        for i in (0, 1)
    )
    agree = (one.kind & other.kind & 3) != 0
    found = (agree * one.sign * other.sign).tolist()
    expected = [relation(*pair) for pair in pairs]
    assert found == expected
    assert (expected.count(1), expected.count(-1)) == (16, 16)


def test_other_types_and_odd_alleles() -> None:
    a1, a2 = ["A", "a", None, "AT", "I", "", "N"], ["C", "c", "C", "C", "D", "G", "A"]
    for kind in (pl.String, pl.Categorical):
        found = allele_classes(pl.Series(a1, dtype=kind), pl.Series(a2, dtype=kind))
        assert found.kind.tolist() == [1, 1, 0, 0, 0, 0, 0]
        assert found.sign.tolist() == [1, 1, 0, 0, 0, 0, 0]
    bases = pl.Enum([*"ACGTacgt"])
    assert allele_classes(pl.Series(["t"], dtype=bases), pl.Series(["C"], dtype=bases)).kind.tolist() == [2]
