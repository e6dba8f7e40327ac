"""The index of ids against a dictionary."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from postgwas.ld.variant_ids import VariantIds

IDS = st.lists(st.one_of(st.text("rs0123", max_size=4), st.none()), max_size=60)


@given(st.lists(st.text("rs0123", min_size=1, max_size=4), unique=True, max_size=60), IDS)
def test_same_as_a_dictionary(known: list[str], sought: list[str | None]) -> None:
    index = VariantIds.of(pl.Series(known, dtype=pl.String)).index
    places = {name: i for i, name in enumerate(known)}
    found = index.find(VariantIds.of(pl.Series(sought, dtype=pl.String)))
    assert found.dtype == np.int32
    assert found.tolist() == [-1 if name is None else places.get(name, -1) for name in sought]


def test_many_ids_need_several_levels() -> None:
    names = pl.Series([f"rs{i}" for i in range(50_000)])
    index = VariantIds.of(names).index
    assert len(index.levels) > 3
    order = np.random.default_rng(1).permutation(50_000)
    assert np.array_equal(index.find(VariantIds.of(names.gather(order))), order)
    assert (index.find(VariantIds.of("x" + names)) == -1).all()
