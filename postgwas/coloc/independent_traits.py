"""Evidence for shared causal variants of traits whose estimates are independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.shared_clusters import ClusterSettings, Regional, prior_of

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class IndependentTraits:
    """Log Bayes factors of each trait alone: those of several together are their sums.

    Attributes
    ----------
    log_bf : ndarray, shape (V, T)
    """

    log_bf: Floats

    def regional(self, traits: Rows, settings: ClusterSettings) -> Regional:
        """All traits have the variant, against one of them not, against none (Foley 2021, equation 4)."""
        part = self.log_bf[:, traits]
        together = part.sum(axis=1)
        top = float(together.max())
        scaled = np.exp(together - top)
        total = float(scaled.sum())
        without = np.exp(together[:, None] - part - top).sum(axis=0)
        n_variants = len(part)
        if settings.uniform:
            every = fewer = settings.p1 / n_variants
        else:
            every, fewer = prior_of(traits.size, settings), prior_of(traits.size - 1, settings)
        null = np.exp(-top - np.log(every))
        probability = total / (null + total + fewer / every * float(without.sum()))
        return Regional(probability, int(without.argmax()), scaled / total, top + float(np.log(total)))

    def alignment(self, traits: Rows, settings: ClusterSettings) -> tuple[float, int]:
        """One variant for all, against one trait having another (Foley 2021, equation 5)."""
        part = self.log_bf[:, traits]
        together = part.sum(axis=1)
        top = float(together.max())
        total = float(np.exp(together - top).sum())
        highest = part.max(axis=0)
        alone = np.exp(part - highest)
        elsewhere = alone.sum(axis=0) - alone
        apart = (np.exp(together[:, None] - part + highest - top) * elsewhere).sum(axis=0)
        ratio = alignment_odds(traits.size, len(part), settings)
        return total / (total + ratio * float(apart.sum())), int(apart.argmax())


def alignment_odds(n_traits: int, n_variants: int, settings: ClusterSettings) -> float:
    """Prior of one trait having another variant than the rest, relative to all having one.

    For two traits the sum over both counts each pair of variants twice, and it weighs half of what it does
    for more, as in the peer.
    """
    if settings.uniform:
        apart = settings.p1 / (n_traits * n_variants * max(n_variants - 1, 1))
        if n_traits == 2:
            apart *= 2.0
        every = settings.p1 / n_variants
    else:
        apart, every = settings.p1 * prior_of(n_traits - 1, settings), prior_of(n_traits, settings)
    return apart / every * (0.25 if n_traits == 2 else 1.0)
