"""Left ends of windows: exact ones, and those of ldsc.py."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from postgwas.ld.windows import chunked_edges, left_edges, left_edges_across, right_edges

chromosomes = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=20), min_size=1, max_size=4)


def laid_out(lists: list[list[int]], scale: float) -> tuple[np.ndarray, np.ndarray]:
    coordinates = np.concatenate([np.sort(one) for one in lists]) * scale
    starts = np.cumsum([0, *[len(one) for one in lists[:-1]]])
    return coordinates, starts


@given(lists=chromosomes, reach=st.integers(0, 35), scale=st.sampled_from([1.0, 0.1, 1e-3]))
def test_exact_windows(lists: list[list[int]], reach: int, scale: float) -> None:
    coordinates, starts = laid_out(lists, scale)
    left = left_edges(coordinates, reach * scale, starts)
    for j, first in enumerate(left):
        start = starts[starts <= j].max()
        inside = [i for i in range(start, j + 1) if coordinates[j] - coordinates[i] <= reach * scale]
        assert first == min(inside)
    for i, end in enumerate(right_edges(left)):
        assert end == 1 + max(j for j in range(len(left)) if left[j] <= i <= j)


@given(lists=chromosomes, reach=st.integers(1, 35))
def test_windows_across_chromosomes_follow_one_pointer(lists: list[list[int]], reach: int) -> None:
    coordinates, starts = laid_out(lists, 1.0)
    pointer, expected = 0, []
    for here in coordinates:
        while abs(coordinates[pointer] - here) > reach:
            pointer += 1
        expected.append(pointer)
    assert left_edges_across(coordinates, reach, starts).tolist() == expected


@given(
    lists=st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=40), min_size=1, max_size=1),
    chunk=st.integers(1, 12),
)
def test_chunks_widen_a_window_by_less_than_two_chunks(lists: list[list[int]], chunk: int) -> None:
    coordinates, starts = laid_out(lists, 1.0)
    left = left_edges(coordinates, 20, starts)
    rounded = chunked_edges(left, chunk)
    for first in range(0, len(left), chunk):
        of_chunk = rounded[first : first + chunk]
        assert len(set(of_chunk.tolist())) == 1
        assert of_chunk[0] % chunk == 0
        assert 0 <= left[first] - of_chunk[0] < chunk
    if chunk == 1:
        assert rounded.tolist() == left.tolist()
