"""Two studies that are one, and a study whose frequencies are those of the other allele."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from postgwas.meta.aligned import MetaBlock

Ints = npt.NDArray[np.int64]

#: Pairs of more studies are not looked at.
MOST_STUDIES = 40
#: With more studies than these an eighth of the positions is looked at.
_ALL_OF = 4
#: Fibonacci hashing: its three highest bits tell that eighth, also of positions on a grid.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_FEWEST = 50
#: Frequencies this far from one half are on the same side of it in nearly all populations.
_FAR = 0.2
_SAME_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Counts of each pair of studies, by their places; they add up over variants.

    Attributes
    ----------
    shared : ndarray of int64, shape (K, K)
        Variants that both have.
    same : ndarray of int64, shape (K, K)
        Those with the same Z to six digits.
    far, aside : ndarray of int64, shape (K, K)
        Variants whose frequencies are both far from one half, and those where they are on other sides of it.
    """

    shared: Ints
    same: Ints
    far: Ints
    aside: Ints

    @classmethod
    def none(cls, n_studies: int) -> PairCounts:
        """Of no variant."""
        return cls(*(np.zeros((n_studies, n_studies), np.int64) for _ in range(4)))

    def __add__(self, other: PairCounts) -> PairCounts:
        return PairCounts(
            self.shared + other.shared,
            self.same + other.same,
            self.far + other.far,
            self.aside + other.aside,
        )


def pair_counts(block: MetaBlock) -> PairCounts:
    """Count over the variants of a block; Z and frequencies are of the same allele in all studies."""
    k = block.z.shape[0]
    found = PairCounts.none(k)
    if k > MOST_STUDIES:
        return found
    rows = slice(None) if k <= _ALL_OF else block.pos.astype(np.uint64) * _SPREAD < np.uint64(1 << 61)
    z, side = block.z[:, rows], block.eaf[:, rows] - 0.5
    with np.errstate(invalid="ignore"):
        close, far = 1e-6 * np.maximum(np.abs(z), 1e-3), np.abs(side) > _FAR
    there, above = np.isfinite(z), side > 0
    for one in range(k):
        for two in range(one + 1, k):
            both, clear = there[one] & there[two], far[one] & far[two]
            with np.errstate(invalid="ignore"):
                found.same[one, two] = np.count_nonzero(np.abs(z[one] - z[two]) <= close[one])
            found.shared[one, two] = np.count_nonzero(both)
            found.far[one, two] = np.count_nonzero(clear)
            found.aside[one, two] = np.count_nonzero(clear & (above[one] != above[two]))
    return found


def pair_warnings(names: Sequence[str], counts: Iterable[PairCounts]) -> list[str]:
    """Studies that are likely the same, and those whose effect allele is likely the other one.

    Parameters
    ----------
    names : sequence of str, length K
    counts : iterable of PairCounts
        Of all blocks.
    """
    total = sum(counts, PairCounts.none(len(names)))
    seen = "variants" if len(names) <= _ALL_OF else "variants looked at"
    lines = []
    for one, two in combinations(range(len(names)), 2):
        pair = f"{names[one]} and {names[two]}"
        shared, same = int(total.shared[one, two]), int(total.same[one, two])
        if same >= max(_FEWEST, _SAME_SHARE * shared):
            lines.append(
                f"{pair} have the same Z in {same:,} of {shared:,} {seen}: is it one study, counted twice?"
            )
        far, aside = int(total.far[one, two]), int(total.aside[one, two])
        if aside >= max(_FEWEST, _SAME_SHARE * far):
            lines.append(
                f"{pair}: frequencies are those of opposite alleles in {aside:,} of {far:,} {seen}: are "
                "effect and other allele exchanged in one of them, and its effects turned?"
            )
    return lines
