"""Gene filters: plain versions, limits that are met exactly, and limits out of range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postgwas.errors import InputError, UsageError
from postgwas.expression import cpm, filter_by_expression, gtex_filter, mage_filter, rpkm, tpm
from postgwas.expression.filters import threshold_masks


@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.1, 0.2, 0.5, 1.0]))
@settings(max_examples=40)
def test_mage_and_gtex(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(6, (30, 10)).astype(np.float64)
    abundance = rng.choice([0.0, 0.1, 0.2], (30, 10))
    for gene, kept, strict in zip(
        range(30),
        mage_filter(counts, abundance, min_share=share),
        gtex_filter(counts, abundance, min_share=share),
    ):
        enough = sum(c >= 6 for c in counts[gene]) >= round(10 * share)
        assert kept == (enough and sum(t >= 0.1 for t in abundance[gene]) >= round(10 * share))
        assert strict == (enough and sum(t > 0.1 for t in abundance[gene]) >= round(10 * share))


@pytest.mark.parametrize(
    ("share", "n", "needed"), [(0.28, 25, 7), (0.07, 100, 7), (0.2, 35, 7), (0.7, 90, 63)]
)
def test_a_share_that_is_met_exactly(share: float, n: int, needed: int) -> None:
    """0.28 x 25 is 7.000000000000001 in binary; seven samples are enough all the same."""
    counts = np.zeros((2, n))
    counts[0, :needed] = 6
    counts[1] = 1
    abundance = np.ones((2, n))
    assert mage_filter(counts, abundance, min_share=share).tolist() == [True, False]
    counts[0, 0] = 5
    assert mage_filter(counts, abundance, min_share=share).tolist() == [False, False]


def test_without_tpm_only_counts_decide() -> None:
    enough, high = threshold_masks([[5.0, 5.0], [1.0, 9.0]], None, min_count=5, min_share=1.0)
    assert enough.tolist() == [True, False]
    assert high.all()


def test_tpm_is_rpkm_scaled_to_a_million() -> None:
    rng = np.random.default_rng(3)
    counts, lengths = rng.poisson(9, (40, 4)) + 1.0, rng.integers(200, 5000, 40)
    per_kilobase = rpkm(counts, lengths)
    np.testing.assert_allclose(
        tpm(counts, lengths), 1e6 * per_kilobase / per_kilobase.sum(axis=0), rtol=1e-13
    )
    np.testing.assert_allclose(tpm(counts, np.full((40, 4), 700.0)), cpm(counts), rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda c: mage_filter(c, c, min_share=0), UsageError, "--min_share 0: expected a share"),
        (lambda c: mage_filter(c, c, min_share=1.1), UsageError, "--min_share 1.1"),
        (lambda c: mage_filter(c, c, min_count=-1), UsageError, "--min_count -1"),
        (lambda c: mage_filter(c, c, min_tpm=float("nan")), UsageError, "--min_tpm nan"),
        (lambda c: mage_filter(c, c[:3]), InputError, r"TPM: expected shape \(4, 3\)"),
        (lambda c: mage_filter(c, -c), InputError, "TPM: the value in row 1, column 1 is -5"),
        (lambda c: filter_by_expression(c, min_prop=2), UsageError, "--min_prop 2"),
        (lambda c: filter_by_expression(c, min_count=-3), UsageError, "--min_count -3"),
        (lambda c: filter_by_expression(c, group=[1, 2]), UsageError, "group: expected 3 labels"),
        (lambda c: filter_by_expression(c, design=np.ones((2, 1))), UsageError, "design: expected 3 rows"),
        (lambda c: rpkm(c, [1, 2, 0, 4]), InputError, "the first is that of gene 3"),
        (lambda c: tpm(c, [1, 2]), InputError, r"lengths: expected shape \(4,\)"),
    ],
)
def test_bad_limits(call: object, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        call(np.full((4, 3), 5.0))  # type: ignore[operator]
