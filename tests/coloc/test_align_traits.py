"""Traits on the same variants and alleles, beside a plain search row by row."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgwas.coloc.align_traits import align_traits, warn_counts
from postgwas.coloc.allele_match import match_alleles
from postgwas.coloc.allele_rules import AlleleRules
from postgwas.errors import InputError, NoVariantsError, UsageError

KEEP = AlleleRules(palindromic="keep")
OTHER_STRAND = {"A": "T", "C": "G", "G": "C", "T": "A"}
LETTERS = ["A", "C", "G", "T", "AT", "CG"]


def table(rows: list[tuple[int, int, str, str]], **more: list[float]) -> pl.DataFrame:
    places = {"CHR": [row[0] for row in rows], "POS": [row[1] for row in rows]}
    alleles = {"EA": [row[2] for row in rows], "NEA": [row[3] for row in rows]}
    ids = [f"v{number}" for number in range(len(rows))]
    return pl.DataFrame({"SNPID": ids, **places, **alleles, **more})


def naive(one: pl.DataFrame, two: pl.DataFrame) -> list[tuple[int, int, float]]:
    """Same letters first, then the other strand; first rows win; palindromic SNPs as given."""
    ours, theirs = list(one.iter_rows(named=True)), list(two.iter_rows(named=True))
    found: dict[int, tuple[int, float]] = {}
    used: set[int] = set()
    for strand in (False, True):
        for row, a in enumerate(ours):
            if row in found:
                continue
            pair = [a["EA"], a["NEA"]]
            if strand:
                if any(len(letter) > 1 for letter in pair) or OTHER_STRAND[pair[0]] == pair[1]:
                    continue
                pair = [OTHER_STRAND[letter] for letter in pair]
            for at, b in enumerate(theirs):
                if (a["CHR"], a["POS"]) == (b["CHR"], b["POS"]) and sorted(pair) == sorted(
                    [b["EA"], b["NEA"]]
                ):
                    first = next(
                        number
                        for number, c in enumerate(theirs)
                        if (c["CHR"], c["POS"]) == (b["CHR"], b["POS"])
                        and sorted([c["EA"], c["NEA"]]) == sorted(pair)
                    )
                    if at == first and at not in used:
                        used.add(at)
                        found[row] = (at, 1.0 if pair[0] == b["EA"] else -1.0)
                    break
    return [(row, *found[row]) for row in sorted(found)]


pairs = st.tuples(st.sampled_from(LETTERS), st.sampled_from(LETTERS)).filter(lambda pair: pair[0] != pair[1])
variants = st.lists(
    st.tuples(st.integers(1, 2), st.integers(1, 4), pairs).map(lambda one: (one[0], one[1], *one[2])),
    min_size=1, max_size=12,
)  # fmt: skip


@given(variants, variants)
@settings(max_examples=150)
def test_matches_are_those_of_a_plain_search(first, second) -> None:
    one, two = table(first), table(second)
    found = match_alleles(one, two, rules=KEEP)
    got = list(zip(found.rows.tolist(), found.other_rows.tolist(), found.sign.tolist()))
    assert got == naive(one, two)
    counts = found.counts
    assert counts.n == counts.n_shared + sum(counts.dropped.values())
    assert counts.n_shared == counts.n_same + counts.n_swapped == found.rows.size
    assert found.reason.null_count() == counts.n_shared


def simulated(n: int = 60, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    pairs = [("A", "G"), ("C", "T"), ("A", "C"), ("A", "T"), ("C", "G"), ("AT", "A")]
    rows = [(1, 100 + 10 * row, *pairs[row % 6]) for row in range(n)]
    return table(rows, BETA=rng.normal(size=n).tolist(), EAF=rng.uniform(0.05, 0.35, n).tolist())


@given(st.data())
@settings(max_examples=40)
def test_swapped_and_flipped_rows_in_any_order_come_back_as_they_were(data) -> None:
    one = simulated()
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    swap, flip = rng.random((2, one.height)) < 0.5
    letters = one.select("EA", "NEA").rows()
    changed = []
    for (ea, nea), swapped, flipped in zip(letters, swap, flip):
        pair = (nea, ea) if swapped else (ea, nea)
        changed.append(
            tuple(OTHER_STRAND[letter] for letter in pair) if flipped and len(ea + nea) == 2 else pair
        )
    other = one.with_columns(
        EA=pl.Series([pair[0] for pair in changed]), NEA=pl.Series([pair[1] for pair in changed]),
        BETA=one["BETA"].to_numpy() * np.where(swap, -1, 1),
        EAF=np.where(swap, 1 - one["EAF"].to_numpy(), one["EAF"].to_numpy()),
    )[rng.permutation(one.height)]  # fmt: skip
    found = align_traits([one, other])
    assert found.n_shared == one.height
    for frame in found.frames:
        assert frame["BETA"].to_list() == one["BETA"].to_list()
        assert frame.select("SNPID", "EA", "NEA").equals(one.select("SNPID", "EA", "NEA"))
        np.testing.assert_allclose(frame["EAF"], one["EAF"], atol=1e-15)


def test_palindromic_snps_by_each_rule() -> None:
    given = [(1, 1, "A", "T"), (1, 2, "A", "T"), (1, 3, "C", "G"), (1, 4, "A", "T")]
    one = table(given, BETA=[1.0] * 4, EAF=[0.1, 0.1, 0.45, 0.2])
    two = table(given, BETA=[1.0] * 4, EAF=[0.12, 0.88, 0.45, float("nan")])
    kept = align_traits([one, two], rules=KEEP)
    assert kept.frames[1]["BETA"].to_list() == [1.0] * 4
    told = align_traits([one, two])
    assert told.frames[1]["SNPID"].to_list() == ["v0", "v1"]
    assert told.frames[1]["BETA"].to_list() == [1.0, -1.0]
    np.testing.assert_allclose(told.frames[1]["EAF"], [0.12, 0.12])
    assert told.counts[0].dropped == {"palindromic_strand_unknown": 2}
    assert told.counts[0].n_palindromic_inferred == 2
    with pytest.raises(NoVariantsError, match="4 palindromic"):
        align_traits([one, two], rules=AlleleRules(palindromic="drop"))


def test_other_snps_speak_for_palindromic_ones_without_frequencies() -> None:
    plain = [(1, place, "A", "G") for place in range(1, 21)]
    one = table([*plain, (1, 50, "A", "T")])
    assert align_traits([one, one]).n_shared == 21
    assert align_traits([one[1:], one]).n_shared == 19, "20 are the fewest that speak"
    turned = one.with_columns(
        EA=pl.when(pl.col("POS") == 1).then(pl.lit("T")).otherwise("EA"),
        NEA=pl.when(pl.col("POS") == 1).then(pl.lit("C")).otherwise("NEA"),
    )
    found = align_traits([one, turned])
    assert found.n_shared == 20 and found.counts[0].n_other_strand == 1
    assert found.left_out[1].rows() == [(20, "palindromic_strand_unknown")]


def test_effects_are_turned_to_the_alleles_of_ld() -> None:
    one = table([(7, 5, "A", "G"), (7, 6, "C", "T")], Z=[2.0, 3.0])
    two = table([(7, 6, "G", "A"), (7, 5, "G", "A")], Z=[4.0, 5.0])
    ld = pl.DataFrame({"SNPID": ["x", "y"], "CHR": [7, 7], "POS": [6, 5], "A1": ["T", "G"], "A2": ["C", "A"]})
    found = align_traits([one, two], ld_variants=ld)
    assert found.ld_rows is not None
    assert found.ld_rows.tolist() == [1, 0]
    assert [frame["EA"].to_list() for frame in found.frames] == [["G", "T"]] * 2
    assert found.frames[0]["Z"].to_list() == [-2.0, -3.0]
    # A C/T variant given as G/A is on the other strand: its effect is C's, so T's is its opposite.
    assert found.frames[1]["Z"].to_list() == [5.0, -4.0]
    assert found.frames[1]["SNPID"].to_list() == ["v0", "v1"]


def test_ids_where_a_side_has_no_places_and_places_where_it_has_no_alleles(caplog) -> None:
    one = table([(1, 5, "A", "G"), (1, 6, "A", "G"), (1, 6, "A", "C")], BETA=[1.0, 2.0, 3.0])
    by_id = align_traits([one, one.drop("CHR", "POS")])
    assert by_id.counts[0].by_id and by_id.n_shared == 3
    bare = pl.DataFrame({"CHR": ["1", "1"], "POS": [6, 5], "BETA": [7.0, 8.0]})
    found = align_traits([one, bare])
    assert found.rows[0].tolist() == [0]
    assert found.left_out[0].rows() == [(1, "not_in_other"), (2, "not_in_other")]
    assert found.left_out[1].rows() == [(0, "several_variants_at_place")]
    with caplog.at_level(logging.WARNING):
        warn_counts(logging.getLogger("alignment"), found.counts[0])
    assert "signs of effects may not fit" in caplog.text
    with pytest.raises(InputError, match="neither places nor ids"):
        align_traits([one, pl.DataFrame({"BETA": [1.0]})])


def test_duplicates_and_other_alleles_are_counted() -> None:
    one = table([(1, 5, "A", "G"), (1, 6, "A", "C"), (1, 7, "A", "G")])
    two = table([(1, 5, "G", "A"), (1, 5, "T", "C"), (1, 6, "A", "G"), (1, 9, "A", "G")])
    found = align_traits([one, two])
    assert dict(found.counts[0].dropped) == {"not_in_other": 1, "occurs_twice": 1, "other_alleles": 1}
    assert found.rows[1].tolist() == [0]


def test_bad_rules() -> None:
    with pytest.raises(UsageError, match="--palindromic guess: expected infer, keep or drop"):
        AlleleRules(palindromic="guess").check()  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"--palindromic_maf 0\.5"):
        AlleleRules(palindromic_maf=0.5).check()
    with pytest.raises(UsageError, match="as many"):
        align_traits([simulated()], names=["a", "b"])


@pytest.mark.requires_shared
def test_alleles_of_a_real_locus_agree_in_frequency(shared: Path) -> None:
    """SCZ GWAS and FURIN's eQTL, given with swapped alleles for half of the SNPs."""
    names = {"A1": "EA", "A2": "NEA", "F": "EAF", "SNP": "SNPID"}
    folder = shared / "realdata/coloc_moloc_FURIN"
    gwas, eqtl = (
        pl.read_csv(folder / f"{what}.tsv.gz", separator="\t").rename(names) for what in ("gwas", "eqtl")
    )
    found = align_traits([gwas, eqtl.filter(pl.col("ProbeID") == "ENSG00000140564")], rules=KEEP)
    counts = found.counts[0]
    assert counts.n == 221 and counts.n_shared + counts.n_other_alleles == 221
    assert counts.n_swapped > counts.n_same > 80
    assert np.corrcoef(found.frames[0]["EAF"], found.frames[1]["EAF"])[0, 1] > 0.98
