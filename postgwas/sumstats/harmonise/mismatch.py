"""What the outcomes of all rows say of the file: another build, or strands that contradict."""

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
"""At positions of another build about four in ten disagree; the others agree by chance."""
STRAND_SHARE = 0.01
"""Share of SNPs on the other strand, from which on palindromic SNPs cannot be taken as forward."""
TURNED_SHARE = 0.05
"""By how much more often palindromic SNPs may be on the other strand than the others."""
EXCHANGED_SHARE = 0.01
"""Share of rows with effect and other allele exchanged, up to which the file names REF itself."""
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
        for a file with many indels, with another build about 40 %: the others fit by chance.
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


def given_refs_told(counts: Mapping[int, int]) -> bool:
    """Whether the file's other allele is the reference's, wherever a sequence or reference tells.

    Examples
    --------
    >>> given_refs_told({Outcome.MATCHED: 1000, Outcome.SWAPPED: 1})
    True
    >>> given_refs_told({Outcome.MATCHED: 500, Outcome.SWAPPED: 501})
    False
    """
    straight = counts.get(Outcome.MATCHED, 0) + counts.get(Outcome.FLIPPED, 0)
    exchanged = counts.get(Outcome.SWAPPED, 0) + counts.get(Outcome.FLIPPED_SWAPPED, 0)
    return straight + exchanged >= ENOUGH and exchanged <= EXCHANGED_SHARE * (straight + exchanged)


def strand_warnings(counts: Mapping[int, int], source: str) -> tuple[str, ...]:
    """What the strands of other SNPs say against those given to palindromic ones.

    Parameters
    ----------
    counts : mapping of int to int
        Outcome code -> rows, over all chromosomes.
    source : str

    Examples
    --------
    >>> counts = {Outcome.MATCHED: 60, Outcome.FLIPPED: 40, Outcome.PALINDROMIC_KEPT: 9}
    >>> strand_warnings(counts, "a.txt")[0][:67]
    'a.txt: 40.0% of the SNPs whose strand is certain are on the other o'
    """
    forward = counts.get(Outcome.MATCHED, 0) + counts.get(Outcome.SWAPPED, 0)
    reverse = counts.get(Outcome.FLIPPED, 0) + counts.get(Outcome.FLIPPED_SWAPPED, 0)
    if forward + reverse < ENOUGH:
        return ()
    share = reverse / (forward + reverse)
    kept = counts.get(Outcome.PALINDROMIC_KEPT, 0)
    if kept and share > STRAND_SHARE:
        return (
            f"{source}: {share:.1%} of the SNPs whose strand is certain are on the other one; about as many "
            f"of the {kept:,} palindromic SNPs taken to be on the forward strand have the wrong sign "
            "(--palindromic infer or drop)",
        )
    turned = counts.get(Outcome.PALINDROMIC_REVERSE, 0)
    inferred = turned + counts.get(Outcome.PALINDROMIC_FORWARD, 0)
    if inferred >= ENOUGH and turned / inferred > share + TURNED_SHARE:
        return (
            f"{source}: the other strand was inferred for {turned / inferred:.1%} of {inferred:,} "
            f"palindromic SNPs, but only {share:.1%} of the SNPs whose strand is certain are on it: "
            "are the frequencies of the effect allele?",
        )
    return ()
