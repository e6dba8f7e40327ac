"""A partition's A/T and C/G SNPs: turned, left as they are or set aside, and counted for each study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from postgwas.meta.allele_pairs import PALINDROMIC
from postgwas.meta.common_strand import StrandRules, common_strand
from postgwas.meta.spool import Floats, Part, numbers_of
from postgwas.sumstats.harmonise.frequency import EafRange, FrequencySummary, compare_frequencies, total
from postgwas.sumstats.harmonise.outcomes import Outcome

Ints = npt.NDArray[np.int64]

_REASONS = (
    (Outcome.PALINDROMIC_NO_EAF, "A/T or C/G, and the study has no frequency"),
    (Outcome.PALINDROMIC_NO_AF, "A/T or C/G, and the reference has no frequency"),
    (Outcome.PALINDROMIC_MAF, "A/T or C/G, minor allele frequency above the limit"),
    (Outcome.PALINDROMIC_CONTRADICTS, "A/T or C/G, frequency far from the others' on either strand"),
)


@dataclass(frozen=True)
class StudyStrands:
    """What was found of a study; partitions add up.

    Attributes
    ----------
    n_inferred, n_turned, n_alone : int
        A/T and C/G rows whose strand was inferred; of these, turned; rows of variants of one study.
    frequencies : FrequencySummary
        EAF of its other SNPs against that of most studies, or the reference's.
    range : EafRange
        Of EAF as it is in the file.
    """

    n_inferred: int = 0
    n_turned: int = 0
    n_alone: int = 0
    frequencies: FrequencySummary = field(default_factory=FrequencySummary)
    range: EafRange = field(default_factory=EafRange)


def added(some: Sequence[StudyStrands]) -> StudyStrands:
    """The sum over partitions."""
    return StudyStrands(
        sum(one.n_inferred for one in some), sum(one.n_turned for one in some),
        sum(one.n_alone for one in some), total(one.frequencies for one in some),
        EafRange(sum(one.range.n for one in some), max((one.range.highest for one in some), default=0.0)),
    )  # fmt: skip


def settle_strands(
    parts: Sequence[Part],
    rows: Sequence[Ints],
    alleles: Ints,
    *,
    letters_below: int,
    rules: StrandRules,
    af: Floats | None,
) -> tuple[list[Part], list[list[tuple[Ints, str]]], list[StudyStrands]]:
    """Turn rows of A/T and C/G SNPs that are on the other strand, and say which to set aside.

    Parameters
    ----------
    parts : sequence of Part
    rows : sequence of ndarray of int64
        Variant of each row.
    alleles : ndarray of int64, shape (V,)
        Keys of the pairs; `letters_below` and above it are no letters.
    letters_below : int
    rules : StrandRules
    af : ndarray of float64, shape (V,), optional
        A reference's frequency of the first allele of the pair.

    Returns
    -------
    parts : list of Part
        With the signs of turned rows changed.
    aside : list of list of (rows, reason)
        Of each part.
    found : list of StudyStrands
    """
    shape = (len(parts), alleles.size)
    eaf, n, present = np.full(shape, np.nan), np.zeros(shape), np.zeros(shape, np.bool_)
    ranges = []
    for at, (part, row) in enumerate(zip(parts, rows)):
        given = numbers_of(part, "eaf")
        ranges.append(EafRange().add(given))
        eaf[at, row] = np.where(numbers_of(part, "sign") < 0, 1.0 - given, given)
        n[at, row] = np.nan_to_num(numbers_of(part, "n"))
        present[at, row] = True
    palindromic = np.isin(alleles, np.array(PALINDROMIC))
    outcome = common_strand(
        eaf[:, palindromic], n[:, palindromic], present[:, palindromic],
        rules=rules, af=None if af is None else af[palindromic],
    )  # fmt: skip
    others = ~palindromic & (alleles < letters_below)
    compared = _compared(eaf[:, others], None if af is None else af[others], rules)
    place = np.cumsum(palindromic) - 1
    turned, aside, found = [], [], []
    for at, (part, row) in enumerate(zip(parts, rows)):
        mine = np.flatnonzero(palindromic[row])
        told = outcome[at, place[row[mine]]]
        back = told == Outcome.PALINDROMIC_REVERSE
        sign = part.arrays["sign"].copy()
        sign[mine[back]] *= -1
        turned.append(replace(part, arrays={**part.arrays, "sign": sign}))
        aside.append([(mine[told == code], why) for code, why in _REASONS if (told == code).any()])
        found.append(
            StudyStrands(
                int(((told == Outcome.PALINDROMIC_FORWARD) | back).sum()), int(back.sum()),
                int((told == Outcome.PALINDROMIC_KEPT).sum()), compared[at], ranges[at],
            )
        )  # fmt: skip
    return turned, aside, found


def _compared(eaf: Floats, af: Floats | None, rules: StrandRules) -> list[FrequencySummary]:
    """Each study's frequencies against the reference's, those of most studies or of the only other one."""
    known = np.isfinite(eaf)
    count = known.sum(axis=0)
    filled = np.where(known, eaf, 0.0).sum(axis=0)
    # Of an even number the lower: studies of either allele, as many of both, must not meet at 1/2.
    middle = np.take_along_axis(np.sort(eaf, axis=0), np.maximum(count - 1, 0)[None] // 2, axis=0)[0]
    found = []
    for mine in eaf:
        against = af
        if against is None:
            against = np.where(count > 2, middle, np.where(count == 2, filled - mine, np.nan))
        found.append(compare_frequencies(mine, against, limit=rules.tolerance)[1])
    return found
