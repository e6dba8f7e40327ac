"""ld_scores against the definition, on small random files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import random_calls, write_plink1
from genotypes.test_plink2 import write_plink2
from hypothesis import given
from hypothesis import strategies as st
from ld.naive_scores import naive_in_window, naive_ld_scores, varies

from postgwas.errors import InputError, NoVariantsError, UsageError
from postgwas.genotypes import open_genotypes
from postgwas.ld.run import ld_scores


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("genotypes")


@given(
    seed=st.integers(0, 10**6),
    n_variants=st.integers(2, 300),
    n_samples=st.integers(8, 41),
    window=st.sampled_from([0.001, 0.0035, 0.02, 0.2]),
    unit=st.sampled_from(["cm", "kb", "snps"]),
    n_annot=st.integers(0, 3),
)
def test_any_file_gives_the_sums_of_the_definition(
    folder: Path, seed: int, n_variants: int, n_samples: int, window: float, unit: str, n_annot: int
) -> None:
    rng = np.random.default_rng(seed)
    calls = random_calls(seed, n_variants, n_samples, missing=0.05)
    calls[rng.random(n_variants) < 0.05] = 2  # monomorphic
    calls[rng.random(n_variants) < 0.02] = -9
    border = int(rng.integers(1, n_variants))
    chromosomes = ["1"] * border + ["2"] * (n_variants - border)
    # Some neighbours lie exactly one window apart, some share a position.
    steps = rng.integers(0, 3, n_variants)
    positions = [*(1 + np.cumsum(steps[:border])).tolist(), *(1 + np.cumsum(steps[border:])).tolist()]
    cm = [p / 1000 for p in positions]
    write_plink1(folder / "any", calls, chromosomes=chromosomes, positions=positions, cm=cm)
    annot = rng.normal(size=(n_variants, n_annot)) if n_annot else None
    kept = np.flatnonzero(varies(calls))
    if len(kept) == 0:
        return
    window = max(1, round(1000 * window)) if unit == "snps" else window
    within = [chromosomes[j] for j in kept]
    if unit == "snps":
        in_window = naive_in_window(within, range(len(kept)), window)
    elif unit == "kb":
        in_window = naive_in_window(within, [positions[j] for j in kept], 1000 * window)
    else:
        in_window = naive_in_window(within, [cm[j] for j in kept], window)

    scores = ld_scores(folder / "any", window=window, unit=unit, annot=annot, whole_chromosome=True)  # type: ignore[arg-type]

    expected = naive_ld_scores(calls[kept], in_window, None if annot is None else annot[kept])
    assert scores.variants["SNPID"].to_list() == [f"rs{j}" for j in kept]
    assert scores.dropped["monomorphic"] == n_variants - len(kept)
    np.testing.assert_allclose(scores.l2, expected, rtol=0, atol=2e-5)
    double = ld_scores(
        folder / "any",
        window=window,
        unit=unit,
        annot=annot,
        whole_chromosome=True,
        double=True,  # type: ignore[arg-type]
    )
    np.testing.assert_allclose(double.l2, expected, rtol=0, atol=1e-10)
    weights = np.ones((len(kept), 1)) if annot is None else annot[kept]
    np.testing.assert_allclose(scores.m, weights.sum(axis=0), rtol=1e-12, atol=1e-12)


def test_frequency_filter_and_weights_by_heterozygosity(folder: Path) -> None:
    calls = random_calls(3, 150, 60)
    write_plink1(folder / "maf", calls)
    frequency = np.array([row[row >= 0].mean() / 2 for row in calls])
    maf = np.minimum(frequency, 1 - frequency)
    kept = np.flatnonzero(maf > 0.2)
    weights = (frequency * (1 - frequency))[kept, None] ** 0.7

    scores = ld_scores(folder / "maf", window=20, unit="kb", maf=0.2, pq_exp=0.7)

    everyone = naive_in_window(["1"] * len(kept), (kept * 1.0).tolist(), 20)
    np.testing.assert_allclose(scores.l2, naive_ld_scores(calls[kept], everyone, weights), atol=1e-5)
    np.testing.assert_allclose(scores.m, weights.sum(axis=0))
    np.testing.assert_allclose(scores.m_5_50, weights.sum(axis=0))
    assert scores.dropped["maf"] == int((maf <= 0.2).sum()) - scores.dropped["monomorphic"]


def test_common_variants_are_those_above_five_percent(folder: Path) -> None:
    calls = random_calls(4, 300, 50, missing=0.0)
    calls[0], calls[1] = 2, 0
    calls[0, :45], calls[0, 45:50] = 2, 1
    calls[1, :5] = 1
    write_plink1(folder / "common", calls)
    copies = calls.sum(axis=1)
    rarer = np.minimum(copies, 100 - copies)
    assert (copies == 5).any() and (copies == 95).any()
    scores = ld_scores(folder / "common", window=5, unit="kb")
    assert scores.m_5_50[0] == (rarer > 5).sum() < scores.m[0] == (rarer > 0).sum()
    # ldsc.py: 1 - 0.95 is above 0.05, and 0.95 is the frequency of A2.
    compat = ld_scores(folder / "common", window=5, unit="kb", compat=True)
    assert compat.m_5_50[0] == ((rarer > 5) | (copies == 5)).sum()
    limited = ld_scores(folder / "common", window=5, unit="kb", maf=0.05)
    assert limited.m[0] == (rarer > 5).sum()


def test_a_whole_chromosome_is_refused_by_windows_before_rounding(folder: Path) -> None:
    """Rounded to chunks of 50, the last of 60 variants has a window from the first on."""
    write_plink1(folder / "sixty", random_calls(7, 60, 30, missing=0.0))
    scores = ld_scores(folder / "sixty", window=10, unit="snps", compat=True)
    assert scores.l2.shape == (scores.variants.height, 1)
    with pytest.raises(UsageError, match="spans all"):
        ld_scores(folder / "sixty", window=60, unit="snps", compat=True)


def test_swapped_counted_alleles_change_nothing(folder: Path) -> None:
    calls = random_calls(5, 200, 50)
    flipped = np.where(calls >= 0, 2 - calls, calls).astype(np.int8)
    some = np.random.default_rng(0).random(200) < 0.5
    write_plink1(folder / "one", calls)
    write_plink1(folder / "other", np.where(some[:, None], flipped, calls))
    one = ld_scores(folder / "one", window=30, unit="kb", double=True)
    other = ld_scores(folder / "other", window=30, unit="kb", double=True)
    np.testing.assert_allclose(one.l2, other.l2, atol=1e-11)


def test_samples_and_variants_of_lists(folder: Path) -> None:
    calls = random_calls(6, 120, 40)
    write_plink1(folder / "lists", calls)
    (folder / "keep.txt").write_text("".join(f"F{i} I{i}\n" for i in range(39, 5, -1)))
    (folder / "extract.txt").write_text("".join(f"rs{j}\n" for j in range(0, 120, 3)))
    write_plink1(folder / "subset", calls[::3, 6:], ids=[f"rs{j}" for j in range(0, 120, 3)],
                 positions=[1000 * (j + 1) for j in range(0, 120, 3)])  # fmt: skip
    from_lists = ld_scores(
        folder / "lists", window=30, unit="kb", keep=folder / "keep.txt", extract=folder / "extract.txt"
    )
    subset = ld_scores(folder / "subset", window=30, unit="kb")
    assert from_lists.n_samples == subset.n_samples == 34
    assert from_lists.variants["SNPID"].equals(subset.variants["SNPID"])
    np.testing.assert_array_equal(from_lists.l2, subset.l2)


def test_no_genetic_map(folder: Path) -> None:
    write_plink1(folder / "nomap", random_calls(7, 50, 20))
    with pytest.raises(InputError, match=r"chromosome 1 has no genetic positions .*--cm_map"):
        ld_scores(folder / "nomap", window=1, unit="cm")


def test_descending_positions(folder: Path) -> None:
    write_plink1(folder / "unsorted", random_calls(8, 4, 20), positions=[1, 5, 3, 7])
    with pytest.raises(InputError, match="position of variant 'rs2' on chromosome 1 is less"):
        ld_scores(folder / "unsorted", window=0.003, unit="kb")


def test_chromosome_in_pieces(folder: Path) -> None:
    write_plink1(folder / "pieces", random_calls(9, 3, 20), chromosomes=["1", "2", "1"])
    with pytest.raises(InputError, match="chromosome 1 is in several pieces"):
        ld_scores(folder / "pieces", window=1, unit="kb")


def test_window_of_a_whole_chromosome(folder: Path) -> None:
    write_plink1(folder / "whole", random_calls(10, 30, 20))
    with pytest.raises(UsageError, match="--yes_really"):
        ld_scores(folder / "whole", window=1000, unit="kb")


def test_no_variants_left(folder: Path) -> None:
    write_plink1(folder / "mono", np.full((3, 10), 2, np.int8))
    with pytest.raises(NoVariantsError, match="3 monomorphic"):
        ld_scores(folder / "mono", window=1, unit="kb")


def test_too_few_samples(folder: Path) -> None:
    write_plink1(folder / "two", random_calls(11, 3, 2))
    with pytest.raises(InputError, match="2 samples; LD scores need at least 3"):
        ld_scores(folder / "two", window=1, unit="kb")


def test_annotations_of_another_length(folder: Path) -> None:
    write_plink1(folder / "annot", random_calls(12, 30, 20))
    with pytest.raises(InputError, match="29 rows of annotations for 30 variants"):
        ld_scores(folder / "annot", window=2, unit="kb", annot=np.ones((29, 1)))


def test_genetic_map_in_place_of_cm(folder: Path) -> None:
    calls = random_calls(13, 60, 30)
    cm = [0.0, *np.cumsum(np.random.default_rng(1).uniform(0.0, 0.3, 59)).round(6).tolist()]
    write_plink1(folder / "with", calls, cm=cm)
    write_plink1(folder / "without", calls)
    rows = "".join(f"1 {1000 * (j + 1)} {cm[j]!r}\n" for j in range(60))
    (folder / "map.txt").write_text("chr pos cM\n" + rows)
    own = ld_scores(folder / "with", window=1)
    mapped = ld_scores(folder / "without", window=1, cm_map=folder / "map.txt")
    np.testing.assert_array_equal(own.l2, mapped.l2)
    with pytest.raises(UsageError, match="a genetic map serves windows in cM only"):
        ld_scores(folder / "with", window=1, unit="kb", cm_map=folder / "map.txt")


def test_dosages_with_missing_values(folder: Path) -> None:
    rng = np.random.default_rng(14)
    calls = random_calls(14, 40, 25, missing=0.0)
    dosages = (calls + rng.uniform(-0.3, 0.3, calls.shape)).clip(0, 2).astype(np.float32)
    dosages[rng.random(calls.shape) < 0.1] = -9
    dosages[7] = np.float32(0.3)  # the same for everyone
    write_plink2(folder / "dosages", calls, dosages=dosages)
    data = open_genotypes(folder / "dosages", dosage=True)
    scores = ld_scores(data, window=0.01, unit="kb")
    read = np.asarray(data.block(0, 40), float)
    kept = np.delete(np.arange(40), 7)
    near = naive_in_window(["1"] * 39, kept.tolist(), 10)
    expected = naive_ld_scores(np.where(np.isnan(read), -9, read)[kept], near)
    assert scores.dropped["monomorphic"] == 1
    np.testing.assert_allclose(scores.l2, expected, atol=1e-5)


def test_unplaced_variants_have_no_window(folder: Path) -> None:
    calls = random_calls(15, 60, 30)
    write_plink1(folder / "unplaced", calls, chromosomes=["0"] * 10 + ["1"] * 50)
    write_plink1(folder / "placed", calls[10:], positions=[1000 * (j + 1) for j in range(10, 60)])
    scores = ld_scores(folder / "unplaced", window=20, unit="kb")
    assert scores.dropped["unplaced"] == 10
    np.testing.assert_array_equal(scores.l2, ld_scores(folder / "placed", window=20, unit="kb").l2)
    write_plink1(folder / "nowhere", calls, chromosomes=["0"] * 60)
    with pytest.raises(NoVariantsError, match="all 60 variants are on chromosome 0"):
        ld_scores(folder / "nowhere", window=20, unit="kb")


def test_annotation_names_and_values_that_are_no_numbers(folder: Path) -> None:
    write_plink1(folder / "named", random_calls(16, 30, 20))
    annot = pl.DataFrame({"base": [1.0] * 30, "coding": [0.5, np.inf] + [0.0] * 28})
    with pytest.raises(InputError, match="annotation 'coding' of variant 2 is not a finite number"):
        ld_scores(folder / "named", window=5, unit="kb", annot=annot)
    scores = ld_scores(folder / "named", window=5, unit="kb", annot=annot.with_columns(coding=pl.lit(0.5)))
    assert scores.annotations == ("base", "coding")
    np.testing.assert_allclose(scores.l2[:, 1], 0.5 * scores.l2[:, 0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 0}, "the LD window is 0"),
        ({"window": float("nan")}, "the LD window is nan"),
        ({"window": 1, "per_allele": True, "pq_exp": 0.5}, "--per_allele is --pq_exp 1"),
    ],
)
def test_arguments_that_make_no_sense(folder: Path, arguments: dict[str, float], message: str) -> None:
    write_plink1(folder / "usage", random_calls(17, 30, 20))
    with pytest.raises(UsageError, match=message):
        ld_scores(folder / "usage", unit="kb", **arguments)  # type: ignore[arg-type]
