"""Stretches of the genome in which a phenotype's tests do not count: its cis window, cross-mapping genes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]

_CONTIG_BITS = 12
_POSITION_BITS = 32


@dataclass(frozen=True, eq=False)
class MaskedPlaces:
    """Disjoint stretches, by phenotype, contig and position.

    Attributes
    ----------
    first, last : ndarray of int64, shape (stretches,)
        Ends of each, both included, as keys that order by phenotype, contig and position.
    """

    first: Places
    last: Places

    def covers(self, phenotype: Places, contig: Places, position: Places) -> NDArray[np.bool_]:
        """Whether pairs are masked.

        Parameters
        ----------
        phenotype, contig, position : ndarray of int64, shape (P,)
            Row of the phenotype; contig and position of the variant.
        """
        if not len(self.first):
            return np.zeros(len(phenotype), np.bool_)
        key = _keys(phenotype, contig, position)
        at = np.searchsorted(self.first, key, side="right") - 1
        inside: NDArray[np.bool_] = (at >= 0) & (self.last[at] >= key)
        return inside

    def counts(self, n_phenotypes: int, contig: Places, position: Places) -> Places:
        """How many variants are masked for each phenotype, shape (phenotypes,)."""
        found = np.zeros(n_phenotypes, np.int64)
        if not len(self.first):
            return found
        places = np.sort((contig << _POSITION_BITS) | position)
        within = (1 << (_CONTIG_BITS + _POSITION_BITS)) - 1
        number = np.searchsorted(places, self.last & within, side="right")
        number = number - np.searchsorted(places, self.first & within, side="left")
        np.add.at(found, self.first >> (_CONTIG_BITS + _POSITION_BITS), number)
        return found


def masked_places(phenotype: Places, contig: Places, start: Places, end: Places) -> MaskedPlaces:
    """Join stretches that overlap.

    Parameters
    ----------
    phenotype, contig, start, end : ndarray of int64, shape (stretches,)
        In any order; a start below 0 is 0. Contigs are codes from 0 to 4095.

    Examples
    --------
    >>> made = masked_places(np.array([0, 0]), np.array([1, 1]), np.array([5, 8]), np.array([9, 12]))
    >>> made.covers(np.array([0, 0, 1]), np.array([1, 1, 1]), np.array([12, 13, 7]))
    array([ True, False, False])
    >>> made.counts(2, np.array([1, 1, 2]), np.array([8, 20, 8]))
    array([1, 0])
    """
    first = _keys(phenotype, contig, np.maximum(start, 0))
    last = _keys(phenotype, contig, np.maximum(end, 0))
    kept = end >= np.maximum(start, 0)
    first, last = first[kept], last[kept]
    order = np.argsort(first, kind="stable")
    first, last = first[order], last[order]
    if not len(first):
        return MaskedPlaces(first, last)
    reach = np.maximum.accumulate(last)
    begins = np.flatnonzero(np.r_[True, first[1:] > reach[:-1]])
    return MaskedPlaces(first[begins], np.maximum.reduceat(last, begins))


def _keys(phenotype: Places, contig: Places, position: Places) -> Places:
    keys: Places = (
        (phenotype.astype(np.int64) << (_CONTIG_BITS + _POSITION_BITS))
        | (contig.astype(np.int64) << _POSITION_BITS)
        | position.astype(np.int64)
    )
    return keys
