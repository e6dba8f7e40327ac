"""Signs that traits do not stand on the same alleles or genome build, as sentences for the user."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from postgwas.mtag.merge_counts import MergeCounts

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A trait's frequencies are suspect below this correlation with another's, or beyond this mean difference.
LEAST_CORRELATION, LARGEST_MEAN_DIFFERENCE = 0.9, 0.1

#: Shares of shared variants from which another position, strand or allele pair is worth a word.
POSITION_SHARE, STRAND_SHARE, ALLELE_SHARE = 0.05, 0.1, 0.05

#: Variants from which a correlation or share means something.
ENOUGH = 50

#: About so many variants' frequencies are compared.
MOST_COMPARED = 1_000_000


def warn_about_alignment(
    counts: Sequence[MergeCounts], eaf: Floats, ambiguous: Mask, *, keeps_ambiguous: bool = False
) -> list[str]:
    """Sentences about positions, strands, alleles and frequencies that disagree between traits.

    Parameters
    ----------
    counts : sequence of MergeCounts, shape (n_traits,)
    eaf : ndarray, shape (n_variants, n_traits)
        Frequency of the common effect allele in each trait; NaN where unknown.
    ambiguous : ndarray of bool, shape (n_variants,)
        A/T and C/G pairs; their frequencies are not compared.
    keeps_ambiguous : bool
        Strand-ambiguous variants are reported (--incld_ambig_snps).
    """
    said: list[str] = []
    for count in counts[1:]:
        said += _positions(count) + _alleles(count, keeps_ambiguous=keeps_ambiguous)
    return said + _frequencies([count.trait for count in counts], eaf, ambiguous)


def _positions(count: MergeCounts) -> list[str]:
    if count.other_position <= POSITION_SHARE * count.positions or count.positions < ENOUGH:
        return []
    return [
        f"{count.trait}: {count.other_position:,} of {count.positions:,} shared variants "
        f"({count.other_position / count.positions:.0%}) have another position than in the traits before "
        "it: another genome build? Traits are matched by id, and results have the first trait's positions"
    ]


def _alleles(count: MergeCounts, *, keeps_ambiguous: bool) -> list[str]:
    said: list[str] = []
    if count.shared < ENOUGH:
        return said
    if count.inconsistent > ALLELE_SHARE * count.shared:
        said.append(
            f"{count.trait}: {count.inconsistent:,} of {count.shared:,} shared variants "
            f"({count.inconsistent / count.shared:.0%}) have other alleles than in the traits before it and "
            "are dropped: are both allele columns the right ones (--a1_name, --a2_name)?"
        )
    if count.other_strand > (0 if keeps_ambiguous else STRAND_SHARE * count.shared):
        text = (
            f"{count.trait}: {count.other_strand:,} of {count.shared:,} shared variants "
            f"({count.other_strand / count.shared:.1%}) are given on the other strand than in the traits "
            "before it"
        )
        if keeps_ambiguous:
            text += "; strand-ambiguous variants that are may have the wrong sign (--incld_ambig_snps)"
        said.append(text)
    return said


def _frequencies(names: Sequence[str], eaf: Floats, ambiguous: Mask) -> list[str]:
    # Every k-th variant tells the same of ten million, in a tenth of the memory.
    step = max(len(eaf) // MOST_COMPARED, 1)
    eaf, ambiguous = eaf[::step], ambiguous[::step]
    known = np.isfinite(eaf)
    with_any = np.flatnonzero(known.any(axis=0))
    said: list[str] = []
    if with_any.size < 2:
        return said
    first = int(with_any[0])
    for other in with_any[1:]:
        both = known[:, first] & known[:, other] & ~ambiguous
        if both.sum() < ENOUGH:
            continue
        one, two = eaf[both, first], eaf[both, other]
        difference = np.abs(one - two)
        spread = one.std() * two.std()
        r = float(((one - one.mean()) * (two - two.mean())).mean() / spread) if spread > 0 else np.nan
        if r >= LEAST_CORRELATION and difference.mean() <= LARGEST_MEAN_DIFFERENCE:
            continue
        what = (
            "the frequency or the effect allele is the other allele's in one of them: all its signs may be "
            "wrong (--eaf_name, --a1_name, --a2_name)"
            if r < 0
            else "another ancestry, a minor allele frequency instead of the effect allele's, or a wrong "
            "effect allele column (--eaf_name, --a1_name, --a2_name)"
        )
        said.append(
            f"{names[other]}: effect allele frequencies do not agree with {names[first]}'s (correlation "
            f"{r:.3f}, mean difference {difference.mean():.3f}, {(difference > 0.2).sum():,} of "
            f"{both.sum():,} variants compared differ by more than 0.2): {what}"
        )
    return said
