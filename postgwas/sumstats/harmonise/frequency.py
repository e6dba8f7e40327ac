"""The file's effect allele frequencies against the reference's.

A frequency column of the other allele, or one of minor alleles, is named and never mended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

MIRROR_MARGIN = 0.1
"""How much nearer to one allele's frequency than to the other's an EAF must be to speak for it."""
ENOUGH = 30
"""Rows that speak for one allele or the other, below which nothing is concluded from them."""
MIRROR_SHARE = 0.05
"""Share of rows that speak for the other allele from which on frequencies are not to be trusted."""
MAF_ROWS = 10
"""Frequencies of which none is above 1/2, from which on they may be those of minor alleles."""


@dataclass(frozen=True)
class EafRange:
    """Number and largest of the frequencies seen so far; add chunks in any order.

    Examples
    --------
    >>> import numpy as np
    >>> seen = EafRange().add(np.linspace(0.01, 0.5, 20))
    >>> seen.maf_like, seen.add(np.array([0.7])).maf_like
    (True, False)
    """

    n: int = 0
    highest: float = 0.0

    def add(self, eaf: FloatArray) -> EafRange:
        """With the frequencies of another chunk; NaN is missing."""
        known = eaf[~np.isnan(eaf)]
        if not known.size:
            return self
        return EafRange(self.n + known.size, max(self.highest, float(known.max())))

    @property
    def maf_like(self) -> bool:
        """Whether no frequency is above 1/2, though there are enough of them."""
        return self.n >= MAF_ROWS and self.highest <= 0.5


@dataclass(frozen=True)
class FrequencySummary:
    """Counts and sums over rows in which both frequencies are known; chromosomes add up.

    Attributes
    ----------
    n : int
        Rows compared.
    n_differ : int
        Rows with ``|EAF - AF|`` above the limit.
    n_straight, n_mirrored : int
        Rows whose EAF is nearer by more than 0.1 to the effect allele's frequency in the
        reference, or to the other allele's.
    sums : tuple of float
        Sums of EAF, AF, EAF^2, AF^2 and EAF * AF.
    limit : float
        The limit on ``|EAF - AF|``.
    """

    n: int = 0
    n_differ: int = 0
    n_straight: int = 0
    n_mirrored: int = 0
    sums: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    limit: float = 0.2

    @property
    def differ_share(self) -> float:
        """Share of rows whose frequency differs; NaN without rows."""
        return self.n_differ / self.n if self.n else float("nan")

    @property
    def mirrored_share(self) -> float:
        """Of the rows that speak for one allele, the share for the other; NaN if too few speak."""
        speak = self.n_straight + self.n_mirrored
        return self.n_mirrored / speak if speak >= ENOUGH else float("nan")

    @property
    def correlation(self) -> float:
        """Pearson correlation of EAF with AF; NaN where it is not defined."""
        raise NotImplementedError

    def usable(self, *, maf_like: bool = False) -> bool:
        """Whether strands may be inferred from these frequencies."""
        raise NotImplementedError

    def warnings(self, source: str, *, maf_like: bool = False) -> tuple[str, ...]:
        """What is wrong with the frequency column as a whole, one line each."""
        raise NotImplementedError


def total(summaries: Iterable[FrequencySummary]) -> FrequencySummary:
    """Sum over chromosomes, in the order given."""
    raise NotImplementedError


def compare_frequencies(
    eaf: FloatArray, af: FloatArray, *, limit: float = 0.2
) -> tuple[BoolArray, FrequencySummary]:
    """Flag rows whose EAF is far from the reference's frequency of the same allele.

    Parameters
    ----------
    eaf, af : ndarray of float64, shape (n,)
        Frequency of the same allele in the file and in the reference; NaN is missing.
    limit : float
        Largest difference that is not flagged.

    Returns
    -------
    differs : ndarray of bool, shape (n,)
    summary : FrequencySummary
    """
    raise NotImplementedError
