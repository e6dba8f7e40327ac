"""The file's effect allele frequencies against the reference's.

A frequency column of the other allele, or one of minor alleles, is named and never mended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import isnan, nan, sqrt

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

MIRROR_MARGIN = 0.1
"""How much nearer to one allele's frequency than to the other's an EAF must be to speak for it."""
ENOUGH = 30
"""Rows that speak for one allele or the other, below which nothing is concluded from them."""
MIRROR_SHARE = 0.05
"""Share of rows that speak for the other allele, from which on frequencies are not to be trusted."""
OTHER_SHARE = 0.9
"""Share from which on the whole column is of the other allele."""
CLOSE = 0.05
"""A frequency exchanged by mistake is this near to the other allele's; one of another ancestry seldom."""
MAF_ROWS = 10
"""Frequencies of which none is above 1/2, from which on they may be those of minor alleles."""
ROUNDING = 1e-6
"""Slack on limits: the reference's frequencies have seven digits."""

_UNIT = 100_000


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
    n_mirrored_close : int
        Of `n_mirrored`, rows within 0.05 of the other allele's frequency.
    sums : tuple of int
        Sums of EAF, AF, EAF^2, AF^2 and EAF * AF, frequencies in units of 1e-5: whole numbers,
        so that neither the order of rows nor of chromosomes changes a bit.
    limit : float
        The limit on ``|EAF - AF|``.
    """

    n: int = 0
    n_differ: int = 0
    n_straight: int = 0
    n_mirrored: int = 0
    n_mirrored_close: int = 0
    sums: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    limit: float = 0.2

    @property
    def differ_share(self) -> float:
        """Share of rows whose frequency differs; NaN without rows."""
        return self.n_differ / self.n if self.n else nan

    @property
    def mirrored_share(self) -> float:
        """Of the rows that speak for one allele, the share for the other; NaN if too few speak."""
        speak = self.n_straight + self.n_mirrored
        return self.n_mirrored / speak if speak >= ENOUGH else nan

    @property
    def correlation(self) -> float:
        """Pearson correlation of EAF with AF; NaN where it is not defined."""
        x, y, xx, yy, xy = self.sums
        spread = (self.n * xx - x * x) * (self.n * yy - y * y)
        return (self.n * xy - x * y) / sqrt(spread) if spread > 0 else nan

    def usable(self, *, maf_like: bool = False) -> bool:
        """Whether strands may be inferred from the file's frequencies.

        They may unless the rows that speak for an allele speak for the wrong one in more than 5 %.
        Frequencies of which none is above 1/2 must be shown to follow the effect allele.
        """
        share = self.mirrored_share
        return not maf_like if isnan(share) else share <= MIRROR_SHARE

    def warnings(
        self, source: str, *, maf_like: bool = False, against: str = "the reference"
    ) -> tuple[str, ...]:
        """What is wrong with the frequency column as a whole, beside `against`, one line each."""
        if self.usable(maf_like=maf_like):
            if self.n >= ENOUGH and self.differ_share > 0.1:
                return (
                    f"{source}: EAF differs from {against}'s by more than {self.limit:g} in "
                    f"{self.differ_share:.0%} of {self.n:,} variants: {against} may be of another "
                    "ancestry",
                )
            return ()
        share = self.mirrored_share
        if isnan(share):
            return (
                f"{source}: EAF is never above 0.5: it looks like a minor allele's frequency, and too few "
                f"variants could be compared with {against} to say that it is the effect allele's",
            )
        seen = f"{share:.0%} of {self.n_straight + self.n_mirrored:,} variants"
        if share >= OTHER_SHARE:
            return (
                f"{source}: EAF is of the other allele, or effect and other allele are exchanged: it fits "
                f"the other allele's frequency in {seen} (correlation {self.correlation:.2f}); "
                "nothing was changed",
            )
        if maf_like:
            return (
                f"{source}: EAF looks like a minor allele's frequency: it is never above 0.5, and fits the "
                f"other allele in {seen}",
            )
        if 2 * self.n_mirrored_close >= self.n_mirrored:
            return (
                f"{source}: EAF fits the other allele's frequency in {seen} (correlation "
                f"{self.correlation:.2f}): frequencies or alleles are exchanged in part of the file",
            )
        return (
            f"{source}: EAF differs from {against}'s by more than {self.limit:g} in "
            f"{self.differ_share:.0%} of {self.n:,} variants, and is nearer to the other allele's in {seen}: "
            f"{against} seems to be of another ancestry, and strands cannot be inferred with it",
        )


def total(summaries: Iterable[FrequencySummary]) -> FrequencySummary:
    """Sum over chromosomes, in any order."""
    result = None
    for one in summaries:
        if result is None:
            result = one
            continue
        sums = [a + b for a, b in zip(result.sums, one.sums)]
        result = replace(
            result,
            n=result.n + one.n,
            n_differ=result.n_differ + one.n_differ,
            n_straight=result.n_straight + one.n_straight,
            n_mirrored=result.n_mirrored + one.n_mirrored,
            n_mirrored_close=result.n_mirrored_close + one.n_mirrored_close,
            sums=(sums[0], sums[1], sums[2], sums[3], sums[4]),
        )
    return result or FrequencySummary()


def far_apart(eaf: FloatArray, af: FloatArray, *, limit: float = 0.2) -> BoolArray:
    """Where two frequencies of one allele differ by more than the limit, [shape: (n,)]; NaN does not."""
    return np.abs(eaf - af) > limit + ROUNDING


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

    Examples
    --------
    >>> import numpy as np
    >>> differs, summary = compare_frequencies(np.array([0.1, 0.9, 0.5]), np.array([0.15, 0.2, np.nan]))
    >>> differs.tolist(), summary.n, summary.n_mirrored
    ([False, True, False], 2, 1)
    """
    distance = np.abs(eaf - af)
    differs = far_apart(eaf, af, limit=limit)
    known = ~np.isnan(distance)
    x, y, distance = eaf[known], af[known], distance[known]
    mirrored = np.abs(1.0 - x - y)
    other = distance - mirrored > MIRROR_MARGIN
    i, j = np.rint(x * _UNIT).astype(np.int64), np.rint(y * _UNIT).astype(np.int64)
    summary = FrequencySummary(
        n=int(x.size),
        n_differ=int(differs.sum()),
        n_straight=int((mirrored - distance > MIRROR_MARGIN).sum()),
        n_mirrored=int(other.sum()),
        n_mirrored_close=int((other & (mirrored <= CLOSE)).sum()),
        sums=(int(i.sum()), int(j.sum()), int(i @ i), int(j @ j), int(i @ j)),
        limit=limit,
    )
    return differs, summary
