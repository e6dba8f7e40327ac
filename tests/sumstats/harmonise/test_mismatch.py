"""What the counts of outcomes say of a file as a whole."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from postgwas.sumstats.harmonise.match import match_chromosome
from postgwas.sumstats.harmonise.mismatch import mismatch_share, strand_warnings
from postgwas.sumstats.harmonise.outcomes import Outcome


def shares(shift: int) -> tuple[float, bool]:
    """A dense chromosome and a file of it whose positions are shifted."""
    rng = np.random.default_rng(3)
    n = 5000
    ref = rng.integers(0, 4, n)
    # Two thirds are transitions: A with G, C with T.
    alt = np.where(rng.random(n) < 2 / 3, ref ^ 2, (ref + np.where(rng.random(n) < 0.5, 1, 3)) % 4)
    letters = np.array(list("ACGT"))
    pos = pl.Series("POS", np.sort(rng.choice(np.arange(1, 4 * n), n, replace=False)), dtype=pl.Int32)
    reference = pl.DataFrame(
        {"SNPID": [None] * n, "POS": pos, "REF": letters[ref], "ALT": letters[alt], "AF": [None] * n},
        schema_overrides={"SNPID": pl.String, "AF": pl.Float32},
    )
    frame = reference.select(POS=pl.col("POS") + shift, EA="ALT", NEA="REF")
    codes, counts = np.unique(match_chromosome(frame, reference).outcome, return_counts=True)
    found = mismatch_share(dict(zip(codes.tolist(), counts.tolist())))
    return found.share, found.other_build


def test_another_build_is_recognised_and_the_same_is_not() -> None:
    assert shares(0) == (0.0, False)
    share, other_build = shares(1)
    assert other_build
    assert 0.4 < share < 0.65


def test_few_rows_are_no_proof() -> None:
    found = mismatch_share({Outcome.ALLELES_DIFFER: 49})
    assert (found.share, found.other_build) == (1.0, False)
    assert math.isnan(mismatch_share({Outcome.NOT_IN_REFERENCE: 9}).share)
    assert mismatch_share({Outcome.NOT_IN_REFERENCE: 9, Outcome.UNMATCHED_KEPT: 1}).n_unknown == 10


def test_palindromic_snps_cannot_be_taken_as_forward_where_others_are_not() -> None:
    counts = {Outcome.SWAPPED: 900, Outcome.FLIPPED_SWAPPED: 100, Outcome.PALINDROMIC_KEPT: 120}
    (line,) = strand_warnings(counts, "a.txt")
    assert line.startswith("a.txt: 10.0% of the SNPs")
    assert "120 palindromic" in line
    assert strand_warnings({**counts, Outcome.FLIPPED_SWAPPED: 5}, "a.txt") == ()


def test_strands_inferred_against_all_others_are_suspect() -> None:
    counts = {Outcome.MATCHED: 900, Outcome.PALINDROMIC_FORWARD: 80, Outcome.PALINDROMIC_REVERSE: 20}
    assert "inferred for 20.0% of 100 palindromic" in strand_warnings(counts, "a.txt")[0]
    # Where half of the file is on the other strand it is what one expects.
    assert strand_warnings({**counts, Outcome.FLIPPED: 800}, "a.txt") == ()
    assert strand_warnings({**counts, Outcome.MATCHED: 20}, "a.txt") == ()
