"""Ids are matched as a join would."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from postgwas.ld import matching
from postgwas.ld.matching import match_ids

IDS = st.lists(
    st.one_of(st.none(), st.sampled_from([f"rs{i}" for i in range(12)] + ["", "rsé"])), max_size=30
)


def slow(left: list[str | None], right: list[str | None]) -> list[tuple[int, int]]:
    return [
        (i, j)
        for i, one in enumerate(left)
        for j, other in enumerate(right)
        if one is not None and one == other
    ]


def fast(left: list[str | None], right: list[str | None]) -> list[tuple[int, int]]:
    rows = match_ids(pl.Series(left, dtype=pl.String), pl.Series(right, dtype=pl.String))
    assert all(part.dtype == np.uint32 for part in rows)
    return list(zip(*(part.tolist() for part in rows)))


@given(IDS, IDS)
def test_as_two_loops(left: list[str | None], right: list[str | None]) -> None:
    assert fast(left, right) == slow(left, right)


def test_collisions_do_not_pass(monkeypatch) -> None:
    """Where the first hashes are all the same, the second ones tell."""
    real = pl.Series.hash
    monkeypatch.setattr(pl.Series, "hash", lambda self, seed=0: real(self, seed) * (seed != 0))
    left, right = ["a", "b", "c", None], ["c", "x", "a", None, "c"]
    assert fast(left, right) == slow(left, right)
    assert fast(["a"], ["b"]) == []


def test_a_large_case_has_every_kind_of_run() -> None:
    rng = np.random.default_rng(2)
    left = pl.Series([f"rs{i}" for i in rng.permutation(60_000)])
    right = pl.Series([f"rs{i}" for i in rng.integers(0, 90_000, 40_000)])
    one, other = match_ids(left, right)
    joined = (
        pl.DataFrame({"id": left}).with_row_index("one")
        .join(pl.DataFrame({"id": right}).with_row_index("other"), on="id")
        .sort("one", "other")
    )  # fmt: skip
    assert one.tolist() == joined["one"].to_list()
    assert other.tolist() == joined["other"].to_list()
    assert matching.match_ids(left, right.head(0))[0].size == 0
