"""LD scores across two populations against the definition, on small random files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from hypothesis import given
from hypothesis import strategies as st
from ld.naive_scores import naive_in_window, naive_ld_scores, naive_standardise, varies

from postgwas.errors import InputError, NoVariantsError
from postgwas.ld.run import ld_scores
from postgwas.ld.run_cross import cross_ld_scores
from postgwas.ld.shared_variants import shared_variants


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cross")


@given(
    seed=st.integers(0, 10**6), n_variants=st.integers(2, 200), exponent=st.sampled_from([None, 1.0, -0.5])
)
def test_two_files_give_the_sums_of_the_definition(
    folder: Path, seed: int, n_variants: int, exponent: float | None
) -> None:
    rng = np.random.default_rng(seed)
    one = random_calls(seed, n_variants, 31)
    two = random_calls(seed + 1, n_variants, 47)
    two[rng.random(n_variants) < 0.05] = 0
    kept = np.flatnonzero(varies(one) & varies(two))
    if len(kept) == 0:
        return
    # The second file has some alleles swapped, some on the other strand, and another order.
    alleles = [("A", "G") if u < 0.5 else ("C", "AT") for u in rng.random(n_variants)]
    positions = np.arange(1, n_variants + 1) * 10
    swapped = rng.random(n_variants) < 0.4
    written = np.where(swapped[:, None] & (two >= 0), 2 - two, two).astype(np.int8)
    other = [(b, a) if s else (a, b) for (a, b), s in zip(alleles, swapped)]
    strand = {"A": "T", "G": "C"}
    other = [
        (strand[a], strand[b]) if len(a + b) == 2 and u < 0.3 else (a, b)
        for (a, b), u in zip(other, rng.random(n_variants))
    ]
    write_plink1(folder / "one", one, positions=positions.tolist(), alleles=alleles)
    write_plink1(folder / "two", written, positions=positions.tolist(), alleles=other,
                 ids=[f"x{j}" for j in range(n_variants)])  # fmt: skip

    scores = cross_ld_scores(
        folder / "one", folder / "two", window=0.3, unit="kb", pq_exp=exponent, double=True,
        whole_chromosome=True,
    )  # fmt: skip

    assert scores.variants["SNPID"].to_list() == [f"rs{j}" for j in kept]
    calls = one[kept], two[kept]
    frequency = [np.array([row[row >= 0].mean() / 2 for row in rows]) for rows in calls]
    np.testing.assert_allclose(scores.variants["FRQ_2"], frequency[1], atol=1e-12)
    weights = [(p * (1 - p))[:, None] ** (exponent or 0) for p in frequency]
    near = naive_in_window(["1"] * len(kept), positions[kept].tolist(), 300)
    standard = [naive_standardise(rows) for rows in calls]
    r1, r2 = (rows @ rows.T / rows.shape[1] for rows in standard)
    cross = (r1 * r2 * near) @ np.sqrt(weights[0] * weights[1])
    np.testing.assert_allclose(scores.l2_1, naive_ld_scores(calls[0], near, weights[0])[:, 0], atol=1e-9)
    np.testing.assert_allclose(scores.l2_2, naive_ld_scores(calls[1], near, weights[1])[:, 0], atol=1e-9)
    np.testing.assert_allclose(scores.l2_cross, cross[:, 0], atol=1e-9)
    np.testing.assert_allclose(
        scores.m, [weights[0].sum(), weights[1].sum(), np.sqrt(weights[0] * weights[1]).sum()]
    )


def test_allele_counts_divide_by_the_variance_of_the_variant(folder: Path) -> None:
    one, two = random_calls(1, 60, 40, missing=0.0), random_calls(2, 60, 30, missing=0.0)
    write_plink1(folder / "count1", one)
    write_plink1(folder / "count2", two)
    scores = cross_ld_scores(
        folder / "count1", folder / "count2", window=9, unit="kb", allele_counts=True, double=True
    )
    kept = np.flatnonzero(varies(one) & varies(two))
    near = naive_in_window(["1"] * len(kept), kept.tolist(), 9)
    expected = np.ones(near.shape)
    for calls in (one[kept], two[kept]):
        p = calls.mean(axis=1) / 2
        deviation = np.sqrt(2 * p * (1 - p))
        r = naive_standardise(calls) @ naive_standardise(calls).T / calls.shape[1]
        expected *= r * deviation[None, :] / deviation[:, None]
    np.testing.assert_allclose(scores.l2_cross, (expected * near).sum(axis=1), rtol=1e-9, atol=1e-9)


def test_two_populations_of_one_file(folder: Path) -> None:
    calls = random_calls(1, 80, 60)
    write_plink1(folder / "both", calls)
    write_plink1(folder / "first", calls[:, :25])
    ids = [f"I{i}" for i in range(60)]
    scores = cross_ld_scores(
        folder / "both", folder / "both", keep1=ids[:25], keep2=ids[25:], window=10, unit="kb", maf=0.05
    )
    alone = ld_scores(folder / "first", window=10, unit="kb", extract=scores.variants["SNPID"].to_list())
    np.testing.assert_allclose(scores.l2_1, alone.l2[:, 0], atol=1e-5)
    with pytest.raises(InputError, match="1 people are in both populations, such as 'I25'"):
        cross_ld_scores(
            folder / "both", folder / "both", keep1=ids[:26], keep2=ids[25:], window=10, unit="kb"
        )


def test_errors_of_independent_samples_cancel() -> None:
    """Without LD, the cross score's mean is that of the variant itself, at any sample size."""
    excess, squared = [], []
    for seed in range(40):
        one, two = (random_calls(2 * seed + k, 40, 20, missing=0.0, keep=0.0) for k in (0, 1))
        kept = varies(one) & varies(two)
        r1, r2 = (rows @ rows.T / 20 for rows in map(naive_standardise, (one[kept], two[kept])))
        excess.append((r1 * r2).sum() / kept.sum() - 1.0)
        squared.append((r1 * r1).sum() / kept.sum() - 1.0)
    assert abs(np.mean(excess)) < 3 * np.std(excess) / np.sqrt(40)
    assert np.mean(squared) > 1.5


