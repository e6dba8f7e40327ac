"""The strand of A/T and C/G SNPs, by frequency."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from postgwas.errors import UsageError
from postgwas.sumstats.harmonise.frequency import ROUNDING
from postgwas.sumstats.harmonise.outcomes import Outcome


def infer_strand(
    eaf: npt.NDArray[np.float64],
    af: npt.NDArray[np.float64],
    *,
    maf_limit: float = 0.4,
    tolerance: float = 0.2,
) -> npt.NDArray[np.uint8]:
    """Outcome of palindromic SNPs whose alleles are those of the reference.

    On the forward strand the file's EAF is near `af`, on the reverse strand near ``1 - af``. The
    nearer one is taken, if it is within `tolerance` and neither minor allele frequency is above
    `maf_limit`: nearer to 1/2 the strands cannot be told apart.

    Parameters
    ----------
    eaf : ndarray of float64, shape (n,)
        The file's frequency of its effect allele; NaN is missing.
    af : ndarray of float64, shape (n,)
        The reference's frequency of the allele of the same letter; NaN is missing.
    maf_limit : float
        Below 1/2.
    tolerance : float
        Largest difference between file and reference.

    Returns
    -------
    outcome : ndarray of uint8, shape (n,)
        PALINDROMIC_FORWARD, PALINDROMIC_REVERSE, or the reason why neither can be said.

    Raises
    ------
    UsageError
        `maf_limit` is not in [0, 0.5).

    Examples
    --------
    >>> import numpy as np
    >>> [Outcome(o).name for o in infer_strand(np.array([0.1, 0.9, 0.1]), np.array([0.12, 0.12, 0.39]))]
    ['PALINDROMIC_FORWARD', 'PALINDROMIC_REVERSE', 'PALINDROMIC_CONTRADICTS']
    """
    if not 0 <= maf_limit < 0.5:
        raise UsageError(
            f"the limit on the minor allele frequency of palindromic SNPs is {maf_limit:g}; expected 0 to "
            "below 0.5, where strands cannot be told apart"
        )
    forward, reverse = np.abs(eaf - af), np.abs(1.0 - eaf - af)
    highest = np.maximum(np.minimum(eaf, 1.0 - eaf), np.minimum(af, 1.0 - af))
    outcome = np.where(forward < reverse, Outcome.PALINDROMIC_FORWARD, Outcome.PALINDROMIC_REVERSE)
    outcome[np.minimum(forward, reverse) > tolerance + ROUNDING] = Outcome.PALINDROMIC_CONTRADICTS
    outcome[highest > maf_limit + ROUNDING] = Outcome.PALINDROMIC_MAF
    outcome[np.isnan(af)] = Outcome.PALINDROMIC_NO_AF
    outcome[np.isnan(eaf)] = Outcome.PALINDROMIC_NO_EAF
    return outcome.astype(np.uint8)
