"""Variants of several studies numbered: a loop over rows is the judge."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from postgwas.meta.merge_blocks import _ALLELES, _numbered


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=8),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([0, 1, 1 << 30, (1 << 37) - 100]),
    st.sampled_from([1, 1 << 22]),
)
def test_variants_are_numbered_in_order(
    studies: list[list[tuple[int, int]]], first_site: int, allele_step: int
) -> None:
    # One site far from the others leaves no room for the numbers of rows: the other way is taken.
    keys = [[(first_site * (site > 0) + site) << _ALLELES | allele * allele_step for site, allele in study]
            for study in studies]  # fmt: skip
    variants, rows, repeated = _numbered([np.array(key, np.int64) for key in keys])
    expected = sorted({one for key in keys for one in key})
    assert variants.tolist() == expected
    assert [row.tolist() for row in rows] == [[expected.index(one) for one in key] for key in keys]
    assert repeated == any(len(set(key)) < len(key) for key in keys)
