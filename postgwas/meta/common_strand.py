"""A/T and C/G SNPs of several studies onto one strand, by the frequencies of their alleles.

Arrays of K studies x V variants in, studies in the order of their names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from postgwas.sumstats.harmonise.frequency import ROUNDING
from postgwas.sumstats.harmonise.outcomes import Outcome
from postgwas.sumstats.harmonise.palindromic import infer_strand

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class StrandRules:
    """How strands are inferred.

    Attributes
    ----------
    maf_limit : float
        Largest minor allele frequency, in each study and in what it is held against.
    tolerance : float
        Largest difference between the two frequencies.
    panel : bool
        Frequencies of a reference are in the spool; else studies are held against each other.
    """

    maf_limit: float = 0.4
    tolerance: float = 0.2
    panel: bool = False


def largest_study(eaf: Floats, n: Floats, able: Bools) -> tuple[npt.NDArray[np.int64], Floats]:
    """Of the studies that are able, the one of the largest N, then the first by name; and its frequency.

    Parameters
    ----------
    eaf, n : ndarray of float64, shape (K, V)
        N is 0 where it is not known.
    able : ndarray of bool, shape (K, V)

    Returns
    -------
    study : ndarray of int64, shape (V,)
        -1 where no study is able.
    frequency : ndarray of float64, shape (V,)
    """
    size = np.where(able, n, -1.0)
    study = np.argmax(size, axis=0)
    found = np.take_along_axis(able, study[None], axis=0)[0]
    frequency = np.where(found, np.take_along_axis(eaf, study[None], axis=0)[0], np.nan)
    return np.where(found, study, -1), frequency


def common_strand(
    eaf: Floats, n: Floats, present: Bools, *, rules: StrandRules, af: Floats | None = None
) -> npt.NDArray[np.uint8]:
    """What is to be done with each study's row of a variant whose alleles are A/T or C/G.

    Without `af` a study is held against the largest one that has a usable frequency; the letters are then
    those of most studies, and of that one where as many have either. A variant of one study stays as it is.

    Parameters
    ----------
    eaf : ndarray of float64, shape (K, V)
        Of the allele of one letter; NaN where it is not known.
    n : ndarray of float64, shape (K, V)
        0 where it is not known.
    present : ndarray of bool, shape (K, V)
    rules : StrandRules
    af : ndarray of float64, shape (V,), optional
        A reference's frequency of that letter; NaN where it is not known.

    Returns
    -------
    outcome : ndarray of uint8, shape (K, V)
        PALINDROMIC_FORWARD, PALINDROMIC_REVERSE (to be turned), PALINDROMIC_KEPT (of one study), or the
        reason to set the row aside; PENDING where the study lacks the variant.

    Examples
    --------
    >>> eaf, n = np.array([[0.1], [0.12], [0.88]]), np.array([[1.0], [2.0], [9.0]])
    >>> there = np.ones((3, 1), bool)
    >>> [Outcome(one[0]).name for one in common_strand(eaf, n, there, rules=StrandRules())]
    ['PALINDROMIC_FORWARD', 'PALINDROMIC_FORWARD', 'PALINDROMIC_REVERSE']
    """
    maf = np.minimum(eaf, 1.0 - eaf)
    with np.errstate(invalid="ignore"):
        low = present & (maf <= rules.maf_limit + ROUNDING)
        high = present & (maf > rules.maf_limit + ROUNDING)
    against = af if af is not None else largest_study(eaf, n, low)[1]
    outcome = infer_strand(
        eaf, np.broadcast_to(against, eaf.shape), maf_limit=rules.maf_limit, tolerance=rules.tolerance
    )
    outcome[high] = Outcome.PALINDROMIC_MAF
    if af is None:
        forward, reverse = outcome == Outcome.PALINDROMIC_FORWARD, outcome == Outcome.PALINDROMIC_REVERSE
        most = reverse.sum(axis=0) > forward.sum(axis=0)
        outcome[forward & most] = Outcome.PALINDROMIC_REVERSE
        outcome[reverse & most] = Outcome.PALINDROMIC_FORWARD
        outcome[:, present.sum(axis=0) == 1] = Outcome.PALINDROMIC_KEPT
    outcome[~present] = Outcome.PENDING
    return outcome
