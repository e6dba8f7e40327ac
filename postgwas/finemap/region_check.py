"""Whether a region's z-scores and LD fit: all diagnostics together, and the variants that they name."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.finemap.alignment import Alignment, check_alignment
from postgwas.finemap.dentist_tests import dentist, dentist_lead
from postgwas.finemap.kriging import Kriging, kriging_rss
from postgwas.finemap.ld_spectrum import LdSpectrum, estimate_s_rss
from postgwas.finemap.matrix_checks import CheckedLd

Floats = NDArray[np.float64]

INCONSISTENT = 0.1
"""`estimate_s_rss` from which z-scores and LD are said not to fit."""
_FEWEST_FOR_DENTIST = 4


@dataclass(frozen=True, eq=False)
class LdFindings:
    """What was found.

    Attributes
    ----------
    alignment : Alignment
    s : float
        Inconsistency; NaN where it was not asked for.
    kriging : Kriging or None
    outlier : ndarray of bool, shape (p,)
        Variants that the lead, or the others, do not explain.
    swapped : ndarray of bool, shape (p,)
        Variants whose alleles are likely swapped.
    """

    alignment: Alignment
    s: float
    kriging: Kriging | None
    outlier: NDArray[np.bool_]
    swapped: NDArray[np.bool_]

    @property
    def doubtful(self) -> bool:
        """Whether LD is likely another population's, or alleles are not aligned."""
        return self.alignment.doubtful or self.s > INCONSISTENT or bool(self.swapped.any())


def check_region(z: Floats, ld: CheckedLd, n: float, *, full: bool, seed: int) -> LdFindings:
    """Run the checks.

    Parameters
    ----------
    z : ndarray, shape (p,)
        Of LD's alleles.
    ld : CheckedLd
    n : float
    full : bool
        Also those that decompose the matrix.
    seed : int
        Of DENTIST's partitions.
    """
    alignment = check_alignment(z, ld)
    outlier = dentist_lead(z, ld).outlier
    nothing = np.zeros(z.size, np.bool_)
    if not full:
        return LdFindings(alignment, math.nan, None, outlier, nothing)
    spectrum = LdSpectrum.of(ld, z.size)
    s = estimate_s_rss(z, spectrum, n)
    kriging = kriging_rss(z, spectrum, n, s=s)
    if z.size >= _FEWEST_FOR_DENTIST:
        outlier = outlier | dentist(z, ld, seed=seed).outlier
    return LdFindings(alignment, s, kriging, outlier, kriging.swapped)
