"""KING-robust kinship: a double loop, properties, relatives of known degree, whom to leave out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes import KingSettings, king, open_genotypes
from postgwas.genotypes import run_king as run_king_module
from postgwas.genotypes.king_robust import pair_counts, relation_of
from postgwas.genotypes.relatives import drop_relatives

Calls = NDArray[np.int8]


def naive(calls: Calls, one: int, two: int) -> tuple[int, int, int, float]:
    """Shared variants, both heterozygous, opposite homozygotes, kinship of Manichaikul's equation 11."""
    shared = both = opposite = het_one = het_two = 0
    for a, b in zip(calls[:, one].tolist(), calls[:, two].tolist()):
        if a < 0 or b < 0:
            continue
        shared += 1
        both += a == 1 and b == 1
        opposite += abs(a - b) == 2
        het_one += a == 1
        het_two += b == 1
    fewer = min(het_one, het_two)
    if fewer == 0:
        return shared, both, opposite, float("nan")
    phi = (both - 2 * opposite) / (2 * fewer) + 0.5 - (het_one + het_two) / (4 * fewer)
    return shared, both, opposite, phi


@pytest.mark.parametrize("missing", [0.0, 0.05, 0.6])
def test_counts_of_a_double_loop(missing: float) -> None:
    calls = random_calls(4, 150, 12, missing=missing)
    calls[:, 3] = -9
    calls[:, 4] = 2
    whole = pair_counts([(calls[:70], None), (calls[70:], None)])
    left, right = calls[:, :5], calls[:, 5:]
    tile = pair_counts([(left[:101], right[:101]), (left[101:], right[101:])])
    assert whole.het_both is not None and whole.opposite is not None
    assert tile.het_both is not None and tile.opposite is not None
    for one in range(12):
        for two in range(12):
            shared, both, opposite, phi = naive(calls, one, two)
            assert whole.n_shared[one, two] == shared
            assert whole.het_both[one, two] == both and whole.opposite[one, two] == opposite
            assert whole.kinship[one, two] == pytest.approx(phi, abs=1e-12, nan_ok=True)
    assert np.array_equal(tile.opposite, whole.opposite[:5, 5:])
    assert np.array_equal(tile.het_both, whole.het_both[:5, 5:])
    assert np.array_equal(tile.kinship, whole.kinship[:5, 5:], equal_nan=True)


def family(seed: int = 2, n_variants: int = 4000) -> Calls:
    """Unrelated 0 to 9; 10 child of 0 and 1; 11 its full sib; 12 child of 10 and 2; 13 twin of 12."""
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(0.1, 0.5, n_variants)
    haplotypes = (rng.random((n_variants, 14, 2)) < frequency[:, None, None]).astype(np.int8)

    def child(person: int, father: int, mother: int) -> None:
        for side, parent in enumerate((father, mother)):
            which = rng.integers(0, 2, n_variants)
            haplotypes[:, person, side] = haplotypes[np.arange(n_variants), parent, which]

    child(10, 0, 1)
    child(11, 0, 1)
    child(12, 10, 2)
    haplotypes[:, 13] = haplotypes[:, 12]
    calls: Calls = haplotypes.sum(axis=2, dtype=np.int8)
    calls[rng.random(calls.shape) < 0.01] = -9
    return calls


@pytest.fixture(scope="module")
def relatives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plink1(tmp_path_factory.mktemp("king") / "family", family())


def test_relatives_have_their_degree(relatives: Path) -> None:
    table = king(relatives).table()
    found = {
        frozenset((a, b)): relation for a, b, relation in zip(table["IID1"], table["IID2"], table["RELATION"])
    }
    assert found[frozenset(("I12", "I13"))] == "duplicate or twin"
    first = [("I0", "I10"), ("I1", "I11"), ("I10", "I11"), ("I10", "I12"), ("I2", "I12"), ("I10", "I13")]
    assert {found[frozenset(pair)] for pair in first} == {"first degree"}
    assert found[frozenset(("I0", "I12"))] == found[frozenset(("I11", "I12"))] == "second degree"
    assert frozenset(("I3", "I4")) not in found


