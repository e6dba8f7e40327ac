"""Sentinels, LD of genotypes, alleles found in LD's variants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from finemap.simulated import genotypes
from hypothesis import given
from hypothesis import strategies as st

from postgwas.errors import InputError, UsageError
from postgwas.finemap import region_ld, sentinels
from postgwas.finemap.allele_alignment import align_variants
from postgwas.finemap.region_stats import load_stats


def naive_sentinels(
    chromosome: list[int], position: list[int], strength: list[float], distance: int
) -> list[int]:
    left = [row for row in range(len(position)) if strength[row] >= 5]
    chosen: list[int] = []
    while left:
        best = min(left, key=lambda row: (-strength[row], chromosome[row], position[row]))
        chosen.append(best)
        left = [
            row
            for row in left
            if chromosome[row] != chromosome[best] or abs(position[row] - position[best]) >= distance
        ]
    return sorted(chosen, key=lambda row: (chromosome[row], position[row]))


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(1, 60), st.integers(0, 12)),
        min_size=1,
        unique_by=lambda v: v[:2],
    )
)
def test_sentinels_are_greedy(rows: list[tuple[int, int, int]]) -> None:
    chromosome, position, strength = (list(column) for column in zip(*rows))
    found = sentinels(chromosome, position, strength, threshold=5, distance=10).tolist()
    assert found == naive_sentinels(chromosome, position, [float(one) for one in strength], 10)


def test_sentinels_refuse_lengths() -> None:
    with pytest.raises(UsageError, match="vectors of one length"):
        sentinels([1, 1], [5], [9.0])


def test_ld_is_the_correlation_of_mean_imputed_calls() -> None:
    rng = np.random.default_rng(1)
    calls = genotypes(rng, 90, 16).T.astype(np.int8)
    calls = calls[calls.std(axis=1) > 0]
    calls[rng.random(calls.shape) < 0.05] = -9
    known = np.where(calls < 0, np.nan, calls.astype(float))
    filled = np.where(np.isnan(known), np.nanmean(known, axis=1, keepdims=True), known)
    found = region_ld(calls)
    np.testing.assert_allclose(found.matrix, np.corrcoef(filled), atol=1e-6)
    np.testing.assert_allclose(found.missing, (calls < 0).mean(axis=1))
    np.testing.assert_array_equal(region_ld(known.astype(np.float32)).matrix, found.matrix)


def stats(*rows: tuple[int, int, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["CHR", "POS", "EA", "NEA"], orient="row").with_columns(
        pl.Series("SNPID", [f"v{i}" for i in range(len(rows))])
    )


VARIANTS = pl.DataFrame(
    {
        "SNPID": ["v0", "v1", "v2", "v3"], "CHR": [1, 1, 1, 1], "POS": [10, 20, 20, 30],
        "A1": ["A", "A", "A", "A"], "A2": ["G", "C", "T", "AT"],
    }
)  # fmt: skip


def test_alleles_tell_which_variant_and_whose_copies() -> None:
    found = align_variants(
        stats((1, 10, "G", "A"), (1, 20, "T", "A"), (1, 20, "C", "A"), (1, 30, "AT", "A"), (1, 40, "A", "G")),
        VARIANTS, "ld",
    )  # fmt: skip
    assert found.rows.tolist() == [0, 1, 2, 3]
    assert found.ld_rows.tolist() == [0, 2, 1, 3]
    assert found.sign.tolist() == [-1, -1, -1, -1]
    assert found.reasons == {4: "not_in_ld"} and found.n_flipped == 0


def test_other_strand_but_not_where_alleles_are_each_other() -> None:
    found = align_variants(stats((1, 10, "T", "C"), (1, 20, "A", "T")), VARIANTS, "ld")
    assert found.sign.tolist() == [1, 1] and found.n_flipped == 1
    found = align_variants(stats((1, 20, "G", "T")), VARIANTS, "ld")
    assert found.ld_rows.tolist() == [1] and found.sign.tolist() == [-1]


def test_a_variant_of_ld_serves_one_row() -> None:
    found = align_variants(stats((1, 10, "A", "G"), (1, 10, "G", "A")), VARIANTS, "ld")
    assert found.rows.tolist() == [0] and found.reasons == {1: "occurs_twice"}


def test_ids_where_there_are_no_places() -> None:
    found = align_variants(stats((1, 10, "A", "G"), (2, 5, "A", "G")), VARIANTS.select("SNPID"), "ld")
    assert found.by_id and found.ld_rows.tolist() == [0, 1] and found.sign.tolist() == [1, 1]
    with pytest.raises(InputError, match="no ids to find variants by"):
        align_variants(stats((1, 10, "A", "G")).drop("SNPID"), VARIANTS.select("SNPID"), "ld")


def test_of_a_repeated_variant_one_line_is_used_whatever_the_order(tmp_path: Path) -> None:
    lines = [
        "1\t500\trs5\tA\tC\t0.2\t0.03\t0.01\t900",
        "1\t500\trs5\tC\tA\t0.8\t-0.09\t0.01\t1000",
        "1\t900\trs9\tA\tC\t0.2\t0.03\t0.02\t900",
        "1\t900\trs9\tA\tC\t0.2\t0.05\t0.01\t900",
    ]
    header = "CHR\tPOS\tSNP\tEA\tNEA\tEAF\tBETA\tSE\tN"
    tables = []
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]):
        path = tmp_path / f"{order[0]}.tsv"
        path.write_text("\n".join([header, *(lines[i] for i in order)]) + "\n")
        found = load_stats(path)
        assert sorted(found.rejected["REASON"]) == ["occurs_twice"] * 2
        tables.append(found.frame.drop("ROW").rows())
        assert found.frame["BETA"].to_list() == [-0.09, 0.05]
    assert tables[0] == tables[1] == tables[2]
