"""Numbers of hashes, against a dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from postgwas.columns.hash_index import HashIndex

FEW = st.integers(0, 40).map(lambda k: k * 0x9E3779B97F4A7C15 % 2**64)
SAME_SLOT = st.integers(0, 40).map(lambda k: k << 20)
SAME_PROBES = st.integers(0, 15).map(lambda k: k << 12)
BATCHES = st.lists(st.lists(st.one_of(FEW, SAME_SLOT, SAME_PROBES), max_size=60), max_size=5)


def words(values):
    return np.array(values, np.uint64)


@given(BATCHES, st.lists(FEW, max_size=20))
def test_numbers_are_a_dictionarys(batches, asked):
    index, known = HashIndex(), {}
    for batch in batches:
        before = dict(known)
        expected = [known.setdefault(value, len(known)) for value in batch]
        numbers, leaders, clash = index.add(words(batch), ~words(batch))
        assert numbers.tolist() == expected
        fresh = [value for value in dict.fromkeys(batch) if value not in before]
        assert leaders.tolist() == [batch.index(value) for value in fresh]
        assert not clash
    assert len(index) == len(known)
    found, clash = index.find(words(asked), ~words(asked))
    assert found.tolist() == [known.get(value, -1) for value in asked]
    assert not clash


def test_tables_that_grow_keep_their_numbers():
    rng = np.random.default_rng(3)
    values = rng.integers(0, 2**64, 30_000, dtype=np.uint64)
    index, whole = HashIndex(), HashIndex()
    parts = [index.add(part, part)[0] for part in np.array_split(values, 23)]
    assert np.array_equal(np.concatenate(parts), np.arange(values.size))
    assert np.array_equal(whole.add(values, values)[0], np.arange(values.size))
    assert np.array_equal(index.find(values[::-1], values[::-1])[0], np.arange(values.size)[::-1])


def test_equal_first_hashes_with_other_second_ones_are_told():
    index = HashIndex()
    assert index.add(words([1, 1]), words([1, 2]))[2]
    index = HashIndex()
    index.add(words([1]), words([1]))
    assert index.find(words([1]), words([2]))[1]
    assert index.add(words([1]), words([2]))[2]