def test_tiles_workers_and_limits_change_nothing(relatives: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = king(relatives, settings=KingSettings(min_kinship=None)).table()
    assert everything.height == 14 * 13 // 2
    close = king(relatives).table()
    assert close.equals(everything.filter(everything["KINSHIP"] >= 0.0442))
    monkeypatch.setattr(run_king_module, "TILE", 4)
    monkeypatch.setattr(run_king_module, "_READ", 333)
    assert king(relatives, settings=KingSettings(min_kinship=None)).table().equals(everything)
    assert king(relatives).table().equals(close)


@pytest.mark.slow
def test_workers_change_nothing(relatives: Path) -> None:
    assert king(relatives, cores=2).table().equals(king(relatives).table())


def test_swapped_alleles_and_permuted_samples(relatives: Path, tmp_path: Path) -> None:
    calls = family()
    swapped = np.where(calls < 0, calls, 2 - calls).astype(np.int8)
    rows = np.random.default_rng(1).permutation(14)
    one = pair_counts([(calls, None)]).kinship
    assert np.array_equal(pair_counts([(swapped, None)]).kinship, one)
    assert np.array_equal(pair_counts([(calls[:, rows], None)]).kinship, one[np.ix_(rows, rows)])


def test_who_is_left_out(relatives: Path) -> None:
    result = king(relatives, settings=KingSettings(relatives="remove"))
    assert result.removed is not None
    left = set(np.flatnonzero(~result.removed).tolist())
    assert set(range(3, 10)) <= left
    everything = king(relatives, settings=KingSettings(min_kinship=None))
    for later, earlier, phi in zip(
        everything.pairs.later.tolist(), everything.pairs.earlier.tolist(), everything.pairs.kinship
    ):
        assert not (later in left and earlier in left and phi >= 0.0884)
    assert len(left) >= 10


pairs = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=40)


@given(pairs, st.randoms(use_true_random=False))
def test_nobody_left_has_a_relative_and_nobody_goes_in_vain(
    related: list[tuple[int, int]], random: object
) -> None:
    related = [pair for pair in related if pair[0] != pair[1]]
    first = np.array([a for a, _ in related], np.int64)
    second = np.array([b for _, b in related], np.int64)
    gone = drop_relatives(first, second, 15)
    assert not np.any(~gone[first] & ~gone[second])
    for person in np.flatnonzero(gone):
        others = np.concatenate([second[first == person], first[second == person]])
        assert np.any(~gone[others])  # each who goes has a relative who stays
    shuffled = list(related)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = drop_relatives(
        np.array([b for _, b in shuffled], np.int64), np.array([a for a, _ in shuffled], np.int64), 15
    )
    assert np.array_equal(gone, again)


def test_the_one_with_more_missing_calls_goes() -> None:
    one, two = np.array([0]), np.array([1])
    assert drop_relatives(one, two, 2, n_missing=np.array([5, 3])).tolist() == [True, False]
    assert drop_relatives(one, two, 2, n_missing=np.array([3, 3])).tolist() == [False, True]


def test_relation_at_the_limits() -> None:
    assert relation_of(np.array([0.354, 0.3539, 0.177, 0.0884, 0.0442, 0.0441, np.nan])).tolist() == [
        0, 1, 1, 2, 3, 4, 4
    ]  # fmt: skip


def test_someone_without_calls_has_no_kinship(tmp_path: Path) -> None:
    calls = random_calls(1, 50, 4, missing=0.0)
    calls[:, 2] = -9
    table = king(write_plink1(tmp_path / "x", calls), settings=KingSettings(min_kinship=None)).table()
    none = table.filter((table["IID1"] == "I2") | (table["IID2"] == "I2"))
    assert none["KINSHIP"].is_nan().all() and none["NSNP"].to_list() == [0, 0, 0]
    assert none["RELATION"].is_null().all() and set(table["RELATION"].drop_nulls()) == {"unrelated"}


def test_what_is_refused(tmp_path: Path) -> None:
    one = write_plink1(tmp_path / "one", random_calls(1, 20, 1))
    with pytest.raises(InputError, match="1 sample; kinship needs at least two"):
        king(one)
    on_x = write_plink1(tmp_path / "x", random_calls(1, 20, 5), chromosomes=["X"] * 20)
    with pytest.raises(NoVariantsError, match="none of the 20 variants is on an autosome"):
        king(open_genotypes(on_x))
    for bad in (KingSettings(min_kinship=0.6), KingSettings(max_kinship=0.0)):
        with pytest.raises(UsageError, match="kinship"):
            king(on_x, settings=bad)
