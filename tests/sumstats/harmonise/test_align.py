"""The harmonised rows: what they hold, and that spelling a file differently changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgwas.sumstats.harmonise.match import aligned, match_chromosome

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}


def study(seed: int, n: int = 60) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A file of SNVs and its reference, some sites with two alternate alleles, some rows elsewhere.

    With three alternate alleles the other strand of one is a pair of the others, and is refused.
    """
    rng = np.random.default_rng(seed)
    pos = np.sort(rng.choice(np.repeat(np.arange(1, n), 2), n, replace=False))
    letters = np.array(list("ACGT"))
    ref = rng.integers(0, 4, n)[pos - 1]
    second = np.concatenate(([False], pos[1:] == pos[:-1]))
    step = rng.integers(1, 4, n)[pos - 1]
    alt = (ref + np.where(second, step % 3 + 1, step)) % 4
    af = rng.uniform(0.01, 0.99, n).round(3)
    reference = pl.DataFrame(
        {"SNPID": [f"rs{i}" for i in range(n)], "POS": pos.astype(np.int32), "REF": letters[ref],
         "ALT": letters[alt], "AF": af.astype(np.float32)}
    )  # fmt: skip
    swap = rng.random(n) < 0.5
    frame = pl.DataFrame(
        {
            "ROW": np.arange(2, n + 2, dtype=np.uint32),
            "SNPID": [f"rs{i + 1000 * (i % 7 == 0)}" for i in range(n)],
            "POS": (pos + (rng.random(n) < 0.1)).astype(np.int32),
            "EA": letters[np.where(swap, ref, alt)],
            "NEA": letters[np.where(swap, alt, ref)],
            "EAF": np.clip(np.where(swap, 1 - af, af) + rng.normal(0, 0.02, n), 0.001, 0.999).round(4),
            "BETA": rng.normal(0, 0.1, n).round(5),
            "Z": rng.normal(0, 2, n).round(4),
        }
    )
    return frame, reference


def harmonised(frame: pl.DataFrame, reference: pl.DataFrame, **options: Any) -> pl.DataFrame:
    return aligned(frame, reference, match_chromosome(frame, reference, **options))


def swapped(frame: pl.DataFrame, which: pl.Series) -> pl.DataFrame:
    """The same effects told of the other allele."""
    return frame.with_columns(
        EA=frame["NEA"].zip_with(which, frame["EA"]),
        NEA=frame["EA"].zip_with(which, frame["NEA"]),
        BETA=(0 - frame["BETA"]).zip_with(which, frame["BETA"]),
        Z=(0 - frame["Z"]).zip_with(which, frame["Z"]),
        EAF=(1 - frame["EAF"]).zip_with(which, frame["EAF"]),
    )


options = st.fixed_dictionaries(
    {
        "palindromic": st.sampled_from(["drop", "infer", "keep"]),
        "effect_allele": st.sampled_from(["alt", "ref"]),
    }
)


@given(st.integers(0, 10_000), options)
def test_exchanging_alleles_of_any_rows_changes_nothing(seed: int, options: dict[str, Any]) -> None:
    frame, reference = study(seed)
    which = pl.Series(np.random.default_rng(seed).random(frame.height) < 0.5)
    exchanged = swapped(frame, which)
    one, other = (harmonised(f, reference, maf_like=False, **options) for f in (frame, exchanged))
    assert one.drop("EAF").equals(other.drop("EAF"))
    # 1 - 0.7 is not 0.3 in binary: what was exchanged once and back comes to within 1e-12.
    assert one["EAF"].to_numpy() == pytest.approx(other["EAF"].to_numpy(), abs=1e-12)