def table(*rows: tuple[int, str, str, str]) -> pl.DataFrame:
    names = ["POS", "SNPID", "A1", "A2"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(pl.lit(1, pl.Int8).alias("CHR"), pl.lit("1").alias("CHROM"))


def test_alleles_same_swapped_and_repeated() -> None:
    one = table((1, "a", "A", "G"), (2, "b", "A", "T"), (3, "c", "C", "CA"), (4, "d", "G", "T"),
                (4, "e", "T", "G"), (5, "f", "A", "C"), (6, "g", "A", "AT"))  # fmt: skip
    two = table((1, "A", "g", "a"), (2, "B", "T", "A"), (3, "C", "C", "CA"), (4, "D", "G", "T"),
                (5, "F", "A", "G"), (6, "G", "T", "AT"))  # fmt: skip
    shared = shared_variants(one, two)
    assert shared.first.tolist() == [0, 1, 2]
    assert shared.second.tolist() == [0, 1, 2]
    assert shared.flip.tolist() == [True, True, False]
    assert shared.dropped == {"repeated": 2, "not_shared": 2}


def test_ambiguous_variants_go_when_strands_differ() -> None:
    one = table((1, "a", "A", "G"), (2, "b", "A", "T"))
    two = table((1, "a", "C", "T"), (2, "b", "T", "A"))
    shared = shared_variants(one, two)
    assert shared.first.tolist() == [0]
    assert shared.flip.tolist() == [True]
    assert shared.dropped["palindromic"] == 1


def test_by_id_where_positions_differ() -> None:
    one, two = table((1, "a", "A", "G")), table((9, "a", "A", "G"))
    assert shared_variants(one, two, match="id").first.tolist() == [0]
    with pytest.raises(NoVariantsError, match="share no variant by position"):
        shared_variants(one, two)
