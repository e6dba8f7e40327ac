"""Whether so many alleles disagree with the reference that it must be of another build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from postgwas.sumstats.harmonise.outcomes import Outcome

MISMATCHES = (Outcome.ALLELES_DIFFER, Outcome.TWO_ALTS)
FITTING = (
    Outcome.MATCHED,
    Outcome.SWAPPED,
    Outcome.FLIPPED,
    Outcome.FLIPPED_SWAPPED,
)
OTHER_BUILD_SHARE = 0.25
"""At positions of another build about half of the SNPs disagree: alleles are common property."""
ENOUGH = 50


@dataclass(frozen=True)
class MismatchShare:
    """How often alleles disagree at positions that the reference has.

    Attributes
    ----------
    n_known : int
        Rows, palindromic SNPs and coded indels apart, at whose position the reference has a variant.
    n_mismatch : int
        Those whose alleles disagree.
    n_unknown : int
        Rows at whose position it has none.
    """

    n_known: int
    n_mismatch: int
    n_unknown: int

    @property
    def share(self) -> float:
        """n_mismatch / n_known; NaN without rows."""
        return self.n_mismatch / self.n_known if self.n_known else float("nan")

    @property
    def other_build(self) -> bool:
        """Whether the reference must be of another build, or positions are shifted.

        More than 25 % of at least 50 rows disagree. With the right build it is a few per cent even
        for a file with many indels, with another build about half: alleles fit by chance.
        """
        return self.n_known >= ENOUGH and self.share > OTHER_BUILD_SHARE


def mismatch_share(counts: Mapping[int, int]) -> MismatchShare:
    """From the counts of outcome codes, over all chromosomes.

    Examples
    --------
    >>> share = mismatch_share({Outcome.MATCHED: 60, Outcome.ALLELES_DIFFER: 40})
    >>> share.share, share.other_build
    (0.4, True)
    """
    mismatch = sum(counts.get(outcome, 0) for outcome in MISMATCHES)
    fitting = sum(counts.get(outcome, 0) for outcome in FITTING)
    unknown = sum(counts.get(o, 0) for o in (Outcome.NOT_IN_REFERENCE, Outcome.UNMATCHED_KEPT))
    return MismatchShare(mismatch + fitting, mismatch, unknown)