@given(st.integers(0, 10_000), options)
def test_the_other_strand_changes_nothing(seed: int, options: dict[str, Any]) -> None:
    frame, reference = study(seed)
    plain = pl.Series([COMPLEMENT[e] != n for e, n in zip(frame["EA"], frame["NEA"])])
    turned = [frame[name].replace_strict(COMPLEMENT).zip_with(plain, frame[name]) for name in ("EA", "NEA")]
    other_strand = frame.with_columns(EA=turned[0], NEA=turned[1])
    assert harmonised(frame, reference, **options).equals(harmonised(other_strand, reference, **options))


@given(st.integers(0, 10_000), options)
def test_palindromic_snps_on_the_other_strand_come_out_the_same(seed: int, options: dict[str, Any]) -> None:
    # Read on the other strand, A/T is T/A: only their frequencies tell.
    frame, reference = study(seed)
    pairs = pl.Series([COMPLEMENT[e] == n for e, n in zip(frame["EA"], frame["NEA"])])
    exchanged = frame.with_columns(
        EA=frame["NEA"].zip_with(pairs, frame["EA"]), NEA=frame["EA"].zip_with(pairs, frame["NEA"])
    )
    options = {**options, "palindromic": "infer"}
    assert harmonised(frame, reference, **options).equals(harmonised(exchanged, reference, **options))


@given(st.integers(0, 10_000), options, st.randoms())
def test_order_of_rows_is_kept_and_changes_nothing(seed: int, options: dict[str, Any], random: Any) -> None:
    frame, reference = study(seed)
    order = list(range(frame.height))
    random.shuffle(order)
    found = match_chromosome(frame[order], reference, **options)
    expected = match_chromosome(frame, reference, **options)
    for name in ("ref_row", "outcome", "flip", "complement", "effect_is_alt", "remark", "af"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name)[order])
    assert found.frequencies == expected.frequencies


def test_columns_of_a_swapped_row() -> None:
    frame = pl.DataFrame(
        {"SNPID": ["old"], "POS": pl.Series([7], dtype=pl.Int32), "EA": ["t"], "NEA": ["C"], "EAF": [0.9],
         "BETA": [0.0], "Z": [1.5], "SE": [0.1], "P": [0.13]}
    )  # fmt: skip
    reference = pl.DataFrame(
        {"SNPID": ["rs9"], "POS": pl.Series([7], dtype=pl.Int32), "REF": ["A"], "ALT": ["G"],
         "AF": pl.Series([0.125], dtype=pl.Float32)}
    )  # fmt: skip
    row = harmonised(frame, reference).row(0, named=True)
    assert row == {
        "SNPID": "rs9", "POS": 7, "EA": "G", "NEA": "A", "EAF": 0.1, "BETA": 0.0, "Z": -1.5, "SE": 0.1,
        "P": 0.13, "SNPID_GIVEN": "old", "REF_AF": 0.125,
    }  # fmt: skip
    assert str(row["BETA"]) == "0.0"  # not -0.0


def test_indel_takes_the_reference_s_spelling_and_kept_rows_keep_theirs() -> None:
    frame = pl.DataFrame(
        {
            "POS": pl.Series([101, 500], dtype=pl.Int32),
            "EA": ["-", "G"],
            "NEA": ["TT", "A"],
            "BETA": [1.0, 2.0],
        }
    )
    reference = pl.DataFrame(
        {"SNPID": [None], "POS": pl.Series([100], dtype=pl.Int32), "REF": ["C"], "ALT": ["CTT"],
         "AF": pl.Series([None], dtype=pl.Float32)},
        schema_overrides={"SNPID": pl.String},
    )  # fmt: skip
    result = harmonised(frame, reference, unmatched="keep")
    assert result.select("POS", "EA", "NEA", "BETA", "SNPID", "REF_AF").rows() == [
        (100, "CTT", "C", -1.0, None, None),
        (500, "G", "A", 2.0, None, None),
    ]


def test_nothing_matched_and_an_empty_reference() -> None:
    frame, reference = study(1)
    assert harmonised(frame, reference.clear()).height == 0
    kept = harmonised(frame, reference.clear(), unmatched="keep")
    assert kept.select(frame.columns).equals(frame)
