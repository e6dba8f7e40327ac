"""One row a variant: which are the same, and which of them stays."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.sumstats.harmonise.duplicates import duplicated, sort_variants

Row = tuple[int, str, str, float, float]


def frame(rows: list[Row], *, alt: bool | None = None) -> pl.DataFrame:
    names = ("POS", "EA", "NEA", "N", "SE")
    table = pl.DataFrame([dict(zip(names, row)) for row in rows])
    return table.with_columns(
        pl.lit(alt, pl.Boolean).alias("EFFECT_IS_ALT"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("ROW"),
    )


def kept(table: pl.DataFrame) -> pl.DataFrame:
    ordered = sort_variants(table)
    return ordered.filter(~duplicated(ordered))


def test_the_largest_n_stays_then_the_smallest_se() -> None:
    rows = [
        (5, "A", "G", 10.0, 0.1),
        (5, "A", "G", 30.0, 0.3),
        (5, "G", "A", 30.0, 0.2),
        (4, "A", "G", 1.0, 1.0),
    ]
    assert kept(frame(rows)).select("POS", "N", "SE").rows() == [(4, 1.0, 1.0), (5, 30.0, 0.2)]


@pytest.mark.parametrize(("alt", "n"), [(None, 2), (True, 2)])
def test_a_deletion_and_an_insertion_are_two_variants(alt: bool | None, n: int) -> None:
    assert kept(frame([(5, "CG", "C", 1.0, 1.0), (5, "C", "CG", 1.0, 1.0)], alt=alt)).height == n


def test_ref_and_alt_tell_variants_apart_whichever_is_the_effect_allele() -> None:
    table = frame([(5, "CG", "C", 1.0, 1.0), (5, "C", "CG", 1.0, 1.0)])
    table = table.with_columns(EFFECT_IS_ALT=pl.Series([True, False]))
    assert kept(table).height == 1


def test_multi_allelic_sites_keep_all_their_variants() -> None:
    assert kept(frame([(5, "A", "G", 1.0, 1.0), (5, "T", "G", 1.0, 1.0)])).height == 2


row = st.tuples(
    st.integers(1, 4), st.sampled_from("AC"), st.sampled_from("GT"), st.sampled_from([1.0, 2.0]), st.just(0.1)
)


@given(st.lists(row, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_any_order_of_rows_gives_the_same_table(rows: list[Row], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, two = (kept(frame(r)).drop("ROW") for r in (rows, shuffled))
    assert one.equals(two)
    best: dict[tuple[int, frozenset[str]], float] = {}
    for pos, ea, nea, n, _ in rows:
        key = (pos, frozenset((ea, nea)))
        best[key] = max(n, best.get(key, 0.0))
    found = {(p, frozenset((e, o))): n for p, e, o, n in one.select("POS", "EA", "NEA", "N").rows()}
    assert found == best
