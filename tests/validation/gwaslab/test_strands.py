"""Strands and effect alleles of 600 simulated SNPs, half of them palindromic, as gwaslab decides them.

Peer: gwaslab 4.2.3, ``Sumstats("sumstats.tsv", ..., build="19")``, then ``basic_check()`` and
``harmonize(basic_check=False, ref_seq=<REF of every site>, ref_infer="reference.vcf.gz",
ref_alt_freq="AF", threads=1)``. The last digit of its STATUS says how a palindromic SNP was
decided: 1 forward, 2 reverse, 7 minor allele frequency above 0.4, 8 that of the reference above it.

Effects must be equal; frequencies differ by the float32 that gwaslab keeps them in. Where a
frequency is more than 0.2 from the reference's on either strand gwaslab infers all the same, and
we refuse: two SNPs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.sumstats.harmonise.match import aligned, match_chromosome
from postgwas.sumstats.harmonise.outcomes import Outcome
from postgwas.sumstats.harmonise.reference import open_reference

DATA = Path(__file__).parent / "data"

DIGIT = {
    Outcome.MATCHED: {0},
    Outcome.SWAPPED: {0},
    Outcome.FLIPPED: {0},
    Outcome.FLIPPED_SWAPPED: {0},
    Outcome.PALINDROMIC_FORWARD: {1},
    Outcome.PALINDROMIC_REVERSE: {2},
    Outcome.PALINDROMIC_MAF: {7, 8},
    Outcome.PALINDROMIC_CONTRADICTS: {1, 2},
}


def test_strands_and_effects_are_gwaslab_s() -> None:
    reference = open_reference(DATA / "reference.vcf", cache=False).frame(7)
    frame = pl.read_csv(DATA / "sumstats.tsv", separator="\t").with_columns(pl.col("POS").cast(pl.Int32))
    peer = pl.read_csv(DATA / "gwaslab.tsv", separator="\t")
    assert frame["SNPID"].to_list() == peer["SNPID"].to_list()

    found = match_chromosome(frame, reference, palindromic="infer")
    digits = (peer["STATUS"] % 10).to_list()
    outcomes = [Outcome(code) for code in found.outcome.tolist()]
    for outcome, digit in zip(outcomes, digits):
        assert digit in DIGIT[outcome]
    assert outcomes.count(Outcome.PALINDROMIC_CONTRADICTS) == 2
    assert set(outcomes) == set(DIGIT)

    ours = aligned(frame, reference, found)
    theirs = peer[np.flatnonzero(found.kept)]
    assert ours.height == 507
    for name in ("EA", "NEA", "BETA"):
        assert ours[name].to_list() == theirs[name].to_list()
    assert ours["EAF"].to_numpy() == pytest.approx(theirs["EAF"].to_numpy(), abs=1e-7)
