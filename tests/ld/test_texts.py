"""Hashes of text tell texts apart, and equal ones are equal wherever they lie."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from postgwas.ld.texts import PADDING, Texts
from postgwas.ld.variant_ids import VariantIds

TEXTS = st.lists(st.one_of(st.text(max_size=40), st.none()), max_size=40)


@given(TEXTS)
def test_equal_where_the_texts_are(texts: list[str | None]) -> None:
    found = Texts.of(pl.Series(texts, dtype=pl.String))
    assert [found[i] for i in range(len(found))] == texts
    for hashes in found.hashes():
        for i, one in enumerate(texts):
            for j, other in enumerate(texts):
                assert one is None or other is None or (one == other) == (hashes[i] == hashes[j])


@given(st.lists(st.text("rs01\x00", max_size=20), min_size=1, max_size=20), st.binary(max_size=9))
def test_what_lies_around_does_not_matter(texts: list[str], around: bytes) -> None:
    encoded = [text.encode() for text in texts]
    lengths = np.array([len(text) for text in encoded])
    starts = len(around) + np.cumsum(lengths + len(around)) - lengths - len(around)
    content = around + around.join(encoded) + around + bytes(PADDING)
    apart = Texts(np.frombuffer(content, np.uint8), starts, lengths)
    for one, other in zip(apart.hashes(), Texts.from_strings(texts).hashes()):
        assert np.array_equal(one, other)


def test_many_ids_do_not_collide() -> None:
    ids = VariantIds.of(pl.Series([f"rs{i}" for i in range(50_000)] + [f"1:{i}:A:G" for i in range(50_000)]))
    assert np.unique(ids.first).size == np.unique(ids.second).size == 100_000
